/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host errno and the numbers 9P2000.L uses: those of Linux' asm-generic.
 *
 * On most hosts the two agree; alpha, mips, parisc and sparc differ.  Facts
 * are tables, and the identity is kept where no row says otherwise.
 */
#ifndef HW_9PFS_9P_ERRNO_H
#define HW_9PFS_9P_ERRNO_H

#include "fsdev/core/p9-osdep.h"

/** p9_errno_to_wire: @error > 0, a host errno; never 0, at most 4095. */
uint32_t p9_errno_to_wire(int error);

#endif
