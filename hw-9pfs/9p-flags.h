/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the flags and modes of the dialects of 9P to those of the host.
 */
#ifndef HW_9PFS_9P_FLAGS_H
#define HW_9PFS_9P_FLAGS_H

#include "fsdev/core/p9-osdep.h"

/** p9_open_flags_from_wire: host flags for those of Tlopen and Tlcreate. */
int p9_open_flags_from_wire(uint32_t flags);

/** p9_open_flags_to_wire: the opposite; O_RDONLY to O_RDWR are 0 to 2. */
uint32_t p9_open_flags_to_wire(int host);

/* Mode byte of Topen and Tcreate. */
#define P9_OMODE_ACCESS    0x03        /* read, write, both, execute */
#define P9_OMODE_TRUNC     0x10
#define P9_OMODE_RCLOSE    0x40
#define P9_OMODE_APPEND    0x80        /* 9P2000.u */

/* Permission word; its nine low bits are the permission bits of Unix. */
#define P9_DM_DIR          0x80000000u
#define P9_DM_SYMLINK      0x02000000u
#define P9_DM_LINK         0x01000000u
#define P9_DM_DEVICE       0x00800000u
#define P9_DM_PIPE         0x00200000u
#define P9_DM_SOCKET       0x00100000u
#define P9_DM_TYPES        (P9_DM_DIR | P9_DM_SYMLINK | P9_DM_LINK | \
                            P9_DM_DEVICE | P9_DM_PIPE | P9_DM_SOCKET)

/** p9_open_flags_from_omode: host flags; P9_OMODE_RCLOSE has none. */
int p9_open_flags_from_omode(uint8_t omode);
/** p9_mode_from_dm: the permission bits 07777, without the type. */
uint32_t p9_mode_from_dm(uint32_t dm);
/** p9_dm_from_mode: the permission word for type and permissions. */
uint32_t p9_dm_from_mode(uint32_t mode);
/** p9_dm_from_type: the bit of P9_DM_TYPES for the type in @mode, or 0. */
uint32_t p9_dm_from_type(uint32_t mode);

#endif
