/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attacks on the outside by allowed system calls: see attack.h. */
#include "fsdev/core/p9-osdep.h"
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"
#include "attack.h"

/* ---- paths ------------------------------------------------------------ */

/* What may be in front of an absolute path, from any descriptor. */
static const char *const ways[] = {
    "", "..", "../..", "../../..", "../../../../../../../..", "root", "../root",
    "cwd/..", "../cwd/..", "1/root", "../1/root", "../../1/root",
    "../../../1/root", "self/root", "../self/root", "../../self/root",
    "../../thread-self/root", "../task/1/root",
};

typedef long PathCall(int dirfd, const char *path);

static bool try_from(PathCall *call, int dirfd, const char *file, pid_t victim)
{
    g_autofree char *of_victim = g_strdup_printf("../../%d/root%s", victim,
                                                 file);

    for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
        g_autofree char *path = g_strconcat(ways[i], file, NULL);

        if (call(dirfd, path) >= 0) {
            return true;
        }
    }
    return call(dirfd, of_victim) >= 0;
}

static bool try_path(PathCall *call, const char *file, pid_t victim)
{
    for (int fd = 0; fd < ATTACK_FDS; fd++) {
        if (try_from(call, fd, file, victim)) {
            return true;
        }
    }
    return try_from(call, AT_FDCWD, file, victim);
}

