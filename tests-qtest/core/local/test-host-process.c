/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the host calls (host.c) in processes of their own: with seccomp
 * filters, after chroot(), without /proc, as another user.  All except those
 * with seccomp filters need root.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host-call.h"
#include "host-cases.h"
#include "lib/deny.h"
#include "lib/planted.h"

#include <pthread.h>
#include <sys/syscall.h>

static void run_once_each(void)
{
    for (const HostCase *c = host_cases; c->name; c++) {
        host_case_run(c);
    }
}

/*
 * The functions of a 32-bit C library that read attributes use statx(2), and
 * another system call only after ENOSYS.
 */
static bool can_deny_statx(unsigned error)
{
    return sizeof(long) == 8 || error == ENOSYS;
}

/* Let calls that are newer than Linux 5.6 or optional fail with @error. */
static void deny_new_calls(unsigned error)
{
    const int numbers[] = {
        can_deny_statx(error) ? __NR_statx : -1,
#define HOST_CALL_SINCE_OPENAT2(name, offset, users) NR_##name,
#include "fsdev/host/host-calls.def"
    };

    deny_calls(numbers, ARRAY_SIZE(numbers), error);
}

static void run_denied(unsigned error)
{
    deny_new_calls(error);
    host_must_init();
    g_assert_false(host_features()->openat2);
    g_assert_false(host_features()->resolve_cached);
    g_assert_false(host_features()->statx_mnt_id && can_deny_statx(error));
    g_assert_false(host_features()->fchmodat2);
    g_assert_false(host_features()->xattrat);
    run_once_each();
    _exit(g_test_failed());
}

static void test_seccomp_eperm_inside(void)
{
    if (g_test_subprocess()) {
        run_denied(EPERM);
    }
}

static void test_seccomp_enosys_inside(void)
{
    if (g_test_subprocess()) {
        run_denied(ENOSYS);
    }
}

static void test_seccomp_eperm(void)
{
    g_test_trap_subprocess("/host-process/subprocess/eperm", 0, 0);
    g_test_trap_assert_passed();
}

static void test_seccomp_enosys(void)
{
    g_test_trap_subprocess("/host-process/subprocess/enosys", 0, 0);
    g_test_trap_assert_passed();
}

static bool needs_root(void)
{
    if (geteuid() != 0) {
        g_test_skip("needs root");
        return true;
    }
    return false;
}

/* After chroot() to a directory without /proc, with each set of features. */
static void test_chroot_inside(void)
{
    const struct timespec times[2] = { { 1, 2 }, { 3, 4 } };
    HostFixture f;

    if (!g_test_subprocess()) {
        return;
    }
    host_must_init();
    host_fixture_init(&f);
    g_assert_cmpint(fchdir(f.dir), ==, 0);
    g_assert_cmpint(chroot("."), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(host_feature_sets); i++) {
        HostFeatures features = host_features_without(host_feature_sets[i]);

        host_override_features(&features);
        HOST_FD fd = host_reopen(f.file, O_RDONLY);
        host_assert_content(fd, "text");
        g_assert_cmpint(host_chmod(f.file, 0640), ==, 0);
        g_assert_cmpint(host_utimens(f.link, times), ==, 0);
        g_assert_cmpint(host_link(f.link, f.scratch->fd, "hard"), ==, 0);
        g_assert_cmpint(unlinkat(f.scratch->fd, "hard", 0), ==, 0);
        if (host_setxattr(f.file, "user.p", "", 0, 0) != -EOPNOTSUPP) {
            g_assert_cmpint(host_removexattr(f.file, "user.p"), ==, 0);
            host_check_xattrs(f.file);
            host_check_xattrs(f.dir);
        }
        host_override_features(NULL);
    }
    /* After chroot() the directory cannot be removed by its path. */
    g_assert_cmpint(unlinkat(f.scratch->fd, "dir", AT_REMOVEDIR), ==, 0);
    scratch_unlink(f.scratch, "file");
    scratch_unlink(f.scratch, "link");
    scratch_unlink(f.scratch, "fifo");
    _exit(g_test_failed());
}

