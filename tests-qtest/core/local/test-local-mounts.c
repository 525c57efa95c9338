/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories with mount points: listings report which entries are on another
 * device, without a stat of each, and the guest's inode numbers are the same
 * whatever is accessed first.
 *
 * Listings are compared with lstat(2) of every entry.  The mounts are made in a
 * mount name space of the test, and need root.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/magic.h>
#include <sys/mount.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-fs.h"
#include "hw/9pfs/9p-qid.h"
#include "local-env.h"
#include "lib/test-call.h"

/* ---- parsing mountinfo ------------------------------------------------ */

static void assert_mounted(const HostMounts *mounts, uint64_t id,
                           const char *name)
{
    GHashTable *set = host_mounts_in(mounts, id);

    g_assert_nonnull(set);
    g_assert_true(g_hash_table_contains(set, name));
}

static void test_parse(void)
{
    HostMounts *mounts = host_mounts_parse(
        "25 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        "30 25 0:5 / /mnt/a\\040b\\134c rw - tmpfs none rw\n"
        "31 30 0:6 / /mnt/a\\040b\\134c/d\\011\\012 rw - tmpfs none rw\n"
        "32 25 0:7 /f /etc/hosts rw,nosuid - ext4 /dev/vdb rw\n");

    g_assert_nonnull(mounts);
    assert_mounted(mounts, 25, "a b\\c");
    assert_mounted(mounts, 25, "hosts");
    assert_mounted(mounts, 30, "d\t\n");
    g_assert_cmpuint(g_hash_table_size(host_mounts_in(mounts, 25)), ==, 2);
    g_assert_cmpuint(g_hash_table_size(host_mounts_in(mounts, 32)), ==, 0);
    /* There is no line for these; 1 is the parent of the root. */
    g_assert_null(host_mounts_in(mounts, 1));
    g_assert_null(host_mounts_in(mounts, 0));
    host_mounts_put(mounts);
}

static void test_parse_rubbish(void)
{
    static const char *const texts[] = {
        "25 1 254:0 / /\n",
        "x 1 254:0 / / rw - ext4 /dev/vda rw\n",
        "25 -1 254:0 / / rw - ext4 /dev/vda rw\n",
        "25 1 254:0 / / rw - ext4 /dev/vda rw\n26\n",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        g_assert_null(host_mounts_parse(texts[i]));
    }
}

/* ---- listings --------------------------------------------------------- */

typedef struct Listed {
    const char *path;
    unsigned count;
    unsigned elsewhere;         /* entries with another device */
    uint64_t dev;
} Listed;

static int compare_entry(void *opaque, const FsDirent *entry)
{
    Listed *listed = opaque;
    g_autofree char *path = g_build_filename(listed->path, entry->name, NULL);
    struct stat st;

    if (entry->name[0] == '.') {
        return 0;
    }
    g_assert_cmpint(lstat(path, &st), ==, 0);
    g_assert_cmpuint(entry->dev, ==, st.st_dev);
    g_assert_cmpuint(entry->ino, ==, st.st_ino);
    g_assert_cmpuint(entry->type, ==, IFTODT(st.st_mode));
    listed->count++;
    listed->elsewhere += st.st_dev != listed->dev;
    return 0;
}

/* The number of entries of the directory @name that are on another device. */
static unsigned list(LocalEnv *env, const char *name)
{
    g_autofree char *path = g_strdup(local_env_path(env, name));
    g_autoptr(FsNode) dir = *name ? local_env_lookup(env, name)
                                  : fs_node_ref(env->root);
    g_autoptr(FsFile) file = NULL;
    Listed listed = { .path = path };
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    listed.dev = st.st_dev;
    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV,
                               compare_entry, &listed),
                    ==, 0);
    g_assert_cmpuint(listed.count, >, 0);
    return listed.elsewhere;
}

static bool mount_here(LocalEnv *env, const char *name)
{
    if (!local_mount_tmpfs(local_env_path(env, name), "size=1m")) {
        g_test_skip("mounting is not allowed here");
        return false;
    }
    return true;
}

static void unmount(LocalEnv *env, const char *name)
{
    g_assert_cmpint(umount2(local_env_path(env, name), MNT_DETACH), ==, 0);
}

static void test_no_mounts(LocalEnv *env)
{
    local_env_mkdir(env, "d");
    local_env_put(env, "f", "text");
    g_assert_cmpint(symlink("f", local_env_path(env, "l")), ==, 0);
    g_assert_cmpuint(list(env, ""), ==, 0);
}

static void test_comes_and_goes(LocalEnv *env)
{
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "e");
    local_env_put(env, "f", "text");
    for (int i = 0; i < 3; i++) {
        g_assert_cmpuint(list(env, ""), ==, 0);
        if (!mount_here(env, "e")) {
            return;
        }
        g_assert_cmpuint(list(env, ""), ==, 1);
        unmount(env, "e");
    }
    g_assert_cmpuint(list(env, ""), ==, 0);
}

