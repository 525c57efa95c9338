/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls of virtfs-proxy-helper: see helper-sandbox.h.
 *
 * Which calls are allowed is in host-calls.def, which of their arguments in a
 * table below.  A filter sees numbers only, not what pointers lead to.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/futex.h>
#include <seccomp.h>
#include <sys/mman.h>
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/host/host-call.h"
#include "fsdev/host/host.h"

typedef struct Call {
    const char *name;
    int number;                 /* -1: libseccomp knows it */
    unsigned users;             /* BY_* */
} Call;

static const Call calls[] = {
#define HOST_CALL(name_, users_) \
    { .name = #name_, .number = -1, .users = users_ },
#define HOST_CALL_SINCE_OPENAT2(name_, offset_, users_) \
    { .name = #name_, .number = NR_##name_, .users = users_ },
#include "fsdev/host/host-calls.def"
};

/* ---- arguments -------------------------------------------------------- */

#define SET_UID 04000
#define SET_ID 06000
#define OWN_PID UINT64_MAX      /* stands for the id of this process */
#define FUTEX_ANY (FUTEX_CMD_MASK & 0xffffffff)

typedef struct ArgTest {
    unsigned arg;               /* number of the argument, from 0 */
    uint64_t mask;              /* 0: no test */
    uint64_t value;             /* of the argument's bits in mask */
} ArgTest;

#define WHOLE UINT64_MAX
#define IS(arg, value) { (arg), WHOLE, (value) }
#define NONE_OF(arg, bits) { (arg), (bits), 0 }

/*
 * A call that is named here is allowed if all tests of one of its rows hold.  A
 * row without tests never holds.
 */
typedef struct ArgRow {
    const char *name;
    bool only_no_suid;          /* the row counts without --allow-suid only */
    ArgTest tests[2];
} ArgRow;

static const ArgRow arg_rows[] = {
    /* Other processes must not be signalled, observed or changed. */
    { "tgkill", false, { IS(0, OWN_PID) } },
    { "prlimit64", false, { IS(0, 0), IS(2, 0) } },
    { "sched_getaffinity", false, { IS(0, 0) } },
    /* F_SETOWN, F_SETSIG and leases would let it signal another process. */
    { "fcntl", false, { IS(1, F_GETFL) } },
    { "fcntl", false, { IS(1, F_GETFD) } },
    { "fcntl64", false, { IS(1, F_GETFL) } },
    { "fcntl64", false, { IS(1, F_GETFD) } },
    /* The commands that name another thread are left out. */
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_WAIT } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_WAKE } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_REQUEUE } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_CMP_REQUEUE } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_WAKE_OP } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_WAIT_BITSET } } },
    { "futex", false, { { 1, FUTEX_ANY, FUTEX_WAKE_BITSET } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_WAIT } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_WAKE } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_REQUEUE } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_CMP_REQUEUE } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_WAKE_OP } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_WAIT_BITSET } } },
    { "futex_time64", false, { { 1, FUTEX_ANY, FUTEX_WAKE_BITSET } } },
    /* No code is added to that of the program; see has_arguments(). */
    { "mmap", false, { NONE_OF(2, PROT_EXEC) } },
    { "mmap2", false, { NONE_OF(2, PROT_EXEC) } },
    { "mprotect", false, { NONE_OF(2, PROT_EXEC) } },
    /*
     * No set-id programs.  Directories need set-gid bits, and the filter cannot
     * tell whether chmod is for a file or a directory.
     */
    { "openat", true, { NONE_OF(3, SET_ID) } },
    { "openat2", true },
    { "mknodat", true, { NONE_OF(2, SET_ID) } },
    { "mkdirat", true, { NONE_OF(2, SET_UID) } },
    { "fchmod", true, { NONE_OF(1, SET_UID) } },
    { "fchmodat", true, { NONE_OF(2, SET_UID) } },
    { "fchmodat2", true, { NONE_OF(2, SET_UID) } },
};

/* ---- the filter ------------------------------------------------------- */

/*
 * __NR_SCMP_ERROR if libseccomp does not know the call.  Other negative numbers
 * are its own: of calls that other architectures have, which it leaves out of
 * the filter, and on i386 of those of sockets, for which it adds socketcall().
 */
static int number_of(const Call *call)
{
    return call->number >= 0 ? call->number
                             : seccomp_syscall_resolve_name(call->name);
}

static int allow_row(scmp_filter_ctx filter, int number, const ArgRow *row)
{
    struct scmp_arg_cmp tests[ARRAY_SIZE(row->tests)];
    unsigned n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(row->tests); i++) {
        const ArgTest *test = &row->tests[i];

        if (test->mask) {
            tests[n++] = (struct scmp_arg_cmp) {
                .arg = test->arg, .op = SCMP_CMP_MASKED_EQ,
                .datum_a = test->mask,
                .datum_b = test->value == OWN_PID ? getpid() : test->value,
            };
        }
    }
    return n ? seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, n, tests)
             : 0;
}

/* The old mmap() of some architectures has one argument, a pointer. */
static bool has_arguments(const char *name)
{
    uint32_t arch = seccomp_arch_native();

    return strcmp(name, "mmap") ||
           (arch != SCMP_ARCH_S390X && arch != SCMP_ARCH_S390 &&
            arch != SCMP_ARCH_X86);
}

static int allow_call(scmp_filter_ctx filter, const Call *call, bool allow_suid)
{
    int number = number_of(call);
    bool has_rows = false;
    int ret = 0;

    if (number == __NR_SCMP_ERROR) {
        return 0;
    }
    for (size_t i = 0; ret == 0 && i < ARRAY_SIZE(arg_rows); i++) {
        const ArgRow *row = &arg_rows[i];

        if (!strcmp(row->name, call->name) && has_arguments(row->name) &&
            !(row->only_no_suid && allow_suid)) {
            has_rows = true;
            ret = allow_row(filter, number, row);
        }
    }
    return has_rows ? ret
                    : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

void helper_sandbox_features(bool allow_suid)
{
    HostFeatures features = *host_features();

    if (!allow_suid) {
        features.openat2 = features.resolve_cached = false;
    }
    host_override_features(&features);
}

int helper_sandbox_filter(bool allow_suid)
{
    const unsigned allowed = BY_HOST | BY_NAMES | BY_HELPER | BY_LIBRARY;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int ret = filter ? 0 : -ENOMEM;

    if (ret == 0) {
        ret = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    }
    for (size_t i = 0; ret == 0 && i < ARRAY_SIZE(calls); i++) {
        if (calls[i].users & allowed) {
            ret = allow_call(filter, &calls[i], allow_suid);
        }
    }
    if (ret == 0) {
        ret = seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
    return ret;
}
