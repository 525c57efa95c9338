/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the host calls (host.c) in processes of their own: with seccomp
 * filters, after chroot(), without /proc, as another user.  All except those
 * with seccomp filters need root.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host-call.h"
#include "host-cases.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void run_once_each(void)
{
    for (const HostCase *c = host_cases; c->name; c++) {
        host_case_run(c);
    }
}

#define DENY(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA))

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
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        DENY(can_deny_statx(error) ? __NR_statx : UINT32_MAX),
#define HOST_CALL_SINCE_OPENAT2(name, offset, users) DENY(NR_##name),
#include "fsdev/host/host-calls.def"
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), ==, 0);
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
        char buf[8];

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
        if (!features.xattrat) {
            g_assert_cmpint(host_getxattr(f.fifo, "user.a", buf, 8), ==,
                            -EOPNOTSUPP);
            g_assert_cmpint(host_listxattr(f.link, buf, 8), ==, -EOPNOTSUPP);
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
    g_test_add_func("/host-process/no-proc", test_no_proc);
    g_test_add_func("/host-process/unprivileged", test_unprivileged);
    g_test_add_func("/host-process/subprocess/eperm",
                    test_seccomp_eperm_inside);
    g_test_add_func("/host-process/subprocess/enosys",
                    test_seccomp_enosys_inside);
    g_test_add_func("/host-process/subprocess/chroot", test_chroot_inside);
    g_test_add_func("/host-process/subprocess/no-proc", test_no_proc_inside);
    g_test_add_func("/host-process/subprocess/unprivileged",
                    test_unprivileged_inside);
    return g_test_run();
}
