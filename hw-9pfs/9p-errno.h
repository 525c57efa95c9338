/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From errno values of the host to those on the wire.
 *
 * 9P2000.L uses the numbers of Linux' asm-generic/errno.h.  On most hosts errno
 * has the same values; alpha, mips, parisc and sparc differ.
 */
#ifndef HW_9PFS_9P_ERRNO_H
#define HW_9PFS_9P_ERRNO_H

#include "fsdev/core/p9-osdep.h"

/** p9_errno_to_wire: from a positive host errno; returns 1 to 4095. */
uint32_t p9_errno_to_wire(int error);

#endif
