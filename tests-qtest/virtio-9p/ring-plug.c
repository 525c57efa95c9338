/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Life cycle: reset, hot-plug and hot-unplug, without and with requests in
 * flight.
 *
 * Two kinds of requests are in flight: writes to synth's FLUSH file, which end
 * only when they are flushed, and reads that are throttled to one per second.
 * Neither may hold up a reset or an unplug, or write to guest memory after it.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

enum {
    IN_FLIGHT = 8,
    /*
     * Microseconds.  The throttled reads would take seven more seconds; a reset
     * takes milliseconds, but the host may be busy.
     */
    AT_ONCE = 2 * 1000 * 1000,
};

static void check_at_once(const char *what, int64_t start)
{
    int64_t took = ring_now() - start;

    ring_check(took < AT_ONCE, "%s with %d requests in flight: expected less "
               "than %d ms, it took %" PRId64 " ms", what, IN_FLIGHT,
               AT_ONCE / 1000, took / 1000);
}

static void park_writes(RingDev *d, RingReq **r)
{
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    for (int i = 0; i < IN_FLIGHT; i++) {
        r[i] = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1,
                                     "\x01", (size_t)1));
    }
    /* When a later request is answered, all of them have been handled. */
    ring_tgetattr(d, .fid = 0);
}

static RingDev *throttled_local(void)
{
    RingDev *d;

    ring_host_put("f", "content", 7);
    d = ring_local("security_model=mapped-xattr,throttling.iops-total=1");
    d->vm->step_clock = true;
    return d;
}

/* The first of these reads is answered at once, the others are throttled */
static void hold_reads(RingDev *d, RingReq **r)
{
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    for (int i = 0; i < IN_FLIGHT; i++) {
        r[i] = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    }
    ring_wait(r[0]);
    ring_tgetattr(d, .fid = 0);
}

static void check_untouched(RingReq **r, const char *what)
{
    for (int i = 0; i < IN_FLIGHT; i++) {
        if (!r[i]->done) {
            ring_req_check_untouched(r[i], what);
        }
    }
}

static void reset_idle_and_reuse(void)
{
    RingDev *d = ring_synth();

    for (int i = 0; i < 5; i++) {
        ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0" });
        ring_dev_reset(d);
        ring_dev_start(d);
        ring_mount(d);
    }
}

static void reset_ends_the_session(void)
{
    RingDev *d = ring_synth();

    ring_dev_reset(d);
    ring_dev_start(d);
    ring_tgetattr(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_tattach(d, .fid = 1, .err = RING_ANY_ERROR);
}

static void reset_before_the_driver_is_ready(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_reset(d);
    qvirtio_set_acknowledge(d->vdev);
    ring_dev_reset(d);
    ring_dev_start(d);
    ring_mount(d);
}

static void reset_with_parked_writes(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    park_writes(d, r);
    start = ring_now();
    ring_dev_reset(d);
    check_at_once("reset", start);
    ring_dev_start(d);
    ring_mount(d);
    check_untouched(r, "after a reset");
    park_writes(d, r);
}

static void reset_with_throttled_reads(void)
{
    RingDev *d = throttled_local();
    RingReq *old[IN_FLIGHT];
    RingReq *now[IN_FLIGHT];
    int64_t start;

    hold_reads(d, old);
    start = ring_now();
    ring_dev_reset(d);
    check_at_once("reset", start);
    ring_dev_start(d);
    ring_mount(d);
    /* When a throttled new read is answered, the old ones would have been. */
    hold_reads(d, now);
    ring_wait(now[1]);
    ring_wait(now[2]);
    check_untouched(old, "throttled read from before the reset");
}

static void reset_does_not_fill_the_new_ring(void)
{
    RingDev *d = throttled_local();
    RingReq *old[IN_FLIGHT];

    hold_reads(d, old);
    ring_dev_reset(d);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    /* ring_reap() fails on the completion of an old request. */
    for (int i = 0; i < 3; i++) {
        ring_tread(d, .fid = 1, .count = 7);
    }
}

/* After a reset of the machine the guest finds the device and mounts again. */
static void serve_again(RingDev *d)
{
    qvirtio_pci_device_enable(d->pci);
    ring_dev_start(d);
    ring_mount(d);
}

static void system_reset_idle(void)
{
    RingDev *d = ring_synth();

    ring_vm_reset(d->vm);
    serve_again(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0" });
}

static void system_reset_with_parked_writes(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    park_writes(d, r);
    start = ring_now();
    ring_vm_reset(d->vm);
    check_at_once("system_reset", start);
    serve_again(d);
    park_writes(d, r);
}

static void system_reset_with_throttled_reads(void)
{
    RingDev *d = throttled_local();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    hold_reads(d, r);
    start = ring_now();
    ring_vm_reset(d->vm);
    check_at_once("system_reset", start);
    serve_again(d);
}

static void stop_and_cont_with_throttled_reads(void)
{
    RingDev *d = throttled_local();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    hold_reads(d, r);
    start = ring_now();
    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'stop'}");
    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'cont'}");
    check_at_once("stop and cont", start);
    ring_expect_done(r[1], RING_TREAD, 0);
}

static void quit_with_parked_writes(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    park_writes(d, r);
    start = ring_now();
    ring_vm_stop(d->vm);
    check_at_once("quit", start);
}

static void quit_with_throttled_reads(void)
{
    RingDev *d = throttled_local();
    RingReq *r[IN_FLIGHT];
    int64_t start;

    hold_reads(d, r);
    start = ring_now();
    ring_vm_stop(d->vm);
    check_at_once("quit", start);
}

