/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache of stored owners and modes in the local driver: an answer from the
 * cache is never out of date, whichever process changed the values.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/cred/cred-cache.h"
#include "local-env.h"
#include "lib/test-call.h"

typedef struct Share {
    LocalFixture fixture;
    FsExport *export;
    FsNode *node;               /* of "f" */
    char *path;
} Share;

static bool share_open(Share *s)
{
    FsNode *root;
    FsAttr attr;
    int fd;

    *s = (Share) { .fixture = { .model = FS_SM_MAPPED_XATTR } };
    s->export = local_fixture_open(&s->fixture);
    if (!s->export) {
        return false;
    }
    if (!local_trusts_ctimes(&s->fixture)) {
        g_test_skip("nothing is cached on this file system");
        return false;
    }
    s->path = g_build_filename(s->fixture.path, "f", NULL);
    fd = open(s->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    root = fs_root(s->export);
    g_assert_cmpint(fs_lookup(&test_call, root, "f", &s->node, &attr), ==, 0);
    fs_node_unref(root);
    return true;
}

static void share_close(Share *s)
{
    if (s->export) {
        fs_node_unref(s->node);
        fs_export_unref(s->export);
    }
    g_free(s->path);
    local_fixture_done(&s->fixture);
}

/* As a program of the host, or QEMU's own 9pfs, would. */
static void host_stores_as(Share *s, const char *name, uint32_t number)
{
    uint32_t value = cpu_to_le32(number);

    g_assert_cmpint(setxattr(s->path, name, &value, sizeof(value), 0), ==, 0);
}

static void host_stores(Share *s, uint32_t uid)
{
    host_stores_as(s, "user.virtfs.uid", uid);
}

/* Repeat getattr until it is answered without sleeping. */
static bool ask_until_kept(Share *s, FsAttr *attr)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    int ret = -EAGAIN;

    while (ret == -EAGAIN && g_get_monotonic_time() < end) {
        g_assert_cmpint(fs_getattr(&test_call, s->node, NULL, 0, attr), ==, 0);
        ret = fs_getattr(&test_call_never, s->node, NULL, 0, attr);
    }
    return ret == 0;
}

static void test_answers_without_sleeping(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 4711);
        g_assert_true(ask_until_kept(&s, &attr));
        g_assert_cmpuint(attr.uid, ==, 4711);
    }
    share_close(&s);
}

static void test_change_on_host_is_seen(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 1);
        g_assert_true(ask_until_kept(&s, &attr));
        host_stores(&s, 2);
        g_assert_cmpint(fs_getattr(&test_call_never, s.node, NULL, 0, &attr),
                        ==, -EAGAIN);
        g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr), ==, 0);
        g_assert_cmpuint(attr.uid, ==, 2);
    }
    share_close(&s);
}

static void test_change_through_us_is_seen(void)
{
    FsSetattr set = { .valid = FS_SET_UID | FS_SET_MODE };
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        for (set.uid = 1; set.uid < 3000; set.uid++) {
            set.mode = set.uid & 0777;
            g_assert_cmpint(fs_setattr(&test_call, s.node, NULL, &set), ==, 0);
            if (fs_getattr(&test_call_never, s.node, NULL, 0, &attr) != 0) {
                g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr),
                                ==, 0);
            }
            g_assert_cmpuint(attr.uid, ==, set.uid);
            g_assert_cmphex(attr.mode & 07777, ==, set.mode);
        }
    }
    share_close(&s);
}

/* Changes and getattr in quick succession: many within one clock tick. */
static void test_changes_within_a_tick(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        for (uint32_t uid = 1; uid < 20000; uid++) {
            host_stores(&s, uid);
            g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr), ==,
                            0);
            g_assert_cmpuint(attr.uid, ==, uid);
        }
    }
    share_close(&s);
}

