/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop of a device: its own thread, a named IOThread, the main loop.
 *
 * The whole test program is also run with the other kinds of loop.  The tests
 * here are about the choice of the loop, and about devices on different loops.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

static const char *const loops[] = { "own-thread=on", "own-thread=off",
                                     "iothread=io0" };

static RingVm *vm_with_two(const char *first, const char *second)
{
    return ring_vm_new("-object iothread,id=io0 "
                       "-fsdev local,id=fs0,path='%s',"
                       "security_model=mapped-xattr "
                       "-device virtio-9p-pci,fsdev=fs0,mount_tag=one,"
                       "addr=4,%s -device virtio-9p-pci,fsdev=fs0,"
                       "mount_tag=two,addr=5,%s", ring_dir(), first, second);
}

/* A change through one device is visible through the other at once. */
static void check_pair(const char *first, const char *second)
{
    RingVm *vm = vm_with_two(first, second);
    RingDev *one = ring_dev_open(vm, 4);
    RingDev *two = ring_dev_open(vm, 5);

    ring_dev_start(one);
    ring_dev_start(two);
    ring_mount(one);
    ring_mount(two);
    for (int i = 0; i < 20; i++) {
        ring_tmkdir(one, .fid = 0, .name = "dir", .mode = 0755);
        ring_twalk(two, .fid = 0, .newfid = 1, .names = { "dir" });
        ring_check_int("mode", ring_tgetattr(two, .fid = 1).mode & 07777,
                       0755);
        ring_tsetattr(one, .fid = 0, .valid = 1, .mode = 0700 + i);
        ring_check_int("mode set through the other device",
                       ring_tgetattr(two, .fid = 0).mode & 0777, 0700 + i);
        ring_tclunk(two, .fid = 1);
        ring_tunlinkat(two, .dir = 0, .name = "dir",
                       .flags = RING_AT_REMOVEDIR);
        ring_twalk(one, .fid = 0, .newfid = 1, .names = { "dir" },
                   .err = ENOENT);
    }
    ring_dev_reset(one);
    ring_tgetattr(two, .fid = 0);
}

static void two_devices_in_one_iothread(void)
{
    check_pair(loops[2], loops[2]);
}

static void two_devices_in_different_loops(void)
{
    check_pair(loops[0], loops[2]);
}

static void thread_beside_the_main_loop(void)
{
    check_pair(loops[0], loops[1]);
}

/*
 * Attributes that a walk has seen are not used after another device has changed
 * them.
 */
static void walk_then_change_elsewhere_then_getattr(void)
{
    RingVm *vm = vm_with_two(loops[0], loops[0]);
    RingDev *one = ring_dev_open(vm, 4);
    RingDev *two = ring_dev_open(vm, 5);

    ring_dev_start(one);
    ring_dev_start(two);
    ring_mount(one);
    ring_mount(two);
    ring_tmkdir(one, .fid = 0, .name = "dir", .mode = 0755);
    ring_twalk(one, .fid = 0, .newfid = 1, .names = { "dir" });
    for (int i = 0; i < 50; i++) {
        ring_twalk(two, .fid = 0, .newfid = 2 + i, .names = { "dir" });
        ring_tsetattr(one, .fid = 1, .valid = 1, .mode = 0700 + i);
        ring_check_int("mode", ring_tgetattr(two, .fid = 2 + i).mode & 0777,
                       0700 + i);
    }
}

static void unknown_iothread_is_named(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");
    QDict *rsp = qtest_qmp(vm->qts, "{'execute': 'device_add', 'arguments': "
                           "{'driver': 'virtio-9p-pci', 'id': 'd', "
                           "'addr': '4', 'fsdev': 'fs0', 'mount_tag': 't', "
                           "'iothread': 'nosuch'}}");
    QDict *error = qdict_get_qdict(rsp, "error");

    ring_check(error, "expected an error for an iothread that does not exist");
    ring_check_contains("error", qdict_get_str(error, "desc"), "nosuch");
    qobject_unref(rsp);
}

/* Requests made while the VM is stopped are answered when it continues. */
static void stopped_vm_gets_no_answers(void)
{
    RingDev *d = ring_synth();
    RingReq *r;

    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'stop'}");
    r = ring_send(d, ring_msg(RING_TGETATTR, "48", 0, (uint64_t)0x7ff));
    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'query-status'}");
    ring_req_check_untouched(r, "request while the VM is stopped");
    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'cont'}");
    ring_wait(r);
    ring_tgetattr(d, .fid = 0);
}

/* Two devices share one throttle, whose timers run in the main loop. */
static void throttle_shared_by_two_loops(void)
{
    RingVm *vm;
    RingDev *dev[2];
    RingReq *r[2][2];

    ring_host_put("f", "content", 7);
    vm = ring_vm_new("-fsdev local,id=fs0,path='%s',"
                     "security_model=mapped-xattr,throttling.iops-total=50 "
                     "-device virtio-9p-pci,fsdev=fs0,mount_tag=one,addr=4 "
                     "-device virtio-9p-pci,fsdev=fs0,mount_tag=two,addr=5",
                     ring_dir());
    vm->step_clock = true;
    for (int i = 0; i < 2; i++) {
        dev[i] = ring_dev_open(vm, 4 + i);
        ring_dev_start(dev[i]);
        ring_mount(dev[i]);
        ring_twalk(dev[i], .fid = 0, .newfid = 1, .names = { "f" });
        ring_tlopen(dev[i], .fid = 1, .flags = RING_O_RDONLY);
    }
    for (int i = 0; i < 4; i++) {
        r[i % 2][i / 2] = ring_send(dev[i % 2], ring_msg(RING_TREAD, "484", 1,
                                                         (uint64_t)0, 7));
    }
    for (int i = 0; i < 4; i++) {
        ring_wait(r[i % 2][i / 2]);
    }
}

void ring_register_loop_tests(void)
{
#define ADD(name, fn) ring_add("loop/" name, fn)
    ADD("two-devices-in-one-iothread", two_devices_in_one_iothread);
    ADD("two-devices-in-different-loops", two_devices_in_different_loops);
    ADD("thread-beside-the-main-loop", thread_beside_the_main_loop);
    ADD("walk-then-change-elsewhere-then-getattr",
        walk_then_change_elsewhere_then_getattr);
    ADD("unknown-iothread-is-named", unknown_iothread_is_named);
    ADD("stopped-vm-gets-no-answers", stopped_vm_gets_no_answers);
    ADD("throttle-shared-by-two-loops", throttle_shared_by_two_loops);
#undef ADD
}
