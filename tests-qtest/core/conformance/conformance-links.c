/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: symbolic links, hard links and special files.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static char *read_link(FsNode *node)
{
    char *target = g_malloc0(PATH_MAX + 1);
    ssize_t len = fs_readlink(&test_call, node, target, PATH_MAX);

    g_assert_cmpint(len, >=, 0);
    return target;
}

static void symlink_tells_what_it_made(Conf *c)
{
    const FsCred *owner = &c->subject->owner;
    g_autoptr(FsNode) link = NULL;
    g_autofree char *target = NULL;
    FsAttr attr, again;

    conf_assert_errno(fs_symlink(CALL_AS(owner), c->root, "l", "../some/where",
                                 &attr),
                      0);
    link = conf_lookup(c->root, "l");
    again = conf_attr(link);
    g_assert_cmphex(attr.mode, ==, S_IFLNK | 0777);
    g_assert_cmphex(again.mode, ==, S_IFLNK | 0777);
    g_assert_cmpuint(again.size, ==, strlen("../some/where"));
    g_assert_cmpuint(attr.size, ==, again.size);
    g_assert_cmpuint(attr.ino, ==, again.ino);
    if (!(c->subject->caps & CONF_OWNER_LOST)) {
        g_assert_cmpuint(again.uid, ==, owner->uid);
        g_assert_cmpuint(again.gid, ==, owner->gid);
    }
    target = read_link(link);
    g_assert_cmpstr(target, ==, "../some/where");
}

static void symlink_to_anything(Conf *c)
{
    static const char *const targets[] = {
        "/", ".", "..", "/etc/passwd", "a b\n\x01\xff", "name",
    };

    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        g_autofree char *name = g_strdup_printf("l%zu", i);
        g_autofree char *target = NULL;
        g_autoptr(FsNode) link = NULL;

        conf_assert_errno(conf_symlink(c, c->root, name, targets[i]), 0);
        link = conf_lookup(c->root, name);
        target = read_link(link);
        g_assert_cmpstr(target, ==, targets[i]);
        conf_assert_errno(conf_try_lookup(link, "x"), -ENOTDIR);
    }
}

static void symlink_to_longest(Conf *c)
{
    g_autofree char *target = g_strnfill(PATH_MAX - 1, 't');
    g_autofree char *too_long = g_strnfill(PATH_MAX, 't');
    g_autofree char *got = NULL;
    g_autoptr(FsNode) link = NULL;

    conf_assert_errno(conf_symlink(c, c->root, "l", target), 0);
    link = conf_lookup(c->root, "l");
    got = read_link(link);
    g_assert_cmpstr(got, ==, target);
    conf_assert_errno(conf_symlink(c, c->root, "m", too_long), -ENAMETOOLONG);
    conf_assert_errno(conf_try_lookup(c->root, "m"), -ENOENT);
}

static void symlink_to_nothing(Conf *c)
{
    conf_assert_errno(conf_symlink(c, c->root, "l", ""), -ENOENT);
    conf_assert_errno(conf_try_lookup(c->root, "l"), -ENOENT);
}

static void symlink_existing(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_symlink(c, c->root, "sample-file", "x"), -EEXIST);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

static void readlink_cut(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    char buf[8] = "........";

    conf_assert_errno(conf_symlink(c, c->root, "l", "0123456789"), 0);
    link = conf_lookup(c->root, "l");
    g_assert_cmpint(fs_readlink(&test_call, link, buf, 4), ==, 4);
    g_assert_cmpmem(buf, 8, "0123....", 8);
}

static void readlink_of_no_link(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    char buf[64];

    conf_assert_errno(fs_readlink(&test_call, file, buf, sizeof(buf)), -EINVAL);
    conf_assert_errno(fs_readlink(&test_call, dir, buf, sizeof(buf)), -EINVAL);
    conf_assert_errno(fs_readlink(&test_call, c->root, buf, sizeof(buf)),
                      -EINVAL);
}

static void readlink_of_fifo(Conf *c)
{
    g_autoptr(FsNode) fifo = NULL;
    char buf[64];

    conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0600, 0), 0);
    fifo = conf_lookup(c->root, "p");
    conf_assert_errno(fs_readlink(&test_call, fifo, buf, sizeof(buf)), -EINVAL);
}

