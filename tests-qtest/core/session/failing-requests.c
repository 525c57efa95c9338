/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of 9P2000.L whose system calls fail: see failing-requests.h. */
#include "fsdev/core/p9-osdep.h"
#include "failing-requests.h"

#define SET_MODE 0x001u
#define SET_UID 0x002u
#define SET_GID 0x004u
#define SET_SIZE 0x008u
#define SET_ATIME 0x010u
#define SET_MTIME 0x020u
#define SET_CTIME 0x040u
#define SET_ATIME_TO (SET_ATIME | 0x080u)
#define SET_MTIME_TO (SET_MTIME | 0x100u)
#define AT_REMOVE_DIR 0x200u
#define NEW_FID 20

static int drop(World *w, uint32_t fid)
{
    ASK(w->c, clunk, .fid = fid);
    return 0;
}

/* ---- looking ---------------------------------------------------------- */

static int attach(World *w)
{
    int ret = client_attach_to(w->c, NEW_FID, "dir/sub");

    return ret ?: drop(w, NEW_FID);
}

static int walk(World *w)
{
    int ret = client_walk(w->c, 0, NEW_FID, "dir/../dir/inner");

    return ret ?: drop(w, NEW_FID);
}

static int getattr(World *w)
{
    return ASK(w->c, getattr, .fid = 1, .request_mask = 0xfff);
}

static int statfs_of(World *w)
{
    return ASK(w->c, statfs, .fid = 1);
}

static int readlink_of(World *w)
{
    return ASK(w->c, readlink, .fid = 1);
}

static int readdir_of(World *w)
{
    return ASK(w->c, readdir, .fid = 1, .count = 4000);
}

static int read_of(World *w)
{
    return MIN(client_read(w->c, 1, 0, 100), 0);
}

static int xattrwalk(World *w)
{
    int ret = ASK(w->c, xattrwalk, .fid = 1, .newfid = NEW_FID,
                  .name = P9STR("user.kept"));

    return ret ?: drop(w, NEW_FID);
}

static int xattrwalk_list(World *w)
{
    int ret = ASK(w->c, xattrwalk, .fid = 1, .newfid = NEW_FID);

    return ret ?: drop(w, NEW_FID);
}

static int lock(World *w)
{
    int ret = ASK(w->c, lock, .fid = 1, .type = 1, .length = 5,
                  .proc_id = 7, .client_id = P9STR("c"));

    ASK(w->c, lock, .fid = 1, .type = 2, .proc_id = 7,
        .client_id = P9STR("c"));
    return ret;
}

static int getlock(World *w)
{
    return ASK(w->c, getlock, .fid = 1, .type = 1, .length = 5, .proc_id = 7,
               .client_id = P9STR("c"));
}

static int fsync_of(World *w)
{
    return ASK(w->c, fsync, .fid = 1);
}

static int open_to_read(World *w)
{
    return ASK(w->c, lopen, .fid = 1, .flags = O_RDONLY);
}

/* ---- opening and writing ---------------------------------------------- */

static int open_to_cut(World *w)
{
    return ASK(w->c, lopen, .fid = 1, .flags = O_WRONLY | O_TRUNC);
}

static int write_of(World *w)
{
    return MIN(client_write(w->c, 1, 3, "XYZ", 3), 0);
}

/* ---- making ----------------------------------------------------------- */

static int lcreate(World *w)
{
    return ASK(w->c, lcreate, .fid = 1, .name = P9NAME("new"),
               .flags = O_RDWR | O_CREAT | O_EXCL, .mode = 0751, .gid = 1001);
}

static int lcreate_existing(World *w)
{
    return ASK(w->c, lcreate, .fid = 1, .name = P9NAME("inner"),
               .flags = O_RDWR | O_CREAT | O_TRUNC, .mode = 0751,
               .gid = 1001);
}

static int lcreate_setid(World *w)
{
    return ASK(w->c, lcreate, .fid = 1, .name = P9NAME("new"),
               .flags = O_RDWR | O_CREAT, .mode = 04751, .gid = 1001);
}

static int mkdir_in(World *w)
{
    return ASK(w->c, mkdir, .fid = 1, .name = P9NAME("new"), .mode = 01755,
               .gid = 1001);
}

static int mknod_in(World *w, uint32_t mode, uint32_t major, uint32_t minor)
{
    return ASK(w->c, mknod, .fid = 1, .name = P9NAME("new"), .mode = mode,
               .major = major, .minor = minor, .gid = 1001);
}