#define PATH_ATTACK(name, target_field, ...) \
    static long call_##name(int dir, const char *path) \
    { \
        return syscall(__VA_ARGS__); \
    } \
    static bool attack_##name(const AttackTarget *target) \
    { \
        return try_path(call_##name, target->target_field, target->victim); \
    }

static struct statx stx;
static OpenHow how = { .flags = O_PATH };
static char buf[64];
static XattrArgs xargs;

PATH_ATTACK(openat2, file, NR_openat2, dir, path, &how, sizeof(how))
PATH_ATTACK(openat, file, SYS_openat, dir, path, O_RDWR, 0)
PATH_ATTACK(open_path, file, SYS_openat, dir, path, O_PATH, 0)
PATH_ATTACK(create, name, SYS_openat, dir, path, O_CREAT | O_RDWR, 0600)
PATH_ATTACK(statx, file, SYS_statx, dir, path, 0, STATX_TYPE, &stx)
PATH_ATTACK(fchownat, file, SYS_fchownat, dir, path, 0, 0, 0)
PATH_ATTACK(fchmodat2, file, NR_fchmodat2, dir, path, 0666, 0)
PATH_ATTACK(fchmodat, file, SYS_fchmodat, dir, path, 0666)
PATH_ATTACK(utimensat, file, SYS_utimensat, dir, path, NULL, 0)
PATH_ATTACK(mkdirat, name, SYS_mkdirat, dir, path, 0700)
PATH_ATTACK(mknodat, name, SYS_mknodat, dir, path, S_IFREG | 0600, 0)
PATH_ATTACK(symlinkat, name, SYS_symlinkat, "x", dir, path)
PATH_ATTACK(linkat, file, SYS_linkat, dir, path, AT_FDCWD, "linked", 0)
PATH_ATTACK(unlinkat, file, SYS_unlinkat, dir, path, 0)
PATH_ATTACK(renameat2, file, SYS_renameat2, dir, path, AT_FDCWD, "moved", 0)
PATH_ATTACK(setxattrat, file, NR_setxattrat, dir, path, 0, "user.x", &xargs,
            sizeof(xargs))
PATH_ATTACK(getxattrat, file, NR_getxattrat, dir, path, 0, "user.x", &xargs,
            sizeof(xargs))
PATH_ATTACK(listxattrat, file, NR_listxattrat, dir, path, 0, buf, sizeof(buf))
PATH_ATTACK(removexattrat, file, NR_removexattrat, dir, path, 0, "user.x")
PATH_ATTACK(setxattr, file, SYS_setxattr, path, "user.x", "", 0, dir & 0)
PATH_ATTACK(getxattr, file, SYS_getxattr, path, "user.x", buf, dir & 0)
PATH_ATTACK(listxattr, file, SYS_listxattr, path, buf, dir & 0)
PATH_ATTACK(removexattr, file, SYS_removexattr, path, "user.x", dir & 0)

static long call_readlinkat(int dir, const char *path)
{
    char text[PATH_MAX];

    return syscall(SYS_readlinkat, dir, path, text, sizeof(text));
}

/* Each process's link "root" and "exe" can be read from an open procfs. */
static bool attack_readlinkat(const AttackTarget *target)
{
    return try_path(call_readlinkat, "", target->victim);
}

#ifdef SYS_newfstatat
#define NR_FSTATAT SYS_newfstatat
#else
#define NR_FSTATAT SYS_fstatat64
#endif
static char stat_buf[256];
PATH_ATTACK(fstatat, file, NR_FSTATAT, dir, path, stat_buf, 0)

#ifdef SYS_renameat
PATH_ATTACK(renameat, file, SYS_renameat, dir, path, AT_FDCWD, "moved")
#else
#define attack_renameat attack_renameat2
#endif

/* ---- set-id programs and devices -------------------------------------- */

static bool is_set_id(const char *name)
{
    return syscall(SYS_statx, AT_FDCWD, name, 0, STATX_MODE, &stx) == 0 &&
           (stx.stx_mode & 06000) && S_ISREG(stx.stx_mode);
}

static bool attack_openat_set_id(const AttackTarget *target)
{
    syscall(SYS_openat, AT_FDCWD, "program", O_CREAT | O_RDWR, 06755);
    return is_set_id("program");
}

static bool attack_openat2_set_id(const AttackTarget *target)
{
    OpenHow create = { .flags = O_CREAT | O_RDWR, .mode = 06755 };

    syscall(NR_openat2, AT_FDCWD, "program", &create, sizeof(create));
    return is_set_id("program");
}

static bool attack_mknodat_set_id(const AttackTarget *target)
{
    syscall(SYS_mknodat, AT_FDCWD, "program", S_IFREG | 06755, 0);
    return is_set_id("program");
}

static bool attack_mknodat_device(const AttackTarget *target)
{
    return syscall(SYS_mknodat, AT_FDCWD, "device", S_IFBLK | 0600,
                   makedev(254, 0)) == 0;
}

static int make_program(void)
{
    return syscall(SYS_openat, AT_FDCWD, "program", O_CREAT | O_RDWR, 0755);
}

static bool attack_fchmod_set_uid(const AttackTarget *target)
{
    syscall(SYS_fchmod, make_program(), 04755);
    return is_set_id("program");
}

static bool attack_fchmodat_set_uid(const AttackTarget *target)
{
    make_program();
    syscall(SYS_fchmodat, AT_FDCWD, "program", 04755);
    return is_set_id("program");
}

static bool attack_fchmodat2_set_uid(const AttackTarget *target)
{
    make_program();
    syscall(NR_fchmodat2, AT_FDCWD, "program", 04755, 0);
    return is_set_id("program");
}

/* ---- descriptors ------------------------------------------------------ */

/* A file that is not in the export; pipes and sockets have no name. */
static bool is_outside(const AttackTarget *target, int fd)
{
    HostStat st;

    return host_stat(fd, &st) == 0 && st.mnt_id != target->export_mnt &&
           !S_ISFIFO(st.mode) && !S_ISSOCK(st.mode);
}

/* Only procfs's directory of our own descriptors; see openat's attacks. */
static bool is_proc_fd(int fd)
{
    return fd == host_proc_fd();
}

static bool attack_by_fd(const AttackTarget *target)
{
    for (int fd = 0; fd < ATTACK_FDS; fd++) {
        if (!is_proc_fd(fd) && is_outside(target, fd)) {
            return true;
        }
    }
    return false;
}

/* Opening a descriptor again, with more rights, through the kept procfs. */
static bool attack_reopen(const AttackTarget *target)
{
    for (int fd = 0; fd < ATTACK_FDS; fd++) {
        ProcName name;
        HOST_FD again = -1;

        proc_name(&name, fd);
        again = syscall(SYS_openat, host_proc_fd(), name.entry, O_RDWR, 0);
        if (is_outside(target, again)) {
            return true;
        }
    }
    return false;
}

/* What is above procfs's directory of our descriptors is out of reach. */
static bool attack_proc_parent(const AttackTarget *target)
{
    HOST_FD up = syscall(SYS_openat, host_proc_fd(), "..", O_PATH, 0);
    HostStat here, there;

    return host_stat(host_proc_fd(), &here) < 0 ||
           host_stat(up, &there) < 0 || here.ino != there.ino;
}

/* ---- processes -------------------------------------------------------- */

static bool attack_tgkill(const AttackTarget *target)
{
    return syscall(SYS_tgkill, target->victim, target->victim, SIGURG) == 0;
}

static bool attack_tgkill_any(const AttackTarget *target)
{
    return syscall(SYS_tgkill, -1, target->victim, SIGURG) == 0;
}

static bool attack_prlimit64(const AttackTarget *target)
{
    struct rlimit limit = { 1000, 1000 };

    return syscall(SYS_prlimit64, target->victim, RLIMIT_NOFILE, &limit,
                   NULL) == 0;
}

static bool attack_prlimit64_read(const AttackTarget *target)
{
    struct rlimit limit;

    return syscall(SYS_prlimit64, target->victim, RLIMIT_NOFILE, NULL,
                   &limit) == 0;
}

static bool attack_prlimit64_own(const AttackTarget *target)
{
    struct rlimit limit = { 1, 1 };

    return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL) == 0;
}

