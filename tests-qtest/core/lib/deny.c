/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls that fail: see deny.h. */
#include "fsdev/core/p9-osdep.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include "fsdev/host/host-call.h"
#include "deny.h"

static void append(GArray *filter, struct sock_filter step)
{
    g_array_append_val(filter, step);
}

void deny_calls(const int *numbers, size_t n, unsigned error)
{
    g_autoptr(GArray) filter = g_array_new(false, false,
                                           sizeof(struct sock_filter));
    struct sock_fprog prog;

    append(filter, (struct sock_filter)
           BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                    offsetof(struct seccomp_data, nr)));
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] >= 0) {
            append(filter, (struct sock_filter)
                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1));
            append(filter, (struct sock_filter)
                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO |
                            (error & SECCOMP_RET_DATA)));
        }
    }
    append(filter, (struct sock_filter)
           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    prog = (struct sock_fprog) { filter->len, (void *)filter->data };
    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), ==, 0);
}

void deny_xattrat(void)
{
    const int numbers[] = {
        NR_setxattrat, NR_getxattrat, NR_listxattrat, NR_removexattrat,
    };

    deny_calls(numbers, ARRAY_SIZE(numbers), ENOSYS);
}
