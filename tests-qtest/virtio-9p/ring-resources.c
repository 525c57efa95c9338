/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that uses as much as it can of what QEMU keeps for it: memory and
 * descriptors.
 *
 * Whatever it does, the memory of QEMU grows by no more than GROWTH_KIB with
 * the default limits, and what it has given up, or lost by a reset, goes back
 * to the host.  The guest's own memory is shared memory, which does not count.
 */
#include "qemu/osdep.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "fuse-stand-in.h"
#include "ring-client.h"

enum {
    GROWTH_KIB = 64 * 1024,
    LEFT_KIB = 12 * 1024,       /* after everything was given up */
    HUGE_MSIZE = 0x7fffffff,    /* cut to what the ring can carry */
    LARGE = 3 << 20,            /* a request with much payload */
    BATCH = 500,                /* chains of two descriptors in the ring */
    SLOT = 512,                 /* bytes of memory for a small message */
    NAME_BYTES = 240,
    FEWEST_FIDS = 163840,       /* the default of max_fids for a small guest */
};

typedef struct Attack {
    RingVm *vm;
    RingDev *d;
    long before;                /* memory of QEMU, in KiB */
    uint64_t out, in;           /* guest memory for batches */
} Attack;

static long anonymous(RingVm *vm)
{
    return ring_vm_memory(vm, "RssAnon");
}

static void attack_begin(Attack *a, const char *version, const char *options)
{
    a->vm = ring_vm_new("-m 256 -object memory-backend-memfd,id=m,size=256M,"
                        "share=on -machine memory-backend=m -fsdev local,"
                        "id=fs0,path='%s',security_model=mapped-xattr%s "
                        "-device virtio-9p-pci,fsdev=fs0,mount_tag=ring,"
                        "addr=%d", ring_dir(), options, RING_SLOT);
    a->d = ring_dev_open(a->vm, RING_SLOT);
    ring_dev_start(a->d);
    ring_tversion(a->d, .msize = HUGE_MSIZE, .version = version);
    if (!version) {
        ring_tattach(a->d, .fid = 0);
    }
    a->out = guest_alloc(&a->vm->alloc, BATCH * SLOT);
    a->in = guest_alloc(&a->vm->alloc, BATCH * SLOT);
    a->before = anonymous(a->vm);
}

static void check_growth_to(Attack *a, const char *what, long limit)
{
    long grown = anonymous(a->vm) - a->before;

    ring_note("%s: QEMU grew by %ld KiB", what, grown);
    ring_check(grown <= limit, "%s: expected QEMU to grow by %ld KiB at most, "
               "it grew by %ld", what, limit, grown);
}

static void check_growth(Attack *a, const char *what)
{
    check_growth_to(a, what, GROWTH_KIB);
}

/* The default of max_fids takes long to reach: the limit is in proportion. */
static void check_growth_of_fids(Attack *a, const char *what, unsigned max)
{
    check_growth_to(a, what, (long)GROWTH_KIB * max / FEWEST_FIDS);
}

/* The session of a device is reset after the device, so wait for it. */
static void reset_gives_back(Attack *a, const char *what)
{
    int64_t end = ring_now() + RING_PATIENCE;
    long left;

    ring_dev_reset(a->d);
    do {
        left = anonymous(a->vm) - a->before;
    } while (left > LEFT_KIB && ring_now() < end);
    ring_note("%s: after a reset %ld KiB are left", what, left);
    ring_check(left <= LEFT_KIB, "%s: expected %d KiB at most to be left after "
               "a reset, there are %ld", what, LEFT_KIB, left);
    ring_dev_start(a->d);
    ring_mount(a->d);
    ring_tgetattr(a->d, .fid = 0);
}

/*
 * Send BATCH small messages with one kick, of which @fill writes the number @i
 * after the header and returns its length and type.  Returns how many failed.
 */
typedef uint32_t Fill(uint8_t *msg, unsigned i, uint8_t *type);

