/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts on which device and inode number do not tell files apart.
 *
 * "a" and "b" are two files, or two hard links of one file that an overlayfs
 * turns into two.  The guest holds one and changes the other.  Whatever it
 * sees then must be what the host shows for the same name.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/btrfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-identity.h"
#include "hw/9pfs/9p-qid.h"
#include "lib/fuse-odd.h"
#include "lib/test-call.h"
#include "local-env.h"

typedef struct Guest {
    LocalEnv *env;
    FsNode *dir;                /* counted: the mounted directory "m" */
    P9QidMap *qids;
} Guest;

static void guest_begin(Guest *g, LocalEnv *env)
{
    FsAttr attr = local_env_attr(env, "m");

    *g = (Guest) {
        .env = env,
        .dir = local_env_lookup(env, "m"),
        .qids = p9_qid_map_new(env->export),
    };
    attr.dev = local_env_stat(env, "").st_dev;
    p9_qid_path(g->qids, attr.dev, 1, 0, &attr.ino);
}

static void guest_end(Guest *g)
{
    fs_node_unref(g->dir);
    p9_qid_map_free(g->qids);
}

static FsNode *look(const Guest *g, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, g->dir, name, &node, &attr), ==, 0);
    return node;
}

static FsAttr attr_of(FsNode *node)
{
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    return attr;
}

static uint64_t path_of(const Guest *g, FsNode *node)
{
    FsAttr attr = attr_of(node);
    P9Qid qid;

    g_assert_cmpint(p9_qid_from_attr(g->qids, &attr, &qid), ==, 0);
    return qid.path;
}

static char *text_of(FsNode *node)
{
    g_autoptr(FsFile) file = NULL;
    char *text = g_malloc0(64);
    struct iovec iov = { text, 63 };

    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), >=, 0);
    return text;
}

static void write_to(FsNode *node, const char *text)
{
    g_autoptr(FsFile) file = NULL;
    struct iovec iov = { (char *)text, strlen(text) };

    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY | O_TRUNC, &file), ==,
                    0);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, iov.iov_len);
}

/* The guest sees of @node what the host has as @name. */
static void check_node(const Guest *g, FsNode *node, const char *name)
{
    g_autofree char *path = g_strdup_printf("m/%s", name);
    g_autofree char *host = local_env_text(g->env, path);
    g_autofree char *guest = text_of(node);

    g_test_message("%s", name);
    g_assert_cmpstr(guest, ==, host);
    if (g->env->fixture.model == FS_SM_PASSTHROUGH ||
        g->env->fixture.model == FS_SM_NONE) {
        g_assert_cmphex(attr_of(node).mode, ==,
                        local_env_stat(g->env, path).st_mode);
    }
}

static void chmod_node(FsNode *node, uint32_t mode)
{
    FsSetattr set = { .valid = FS_SET_MODE, .mode = mode };

    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
}

/* @apart: for the host, "a" and "b" are two files once one has changed. */
static void check_pair(LocalEnv *env, bool apart)
{
    g_autoptr(FsNode) a = NULL, b = NULL, again = NULL, moved = NULL;
    Guest g;

    guest_begin(&g, env);
    a = look(&g, "a");
    b = look(&g, "b");
    if (apart) {
        g_assert_cmphex(path_of(&g, a), !=, path_of(&g, b));
    }
    check_node(&g, a, "a");
    check_node(&g, b, "b");
    write_to(b, "new");
    check_node(&g, b, "b");
    check_node(&g, a, "a");
    chmod_node(b, 0600);
    check_node(&g, b, "b");
    check_node(&g, a, "a");
    if (apart) {
        g_assert_cmphex(attr_of(a).mode & 0777, ==, 0644);
    }
    again = look(&g, "b");
    g_assert_true(again == b);
    /* Conversely; what was held before a copy-up goes on to be that file. */
    write_to(a, "other");
    check_node(&g, a, "a");
    check_node(&g, b, "b");
    fs_node_unref(again);
    again = look(&g, "a");
    g_assert_true(again == a);
    chmod_node(a, 0640);
    check_node(&g, a, "a");
    check_node(&g, b, "b");
    /* A rename over the other replaces it, unless they are links. */
    g_assert_cmpint(fs_rename(&test_call, g.dir, "a", g.dir, "b"), ==, 0);
    moved = look(&g, "b");
    check_node(&g, moved, "b");
    check_node(&g, a, "b");
    if (apart) {
        g_autofree char *text = text_of(b);

        g_assert_true(moved == a);
        g_assert_cmpstr(text, ==, "new");
        g_assert_cmpint(local_env_try_lookup(g.dir, "a"), ==, -ENOENT);
    }
    g_assert_cmpint(fs_unlink(&test_call, g.dir, "b", false), ==, 0);
    guest_end(&g);
}

/* ---- overlayfs -------------------------------------------------------- */