static void rename_of_link(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    g_autofree char *target = NULL;

    conf_assert_errno(conf_symlink(c, c->root, "l", "target"), 0);
    conf_assert_errno(fs_rename(&test_call, c->root, "l", c->root, "m"), 0);
    link = conf_lookup(c->root, "m");
    g_assert_cmphex(conf_attr(link).mode, ==, S_IFLNK | 0777);
    target = read_link(link);
    g_assert_cmpstr(target, ==, "target");
    conf_assert_errno(fs_unlink(&test_call, c->root, "m", false), 0);
}

static void link_shares_everything(Conf *c)
{
    g_autoptr(FsNode) first = conf_file(c, c->root, "a", 0640, "one");
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) second = NULL;
    g_autofree char *text = NULL;
    FsAttr attr;

    conf_assert_errno(fs_link(&test_call, first, dir, "b"), 0);
    second = conf_lookup(dir, "b");
    attr = conf_attr(second);
    g_assert_cmpuint(attr.ino, ==, conf_attr(first).ino);
    g_assert_cmpuint(attr.nlink, ==, 2);
    g_assert_cmpuint(attr.uid, ==, conf_attr(first).uid);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
    text = conf_text(second);
    g_assert_cmpstr(text, ==, "one");
}

static void link_shares_later_changes(Conf *c)
{
    g_autoptr(FsNode) first = conf_file(c, c->root, "a", 0640, "one");
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) second = NULL;

    conf_assert_errno(fs_link(&test_call, first, dir, "b"), 0);
    second = conf_lookup(dir, "b");
    conf_assert_errno(conf_chmod(second, 0755), 0);
    g_assert_cmphex(conf_attr(first).mode, ==, S_IFREG | 0755);
    conf_assert_errno(conf_chmod(first, 0), 0);
    g_assert_cmphex(conf_attr(second).mode, ==, S_IFREG);
    conf_assert_errno(conf_chmod(first, 0777), 0);
    g_assert_cmphex(conf_attr(second).mode, ==, S_IFREG | 0777);
}

static void link_outlives_the_other(Conf *c)
{
    g_autoptr(FsNode) first = conf_file(c, c->root, "a", 0640, "one");
    g_autoptr(FsNode) second = NULL;
    g_autofree char *text = NULL;

    conf_assert_errno(fs_link(&test_call, first, c->root, "b"), 0);
    second = conf_lookup(c->root, "b");
    conf_assert_errno(fs_unlink(&test_call, c->root, "a", false), 0);
    text = conf_text(second);
    g_assert_cmpstr(text, ==, "one");
    g_assert_cmpuint(conf_attr(second).nlink, ==, 1);
    g_assert_cmphex(conf_attr(second).mode, ==, S_IFREG | 0640);
    conf_assert_errno(conf_chmod(second, 0600), 0);
    g_assert_cmphex(conf_attr(second).mode, ==, S_IFREG | 0600);
}

static void link_existing(Conf *c)
{
    g_autoptr(FsNode) first = conf_file(c, c->root, "a", 0640, "one");
    g_autoptr(FsNode) other = conf_sample_file(c);
    g_autofree char *text = NULL;

    conf_assert_errno(fs_link(&test_call, first, c->root, "sample-file"),
                      -EEXIST);
    text = conf_text(other);
    g_assert_cmpstr(text, ==, "sample");
    g_assert_cmphex(conf_attr(other).mode, ==, S_IFREG | 0644);
    g_assert_cmpuint(conf_attr(first).nlink, ==, 1);
}

static void link_of_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(fs_link(&test_call, dir, c->root, "again"), -EPERM);
    conf_assert_errno(conf_try_lookup(c->root, "again"), -ENOENT);
}

static void link_of_symlink(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    g_autoptr(FsNode) again = NULL;
    g_autofree char *target = NULL;

    conf_assert_errno(conf_symlink(c, c->root, "l", "nowhere"), 0);
    link = conf_lookup(c->root, "l");
    conf_assert_errno(fs_link(&test_call, link, c->root, "m"), 0);
    again = conf_lookup(c->root, "m");
    g_assert_cmphex(conf_attr(again).mode & S_IFMT, ==, S_IFLNK);
    g_assert_cmpuint(conf_attr(again).ino, ==, conf_attr(link).ino);
    target = read_link(again);
    g_assert_cmpstr(target, ==, "nowhere");
}

