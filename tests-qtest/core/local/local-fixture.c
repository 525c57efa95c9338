/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exports of the local driver for tests; see local-fixture.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/xattr.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-fs.h"
#include "local-fixture.h"

/* The id of "nobody", usually; it does not need an entry in /etc/passwd. */
#define USER_ID 65534

const char *local_model_name(FsSecurityModel model)
{
    static const char *const names[] = {
        [FS_SM_PASSTHROUGH] = "passthrough",
        [FS_SM_MAPPED_XATTR] = "mapped-xattr",
        [FS_SM_MAPPED_FILE] = "mapped-file",
        [FS_SM_NONE] = "none",
    };

    return names[model];
}

/* ---- what is possible here -------------------------------------------- */

typedef bool Probe(const char *path);

static bool probe_user_xattr(const char *path)
{
    return setxattr(path, "user.probe", "x", 1, 0) == 0 &&
           removexattr(path, "user.probe") == 0;
}

static bool probe_acl(const char *path)
{
    /* The mode 0644, as an ACL of version 2. */
    static const uint8_t acl[] = {
        2, 0, 0, 0,
        0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    };

    return setxattr(path, "system.posix_acl_access", acl, sizeof(acl), 0) == 0;
}

static bool probe_mknod(const char *path)
{
    return unlink(path) == 0 && mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0;
}

static bool probe(Probe *can)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(),
                                             "p9-probe-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    bool ret;

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    ret = can(path);
    unlink(path);
    return ret;
}

bool local_can_user_xattr(void)
{
    static int known = -1;

    known = known < 0 ? probe(probe_user_xattr) : known;
    return known;
}

bool local_can_acl(void)
{
    static int known = -1;

    known = known < 0 ? probe(probe_acl) : known;
    return known;
}

bool local_can_mknod(void)
{
    static int known = -1;

    known = known < 0 ? probe(probe_mknod) : known;
    return known;
}

bool local_is_plain_fs(const LocalFixture *fixture)
{
    HOST_FD fd = open(fixture->path, O_PATH | O_CLOEXEC);

    return host_fs_is_local(fd) && host_fs_devs(fd) == HOST_DEVS_MOUNTS;
}

bool local_trusts_ctimes(const LocalFixture *fixture)
{
    HOST_FD fd = open(fixture->path, O_PATH | O_CLOEXEC);

    return host_fs_devs(fd) != HOST_DEVS_ANY;
}

/* ---- user ------------------------------------------------------------- */

/* While the process is not dumpable, /proc/self belongs to root. */
static void be_user(void)
{
    g_assert_cmpint(setgroups(0, NULL), ==, 0);
    g_assert_cmpint(setegid(USER_ID), ==, 0);
    g_assert_cmpint(seteuid(USER_ID), ==, 0);
    g_assert_cmpint(prctl(PR_SET_DUMPABLE, 1), ==, 0);
}

static void be_root(void)
{
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_cmpint(setegid(0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_DUMPABLE, 1), ==, 0);
}

/* ---- directory and export --------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return remove(path);
}

static void make_directories(LocalFixture *fixture)
{
    g_autoptr(GError) error = NULL;

    fixture->base = g_dir_make_tmp("p9-local-XXXXXX", &error);
    g_assert_no_error(error);
    fixture->path = g_build_filename(fixture->base, "export", NULL);
    fixture->outside = g_build_filename(fixture->base, "outside", NULL);
    g_assert_cmpint(mkdir(fixture->path, 0755), ==, 0);
    g_assert_cmpint(mkdir(fixture->outside, 0755), ==, 0);
    if (fixture->proxy) {
        /* Only root and the owner of the files have access to them. */
        g_assert_cmpint(chown(fixture->path, fixture->proxy->owner.uid,
                              fixture->proxy->owner.gid), ==, 0);
    } else if (fixture->as_user) {
        g_assert_cmpint(chmod(fixture->base, 0755), ==, 0);
        g_assert_cmpint(chown(fixture->path, USER_ID, USER_ID), ==, 0);
        g_assert_cmpint(chown(fixture->outside, USER_ID, USER_ID), ==, 0);
    }
}

static bool separate;

void local_separate_mounts(void)
{
    separate = unshare(CLONE_NEWNS) == 0 &&
               mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool local_mount_tmpfs(const char *path, const char *options)
{
    return separate && mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV,
                             options) == 0;
}

FsExport *local_fixture_reopen(LocalFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    FsExport *export;

    if (fixture->proxy) {
        fixture->config.driver = &fs_proxy_driver;
        fixture->config.sock_fd = fixture->proxy->fd;
    } else {
        fixture->config.driver = &fs_local_driver;
        fixture->config.path = fixture->path;
    }
    fixture->config.model = fixture->model;
    fixture->config.fmode = 0600;
    fixture->config.dmode = 0700;
    export = fs_export_open(&fixture->config, &error);
    g_assert_no_error(error);
    g_assert_nonnull(export);
    return export;
}

