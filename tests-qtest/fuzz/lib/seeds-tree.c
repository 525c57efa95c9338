/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corpora of fuzz-local.c, fuzz-proxy.c and fuzz-synth.c: sequences of
 * calls, each on several kinds of exports.
 */
#include "fsdev/core/p9-osdep.h"
#include "fuzz/lib/guest.h"
#include "fuzz/proxy-input.h"
#include "seeds.h"

/* The byte of a call: a user and how long it may wait. */
enum { NOBODY = 2, ROOT = 6, USER = 10, NEVER = 0, STORAGE = 1 };

/* Names, as indices. */
enum {
    A = INPUT_NAME_A, B = INPUT_NAME_B, C = INPUT_NAME_C, D = INPUT_NAME_D,
    L = INPUT_NAME_LINK, P = INPUT_NAME_FIFO, META = INPUT_NAME_META,
    N = INPUT_NAME_NEW, E = INPUT_NAME_E,
};

/* Records of lib/guest.c, made as @u.  Slot 0 is the root. */
#define LOOKUP(u, dir, to, name) GUEST_LOOKUP, u, dir, to, name
#define GETATTR(u, node) GUEST_GETATTR, u, 0, 0, node
#define SETATTR(u, node, valid) \
    GUEST_SETATTR, u, node, 0, valid, 31, 2, 3, 5, 4, 1
#define CREATE(u, dir, to, file, name, flags) \
    GUEST_CREATE, u, dir, to, file, name, flags, 26
#define MKDIR(u, dir, name) GUEST_MKDIR, u, dir, name, 31
#define MKNOD(u, dir, name, type) GUEST_MKNOD, u, dir, name, 26, type, 0
#define SYMLINK(u, dir, name, target) GUEST_SYMLINK, u, dir, name, 31, target
#define LINK(u, node, dir, name) GUEST_LINK, u, node, dir, name
#define UNLINK(u, dir, name) GUEST_UNLINK, u, 0, dir, name, 0
#define RMDIR(u, dir, name) GUEST_UNLINK, u, 0, dir, name, 1
#define RENAME(u, dir, name, newdir, newname) \
    GUEST_RENAME, u, dir, newdir, name, newname
#define OPEN(u, node, file, flags) GUEST_OPEN, u, node, file, flags
#define OPEN_ATTR(u, node, file, flags) GUEST_OPEN_ATTR, u, node, file, flags
#define READ(u, file, size) GUEST_READ, u, file, 0, size
#define WRITE(u, file, size) GUEST_WRITE, u, file, 3, size
#define READDIR(u, file, most, flags) GUEST_READDIR, u, file, most, flags
#define RELEASE(u, file) GUEST_RELEASE, u, file
#define READLINK(u, node) GUEST_READLINK, u, node, 1
#define SETXATTR(u, node, name, ...) GUEST_SETXATTR, u, node, name, __VA_ARGS__
#define GETXATTR(u, node, name) GUEST_GETXATTR, u, node, name, 191
#define LISTXATTR(u, node) GUEST_LISTXATTR, u, node, 192
#define DELXATTR(u, node, name) GUEST_REMOVEXATTR, u, node, name
#define LOCKER(u, locker, file) GUEST_LOCKER_OPEN, u, locker, file
#define LOCK(u, locker, type) GUEST_LOCK, u, locker, 0, type, 5, 9
#define GETLOCK(u, locker, type) GUEST_GETLOCK, u, locker, 0, type, 5, 9
#define UNLOCKER(u, locker) GUEST_LOCKER_CLOSE, u, locker, 0

/* Records of lib/host.c; directories: 0 the root, 1 "b", 2 "d". */
#define HOST(act, dir, name, ...) TREE_HOST, act, dir, name, __VA_ARGS__

#define FILES(u) \
    LOOKUP(u, 0, 1, A), GETATTR(u, 1), OPEN(u, 1, 0, 2), WRITE(u, 0, 9), \
    READ(u, 0, 99), GUEST_FSYNC, u, 0, 1, GUEST_FSYNC, u, 0, 0, \
    GUEST_GETATTR, u, 0, 2, 1, GUEST_STATFS, u, 1, GUEST_LOCATE, u, 1, \
    OPEN_ATTR(u, 1, 1, 3 * 4), OPEN_ATTR(u, 1, 2, 3 + 2), READ(u, 1, 200), \
    OPEN(u, 1, 3, 1 + 3 * 2), WRITE(u, 3, 20), RELEASE(u, 0), RELEASE(u, 1), \
    GUEST_GETATTR, u, 0, 1, 1, GUEST_CHECK_USER, u, 1, 3, \
    OPEN(u, 0, 0, 1), OPEN(u, 1, 0, 3 * 7), GUEST_PARENT, u, 1, 3

