/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A full ring: as many requests in flight as the queue has room for.
 *
 * The queue has 1024 entries in QEMU 10.0.13, and 128 in others.  However many
 * requests are made available with one notification, each must be answered
 * without a further one, with and without EVENT_IDX, and while other requests
 * stay parked.
 */
#include "qemu/osdep.h"
#include <sys/resource.h>
#include "standard-headers/linux/virtio_ring.h"
#include "ring-client.h"

typedef struct LoadCase {
    const char *name;
    unsigned requests;
    bool indirect;              /* more than 512 need one slot each */
    bool no_event_idx;
} LoadCase;

static const LoadCase load_cases[] = {
    { "64-requests", 64, false, false },
    { "128-requests-indirect", 128, true, false },
    { "200-requests", 200, false, false },
    { "400-requests", 400, false, false },
    { "512-requests", 512, false, false },
    { "1024-requests-indirect", 1024, true, false },
    { "200-requests-without-event-idx", 200, false, true },
    { "1024-requests-without-event-idx", 1024, true, true },
};

static RingDev *synth_started(bool no_event_idx)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    if (no_event_idx) {
        d->refuse_features = 1ull << VIRTIO_RING_F_EVENT_IDX;
    }
    ring_dev_start(d);
    ring_check(no_event_idx ||
               (d->features & (1ull << VIRTIO_RING_F_EVENT_IDX)),
               "expected the device to offer EVENT_IDX");
    ring_mount(d);
    return d;
}

static RingMsg *tgetattr(uint32_t fid)
{
    return ring_msg(RING_TGETATTR, "48", fid, (uint64_t)RING_GETATTR_BASIC);
}

static void wait_all(RingReq **r, unsigned n)
{
    RingDev *d = r[0]->dev;
    int64_t end = ring_now() + RING_PATIENCE;
    unsigned done;

    do {
        done = 0;
        ring_reap(d);
        for (unsigned i = 0; i < n; i++) {
            done += r[i]->done;
        }
        ring_check(done == n || ring_now() < end, "one kick, %u requests: "
                   "expected an answer to each, %u are missing", n, n - done);
    } while (done < n);
    for (unsigned i = 0; i < n; i++) {
        ring_expect_done(r[i], RING_TGETATTR, 0);
    }
}

static void one_kick(const void *arg)
{
    const LoadCase *c = arg;
    RingDev *d = synth_started(c->no_event_idx);
    g_autofree RingReq **r = g_new0(RingReq *, c->requests);

    /* The second round begins in the middle of the ring. */
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < c->requests; i++) {
            r[i] = ring_send_as(d, tgetattr(0), .room = 256, .hold = true,
                                .indirect = c->indirect);
        }
        ring_kick(d);
        wait_all(r, c->requests);
    }
}

static void ring_wraps_around(void)
{
    RingDev *d = synth_started(false);

    for (int i = 0; i < 3000; i++) {
        ring_expect_done(ring_send_as(d, tgetattr(0), .room = 256),
                         RING_TGETATTR, 0);
    }
}

static void parked_requests_do_not_hold_up_others(void)
{
    RingDev *d = synth_started(false);
    enum { PARKED = 300 };
    g_autofree RingReq **w = g_new0(RingReq *, PARKED);

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    for (int i = 0; i < PARKED; i++) {
        w[i] = ring_send_as(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0,
                                        1, "\x01", (size_t)1),
                            .room = 64, .hold = true, .indirect = true);
    }
    ring_kick(d);
    for (int i = 0; i < 20; i++) {
        ring_tgetattr(d, .fid = 0);
    }
    for (int i = 0; i < PARKED; i++) {
        ring_check(!w[i]->done, "expected the parked write %d to stay", i);
        ring_tflush(d, .oldtag = w[i]->tag);
        ring_check(w[i]->done, "expected the write %d back with Rflush", i);
    }
}

static void local_reads_in_one_kick(void)
{
    RingDev *d;
    enum { READS = 256 };
    g_autofree RingReq **r = g_new0(RingReq *, READS);
    g_autofree uint32_t *data = g_new0(uint32_t, READS);

    for (int i = 0; i < READS; i++) {
        data[i] = i;
    }
    ring_host_put("f", data, READS * 4);
    d = ring_local("security_model=mapped-xattr");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    for (int i = 0; i < READS; i++) {
        r[i] = ring_send_as(d, ring_msg(RING_TREAD, "484", 1,
                                        (uint64_t)i * 4, 4),
                            .room = 64, .hold = true);
    }
    ring_kick(d);
    for (int i = 0; i < READS; i++) {
        RingReply *reply = ring_expect(ring_reply(r[i]), RING_TREAD, 0);

        ring_check_int("bytes read", ring_get32(reply), 4);
        ring_check_int("data of this read, not of another",
                       ring_get32(reply), i);
        ring_reply_free(reply);
    }
}

