/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attacks on QEMU as a whole: its memory, its log, migration, and its seccomp
 * filter.
 */
#include "qemu/osdep.h"
#include <sys/xattr.h>
#include "ring-client.h"
#include "ring-qobject.h"

/* ---- memory ---- */

static long resident(RingDev *d)
{
    return ring_vm_memory(d->vm, "VmRSS");
}

enum {
    REQUESTS = 64,
    MEMORY_KIB = 16 * 1024,
};

static void send_many(RingDev *d, uint8_t type, uint32_t room)
{
    long before = resident(d);
    RingReq *r[REQUESTS];

    for (int i = 0; i < REQUESTS; i++) {
        RingMsg *m = type == RING_TREADDIR
            ? ring_msg(type, "484", 1, (uint64_t)0, 0x7fffff00)
            : ring_msg(type, "4", 1);

        r[i] = ring_send_as(d, m, .room = room, .hold = true);
    }
    ring_kick(d);
    for (int i = 0; i < REQUESTS; i++) {
        ring_reply_free(ring_reply(r[i]));
    }
    ring_check(resident(d) - before < MEMORY_KIB, "expected QEMU to grow by "
               "less than %d KiB, it grew by %ld", MEMORY_KIB,
               resident(d) - before);
}

/* The count of a Treaddir says nothing about the room for its reply. */
static void huge_readdirs_take_no_memory(void)
{
    RingDev *d;

    ring_host_mkdir("dir");
    for (int i = 0; i < 5000; i++) {
        g_autofree char *name = g_strdup_printf("dir/%0200d", i);

        ring_host_put(name, "", 0);
    }
    d = ring_local("security_model=none");
    ring_tversion(d, .msize = 0x7fffffff);
    ring_tattach(d, .fid = 0);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "dir" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    send_many(d, RING_TREADDIR, 64);
}

static void huge_readlinks_take_no_memory(void)
{
    g_autofree char *path = ring_host_path("f");
    RingDev *d;

    ring_host_put("f", "", 0);
    ring_check(truncate(path, 1 << 30) == 0, "truncate: %s",
               g_strerror(errno));
    d = ring_local("security_model=mapped-xattr");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    send_many(d, RING_TREADLINK, RING_REPLY_ROOM);
    ring_treadlink(d, .fid = 1, .err = EINVAL);
}

/* ---- the log ---- */

static unsigned lines_with(const char *name, const char *part)
{
    size_t len;
    g_autofree char *text = ring_host_get(name, &len);
    unsigned n = 0;

    for (const char *s = text; (s = strstr(s, part)); s++) {
        n++;
    }
    return n;
}

static void errors_in_a_loop_are_not_all_reported(void)
{
    g_autofree char *log = ring_host_path("log");
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int old = dup(STDERR_FILENO);
    RingDev *d;
    enum { TIMES = 100 };

    dup2(fd, STDERR_FILENO);
    d = ring_synth();
    dup2(old, STDERR_FILENO);
    for (int i = 0; i < TIMES; i++) {
        RingReq *r = ring_req_new(d);

        ring_req_out(r, "xyz", 3);
        ring_req_in(r, 64);
        ring_req_submit(r, false);
        ring_wait_broken(d, "out part of 3 bytes");
        ring_dev_start(d);
    }
    ring_mount(d);
    ring_check_int("some errors were reported",
                   lines_with("log", "mount tag 'ring'") >= 1, true);
    /* Twice: the minute may have ended meanwhile. */
    ring_check(lines_with("log", "\n") <= 2 * 11 + 2, "expected few lines, "
               "got %u", lines_with("log", "\n"));
}

/* ---- migration ---- */

/* Starts a migration; whether that was refused */
static bool migration_is_blocked(RingDev *d)
{
    g_autofree char *path = ring_host_path("state");
    g_autofree char *uri = g_strdup_printf("exec:cat >'%s'", path);
    QDict *reply = qtest_qmp(d->vm->qts, "{'execute': 'migrate', "
                             "'arguments': {'uri': %s}}", uri);
    QDict *error = qdict_get_qdict(reply, "error");
    bool blocked = error != NULL;

    if (error) {
        ring_check_contains("the reason", qdict_get_str(error, "desc"),
                            "mount tag 'ring'");
    }
    qobject_unref(reply);
    return blocked;
}

static void await_migration(RingDev *d)
{
    int64_t end = ring_now() + RING_PATIENCE;
    g_autofree char *status = NULL;

    do {
        QDict *reply = qtest_qmp(d->vm->qts, "{'execute': 'query-migrate'}");
        QDict *info = qdict_get_qdict(reply, "return");

        g_free(status);
        status = g_strdup(qdict_get_try_str(info, "status") ?: "none");
        qobject_unref(reply);
        ring_check(ring_now() < end, "expected the migration to end, it is "
                   "'%s'", status);
        ring_check(strcmp(status, "failed"), "the migration failed");
    } while (strcmp(status, "completed"));
}