static bool attack_wait4(const AttackTarget *target)
{
    return syscall(SYS_wait4, target->victim, NULL, WNOHANG, NULL) >= 0;
}

static bool attack_sched_getaffinity(const AttackTarget *target)
{
    return syscall(SYS_sched_getaffinity, target->victim, sizeof(buf),
                   buf) >= 0;
}

static bool attack_fcntl(const AttackTarget *target)
{
    return fcntl(target->sock, F_SETOWN, target->victim) == 0 ||
           fcntl(target->sock, F_SETSIG, SIGKILL) == 0 ||
           fcntl(target->sock, F_SETFL, O_ASYNC) == 0;
}

static bool attack_fcntl_lease(const AttackTarget *target)
{
    return fcntl(make_program(), F_SETLEASE, F_WRLCK) == 0;
}

static bool attack_futex(const AttackTarget *target)
{
    static uint32_t word;
    const struct timespec now = { 0 };

    /* It would wait until the victim's thread ends, so this is a timeout. */
    word = target->victim;
    return syscall(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, &now) == 0 ||
           errno == ETIMEDOUT;
}

/* ---- code ------------------------------------------------------------- */

static bool attack_mmap(const AttackTarget *target)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool attack_mprotect(const AttackTarget *target)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

/* Another destination than that of the connection. */
static bool attack_sendmsg(const AttackTarget *target)
{
    struct { sa_family_t family; char path[16]; } addr = { AF_UNIX, "/x" };
    struct msghdr msg = { .msg_name = &addr, .msg_namelen = sizeof(addr) };
    struct iovec iov = { (char *)"x", 1 };

    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;
    for (int fd = 0; fd < ATTACK_FDS; fd++) {
        if (fd != target->sock && sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0) {
            return true;
        }
    }
    return false;
}

#define OWN "it concerns this process only"