static bool mount_overlay(LocalEnv *env, const char *options)
{
    static const char *const dirs[] = { "lower", "upper", "work", "m" };
    g_autofree char *base = g_strdup(env->fixture.outside);
    g_autofree char *all = NULL;
    g_autofree char *lower = NULL;

    for (unsigned i = 0; i < ARRAY_SIZE(dirs) - 1; i++) {
        g_autofree char *path = g_build_filename(base, dirs[i], NULL);

        g_assert_cmpint(mkdir(path, 0755), ==, 0);
    }
    lower = g_strdup_printf("%s/lower", base);
    {
        g_autofree char *a = g_strdup_printf("%s/a", lower);
        g_autofree char *b = g_strdup_printf("%s/b", lower);

        g_assert_true(g_file_set_contents(a, "old", -1, NULL));
        g_assert_cmpint(chmod(a, 0644), ==, 0);
        g_assert_cmpint(link(a, b), ==, 0);
    }
    local_env_mkdir(env, "m");
    all = g_strdup_printf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work"
                          "%s", base, base, base, options);
    if (mount("p9", local_env_path(env, "m"), "overlay", 0, all) < 0) {
        g_test_skip("overlayfs cannot be mounted here, or not so");
        return false;
    }
    return true;
}

static void check_overlay(LocalEnv *env, const char *options, bool apart)
{
    if (mount_overlay(env, options)) {
        check_pair(env, apart);
        umount2(local_env_path(env, "m"), MNT_DETACH);
    }
}

static void test_overlay(LocalEnv *env)
{
    check_overlay(env, ",index=off,xino=auto", true);
}

static void test_overlay_no_xino(LocalEnv *env)
{
    check_overlay(env, ",index=off,xino=off", true);
}

static void test_overlay_xino(LocalEnv *env)
{
    check_overlay(env, ",index=off,xino=on,redirect_dir=on", true);
}

/* With an index, links remain links when they are copied up. */
static void test_overlay_index(LocalEnv *env)
{
    check_overlay(env, ",index=on", false);
}

static void test_overlay_handles(LocalEnv *env)
{
    check_overlay(env, ",index=on,nfs_export=on,redirect_dir=on", false);
}

/* The host renames one of two links over the one that the guest holds. */
static void test_overlay_replaced(LocalEnv *env)
{
    g_autoptr(FsNode) a = NULL, b = NULL, again = NULL;
    g_autofree char *from = NULL;
    Guest g;

    if (!mount_overlay(env, ",index=off")) {
        return;
    }
    guest_begin(&g, env);
    local_env_put(env, "m/b", "new");
    a = look(&g, "a");
    b = look(&g, "b");
    from = g_strdup(local_env_path(env, "m/b"));
    g_assert_cmpint(rename(from, local_env_path(env, "m/a")), ==, 0);
    again = look(&g, "a");
    g_assert_true(again != a);
    check_node(&g, again, "a");
    check_node(&g, b, "a");
    guest_end(&g);
    umount2(local_env_path(env, "m"), MNT_DETACH);
}

/* ---- FUSE ------------------------------------------------------------- */

static void check_fuse(LocalEnv *env, FuseOddNumbers numbers)
{
    const char *why;
    FuseOdd *fuse;

    local_env_mkdir(env, "m");
    fuse = fuse_odd_new(local_env_path(env, "m"), numbers, &why);
    if (!fuse) {
        g_test_skip(why);
        return;
    }
    check_pair(env, true);
    fuse_odd_free(fuse);
}

static void test_fuse_equal(LocalEnv *env)
{
    check_fuse(env, FUSE_ODD_EQUAL);
}

static void test_fuse_zero(LocalEnv *env)
{
    check_fuse(env, FUSE_ODD_ZERO);
}

static void test_fuse_changing(LocalEnv *env)
{
    check_fuse(env, FUSE_ODD_CHANGING);
}

/* A new file has the number of one that was removed and is still held. */
static void test_fuse_reused(LocalEnv *env)
{
    g_autoptr(FsNode) a = NULL, next = NULL;
    const char *why;
    FuseOdd *fuse;
    Guest g;

    local_env_mkdir(env, "m");
    fuse = fuse_odd_new(local_env_path(env, "m"), FUSE_ODD_REUSED, &why);
    if (!fuse) {
        g_test_skip(why);
        return;
    }
    guest_begin(&g, env);
    a = look(&g, "a");
    g_assert_cmpint(unlink(local_env_path(env, "m/a")), ==, 0);
    local_env_put(env, "m/a", "reused");
    next = look(&g, "a");
    g_assert_true(next != a);
    g_assert_cmphex(path_of(&g, next), !=, 0);
    check_node(&g, next, "a");
    {
        g_autofree char *text = text_of(a);

        g_assert_cmpstr(text, ==, "old");
    }
    guest_end(&g);
    fuse_odd_free(fuse);
}

/* ---- where the numbers tell ------------------------------------------- */