static unsigned batch(Attack *a, unsigned first, Fill *fill)
{
    g_autofree RingReq **r = g_new0(RingReq *, BATCH);
    unsigned failed = 0;

    for (unsigned i = 0; i < BATCH; i++) {
        uint8_t msg[SLOT] = { 0 };
        uint32_t len = RING_HDR + fill(msg + RING_HDR, first + i, &msg[4]);

        stl_le_p(msg, len);
        stw_le_p(msg + 5, i);
        qtest_bufwrite(a->vm->qts, a->out + i * SLOT, msg, len);
        r[i] = ring_req_new(a->d);
        r[i]->tag = i;
        ring_req_raw(r[i], a->out + i * SLOT, len, false);
        ring_req_raw(r[i], a->in + i * SLOT, SLOT, true);
        ring_req_queue(r[i], false);
    }
    ring_kick(a->d);
    for (unsigned i = 0; i < BATCH; i++) {
        uint8_t type;

        ring_wait(r[i]);
        ring_req_read(r[i], 4, &type, 1);
        failed += type == RING_RLERROR;
        ring_req_free(r[i]);
    }
    return failed;
}

static uint32_t put_walk(uint8_t *msg, unsigned i, const char *name,
                         uint8_t *type)
{
    uint32_t len = name ? strlen(name) : 0;

    *type = RING_TWALK;
    stl_le_p(msg + 4, 1000 + i);
    stw_le_p(msg + 8, name != NULL);
    if (name) {
        stw_le_p(msg + 10, len);
        memcpy(msg + 12, name, len);
    }
    return 10 + (name ? 2 + len : 0);
}

static uint32_t put_clone(uint8_t *msg, unsigned i, uint8_t *type)
{
    return put_walk(msg, i, NULL, type);
}

/* RE01 */
static void fids_are_limited(void)
{
    unsigned sent = 0;
    Attack a;

    attack_begin(&a, NULL, ",max_fids=20000");
    while (!batch(&a, sent, put_clone)) {
        sent += BATCH;
        ring_check(sent <= 20000, "expected EMFILE after 20000 fids");
    }
    ring_check_int("fids over the limit", batch(&a, sent + BATCH, put_clone),
                   BATCH);
    check_growth_of_fids(&a, "fids", 20000);
    reset_gives_back(&a, "fids");
}

static void name_of(char *name, unsigned i)
{
    snprintf(name, NAME_BYTES + 1, "%0*u", NAME_BYTES, i);
}

static uint32_t put_long_walk(uint8_t *msg, unsigned i, uint8_t *type)
{
    char name[NAME_BYTES + 1];

    name_of(name, i);
    return put_walk(msg, i, name, type);
}

/* RE02: 48 bytes for each of the fids that a guest may have */
static void paths_are_limited(void)
{
    enum { FILES = 10000, FIDS = 40000 };
    unsigned sent = 0, failed = 0;
    Attack a;

    for (unsigned i = 0; i < FILES; i++) {
        char name[NAME_BYTES + 1];

        name_of(name, i);
        ring_host_put(name, "", 0);
    }
    attack_begin(&a, NULL, ",max_fids=40000");
    while (sent < FILES && !failed) {
        failed = batch(&a, sent, put_long_walk);
        sent += BATCH;
    }
    ring_check(failed && sent * NAME_BYTES >= FIDS * 48, "expected ENFILE "
               "after %d bytes of names, there were %u", FIDS * 48,
               sent * NAME_BYTES);
    check_growth_of_fids(&a, "paths", FIDS);
    reset_gives_back(&a, "paths");
}

static uint32_t put_xattrcreate(uint8_t *msg, unsigned i, uint8_t *type)
{
    *type = RING_TXATTRCREATE;
    stl_le_p(msg, 1000 + i);
    stw_le_p(msg + 4, 6);
    memcpy(msg + 6, "user.x", 6);
    stq_le_p(msg + 12, 65536);
    return 24;
}

/* RE05 */
static void xattr_values_are_limited(void)
{
    unsigned failed;
    Attack a;

    attack_begin(&a, NULL, "");
    for (unsigned sent = 0; sent < 1500; sent += BATCH) {
        ring_check_int("failed Twalk", batch(&a, sent, put_clone), 0);
    }
    failed = batch(&a, 0, put_xattrcreate) +
             batch(&a, BATCH, put_xattrcreate);
    ring_check(failed > 0 && failed < 1000, "expected ENOSPC for some "
               "attributes, got %u errors", failed);
    check_growth(&a, "attributes");
    reset_gives_back(&a, "attributes");
}

