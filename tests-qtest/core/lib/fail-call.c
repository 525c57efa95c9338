/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that fail one at a time: see fail-call.h. */
#include "fsdev/core/p9-osdep.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include "fsdev/host/host-call.h"
#include "fail-call.h"

/*
 * Errors of the man pages, but for those that a mistake in the arguments causes
 * (EBADF, EFAULT, EINVAL, ENAMETOOLONG), and those that state a fact about the
 * tree.  A driver that believes such a fact is right: a name that is ENOENT
 * does not exist, and an open that is EACCES or EPERM says who may read the
 * file.  EIO is in few man pages and may come from each file system.
 */
static const struct {
    const char *name;
    int number;
    int errors[12];
} calls[] = {
    { "openat2", NR_openat2,
      { EDQUOT, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS } },
    { "openat", SYS_openat,
      { EDQUOT, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, EROFS, ETXTBSY } },
    { "statx", SYS_statx, { EACCES, EIO, ENOMEM } },
    { "fstat", SYS_fstat, { EIO, ENOMEM, EOVERFLOW } },
    { "fstatfs", SYS_fstatfs, { EINTR, EIO, ENOMEM, ENOSYS, EOVERFLOW } },
    { "readlinkat", SYS_readlinkat, { EACCES, EIO, ENOMEM } },
    { "fcntl", SYS_fcntl, { EMFILE } },
    { "fchownat", SYS_fchownat, { EACCES, EDQUOT, EIO, ENOMEM, EPERM, EROFS } },
    { "fchown", SYS_fchown, { EDQUOT, EIO, ENOMEM, EPERM, EROFS } },
    /* EPERM says that this process does not own the file. */
    { "fchmodat2", NR_fchmodat2, { EACCES, EIO, ENOMEM, EROFS } },
    { "fchmod", SYS_fchmod, { EIO, ENOMEM, EROFS } },
    { "utimensat", SYS_utimensat, { EACCES, EIO, ENOMEM, EPERM, EROFS } },
    { "ftruncate", SYS_ftruncate,
      { EFBIG, EINTR, EIO, EPERM, EROFS, ETXTBSY } },
    { "mkdirat", SYS_mkdirat,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EEXIST } },
    { "mknodat", SYS_mknodat,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EEXIST } },
    { "symlinkat", SYS_symlinkat,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EEXIST } },
    { "linkat", SYS_linkat,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EXDEV } },
    { "unlinkat", SYS_unlinkat,
      { EACCES, EBUSY, EIO, ENOMEM, EPERM, EROFS } },
    { "renameat", SYS_renameat,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EBUSY, EXDEV } },
    { "renameat2", SYS_renameat2,
      { EACCES, EDQUOT, EIO, EMLINK, ENOMEM, ENOSPC, EPERM,
        EROFS, EBUSY, EXDEV } },
    { "pwrite64", SYS_pwrite64,
      { EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPERM } },
    { "pread64", SYS_pread64, { EINTR, EIO } },
    { "setxattrat", NR_setxattrat,
      { EACCES, EDQUOT, EIO, ENOMEM, ENOSPC, EPERM, EROFS,
        E2BIG } },
    { "getxattrat", NR_getxattrat, { EIO, ENOMEM } },
    { "listxattrat", NR_listxattrat, { EIO, ENOMEM } },
    { "removexattrat", NR_removexattrat,
      { EACCES, EDQUOT, EIO, ENOMEM, ENOSPC, EPERM, EROFS } },
    { "fsetxattr", SYS_fsetxattr,
      { EACCES, EDQUOT, EIO, ENOMEM, ENOSPC, EPERM, EROFS,
        E2BIG } },
    { "fgetxattr", SYS_fgetxattr, { EIO, ENOMEM } },
    { "flistxattr", SYS_flistxattr, { EIO, ENOMEM } },
    { "fremovexattr", SYS_fremovexattr,
      { EACCES, EDQUOT, EIO, ENOMEM, ENOSPC, EPERM, EROFS } },
    { "preadv", SYS_preadv, { EINTR, EIO, ENOMEM } },
    { "preadv2", SYS_preadv2, { EAGAIN, EINTR, EIO, ENOMEM } },
    { "pwritev", SYS_pwritev, { EDQUOT, EFBIG, EINTR, EIO, ENOSPC, EPERM } },
    { "fsync", SYS_fsync, { EDQUOT, EINTR, EIO, ENOSPC, EROFS } },
    { "fdatasync", SYS_fdatasync, { EDQUOT, EINTR, EIO, ENOSPC, EROFS } },
    { "getdents64", SYS_getdents64, { EIO, ENOMEM } },
};