static void migration_off_is_blocked_while_a_fid_lives(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d,migration=off",
                             RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    ring_check(migration_is_blocked(d), "expected an error while mounted");
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tclunk(d, .fid = 0);
    ring_check(migration_is_blocked(d), "expected an error while a clone of "
               "the root fid lives");
    ring_tclunk(d, .fid = 1);
    ring_check(!migration_is_blocked(d), "expected no error without fids");
    await_migration(d);
}

/* ---- the seccomp filter ---- */

/* Requests of each kind; libvirt's filter kills QEMU for a forbidden call. */
static void works_in_the_sandbox(const void *model)
{
    g_autofree char *options = g_strdup_printf(
        "security_model=%s -sandbox on,obsolete=deny,elevateprivileges=deny,"
        "spawn=deny,resourcecontrol=deny", (const char *)model);
    RingDev *d = ring_local(options);

    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlcreate(d, .fid = 1, .name = "f", .flags = RING_O_RDWR,
                  .mode = 0640);
    ring_twrite(d, .fid = 1, .data = "text", .count = 4);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 8), 4);
    ring_tfsync(d, .fid = 1);
    ring_tlock(d, .fid = 1, .type = RING_LOCK_WRLCK, .client_id = "c");
    ring_tgetlock(d, .fid = 1, .type = RING_LOCK_RDLCK, .client_id = "d");
    ring_tsetattr(d, .fid = 1, .mode = 0600, .size = 2, .mtime = 5,
                  .valid = RING_SETATTR_MODE | RING_SETATTR_SIZE |
                           RING_SETATTR_MTIME | RING_SETATTR_MTIME_SET);
    ring_check_int("size", ring_tgetattr(d, .fid = 1).size, 2);
    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0755);
    ring_tsymlink(d, .fid = 0, .name = "link", .target = "f");
    ring_tmknod(d, .fid = 0, .name = "fifo", .mode = S_IFIFO | 0600);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "link" });
    g_free(ring_treadlink(d, .fid = 2));
    ring_twalk(d, .fid = 0, .newfid = 3, .names = { "f" });
    ring_tlink(d, .dir = 0, .fid = 3, .name = "hard");
    ring_txattrcreate(d, .fid = 3, .name = "user.x", .size = 1);
    ring_twrite(d, .fid = 3, .data = "v", .count = 1);
    ring_tclunk(d, .fid = 3);
    ring_txattrwalk(d, .fid = 1, .newfid = 4, .name = "user.x");
    ring_txattrwalk(d, .fid = 1, .newfid = 5, .name = "");
    ring_trenameat(d, .dir = 0, .name = "hard", .newdir = 0,
                   .newname = "other");
    ring_tstatfs(d, .fid = 0);
    ring_twalk(d, .fid = 0, .newfid = 6);
    ring_tlopen(d, .fid = 6, .flags = RING_O_DIRECTORY);
    ring_check(ring_treaddir(d, .fid = 6, .count = 4096)->len >= 6,
               "expected 4 files, . and ..");
    ring_tunlinkat(d, .dir = 0, .name = "other");
    ring_tunlinkat(d, .dir = 0, .name = "dir", .flags = 0x200);
    ring_twalk(d, .fid = 0, .newfid = 7, .names = { "fifo" });
    ring_tsetattr(d, .fid = 7, .mode = 0622, .valid = RING_SETATTR_MODE);
    ring_tlopen(d, .fid = 7, .err = ENXIO);
    ring_tremove(d, .fid = 7);
}

void ring_register_attack_tests(void)
{
    static const char *const models[] = {
        "passthrough", "mapped-xattr", "mapped-file", "none",
    };

#define ADD(name, fn) ring_add("attacks/" name, fn)
    ADD("huge-readdirs-take-no-memory", huge_readdirs_take_no_memory);
    ADD("huge-readlinks-take-no-memory", huge_readlinks_take_no_memory);
    ADD("errors-in-a-loop-are-not-all-reported",
        errors_in_a_loop_are_not_all_reported);
    ADD("migration-off-is-blocked-while-a-fid-lives",
        migration_off_is_blocked_while_a_fid_lives);
#undef ADD
    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        g_autofree char *path = g_strdup_printf("attacks/sandbox/%s",
                                                models[i]);

        ring_add_arg(path, works_in_the_sandbox, models[i]);
    }
}
