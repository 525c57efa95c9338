/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages that are sent to storage that hangs: see ring-hang.h.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "ring-hang.h"

enum {
    TOPEN = 112, TCREATE = 114, TSTAT = 124, TWSTAT = 126,
    ORDWR = 2,
    NONE32 = 0xffffffffu,
};

/* Fids of a tree are numbered from a base that each tree has. */
#define FID(n)      (1ull << 40 | (n))
#define FID_DIR     FID(1)
#define FID_FILE    FID(2)
#define FID_LINK    FID(3)
#define FID_G       FID(4)
#define FID_E       FID(5)
#define FID_RW      FID(6)          /* opened */
#define FID_RD      FID(7)          /* opened */
#define FID_XATTR   FID(8)          /* after a Txattrcreate */
#define FID_NEW     FID(9)
#define ROOT        0

#define WALK2(fid, ...) \
    { "walk", RING_TWALK, "442ss", { ROOT, fid, 2 }, { __VA_ARGS__ } }
#define WALK3(fid, ...) \
    { "walk", RING_TWALK, "442sss", { ROOT, fid, 3 }, { __VA_ARGS__ } }

const HangMessage hang_walks[] = {
    WALK2(FID_DIR, "@", "dir"),
    WALK2(FID_RD, "@", "dir"),
    WALK2(FID_E, "@", "e"),
    WALK3(FID_FILE, "@", "dir", "file"),
    WALK3(FID_RW, "@", "dir", "file"),
    WALK3(FID_XATTR, "@", "dir", "file"),
    WALK3(FID_LINK, "@", "dir", "link"),
    WALK3(FID_G, "@", "dir", "g"),
    { NULL }
};

const HangMessage hang_opens[] = {
    { "open", RING_TLOPEN, "44", { FID_RW, RING_O_RDWR } },
    { "open", RING_TLOPEN, "44", { FID_RD, RING_O_RDONLY } },
    { "xattr", RING_TXATTRCREATE, "4s84", { FID_XATTR }, { "user.x" } },
    { NULL }
};

const HangMessage hang_opens_dotu[] = {
    { "open", TOPEN, "41", { FID_RW, ORDWR } },
    { "open", TOPEN, "41", { FID_RD } },
    { NULL }
};

#define L(what, type, layout, ...) { what, RING_T##type, layout, __VA_ARGS__ }
#define U(what, type, layout, ...) \
    { what, type, layout, __VA_ARGS__, .dotu = true }

