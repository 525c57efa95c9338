/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tracer process and its counter.  calls_*() run in the benchmark's only
 * thread; trace_*() run in the child process.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "calls.h"

enum { STARTING, TRACING, REFUSED };

typedef struct Shared {
    _Atomic int state;
    _Atomic uint64_t calls;
} Shared;

struct CallCounter {
    pid_t tracer;
    Shared *shared;         /* mapped, owned */
};

static bool trace_seize_all(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    pid_t thread;

    while (dir && (name = g_dir_read_name(dir))) {
        thread = atoi(name);
        if (ptrace(PTRACE_SEIZE, thread, NULL,
                   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE) < 0 ||
            ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0) {
            return false;
        }
    }
    return dir != NULL;
}

/* Returns the signal that the stopped thread should get. */
static int trace_stopped(Shared *shared, pid_t thread, int status)
{
    struct __ptrace_syscall_info info;
    int sig = WSTOPSIG(status);

    if (sig == (SIGTRAP | 0x80)) {
        if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof(info), &info) > 0 &&
            info.op == PTRACE_SYSCALL_INFO_ENTRY) {
            atomic_fetch_add(&shared->calls, 1);
        }
        return 0;
    }
    return status >> 16 ? 0 : sig;      /* a ptrace event: no signal */
}

static G_GNUC_NORETURN void trace(Shared *shared, const pid_t *pids)
{
    int status, sig;
    pid_t thread;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (; *pids; pids++) {
        if (!trace_seize_all(*pids)) {
            atomic_store(&shared->state, REFUSED);
            _exit(1);
        }
    }
    atomic_store(&shared->state, TRACING);
    while ((thread = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (thread > 0 && WIFSTOPPED(status)) {
            sig = trace_stopped(shared, thread, status);
            ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)sig);
        }
    }
    _exit(0);
}

CallCounter *calls_start(const pid_t *pids)
{
    CallCounter *c = g_new0(CallCounter, 1);
    struct timespec pause = { .tv_nsec = 100000 };

    c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->shared == MAP_FAILED) {
        die_errno("mmap");
    }
    c->tracer = fork();
    if (c->tracer < 0) {
        die_errno("fork");
    }
    if (c->tracer == 0) {
        trace(c->shared, pids);
    }
    while (atomic_load(&c->shared->state) == STARTING) {
        nanosleep(&pause, NULL);
    }
    if (atomic_load(&c->shared->state) == REFUSED) {
        calls_stop(c);
        return NULL;
    }
    return c;
}

uint64_t calls_count(const CallCounter *counter)
{
    return atomic_load(&counter->shared->calls);
}

void calls_stop(CallCounter *counter)
{
    kill(counter->tracer, SIGKILL);
    while (waitpid(counter->tracer, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    munmap(counter->shared, sizeof(*counter->shared));
    g_free(counter);
}