static void test_chroot(void)
{
    if (!needs_root()) {
        g_test_trap_subprocess("/host-process/subprocess/chroot", 0, 0);
        g_test_trap_assert_passed();
    }
}

/* How the process reaches an object before Linux 6.13. */
typedef enum Way { WAY_XATTRAT, WAY_THREADS, WAY_ENTERED, WAY_FILTERED } Way;

/* The object named @name, which has no attributes, accepts and has its own. */
static void check_own(int fd, const char *name, const void *value, size_t size)
{
    char buf[256];

    g_assert_cmpint(host_getxattr(fd, name, buf, sizeof(buf)), ==, -ENODATA);
    g_assert_cmpint(host_listxattr(fd, buf, sizeof(buf)), ==, 0);
    g_assert_cmpint(host_setxattr(fd, name, value, size, 0), ==, 0);
    g_assert_cmpint(host_getxattr(fd, name, buf, sizeof(buf)), ==, size);
    g_assert_cmpmem(buf, size, value, size);
    g_assert_cmpint(host_listxattr(fd, buf, sizeof(buf)), ==,
                    strlen(name) + 1);
    g_assert_cmpstr(buf, ==, name);
    g_assert_cmpint(host_removexattr(fd, name), ==, 0);
    g_assert_cmpint(host_listxattr(fd, buf, sizeof(buf)), ==, 0);
}

/* The object does not accept attributes @name, and has none of the victim. */
static void check_refused(int fd, const char *name, bool lists)
{
    char buf[64];

    g_assert_cmpint(host_setxattr(fd, name, planted_acl, sizeof(planted_acl),
                                  0), <, 0);
    g_assert_cmpint(host_getxattr(fd, name, buf, sizeof(buf)), <, 0);
    g_assert_cmpint(host_removexattr(fd, name), <, 0);
    g_assert_cmpint(host_listxattr(fd, buf, sizeof(buf)), ==,
                    lists ? 0 : -EOPNOTSUPP);
}

static void check_planted(int dirfd, Way way)
{
    const char *acl = "system.posix_acl_access";

    for (const PlantedObject *o = planted_objects; o->name; o++) {
        HOST_FD fd = host_must_lookup(dirfd, o->name);
        bool lists = way != WAY_FILTERED || o->takes_user;

        if (o->takes_user) {
            check_own(fd, "user.p9", "x", 1);
        } else {
            check_refused(fd, PLANTED_ATTR, lists);
        }
        if (o->takes_acl && lists) {
            check_own(fd, acl, planted_acl, sizeof(planted_acl));
        } else {
            check_refused(fd, acl, lists);
        }
        planted_check(dirfd);
    }
}

static void check_way(int dirfd, Way way)
{
    HostFeatures features = *host_features();

    if (way == WAY_XATTRAT && !features.xattrat) {
        return;
    }
    features.xattrat = way == WAY_XATTRAT;
    host_override_features(&features);
    check_planted(dirfd, way);
    host_override_features(NULL);
}

static void *check_entered(void *dirfd)
{
    g_assert_cmpint(host_enter_proc_fd(), ==, 0);
    check_way(*(int *)dirfd, WAY_ENTERED);
    return NULL;
}

/* The root directory is one in which guests have imitated /proc/self/fd. */
static void test_planted_inside(void)
{
    g_autoptr(Scratch) scratch = NULL;
    pthread_t thread;

    if (!g_test_subprocess()) {
        return;
    }
    host_must_init();
    scratch = scratch_new();
    if (planted_make(scratch->fd)) {
        HOST_FD old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        g_assert_cmpint(fchdir(scratch->fd), ==, 0);
        g_assert_cmpint(chroot("."), ==, 0);
        check_way(scratch->fd, WAY_XATTRAT);
        check_way(scratch->fd, WAY_THREADS);
        g_assert_cmpint(pthread_create(&thread, NULL, check_entered,
                                       &scratch->fd), ==, 0);
        pthread_join(thread, NULL);
        deny_xattrat();
        check_way(scratch->fd, WAY_FILTERED);
        planted_remove(scratch->fd);
        g_assert_cmpint(fchdir(old), ==, 0);
        g_assert_cmpint(chroot("."), ==, 0);
    }
    g_clear_pointer(&scratch, scratch_free);
    _exit(g_test_failed());
}