static int mknod_fifo(World *w)
{
    return mknod_in(w, S_IFIFO | 0640, 0, 0);
}

static int mknod_device(World *w)
{
    return mknod_in(w, S_IFCHR | 0640, 1, 3);
}

static int mknod_file(World *w)
{
    return mknod_in(w, S_IFREG | 0640, 0, 0);
}

static int mknod_whiteout(World *w)
{
    return mknod_in(w, S_IFCHR, 0, 0);
}

/* The first whiteout of a directory marks it, which may stay. */
static void mark_by_whiteout(World *w)
{
    g_assert_cmpint(ASK(w->c, mknod, .fid = 1, .name = P9NAME("first"),
                        .mode = S_IFCHR, .gid = 1001), ==, 0);
}

static int symlink_in(World *w)
{
    return ASK(w->c, symlink, .fid = 1, .name = P9NAME("new"),
               .target = P9STR("some/where"), .gid = 1001);
}

/* ---- names ------------------------------------------------------------ */

static int link_into(World *w)
{
    return ASK(w->c, link, .dfid = 2, .fid = 1, .name = P9NAME("new"));
}

static int rename_into(World *w)
{
    return ASK(w->c, rename, .fid = 1, .dfid = 2, .name = P9NAME("new"));
}

static int rename_over(World *w)
{
    return ASK(w->c, rename, .fid = 1, .dfid = 2, .name = P9NAME("inner"));
}

static int move(World *w, const char *from, uint32_t newdir,
                    const char *to)
{
    return ASK(w->c, renameat, .olddirfid = 0, .oldname = P9NAME(from),
               .newdirfid = newdir, .newname = P9NAME(to));
}

static int renameat_beside(World *w)
{
    return move(w, "file", 0, "new");
}

static int renameat_over(World *w)
{
    return move(w, "other", 0, "file");
}

static int renameat_hosts_over(World *w)
{
    return move(w, "hosts", 0, "file");
}

static int renameat_over_hosts(World *w)
{
    return move(w, "file", 0, "hosts");
}

static int renameat_into_empty(World *w)
{
    return move(w, "file", 1, "new");
}

static int renameat_over_empty(World *w)
{
    return move(w, "dir", 0, "empty");
}

static int unlink_in(World *w, const char *name, uint32_t flags)
{
    return ASK(w->c, unlinkat, .dfid = 0, .name = P9NAME(name),
               .flags = flags);
}

static int unlink_file(World *w)
{
    return unlink_in(w, "file", 0);
}

static int unlink_other(World *w)
{
    return unlink_in(w, "other", 0);
}

static int unlink_fifo(World *w)
{
    return unlink_in(w, "fifo", 0);
}

static int rmdir_empty(World *w)
{
    return unlink_in(w, "empty", AT_REMOVE_DIR);
}

static int rmdir_full(World *w)
{
    return unlink_in(w, "dir", AT_REMOVE_DIR) == -ENOTEMPTY ? 0 : -EIO;
}

static int remove_fid(World *w)
{
    return ASK(w->c, remove, .fid = 1);
}

/* ---- attributes ------------------------------------------------------- */

static int setattr(World *w, uint32_t valid)
{
    return ASK(w->c, setattr, .fid = 1, .valid = valid, .mode = 0711,
               .uid = 77, .gid = 88, .size = 4, .atime_sec = 1000,
               .mtime_sec = 2000);
}

static int set_mode(World *w)
{
    return setattr(w, SET_MODE);
}

static int set_owner(World *w)
{
    return setattr(w, SET_UID | SET_GID | SET_CTIME);
}

static int set_owner_and_mode(World *w)
{
    return setattr(w, SET_UID | SET_GID | SET_MODE);
}

static int set_size(World *w)
{
    return setattr(w, SET_SIZE | SET_MTIME | SET_CTIME);
}

static int set_size_and_times(World *w)
{
    return setattr(w, SET_SIZE | SET_ATIME_TO | SET_MTIME_TO);
}

static int set_all(World *w)
{
    return setattr(w, SET_MODE | SET_UID | SET_GID | SET_SIZE | SET_ATIME_TO |
                   SET_MTIME_TO);
}

static int set_times(World *w)
{
    return setattr(w, SET_ATIME_TO | SET_MTIME_TO);
}

