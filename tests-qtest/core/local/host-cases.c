/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The behaviour of every host call: see host-cases.h. */
#include "fsdev/core/p9-osdep.h"
#include "host-cases.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

/* Sets of features to do without; host_features_without() defines the bits. */
const unsigned host_feature_sets[10] = {
    0, 1, 2, 4, 8, 16, 32, 64, 128, 255,
};

/* The probed features without those in the bit set @without. */
HostFeatures host_features_without(unsigned without)
{
    HostFeatures f = *host_features();

    f.openat2 &= !(without & 1);
    f.resolve_cached &= f.openat2 && !(without & 2);
    f.statx &= !(without & 4);
    f.statx_mnt_id &= f.statx && !(without & 8);
    f.fchmodat2 &= !(without & 16);
    f.utimens_empty &= !(without & 32);
    f.xattrat &= !(without & 64);
    f.link_empty &= !(without & 128);
    f.mountinfo &= f.statx_mnt_id;
    return f;
}

int host_must_lookup(int dirfd, const char *name)
{
    int fd = host_lookup(dirfd, name, 0);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

void host_fixture_init(HostFixture *f)
{
    f->scratch = scratch_new();
    scratch_write(f->scratch, "file", "text");
    scratch_mkdir(f->scratch, "dir");
    scratch_symlink(f->scratch, "file", "link");
    g_assert_cmpint(mkfifoat(f->scratch->fd, "fifo", 0600), ==, 0);
    f->file = host_must_lookup(f->scratch->fd, "file");
    f->dir = host_must_lookup(f->scratch->fd, "dir");
    f->link = host_must_lookup(f->scratch->fd, "link");
    f->fifo = host_must_lookup(f->scratch->fd, "fifo");
}

void host_fixture_clear(HostFixture *f)
{
    close(f->file);
    close(f->dir);
    close(f->link);
    close(f->fifo);
    scratch_free(f->scratch);
}

void host_must_init(void)
{
    const char *what = "nothing";
    int ret = host_init(&what);

    if (ret < 0) {
        g_error("host_init: %s: %s", what, g_strerror(-ret));
    }
}

HostStat host_must_stat(int fd)
{
    HostStat st;

    g_assert_cmpint(host_stat(fd, &st), ==, 0);
    return st;
}

static void assert_flags(int fd, int want)
{
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    g_assert_cmphex(fcntl(fd, F_GETFL) & (O_PATH | O_ACCMODE | O_APPEND), ==,
                    want);
}

static const char *const bad_names[] = {
    "", ".", "..", "/", "dir/..", "../x", "/etc", "dir/",
};

/* Looking up */

static void test_lookup(HostFixture *f)
{
    int dir = f->scratch->fd;

    assert_flags(f->file, O_PATH);
    g_assert_true(S_ISREG(host_must_stat(f->file).mode));
    g_assert_true(S_ISDIR(host_must_stat(f->dir).mode));
    g_assert_true(S_ISLNK(host_must_stat(f->link).mode));
    g_assert_true(S_ISFIFO(host_must_stat(f->fifo).mode));
    g_assert_cmpint(host_lookup(dir, "none", 0), ==, -ENOENT);
    g_assert_cmpint(host_lookup(f->file, "x", 0), ==, -ENOTDIR);
    g_assert_cmpint(host_lookup(-1, "x", 0), ==, -EBADF);
    for (unsigned i = 0; i < ARRAY_SIZE(bad_names); i++) {
        g_assert_cmpint(host_lookup(dir, bad_names[i], 0), ==, -EINVAL);
    }
}

static void test_lookup_cached(HostFixture *f)
{
    int dir = f->scratch->fd;
    HOST_FD fd = host_lookup(dir, "file", HOST_CACHED);

    if (!host_features()->resolve_cached) {
        g_assert_cmpint(fd, ==, -EAGAIN);
        g_assert_cmpint(host_lookup(dir, "none", HOST_CACHED), ==, -EAGAIN);
        return;
    }
    /*
     * The fixture has the file open, so it is in the cache.  Only a concurrent
     * rename somewhere on the machine can make a lookup fail.
     */
    for (int tries = 0; fd == -EAGAIN && tries < 1000; tries++) {
        fd = host_lookup(dir, "file", HOST_CACHED);
    }
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpuint(host_must_stat(fd).ino, ==,
                     scratch_ino(f->scratch, "file"));
}

static void test_lookup_no_xdev(HostFixture *f)
{
    HOST_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    HOST_FD across = host_lookup(root, "proc", 0);
    HOST_FD within = host_lookup(f->scratch->fd, "dir", HOST_NO_XDEV);

    g_assert_cmpint(across, >=, 0);
    g_assert_cmpint(within, >=, 0);
    g_assert_cmpint(host_lookup(root, "proc", HOST_NO_XDEV), ==, -EXDEV);
}

static void test_stat(HostFixture *f)
{
    int fds[] = { f->file, f->dir, f->link, f->fifo };

    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
        HostStat st = host_must_stat(fds[i]);
        struct stat want;

        g_assert_cmpint(fstat(fds[i], &want), ==, 0);
        g_assert_cmpuint(st.dev, ==, want.st_dev);
        g_assert_cmpuint(st.ino, ==, want.st_ino);
        g_assert_cmphex(st.mode, ==, want.st_mode);
        g_assert_cmpuint(st.uid, ==, want.st_uid);
        g_assert_cmpuint(st.gid, ==, want.st_gid);
        g_assert_cmpuint(st.nlink, ==, want.st_nlink);
        g_assert_cmpuint(st.rdev, ==, want.st_rdev);
        g_assert_cmpuint(st.size, ==, want.st_size);
        g_assert_cmpuint(st.blocks, ==, want.st_blocks);
        g_assert_cmpuint(st.blksize, ==, want.st_blksize);
        g_assert_cmpint(st.mtime.tv_sec, ==, want.st_mtim.tv_sec);
        g_assert_cmpint(st.mtime.tv_nsec, ==, want.st_mtim.tv_nsec);
        g_assert_cmpint(st.ctime.tv_nsec, ==, want.st_ctim.tv_nsec);
        g_assert_cmpint(!!st.mnt_id, ==, host_features()->statx_mnt_id);
        if (!host_features()->statx) {
            g_assert_false(st.has_btime);
        }
    }
}

