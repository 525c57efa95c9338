/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corpus of fuzz-helper.c: requests to the helper.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-proto.h"
#include "fuzz/helper-input.h"
#include "fuzz/lib/input.h"
#include "seeds.h"

enum {
    A = INPUT_NAME_A, B = INPUT_NAME_B, C = INPUT_NAME_C, D = INPUT_NAME_D,
    L = INPUT_NAME_LINK, N = INPUT_NAME_NEW, E = INPUT_NAME_E,
    WRONG = 195,                /* "a/b" */
};

/* Requests; 0 is the root, and then numbers are given from 1 on. */
#define HEAD(flags) 0, 0, 0, HELPER_GREET | (flags)
#define NO_FD 0
#define FD(kind) N_HELPER_FDS + (kind)
#define HELLO(version) PROXY_HELLO, version, NO_FD
#define LOOKUP(dir, name) PROXY_LOOKUP, dir, name, NO_FD
#define FORGET(id, count) \
    PROXY_FORGET, 7 + 8 * 12, id, 0, 0, 0, 0, 0, 0, 0, count, 0, 0, 0, NO_FD
#define FETCH(id) PROXY_FETCH, id, NO_FD
#define OPEN(id, flags) PROXY_OPEN, id, flags, NO_FD
#define CREATE(dir, name, flags) \
    PROXY_CREATE, dir, name, flags, 191, 5, 5, NO_FD
#define MKDIR(dir, name) PROXY_MKDIR, dir, name, 192, 5, 5, NO_FD
#define MKNOD(dir, name, mode) PROXY_MKNOD, dir, name, mode, 0, 5, 5, NO_FD
#define SYMLINK(dir, name, target) PROXY_SYMLINK, dir, name, target, 0, 0, NO_FD
#define LINK(id, dir, name) PROXY_LINK, id, dir, name, NO_FD
#define UNLINK(dir, name, is_dir) PROXY_UNLINK, dir, name, is_dir, NO_FD
#define RENAME(dir, name, newdir, newname) \
    PROXY_RENAME, dir, name, newdir, newname, NO_FD
#define SETATTR(id, valid) \
    PROXY_SETATTR, id, valid, 30, 5, 5, 9, 1, 1, 1, 1, NO_FD
#define GETXATTR(id, name, size) PROXY_GETXATTR, id, name, size, NO_FD
#define LISTXATTR(id, size) PROXY_LISTXATTR, id, size, NO_FD
#define SETXATTR(id, name, value, flags) \
    PROXY_SETXATTR, id, name, value, flags, NO_FD
#define DELXATTR(id, name) PROXY_REMOVEXATTR, id, name, NO_FD
#define IDENTIFY(dir) \
    PROXY_IDENTIFY, dir, 7 + 8 * 4, 'a', 0, 'x', 0, NO_FD
#define ADOPT(kind) PROXY_ADOPT, FD(kind)

#define ALL \
    LOOKUP(0, A), LOOKUP(0, B), LOOKUP(2, A), FETCH(1), OPEN(1, 2), \
    OPEN(2, 0), CREATE(0, N, 2), CREATE(0, N, 2), CREATE(0, B, 0), \
    CREATE(0, E, 130), MKDIR(0, E), MKNOD(0, C, 5), SYMLINK(0, D, 1), \
    MKNOD(2, E, 206), MKNOD(2, N, 195), LINK(1, 2, L), UNLINK(2, L, 0), \
    RENAME(0, N, 2, N), RENAME(0, A, 0, C), SETATTR(1, 1), SETATTR(1, 6), \
    SETATTR(1, 0x7f), SETATTR(2, 0x31), SETXATTR(1, 0, 0, 0), \
    SETXATTR(1, 7, 6, 0), GETXATTR(1, 0, 100), GETXATTR(1, 0, 0), \
    LISTXATTR(1, 193), LISTXATTR(1, 0), DELXATTR(1, 0), IDENTIFY(0), \
    UNLINK(0, E, 1), UNLINK(2, N, 0), ADOPT(0), FORGET(1, 1), FETCH(1)

