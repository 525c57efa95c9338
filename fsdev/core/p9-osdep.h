/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only header that distinguishes a QEMU build from a standalone build.
 *
 * Codec, session and drivers need only a few macros of QEMU, so the unit tests,
 * fuzzers and micro-benchmarks compile the same files with -DP9_STANDALONE
 * against libc and glib alone.  Each .c file of hw/9pfs and fsdev that is part
 * of this core includes this header first.
 */
#ifndef P9_OSDEP_H
#define P9_OSDEP_H

#ifdef P9_STANDALONE

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <assert.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <glib.h>

/*
 * QEMU's list macros do not depend on the rest of QEMU, so the helper uses
 * them.  The tests are built without QEMU's source, with the macros of the C
 * library.
 */
#ifdef P9_QEMU_QUEUE
#include "qemu/queue.h"
#else
#include <sys/queue.h>
#define QLIST_HEAD LIST_HEAD
#define QLIST_ENTRY LIST_ENTRY
#define QLIST_INIT LIST_INIT
#define QLIST_INSERT_HEAD LIST_INSERT_HEAD
#define QLIST_REMOVE LIST_REMOVE
#define QLIST_EMPTY LIST_EMPTY
#define QLIST_FIRST LIST_FIRST
#define QLIST_FOREACH LIST_FOREACH
#define QSLIST_HEAD SLIST_HEAD
#define QSLIST_ENTRY SLIST_ENTRY
#define QSLIST_INSERT_HEAD SLIST_INSERT_HEAD
#define QSLIST_REMOVE SLIST_REMOVE
#define QSLIST_FOREACH SLIST_FOREACH
#define QTAILQ_HEAD TAILQ_HEAD
#define QTAILQ_ENTRY TAILQ_ENTRY
#define QTAILQ_INIT TAILQ_INIT
#define QTAILQ_INSERT_TAIL TAILQ_INSERT_TAIL
#define QTAILQ_REMOVE TAILQ_REMOVE
#define QTAILQ_FIRST TAILQ_FIRST
#define QTAILQ_FOREACH TAILQ_FOREACH
#endif

#define ARRAY_SIZE(a) G_N_ELEMENTS(a)
#define ROUND_UP(n, d) (((n) + (d) - 1) / (d) * (d))
#define container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))
#define cpu_to_le16(v) htole16(v)
#define cpu_to_le32(v) htole32(v)
#define cpu_to_le64(v) htole64(v)
#define le16_to_cpu(v) le16toh(v)
#define le32_to_cpu(v) le32toh(v)
#define le64_to_cpu(v) le64toh(v)

static inline size_t iov_size(const struct iovec *iov, unsigned iovcnt)
{
    size_t size = 0;

    for (unsigned i = 0; i < iovcnt; i++) {
        size += iov[i].iov_len;
    }
    return size;
}

/* Print a warning. */
#define p9_warn(...) \
    do { \
        g_autofree char *text_ = g_strdup_printf(__VA_ARGS__); \
        g_printerr("%s\n", text_); \
    } while (0)

/* Print a warning once for each place in the code that has one. */
#define p9_warn_once(...) \
    do { \
        static gsize warned_; \
        if (g_once_init_enter(&warned_)) { \
            g_printerr(__VA_ARGS__); \
            g_printerr("\n"); \
            g_once_init_leave(&warned_, 1); \
        } \
    } while (0)

#else

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/queue.h"

#define p9_warn(...) warn_report(__VA_ARGS__)
#define p9_warn_once(...) warn_report_once(__VA_ARGS__)

#endif /* P9_STANDALONE */

#include <sys/statfs.h>
#include <sys/sysmacros.h>

#ifndef RETRY_ON_EINTR
#define RETRY_ON_EINTR(expression) \
    (__extension__ ({ \
        __typeof__(expression) result_; \
        do { \
            result_ = (expression); \
        } while (result_ == -1 && errno == EINTR); \
        result_; \
    }))
#endif

/* Repeat a system call after EINTR; its result, or -errno. */
#define NEG_ERRNO(call) \
    (__extension__ ({ \
        __typeof__(call) ret_ = RETRY_ON_EINTR(call); \
        ret_ < 0 ? -errno : ret_; \
    }))

#endif