static void test_stat_device(HostFixture *f)
{
    HOST_FD fd = open("/dev/null", O_PATH | O_CLOEXEC);

    g_assert_cmpuint(host_must_stat(fd).rdev, ==, makedev(1, 3));
}

static void test_stat_id_at(HostFixture *f)
{
    HostStat want = host_must_stat(f->link);
    HostStat st;

    g_assert_cmpint(host_stat_id_at(f->scratch->fd, "link", &st), ==, 0);
    g_assert_cmpuint(st.dev, ==, want.dev);
    g_assert_cmpuint(st.ino, ==, want.ino);
    g_assert_cmpuint(st.mnt_id, ==, want.mnt_id);
    g_assert_cmphex(st.mode & S_IFMT, ==, S_IFLNK);
    g_assert_cmpint(st.has_btime, ==, want.has_btime);
    g_assert_cmpint(st.btime.tv_nsec, ==, want.btime.tv_nsec);
    g_assert_cmpint(host_stat_id_at(f->scratch->fd, "none", &st), ==,
                    -ENOENT);
    g_assert_cmpint(host_stat_id_at(f->scratch->fd, "..", &st), ==, -EINVAL);
}

static void test_readlink(HostFixture *f)
{
    char buf[16] = "................";

    g_assert_cmpint(host_readlink(f->link, buf, sizeof(buf)), ==, 4);
    g_assert_cmpmem(buf, 5, "file.", 5);
    g_assert_cmpint(host_readlink(f->link, buf, 2), ==, 2);
    g_assert_cmpint(host_readlink(f->file, buf, sizeof(buf)), ==, -EINVAL);
    g_assert_cmpint(host_readlink(f->dir, buf, sizeof(buf)), ==, -EINVAL);
    scratch_unlink(f->scratch, "link");
    g_assert_cmpint(host_readlink(f->link, buf, sizeof(buf)), ==, 4);
}

/* Opening and creating */

void host_assert_content(int fd, const char *want)
{
    char buf[64];
    ssize_t len = pread(fd, buf, sizeof(buf), 0);

    g_assert_cmpint(len, >=, 0);
    g_assert_cmpmem(buf, len, want, strlen(want));
}

static void test_reopen(HostFixture *f)
{
    HOST_FD reader = host_reopen(f->file, O_RDONLY);
    HOST_FD writer = host_reopen(f->file, O_WRONLY | O_APPEND);
    HOST_FD lister = host_reopen(f->dir, O_RDONLY | O_DIRECTORY);

    assert_flags(reader, O_RDONLY);
    assert_flags(writer, O_WRONLY | O_APPEND);
    assert_flags(lister, O_RDONLY);
    host_assert_content(reader, "text");
    g_assert_cmpint(write(writer, "+", 1), ==, 1);
    host_assert_content(reader, "text+");
    g_assert_cmpint(host_reopen(f->dir, O_WRONLY), ==, -EISDIR);
    g_assert_cmpint(host_reopen(f->file, O_RDONLY | O_DIRECTORY), ==,
                    -ENOTDIR);
}