/* Atomic, as handlers run on several threads. */
static gint armed;
static gint count;
static gint failed;             /* index of the call in calls[], or -1 */
static gint fail_nth;
static gint fail_which;

static unsigned errors_of(int call)
{
    unsigned n = 0;

    while (n < ARRAY_SIZE(calls[call].errors) && calls[call].errors[n]) {
        n++;
    }
    return n;
}

static int error_at(int call, unsigned which)
{
    return calls[call].errors[which % errors_of(call)];
}

void fail_calls_arm(unsigned nth, unsigned which)
{
    g_atomic_int_set(&count, 0);
    g_atomic_int_set(&failed, -1);
    g_atomic_int_set(&fail_nth, MIN(nth, INT_MAX));
    g_atomic_int_set(&fail_which, which);
    g_atomic_int_set(&armed, 1);
}

FailedCall fail_calls_disarm(void)
{
    int call = g_atomic_int_get(&failed);

    g_atomic_int_set(&armed, 0);
    return (FailedCall) {
        .count = g_atomic_int_get(&count),
        .name = call < 0 ? NULL : calls[call].name,
        .error = call < 0 ? 0 : error_at(call, g_atomic_int_get(&fail_which)),
        .errors = call < 0 ? 0 : errors_of(call),
    };
}

#ifdef __x86_64__

/* The error with which call @number is to fail now, or 0. */
static int error_of(int number)
{
    if (!g_atomic_int_get(&armed) ||
        g_atomic_int_add(&count, 1) != g_atomic_int_get(&fail_nth)) {
        return 0;
    }
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (calls[i].number == number) {
            g_atomic_int_set(&failed, i);
            return error_at(i, g_atomic_int_get(&fail_which));
        }
    }
    return 0;
}

/* The only place from which the filter lets the calls through. */
__asm__(".text\n"
        ".globl fail_call_make\n"
        ".globl fail_call_made\n"
        ".type fail_call_make, @function\n"
        "fail_call_make:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %r11\n"
        "    mov 0(%r11), %rdi\n"
        "    mov 8(%r11), %rsi\n"
        "    mov 16(%r11), %rdx\n"
        "    mov 24(%r11), %r10\n"
        "    mov 32(%r11), %r8\n"
        "    mov 40(%r11), %r9\n"
        "    syscall\n"
        "fail_call_made:\n"
        "    ret\n");

static void handle(int signal, siginfo_t *info, void *context)
{
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    const long args[6] = {
        regs[REG_RDI], regs[REG_RSI], regs[REG_RDX], regs[REG_R10],
        regs[REG_R8], regs[REG_R9],
    };

    int error = error_of(info->si_syscall);

    regs[REG_RAX] = error ? -error : fail_call_make(info->si_syscall, args);
}

static void append(GArray *filter, struct sock_filter step)
{
    g_array_append_val(filter, step);
}

static void load(GArray *filter, size_t offset)
{
    append(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                offset));
}

/* Return @action if the accumulator is @value. */
static void return_if(GArray *filter, uint32_t value, uint32_t action)
{
    append(filter, (struct sock_filter)
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    append(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Of fcntl(2), only a new descriptor can be one too many. */
static void trap_fcntl(GArray *filter)
{
    append(filter, (struct sock_filter)
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fcntl, 0, 4));
    load(filter, offsetof(struct seccomp_data, args[1]));
    return_if(filter, F_DUPFD_CLOEXEC, SECCOMP_RET_TRAP);
    append(filter, (struct sock_filter)
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

bool fail_calls_start(void)
{
    const size_t ip = offsetof(struct seccomp_data, instruction_pointer);
    const uint64_t made = (uintptr_t)fail_call_made;
    const struct sigaction action = {
        .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_NODEFER,
    };
    g_autoptr(GArray) filter = g_array_new(false, false,
                                           sizeof(struct sock_filter));
    struct sock_fprog prog;

    load(filter, ip + 4);
    append(filter, (struct sock_filter)
           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, made >> 32, 0, 3));
    load(filter, ip);
    return_if(filter, (uint32_t)made, SECCOMP_RET_ALLOW);
    load(filter, offsetof(struct seccomp_data, nr));
    trap_fcntl(filter);
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if (calls[i].number >= 0) {
            return_if(filter, calls[i].number, SECCOMP_RET_TRAP);
        }
    }
    append(filter, (struct sock_filter)
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    prog = (struct sock_fprog) { filter->len, (void *)filter->data };
    if (sigaction(SIGSYS, &action, NULL) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0) {
        return false;
    }
    return true;
}

#else

bool fail_calls_start(void)
{
    return false;
}

#endif