static int set_times_now(World *w)
{
    return setattr(w, SET_ATIME | SET_MTIME | SET_CTIME);
}

static int set_ctime(World *w)
{
    return setattr(w, SET_CTIME);
}

static void lose_name(World *w)
{
    g_assert_cmpint(unlink_file(w), ==, 0);
}

static int set_xattr(World *w, const char *name, const char *value,
                     uint32_t flags)
{
    return client_set_xattr(w->c, 1, name, value, strlen(value), flags);
}

static int add_xattr(World *w)
{
    return set_xattr(w, "user.new", "value", 0);
}

static int change_xattr(World *w)
{
    return set_xattr(w, "user.kept", "another", 0);
}

static int remove_xattr(World *w)
{
    return set_xattr(w, "user.kept", "", 2 /* XATTR_REPLACE */);
}

static int remove_acl(World *w)
{
    return set_xattr(w, "system.posix_acl_access", "", 0);
}

/* ---- the table -------------------------------------------------------- */

#define FID(path, ...) .fid = { { path, NOT_OPEN }, ##__VA_ARGS__ }
#define OPEN(path, flags) .fid = { { path, flags } }
#define OWNERS (LOCAL_PASSTHROUGH | LOCAL_MAPPED | LOCAL_PROXY)

const FailingRequest failing_requests[] = {
    { "attach", "below", .ask = attach, .reads = true },
    { "walk", "several", .ask = walk, .reads = true },
    { "getattr", "file", FID("file"), .ask = getattr, .reads = true },
    { "getattr", "directory", FID("dir"), .ask = getattr, .reads = true },
    { "statfs", "root", FID("dir"), .ask = statfs_of, .reads = true },
    { "readlink", "link", FID("link"), .ask = readlink_of, .reads = true },
    { "readdir", "root", OPEN("", O_RDONLY), .ask = readdir_of,
      .reads = true },
    { "read", "file", OPEN("file", O_RDONLY), .ask = read_of, .reads = true },
    { "xattrwalk", "value", FID("prog"), .ask = xattrwalk, .reads = true },
    { "xattrwalk", "list", FID("prog"), .ask = xattrwalk_list, .reads = true },
    { "lock", "file", OPEN("file", O_RDWR), .ask = lock, .reads = true },
    { "getlock", "file", OPEN("file", O_RDWR), .ask = getlock,
      .reads = true },
    { "fsync", "file", OPEN("file", O_RDWR), .ask = fsync_of, .reads = true },
    { "lopen", "to-read", FID("file"), .ask = open_to_read },
    { "lopen", "to-cut", FID("file"), .ask = open_to_cut },
    { "lopen", "to-cut-program", FID("prog"), .ask = open_to_cut,
      .without = WORLD_NO_SETID },
    { "write", "file", OPEN("file", O_RDWR), .ask = write_of },
    { "write", "program", OPEN("prog", O_RDWR), .ask = write_of,
      .without = WORLD_NO_SETID },
    { "lcreate", "new", FID("dir"), .ask = lcreate },
    { "lcreate", "in-empty", FID("empty"), .ask = lcreate },
    /*
     * With the proxy, QEMU looks at what the helper has opened, and does not
     * know whether it was made, unless the request says so.
     */
    { "lcreate", "set-id", FID("dir"), .ask = lcreate_setid,
      .models = LOCAL_ALL },
    { "lcreate", "existing-to-cut", FID("dir"), .ask = lcreate_existing,
      .models = LOCAL_ALL },
    { "mkdir", "new", FID("dir"), .ask = mkdir_in },
    { "mknod", "fifo", FID("dir"), .ask = mknod_fifo },
    { "mknod", "device", FID("dir"), .ask = mknod_device, .models = OWNERS },
    { "mknod", "file", FID("dir"), .ask = mknod_file },
    { "mknod", "whiteout", FID("dir"), .prepare = mark_by_whiteout,
      .ask = mknod_whiteout, .models = OWNERS },
    { "symlink", "new", FID("dir"), .ask = symlink_in },
    { "link", "file", FID("file", { "dir", NOT_OPEN }), .ask = link_into },
    { "link", "hosts", FID("hosts", { "dir", NOT_OPEN }), .ask = link_into },
    { "link", "into-empty", FID("file", { "empty", NOT_OPEN }),
      .ask = link_into },
    { "rename", "into-directory", FID("file", { "dir", NOT_OPEN }),
      .ask = rename_into },
    { "rename", "over", FID("file", { "dir", NOT_OPEN }),
      .ask = rename_over },
    { "renameat", "beside", .ask = renameat_beside },
    { "renameat", "over", .ask = renameat_over },
    { "renameat", "over-held", OPEN("file", O_RDWR), .ask = renameat_over },
    { "renameat", "hosts-over", .ask = renameat_hosts_over },
    { "renameat", "over-hosts", .ask = renameat_over_hosts },
    { "renameat", "into-empty", FID("empty"), .ask = renameat_into_empty },
    { "renameat", "directory-over-empty", .ask = renameat_over_empty,
      .without = WORLD_NO_GARBAGE },
    { "unlinkat", "file", .ask = unlink_file },
    { "unlinkat", "held-file", OPEN("file", O_RDWR), .ask = unlink_file },
    { "unlinkat", "last-name", .ask = unlink_other },
    { "unlinkat", "held-last-name", OPEN("other", O_RDWR),
      .ask = unlink_other },
    { "unlinkat", "fifo", FID("fifo"), .ask = unlink_fifo },
    { "unlinkat", "directory", .ask = rmdir_empty,
      .without = WORLD_NO_GARBAGE },
    { "unlinkat", "full-directory", .ask = rmdir_full, .reads = true },
    { "remove", "file", FID("other"), .ask = remove_fid, .clunks = true },
    { "remove", "directory", FID("empty"), .ask = remove_fid,
      .clunks = true, .without = WORLD_NO_GARBAGE },
    { "setattr", "mode", FID("file"), .ask = set_mode },
    { "setattr", "mode-of-other", FID("other"), .ask = set_mode },
    { "setattr", "mode-of-hosts", FID("hosts"), .ask = set_mode },
    { "setattr", "mode-of-directory", FID("dir"), .ask = set_mode },
    { "setattr", "mode-of-root", FID(""), .ask = set_mode },
    { "setattr", "owner", FID("file"), .ask = set_owner, .models = OWNERS },
    { "setattr", "owner-of-hosts", FID("hosts"), .ask = set_owner,
      .models = OWNERS },
    { "setattr", "owner-of-program", FID("prog"), .ask = set_owner,
      .models = OWNERS },
    { "setattr", "owner-of-link", FID("link"), .ask = set_owner,
      .models = OWNERS },
    { "setattr", "owner-and-mode", FID("other"), .ask = set_owner_and_mode,
      .models = OWNERS },
    { "setattr", "owner-and-mode-of-hosts", FID("hosts"),
      .ask = set_owner_and_mode, .models = OWNERS },
    { "setattr", "owner-and-mode-of-program", FID("prog"),
      .ask = set_owner_and_mode, .models = OWNERS },
    { "setattr", "mode-without-name", OPEN("file", O_RDWR),
      .prepare = lose_name, .ask = set_mode },
    { "setattr", "owner-and-mode-without-name", OPEN("file", O_RDWR),
      .prepare = lose_name, .ask = set_owner_and_mode, .models = OWNERS },
    { "setattr", "size", FID("file"), .ask = set_size },
    { "setattr", "size-of-open", OPEN("file", O_RDWR), .ask = set_size },
    { "setattr", "size-of-program", FID("prog"), .ask = set_size,
      .without = WORLD_NO_SETID },
    { "setattr", "size-and-times", FID("file"), .ask = set_size_and_times },
    { "setattr", "all", FID("other"), .ask = set_all, .models = OWNERS },
    { "setattr", "all-of-hosts", FID("hosts"), .ask = set_all,
      .models = OWNERS },
    { "setattr", "all-of-program", FID("prog"), .ask = set_all,
      .models = OWNERS, .without = WORLD_NO_SETID },
    { "setattr", "times", FID("file"), .ask = set_times },
    { "setattr", "times-now", FID("file"), .ask = set_times_now },
    { "setattr", "ctime", FID("file"), .ask = set_ctime },
    { "xattrcreate", "new", FID("file"), .ask = add_xattr, .clunks = true },
    { "xattrcreate", "existing", FID("prog"), .ask = change_xattr,
      .clunks = true },
    { "clunk", "removes-xattr", FID("prog"), .ask = remove_xattr,
      .clunks = true },
    { "clunk", "removes-acl", FID("prog"), .ask = remove_acl, .clunks = true,
      .models = OWNERS },
};
const size_t failing_request_count = ARRAY_SIZE(failing_requests);
