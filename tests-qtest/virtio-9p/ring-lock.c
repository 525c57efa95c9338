/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Locks: between two devices, between a device and a program of the host, and
 * requests that wait for a lock.
 *
 * Both devices export one directory, as those of two guests would.  Each has
 * the file "f" open for reading and writing as fid 1; this process is the
 * program of the host.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

enum { OTHER_SLOT = RING_SLOT + 1 };

typedef struct Pair {
    RingVm *vm;
    RingDev *a, *b;
} Pair;

static RingDev *open_file(RingVm *vm, int slot, uint32_t flags)
{
    RingDev *d = ring_dev_open(vm, slot);

    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = flags);
    return d;
}

static Pair pair_with(const char *fsdev_options, uint32_t flags)
{
    Pair p;

    ring_host_put("f", "content", 7);
    p.vm = ring_vm_new("-fsdev local,id=fs0,path='%s',security_model="
                       "mapped-xattr%s "
                       "-device virtio-9p-pci,fsdev=fs0,mount_tag=a,addr=%d "
                       "-device virtio-9p-pci,id=hot,fsdev=fs0,mount_tag=b,"
                       "addr=%d",
                       ring_dir(), fsdev_options, RING_SLOT, OTHER_SLOT);
    p.a = open_file(p.vm, RING_SLOT, flags);
    p.b = open_file(p.vm, OTHER_SLOT, flags);
    return p;
}

static Pair pair(void)
{
    return pair_with("", RING_O_RDWR);
}

/* Lock a range of bytes as process 7 of the client */
static uint8_t lock(RingDev *d, uint8_t type, uint64_t start, uint64_t length)
{
    return ring_tlock(d, .fid = 1, .type = type, .start = start,
                      .length = length, .proc_id = 7, .client_id = "guest");
}

static void check_locked(RingDev *d, uint8_t type)
{
    ring_check_int("Rlock status", lock(d, type, 0, 0), RING_LOCK_SUCCESS);
}

static RingMsg *waiting_lock(void)
{
    return ring_msg(RING_TLOCK, "414884s", 1, RING_LOCK_WRLCK, RING_LOCK_BLOCK,
                    (uint64_t)0, (uint64_t)0, 7, "guest");
}

/* When a later request is answered, the lock has been tried. */
static RingReq *wait_for_lock(RingDev *d)
{
    RingReq *r = ring_send(d, waiting_lock());

    ring_tgetattr(d, .fid = 0);
    ring_check(!r->done, "expected the Tlock to wait, it was completed with "
               "%u bytes", r->used_len);
    return r;
}

static void check_granted(RingReq *r)
{
    RingReply *reply = ring_expect(ring_reply(r), RING_TLOCK, 0);

    ring_check_int("Rlock status", ring_get8(reply), RING_LOCK_SUCCESS);
    ring_reply_free(reply);
}

/* Locks may be released somewhat later than the event in the guest */
static void wait_until_host_finds_none(const char *after)
{
    int64_t end = ring_now() + RING_PATIENCE;

    while (ring_host_lock("f") != F_UNLCK) {
        ring_check(ring_now() < end, "expected the locks to be released by "
                   "%s, they are held", after);
        g_usleep(1000);
    }
}

static void hold_against_each_other(void)
{
    Pair p = pair();

    check_locked(p.a, RING_LOCK_WRLCK);
    ring_check_int("a second lock for writing",
                   lock(p.b, RING_LOCK_WRLCK, 10, 1), RING_LOCK_BLOCKED);
    ring_check_int("a second lock for reading",
                   lock(p.b, RING_LOCK_RDLCK, 10, 1), RING_LOCK_BLOCKED);
    check_locked(p.a, RING_LOCK_UNLCK);
    check_locked(p.b, RING_LOCK_WRLCK);
}

