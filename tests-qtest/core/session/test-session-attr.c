/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attributes, statfs and locks through a session.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/test-call.h"

#define BASIC 0x7ff

static struct P9Rgetattr getattr(Client *c, uint32_t fid)
{
    g_assert_cmpint(ASK(c, getattr, .fid = fid, .request_mask = UINT64_MAX),
                    ==, 0);
    return client_last(c)->r.getattr;
}

static void test_getattr(void)
{
    g_autoptr(Client) c = client_start_files();
    struct P9Rgetattr r = getattr(c, 1);
    FsNode *node = memfs_node(c->export, "file");
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    fs_node_unref(node);
    g_assert_cmphex(r.valid & BASIC, ==, BASIC);
    g_assert_cmphex(r.valid & ~0xfffULL, ==, 0);
    g_assert_cmphex(r.mode, ==, S_IFREG | 0644);
    g_assert_cmpuint(r.nlink, ==, 1);
    g_assert_cmpuint(r.size, ==, 10);
    g_assert_cmpuint(r.blocks, ==, 1);
    g_assert_cmpuint(r.mtime_sec, ==, attr.mtime.tv_sec);
    g_assert_cmpuint(r.mtime_nsec, ==, attr.mtime.tv_nsec);
    g_assert_cmpuint(r.ctime_nsec, ==, attr.ctime.tv_nsec);
    g_assert_cmpuint(r.atime_sec, ==, attr.atime.tv_sec);
    g_assert_cmphex(r.valid & 0x800, ==, 0x800);
    g_assert_cmpuint(r.btime_sec, ==, attr.btime.tv_sec);
    g_assert_cmpuint(r.btime_nsec, ==, attr.btime.tv_nsec);
    /* Applications use the block size as the size of their transfers. */
    g_assert_cmpuint(r.blksize, ==, 65536 - 4096);
    /* The time of birth is only sent when the request asks for it. */
    g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = BASIC), ==, 0);
    g_assert_cmphex(client_last(c)->r.getattr.valid, ==, BASIC);
    memfs_fail(c->export, MEM_GETATTR, ESTALE, 1);
    g_assert_cmpint(ASK(c, getattr, .fid = 1), ==, -ESTALE);
}

static void test_rdev(void)
{
    static const struct {
        uint32_t major, minor;
        uint64_t wire;
    } devs[] = {
        { 1, 3, 0x103 }, { 0, 255, 0xff }, { 8, 256, 0x100800 },
        { 4095, 1048575, 0xffffffff }, { 259, 0x12345, 0x12310345 },
    };
    g_autoptr(Client) c = client_start_files();

    for (unsigned i = 0; i < ARRAY_SIZE(devs); i++) {
        g_autofree char *name = g_strdup_printf("dev%u", i);

        g_assert_cmpint(ASK(c, mknod, .fid = 2, .name = P9NAME(name),
                            .mode = S_IFCHR | 0600, .major = devs[i].major,
                            .minor = devs[i].minor), ==, 0);
        g_assert_cmpint(client_walk(c, 2, 10 + i, name), ==, 0);
        g_assert_cmphex(getattr(c, 10 + i).rdev, ==, devs[i].wire);
    }
}

/* ---- qids ---- */

/* The version is not 0, and changes when the content does and only then. */
static void test_qid_version(void)
{
    g_autoptr(Client) c = client_start_files();
    P9Qid before = getattr(c, 1).qid;
    P9Qid after;

    g_assert_cmpuint(before.version, !=, 0);
    g_assert_cmpuint(getattr(c, 1).qid.version, ==, before.version);
    g_assert_cmpint(client_walk(c, 0, 3, "file"), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.qid[0].version, ==,
                     before.version);
    g_assert_cmpint(ASK(c, lopen, .fid = 3, .flags = O_RDWR), ==, 0);
    g_assert_cmpuint(client_last(c)->r.lopen.qid.version, ==,
                     before.version);
    g_assert_cmpint(client_write(c, 3, 0, "x", 1), ==, 1);
    after = getattr(c, 1).qid;
    g_assert_cmpuint(after.version, !=, before.version);
    g_assert_cmpuint(after.version, !=, 0);
    g_assert_cmphex(after.path, ==, before.path);
    g_assert_cmphex(after.type, ==, P9_QTFILE);
}

/*
 * The version differs even when size and mtime are the same as before, as
 * after cp -p or touch -r.
 */
