/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constants of the 9P protocol: message numbers, limits and flag bits.
 *
 * The message numbers come from the message table.  This header contains only
 * constants that both ends of a connection use, and no types or functions,
 * because QEMU's qtest client includes it as well.  Sources: section 5 of the
 * Plan 9 manual, the description of 9P2000.L in diod, and
 * include/net/9p/9p.h of Linux.
 */
#ifndef HW_9PFS_9P_H
#define HW_9PFS_9P_H

#ifdef P9_STANDALONE
#include <stdint.h>
#else
#include "qemu/bswap.h"
#endif

enum {
    P9_TLERROR = 6,
    P9_RLERROR,
    P9_TERROR = 106,
    P9_RERROR,
#define P9_MESSAGE(number, NAME, ...) P9_T##NAME = number, P9_R##NAME,
#include "9p-messages.def"
};

#define P9_NOTAG        UINT16_MAX
#define P9_NOFID        UINT32_MAX
#define P9_NONUNAME     UINT32_MAX
#define P9_MAXWELEM     16      /* most names in a Twalk */
#define P9_NAME_MAX     255     /* bytes of one path component */

#define P9_HDRSZ        7       /* size[4] type[1] tag[2] */
#define P9_RLERROR_SZ   (P9_HDRSZ + 4)
#define P9_RERROR_SZ    (P9_HDRSZ + 2 + 4)      /* 9P2000.u, empty text */
#define P9_IO_HDRSZ     (P9_HDRSZ + 4)          /* Rread, Rreaddir */
#define P9_IOHDRSZ      24      /* what clients subtract from msize for I/O */
#define P9_MIN_MSIZE    4096
#define P9_QID_SZ       13

/* qid types */
#define P9_QTDIR        0x80
#define P9_QTAPPEND     0x40
#define P9_QTEXCL       0x20
#define P9_QTSYMLINK    0x02
#define P9_QTFILE       0x00

/* Tunlinkat */
#define P9_DOTL_AT_REMOVEDIR 0x200

/* Tlock and Tgetlock: see protocol.md of diod */
#define P9_LOCK_TYPE_RDLCK  0
#define P9_LOCK_TYPE_WRLCK  1
#define P9_LOCK_TYPE_UNLCK  2
#define P9_LOCK_FLAGS_BLOCK 1
#define P9_LOCK_SUCCESS     0
#define P9_LOCK_BLOCKED     1
#define P9_LOCK_ERROR       2
#define P9_LOCK_GRACE       3

/* FS_MAX_XATTR_DEFAULT by the name that QEMU's own test uses. */
#define V9FS_MAX_XATTR_DEFAULT 1024

#endif