#define MAKE(u) \
    CREATE(u, 0, 2, 0, N, 2), CREATE(u, 0, 2, 0, N, 2), \
    CREATE(u, 0, 2, 0, N, 2 + 3 * 3), CREATE(u, 0, 2, 0, A, 2 + 3), \
    CREATE(u, 0, 2, 0, B, 0), MKDIR(u, 0, E), MKDIR(u, 0, E), \
    LOOKUP(u, 0, 3, E), CREATE(u, 3, 4, 1, A, 1), WRITE(u, 1, 50), \
    MKNOD(u, 3, B, 0), MKNOD(u, 3, C, 1), MKNOD(u, 3, D, 2), \
    MKNOD(u, 3, N, 3), MKNOD(u, 3, E, 4), MKNOD(u, 3, L, 5), \
    SYMLINK(u, 3, L, 1), LOOKUP(u, 3, 5, L), READLINK(u, 5), \
    LOOKUP(u, 3, 6, N), GETATTR(u, 6), LINK(u, 4, 3, P), LINK(u, 5, 0, P), \
    OPEN(u, 3, 2, 0), READDIR(u, 2, 3, 0), READDIR(u, 2, 90, 1), \
    READDIR(u, 2, 1, 2), 5, UNLINK(u, 3, A), GETATTR(u, 4), READ(u, 1, 9), \
    RENAME(u, 3, B, 0, D), RENAME(u, 3, P, 3, A), RENAME(u, 0, E, 0, D), \
    RENAME(u, 0, D, 3, B), GETATTR(u, 3), GUEST_LOCATE, u, 4, \
    UNLINK(u, 3, L), RMDIR(u, 0, B), RMDIR(u, 0, E), UNLINK(u, 0, B), \
    LOOKUP(u, 0, 1, L), READLINK(u, 1), OPEN(u, 1, 0, 0), LOOKUP(u, 0, 1, P), \
    OPEN(u, 1, 0, 0), GETATTR(u, 1), LOOKUP(u, 0, 1, META)

#define ATTRIBUTES(u) \
    LOOKUP(u, 0, 1, A), LOOKUP(u, 0, 2, B), LOOKUP(u, 0, 3, L), \
    LOOKUP(u, 0, 4, P), SETATTR(u, 1, 1), SETATTR(u, 1, 2), SETATTR(u, 1, 6), \
    SETATTR(u, 1, 8), SETATTR(u, 1, 16), SETATTR(u, 1, 0x60), \
    SETATTR(u, 1, 0x7f), SETATTR(u, 2, 1), SETATTR(u, 2, 0x36), \
    SETATTR(u, 3, 0x30), SETATTR(u, 3, 6), SETATTR(u, 3, 1), \
    SETATTR(u, 4, 7), SETATTR(u, 4, 8), SETATTR(u, 0, 0x37), \
    OPEN(u, 1, 0, 2), GUEST_SETATTR, u, 1, 0, 0x7f, 90, 0, 0, 9, 1, 1, \
    GETATTR(u, 0), GETATTR(u, 1), GETATTR(u, 4), UNLINK(u, 0, A), \
    GUEST_SETATTR, u, 1, 0, 15, 20, 0, 0, 9, 1, 1, GUEST_GETATTR, u, 0, 2, 1

#define XATTRS(u) \
    LOOKUP(u, 0, 1, A), LOOKUP(u, 0, 2, B), LOOKUP(u, 0, 3, L), \
    SETXATTR(u, 1, 0, 0, 0), SETXATTR(u, 1, 0, 0, 1), GETXATTR(u, 1, 0), \
    SETXATTR(u, 1, 2, 1, 9, 0), SETXATTR(u, 1, 4, 1, 9, 0), \
    SETXATTR(u, 1, 7, 6, 0), GETXATTR(u, 1, 7), \
    SETXATTR(u, 2, 8, 6, 0), SETXATTR(u, 1, 7, 3 + 8 * 5, 0, 1, 8, 3, 10, 5, \
                                      0), \
    SETXATTR(u, 1, 9, 4, 1, 2, 0), GETXATTR(u, 1, 9), \
    SETXATTR(u, 1, 10, 0, 0), SETXATTR(u, 1, 12, 0, 0), \
    SETXATTR(u, 1, 18, 0, 0), LISTXATTR(u, 1), GUEST_LISTXATTR, u, 1, 0, \
    GUEST_LISTXATTR, u, 1, 3, GUEST_GETXATTR, u, 1, 0, 0, DELXATTR(u, 1, 0), \
    DELXATTR(u, 1, 7), DELXATTR(u, 1, 9), DELXATTR(u, 2, 8), \
    DELXATTR(u, 1, 2), SETXATTR(u, 3, 0, 0, 0), LISTXATTR(u, 3), \
    GETXATTR(u, 1, 255), SETXATTR(u, 1, 0, 5, 193, 0), OPEN(u, 1, 0, 2), \
    MKDIR(u, 2, N), CREATE(u, 2, 5, 1, E, 2), WRITE(u, 0, 9)