static void ranges_and_readers_go_together(void)
{
    Pair p = pair();

    ring_check_int("bytes 0 to 9", lock(p.a, RING_LOCK_WRLCK, 0, 10),
                   RING_LOCK_SUCCESS);
    ring_check_int("bytes 10 to 19", lock(p.b, RING_LOCK_WRLCK, 10, 10),
                   RING_LOCK_SUCCESS);
    ring_check_int("all bytes", lock(p.a, RING_LOCK_RDLCK, 0, 0),
                   RING_LOCK_BLOCKED);
    ring_check_int("a reader", lock(p.a, RING_LOCK_RDLCK, 30, 10),
                   RING_LOCK_SUCCESS);
    ring_check_int("another", lock(p.b, RING_LOCK_RDLCK, 35, 10),
                   RING_LOCK_SUCCESS);
}

static void hold_on_the_host(void)
{
    Pair p = pair();

    ring_check_int("before", ring_host_lock("f"), F_UNLCK);
    check_locked(p.a, RING_LOCK_RDLCK);
    ring_check_int("a reader", ring_host_lock("f"), F_RDLCK);
    check_locked(p.a, RING_LOCK_WRLCK);
    ring_check_int("a writer", ring_host_lock("f"), F_WRLCK);
    check_locked(p.a, RING_LOCK_UNLCK);
    ring_check_int("after", ring_host_lock("f"), F_UNLCK);
}

static void tgetlock_tells_who_is_in_the_way(void)
{
    Pair p = pair();
    RingTlock got;

    ring_check_int("Rlock status", lock(p.a, RING_LOCK_RDLCK, 10, 20),
                   RING_LOCK_SUCCESS);
    got = ring_tgetlock(p.b, .fid = 1, .type = RING_LOCK_WRLCK, .proc_id = 8,
                        .client_id = "other");
    ring_check_int("type", got.type, RING_LOCK_RDLCK);
    ring_check_int("start", got.start, 10);
    ring_check_int("length", got.length, 20);
    got = ring_tgetlock(p.b, .fid = 1, .type = RING_LOCK_RDLCK, .proc_id = 8,
                        .client_id = "other");
    ring_check_int("type for a reader", got.type, RING_LOCK_UNLCK);
    got = ring_tgetlock(p.a, .fid = 1, .type = RING_LOCK_WRLCK, .proc_id = 7,
                        .client_id = "guest");
    ring_check_int("type for the owner", got.type, RING_LOCK_UNLCK);
}

static void waits_until_unlocked(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    check_locked(p.a, RING_LOCK_UNLCK);
    check_granted(r);
    ring_check_int("the first again", lock(p.a, RING_LOCK_RDLCK, 0, 1),
                   RING_LOCK_BLOCKED);
}

static void waits_until_the_host_unlocks(void)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    g_autofree char *path = ring_host_path("f");
    Pair p = pair();
    int fd = open(path, O_RDWR);
    RingReq *r;

    if (fcntl(fd, F_OFD_SETLK, &range) < 0) {
        ring_skip("the host has no open file description locks");
    }
    r = wait_for_lock(p.b);
    close(fd);
    check_granted(r);
}

static void flushed_while_waiting(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_tflush(p.b, .oldtag = r->tag);
    ring_check(r->done, "expected the Tlock back before Rflush");
    ring_check_int("its used length", r->used_len, 0);
    ring_req_check_untouched(r, "flushed Tlock");
    check_locked(p.a, RING_LOCK_UNLCK);
    ring_check_int("after the flush", ring_host_lock("f"), F_UNLCK);
    check_locked(p.b, RING_LOCK_WRLCK);
}

static void released_by_tclunk(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_tclunk(p.a, .fid = 1);
    check_granted(r);
}

static void released_by_tversion(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_tversion(p.a);
    check_granted(r);
}

static void tversion_ends_waiting(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_mount(p.b);
    ring_check(r->done, "expected the Tlock back before Rversion");
    check_locked(p.a, RING_LOCK_UNLCK);
    ring_check_int("after it", ring_host_lock("f"), F_UNLCK);
}

static void released_by_reset(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_dev_reset(p.a);
    check_granted(r);
}