/* A lookup is answered from the cache. */
static void test_lookup(void)
{
    FsNode *root, *node = NULL;
    int ret = -EAGAIN;
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 99);
        g_assert_true(ask_until_kept(&s, &attr));
        root = fs_root(s.export);
        ret = fs_lookup(&test_call_never, root, "f", &node, &attr);
        g_assert_cmpint(ret, ==, 0);
        g_assert_cmpuint(attr.uid, ==, 99);
        fs_node_unref(node);
        fs_node_unref(root);
    }
    share_close(&s);
}

/* Cached values outlive the nodes that they were read for. */
static void test_outlives_nodes(void)
{
    FsNode *root, *node;
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 5);
        g_assert_true(ask_until_kept(&s, &attr));
        fs_node_unref(s.node);
        root = fs_root(s.export);
        g_assert_cmpint(fs_lookup(&test_call_never, root, "f", &node, &attr),
                        ==, 0);
        g_assert_cmpuint(attr.uid, ==, 5);
        s.node = node;
        host_stores(&s, 6);
        g_assert_cmpint(fs_lookup(&test_call_never, root, "f", &node, &attr),
                        ==, -EAGAIN);
        g_assert_cmpint(fs_lookup(&test_call, root, "f", &node, &attr), ==, 0);
        g_assert_cmpuint(attr.uid, ==, 6);
        fs_node_unref(node);
        fs_node_unref(root);
    }
    share_close(&s);
}

static void test_nothing_stored(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        g_assert_true(ask_until_kept(&s, &attr));
        g_assert_cmpuint(attr.uid, ==, geteuid());
        host_stores(&s, 7);
        g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr), ==, 0);
        g_assert_cmpuint(attr.uid, ==, 7);
    }
    share_close(&s);
}

/* Each value is used if it is stored, whether or not the others are. */
static void test_any_subset(void)
{
    static const char *const names[] = {
        "user.virtfs.uid", "user.virtfs.gid", "user.virtfs.mode",
    };

    for (unsigned subset = 0; subset < 8; subset++) {
        FsAttr attr;
        Share s;

        if (share_open(&s)) {
            for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
                if (subset & (1u << i)) {
                    host_stores_as(&s, names[i], S_IFREG | 04);
                }
            }
            for (int kept = 0; kept < 2; kept++) {
                g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr),
                                ==, 0);
                g_assert_cmpuint(attr.uid, ==, subset & 1 ? S_IFREG | 04
                                                          : geteuid());
                g_assert_cmpuint(attr.gid, ==, subset & 2 ? S_IFREG | 04
                                                          : getegid());
                g_assert_cmphex(attr.mode, ==,
                                S_IFREG | (subset & 4 ? 04 : 0600));
                g_assert_true(ask_until_kept(&s, &attr));
            }
        }
        share_close(&s);
    }
}

/* The stored values are found even if the list of attributes is long. */
static void test_many_attributes(void)
{
    char name[128];
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        for (int i = 0; i < 20; i++) {
            snprintf(name, sizeof(name), "user.%0100d", i);
            g_assert_cmpint(setxattr(s.path, name, "", 0, 0), ==, 0);
        }
        host_stores(&s, 8);
        g_assert_cmpint(fs_getattr(&test_call, s.node, NULL, 0, &attr), ==, 0);
        g_assert_cmpuint(attr.uid, ==, 8);
    }
    share_close(&s);
}

/* ---- values beside the file ------------------------------------------- */

enum { BY_RENAME, IN_PLACE, BY_REMOVAL, WAYS };

/* Change the values in one of the ways that a program of the host may use. */
static void host_stores_beside(LocalEnv *env, int way, unsigned uid)
{
    g_autofree char *text = g_strdup_printf("virtfs.uid=%u\n", uid);

    if (way == BY_REMOVAL) {
        unlink(local_env_path(env, ".virtfs_metadata/f"));
    }
    local_env_put(env, way == IN_PLACE ? ".virtfs_metadata/f"
                                       : ".virtfs_metadata/new", text);
    if (way != IN_PLACE) {
        g_assert_cmpint(rename(local_env_path(env, ".virtfs_metadata/new"),
                               local_env_path(env, ".virtfs_metadata/f")), ==,
                        0);
    }
}