static const Seed seeds[] = {
    SEED("all", HEAD(0), ALL),
    SEED("all-allowed", HEAD(HELPER_ALLOW_SUID | HELPER_ALLOW_DEVICES), ALL),
    SEED("all-pipelined", HEAD(HELPER_PIPELINED | HELPER_MORE_WORKERS), ALL),
    SEED("all-few-ids", HEAD(HELPER_FEW_IDS), ALL),
    SEED("all-readonly", TREE_READONLY, 0, 0, HELPER_GREET, ALL),
    SEED("all-maps", TREE_MAPS, 0, 0, HELPER_GREET, ALL),
    SEED("all-old", 0, 0xff, TREE_NO_LINK_EMPTY, HELPER_GREET, ALL),
    SEED("too-early", 0, 0, 0, 0, LOOKUP(0, A)),
    SEED("hello", 0, 0, 0, 0, HELLO(2), HELLO(1), LOOKUP(0, A)),
    SEED("hello-other", 0, 0, 0, 0, HELLO(1), LOOKUP(0, A)),
    SEED("wrong-names", HEAD(0), LOOKUP(0, WRONG), MKDIR(0, WRONG),
         CREATE(0, 193, 0), UNLINK(0, 194, 0), LOOKUP(0, A)),
    SEED("wrong-numbers", HEAD(0), LOOKUP(9, A), OPEN(9, 0), FORGET(9, 1)),
    SEED("wrong-forget", HEAD(0), LOOKUP(0, A), FORGET(1, 2)),
    SEED("short-forget", HEAD(0), PROXY_FORGET, 7 + 8 * 3, 1, 0, 0, NO_FD),
    SEED("adopt-file", HEAD(0), ADOPT(HELPER_FD_FILE), FETCH(1)),
    SEED("adopt-real", HEAD(0), ADOPT(HELPER_FD_REAL), ADOPT(HELPER_FD_PIPE)),
    SEED("adopt-outside", HEAD(0), ADOPT(HELPER_FD_OUTSIDE),
         ADOPT(HELPER_FD_OUTSIDE_DIR), LOOKUP(1, A)),
    SEED("adopt-removed", HEAD(0), LOOKUP(0, A), FORGET(1, 1),
         UNLINK(0, A, 0), ADOPT(1), OPEN(2, 2)),
    SEED("adopt-none", HEAD(0), PROXY_ADOPT, NO_FD),
    SEED("unwanted-fd", HEAD(0), PROXY_LOOKUP, 0, A, FD(HELPER_FD_PIPE)),
    SEED("two-fds", HEAD(0), PROXY_ADOPT, 2 * N_HELPER_FDS + HELPER_FD_ROOT),
    SEED("own-socket", HEAD(0), ADOPT(HELPER_FD_SOCKET)),
    SEED("empty", HEAD(0), HELPER_RAW, 0, FD(HELPER_FD_FILE)),
    SEED("bytes", HEAD(0), HELPER_RAW, 3, 1, 2, 3, NO_FD),
    SEED("cut", HEAD(0), HELPER_DAMAGED + PROXY_LOOKUP, 0, A, 0, 1, NO_FD),
    SEED("longer", HEAD(0), HELPER_DAMAGED + PROXY_LOOKUP, 0, A, 1, 5, NO_FD),
    SEED("swapped", HEAD(0), LOOKUP(0, B), TREE_HOST, 2, 1, A, 1,
         LOOKUP(1, A), OPEN(2, 0), TREE_HOST, 0, 0, B, E, MKDIR(1, N),
         TREE_HOST, 2, 0, B, 3, CREATE(1, A, 2), FETCH(1)),
};

void seeds_helper(const char *dir)
{
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        seed_write(dir, seeds[i].name, seeds[i].bytes, seeds[i].size);
    }
}
