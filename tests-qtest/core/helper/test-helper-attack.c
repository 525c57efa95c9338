/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An attacker who runs code in virtfs-proxy-helper: a process that is locked up
 * by the helper's own functions tries to reach files and processes outside, by
 * every system call that the filter allows; see attack.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <cap-ng.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "fsdev/helper/helper-messages.h"
#include "fsdev/helper/helper-start.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"
#include "attack.h"
#include "helper-run.h"

#define SUCCEEDED 77
/* No architecture has a system call with a higher number. */
#define CALLS_MAX 600
static const unsigned allowed = BY_HOST | BY_NAMES | BY_HELPER | BY_LIBRARY;

typedef struct Call {
    const char *name;
    int number;
    unsigned users;
} Call;

static const Call calls[] = {
#define HOST_CALL(name_, users_) { #name_, -1, users_ },
#define HOST_CALL_SINCE_OPENAT2(name_, offset_, users_) \
    { #name_, NR_##name_, users_ },
#include "fsdev/host/host-calls.def"
};

/* ---- the locked-up process -------------------------------------------- */

/* Each attack has a process of its own, as the filter kills most of them. */
static bool attack_succeeds(const HelperStart *start, const Attack *attack,
                            const AttackTarget *target)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        helper_start_filter(start);
        _exit(attack->run(target) ? SUCCEEDED : 0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    /* Nothing else can go wrong, or the attack was not made. */
    g_assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGSYS
                  : WEXITSTATUS(status) == 0 ||
                    WEXITSTATUS(status) == SUCCEEDED);
    return WIFEXITED(status) && WEXITSTATUS(status) == SUCCEEDED;
}

static uint64_t mount_of(int fd)
{
    HostStat st;

    g_assert_cmpint(host_stat(fd, &st), ==, 0);
    return st.mnt_id;
}

static void try_all(const HelperStart *start, AttackTarget *target, int report)
{
    HOST_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    target->export_mnt = mount_of(root);
    for (const Attack *attack = attacks; attack->call; attack++) {
        if (attack->run && attack_succeeds(start, attack, target)) {
            g_autofree char *line = g_strdup_printf("%s, attack %td\n",
                                                    attack->call,
                                                    attack - attacks);

            g_assert_cmpint(write(report, line, strlen(line)), >, 0);
        }
        /* What an attack was allowed to make in the export. */
        unlinkat(AT_FDCWD, "/program", 0);
    }
}

/* As in the helper: what has been inherited is closed. */
static void close_from_3(int keep, int keep2)
{
    for (int fd = 3; fd < ATTACK_FDS; fd++) {
        if (fd != keep && fd != keep2) {
            close(fd);
        }
    }
}

static void be_attacked(const HelperStart *start, AttackTarget *target,
                        int report)
{
    FsExport *export;
    bool no_mounts;
    int log;

    close_from_3(report, target->sock);
    /* A caller may have redirected these to any file. */
    log = open(target->file, O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        dup2(log, fd);
    }
    close(log);
    export = helper_start_locked(start, &no_mounts);
    helper_start_connected();
    try_all(start, target, report);
    helper_messages_end();
    fs_export_unref(export);
}

/*
 * A process of root outside without capabilities: one that has more of them
 * than the attacker is protected by the kernel already.
 */
static pid_t start_victim(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    g_assert_cmpint(pipe2(ready, O_CLOEXEC), ==, 0);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        capng_clear(CAPNG_SELECT_BOTH);
        if (capng_apply(CAPNG_SELECT_CAPS) == 0 && write(ready[1], "", 1) > 0) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    return pid;
}

static void end_victim(pid_t pid)
{
    int status;

    /* It is alive as long as no attack has ended it. */
    g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
}