static void check_uid(LocalEnv *env, FsNode *node, unsigned uid)
{
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, uid);
    g_assert_cmpuint(local_env_attr(env, "f").uid, ==, uid);
}

static void test_beside_host_change(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    node = local_env_lookup(env, "f");
    for (unsigned uid = 1; uid < 2000; uid++) {
        host_stores_beside(env, uid % WAYS, uid);
        check_uid(env, node, uid);
        if (uid % 100 < WAYS) {
            local_env_await_tick();
            check_uid(env, node, uid);
        }
    }
}

static void test_beside_our_change(LocalEnv *env)
{
    FsSetattr set = { .valid = FS_SET_UID };
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    node = local_env_lookup(env, "f");
    for (set.uid = 1; set.uid < 1000; set.uid++) {
        g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
        check_uid(env, node, set.uid);
        if (set.uid % 50 == 0) {
            local_env_await_tick();
            check_uid(env, node, set.uid);
        }
    }
}

/*
 * Hard links share their values; a new file does not get those of a file that
 * had its name before.
 */
static void test_beside_names(LocalEnv *env)
{
    FsSetattr set = { .valid = FS_SET_UID, .uid = 11 };
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    node = local_env_lookup(env, "f");
    local_env_await_tick();
    check_uid(env, node, local_env_cred.uid);
    g_assert_cmpint(fs_link(&test_call, node, env->root, "g"), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
    g_assert_cmpuint(local_env_attr(env, "g").uid, ==, 11);
    local_env_await_tick();
    check_uid(env, node, 11);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "f", false), ==, 0);
    local_env_create(env, "f", 0644);
    g_assert_cmpuint(local_env_attr(env, "f").uid, ==, local_env_cred.uid);
    g_assert_cmpuint(local_env_attr(env, "g").uid, ==, 11);
}

static const LocalEnvTest beside_tests[] = {
    { "host-change", 1u << FS_SM_MAPPED_FILE, test_beside_host_change },
    { "our-change", 1u << FS_SM_MAPPED_FILE, test_beside_our_change },
    { "names", 1u << FS_SM_MAPPED_FILE, test_beside_names },
};

/* ---- the cache alone -------------------------------------------------- */

static HostStat inode(uint64_t ino, time_t ctime)
{
    return (HostStat) {
        .dev = 1, .ino = ino, .has_btime = true,
        .btime = { 1, 0 }, .ctime = { ctime, 5 },
    };
}

static bool cache_knows(CredCache *cache, HostStat st, uint32_t *uid)
{
    CredValues values;
    bool known = cred_cache_get(cache, &st, &values);

    *uid = known ? values.uid : 0;
    return known;
}

static void cache_put_at(CredCache *cache, HostStat st,
                         struct timespec before, uint32_t uid)
{
    CredValues values = { .valid = FS_SET_UID, .uid = uid };

    cred_cache_put(cache, &st, &before, &values);
}

static void cache_put(CredCache *cache, HostStat st, time_t before,
                      uint32_t uid)
{
    cache_put_at(cache, st, (struct timespec) { before, 5 }, uid);
}

static void test_one_inode_one_ctime(void)
{
    CredCache *cache = cred_cache_new();
    HostStat other = inode(10, 100);
    uint32_t uid;

    cache_put(cache, inode(10, 100), 101, 1);
    g_assert_true(cache_knows(cache, inode(10, 100), &uid));
    g_assert_cmpuint(uid, ==, 1);
    g_assert_false(cache_knows(cache, inode(11, 100), &uid));
    g_assert_false(cache_knows(cache, inode(10, 102), &uid));
    g_assert_false(cache_knows(cache, inode(10, 99), &uid));
    other.dev = 2;
    g_assert_false(cache_knows(cache, other, &uid));
    /* A new file with the inode number of an old one. */
    other = inode(10, 100);
    other.btime.tv_nsec = 1;
    g_assert_false(cache_knows(cache, other, &uid));
    other.has_btime = false;
    g_assert_false(cache_knows(cache, other, &uid));
    cache_put(cache, inode(10, 105), 106, 2);
    g_assert_true(cache_knows(cache, inode(10, 105), &uid));
    g_assert_cmpuint(uid, ==, 2);
    cred_cache_free(cache);
}

