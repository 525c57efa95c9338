/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hash function of all tables that are keyed by inodes, names and owners.
 *
 * Multiplication by 2^64 divided by the golden ratio carries every bit of the
 * input to the bits above it, so the upper half of the result is the one to
 * use.  Where a guest chooses the keys, start from a random seed.
 * Context: any thread, never blocks.
 */
#ifndef FSDEV_FS_HASH_H
#define FSDEV_FS_HASH_H

#include "fsdev/core/p9-osdep.h"

/** fs_hash_mix: @hash, which is the seed at first, with @value mixed in. */
static inline uint64_t fs_hash_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

#endif