#define LOCKS(u) \
    LOOKUP(u, 0, 1, A), OPEN(u, 1, 0, 2), OPEN(u, 1, 1, 0), LOCKER(u, 0, 0), \
    LOCKER(u, 1, 1), LOCK(u, 0, 1), LOCK(u, 1, 0), GETLOCK(u, 1, 1), \
    LOCK(u, 0, 2), LOCK(u, 1, 1), GUEST_LOCK, u, 0, 0, 0, 0, 0, \
    GUEST_LOCK, u, 0, 0, 0, 60, 3, GUEST_LOCK, u, 0, 0, 0, 20, 3, \
    GUEST_LOCK, u, 0, 0, 2, 61, 1, GETLOCK(u, 0, 0), UNLOCKER(u, 0), \
    LOOKUP(u, 0, 2, B), OPEN(u, 2, 2, 0), LOCKER(u, 0, 2), UNLOCKER(u, 1)

static const Seed calls[] = {
    SEED("files", FILES(NOBODY)),
    SEED("files-at-once", FILES(NEVER)),
    SEED("make", MAKE(USER)),
    SEED("make-at-once", MAKE(NEVER)),
    SEED("make-waiting", MAKE(STORAGE)),
    SEED("make-as-root", MAKE(ROOT)),
    SEED("attributes", ATTRIBUTES(USER)),
    SEED("attributes-at-once", ATTRIBUTES(NEVER)),
    SEED("xattrs", XATTRS(NOBODY)),
    SEED("xattrs-at-once", XATTRS(NEVER)),
    SEED("locks", LOCKS(NOBODY)),
    SEED("locks-at-once", LOCKS(NEVER)),
};