static RingDev *plug(RingVm *vm)
{
    RingDev *d = ring_dev_plug(vm);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static void hot_plug_and_use(void)
{
    RingDev *d = plug(ring_vm_new("-fsdev synth,id=fs0"));

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0" });
}

static void hot_unplug_idle_and_plug_again(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");

    for (int i = 0; i < 20; i++) {
        RingDev *d = plug(vm);

        ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0" });
        ring_dev_unplug(d);
        ring_dev_close(d);
    }
}

static void hot_unplug_with_parked_writes(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");

    for (int i = 0; i < 10; i++) {
        RingDev *d = plug(vm);
        RingReq *r[IN_FLIGHT];
        int64_t start;

        park_writes(d, r);
        start = ring_now();
        ring_dev_unplug(d);
        check_at_once("unplug", start);
        check_untouched(r, "after unplug");
        ring_dev_close(d);
    }
}

static void hot_unplug_with_throttled_reads(void)
{
    RingVm *vm;
    RingDev *d;
    RingReq *old[IN_FLIGHT];
    RingReq *now[IN_FLIGHT];
    int64_t start;

    ring_host_put("f", "content", 7);
    vm = ring_vm_new("-fsdev local,id=fs0,path='%s',security_model="
                     "mapped-xattr,throttling.iops-total=1", ring_dir());
    vm->step_clock = true;
    d = plug(vm);
    hold_reads(d, old);
    start = ring_now();
    ring_dev_unplug(d);
    check_at_once("unplug", start);
    d = plug(vm);
    hold_reads(d, now);
    ring_wait(now[1]);
    check_untouched(old, "throttled read from before the unplug");
}

static unsigned open_descriptors(RingVm *vm)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", vm->pid);
    GDir *dir = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    ring_check(dir, "cannot read %s", path);
    while (g_dir_read_name(dir)) {
        n++;
    }
    g_dir_close(dir);
    return n;
}

static void hot_unplug_with_open_fids(void)
{
    enum { ROUNDS = 10, FILES = 20, SLACK = 5 };
    RingVm *vm;
    unsigned before;
    int64_t end;

    ring_host_put("f", "content", 7);
    vm = ring_vm_new("-fsdev local,id=fs0,path='%s',security_model="
                     "mapped-xattr", ring_dir());
    before = open_descriptors(vm);
    for (int round = 0; round < ROUNDS; round++) {
        RingDev *d = plug(vm);

        for (int fid = 1; fid <= FILES; fid++) {
            ring_twalk(d, .fid = 0, .newfid = fid, .names = { "f" });
            ring_tlopen(d, .fid = fid, .flags = RING_O_RDWR);
        }
        ring_dev_unplug(d);
        ring_dev_close(d);
    }
    /* Files may be closed after the event that the device is gone. */
    end = ring_now() + RING_PATIENCE;
    while (open_descriptors(vm) > before + SLACK) {
        ring_check(ring_now() < end, "expected the %d files of each of %d "
                   "rounds to be closed: %u descriptors before, %u after",
                   FILES, ROUNDS, before, open_descriptors(vm));
    }
}

static void hot_unplug_one_of_two_on_an_fsdev(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=stays,addr=5");
    RingDev *stays = ring_dev_open(vm, 5);
    RingDev *hot;

    ring_dev_start(stays);
    ring_mount(stays);
    hot = plug(vm);
    ring_twalk(hot, .fid = 0, .newfid = 1, .names = { "WALK0" });
    ring_dev_unplug(hot);
    ring_dev_close(hot);
    ring_twalk(stays, .fid = 0, .newfid = 1, .names = { "WALK0", "WALK1" });
    hot = plug(vm);
    ring_twalk(hot, .fid = 0, .newfid = 1, .names = { "WALK0" });
}

void ring_register_plug_tests(void)
{
#define ADD(name, fn) ring_add("life-cycle/" name, fn)
    ADD("reset-idle-and-reuse", reset_idle_and_reuse);
    ADD("reset-ends-the-session", reset_ends_the_session);
    ADD("reset-before-the-driver-is-ready", reset_before_the_driver_is_ready);
    ADD("reset-with-parked-writes", reset_with_parked_writes);
    ADD("reset-with-throttled-reads", reset_with_throttled_reads);
    ADD("reset-does-not-fill-the-new-ring", reset_does_not_fill_the_new_ring);
    ADD("system-reset-idle", system_reset_idle);
    ADD("system-reset-with-parked-writes", system_reset_with_parked_writes);
    ADD("system-reset-with-throttled-reads",
        system_reset_with_throttled_reads);
    ADD("stop-and-cont-with-throttled-reads",
        stop_and_cont_with_throttled_reads);
    ADD("quit-with-parked-writes", quit_with_parked_writes);
    ADD("quit-with-throttled-reads", quit_with_throttled_reads);
    ADD("hot-plug-and-use", hot_plug_and_use);
    ADD("hot-unplug-idle-and-plug-again", hot_unplug_idle_and_plug_again);
    ADD("hot-unplug-with-parked-writes", hot_unplug_with_parked_writes);
    ADD("hot-unplug-with-throttled-reads", hot_unplug_with_throttled_reads);
    ADD("hot-unplug-with-open-fids", hot_unplug_with_open_fids);
    ADD("hot-unplug-one-of-two-on-an-fsdev",
        hot_unplug_one_of_two_on_an_fsdev);
#undef ADD
}