/*
 * host_reopen() does not use the path, so it opens the object that was looked
 * up.
 */
static void test_reopen_replaced(HostFixture *f)
{
    scratch_write(f->scratch, "other", "other");
    scratch_rename(f->scratch, "other", "file");

    HOST_FD fd = host_reopen(f->file, O_RDONLY);

    host_assert_content(fd, "text");
    g_assert_cmpuint(host_must_stat(fd).nlink, ==, 0);
}

static void test_reopen_drops_flags(HostFixture *f)
{
    HOST_FD file = host_reopen(f->file, O_RDWR | O_CREAT | O_EXCL |
                               O_NOFOLLOW | O_PATH);
    HOST_FD tmp = host_reopen(f->dir, O_RDONLY | O_TMPFILE);
    HOST_FD cut = -1;

    assert_flags(file, O_RDWR);
    host_assert_content(file, "text");
    assert_flags(tmp, O_RDONLY);
    g_assert_cmpuint(host_must_stat(tmp).ino, ==, host_must_stat(f->dir).ino);
    /* O_TRUNC is passed on. */
    cut = host_reopen(f->file, O_RDWR | O_TRUNC);
    host_assert_content(cut, "");
}

static void test_create(HostFixture *f)
{
    int dir = f->scratch->fd;
    HOST_FD fd = host_create(dir, "new", O_RDWR, S_IFDIR | 04640);
    HOST_FD made = host_must_lookup(dir, "new");

    assert_flags(fd, O_RDWR);
    g_assert_cmphex(host_must_stat(fd).mode, ==, S_IFREG | 04640);
    g_assert_cmpuint(host_must_stat(fd).ino, ==, host_must_stat(made).ino);
    g_assert_cmpint(host_create(dir, "file", O_RDWR | O_TRUNC, 0600), ==,
                    -EEXIST);
    g_assert_cmpuint(host_must_stat(f->file).size, ==, 4);
    scratch_symlink(f->scratch, "nowhere", "dangling");
    g_assert_cmpint(host_create(dir, "dangling", O_RDWR, 0600), ==, -EEXIST);
    g_assert_cmpint(host_lookup(dir, "nowhere", 0), ==, -ENOENT);
    for (unsigned i = 0; i < ARRAY_SIZE(bad_names); i++) {
        g_assert_cmpint(host_create(dir, bad_names[i], O_RDWR, 0600), ==,
                        -EINVAL);
    }
}

static void test_link(HostFixture *f)
{
    int dir = f->scratch->fd;

    g_assert_cmpint(host_link(f->file, f->dir, "hard"), ==, 0);
    g_assert_cmpuint(scratch_ino(f->scratch, "dir/hard"), ==,
                     host_must_stat(f->file).ino);
    g_assert_cmpint(host_link(f->link, dir, "hardlink"), ==, 0);
    g_assert_cmpuint(scratch_ino(f->scratch, "hardlink"), ==,
                     host_must_stat(f->link).ino);
    g_assert_cmpint(host_link(f->file, dir, "link"), ==, -EEXIST);
    g_assert_cmpint(host_link(f->dir, dir, "x"), ==, -EPERM);
    g_assert_cmpint(host_link(f->file, dir, "../x"), ==, -EINVAL);
    scratch_unlink(f->scratch, "fifo");
    g_assert_cmpint(host_link(f->fifo, dir, "fifo"), ==, -ENOENT);
}

/* Changing attributes */

static void test_chmod(HostFixture *f)
{
    uint32_t link_mode = host_must_stat(f->link).mode;
    uint32_t file_mode;

    g_assert_cmpint(host_chmod(f->file, S_IFIFO | 04751), ==, 0);
    file_mode = host_must_stat(f->file).mode;
    g_assert_cmphex(file_mode, ==, S_IFREG | 04751);
    g_assert_cmpint(host_chmod(f->dir, 01700), ==, 0);
    g_assert_cmphex(host_must_stat(f->dir).mode, ==, S_IFDIR | 01700);
    g_assert_cmpint(host_chmod(f->fifo, 0), ==, 0);
    g_assert_cmphex(host_must_stat(f->fifo).mode, ==, S_IFIFO);
    g_assert_cmpint(host_chmod(f->link, 0), ==, -EOPNOTSUPP);
    g_assert_cmphex(host_must_stat(f->link).mode, ==, link_mode);
    g_assert_cmphex(host_must_stat(f->file).mode, ==, file_mode);
}

