/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash function of all tables with inodes, names or owners as keys.
 *
 * The multiplier is 2^64 divided by the golden ratio.  Multiplication carries
 * each bit of the input to the bits above it, so users take the upper half of
 * the result.  If a guest chooses the keys, start from a random seed.
 * Context: any thread, never blocks.
 */
#ifndef FSDEV_FS_HASH_H
#define FSDEV_FS_HASH_H

#include "fsdev/core/p9-osdep.h"

/** fs_hash_mix: mix @value into @hash, which is the seed in the first call. */
static inline uint64_t fs_hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

#endif