/* The lines that name the attacks which succeeded, owned by the caller. */
static char *attack_all(const HelperRun *run, bool allow_suid)
{
    g_autofree char *file = g_build_filename(run->base, "outside", NULL);
    g_autofree char *name = g_build_filename(run->base, "made", NULL);
    HelperStart start = { .path = run->dir, .allow_suid = allow_suid };
    AttackTarget target = { file, name, start_victim() };
    int socks[2];
    g_autofree char *text = g_malloc0(4096);
    size_t len = 0;
    ssize_t more;
    int report[2];
    int status;
    pid_t pid;

    g_assert_true(g_file_set_contents(file, "secret", 6, NULL));
    g_assert_cmpint(setxattr(file, "user.x", "x", 1, 0), ==, 0);
    g_assert_cmpint(pipe2(report, O_CLOEXEC), ==, 0);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, socks), ==, 0);
    target.sock = socks[0];
    pid = fork();
    if (pid == 0) {
        be_attacked(&start, &target, report[1]);
        _exit(0);
    }
    close(report[1]);
    while ((more = read(report[0], text + len, 4095 - len)) > 0) {
        len += more;
    }
    close(report[0]);
    close(socks[0]);
    close(socks[1]);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    end_victim(target.victim);
    return g_steal_pointer(&text);
}

static bool possible(void)
{
#ifdef __SANITIZE_ADDRESS__
    g_test_skip("the sanitizer makes additional system calls");
    return false;
#endif
    return helper_run_possible();
}

static void test_nothing_succeeds(void)
{
    g_autofree char *succeeded = NULL;
    HELPER_RUN run = { 0 };

    if (!possible()) {
        return;
    }
    helper_run_init(&run);
    succeeded = attack_all(&run, false);
    g_assert_cmpstr(succeeded, ==, "");
}

/* With --allow-suid, set-id programs in the export are all there is to gain. */
static void test_set_id_when_allowed(void)
{
    g_autofree char *succeeded = NULL;
    g_auto(GStrv) lines = NULL;
    HELPER_RUN run = { 0 };

    if (!possible()) {
        return;
    }
    helper_run_init(&run);
    succeeded = attack_all(&run, true);
    lines = g_strsplit(succeeded, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >=, 4);
    for (char **line = lines; **line; line++) {
        g_assert_true(g_str_has_prefix(*line, "openat") ||
                      g_str_has_prefix(*line, "mknodat") ||
                      g_str_has_prefix(*line, "fchmod"));
    }
}

/* ---- Landlock --------------------------------------------------------- */

static bool has_landlock(void)
{
    return syscall(NR_SINCE_OPENAT2(7), NULL, 0, 1) >= 6;
}