/* Mount points are told apart by the mount that they are in. */
static void test_within_a_mount(LocalEnv *env)
{
    local_env_mkdir(env, "m");
    if (!mount_here(env, "m")) {
        return;
    }
    local_env_mkdir(env, "m/m");
    local_env_mkdir(env, "m/n");
    g_assert_cmpuint(list(env, "m"), ==, 0);
    g_assert_true(mount_here(env, "m/n"));
    g_assert_cmpuint(list(env, "m"), ==, 1);
    g_assert_cmpuint(list(env, ""), ==, 1);
    unmount(env, "m/n");
    unmount(env, "m");
}

static void test_odd_names(LocalEnv *env)
{
    static const char *const names[] = { "a b", "a\\b", "a\tb\n", "a\\040b",
                                         "#a" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        local_env_mkdir(env, names[i]);
        if (!mount_here(env, names[i])) {
            return;
        }
        g_assert_cmpuint(list(env, ""), ==, i + 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        unmount(env, names[i]);
    }
}

static void test_file_and_bind(LocalEnv *env)
{
    g_autofree char *from = NULL;

    local_env_mkdir(env, "m");
    local_env_mkdir(env, "d");
    local_env_put(env, "f", "text");
    local_env_put(env, "g", "text");
    if (!mount_here(env, "m")) {
        return;
    }
    local_env_mkdir(env, "m/sub");
    local_env_put(env, "m/file", "other");
    from = g_strdup(local_env_path(env, "m/file"));
    g_assert_cmpint(mount(from, local_env_path(env, "f"), NULL, MS_BIND,
                          NULL), ==, 0);
    g_free(from);
    from = g_strdup(local_env_path(env, "m/sub"));
    g_assert_cmpint(mount(from, local_env_path(env, "d"), NULL, MS_BIND,
                          NULL), ==, 0);
    g_assert_cmpuint(list(env, ""), ==, 3);
    /* A bind mount from the same device has another inode number. */
    g_free(from);
    from = g_strdup(local_env_path(env, "g"));
    unmount(env, "f");
    g_assert_cmpint(mount(from, local_env_path(env, "f"), NULL, MS_BIND,
                          NULL), ==, 0);
    g_assert_cmpuint(list(env, ""), ==, 2);
    unmount(env, "f");
    unmount(env, "d");
    unmount(env, "m");
}

/* Without mountinfo, each entry is looked up. */
static void test_without_mountinfo(LocalEnv *env)
{
    HostFeatures without = *host_features();

    without.mountinfo = false;
    host_override_features(&without);
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "e");
    g_assert_cmpuint(list(env, ""), ==, 0);
    if (mount_here(env, "e")) {
        g_assert_cmpuint(list(env, ""), ==, 1);
        unmount(env, "e");
    }
}

static int take_some(void *opaque, const FsDirent *entry)
{
    unsigned *room = opaque;

    return *room > 0 ? (--*room, 0) : 1;
}

/*
 * Entries that are left in the buffer can be read without sleeping, unless the
 * mounts have changed.
 */
static void test_goes_on_without_sleeping(LocalEnv *env)
{
    g_autoptr(FsFile) file = NULL;
    unsigned some = 1, more = 100;

    for (char name[] = "a"; name[0] <= 'j'; name[0]++) {
        local_env_mkdir(env, name);
    }
    g_assert_cmpint(fs_open(&test_call, env->root, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, take_some,
                               &some),
                    ==, 0);
    g_assert_cmpuint(some, ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, take_some,
                               &more),
                    ==, 0);
    g_assert_cmpuint(more, <=, 90);
    fs_release(&test_call, file);
    g_assert_cmpint(fs_open(&test_call, env->root, O_RDONLY, &file), ==, 0);
    some = 0;
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, take_some,
                               &some),
                    ==, 0);
    more = 100;
    if (!mount_here(env, "e")) {
        return;
    }
    /* The mounts have changed and must be read again, which may sleep. */
    g_assert_cmpint(fs_readdir(&test_call_never, file, 0, FS_READDIR_DEV,
                               take_some, &more),
                    ==, -EAGAIN);
    g_assert_cmpuint(more, ==, 100);
    unmount(env, "e");
}

/*
 * An event loop may wait for the export's own disk, but not for what is mounted
 * below it.  A lookup that leads there changes nothing for other nodes, also in
 * mapped-file, which has locks for metadata files.
 */
static void test_brief(LocalEnv *env)
{
    g_autoptr(FsNode) root = fs_root(env->export);
    g_autoptr(FsNode) below = NULL;
    FsAttr attr;

    local_env_mkdir(env, "m");
    if (fs_node_reach(root) != FS_WAIT_STORAGE) {
        g_test_skip("the temporary directory is not on a local file system");
        return;
    }
    if (!mount_here(env, "m")) {
        return;
    }
    g_assert_cmpint(fs_lookup(&test_call_storage, root, "m", &below, &attr), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_node_reach(root), ==, FS_WAIT_STORAGE);
    g_assert_cmpint(fs_lookup(&test_call, root, "m", &below, &attr), ==, 0);
    g_assert_cmpint(fs_node_reach(below), ==, FS_WAIT_ANYTHING);
    g_assert_cmpint(fs_node_reach(root), ==, FS_WAIT_STORAGE);
    unmount(env, "m");
}

