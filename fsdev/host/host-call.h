/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls by number, and what they take.
 *
 * Included by host*.c only.
 */
#ifndef FSDEV_HOST_CALL_H
#define FSDEV_HOST_CALL_H

#include "fsdev/core/p9-osdep.h"

#include <sys/syscall.h>

/*
 * Calls that the C library or the kernel headers of a supported host may not
 * know.  Numbers above 403 are the same distance apart on every architecture.
 */
#ifdef __NR_openat2
#define NR_OPENAT2 __NR_openat2
#define NR_SINCE_OPENAT2(offset) (__NR_openat2 + (offset))
#else
#define NR_OPENAT2 (-1)
#define NR_SINCE_OPENAT2(offset) (-1)
#endif
#define NR_FCHMODAT2 NR_SINCE_OPENAT2(15)
#define NR_SETXATTRAT NR_SINCE_OPENAT2(26)
#define NR_GETXATTRAT NR_SINCE_OPENAT2(27)
#define NR_LISTXATTRAT NR_SINCE_OPENAT2(28)
#define NR_REMOVEXATTRAT NR_SINCE_OPENAT2(29)

/* Kernel ABI of openat2(2), named apart from <linux/openat2.h>'s. */
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

/* Kernel ABI of getxattrat(2) and setxattrat(2). */
typedef struct XattrArgs {
    uint64_t value;
    uint32_t size;
    uint32_t flags;
} XattrArgs;

#endif
