/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readonly=on: every message that would change something fails with EROFS.
 *
 * The tests check the errno, and that the host directory does not change,
 * including its times.  Reading works as usual.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

enum {
    ROOT = 0,
    FILE_FID = 1,
    DIR_FID = 2,
};

static void make_fids(RingDev *d)
{
    ring_twalk(d, .fid = ROOT, .newfid = FILE_FID, .names = { "f" });
    ring_twalk(d, .fid = ROOT, .newfid = DIR_FID, .names = { "d" });
}

static RingDev *readonly_local(void)
{
    RingDev *d;

    ring_host_put("f", "content", 7);
    ring_host_mkdir("d");
    d = ring_local("security_model=mapped-xattr,readonly=on");
    make_fids(d);
    return d;
}

static void lcreate(RingDev *d)
{
    ring_tlcreate(d, .fid = DIR_FID, .name = "new", .flags = RING_O_RDWR,
                  .mode = 0644, .err = EROFS);
}

static void symlink_(RingDev *d)
{
    ring_tsymlink(d, .fid = ROOT, .name = "new", .target = "t", .err = EROFS);
}

static void mknod_(RingDev *d)
{
    ring_tmknod(d, .fid = ROOT, .name = "new", .mode = S_IFREG | 0644,
                .err = EROFS);
}

static void rename_(RingDev *d)
{
    ring_trename(d, .fid = FILE_FID, .dir = DIR_FID, .name = "new",
                 .err = EROFS);
}

static void setattr_mode(RingDev *d)
{
    ring_tsetattr(d, .fid = FILE_FID, .valid = RING_SETATTR_MODE,
                  .mode = 0600, .err = EROFS);
}

static void setattr_size(RingDev *d)
{
    ring_tsetattr(d, .fid = FILE_FID, .valid = RING_SETATTR_SIZE, .size = 0,
                  .err = EROFS);
}

static void setattr_times(RingDev *d)
{
    ring_tsetattr(d, .fid = FILE_FID, .err = EROFS,
                  .valid = RING_SETATTR_ATIME | RING_SETATTR_MTIME);
}

static void xattrcreate(RingDev *d)
{
    ring_txattrcreate(d, .fid = FILE_FID, .name = "user.x", .size = 4,
                      .err = EROFS);
}

static void link_(RingDev *d)
{
    ring_tlink(d, .dir = ROOT, .fid = FILE_FID, .name = "new", .err = EROFS);
}

static void mkdir_(RingDev *d)
{
    ring_tmkdir(d, .fid = ROOT, .name = "new", .mode = 0755, .err = EROFS);
}

static void renameat_(RingDev *d)
{
    ring_trenameat(d, .dir = ROOT, .name = "f", .newdir = DIR_FID,
                   .newname = "new", .err = EROFS);
}

static void unlinkat_file(RingDev *d)
{
    ring_tunlinkat(d, .dir = ROOT, .name = "f", .err = EROFS);
}

static void unlinkat_directory(RingDev *d)
{
    ring_tunlinkat(d, .dir = ROOT, .name = "d", .flags = RING_AT_REMOVEDIR,
                   .err = EROFS);
}

static void remove_(RingDev *d)
{
    ring_tremove(d, .fid = FILE_FID, .err = EROFS);
    /* Tremove clunks its fid even if it fails. */
    ring_tclunk(d, .fid = FILE_FID, .err = ENOENT);
}

static void lopen_to_write(RingDev *d)
{
    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_WRONLY, .err = EROFS);
    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_RDWR, .err = EROFS);
}

static void lopen_to_truncate(RingDev *d)
{
    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_RDONLY | RING_O_TRUNC,
                .err = EROFS);
}

static void lopen_to_append(RingDev *d)
{
    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_WRONLY | RING_O_APPEND,
                .err = EROFS);
}

static void write_(RingDev *d)
{
    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_RDONLY);
    ring_twrite(d, .fid = FILE_FID, .data = "x", .count = 1, .err = EROFS);
}

typedef struct ReadonlyCase {
    const char *name;
    void (*attempt)(RingDev *d);
} ReadonlyCase;