FsExport *local_fixture_open(void *opaque)
{
    static const HostFeatures nothing;
    LocalFixture *fixture = opaque;
    const char *what;

    if (fixture->as_user && geteuid() != 0) {
        g_test_skip("only root can change to another user");
        return NULL;
    }
    if (fixture->model == FS_SM_MAPPED_XATTR && !local_can_user_xattr()) {
        g_test_skip("the temporary directory has no user.* attributes");
        return NULL;
    }
    g_assert_cmpint(host_init(&what), ==, 0);
    make_directories(fixture);
    if (fixture->tmpfs) {
        fixture->mounted = local_mount_tmpfs(fixture->path, fixture->tmpfs);
        if (!fixture->mounted) {
            g_autofree char *why = g_strdup_printf("no tmpfs can be mounted "
                                                   "here with %s",
                                                   fixture->tmpfs);

            g_test_skip(why);
            return NULL;
        }
        if (fixture->model == FS_SM_MAPPED_XATTR &&
            !probe_user_xattr(fixture->path)) {
            g_test_skip("tmpfs has no user.* attributes before Linux 6.6");
            return NULL;
        }
    }
    host_override_features(fixture->bare ? &nothing : NULL);
    if (fixture->proxy) {
        proxy_fixture_start(fixture->proxy, fixture->path);
    }
    if (fixture->as_user) {
        be_user();
        fixture->is_user = true;
    }
    return local_fixture_reopen(fixture);
}

void local_fixture_done(void *opaque)
{
    LocalFixture *fixture = opaque;

    host_override_features(NULL);
    if (fixture->is_user) {
        be_root();
        fixture->is_user = false;
    }
    if (fixture->proxy) {
        proxy_fixture_stop(fixture->proxy);
    }
    if (fixture->mounted) {
        umount2(fixture->path, MNT_DETACH);
        fixture->mounted = false;
    }
    if (fixture->base) {
        nftw(fixture->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    g_clear_pointer(&fixture->path, g_free);
    g_clear_pointer(&fixture->outside, g_free);
    g_clear_pointer(&fixture->base, g_free);
}

/* ---- the conformance suite ------------------------------------------- */

static unsigned caps_of(const LocalFixture *fixture)
{
    unsigned caps = CONF_WRITE | CONF_SYMLINK | CONF_HARD_LINK | CONF_FIFO |
                    CONF_SETID | CONF_SGID_MARK;
    bool root = geteuid() == 0 && !fixture->as_user;

    if (local_can_user_xattr()) {
        caps |= CONF_USER_XATTR;
    }
    switch (fixture->model) {
    case FS_SM_PASSTHROUGH:
        caps |= root ? CONF_ANY_OWNER : 0;
        caps |= root && local_can_mknod() ? CONF_DEVICE : 0;
        caps |= local_can_acl() ? CONF_ACL : 0;
        break;
    case FS_SM_NONE:
        caps |= root ? CONF_ANY_OWNER : CONF_OWNER_LOST;
        caps |= root && local_can_mknod() ? CONF_DEVICE : 0;
        break;
    case FS_SM_MAPPED_XATTR:
        caps |= CONF_ANY_OWNER | CONF_DEVICE | CONF_ACL | CONF_OWN_XATTR;
        break;
    case FS_SM_MAPPED_FILE:
        caps |= CONF_ANY_OWNER | CONF_DEVICE;
        caps |= local_can_user_xattr() ? CONF_OWN_XATTR : 0;
        caps |= local_can_acl() ? CONF_ACL : 0;
        break;
    }
    return caps;
}

ConformanceSubject local_fixture_subject(LocalFixture *fixture,
                                         const char *prefix)
{
    ConformanceSubject subject = {
        .prefix = prefix,
        .caps = caps_of(fixture),
        .owner = { 1000, 1001 },
        .maker = fixture->as_user ? USER_ID : geteuid(),
        .opaque = fixture,
        .open = local_fixture_open,
        .done = local_fixture_done,
    };

    /* The suite also sets the attributes of the mapped models. */
    fixture->config.nested_export = true;
    if (fixture->model == FS_SM_PASSTHROUGH &&
        (geteuid() != 0 || fixture->as_user)) {
        /* Without root, all new files have the same owner. */
        subject.owner.uid = fixture->as_user ? USER_ID : geteuid();
        subject.owner.gid = fixture->as_user ? USER_ID : getegid();
    }
    return subject;
}