/* ---- N07 ---- */

/* Send @n copies of @m, with @out and @in bytes of shared guest memory. */
static RingReq **send_large(Attack *a, unsigned n, RingMsg *m, uint32_t out,
                            uint32_t in)
{
    static uint64_t shared;
    RingReq **r = g_new0(RingReq *, n);

    shared = shared ?: guest_alloc(&a->vm->alloc, LARGE + 4096);
    for (unsigned i = 0; i < n; i++) {
        ring_msg_tag(m, i);
        r[i] = ring_req_new(a->d);
        r[i]->tag = i;
        ring_req_out(r[i], m->bytes->data, m->bytes->len);
        if (out) {
            ring_req_raw(r[i], shared, out, false);
            ring_req_in(r[i], 64);
        } else {
            ring_req_raw(r[i], shared, in, true);
        }
        ring_req_queue(r[i], true);
    }
    ring_kick(a->d);
    return r;
}

static void directory_reads_are_limited(void)
{
    enum { READS = 64 };
    g_autofree RingReq **r = NULL;
    Attack a;

    for (int i = 0; i < 20000; i++) {
        g_autofree char *name = g_strdup_printf("%0200d", i);

        ring_host_put(name, "", 0);
    }
    attack_begin(&a, "9P2000.u", "");
    ring_reply_free(ring_rpc(a.d, ring_msg(RING_TATTACH, "44ss4", 0,
                                           RING_NOFID, "", "", 0)));
    ring_reply_free(ring_rpc(a.d, ring_msg(112, "41", 0, 0)));
    r = send_large(&a, READS, ring_msg(RING_TREAD, "484", 0, (uint64_t)0,
                                       LARGE), 0, LARGE);
    for (int i = 0; i < READS; i++) {
        ring_wait(r[i]);
    }
    check_growth(&a, "directory reads");
    reset_gives_back(&a, "directory reads");
}

static void copies_are_limited(void)
{
    enum { WRITES = 330 };
    const char *why = fuse_stand_in_separate();
    g_autofree char *path = ring_host_path("fuse");
    g_autofree RingReq **r = NULL;
    FuseStandIn *fuse;
    RingMsg *m;
    Attack a;

    if (why) {
        ring_skip("%s", why);
    }
    ring_host_mkdir("fuse");
    fuse = fuse_stand_in_new(path, &why);
    if (!fuse) {
        ring_skip("%s", why);
    }
    attack_begin(&a, NULL, "");
    ring_twalk(a.d, .fid = 0, .newfid = 1, .names = { "fuse", "file" });
    ring_tlopen(a.d, .fid = 1, .flags = RING_O_RDWR);
    fuse_stand_in_hang(fuse, 0);
    m = ring_msg(RING_TWRITE, "484", 1, (uint64_t)0, LARGE);
    ring_msg_size(m, m->bytes->len + LARGE);
    r = send_large(&a, WRITES, m, LARGE, 0);
    ring_check(fuse_stand_in_await(fuse, RING_PATIENCE / 1000), "expected the "
               "writes to hang");
    ring_tgetattr(a.d, .fid = 0);       /* all are taken off the ring */
    check_growth(&a, "copies");
    ring_dev_reset(a.d);
    fuse_stand_in_answer(fuse);
    reset_gives_back(&a, "copies");
    ring_vm_stop(a.vm);
    fuse_stand_in_free(fuse);
}