static const ReadonlyCase cases[] = {
    { "lcreate", lcreate },
    { "symlink", symlink_ },
    { "mknod", mknod_ },
    { "rename", rename_ },
    { "setattr-mode", setattr_mode },
    { "setattr-size", setattr_size },
    { "setattr-times", setattr_times },
    { "xattrcreate", xattrcreate },
    { "link", link_ },
    { "mkdir", mkdir_ },
    { "renameat", renameat_ },
    { "unlinkat-file", unlinkat_file },
    { "unlinkat-directory", unlinkat_directory },
    { "remove", remove_ },
    { "lopen-to-write", lopen_to_write },
    { "lopen-to-truncate", lopen_to_truncate },
    { "lopen-to-append", lopen_to_append },
    { "write", write_ },
};

static void check_times(const char *name, struct stat before)
{
    struct stat after = ring_host_stat(name);

    ring_check_int(name, after.st_mtim.tv_sec, before.st_mtim.tv_sec);
    ring_check_int(name, after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
    ring_check_int(name, after.st_ctim.tv_sec, before.st_ctim.tv_sec);
    ring_check_int(name, after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
}

static void attempt_is_erofs(const void *arg)
{
    const ReadonlyCase *c = arg;
    RingDev *d = readonly_local();
    struct stat file = ring_host_stat("f");
    struct stat dir = ring_host_stat("d");
    struct stat root = ring_host_stat("");
    g_autofree char *list = NULL;
    g_autofree char *data = NULL;
    size_t len;

    c->attempt(d);
    list = ring_host_list();
    ring_check_str("names on the host", list, "d\nf");
    data = ring_host_get("f", &len);
    ring_check_str("content on the host", data, "content");
    check_times("f", file);
    check_times("d", dir);
    check_times("", root);
}

static void reading_goes_on(void)
{
    RingDev *d = readonly_local();
    char buf[16] = "";

    ring_tlopen(d, .fid = FILE_FID, .flags = RING_O_RDONLY);
    ring_tread(d, .fid = FILE_FID, .count = 16, .buf = buf);
    ring_check_str("content", buf, "content");
    ring_tlopen(d, .fid = DIR_FID, .flags = RING_O_DIRECTORY);
    ring_check_int("entries of an empty directory",
                   ring_treaddir(d, .fid = DIR_FID, .count = 512)->len, 2);
    ring_tgetattr(d, .fid = ROOT);
    ring_tstatfs(d, .fid = ROOT);
}

static void synth_is_erofs_too(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0,readonly=on "
                             "-device virtio-9p-pci,fsdev=fs0,"
                             "mount_tag=ring,addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    ring_tmkdir(d, .fid = 0, .name = "new", .mode = 0755, .err = EROFS);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WRITE" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY, .err = EROFS);
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
}

static void one_fsdev_readonly_does_not_make_another_so(void)
{
    RingVm *vm = ring_vm_new("-fsdev local,id=ro,path='%s',readonly=on,"
                             "security_model=mapped-xattr "
                             "-fsdev local,id=rw,path='%s',"
                             "security_model=mapped-xattr "
                             "-device virtio-9p-pci,fsdev=ro,mount_tag=ro,"
                             "addr=4 -device virtio-9p-pci,fsdev=rw,"
                             "mount_tag=rw,addr=5", ring_dir(), ring_dir());
    RingDev *ro = ring_dev_open(vm, 4);
    RingDev *rw = ring_dev_open(vm, 5);

    ring_dev_start(ro);
    ring_mount(ro);
    ring_dev_start(rw);
    ring_mount(rw);
    ring_tmkdir(ro, .fid = 0, .name = "no", .mode = 0755, .err = EROFS);
    ring_tmkdir(rw, .fid = 0, .name = "yes", .mode = 0755);
    ring_twalk(ro, .fid = 0, .newfid = 1, .names = { "yes" });
}

void ring_register_readonly_tests(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("readonly/%s-is-erofs",
                                                cases[i].name);

        ring_add_arg(path, attempt_is_erofs, &cases[i]);
    }
    ring_add("readonly/reading-goes-on", reading_goes_on);
    ring_add("readonly/synth-is-erofs-too", synth_is_erofs_too);
    ring_add("readonly/one-fsdev-readonly-does-not-make-another-so",
             one_fsdev_readonly_does_not_make_another_so);
}
