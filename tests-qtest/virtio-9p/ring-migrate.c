/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration and snapshots while the share is mounted.
 *
 * Two QEMUs export the same directory, and one VM moves from one to the other;
 * this process is a program of the host that uses the directory as well.
 */
#include "qemu/osdep.h"
#include "ring-client.h"
#include "ring-move.h"

static RingDev *share(const char *device_options)
{
    RingVm *vm = ring_vm_new("-fsdev local,id=fs0,path='%s',security_model="
                             "mapped-xattr -device virtio-9p-pci,fsdev=fs0,"
                             "mount_tag=ring,addr=%d%s", ring_dir(), RING_SLOT,
                             device_options);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static void open_file(RingDev *d, uint32_t fid, const char *name)
{
    ring_host_put(name, "content", 7);
    ring_twalk(d, .fid = 0, .newfid = fid, .names = { name });
    ring_tlopen(d, .fid = fid, .flags = RING_O_RDWR);
}

static void check_host(const char *name, const char *want)
{
    size_t len;
    g_autofree char *data = ring_host_get(name, &len);
    g_autofree char *text = g_strndup(data, len);

    ring_check_str(name, text, want);
}

/* ---- what is moved ---- */

static void idle(void)
{
    RingDev *d = share("");
    RingAttr before;

    ring_host_put("f", "content", 7);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    before = ring_tgetattr(d, .fid = 1);
    ring_vm_migrate(d->vm);
    ring_check_same_qid("f", ring_tgetattr(d, .fid = 1).qid, before.qid);
    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0700);
    ring_vm_migrate(d->vm);
    ring_check_same_qid("f", ring_tgetattr(d, .fid = 1).qid, before.qid);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "dir" });
}

static void open_files(void)
{
    RingDev *d = share("");
    char buf[16];

    open_file(d, 1, "f");
    ring_twrite(d, .fid = 1, .data = "before", .count = 6);
    ring_vm_migrate(d->vm);
    ring_twrite(d, .fid = 1, .offset = 6, .data = ", after", .count = 7);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 16,
                                            .buf = buf), 13);
    check_host("f", "before, after");
}

static void packed_ring(void)
{
    RingDev *d = share(",packed=on");
    RingReq *r[8];

    open_file(d, 1, "f");
    for (int i = 0; i < ARRAY_SIZE(r); i++) {
        r[i] = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)i, 1,
                                     "x", (size_t)1));
    }
    ring_vm_migrate(d->vm);
    for (int i = 0; i < ARRAY_SIZE(r); i++) {
        ring_expect_done(r[i], RING_TWRITE, 0);
    }
    ring_tgetattr(d, .fid = 1);
    check_host("f", "xxxxxxxx");
}

/* Requests are in flight each time, and each is answered once. */
static void back_and_forth(void)
{
    enum { TIMES = 8, REQUESTS = 48 };
    RingDev *d = share("");
    RingReq *r[REQUESTS];

    open_file(d, 1, "f");
    for (int i = 0; i < TIMES; i++) {
        for (int j = 0; j < REQUESTS; j++) {
            uint8_t byte = 'a' + i;

            r[j] = j % 3
                   ? ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)j,
                                           1, &byte, (size_t)1))
                   : ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0,
                                           4096));
        }
        ring_vm_migrate(d->vm);
        for (int j = 0; j < REQUESTS; j++) {
            ring_reply_free(ring_expect(ring_reply(r[j]), j % 3 ? RING_TWRITE
                                                                : RING_TREAD,
                                        0));
        }
    }
    ring_check_int("size", ring_tgetattr(d, .fid = 1).size, REQUESTS);
}

static void directory_half_read(void)
{
    RingDev *d = share("");
    uint64_t offset = 0;
    unsigned n = 0;
    GArray *part;

    ring_host_mkdir("dir");
    for (int i = 0; i < 60; i++) {
        g_autofree char *name = g_strdup_printf("dir/file%d", i);

        ring_host_put(name, "", 0);
    }
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "dir" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    do {
        part = ring_treaddir(d, .fid = 1, .offset = offset, .count = 1000);
        n += part->len;
        if (part->len) {
            offset = g_array_index(part, RingDirent, part->len - 1).offset;
        }
        if (n == part->len) {
            ring_vm_migrate(d->vm);
        }
    } while (part->len);
    ring_check_int("entries", n, 62);
}