/*
 * Values read in the same clock tick as the ctime are not cached, as a later
 * change could have the same ctime.
 */
static void test_same_tick_is_not_kept(void)
{
    CredCache *cache = cred_cache_new();
    uint32_t uid;

    cache_put(cache, inode(10, 100), 100, 1);
    g_assert_false(cache_knows(cache, inode(10, 100), &uid));
    cache_put(cache, inode(10, 100), 99, 1);
    g_assert_false(cache_knows(cache, inode(10, 100), &uid));
    cred_cache_free(cache);
}

/*
 * Where the file system truncates ctimes, changes over a longer time can have
 * the same ctime.
 */
static void test_coarse_ctimes(void)
{
    static const struct {
        long ctime_ns;
        struct timespec before;
        bool kept;
    } rows[] = {
        { 5, { 100, 900 }, false },
        { 5, { 100, 1006 }, true },
        { 123456700, { 100, 123456789 }, false },
        { 123456700, { 100, 127456789 }, true },
        { 120000000, { 100, 129000000 }, false },
        { 0, { 100, 900000000 }, false },
        { 0, { 101, 999999999 }, false },
        { 0, { 102, 1 }, true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CredCache *cache = cred_cache_new();
        HostStat st = inode(10, 100);
        uint32_t uid;

        st.ctime.tv_nsec = rows[i].ctime_ns;
        cache_put_at(cache, st, rows[i].before, 1);
        g_assert_cmpint(cache_knows(cache, st, &uid), ==, rows[i].kept);
        cred_cache_free(cache);
    }
}

/*
 * With more inodes than the cache has room for, some are forgotten, but none
 * gets the values of another.
 */
static void test_full(void)
{
    CredCache *cache = cred_cache_new();
    unsigned known = 0;
    uint32_t uid;

    for (uint32_t ino = 1; ino <= 200000; ino++) {
        cache_put(cache, inode(ino, 100), 101, ino ^ 0x5555);
        g_assert_true(cache_knows(cache, inode(ino, 100), &uid));
    }
    for (uint32_t ino = 1; ino <= 200000; ino++) {
        if (cache_knows(cache, inode(ino, 100), &uid)) {
            g_assert_cmpuint(uid, ==, ino ^ 0x5555);
            known++;
        }
    }
    g_assert_cmpuint(known, >, 30000);
    g_assert_cmpuint(known, <, 200000);
    cred_cache_free(cache);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local-cache/answers", test_answers_without_sleeping);
    g_test_add_func("/local-cache/host-change", test_change_on_host_is_seen);
    g_test_add_func("/local-cache/our-change", test_change_through_us_is_seen);
    g_test_add_func("/local-cache/one-tick", test_changes_within_a_tick);
    g_test_add_func("/local-cache/lookup", test_lookup);
    g_test_add_func("/local-cache/outlives-nodes", test_outlives_nodes);
    g_test_add_func("/local-cache/nothing-stored", test_nothing_stored);
    g_test_add_func("/local-cache/any-subset", test_any_subset);
    g_test_add_func("/local-cache/many-attributes", test_many_attributes);
    local_env_add("/local-cache/beside", beside_tests,
                  ARRAY_SIZE(beside_tests));
    g_test_add_func("/local-cache/one-inode", test_one_inode_one_ctime);
    g_test_add_func("/local-cache/same-tick", test_same_tick_is_not_kept);
    g_test_add_func("/local-cache/coarse", test_coarse_ctimes);
    g_test_add_func("/local-cache/full", test_full);
    return g_test_run();
}
