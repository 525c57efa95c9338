/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flags and modes of 9P and of the host: see 9p-flags.h.
 *
 * The open flags of 9P2000.L have the values of asm-generic/fcntl.h, which are
 * octal there and here.  Only flags in the table reach the driver.  Left out on
 * purpose are O_CREAT (creating is a message of its own), O_NOCTTY, O_NONBLOCK
 * and O_CLOEXEC (the driver always or never sets them), FASYNC, O_NOFOLLOW and
 * O_LARGEFILE (both are always implied).
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"

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

uint32_t p9_open_flags_to_wire(int host)
{
    uint32_t flags = host & O_ACCMODE;

    for (size_t i = 0; i < ARRAY_SIZE(flag_map); i++) {
        if ((host & flag_map[i].host) == flag_map[i].host) {
            flags |= flag_map[i].wire;
        }
    }
    return flags;
}

/* ---- 9P2000.u ---- */

static const struct {
    uint32_t dm;
    uint32_t mode;
} special_bits[] = {
    { 0x00080000u, S_ISUID },
    { 0x00040000u, S_ISGID },
    { 0x00010000u, S_ISVTX },
};

uint32_t p9_mode_from_dm(uint32_t dm)
{
    uint32_t mode = dm & 0777;

    for (size_t i = 0; i < ARRAY_SIZE(special_bits); i++) {
        mode |= dm & special_bits[i].dm ? special_bits[i].mode : 0;
    }
    return mode;
}

uint32_t p9_dm_from_type(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return P9_DM_DIR;
    case S_IFLNK:
        return P9_DM_SYMLINK;
    case S_IFSOCK:
        return P9_DM_SOCKET;
    case S_IFIFO:
        return P9_DM_PIPE;
    case S_IFBLK:
    case S_IFCHR:
        return P9_DM_DEVICE;
    default:
        return 0;
    }
}

uint32_t p9_dm_from_mode(uint32_t mode)
{
    uint32_t dm = (mode & 0777) | p9_dm_from_type(mode);

    for (size_t i = 0; i < ARRAY_SIZE(special_bits); i++) {
        dm |= mode & special_bits[i].mode ? special_bits[i].dm : 0;
    }
    return dm;
}

int p9_open_flags_from_omode(uint8_t omode)
{
    static const int access[] = { O_RDONLY, O_WRONLY, O_RDWR, O_RDONLY };

    return access[omode & P9_OMODE_ACCESS] |
           (omode & P9_OMODE_TRUNC ? O_TRUNC : 0) |
           (omode & P9_OMODE_APPEND ? O_APPEND : 0);
}