static void link_of_unlinked(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);

    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    conf_assert_errno(fs_link(&test_call, file->node, c->root, "g"), -ENOENT);
    conf_assert_errno(conf_try_lookup(c->root, "g"), -ENOENT);
}

static void check_special(Conf *c, const char *name, uint32_t mode,
                          uint64_t rdev)
{
    const FsCred *owner = &c->subject->owner;
    g_autoptr(FsNode) node = NULL;
    FsAttr attr, again;

    conf_assert_errno(fs_mknod(CALL_AS(owner), c->root, name, mode, rdev,
                               &attr),
                      0);
    node = conf_lookup(c->root, name);
    again = conf_attr(node);
    g_assert_cmphex(attr.mode, ==, mode);
    g_assert_cmphex(again.mode, ==, mode);
    g_assert_cmpuint(attr.ino, ==, again.ino);
    if (S_ISCHR(mode) || S_ISBLK(mode)) {
        g_assert_cmphex(attr.rdev, ==, rdev);
        g_assert_cmphex(again.rdev, ==, rdev);
    }
    if (!(c->subject->caps & CONF_OWNER_LOST)) {
        g_assert_cmpuint(again.uid, ==, owner->uid);
        g_assert_cmpuint(again.gid, ==, owner->gid);
    }
    conf_assert_errno(conf_chmod(node, 0604), 0);
    g_assert_cmphex(conf_attr(node).mode, ==, (mode & S_IFMT) | 0604);
    conf_assert_errno(fs_unlink(&test_call, c->root, name, false), 0);
}

static void mknod_fifo_and_socket(Conf *c)
{
    check_special(c, "fifo", S_IFIFO | 0640, 0);
    check_special(c, "socket", S_IFSOCK | 0755, 0);
}

static void mknod_devices(Conf *c)
{
    check_special(c, "null", S_IFCHR | 0666, makedev(1, 3));
    check_special(c, "block", S_IFBLK | 0640, makedev(259, 77777));
    check_special(c, "large", S_IFCHR | 0600, makedev(4095, 1048575));
}

static void mknod_regular(Conf *c)
{
    check_special(c, "regular", S_IFREG | 0640, 0);
}

static void mknod_of_no_such_type(Conf *c)
{
    static const uint32_t types[] = { S_IFDIR, S_IFLNK, S_IFMT, 0130000 };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        conf_assert_errno(conf_mknod(c, c->root, "x", types[i] | 0600, 0),
                          -EINVAL);
        conf_assert_errno(conf_try_lookup(c->root, "x"), -ENOENT);
    }
}

static void mknod_existing(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_mknod(c, c->root, "sample-file", S_IFIFO | 0600, 0),
                      -EEXIST);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

const ConformanceTest conformance_links[] = {
    { "symlink", CONF_SYMLINK, symlink_tells_what_it_made },
    { "symlink-to-anything", CONF_SYMLINK, symlink_to_anything },
    { "symlink-to-longest", CONF_SYMLINK, symlink_to_longest },
    { "symlink-to-nothing", CONF_SYMLINK, symlink_to_nothing },
    { "symlink-existing", CONF_SYMLINK, symlink_existing },
    { "readlink-cut", CONF_SYMLINK, readlink_cut },
    { "readlink-of-no-link", 0, readlink_of_no_link },
    { "readlink-of-fifo", CONF_FIFO, readlink_of_fifo },
    { "rename-of-link", CONF_SYMLINK, rename_of_link },
    { "link-shares-everything", CONF_HARD_LINK, link_shares_everything },
    { "link-shares-later-changes", CONF_HARD_LINK, link_shares_later_changes },
    { "link-outlives-the-other", CONF_HARD_LINK, link_outlives_the_other },
    { "link-existing", CONF_HARD_LINK, link_existing },
    { "link-of-directory", CONF_HARD_LINK, link_of_directory },
    { "link-of-symlink", CONF_HARD_LINK | CONF_SYMLINK, link_of_symlink },
    { "link-of-unlinked", CONF_HARD_LINK, link_of_unlinked },
    { "mknod-fifo-and-socket", CONF_FIFO, mknod_fifo_and_socket },
    { "mknod-devices", CONF_DEVICE, mknod_devices },
    { "mknod-regular", CONF_FIFO, mknod_regular },
    { "mknod-of-no-such-type", CONF_WRITE, mknod_of_no_such_type },
    { "mknod-existing", CONF_FIFO, mknod_existing },
    { NULL }
};
