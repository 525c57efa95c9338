/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sequence of calls of the driver interface: see guest.h.
 *
 * The byte after the operation chooses user and level; one byte for each
 * argument follows.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "guest.h"
#include "fuzz/must.h"
#include "world.h"

static const FsCall anything = {
    .wait = FS_WAIT_ANYTHING, .cred = { UINT32_MAX, UINT32_MAX },
};

/* ---- arguments ---- */

static FsNode **draw_slot(Guest *g, Input *in)
{
    return &g->node[input_below(in, GUEST_NODES)];
}

/* The root if the slot is empty. */
static FsNode *draw_node(Guest *g, Input *in)
{
    return *draw_slot(g, in) ?: g->node[0];
}

static FsFile **draw_file(Guest *g, Input *in)
{
    return &g->file[input_below(in, GUEST_FILES)];
}

static int draw_flags(Input *in)
{
    static const int more[] = {
        0, O_TRUNC, O_APPEND, O_EXCL, O_DIRECT, O_SYNC, O_NOATIME, O_DIRECTORY,
        O_NONBLOCK, O_DSYNC, O_NOFOLLOW, O_PATH, O_TRUNC | O_APPEND,
        O_TRUNC | O_EXCL,
    };
    unsigned v = input_byte(in);

    return v % 3 | more[v / 3 % ARRAY_SIZE(more)];
}

static uint32_t draw_mode(Input *in)
{
    return input_byte(in) * 16 & 07777;
}

static void draw_call(Guest *g, Input *in)
{
    static const FsCred users[] = {
        { UINT32_MAX, UINT32_MAX }, { 0, 0 }, { 1000, 1001 }, { 5, 5 },
        { 0, UINT32_MAX }, { 1000, 0, .gid_named = true },
        { 65534, 65534 }, { 70000, 70000, .gid_named = true },
    };
    unsigned v = input_byte(in);

    g->call = (FsCall) {
        .wait = v % 4 > FS_WAIT_ANYTHING ? FS_WAIT_ANYTHING : v % 4,
        .cred = users[v / 4 % ARRAY_SIZE(users)],
    };
    g->call.yield = g->call.wait == FS_WAIT_STORAGE ? g->yield : NULL;
}

/* What may wait for anything is never in a coroutine. */
static bool wait_longer(Guest *g)
{
    g->call.yield = NULL;
    return ++g->call.wait <= FS_WAIT_ANYTHING;
}

/* ---- results ---- */

static ssize_t checked(ssize_t ret)
{
    MUST(ret > -4096);
    return ret;
}

/* Make a call at higher levels until it is not refused. */
#define CALL(ret, ...) \
    do { \
        ret = checked(__VA_ARGS__); \
        if (!fs_call_refused(&g->call, ret)) { \
            break; \
        } \
    } while (wait_longer(g))

static void check_attr(const FsAttr *attr)
{
    unsigned type = attr->mode & S_IFMT;

    MUST(S_ISREG(type) || S_ISDIR(type) || S_ISLNK(type) || S_ISFIFO(type) ||
         S_ISCHR(type) || S_ISBLK(type) || S_ISSOCK(type));
}

static void put_node(FsNode **slot, FsNode *node)
{
    fs_node_unref(*slot);
    *slot = node;
}

static void put_file(FsFile **slot, FsFile *file)
{
    fs_release(&anything, *slot);
    *slot = file;
}

/* ---- records ---- */

static void do_lookup(Guest *g, Input *in)
{
    FsNode *dir = draw_node(g, in);
    FsNode **to = draw_slot(g, in);
    const char *name = input_name(in);
    FsNode *node = NULL;
    FsAttr attr;
    int ret;

    CALL(ret, fs_lookup(&g->call, dir, name, &node, &attr));
    if (ret == 0) {
        check_attr(&attr);
        put_node(to == g->node ? to + 1 : to, node);
    }
}