static void test_planted(void)
{
    if (!needs_root()) {
        g_test_trap_subprocess("/host-process/subprocess/planted", 0, 0);
        g_test_trap_assert_passed();
    }
}

static void test_no_proc_inside(void)
{
    g_autofree char *empty = NULL;
    const char *what = NULL;

    if (!g_test_subprocess()) {
        return;
    }
    empty = g_dir_make_tmp("p9-test-XXXXXX", NULL);
    g_assert_cmpint(chdir(empty), ==, 0);
    g_assert_cmpint(rmdir(empty), ==, 0);
    g_assert_cmpint(chroot("."), ==, 0);
    g_assert_cmpint(host_init(&what), ==, -ENOENT);
    g_assert_cmpstr(what, ==, "/proc/self/fd");
    what = NULL;
    g_assert_cmpint(host_init(&what), ==, -ENOENT);
    g_assert_cmpstr(what, ==, "/proc/self/fd");
    _exit(g_test_failed());
}

static void test_no_proc(void)
{
    if (!needs_root()) {
        g_test_trap_subprocess("/host-process/subprocess/no-proc", 0, 0);
        g_test_trap_assert_passed();
    }
}

/*
 * For a user who does not own the file, the kernel refuses O_NOATIME and
 * linkat() by descriptor; neither may make the host call fail.
 */
static void test_unprivileged_inside(void)
{
    HostFixture f;

    if (!g_test_subprocess()) {
        return;
    }
    host_must_init();
    host_fixture_init(&f);
    g_assert_cmpint(host_chmod(f.file, 0666), ==, 0);
    g_assert_cmpint(host_chmod(f.dir, 0777), ==, 0);
    g_assert_cmpint(seteuid(65534), ==, 0);

    HOST_FD fd = host_reopen(f.file, O_RDONLY | O_NOATIME);

    host_assert_content(fd, "text");
    g_assert_false(fcntl(fd, F_GETFL) & O_NOATIME);
    g_assert_cmpint(host_link(f.file, f.dir, "hard"), ==, 0);
    g_assert_cmpint(host_chmod(f.file, 0), ==, -EPERM);
    g_assert_cmpint(host_chown(f.file, 65534, 65534), ==, -EPERM);
    g_assert_cmpint(seteuid(0), ==, 0);
    host_fixture_clear(&f);
    _exit(g_test_failed());
}

static void test_unprivileged(void)
{
    if (!needs_root()) {
        g_test_trap_subprocess("/host-process/subprocess/unprivileged", 0, 0);
        g_test_trap_assert_passed();
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(0);
    g_test_add_func("/host-process/eperm", test_seccomp_eperm);
    g_test_add_func("/host-process/enosys", test_seccomp_enosys);
    g_test_add_func("/host-process/chroot", test_chroot);
    g_test_add_func("/host-process/planted-proc", test_planted);
    g_test_add_func("/host-process/no-proc", test_no_proc);
    g_test_add_func("/host-process/unprivileged", test_unprivileged);
    g_test_add_func("/host-process/subprocess/eperm",
                    test_seccomp_eperm_inside);
    g_test_add_func("/host-process/subprocess/enosys",
                    test_seccomp_enosys_inside);
    g_test_add_func("/host-process/subprocess/chroot", test_chroot_inside);
    g_test_add_func("/host-process/subprocess/planted", test_planted_inside);
    g_test_add_func("/host-process/subprocess/no-proc", test_no_proc_inside);
    g_test_add_func("/host-process/subprocess/unprivileged",
                    test_unprivileged_inside);
    return g_test_run();
}
