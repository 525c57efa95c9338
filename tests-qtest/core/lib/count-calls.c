/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls counted by ptrace(2); see count-calls.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "count-calls.h"

/* Arguments of getpgid(2) that mark a place: no other code passes them. */
#define MARK_BEGIN 0x5eed0001
#define MARK_END 0x5eed0002

/* Exit codes of the child; a failed assertion ends it by a signal instead. */
enum { EXIT_DONE = 0, EXIT_SKIP = 77, EXIT_NO_TRACE = 78 };

/* As in <linux/ptrace.h>, which clashes with <sys/ptrace.h>. */
#define GET_SYSCALL_INFO 0x420e
#define SYSCALL_ENTRY 1

typedef struct SyscallInfo {
    uint8_t op;
    uint8_t pad[3];
    uint32_t arch;
    uint64_t instruction_pointer;
    uint64_t stack_pointer;
    uint64_t number;
    uint64_t args[6];
    uint64_t more[2];
} SyscallInfo;

static void mark(long what)
{
    syscall(SYS_getpgid, what);
}

void count_calls_begin(void)
{
    mark(MARK_BEGIN);
}

void count_calls_end(void)
{
    mark(MARK_END);
}

void count_calls_skip(void)
{
    _exit(EXIT_SKIP);
}

static bool is_work(uint64_t number)
{
    switch (number) {
    case SYS_brk:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_futex:
    case SYS_clock_gettime:
    case SYS_gettimeofday:
    case SYS_sched_yield:
        return false;
    }
    return true;
}

static void note_call(const SyscallInfo *info, bool *counting,
                      CountCalls *calls)
{
    if (info->number == SYS_getpgid && info->args[0] == MARK_BEGIN) {
        *counting = true;
    } else if (info->number == SYS_getpgid && info->args[0] == MARK_END) {
        *counting = false;
    } else if (*counting && is_work(info->number)) {
        if (calls->count < COUNT_CALLS_MAX) {
            calls->number[calls->count] = info->number;
        }
        calls->count++;
    }
}

/* Let the child run to its end; returns its status from waitpid(2). */
static int watch(pid_t pid, CountCalls *calls)
{
    bool counting = false;
    int status, signal;

    for (;;) {
        SyscallInfo info = { 0 };

        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        if (!WIFSTOPPED(status)) {
            return status;
        }
        signal = WSTOPSIG(status);
        if (signal == (SIGTRAP | 0x80)) {
            signal = 0;
            if (ptrace(GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
                info.op == SYSCALL_ENTRY) {
                note_call(&info, &counting, calls);
            }
        } else if (signal == SIGSTOP) {
            signal = 0;
            ptrace(PTRACE_SETOPTIONS, pid, 0,
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
        }
        ptrace(PTRACE_SYSCALL, pid, 0, signal);
    }
}

static void run_child(void (*body)(void *opaque), void *opaque)
{
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0) {
        _exit(EXIT_NO_TRACE);
    }
    raise(SIGSTOP);
    body(opaque);
    _exit(EXIT_DONE);
}

bool count_calls(void (*body)(void *opaque), void *opaque, CountCalls *calls)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        run_child(body, opaque);
    }
    *calls = (CountCalls) { 0 };
    status = watch(pid, calls);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_TRACE) {
        g_test_skip("processes may not be traced here");
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
        g_test_skip("the host lacks what this test needs");
        return false;
    }
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, EXIT_DONE);
    return true;
}