/* What the host does in between. */
static const Seed with_host[] = {
    SEED("host-names", LOOKUP(NOBODY, 0, 1, A), LOOKUP(NOBODY, 0, 2, B),
         LOOKUP(NOBODY, 2, 3, B), HOST(0, 0, A, N), GETATTR(NOBODY, 1),
         HOST(0, 0, B, E), CREATE(USER, 3, 4, 0, N, 2), GETATTR(NOBODY, 4),
         HOST(1, 0, N, C), OPEN(NOBODY, 1, 1, 0), HOST(5, 0, C, 0),
         LOOKUP(NOBODY, 0, 5, C), GETATTR(NOBODY, 1), HOST(7, 0, B, 0),
         LOOKUP(NOBODY, 2, 5, A), RENAME(NOBODY, 2, A, 3, C),
         MKDIR(USER, 2, D)),
    SEED("host-links", LOOKUP(NOBODY, 0, 2, B), LOOKUP(NOBODY, 2, 3, A),
         HOST(2, 0, A, 1), LOOKUP(NOBODY, 0, 1, A), OPEN(NOBODY, 1, 0, 2),
         HOST(2, 1, A, 9), OPEN(NOBODY, 3, 0, 0), HOST(2, 1, B, 3),
         LOOKUP(NOBODY, 2, 4, B), CREATE(USER, 4, 5, 0, A, 2),
         HOST(6, 0, D, 0), HOST(2, 0, D, 3), CREATE(USER, 0, 5, 0, D, 2),
         OPEN(NOBODY, 2, 1, 0), READDIR(NOBODY, 1, 99, 1)),
    SEED("host-metadata", MKDIR(USER, 0, N), CREATE(USER, 0, 1, 0, E, 2),
         HOST(16, 0, A, 0), LOOKUP(NOBODY, 0, 1, A), GETATTR(NOBODY, 1),
         HOST(16, 0, C, 3), LOOKUP(NOBODY, 0, 2, C), GETATTR(NOBODY, 2),
         HOST(16, 0, A, 2), GETATTR(NOBODY, 1), READLINK(NOBODY, 1),
         HOST(17, 0, A, 1), GETATTR(NOBODY, 1), SETATTR(USER, 1, 7),
         HOST(18, 1, 0, 1), LOOKUP(NOBODY, 0, 3, B), MKDIR(USER, 3, N),
         LOOKUP(NOBODY, 3, 4, A), HOST(16, 2, C, 4), HOST(9, 0, E, 0),
         OPEN(NOBODY, 0, 1, 0), READDIR(NOBODY, 1, 99, 0), RMDIR(USER, 0, N)),
    SEED("host-values", LOOKUP(NOBODY, 0, 1, A), HOST(13, 0, A, 2, 2, 1, 200),
         GETATTR(NOBODY, 1), HOST(13, 0, A, 2, 1, 3, 200), GETATTR(NOBODY, 1),
         HOST(13, 0, C, 0, 0, 5), LOOKUP(NOBODY, 0, 2, C),
         HOST(12, 0, C, 4, 7, 15, 65, 33, 0), GETATTR(NOBODY, 2),
         HOST(12, 0, A, 9, 4, 1, 2), LISTXATTR(NOBODY, 1),
         OPEN(NOBODY, 1, 0, 1), WRITE(NOBODY, 0, 5), HOST(10, 0, A, 0xff),
         WRITE(NOBODY, 0, 5), HOST(11, 0, A, 5, 6), GETATTR(NOBODY, 1),
         HOST(14, 0, A, 9), HOST(21, 0, A, 7), GETATTR(NOBODY, 1)),
    SEED("host-mounts", LOOKUP(NOBODY, 0, 1, D), HOST(19, 0, 0, 0),
         LOOKUP(NOBODY, 0, 2, D), GETATTR(NOBODY, 2),
         CREATE(USER, 2, 3, 0, A, 2), OPEN(NOBODY, 0, 1, 0),
         READDIR(NOBODY, 1, 99, 1), RENAME(USER, 0, A, 2, A),
         RMDIR(USER, 0, D), GETATTR(NEVER, 3), LINK(USER, 3, 0, N),
         RENAME(USER, 0, D, 0, N), MKDIR(USER, 2, E), SYMLINK(USER, 2, L, 0),
         HOST(20, 0, 0, 0), GETATTR(NOBODY, 2), LOOKUP(NOBODY, 0, 4, D),
         UNLINK(USER, 4, C), READ(NOBODY, 0, 9)),
    SEED("whiteouts", MKNOD(ROOT, 0, N, 3), LOOKUP(ROOT, 0, 1, N),
         GETATTR(ROOT, 1), SETXATTR(ROOT, 0, 11, 0, 0),
         RENAME(ROOT, 0, N, 0, A), MKDIR(ROOT, 0, E), LOOKUP(ROOT, 0, 2, E),
         MKNOD(ROOT, 2, C, 3), OPEN(ROOT, 2, 0, 0), READDIR(ROOT, 0, 99, 0),
         LINK(ROOT, 1, 2, D), UNLINK(ROOT, 2, C), UNLINK(ROOT, 2, D),
         RMDIR(ROOT, 0, E)),
    SEED("names", LOOKUP(NOBODY, 0, 1, INPUT_NAME_META_ROOT),
         LOOKUP(NOBODY, 0, 1, INPUT_NAME_FOLDED),
         CREATE(USER, 0, 1, 0, INPUT_NAME_LONG, 2), GETATTR(NOBODY, 1),
         CREATE(USER, 0, 1, 1, INPUT_NAME_ODD, 2), GETATTR(NOBODY, 1),
         MKDIR(USER, 0, INPUT_NAME_TILDE), MKDIR(USER, 0, INPUT_NAME_SOFT),
         MKDIR(USER, 0, INPUT_NAME_TMP), MKDIR(USER, 0, META),
         RENAME(USER, 0, INPUT_NAME_TILDE, 0, META),
         LOOKUP(NOBODY, 0, 2, INPUT_NAME_TILDE), GETATTR(NOBODY, 2),
         RMDIR(USER, 0, INPUT_NAME_TILDE), OPEN(NOBODY, 0, 2, 0),
         READDIR(NOBODY, 2, 99, 0), RENAME(USER, 0, INPUT_NAME_LONG, 0, A)),
};

/* The first bytes, for each of @calls. */
typedef struct Variant {
    const char *name;
    uint8_t head[3];
} Variant;