/* ---- inode numbers ---------------------------------------------------- */

typedef struct Qids {
    P9QidMap *map;
    GHashTable *paths;          /* name of an entry → path */
} Qids;

static void note_path(const Qids *qids, const char *name, uint64_t path)
{
    g_hash_table_replace(qids->paths, g_strdup(name),
                         g_memdup2(&path, sizeof(path)));
}

static uint64_t path_in(const Qids *qids, const char *name)
{
    const uint64_t *path = g_hash_table_lookup(qids->paths, name);

    g_assert_nonnull(path);
    return *path;
}

static int note_entry(void *opaque, const FsDirent *entry)
{
    const Qids *qids = opaque;

    note_path(qids, entry->name, p9_qid_from_dirent(qids->map, entry).path);
    return 0;
}

static void note_listing(const Qids *qids, FsNode *root)
{
    g_autoptr(FsFile) file = NULL;

    g_assert_cmpint(fs_open(&test_call, root, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, FS_READDIR_DEV, note_entry,
                               (void *)qids), ==, 0);
}

static void note_lookup(const Qids *qids, FsNode *root, const char *name)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;
    P9Qid qid;

    g_assert_cmpint(fs_lookup(&test_call, root, name, &node, &attr), ==, 0);
    g_assert_cmpint(p9_qid_from_attr(qids->map, &attr, &qid), ==, 0);
    note_path(qids, name, qid.path);
}

static Qids begin(FsExport *export)
{
    g_autoptr(FsNode) root = fs_root(export);
    Qids qids = {
        .map = p9_qid_map_new(export),
        .paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    FsAttr attr;
    P9Qid qid;

    g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, 0);
    g_assert_cmpint(p9_qid_from_attr(qids.map, &attr, &qid), ==, 0);
    return qids;
}

static void end(Qids *qids)
{
    p9_qid_map_free(qids->map);
    g_hash_table_destroy(qids->paths);
}

/*
 * The numbers of further devices do not depend on what is looked at first, nor
 * on whether that is a listing.
 */
static void test_stable_numbers(LocalEnv *env)
{
    static const char *const names[] = { "a", "b", "c", "file" };
    g_autoptr(FsExport) other = local_fixture_reopen(&env->fixture);
    g_autoptr(FsNode) other_root = fs_root(other);
    Qids first = begin(env->export);
    Qids second = begin(other);

    local_env_put(env, "file", "text");
    for (unsigned i = 0; i < 3; i++) {
        local_env_mkdir(env, names[i]);
        if (!mount_here(env, names[i])) {
            goto out;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        note_lookup(&first, env->root, names[i]);
    }
    note_listing(&second, other_root);
    for (unsigned i = 4; i-- > 0;) {
        uint64_t listed = path_in(&second, names[i]);

        note_lookup(&second, other_root, names[i]);
        g_assert_cmphex(path_in(&second, names[i]), ==,
                        path_in(&first, names[i]));
        g_assert_cmphex(listed, ==, path_in(&first, names[i]));
        for (unsigned j = 0; j < i; j++) {
            g_assert_cmphex(path_in(&first, names[j]), !=, listed);
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        unmount(env, names[i]);
    }
out:
    end(&first);
    end(&second);
}

/* What a device is recognized by is not its number, which may change. */
static void test_lasting_identity(LocalEnv *env)
{
    struct stat st = local_env_stat(env, "");
    g_autofree char *path = g_strdup(local_env_path(env, ""));
    HOST_FD fd = open(path, O_PATH | O_CLOEXEC);
    struct statfs fs;
    uint64_t id = 0;

    g_assert_cmpint(fstatfs(fd, &fs), ==, 0);
    g_assert_true(fs_dev_id(env->export, st.st_dev, &id));
    if (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == BTRFS_SUPER_MAGIC) {
        g_assert_cmphex(id, !=, st.st_dev);
        g_assert_cmpint(memcmp(&id, &fs.f_fsid, sizeof(id)), ==, 0);
    } else {
        g_test_skip("the file system of the temporary directory has no UUID");
    }
}

static const LocalEnvTest tests[] = {
    { "stable-numbers", LOCAL_NONE | LOCAL_MAPPED, test_stable_numbers },
    { "lasting-identity", LOCAL_NONE, test_lasting_identity },
    { "brief", LOCAL_ALL, test_brief },
    { "none", LOCAL_NONE, test_no_mounts },
    { "come-and-go", LOCAL_NONE, test_comes_and_goes },
    { "within", LOCAL_NONE, test_within_a_mount },
    { "odd-names", LOCAL_NONE, test_odd_names },
    { "file-and-bind", LOCAL_NONE, test_file_and_bind },
    { "no-mountinfo", LOCAL_NONE, test_without_mountinfo },
    { "without-sleeping", LOCAL_NONE, test_goes_on_without_sleeping },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_separate_mounts();
    g_test_add_func("/local-mounts/parse", test_parse);
    g_test_add_func("/local-mounts/parse-rubbish", test_parse_rubbish);
    local_env_add("/local-mounts", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