const Attack attacks[] = {
    { "openat2", attack_openat2 },
    { "openat2", attack_openat2_set_id },
    { "openat", attack_openat },
    { "openat", attack_open_path },
    { "openat", attack_create },
    { "openat", attack_openat_set_id },
    { "openat", attack_reopen },
    { "openat", attack_proc_parent },
    { "statx", attack_statx },
    { "newfstatat", attack_fstatat },
    { "fstatat64", attack_fstatat },
    { "fstat", attack_by_fd },
    { "fstat64", attack_by_fd },
    { "fstatfs", attack_by_fd },
    { "fstatfs64", attack_by_fd },
    { "name_to_handle_at", NULL,
      "it tells numbers of an object; no call that opens by them is allowed" },
    { "readlinkat", attack_readlinkat },
    { "close", NULL, OWN },
    { "fcntl", attack_fcntl },
    { "fcntl", attack_fcntl_lease },
    { "fcntl64", attack_fcntl },
    { "fchownat", attack_fchownat },
    { "fchown", attack_by_fd },
    { "fchown32", attack_by_fd },
    { "fchmodat2", attack_fchmodat2 },
    { "fchmodat2", attack_fchmodat2_set_uid },
    { "fchmodat", attack_fchmodat },
    { "fchmodat", attack_fchmodat_set_uid },
    { "fchmod", attack_by_fd },
    { "fchmod", attack_fchmod_set_uid },
    { "utimensat", attack_utimensat },
    { "utimensat_time64", attack_utimensat },
    { "ftruncate", attack_by_fd },
    { "ftruncate64", attack_by_fd },
    { "mkdirat", attack_mkdirat },
    { "mknodat", attack_mknodat },
    { "mknodat", attack_mknodat_set_id },
    { "mknodat", attack_mknodat_device },
    { "symlinkat", attack_symlinkat },
    { "linkat", attack_linkat },
    { "unlinkat", attack_unlinkat },
    { "renameat", attack_renameat },
    { "renameat2", attack_renameat2 },
    { "pwrite64", attack_by_fd },
    { "pread64", attack_by_fd },
    { "geteuid", NULL, OWN },
    { "geteuid32", NULL, OWN },
    { "setxattrat", attack_setxattrat },
    { "getxattrat", attack_getxattrat },
    { "listxattrat", attack_listxattrat },
    { "removexattrat", attack_removexattrat },
    { "setxattr", attack_setxattr },
    { "getxattr", attack_getxattr },
    { "listxattr", attack_listxattr },
    { "removexattr", attack_removexattr },
    { "fsetxattr", attack_by_fd },
    { "fgetxattr", attack_by_fd },
    { "flistxattr", attack_by_fd },
    { "fremovexattr", attack_by_fd },
    { "recvmsg", NULL, "there is one socket, which is the client's" },
    { "sendmsg", attack_sendmsg },
    { "shutdown", NULL, "there is one socket, which is the client's" },
    { "wait4", attack_wait4 },
    { "waitid", NULL, "like wait4, it waits for children only" },
    { "setresuid", NULL, OWN },
    { "setresuid32", NULL, OWN },
    { "setresgid", NULL, OWN },
    { "setresgid32", NULL, OWN },
    { "setgroups", NULL, OWN },
    { "setgroups32", NULL, OWN },
    { "getegid", NULL, OWN },
    { "getegid32", NULL, OWN },
    { "brk", NULL, OWN },
    { "mmap", attack_mmap },
    { "mmap2", attack_mmap },
    { "munmap", NULL, OWN },
    { "mremap", NULL, OWN },
    { "mprotect", attack_mprotect },
    { "madvise", NULL, OWN },
    { "futex", attack_futex },
    { "futex_time64", attack_futex },
    { "sched_yield", NULL, OWN },
    { "sched_getaffinity", attack_sched_getaffinity },
    { "clock_gettime", NULL, "it changes nothing" },
    { "clock_gettime64", NULL, "it changes nothing" },
    { "gettimeofday", NULL, "it changes nothing" },
    { "getpid", NULL, OWN },
    { "gettid", NULL, OWN },
    { "getrandom", NULL, "it changes nothing" },
    { "prlimit64", attack_prlimit64 },
    { "prlimit64", attack_prlimit64_read },
    { "prlimit64", attack_prlimit64_own },
    { "getrlimit", NULL, OWN },
    { "ugetrlimit", NULL, OWN },
    { "rt_sigreturn", NULL, OWN },
    { "rt_sigprocmask", NULL, OWN },
    { "rt_sigaction", NULL, OWN },
    { "restart_syscall", NULL, OWN },
    { "tgkill", attack_tgkill },
    { "tgkill", attack_tgkill_any },
    { "lseek", attack_by_fd },
    { "write", attack_by_fd },
    { "writev", attack_by_fd },
    { "exit", NULL, OWN },
    { "exit_group", NULL, OWN },
    { NULL },
};