static void test_qid_version_mtime_put_back(void)
{
    g_autoptr(Client) c = client_start_files();
    struct P9Rgetattr before = getattr(c, 1);

    g_assert_cmpint(client_open(c, 3, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_write(c, 3, 0, "x", 1), ==, 1);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x120,
                        .mtime_sec = before.mtime_sec,
                        .mtime_nsec = before.mtime_nsec), ==, 0);
    g_assert_cmpuint(getattr(c, 1).mtime_nsec, ==, before.mtime_nsec);
    g_assert_cmpuint(getattr(c, 1).size, ==, before.size);
    g_assert_cmpuint(getattr(c, 1).qid.version, !=, before.qid.version);
}

/* cache-hint=off: the version of a file is 0 in every reply. */
static void test_no_cache_hint(void)
{
    FsConfig config = { .no_cache_hint = true };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);

    client_version(c, 65536, "9P2000.L");
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpuint(client_last(c)->r.attach.qid.version, !=, 0);
    memfs_add(c->export, "file", "0123456789");
    g_assert_cmpint(client_walk(c, 0, 1, "file"), ==, 0);
    g_assert_cmpuint(client_last(c)->r.walk.qids.qid[0].version, ==, 0);
    g_assert_cmpuint(getattr(c, 1).qid.version, ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = O_RDWR), ==, 0);
    g_assert_cmpuint(client_last(c)->r.lopen.qid.version, ==, 0);
    g_assert_cmpint(ASK(c, lcreate, .fid = 0, .name = P9NAME("new"),
                        .flags = O_RDWR, .mode = 0600), ==, 0);
    g_assert_cmpuint(client_last(c)->r.lcreate.qid.version, ==, 0);
}

/* Hard links have the same qid path; other files have other ones. */
static void test_qid_path(void)
{
    g_autoptr(Client) c = client_start_files();
    uint64_t path = getattr(c, 1).qid.path;

    g_assert_cmpint(ASK(c, link, .dfid = 2, .fid = 1, .name = P9NAME("l")),
                    ==, 0);
    g_assert_cmpint(client_walk(c, 2, 3, "l"), ==, 0);
    g_assert_cmphex(getattr(c, 3).qid.path, ==, path);
    g_assert_cmphex(getattr(c, 2).qid.path, !=, path);
    g_assert_cmpuint(getattr(c, 3).nlink, ==, 2);
}

/* The policies of multidevs, with an object on a second device. */
static void check_multidevs(FsMultidevs policy)
{
    FsConfig config = { .multidevs = policy };
    g_autoptr(Client) c = client_new(memfs_open_config(&config),
                                     CLIENT_INLINE, NULL);
    FsNode *node;
    uint64_t dir;
    int ret;

    memfs_add(c->export, "dir", NULL);
    memfs_add(c->export, "dir/other", "x");
    node = memfs_node(c->export, "dir/other");
    memfs_set_dev(node, MEMFS_DEV + 1);
    fs_node_unref(node);
    client_version(c, 65536, "9P2000.L");
    client_attach(c, 0, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "dir"), ==, 0);
    dir = client_last(c)->r.walk.qids.qid[0].path;
    ret = ASK(c, walk, .fid = 1, .newfid = 2,
              .names = { .n = 1, .name = { P9NAME("other") } });
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    /* An object to which access is denied is listed like the others. */
    g_assert_cmpint(ASK(c, readdir, .fid = 1, .count = 4096), ==, 0);
    g_assert_cmpint(client_last(c)->r.readdir.data.count, ==,
                    3 * 24 + strlen("." ".." "other"));
    if (policy == FS_MULTIDEVS_FORBID) {
        g_assert_cmpint(ret, ==, -ENODEV);
        return;
    }
    g_assert_cmpint(ret, ==, 0);
    if (policy == FS_MULTIDEVS_WARN) {
        /* The host's inode number, though it may collide with another. */
        g_assert_cmphex(getattr(c, 2).qid.path, <, 100);
    } else {
        g_assert_cmphex(getattr(c, 2).qid.path >> 56, ==, 0xff);
    }
    g_assert_cmphex(dir, !=, getattr(c, 2).qid.path);
}

static void test_multidevs_remap(void)
{
    check_multidevs(FS_MULTIDEVS_REMAP);
}

static void test_multidevs_forbid(void)
{
    check_multidevs(FS_MULTIDEVS_FORBID);
}

static void test_multidevs_warn(void)
{
    check_multidevs(FS_MULTIDEVS_WARN);
}

/* ---- setattr ---- */