/* Two mounts of one file system: links and copies of names are one object. */
static void test_bind_twice(LocalEnv *env)
{
    g_autoptr(FsNode) a = NULL, b = NULL, one = NULL, two = NULL;
    g_autoptr(FsNode) first = NULL, second = NULL;
    g_autofree char *from = g_strdup(env->fixture.outside);
    g_autofree char *path = g_build_filename(from, "a", NULL);
    HOST_FD fd = open(env->fixture.path, O_PATH | O_CLOEXEC);
    FsAttr attr, other;

    if (!host_numbers_tell(fd)) {
        g_test_skip("the numbers of this file system prove nothing");
        return;
    }
    g_assert_true(g_file_set_contents(path, "old", -1, NULL));
    local_env_mkdir(env, "one");
    local_env_mkdir(env, "two");
    if (mount(from, local_env_path(env, "one"), NULL, MS_BIND, NULL) < 0 ||
        mount(from, local_env_path(env, "two"), NULL, MS_BIND, NULL) < 0) {
        g_test_skip("mounting is not allowed here");
        return;
    }
    one = local_env_lookup(env, "one");
    two = local_env_lookup(env, "two");
    g_assert_cmpint(fs_lookup(&test_call, one, "a", &first, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, two, "a", &second, &other), ==, 0);
    g_assert_cmphex(attr.ino, ==, other.ino);
    g_assert_cmphex(attr.dev, ==, other.dev);
    g_assert_cmphex(attr.twin | other.twin, ==, 0);
    write_to(second, "new");
    a = fs_node_ref(first);
    b = fs_node_ref(second);
    {
        g_autofree char *text = text_of(a);
        g_autofree char *same = text_of(b);

        g_assert_cmpstr(text, ==, "new");
        g_assert_cmpstr(same, ==, "new");
    }
    umount2(local_env_path(env, "one"), MNT_DETACH);
    umount2(local_env_path(env, "two"), MNT_DETACH);
}

/* Make the subvolume @name, a snapshot of @of unless that is NULL. */
static bool make_subvolume(const LocalEnv *env, const char *name,
                           const char *of)
{
    struct btrfs_ioctl_vol_args args = { .fd = -1 };
    HOST_FD dir = open(env->fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOST_FD from = -1;

    g_strlcpy(args.name, name, sizeof(args.name));
    if (of) {
        from = open(local_env_path(env, of), O_RDONLY | O_CLOEXEC);
        args.fd = from;
    }
    return ioctl(dir, of ? BTRFS_IOC_SNAP_CREATE : BTRFS_IOC_SUBVOL_CREATE,
                 &args) == 0;
}

/* A file and its snapshot have one inode number and two devices. */
static void test_btrfs(LocalEnv *env)
{
    g_autoptr(FsNode) one = NULL, two = NULL, first = NULL, second = NULL;
    Guest g = { .env = env };
    FsAttr attr, other;

    if (!make_subvolume(env, "one", NULL)) {
        g_test_skip("the temporary directory is not on a btrfs");
        return;
    }
    local_env_put(env, "one/f", "old");
    g_assert_true(make_subvolume(env, "two", "one"));
    g.qids = p9_qid_map_new(env->export);
    one = local_env_lookup(env, "one");
    two = local_env_lookup(env, "two");
    g_assert_cmpint(fs_lookup(&test_call, one, "f", &first, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, two, "f", &second, &other), ==, 0);
    g_assert_cmphex(attr.ino, ==, other.ino);
    g_assert_cmphex(path_of(&g, first), !=, path_of(&g, second));
    write_to(second, "new");
    {
        g_autofree char *old = text_of(first);
        g_autofree char *new = text_of(second);

        g_assert_cmpstr(old, ==, "old");
        g_assert_cmpstr(new, ==, "new");
    }
    local_env_check_text(env, "one/f", "old");
    local_env_check_text(env, "two/f", "new");
    p9_qid_map_free(g.qids);
}

#define EVERY (LOCAL_ALL | LOCAL_PROXY)

static const LocalEnvTest tests[] = {
    { "overlay", EVERY, test_overlay, .as_root = true },
    { "overlay-no-xino", EVERY, test_overlay_no_xino, .as_root = true },
    { "overlay-xino", EVERY, test_overlay_xino, .as_root = true },
    { "overlay-index", EVERY, test_overlay_index, .as_root = true },
    { "overlay-handles", EVERY, test_overlay_handles, .as_root = true },
    { "overlay-replaced", EVERY, test_overlay_replaced, .as_root = true },
    { "fuse-equal", LOCAL_PASSTHROUGH | LOCAL_NONE | LOCAL_PROXY,
      test_fuse_equal, .as_root = true },
    { "fuse-zero", LOCAL_PASSTHROUGH | LOCAL_NONE | LOCAL_PROXY,
      test_fuse_zero, .as_root = true },
    { "fuse-changing", LOCAL_PASSTHROUGH | LOCAL_NONE | LOCAL_PROXY,
      test_fuse_changing, .as_root = true },
    { "fuse-reused", LOCAL_PASSTHROUGH | LOCAL_NONE | LOCAL_PROXY,
      test_fuse_reused, .as_root = true },
    { "bind-twice", LOCAL_PASSTHROUGH | LOCAL_NONE, test_bind_twice,
      .as_root = true },
    { "btrfs", EVERY, test_btrfs, .as_root = true },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_separate_mounts();
    local_env_add("/local-identity", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