static void do_tree(Guest *g, GuestOp op, Input *in)
{
    FsNode *node = draw_node(g, in);
    char name[NAME_MAX + 1];
    FsNode *dir;
    int ret;

    switch (op) {
    case GUEST_PARENT:
        put_node(&g->node[1 + input_below(in, GUEST_NODES - 1)],
                 fs_parent(node));
        break;
    case GUEST_LOCATE:
        ret = checked(fs_locate(node, &dir, name));
        if (ret == 0) {
            MUST(*name && !strchr(name, '/') && strcmp(name, ".."));
            fs_node_unref(dir);
        }
        break;
    case GUEST_CHECK_USER:
        checked(fs_check_user(g->export, input_id(in)));
        fs_node_reach(node);
        fs_change_count();
        break;
    default:
        put_node(&g->node[1 + input_below(in, GUEST_NODES - 1)], NULL);
    }
}

static void do_getattr(Guest *g, Input *in)
{
    FsFile *file = *draw_file(g, in);
    unsigned flags = input_byte(in);
    FsNode *node = draw_node(g, in);
    FsAttr attr;
    int ret;

    file = flags & 2 ? file : NULL;
    CALL(ret, fs_getattr(&g->call, file ? file->node : node, file,
                         flags & 1 ? FS_FIRST_LOOK : 0, &attr));
    if (ret == 0) {
        check_attr(&attr);
    }
}

static struct timespec draw_time(Input *in)
{
    unsigned v = input_byte(in);

    return v & 1 ? (struct timespec) { .tv_nsec = UTIME_NOW }
                 : (struct timespec) { v / 2, v };
}

static void do_setattr(Guest *g, Input *in)
{
    FsNode *node = draw_node(g, in);
    FsFile *file = *draw_file(g, in);
    FsSetattr set = { .valid = input_byte(in) & 0x7f };
    int ret;

    set.mode = draw_mode(in);
    set.uid = input_id(in);
    set.gid = input_id(in);
    set.size = input_at_most(in, INT64_MAX);
    set.atime = draw_time(in);
    set.mtime = draw_time(in);
    if (!file || file->node != node) {
        file = NULL;
    }
    CALL(ret, fs_setattr(&g->call, node, file, &set));
}

static void do_read_node(Guest *g, GuestOp op, Input *in)
{
    FsNode *node = draw_node(g, in);
    char text[PATH_MAX];
    struct statfs st;
    size_t size;
    ssize_t ret;

    if (op == GUEST_STATFS) {
        CALL(ret, fs_statfs(&g->call, node, &st));
        return;
    }
    size = input_byte(in) & 1 ? sizeof(text) : 5;
    CALL(ret, fs_readlink(&g->call, node, text, size));
    MUST(ret <= (ssize_t)size);
}

static void do_create(Guest *g, Input *in)
{
    FsNode *dir = draw_node(g, in);
    FsNode **to = draw_slot(g, in);
    FsFile **file = draw_file(g, in);
    const char *name = input_name(in);
    int flags = draw_flags(in);
    uint32_t mode = draw_mode(in);
    FsNode *node = NULL;
    FsFile *opened = NULL;
    FsAttr attr;
    int ret;

    CALL(ret, fs_create(&g->call, dir, name, flags, mode, &node, &opened,
                        &attr));
    if (ret == 0) {
        check_attr(&attr);
        put_file(file, opened);
        put_node(to == g->node ? to + 1 : to, node);
    }
}

static void do_make(Guest *g, GuestOp op, Input *in)
{
    static const uint32_t types[] = {
        S_IFIFO, S_IFSOCK, S_IFREG, S_IFCHR, S_IFBLK, S_IFDIR, S_IFLNK, 0,
    };
    FsNode *dir = draw_node(g, in);
    const char *name = input_name(in);
    uint32_t mode = draw_mode(in);
    uint64_t rdev;
    FsAttr attr;
    int ret;

    if (op == GUEST_MKDIR) {
        CALL(ret, fs_mkdir(&g->call, dir, name, mode, &attr));
    } else if (op == GUEST_SYMLINK) {
        const char *target = input_target(in);

        CALL(ret, fs_symlink(&g->call, dir, name, target, &attr));
    } else {
        mode |= types[input_below(in, ARRAY_SIZE(types))];
        rdev = input_number(in);
        CALL(ret, fs_mknod(&g->call, dir, name, mode, rdev, &attr));
    }
    if (ret == 0) {
        check_attr(&attr);
    }
}