static void test_setattr(void)
{
    g_autoptr(Client) c = client_start_files();
    struct P9Rgetattr r;

    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 7, .mode = 0100751,
                        .uid = 5, .gid = 6), ==, 0);
    r = getattr(c, 1);
    g_assert_cmphex(r.mode, ==, S_IFREG | 0751);
    g_assert_cmpuint(r.uid, ==, 5);
    g_assert_cmpuint(r.gid, ==, 6);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8, .size = 4), ==, 0);
    client_check_content(c, "file", "0123");
    /* The given times, or the host's current time. */
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x1b0, .atime_sec = 1,
                        .atime_nsec = 2, .mtime_sec = 3,
                        .mtime_nsec = 999999999), ==, 0);
    r = getattr(c, 1);
    g_assert_cmpuint(r.atime_sec, ==, 1);
    g_assert_cmpuint(r.atime_nsec, ==, 2);
    g_assert_cmpuint(r.mtime_sec, ==, 3);
    g_assert_cmpuint(r.mtime_nsec, ==, 999999999);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x20, .mtime_sec = 7),
                    ==, 0);
    r = getattr(c, 1);
    g_assert_cmpuint(r.mtime_sec, ==, r.ctime_sec);
    g_assert_cmpuint(r.mtime_sec, >, 7);
    g_assert_cmpuint(r.atime_sec, ==, 1);
    /* Without any bit in valid, only the ctime may change. */
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0, .mode = 0,
                        .size = 0), ==, 0);
    client_check_content(c, "file", "0123");
    g_assert_cmphex(getattr(c, 1).mode, ==, S_IFREG | 0751);
}

/*
 * Seconds are signed.  Where time_t has 32 bits, those that do not fit become
 * the nearest ones that do.
 */
static void test_setattr_far_times(void)
{
    const int64_t late = sizeof(time_t) == 4 ? INT32_MAX : 1ll << 33;
    const int64_t early = sizeof(time_t) == 4 ? INT32_MIN : -(1ll << 33);
    g_autoptr(Client) c = client_start_files();
    struct P9Rgetattr r;

    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x1b0,
                        .atime_sec = 1ll << 33, .mtime_sec = -(1ll << 33)),
                    ==, 0);
    r = getattr(c, 1);
    g_assert_cmpint(r.atime_sec, ==, late);
    g_assert_cmpint(r.mtime_sec, ==, early);
}

/* Values that make no sense are refused before the driver is called. */
static void test_setattr_nonsense(void)
{
    static const uint64_t nsecs[] = {
        1000000000, UINT32_MAX, (uint64_t)INT64_MAX, 1ULL << 63, UINT64_MAX,
        UTIME_NOW, UTIME_OMIT,
    };
    g_autoptr(Client) c = client_start_files();
    uint32_t calls = client_mem(c).calls[MEM_SETATTR];

    for (unsigned i = 0; i < ARRAY_SIZE(nsecs); i++) {
        g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x90,
                            .atime_nsec = nsecs[i]), ==, -EINVAL);
        g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 0x120,
                            .mtime_nsec = nsecs[i]), ==, -EINVAL);
    }
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8,
                        .size = 1ULL << 63), ==, -EINVAL);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8,
                        .size = UINT64_MAX), ==, -EINVAL);
    g_assert_cmpuint(client_mem(c).calls[MEM_SETATTR], ==, calls);
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8,
                        .size = INT64_MAX), ==, -EFBIG);
    /* Type bits in the mode are ignored. */
    g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 1, .mode = 0177777),
                    ==, 0);
    g_assert_cmphex(getattr(c, 1).mode, ==, S_IFREG | 07777);
    client_check_content(c, "file", "0123456789");
}

/* ---- the rest ---- */

static void no_block_size(FsNode *node G_GNUC_UNUSED, struct statfs *st)
{
    st->f_bsize = 0;
}

static void test_statfs(void)
{
    g_autoptr(Client) c = client_start_files();
    struct P9Rstatfs r;

    g_assert_cmpint(ASK(c, statfs, .fid = 1), ==, 0);
    r = client_last(c)->r.statfs;
    g_assert_cmphex(r.type, ==, 0x6d656d66);
    /* The block size is the payload of a message, so counts are scaled. */
    g_assert_cmpuint(r.bsize, ==, 61440);
    g_assert_cmpuint(r.blocks, ==, (1 << 20) / 15);
    g_assert_cmpuint(r.bfree, ==, (1 << 19) / 15);
    g_assert_cmpuint(r.bavail, ==, (1 << 18) / 15);
    g_assert_cmpuint(r.files, ==, MEMFS_MAX_FILES);
    g_assert_cmpuint(r.namelen, ==, NAME_MAX);
    memfs_fail(c->export, MEM_STATFS, EIO, 1);
    g_assert_cmpint(ASK(c, statfs, .fid = 1), ==, -EIO);
}