static void test_chown(HostFixture *f)
{
    HostStat before = host_must_stat(f->link);

    g_assert_cmpint(host_chown(f->link, UINT32_MAX, UINT32_MAX), ==, 0);
    g_assert_cmpuint(host_must_stat(f->link).uid, ==, before.uid);
    if (geteuid() != 0) {
        g_assert_cmpint(host_chown(f->link, before.uid + 1, UINT32_MAX), ==,
                        -EPERM);
        return;
    }
    g_assert_cmpint(host_chown(f->link, 1234, UINT32_MAX), ==, 0);
    g_assert_cmpint(host_chown(f->link, UINT32_MAX, 4321), ==, 0);
    g_assert_cmpuint(host_must_stat(f->link).uid, ==, 1234);
    g_assert_cmpuint(host_must_stat(f->link).gid, ==, 4321);
    g_assert_cmpuint(host_must_stat(f->file).uid, ==, before.uid);
}

static void test_utimens(HostFixture *f)
{
    const struct timespec both[2] = { { 11, 22 }, { 33, 44 } };
    const struct timespec one[2] = { { 0, UTIME_OMIT }, { 55, 66 } };
    int fds[] = { f->file, f->dir, f->link, f->fifo };

    /* Changing the times of the link must not change those of its target. */
    for (unsigned i = 0; i < ARRAY_SIZE(fds); i++) {
        HostStat target = host_must_stat(f->file);
        HostStat st;

        g_assert_cmpint(host_utimens(fds[i], both), ==, 0);
        g_assert_cmpint(host_utimens(fds[i], one), ==, 0);
        st = host_must_stat(fds[i]);
        g_assert_cmpint(st.atime.tv_sec, ==, 11);
        g_assert_cmpint(st.atime.tv_nsec, ==, 22);
        g_assert_cmpint(st.mtime.tv_sec, ==, 55);
        g_assert_cmpint(st.mtime.tv_nsec, ==, 66);
        if (fds[i] == f->link) {
            st = host_must_stat(f->file);
            g_assert_cmpint(st.ctime.tv_sec, ==, target.ctime.tv_sec);
            g_assert_cmpint(st.ctime.tv_nsec, ==, target.ctime.tv_nsec);
        }
    }
}

/* Extended attributes */

static bool no_user_xattrs(int pathfd)
{
    if (host_setxattr(pathfd, "user.probe", "", 0, 0) == -EOPNOTSUPP) {
        g_test_skip("no user.* attributes on this file system");
        return true;
    }
    g_assert_cmpint(host_removexattr(pathfd, "user.probe"), ==, 0);
    return false;
}

static bool list_has(const char *list, ssize_t size, const char *name)
{
    const char *at;

    for (at = list; at < list + size; at += strlen(at) + 1) {
        if (!strcmp(at, name)) {
            return true;
        }
    }
    return false;
}

void host_check_xattrs(int fd)
{
    char buf[256];
    ssize_t len;

    g_assert_cmpint(host_getxattr(fd, "user.a", buf, sizeof(buf)), ==,
                    -ENODATA);
    g_assert_cmpint(host_setxattr(fd, "user.a", "x", 1, XATTR_REPLACE), ==,
                    -ENODATA);
    g_assert_cmpint(host_setxattr(fd, "user.a", "value", 5, XATTR_CREATE),
                    ==, 0);
    g_assert_cmpint(host_setxattr(fd, "user.a", "x", 1, XATTR_CREATE), ==,
                    -EEXIST);
    g_assert_cmpint(host_setxattr(fd, "user.b", "", 0, 0), ==, 0);
    g_assert_cmpint(host_getxattr(fd, "user.a", NULL, 0), ==, 5);
    g_assert_cmpint(host_getxattr(fd, "user.a", buf, 4), ==, -ERANGE);
    g_assert_cmpint(host_getxattr(fd, "user.a", buf, sizeof(buf)), ==, 5);
    g_assert_cmpmem(buf, 5, "value", 5);
    g_assert_cmpint(host_getxattr(fd, "user.b", buf, sizeof(buf)), ==, 0);

    len = host_listxattr(fd, buf, sizeof(buf));
    g_assert_cmpint(host_listxattr(fd, NULL, 0), ==, len);
    g_assert_cmpint(host_listxattr(fd, buf, 3), ==, -ERANGE);
    g_assert_true(list_has(buf, len, "user.a"));
    g_assert_true(list_has(buf, len, "user.b"));

    g_assert_cmpint(host_removexattr(fd, "user.a"), ==, 0);
    g_assert_cmpint(host_removexattr(fd, "user.a"), ==, -ENODATA);
    g_assert_cmpint(host_removexattr(fd, "user.b"), ==, 0);
}