static void attribute_half_written(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WRITE" });
    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 6);
    ring_twrite(d, .fid = 1, .data = "abc", .count = 3);
    ring_vm_migrate(d->vm);
    ring_twrite(d, .fid = 1, .offset = 3, .data = "def", .count = 3);
    ring_tclunk(d, .fid = 1);
}

static void parked_write_and_flush(void)
{
    RingDev *d = ring_synth();
    RingReq *r;

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    r = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1, "\x01",
                              (size_t)1));
    ring_tgetattr(d, .fid = 0);
    ring_vm_migrate(d->vm);
    ring_tgetattr(d, .fid = 0);
    ring_check(!r->done, "expected the write to wait, it was completed");
    ring_tflush(d, .oldtag = r->tag);
    ring_check(r->done, "expected the write back before Rflush");
    ring_check_int("its used length", r->used_len, 0);
}

/* ---- locks ---- */

static uint8_t lock(RingDev *d, uint8_t type)
{
    return ring_tlock(d, .fid = 1, .type = type, .proc_id = 7,
                      .client_id = "guest");
}

static void lock_is_kept(void)
{
    RingDev *d = share("");

    open_file(d, 1, "f");
    ring_check_int("Rlock", lock(d, RING_LOCK_WRLCK), RING_LOCK_SUCCESS);
    ring_vm_migrate(d->vm);
    ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
    ring_check_int("another owner",
                   ring_tlock(d, .fid = 1, .type = RING_LOCK_RDLCK,
                              .proc_id = 8, .client_id = "guest"),
                   RING_LOCK_BLOCKED);
    ring_check_int("Rlock", lock(d, RING_LOCK_UNLCK), RING_LOCK_SUCCESS);
    ring_check_int("on the host", ring_host_lock("f"), F_UNLCK);
}

static void waiting_lock_is_granted_once(void)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    RingDev *d = share("");
    g_autofree char *path = ring_host_path("f");
    RingReply *reply;
    RingReq *r;
    int fd;

    open_file(d, 1, "f");
    /* A QEMU that is started later must not have it. */
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fcntl(fd, F_OFD_SETLK, &range) < 0) {
        ring_skip("the host has no open file description locks");
    }
    r = ring_send(d, ring_msg(RING_TLOCK, "414884s", 1, RING_LOCK_WRLCK,
                              RING_LOCK_BLOCK, (uint64_t)0, (uint64_t)0, 7,
                              "guest"));
    ring_tgetattr(d, .fid = 0);
    ring_vm_migrate(d->vm);
    ring_tgetattr(d, .fid = 0);
    ring_check(!r->done, "expected the Tlock to wait");
    close(fd);
    reply = ring_expect(ring_reply(r), RING_TLOCK, 0);
    ring_check_int("Rlock status", ring_get8(reply), RING_LOCK_SUCCESS);
    ring_reply_free(reply);
    ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
}

/* ---- what fails ---- */

/* The source goes on, with its file and its lock. */
static void target_without_the_files(void)
{
    RingDev *d = share("");
    g_autofree char *other = ring_host_path("other");
    g_autofree char *args = NULL;

    open_file(d, 1, "f");
    ring_check_int("Rlock", lock(d, RING_LOCK_WRLCK), RING_LOCK_SUCCESS);
    ring_host_mkdir("other");
    args = g_strdup_printf("-fsdev local,id=fs0,path='%s',security_model="
                           "mapped-xattr -device virtio-9p-pci,fsdev=fs0,"
                           "mount_tag=ring,addr=%d,on-lost=stop", other,
                           RING_SLOT);
    ring_vm_fail_to_load(d->vm, args, "the first is 'f'");
    ring_twrite(d, .fid = 1, .data = "CONT", .count = 4);
    check_host("f", "CONTent");
    ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
    ring_vm_migrate(d->vm);
    ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
    ring_twrite(d, .fid = 1, .data = "ENT ", .count = 4);
    check_host("f", "ENT ent");
}

static void target_that_must_not(void)
{
    RingDev *d = share("");
    g_autofree char *args = g_strdup_printf("%s,migration=off", d->vm->args);

    ring_vm_fail_to_load(d->vm, args, "migration=off");
    ring_tgetattr(d, .fid = 0);
}