/* statfs=v9fs changes the file system type and nothing else. */
static void test_statfs_type(void)
{
    FsConfig config = { .statfs_v9fs = true };
    g_autoptr(Client) c = client_start(memfs_open_config(&config),
                                       CLIENT_INLINE);

    g_assert_cmpint(ASK(c, statfs, .fid = 0), ==, 0);
    g_assert_cmphex(client_last(c)->r.statfs.type, ==, 0x01021997);
    g_assert_cmpuint(client_last(c)->r.statfs.files, ==, MEMFS_MAX_FILES);
}

/* Some FUSE servers report a block size of 0. */
static void test_statfs_no_block_size(void)
{
    g_autoptr(Client) c = client_start_files();

    memfs_set_statfs(c->export, no_block_size);
    g_assert_cmpint(ASK(c, statfs, .fid = 1), ==, 0);
    g_assert_cmpuint(client_last(c)->r.statfs.bsize, ==, 61440);
}

/* A driver without locks: all locks succeed, invalid requests are refused. */
static void test_lock(void)
{
    g_autoptr(Client) c = client_start_files();
    P9String id = P9STR("client");

    g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = O_RDWR), ==, 0);
    for (uint8_t type = 0; type < 3; type++) {
        for (uint32_t flags = 0; flags < 2; flags++) {
            g_assert_cmpint(ASK(c, lock, 1, type, flags, 0, 0, 9, id), ==, 0);
            g_assert_cmpuint(client_last(c)->r.lock.status, ==,
                             P9_LOCK_SUCCESS);
        }
    }
    g_assert_cmpint(ASK(c, lock, 1, 1, 2, 0, 0, 9, id), ==, -EINVAL);
    g_assert_cmpint(ASK(c, lock, 1, 1, 0xff, 0, 0, 9, id), ==, -EINVAL);
    g_assert_cmpint(ASK(c, lock, 1, 1, 0, UINT64_MAX, UINT64_MAX, 9, id), ==,
                    -EINVAL);
    g_assert_cmpint(ASK(c, getlock, 1, 1, 5, 6, 9, id), ==, 0);
    g_assert_cmpuint(client_last(c)->r.getlock.type, ==, P9_LOCK_TYPE_UNLCK);
    g_assert_cmpuint(client_last(c)->r.getlock.start, ==, 5);
    g_assert_cmpuint(client_last(c)->r.getlock.length, ==, 6);
    g_assert_cmpuint(client_last(c)->r.getlock.proc_id, ==, 9);
    g_assert_cmpstr(client_last(c)->r.getlock.client_id.s, ==, "client");
}

/* Each request and each reply is traced once. */
static void test_trace(void)
{
    g_autoptr(Client) c = client_start_files();
    unsigned requests = c->traced_requests, replies = c->traced_replies;

    getattr(c, 1);
    ASK(c, clunk, .fid = 99);
    g_assert_cmpuint(c->traced_requests, ==, requests + 2);
    g_assert_cmpuint(c->traced_replies, ==, replies + 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/attr/get", test_getattr);
    g_test_add_func("/session/attr/rdev", test_rdev);
    g_test_add_func("/session/attr/set", test_setattr);
    g_test_add_func("/session/attr/set-far-times", test_setattr_far_times);
    g_test_add_func("/session/attr/set-nonsense", test_setattr_nonsense);
    g_test_add_func("/session/qid/version", test_qid_version);
    g_test_add_func("/session/qid/path", test_qid_path);
    g_test_add_func("/session/qid/mtime-put-back",
                    test_qid_version_mtime_put_back);
    g_test_add_func("/session/qid/no-cache-hint", test_no_cache_hint);
    g_test_add_func("/session/qid/multidevs-remap", test_multidevs_remap);
    g_test_add_func("/session/qid/multidevs-forbid", test_multidevs_forbid);
    g_test_add_func("/session/qid/multidevs-warn", test_multidevs_warn);
    g_test_add_func("/session/statfs", test_statfs);
    g_test_add_func("/session/statfs-type", test_statfs_type);
    g_test_add_func("/session/statfs-no-block-size",
                    test_statfs_no_block_size);
    g_test_add_func("/session/lock", test_lock);
    g_test_add_func("/session/trace", test_trace);
    return g_test_run();
}