/* In the locked-up process, without the filter, which would hide the rest. */
static void try_without_filter(int outside, pid_t victim)
{
    HOST_FD file = openat(outside, "outside", O_PATH | O_CLOEXEC);
    ProcName name;
    int fd;

    /* QEMU can send a descriptor of any file that it can name. */
    g_assert_cmpint(file, >=, 0);
    proc_name(&name, file);
    g_assert_cmpint(openat(host_proc_fd(), name.entry, O_RDWR), ==, -1);
    g_assert_cmpint(errno, ==, EACCES);
    /* A descriptor of another directory leads to no file there. */
    g_assert_cmpint(openat(outside, "outside", O_RDONLY), ==, -1);
    g_assert_cmpint(errno, ==, EACCES);
    g_assert_cmpint(mkdirat(outside, "made", 0700), ==, -1);
    g_assert_cmpint(errno, ==, EACCES);
    g_assert_cmpint(unlinkat(outside, "outside", 0), ==, -1);
    g_assert_cmpint(errno, ==, EACCES);
    g_assert_cmpint(kill(victim, 0), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    g_assert_cmpint(ptrace(PTRACE_ATTACH, victim, 0, 0), ==, -1);
    g_assert_cmpint(errno, ==, EPERM);
    /* The export is not restricted, nor are renames in it. */
    g_assert_cmpint(mkdir("/dir", 0700), ==, 0);
    fd = open("/file", O_CREAT | O_RDWR, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(rename("/file", "/dir/file"), ==, 0);
    g_assert_cmpint(link("/dir/file", "/other"), ==, 0);
    g_assert_cmpint(mknod("/fifo", S_IFIFO | 0600, 0), ==, 0);
    g_assert_cmpint(truncate("/other", 1), ==, 0);
}

static void test_landlock(void)
{
    g_autofree char *file = NULL;
    HOST_FD outside = -1;
    HELPER_RUN run = { 0 };
    pid_t victim, pid;
    int status;

    if (!helper_run_possible()) {
        return;
    }
    if (!has_landlock()) {
        g_test_skip("the kernel has no Landlock, or an older version of it");
        return;
    }
    helper_run_init(&run);
    file = g_build_filename(run.base, "outside", NULL);
    g_assert_true(g_file_set_contents(file, "secret", 6, NULL));
    outside = open(run.base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    victim = start_victim();
    pid = fork();
    if (pid == 0) {
        HelperStart start = { .path = run.dir };
        bool no_mounts;

        fs_export_unref(helper_start_locked(&start, &no_mounts));
        helper_start_connected();
        try_without_filter(outside, victim);
        helper_messages_end();
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    end_victim(victim);
}

/* ---- messages --------------------------------------------------------- */

/* The helper cannot control the terminal that its messages appear on. */
static void test_messages_are_text(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    g_autofree char *text = NULL;
    HOST_FD log = g_file_open_tmp("p9-helper-XXXXXX", &name, &error);
    int status;
    pid_t pid;

    g_assert_no_error(error);
    pid = fork();
    if (pid == 0) {
        dup2(log, STDERR_FILENO);
        if (helper_messages_begin() == 0) {
            dprintf(STDERR_FILENO, "\033[31mred\n\xc3\xa4\r");
        }
        helper_messages_end();
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_true(g_file_get_contents(name, &text, NULL, NULL));
    unlink(name);
    g_assert_cmpstr(text, ==, "?[31mred\n\xc3\xa4?");
}

/* ---- completeness ----------------------------------------------------- */

static bool is_attacked(const char *name)
{
    for (const Attack *attack = attacks; attack->call; attack++) {
        if (!strcmp(attack->call, name)) {
            g_assert_true(attack->run || attack->why);
            return true;
        }
    }
    return false;
}

static void test_every_call(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if ((calls[i].users & allowed) && !is_attacked(calls[i].name)) {
            g_error("there is neither an attack by the call %s nor a reason "
                    "why it is harmless", calls[i].name);
        }
    }
}

static bool is_allowed(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (!strcmp(calls[i].name, name)) {
            return calls[i].users & allowed;
        }
    }
    return false;
}

static bool kills(int number)
{
    const HelperStart start = { .path = NULL };
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        helper_start_filter(&start);
        syscall(number, -1L, -1L, -1L, -1L, -1L, -1L);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    /* Linux does not filter uretprobe() and uprobe(), which end with SIGILL. */
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS ||
                                   WTERMSIG(status) == SIGILL);
}

/* Sockets, keys, mounts, namespaces, ptrace, programs and all the others. */
static void test_other_calls_kill(void)
{
    unsigned count = 0;

    if (!possible()) {
        return;
    }
    for (int number = 0; number < CALLS_MAX; number++) {
        char *name = seccomp_syscall_resolve_num_arch(seccomp_arch_native(),
                                                      number);

        if (name && !is_allowed(name)) {
            count++;
            if (!kills(number)) {
                g_error("the filter allows %s", name);
            }
        }
        free(name);
    }
    g_assert_cmpuint(count, >, 150);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_test_add_func("/helper-attack/every-call-is-tried", test_every_call);
    g_test_add_func("/helper-attack/other-calls-kill", test_other_calls_kill);
    g_test_add_func("/helper-attack/nothing-succeeds", test_nothing_succeeds);
    g_test_add_func("/helper-attack/set-id-when-allowed",
                    test_set_id_when_allowed);
    g_test_add_func("/helper-attack/landlock-holds-alone", test_landlock);
    g_test_add_func("/helper-attack/messages-are-text",
                    test_messages_are_text);
    return g_test_run();
}