static void do_names(Guest *g, GuestOp op, Input *in)
{
    FsNode *node = draw_node(g, in);
    FsNode *dir = draw_node(g, in);
    const char *name = input_name(in);
    const char *other;
    bool is_dir;
    int ret;

    switch (op) {
    case GUEST_LINK:
        CALL(ret, fs_link(&g->call, node, dir, name));
        break;
    case GUEST_UNLINK:
        is_dir = input_byte(in) & 1;
        CALL(ret, fs_unlink(&g->call, dir, name, is_dir));
        break;
    default:
        other = input_name(in);
        CALL(ret, fs_rename(&g->call, node, name, dir, other));
    }
}

static void do_open(Guest *g, GuestOp op, Input *in)
{
    FsNode *node = draw_node(g, in);
    FsFile **to = draw_file(g, in);
    int flags = draw_flags(in) & ~O_EXCL;
    FsFile *file = NULL;
    FsAttr attr;
    int ret;

    if (op == GUEST_OPEN) {
        CALL(ret, fs_open(&g->call, node, flags, &file));
    } else {
        CALL(ret, fs_open_attr(&g->call, node, flags, &file, &attr));
    }
    if (ret == 0) {
        put_file(to, file);
    }
}

typedef struct Listing {
    unsigned most;
    uint64_t next;
} Listing;

static int list_one(void *opaque, const FsDirent *entry)
{
    Listing *listing = opaque;

    MUST(entry->name_len == strlen(entry->name));
    MUST(entry->name_len > 0 && entry->name_len <= NAME_MAX);
    MUST(!strchr(entry->name, '/'));
    if (!listing->most) {
        return 1;
    }
    listing->most--;
    listing->next = entry->next;
    return 0;
}

static void do_readdir(Guest *g, FsFile *file, Input *in)
{
    Listing listing = { .most = input_byte(in) };
    unsigned flags = input_byte(in);
    uint64_t from = flags & 2 ? input_number(in) : 0;
    int ret;

    flags = flags & 1 ? FS_READDIR_DEV : 0;
    CALL(ret, fs_readdir(&g->call, file, from, flags, list_one, &listing));
    if (ret == 0 && listing.next) {
        listing.most = 1000;
        checked(fs_readdir(&anything, file, listing.next, flags, list_one,
                           &listing));
    }
}

static void do_move(Guest *g, GuestOp op, FsFile *file, Input *in)
{
    static uint8_t bytes[65536];
    uint64_t offset = input_at_most(in, INT64_MAX);
    size_t size = input_at_most(in, sizeof(bytes) - 16);
    struct iovec iov[2] = {
        { bytes, size / 3 }, { bytes + size / 3 + 16, size - size / 3 },
    };
    ssize_t ret;

    memset(bytes, 'w', sizeof(bytes));
    if (op == GUEST_WRITE) {
        CALL(ret, fs_write(&g->call, file, iov, 2, offset));
    } else {
        CALL(ret, fs_read(&g->call, file, iov, 2, offset));
        world_check_bytes(bytes, sizeof(bytes));
    }
    MUST(ret <= (ssize_t)size);
}

static void do_file(Guest *g, GuestOp op, Input *in)
{
    FsFile **slot = draw_file(g, in);
    FsFile *file = *slot;
    int ret;

    if (!file) {
        return;
    }
    switch (op) {
    case GUEST_FSYNC:
        CALL(ret, fs_fsync(&g->call, file, input_byte(in) & 1));
        break;
    case GUEST_READDIR:
        if (file->is_dir) {
            do_readdir(g, file, in);
        }
        break;
    case GUEST_RELEASE:
        CALL(ret, fs_release(&g->call, file));
        *slot = NULL;
        break;
    default:
        if (!file->is_dir) {
            do_move(g, op, file, in);
        }
    }
}