static void removed_file_and_stop(void)
{
    RingDev *d = share(",on-lost=stop");
    char buf[8];

    open_file(d, 1, "f");
    ring_tunlinkat(d, .dir = 0, .name = "f");
    ring_vm_fail_to_save(d->vm);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 8,
                                            .buf = buf), 7);
    ring_tclunk(d, .fid = 1);
    ring_vm_migrate(d->vm);
    ring_tgetattr(d, .fid = 0);
}

static void removed_file_is_lost(void)
{
    RingDev *d = share("");

    open_file(d, 1, "f");
    open_file(d, 2, "g");
    ring_tunlinkat(d, .dir = 0, .name = "f");
    ring_vm_migrate(d->vm);
    ring_tread(d, .fid = 1, .count = 8, .err = ESTALE);
    ring_tclunk(d, .fid = 1);
    ring_check_int("bytes read", ring_tread(d, .fid = 2, .count = 8), 7);
}

/* ---- states ---- */

static bool has_section(RingVm *vm)
{
    g_autoptr(GByteArray) state = ring_vm_state(vm);
    const char name[] = "virtio-9p/session";

    return memmem(state->data, state->len, name, strlen(name)) != NULL;
}

/* What is not mounted has the state that QEMU's own device has. */
static void unmounted_has_no_section(void)
{
    RingDev *d = share("");

    open_file(d, 1, "f");
    ring_check(has_section(d->vm), "expected a section while mounted");
    ring_twrite(d, .fid = 1, .data = "x", .count = 1);
    ring_tclunk(d, .fid = 1);
    ring_tclunk(d, .fid = 0);
    ring_check(!has_section(d->vm), "expected no section without fids");
    ring_vm_migrate(d->vm);
    ring_mount(d);
}

static void snapshots(void)
{
    RingDev *d = share("");
    struct RingDev saved;

    open_file(d, 1, "f");
    ring_check_int("Rlock", lock(d, RING_LOCK_WRLCK), RING_LOCK_SUCCESS);
    ring_vm_add_disk(d->vm);
    saved = *d;
    ring_vm_save(d->vm, "one");
    ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
    for (int i = 0; i < 3; i++) {
        ring_twrite(d, .fid = 1, .offset = i, .data = "x", .count = 1);
        ring_tclunk(d, .fid = 1);
        ring_twalk(d, .fid = 0, .newfid = 2, .names = { "f" });
        ring_vm_load(d->vm, "one");
        /* The ring of the driver is as it was, too. */
        *d = saved;
        ring_tgetattr(d, .fid = 2, .err = ENOENT);
        ring_check_int("on the host", ring_host_lock("f"), F_WRLCK);
    }
    ring_check_int("Rlock", lock(d, RING_LOCK_UNLCK), RING_LOCK_SUCCESS);
    check_host("f", "xxxtent");
}

static void unmounted_snapshot(void)
{
    RingDev *d = share("");
    struct RingDev saved;

    ring_tclunk(d, .fid = 0);
    ring_vm_add_disk(d->vm);
    saved = *d;
    ring_vm_save(d->vm, "one");
    ring_mount(d);
    ring_vm_load(d->vm, "one");
    *d = saved;
    ring_mount(d);
}

void ring_register_migrate_tests(void)
{
#define ADD(name, fn) ring_add("migrate/" name, fn)
    ADD("idle", idle);
    ADD("open-files", open_files);
    ADD("packed-ring", packed_ring);
    ADD("back-and-forth", back_and_forth);
    ADD("directory-half-read", directory_half_read);
    ADD("attribute-half-written", attribute_half_written);
    ADD("parked-write-and-flush", parked_write_and_flush);
    ADD("lock-is-kept", lock_is_kept);
    ADD("waiting-lock-is-granted-once", waiting_lock_is_granted_once);
    ADD("target-without-the-files", target_without_the_files);
    ADD("target-that-must-not", target_that_must_not);
    ADD("removed-file-and-stop", removed_file_and_stop);
    ADD("removed-file-is-lost", removed_file_is_lost);
    ADD("unmounted-has-no-section", unmounted_has_no_section);
    ADD("snapshots", snapshots);
    ADD("unmounted-snapshot", unmounted_snapshot);
#undef ADD
}