static const Variant variants[] = {
    { "plain", { FS_SM_PASSTHROUGH } },
    { "xattr", { FS_SM_MAPPED_XATTR } },
    { "file", { FS_SM_MAPPED_FILE } },
    { "none", { FS_SM_NONE } },
    { "plain-old", { FS_SM_PASSTHROUGH, 0xff, TREE_NO_LINK_EMPTY } },
    { "xattr-old", { FS_SM_MAPPED_XATTR, 0xff, TREE_NO_LINK_EMPTY } },
    { "file-old", { FS_SM_MAPPED_FILE, TREE_NO_OPENAT2 | TREE_NO_MOUNTINFO,
                    TREE_MODES } },
    { "plain-maps", { FS_SM_PASSTHROUGH | TREE_MAPS, 0,
                      FS_MULTIDEVS_FORBID | TREE_WRITEOUT } },
    { "file-maps", { FS_SM_MAPPED_FILE | TREE_MAPS | TREE_SQUASH, 0,
                     TREE_STATFS_V9FS | FS_MULTIDEVS_WARN } },
    { "plain-few", { FS_SM_PASSTHROUGH | TREE_FEW_FDS | TREE_NO_LOCKS,
                     TREE_NO_CACHED, TREE_NESTED } },
    { "file-few", { FS_SM_MAPPED_FILE | TREE_FEW_FDS, TREE_NO_STATX } },
    { "readonly", { FS_SM_PASSTHROUGH | TREE_READONLY } },
};

static void write_tree(const char *dir, const Variant *variant,
                       const void *more, size_t n_more, const Seed *seed)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("%s-%s", variant->name,
                                            seed->name);

    g_byte_array_append(bytes, variant->head, 3);
    g_byte_array_append(bytes, more, n_more);
    g_byte_array_append(bytes, seed->bytes, seed->size);
    seed_write(dir, name, bytes->data, bytes->len);
}

void seeds_local(const char *dir)
{
    for (size_t v = 0; v < ARRAY_SIZE(variants); v++) {
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
            write_tree(dir, &variants[v], NULL, 0, &calls[i]);
        }
        for (size_t i = 0; i < ARRAY_SIZE(with_host); i++) {
            write_tree(dir, &variants[v], NULL, 0, &with_host[i]);
        }
    }
}

void seeds_synth(const char *dir)
{
    const uint8_t more[] = { INPUT_NAME_NEW, 195, 1 };

    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        write_tree(dir, &variants[0], more, sizeof(more), &calls[i]);
    }
    write_tree(dir, &variants[ARRAY_SIZE(variants) - 1], more, sizeof(more),
               &calls[2]);
}

/* ---- lies ---- */

#define LIES 8                  /* bytes of each of them */

/* After @honest replies the relay tells one lie. */
static void write_lie(const char *dir, unsigned kind, uint8_t arg,
                      uint8_t number, unsigned honest, const Seed *seed)
{
    uint8_t more[2 + LIES] = { seed->size % 8, LIES };
    g_autofree char *name = g_strdup_printf("lie-%u-%u-%u", kind, arg, honest);
    const Variant lying = { name, { FS_SM_PASSTHROUGH } };

    more[2 + honest] = LIE_FIRST + kind;
    more[3 + honest] = arg;
    more[4 + honest] = number;
    write_tree(dir, &lying, more, sizeof(more), seed);
}

void seeds_proxy(const char *dir)
{
    static const uint8_t ways[][2] = {
        { 0, 0 }, { PROXY_IN_ASK, 0 }, { PROXY_IN_YIELD, 0 },
        { PROXY_IN_YIELD | PROXY_IN_ASK, 0 },
    };
    const size_t n_calls = ARRAY_SIZE(calls);

    for (size_t i = 0; i < n_calls; i++) {
        for (size_t w = 0; w < ARRAY_SIZE(ways); w++) {
            const Variant variant = {
                ((const char *const[]) { "here", "ask", "yield",
                                         "yield-ask" })[w],
                { FS_SM_PASSTHROUGH | (w & 1 ? TREE_MAPS : 0) },
            };

            write_tree(dir, &variant, ways[w], 2, &calls[i]);
        }
    }
    for (unsigned kind = 0; kind < N_LIES; kind++) {
        for (unsigned honest = 0; honest < 4; honest++) {
            write_lie(dir, kind, 4 * (kind + honest), 200, honest,
                      &calls[(kind + honest) % n_calls]);
        }
    }
    for (unsigned odd = 0; odd < N_ODD_FDS; odd++) {
        write_lie(dir, LIE_FD, 4 * odd + odd % 3, 0, 1 + odd % 3,
                  &calls[odd % n_calls]);
    }
}