static void test_xattr(HostFixture *f)
{
    HOST_FD real = host_reopen(f->file, O_RDONLY);

    if (no_user_xattrs(f->file)) {
        return;
    }
    host_check_xattrs(f->file);
    host_check_xattrs(f->dir);
    host_check_xattrs(real);
    /* These calls do not use the path either. */
    scratch_unlink(f->scratch, "file");
    host_check_xattrs(f->file);
}

/* Whether only what can be opened has attributes; see host.h. */
static bool only_opens(void)
{
    return !host_features()->xattrat &&
           prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

/* A symbolic link has attributes of its own or none, never its target's. */
static void test_xattr_symlink(HostFixture *f)
{
    char buf[256];

    if (no_user_xattrs(f->file)) {
        return;
    }
    g_assert_cmpint(host_setxattr(f->file, "user.a", "value", 5, 0), ==, 0);
    g_assert_cmpint(host_getxattr(f->link, "user.a", buf, sizeof(buf)), <, 0);
    g_assert_cmpint(host_setxattr(f->link, "user.a", "x", 1, 0), <, 0);
    g_assert_cmpint(host_removexattr(f->link, "user.a"), <, 0);
    g_assert_cmpint(host_getxattr(f->file, "user.a", buf, sizeof(buf)), ==, 5);
    if (host_setxattr(f->file, "trusted.p9", "file", 4, 0) < 0) {
        return;             /* the rest needs privileges */
    }
    if (only_opens()) {
        g_assert_cmpint(host_setxattr(f->link, "trusted.p9", "l", 1, 0), ==,
                        -EOPNOTSUPP);
        return;
    }
    g_assert_cmpint(host_setxattr(f->link, "trusted.p9", "l", 1, 0), ==, 0);
    g_assert_cmpint(host_getxattr(f->link, "trusted.p9", buf, sizeof(buf)),
                    ==, 1);
    g_assert_cmpint(host_getxattr(f->file, "trusted.p9", buf, sizeof(buf)),
                    ==, 4);
    g_assert_cmpint(host_listxattr(f->link, buf, sizeof(buf)), ==,
                    sizeof("trusted.p9"));
    g_assert_cmpint(host_removexattr(f->link, "trusted.p9"), ==, 0);
}

/* The holder of a lease on the file does not delay these calls. */
static void test_xattr_lease(HostFixture *f)
{
    HOST_FD holder = host_reopen(f->file, O_RDONLY);
    char buf[8];

    signal(SIGIO, SIG_IGN);
    if (no_user_xattrs(f->file)) {
        return;
    }
    if (fcntl(holder, F_SETLEASE, F_WRLCK) < 0) {
        g_test_skip("no leases on this file system");
        return;
    }
    g_assert_cmpint(host_setxattr(f->file, "user.a", "v", 1, 0), ==,
                    only_opens() ? -EBUSY : 0);
    g_assert_cmpint(host_getxattr(f->file, "user.a", buf, sizeof(buf)), ==,
                    only_opens() ? -EBUSY : 1);
    g_assert_cmpint(fcntl(holder, F_SETLEASE, F_UNLCK), ==, 0);
}

const HostCase host_cases[] = {
    { "lookup", test_lookup },
    { "lookup-cached", test_lookup_cached },
    { "lookup-no-xdev", test_lookup_no_xdev },
    { "stat", test_stat },
    { "stat-device", test_stat_device },
    { "stat-id-at", test_stat_id_at },
    { "readlink", test_readlink },
    { "reopen", test_reopen },
    { "reopen-replaced", test_reopen_replaced },
    { "reopen-drops-flags", test_reopen_drops_flags },
    { "create", test_create },
    { "link", test_link },
    { "chmod", test_chmod },
    { "chown", test_chown },
    { "utimens", test_utimens },
    { "xattr", test_xattr },
    { "xattr-symlink", test_xattr_symlink },
    { "xattr-lease", test_xattr_lease },
    { NULL, NULL },
};

void host_case_run(const HostCase *host_case)
{
    HostFixture f;

    host_fixture_init(&f);
    host_case->run(&f);
    host_fixture_clear(&f);
}