static void local_operations_on_many_fids(void)
{
    RingDev *d = ring_local("security_model=mapped-xattr");
    enum { DIRS = 200 };
    g_autofree RingReq **r = g_new0(RingReq *, DIRS);

    for (int i = 0; i < DIRS; i++) {
        g_autofree char *name = g_strdup_printf("dir%d", i);

        r[i] = ring_send_as(d, ring_msg(RING_TMKDIR, "4s44", 0, name, 0755,
                                        0), .hold = true, .room = 64);
    }
    ring_kick(d);
    for (int i = 0; i < DIRS; i++) {
        ring_expect_done(r[i], RING_TMKDIR, 0);
    }
    for (int i = 0; i < DIRS; i++) {
        g_autofree char *name = g_strdup_printf("dir%d", i);

        ring_check(ring_host_exists(name), "expected %s on the host", name);
    }
}

/*
 * Like the Linux driver, this test waits for the interrupt before it looks at
 * the ring.  A driver that polls may, with EVENT_IDX, have seen the answer
 * before, and then the device may omit the interrupt.
 */
static void interrupt_follows_the_answer(void)
{
    RingDev *d = synth_started(false);

    for (int i = 0; i < 100; i++) {
        RingReq *r = ring_send(d, tgetattr(0));
        int64_t end = ring_now() + RING_PATIENCE;

        do {
            while (!ring_interrupt(d)) {
                ring_check(ring_now() < end, "request %d: expected an "
                           "interrupt after the answer, got none", i);
            }
            ring_reap(d);
        } while (!r->done);
        ring_expect_done(r, RING_TGETATTR, 0);
    }
}

/* ---- no more threads ---- */

/*
 * When the host lets QEMU start no thread, requests that take one get an error,
 * and the others are served by the device's own thread.  The limit holds for
 * QEMU once it has changed to an unprivileged user, which is after this thread
 * has begun.
 */
static void no_more_threads(void)
{
    const char *user = "-runas ";
    struct rlimit old, none;
    RingReq *r[32];
    RingVm *vm;
    RingDev *d;

    if (geteuid() != 0) {
        ring_skip("needs root, for which this limit does not hold");
    }
    /* The new form of -runas, from QEMU 9.1 on. */
    if (ring_qemu_has("run-with", "user")) {
        user = "-run-with user=";
    }
    ring_host_put("f", "content", 7);
    g_assert_cmpint(chmod(ring_dir(), 0755), ==, 0);
    g_assert_cmpint(getrlimit(RLIMIT_NPROC, &old), ==, 0);
    none = old;
    none.rlim_cur = 0;
    g_assert_cmpint(setrlimit(RLIMIT_NPROC, &none), ==, 0);
    vm = ring_vm_new("%s65534:65534 -fsdev local,id=fs0,"
                     "path='%s',security_model=none -device virtio-9p-pci,"
                     "own-thread=on,fsdev=fs0,mount_tag=ring,addr=%d",
                     user, ring_dir(), RING_SLOT);
    g_assert_cmpint(setrlimit(RLIMIT_NPROC, &old), ==, 0);

    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
        r[i] = ring_send(d, ring_msg(RING_TFSYNC, "44", 1, 0));
    }
    for (size_t i = 0; i < ARRAY_SIZE(r); i++) {
        ring_expect_done(r[i], RING_TFSYNC, ENOMEM);
    }
    ring_tgetattr(d, .fid = 1);
}

void ring_register_load_tests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(load_cases); i++) {
        g_autofree char *path = g_strdup_printf("load/one-kick/%s",
                                                load_cases[i].name);

        ring_add_arg(path, one_kick, &load_cases[i]);
    }
    ring_add("load/ring-wraps-around", ring_wraps_around);
    ring_add("load/parked-requests-do-not-hold-up-others",
             parked_requests_do_not_hold_up_others);
    ring_add("load/local-reads-in-one-kick", local_reads_in_one_kick);
    ring_add("load/local-operations-on-many-fids",
             local_operations_on_many_fids);
    ring_add("load/interrupt-follows-the-answer",
             interrupt_follows_the_answer);
    ring_add("load/no-more-threads", no_more_threads);
}