static void reset_ends_waiting(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.a, RING_LOCK_WRLCK);
    r = wait_for_lock(p.b);
    ring_dev_reset(p.b);
    check_locked(p.a, RING_LOCK_UNLCK);
    wait_until_host_finds_none("the reset");
    ring_req_check_untouched(r, "Tlock of before the reset");
}

static void released_by_unplug(void)
{
    Pair p = pair();
    RingReq *r;

    check_locked(p.b, RING_LOCK_WRLCK);
    r = wait_for_lock(p.a);
    qpci_unplug_acpi_device_test(p.vm->qts, "hot", OTHER_SLOT);
    check_granted(r);
}

static void unplug_ends_waiting(void)
{
    Pair p = pair();

    check_locked(p.a, RING_LOCK_WRLCK);
    wait_for_lock(p.b);
    qpci_unplug_acpi_device_test(p.vm->qts, "hot", OTHER_SLOT);
    check_locked(p.a, RING_LOCK_UNLCK);
    wait_until_host_finds_none("the unplug");
}

static void quit_while_waiting(void)
{
    Pair p = pair();

    check_locked(p.a, RING_LOCK_WRLCK);
    wait_for_lock(p.b);
    ring_vm_stop(p.vm);
    ring_check_int("after the end of QEMU", ring_host_lock("f"), F_UNLCK);
}

static void off_is_every_guest_for_itself(void)
{
    Pair p = pair_with(",locks=off", RING_O_RDWR);

    check_locked(p.a, RING_LOCK_WRLCK);
    check_locked(p.b, RING_LOCK_WRLCK);
    ring_check_int("on the host", ring_host_lock("f"), F_UNLCK);
}

/* A guest that may not write must not keep programs of the host waiting. */
static void readonly_does_not_lock_the_host(void)
{
    Pair p = pair_with(",readonly=on", RING_O_RDONLY);

    check_locked(p.a, RING_LOCK_RDLCK);
    check_locked(p.b, RING_LOCK_WRLCK);
    ring_check_int("on the host", ring_host_lock("f"), F_UNLCK);
}

static void readonly_locks_the_host_if_asked(void)
{
    Pair p = pair_with(",readonly=on,locks=on", RING_O_RDONLY);

    check_locked(p.a, RING_LOCK_RDLCK);
    ring_check_int("on the host", ring_host_lock("f"), F_RDLCK);
    check_locked(p.a, RING_LOCK_UNLCK);
    ring_check_int("on the host", ring_host_lock("f"), F_UNLCK);
}

void ring_register_lock_tests(void)
{
#define ADD(name, fn) ring_add("lock/" name, fn)
    ADD("hold-against-each-other", hold_against_each_other);
    ADD("ranges-and-readers-go-together", ranges_and_readers_go_together);
    ADD("hold-on-the-host", hold_on_the_host);
    ADD("tgetlock-tells-who-is-in-the-way", tgetlock_tells_who_is_in_the_way);
    ADD("waits-until-unlocked", waits_until_unlocked);
    ADD("waits-until-the-host-unlocks", waits_until_the_host_unlocks);
    ADD("flushed-while-waiting", flushed_while_waiting);
    ADD("released-by-tclunk", released_by_tclunk);
    ADD("released-by-tversion", released_by_tversion);
    ADD("tversion-ends-waiting", tversion_ends_waiting);
    ADD("released-by-reset", released_by_reset);
    ADD("reset-ends-waiting", reset_ends_waiting);
    ADD("released-by-unplug", released_by_unplug);
    ADD("unplug-ends-waiting", unplug_ends_waiting);
    ADD("quit-while-waiting", quit_while_waiting);
    ADD("off-is-every-guest-for-itself", off_is_every_guest_for_itself);
    ADD("readonly-does-not-lock-the-host", readonly_does_not_lock_the_host);
    ADD("readonly-locks-the-host-if-asked", readonly_locks_the_host_if_asked);
#undef ADD
}
