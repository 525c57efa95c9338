/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls by number, and their arguments.
 *
 * Included by host*.c, and for the numbers by the filter of the helper.
 */
#ifndef FSDEV_HOST_CALL_H
#define FSDEV_HOST_CALL_H

#include "fsdev/core/p9-osdep.h"

#include <sys/syscall.h>

#ifdef __NR_openat2
#define NR_SINCE_OPENAT2(offset) (__NR_openat2 + (offset))
#else
#define NR_SINCE_OPENAT2(offset) (-1)
#endif

/* NR_openat2 and so on; -1 if the kernel's headers do not have openat2(2). */
enum {
#define HOST_CALL_SINCE_OPENAT2(name, offset, users) \
    NR_##name = NR_SINCE_OPENAT2(offset),
#include "host-calls.def"
};

/* Users of a call in host-calls.def, which describes them. */
enum {
    BY_HOST = 1u << 0,
    BY_NAMES = 1u << 1,
    BY_CONTENTS = 1u << 2,
    BY_HELPER = 1u << 3,
    BY_LIBRARY = 1u << 4,
    BY_THREAD = 1u << 5,
};

/* The kernel's ABI of openat2(2), with other names than <linux/openat2.h>. */
typedef struct OpenHow {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
} OpenHow;

enum {
    OPEN_NO_XDEV = 0x01,
    OPEN_NO_MAGICLINKS = 0x02,
    OPEN_NO_SYMLINKS = 0x04,
    OPEN_BENEATH = 0x08,
    OPEN_CACHED = 0x20,
};

#define PROC_FD_DIR "/proc/self/fd"

/* The name of a descriptor's entry in /proc/self/fd. */
typedef struct ProcName {
    char entry[12];
} ProcName;

static inline void proc_name(ProcName *name, int fd)
{
    snprintf(name->entry, sizeof(name->entry), "%d", fd);
}

/* Path fd of /proc/self/fd, kept since host_init(). */
int host_proc_fd(void);

/* The kernel's ABI of getxattrat(2) and setxattrat(2). */
typedef struct XattrArgs {
    uint64_t value;
    uint32_t size;
    uint32_t flags;
} XattrArgs;

#endif