static void do_xattr(Guest *g, GuestOp op, Input *in)
{
    static char room[65536];
    static const int flags[] = { 0, XATTR_CREATE, XATTR_REPLACE };
    FsNode *node = draw_node(g, in);
    const char *name = op == GUEST_LISTXATTR ? NULL : input_xattr(in);
    const void *value;
    size_t size;
    ssize_t ret;
    int how;

    switch (op) {
    case GUEST_SETXATTR:
        size = input_value(in, &value);
        how = flags[input_below(in, 3)];
        CALL(ret, fs_setxattr(&g->call, node, name, value, size, how));
        return;
    case GUEST_REMOVEXATTR:
        CALL(ret, fs_removexattr(&g->call, node, name));
        return;
    case GUEST_GETXATTR:
        size = input_at_most(in, sizeof(room));
        CALL(ret, fs_getxattr(&g->call, node, name, room, size));
        break;
    default:
        size = input_at_most(in, sizeof(room));
        CALL(ret, fs_listxattr(&g->call, node, room, size));
    }
    MUST(!size || ret <= (ssize_t)size);
    if (ret > 0 && size) {
        MUST(op == GUEST_GETXATTR || room[ret - 1] == '\0');
        world_check_bytes(room, ret);
    }
}

static void do_lock(Guest *g, GuestOp op, Input *in)
{
    static const short types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
    FsLocker **slot = &g->locker[input_below(in, GUEST_LOCKERS)];
    FsFile *file = *draw_file(g, in);
    FsLocker *locker = NULL;
    FsLock lock;
    int ret;

    if (op == GUEST_LOCKER_OPEN && file) {
        CALL(ret, fs_locker_open(&g->call, file, &locker));
        if (ret == 0) {
            fs_locker_close(*slot);
            *slot = locker;
        }
    } else if (op == GUEST_LOCKER_CLOSE) {
        fs_locker_close(*slot);
        *slot = NULL;
    } else if (*slot) {
        lock = (FsLock) { .type = types[input_below(in, 3)] };
        lock.start = input_number(in);
        lock.length = input_number(in);
        if (op == GUEST_LOCK) {
            CALL(ret, fs_lock(&g->call, *slot, &lock));
        } else {
            lock.type = lock.type == F_UNLCK ? F_WRLCK : lock.type;
            CALL(ret, fs_getlock(&g->call, *slot, &lock));
        }
    }
}

void guest_step(Guest *g, GuestOp op, Input *in)
{
    draw_call(g, in);
    switch (op) {
    case GUEST_LOOKUP:
        do_lookup(g, in);
        break;
    case GUEST_GETATTR:
        do_getattr(g, in);
        break;
    case GUEST_SETATTR:
        do_setattr(g, in);
        break;
    case GUEST_READLINK:
    case GUEST_STATFS:
        do_read_node(g, op, in);
        break;
    case GUEST_CREATE:
        do_create(g, in);
        break;
    case GUEST_MKDIR:
    case GUEST_MKNOD:
    case GUEST_SYMLINK:
        do_make(g, op, in);
        break;
    case GUEST_LINK:
    case GUEST_UNLINK:
    case GUEST_RENAME:
        do_names(g, op, in);
        break;
    case GUEST_OPEN:
    case GUEST_OPEN_ATTR:
        do_open(g, op, in);
        break;
    case GUEST_READ:
    case GUEST_WRITE:
    case GUEST_FSYNC:
    case GUEST_READDIR:
    case GUEST_RELEASE:
        do_file(g, op, in);
        break;
    case GUEST_GETXATTR:
    case GUEST_LISTXATTR:
    case GUEST_SETXATTR:
    case GUEST_REMOVEXATTR:
        do_xattr(g, op, in);
        break;
    case GUEST_LOCKER_OPEN:
    case GUEST_LOCKER_CLOSE:
    case GUEST_LOCK:
    case GUEST_GETLOCK:
        do_lock(g, op, in);
        break;
    default:
        do_tree(g, op, in);
    }
}

void guest_start(Guest *g, FsExport *export)
{
    *g = (Guest) { .export = export };
    g->node[0] = fs_root(export);
}

void guest_end(Guest *g)
{
    for (unsigned i = 0; i < GUEST_LOCKERS; i++) {
        fs_locker_close(g->locker[i]);
    }
    for (unsigned i = 0; i < GUEST_FILES; i++) {
        fs_release(&anything, g->file[i]);
    }
    for (unsigned i = 0; i < GUEST_NODES; i++) {
        fs_node_unref(g->node[i]);
    }
}