static void lock_owners_are_limited(void)
{
    g_autofree char *id = g_strnfill(65000, 'i');
    unsigned failed = 0;
    Attack a;

    ring_host_put("f", "content", 7);
    attack_begin(&a, NULL, "");
    ring_twalk(a.d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(a.d, .fid = 1, .flags = RING_O_RDWR);
    for (unsigned i = 0; i < 600; i++) {
        RingReply *reply = ring_rpc(a.d, ring_msg(RING_TLOCK, "414884s", 1,
                                                  RING_LOCK_RDLCK, 0,
                                                  (uint64_t)0, (uint64_t)1, i,
                                                  id));

        failed += ring_reply_errno(reply) == ENOLCK;
    }
    ring_check(failed > 0 && failed < 600, "expected ENOLCK for some owners, "
               "got it %u times", failed);
    check_growth(&a, "lock owners");
    reset_gives_back(&a, "lock owners");
}

/* ---- descriptors ---- */

static void add_files(RingVm *vm, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        g_autofree char *id = g_strdup_printf("c%u", i);

        qtest_qmp_assert_success(vm->qts, "{'execute': 'chardev-add', "
                                 "'arguments': {'id': %s, 'backend': {'type': "
                                 "'file', 'data': {'out': '/dev/null'}}}}",
                                 id);
    }
}

/* The first line of a further monitor */
static void check_monitor(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = RING_PATIENCE / 1000000 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[64] = "";

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ring_check(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0,
               "connect: %s", g_strerror(errno));
    ring_check(read(fd, text, sizeof(text) - 1) > 0, "expected the greeting of "
               "the monitor: %s", g_strerror(errno));
    ring_check_contains("greeting", text, "QMP");
    close(fd);
}

/* The time that QEMU computes while nobody asks it for anything, in percent */
static unsigned busy(RingVm *vm)
{
    int64_t start = ring_now();
    struct timespec before, after;
    clockid_t clock;

    clock_getcpuclockid(vm->pid, &clock);
    clock_gettime(clock, &before);
    g_poll(NULL, 0, 300);
    clock_gettime(clock, &after);
    return ((after.tv_sec - before.tv_sec) * 1000000 +
            (after.tv_nsec - before.tv_nsec) / 1000) * 100 /
           (ring_now() - start);
}

static unsigned open_until_refused(RingDev *d, uint32_t fid)
{
    unsigned opened = 0;
    int err = 0;

    while (!err) {
        ring_check(opened < 512, "expected EMFILE");
        ring_twalk(d, .fid = 0, .newfid = ++fid, .names = { "f" });
        err = ring_reply_errno(ring_rpc(d, ring_msg(RING_TLOPEN, "44", fid,
                                                    RING_O_RDONLY)));
        opened += !err;
    }
    ring_check_int("error of Tlopen", err, EMFILE);
    return opened;
}

/* N08: QEMU has many descriptors of its own, and opens more. */
static void rest_of_qemu_has_descriptors(void)
{
    g_autofree char *path = ring_host_path("qmp");
    const struct rlimit few = { 512, 512 };
    GArray *entries;
    RingVm *vm;
    RingDev *d;

    ring_host_put("f", "content", 7);
    /* For QEMU, which raises a soft limit; this process ends with the test. */
    ring_check(setrlimit(RLIMIT_NOFILE, &few) == 0, "setrlimit: %s",
               g_strerror(errno));
    vm = ring_vm_new("-qmp unix:'%s',server=on,wait=off -fsdev local,id=fs0,"
                     "path='%s',security_model=none -device virtio-9p-pci,"
                     "fsdev=fs0,mount_tag=ring,addr=%d", path, ring_dir(),
                     RING_SLOT);
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    add_files(vm, 0, 150);
    ring_note("%u files were opened", open_until_refused(d, 1000));
    add_files(vm, 150, 190);

    check_monitor(path);
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    entries = ring_treaddir(d, .fid = 1, .count = 4096);
    ring_check(entries->len >= 3, "expected the entries of the directory");
    ring_tgetattr(d, .fid = 0);
    ring_check(busy(vm) < 50, "expected QEMU to wait, it computes");
}

void ring_register_resources_tests(void)
{
#define ADD(fn, name) ring_add("resources/" name, fn)
    ADD(fids_are_limited, "fids-are-limited");
    ADD(paths_are_limited, "paths-are-limited");
    ADD(xattr_values_are_limited, "xattr-values-are-limited");
    ADD(directory_reads_are_limited, "directory-reads-are-limited");
    ADD(copies_are_limited, "copies-are-limited");
    ADD(lock_owners_are_limited, "lock-owners-are-limited");
    ADD(rest_of_qemu_has_descriptors, "rest-of-qemu-has-descriptors");
#undef ADD
}
