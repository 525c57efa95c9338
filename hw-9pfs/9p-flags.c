/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open flags of 9P2000.L (octal, as asm-generic/fcntl.h) to the host's.
 *
 * Only flags listed here reach the driver.  Left out on purpose: O_CREAT (its
 * own message), O_NOCTTY, O_NONBLOCK, O_CLOEXEC (always or never set by the
 * driver), FASYNC, O_NOFOLLOW (always implied) and O_LARGEFILE (implied).
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-errno.h"

#define P9_DOTL_ACCMODE 00000003
#define P9_DOTL_DSYNC   00010000

static const struct {
    uint32_t wire;
    int host;
} flag_map[] = {
    { 00000200, O_EXCL },
    { 00001000, O_TRUNC },
    { 00002000, O_APPEND },
    { P9_DOTL_DSYNC, O_DSYNC },
    { 00040000, O_DIRECT },
    { 00200000, O_DIRECTORY },
    { 01000000, O_NOATIME },
    { 04000000, O_SYNC },
};

int p9_open_flags_from_wire(uint32_t flags)
{
    static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDWR };
    int host = access[flags & P9_DOTL_ACCMODE];

    for (size_t i = 0; i < ARRAY_SIZE(flag_map); i++) {
        if (flags & flag_map[i].wire) {
            host |= flag_map[i].host;
        }
    }
    return host;
}