const HangMessage hang_messages[] = {
    L("statfs", STATFS, "4", { FID_FILE }),
    L("open file", LOPEN, "44", { FID_FILE, RING_O_RDWR | RING_O_TRUNC }),
    L("open dir", LOPEN, "44", { FID_DIR, RING_O_RDONLY }),
    L("create new", LCREATE, "4s444", { FID_DIR, RING_O_RDWR, 0644 },
      { "new" }),
    L("create over file", LCREATE, "4s444", { FID_DIR, RING_O_RDWR, 0644 },
      { "file" }),
    L("create over m", LCREATE, "4s444", { FID_DIR, RING_O_RDWR, 0644 },
      { "m" }),
    L("symlink", SYMLINK, "4ss4", { FID_DIR }, { "new", "file" }),
    L("mknod", MKNOD, "4s4444", { FID_DIR, S_IFIFO | 0644 }, { "new" }),
    L("rename", RENAME, "44s", { FID_FILE, FID_E }, { "moved" }),
    L("readlink", READLINK, "4", { FID_LINK }),
    L("getattr of file", GETATTR, "48", { FID_FILE, RING_GETATTR_BASIC }),
    L("getattr of dir", GETATTR, "48", { FID_DIR, RING_GETATTR_BASIC }),
    L("getattr of open file", GETATTR, "48", { FID_RW, RING_GETATTR_BASIC }),
    L("setattr mode", SETATTR, "4444488888",
      { FID_FILE, RING_SETATTR_MODE | RING_SETATTR_UID, 0600, 1 }),
    L("setattr size", SETATTR, "4444488888", { FID_FILE, RING_SETATTR_SIZE }),
    L("setattr size of open file", SETATTR, "4444488888",
      { FID_RW, RING_SETATTR_SIZE }),
    L("get xattr", XATTRWALK, "44s", { FID_FILE, FID_NEW }, { "user.x" }),
    L("list xattrs", XATTRWALK, "44s", { FID_DIR, FID_NEW }, { "" }),
    L("set xattr", CLUNK, "4", { FID_XATTR }),
    L("readdir", READDIR, "484", { FID_RD, 0, 900 }),
    L("fsync", FSYNC, "44", { FID_RW }),
    L("lock", LOCK, "414884s", { FID_RW, RING_LOCK_WRLCK, 0, 0, 1, 1 },
      { "me" }),
    L("getlock", GETLOCK, "41884s", { FID_RW, RING_LOCK_WRLCK, 0, 1, 1 },
      { "me" }),
    L("link", LINK, "44s", { FID_DIR, FID_FILE }, { "new" }),
    L("mkdir", MKDIR, "4s44", { FID_DIR, 0755 }, { "new" }),
    L("mkdir over m", MKDIR, "4s44", { FID_DIR, 0755 }, { "m" }),
    L("renameat", RENAMEAT, "4s4s", { FID_DIR, FID_DIR }, { "file", "g" }),
    L("renameat of m", RENAMEAT, "4s4s", { FID_DIR, FID_DIR }, { "m", "n" }),
    L("renameat to e", RENAMEAT, "4s4s", { FID_DIR, FID_E }, { "g", "g" }),
    L("unlinkat", UNLINKAT, "4s4", { FID_DIR }, { "file" }),
    L("unlinkat of m", UNLINKAT, "4s4", { FID_DIR, RING_AT_REMOVEDIR },
      { "m" }),
    L("attach", ATTACH, "44ss4", { FID_NEW, RING_NOFID, 0 }, { "", "@/dir" }),
    L("walk from root", WALK, "442sss", { ROOT, FID_NEW, 3 },
      { "@", "dir", "file" }),
    L("walk through dir", WALK, "442sss", { ROOT, FID_NEW, 3 },
      { "@", "dir", "dir" }),
    L("walk to m", WALK, "442s", { FID_DIR, FID_NEW, 1 }, { "m" }),
    L("walk into m", WALK, "442ss", { FID_DIR, FID_NEW, 2 }, { "m", "file" }),
    L("walk up", WALK, "442ss", { FID_DIR, FID_NEW, 2 }, { "..", "dir" }),
    L("read", READ, "484", { FID_RW, 0, 8 }),
    /* The payload is the string with its length. */
    L("write", WRITE, "484s", { FID_RW, 0, 3 }, { "x" }),
    L("clunk", CLUNK, "4", { FID_RW }),
    L("remove file", REMOVE, "4", { FID_FILE }),
    L("remove dir", REMOVE, "4", { FID_DIR }),
    U(".u open", TOPEN, "41", { FID_FILE, ORDWR }),
    U(".u create", TCREATE, "4s41s", { FID_DIR, 0755 | 1u << 31 },
      { "new", "" }),
    U(".u read dir", RING_TREAD, "484", { FID_RD, 0, 900 }),
    U(".u stat", TSTAT, "4", { FID_LINK }),
    U(".u wstat", TWSTAT, "422241484448sssss444",
      { FID_FILE, 64, 62, 0xffff, NONE32, 0xff, NONE32, UINT64_MAX, 0600,
        NONE32, NONE32, UINT64_MAX, NONE32, NONE32, NONE32 },
      { "h", "", "", "", "" }),
    { NULL }
};

static void append_string(RingMsg *m, const char *s, const char *tree)
{
    g_autofree char *text = *s == '@' ? g_strconcat(tree, s + 1, NULL)
                                      : g_strdup(s);
    uint16_t len = cpu_to_le16(strlen(text));

    ring_msg_append(m, &len, sizeof(len));
    ring_msg_append(m, text, strlen(text));
}

/* The number of the fid is the second field of a walk, the first of others. */
bool hang_needs(const HangMessage *message, const HangMessage *maker)
{
    uint64_t fid = maker->n[maker->type == RING_TWALK];

    for (unsigned i = 0; i < G_N_ELEMENTS(message->n); i++) {
        if (message->n[i] == fid) {
            return true;
        }
    }
    return false;
}

RingMsg *hang_encode(const HangMessage *message, const char *tree,
                     unsigned base)
{
    RingMsg *m = ring_msg(message->type, "");
    const uint64_t *n = message->n;
    const char *const *s = message->s;

    for (const char *p = message->layout; *p; p++) {
        uint64_t value;

        if (*p == 's') {
            append_string(m, *s++, tree);
            continue;
        }
        value = *n & FID(0) ? base + (*n & ~FID(0)) : *n;
        value = cpu_to_le64(value);
        ring_msg_append(m, &value, *p - '0');
        n++;
    }
    ring_msg_size(m, m->bytes->len);
    return m;
}
