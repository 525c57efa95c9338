/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the files of a synth export: opening, contents, attributes, and
 * the errors of calls that would change the tree.
 *
 * Every test opens its own export, so no test depends on another.  All calls
 * go through fsdriver.h, like those of the session.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/synth/synth-names.h"
#include "synth-fixture.h"
#include "lib/test-call.h"

static void test_mode_does_not_matter(void)
{
    static const int flags[] = {
        O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC, O_WRONLY | O_APPEND
    };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        FsFile *file = synth_open_name(&o, QTEST_V9FS_SYNTH_LOPEN_FILE,
                                       flags[i]);

        g_assert_false(file->is_dir);
        fs_release(&test_call, file);
    }
}

static void test_open_direction(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsNode *file_node = synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, NULL);
    FsFile *r = synth_open_name(&o, QTEST_V9FS_SYNTH_WRITE_FILE, O_RDONLY);
    FsFile *w = synth_open_name(&o, QTEST_V9FS_SYNTH_WRITE_FILE, O_WRONLY);
    FsFile *rw = synth_open_name(&o, QTEST_V9FS_SYNTH_WRITE_FILE, O_RDWR);
    FsFile *none = NULL;
    char byte = 0;
    struct iovec iov = { &byte, 1 };

    g_assert_cmpint(synth_write_bytes(&test_call, r, "x", 1), ==, -EBADF);
    g_assert_cmpint(fs_read(&test_call, w, &iov, 1, 0), ==, -EBADF);
    g_assert_cmpint(synth_write_bytes(&test_call, rw, "x", 1), ==, 1);
    /* This file has no callback for reading */
    g_assert_cmpint(fs_read(&test_call, rw, &iov, 1, 0), ==, -EPERM);
    g_assert_cmpint(fs_open(&test_call, o.root, O_WRONLY, &none), ==, -EISDIR);
    g_assert_cmpint(fs_open(&test_call, file_node, O_RDONLY | O_DIRECTORY,
                            &none),
                    ==, -ENOTDIR);
    g_assert_null(none);
    fs_release(&test_call, rw);
    fs_release(&test_call, w);
    fs_release(&test_call, r);
    fs_node_unref(file_node);
}

static void test_write_swallows_everything(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *file = synth_open_name(&o, QTEST_V9FS_SYNTH_WRITE_FILE, O_WRONLY);
    g_autofree char *data = g_malloc0(70000);
    struct iovec iov[3] = { { data, 1 }, { data, 0 }, { data, 70000 } };

    g_assert_cmpint(fs_write(&test_call, file, iov, 3, 0), ==, 70001);
    g_assert_cmpint(fs_write(&test_call_never, file, iov, 3, UINT32_MAX), ==,
                    70001);
    fs_release(&test_call, file);
}

static void test_flush_parks(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsFile *file = synth_open_name(&o, QTEST_V9FS_SYNTH_FLUSH_FILE, O_WRONLY);
    struct iovec split[2] = { { NULL, 0 }, { (void *)"\1", 1 } };

    g_assert_cmpint(synth_write_bytes(&test_call, file, "\0", 1), ==, 1);
    g_assert_cmpint(synth_write_bytes(&test_call_never, file, "\0", 1), ==, 1);
    g_assert_cmpint(synth_write_bytes(&test_call, file, "\1", 1), ==,
                    -EINPROGRESS);
    g_assert_cmpint(synth_write_bytes(&test_call_never, file, "\1", 1), ==,
                    -EINPROGRESS);
    g_assert_cmpint(synth_write_bytes(&test_call, file, "\377", 1), ==,
                    -EINPROGRESS);
    g_assert_cmpint(fs_write(&test_call, file, split, 2, 0), ==, -EINPROGRESS);
    fs_release(&test_call, file);
}

static size_t read_count(FsFile *file)
{
    size_t count = SIZE_MAX;
    struct iovec iov[2] = {
        { &count, 3 }, { (char *)&count + 3, sizeof(count) - 3 }
    };

    g_assert_cmpint(fs_read(&test_call_never, file, iov, 2, 0), ==,
                    sizeof(count));
    return count;
}

static void test_xattr_count(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    g_auto(SynthFixture) other = synth_fixture_open("b", true, false);
    FsNode *dir = synth_find(o.root, "stat", NULL);
    FsAttr attr;
    FsNode *node = synth_find(dir, "xattr_count", &attr);
    FsFile *file;
    char rest[16];
    struct iovec iov = { rest, sizeof(rest) };

    g_assert_cmphex(attr.mode, ==, S_IFREG | 0444);
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    g_assert_cmpuint(read_count(file), ==, 0);
    g_atomic_int_add(&o.export->xattr_fids, 1024);
    g_atomic_int_add(&other.export->xattr_fids, 7);
    g_assert_cmpuint(read_count(file), ==, 1024);
    g_atomic_int_add(&o.export->xattr_fids, -1);
    g_assert_cmpuint(read_count(file), ==, 1023);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), ==, sizeof(size_t));
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 3), ==,
                    sizeof(size_t) - 3);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, sizeof(size_t)), ==, 0);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, UINT32_MAX), ==, 0);
    fs_release(&test_call, file);
    fs_node_unref(node);
    fs_node_unref(dir);
}

static void test_xattrs_are_swallowed(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsNode *node = synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, NULL);
    g_autofree char *value = g_malloc0(8192);
    char buf[8];

    g_assert_cmpint(fs_setxattr(&test_call, node, "user.test", value, 8192, 0),
                    ==, 0);
    g_assert_cmpint(fs_setxattr(&test_call, node, "user.test", value, 8192,
                                XATTR_CREATE),
                    ==, 0);
    g_assert_cmpint(fs_getxattr(&test_call, node, "user.test", buf,
                                sizeof(buf)),
                    ==, -ENODATA);
    g_assert_cmpint(fs_getxattr(&test_call, node, "user.test", NULL, 0), ==,
                    -ENODATA);
    g_assert_cmpint(fs_listxattr(&test_call, node, buf, sizeof(buf)), ==, 0);
    fs_node_unref(node);
}

/* The errors that this driver has always returned to guests */
static void test_tree_cannot_be_changed(void)
{
    static const FsCred cred = { 0, 0 };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsNode *file = synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, NULL);
    FsNode *node = NULL;
    FsFile *opened = NULL;
    char target[4];
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&cred), o.root, "new", O_WRONLY | O_EXCL,
                              0600, &node, &opened, &attr),
                    ==, -ENOSYS);
    g_assert_cmpint(fs_create(CALL_AS(&cred), o.root,
                              QTEST_V9FS_SYNTH_WRITE_FILE, O_WRONLY | O_EXCL,
                              0600, &node, &opened, &attr),
                    ==, -EEXIST);
    g_assert_cmpint(fs_create(CALL_AS(&cred), o.root, "WALK0", O_WRONLY, 0600,
                              &node, &opened, &attr),
                    ==, -EISDIR);
    g_assert_null(node);
    g_assert_null(opened);
    g_assert_cmpint(fs_mkdir(CALL_AS(&cred), o.root, "new", 0700, &attr), ==,
                    -EPERM);
    g_assert_cmpint(fs_mknod(CALL_AS(&cred), o.root, "new", S_IFIFO | 0600, 0,
                             &attr),
                    ==, -EPERM);
    g_assert_cmpint(fs_symlink(CALL_AS(&cred), o.root, "new", "to", &attr), ==,
                    -EPERM);
    g_assert_cmpint(fs_link(&test_call, file, o.root, "new"), ==, -EPERM);
    g_assert_cmpint(fs_unlink(&test_call, o.root, QTEST_V9FS_SYNTH_WRITE_FILE,
                              false),
                    ==, -EPERM);
    g_assert_cmpint(fs_unlink(&test_call, o.root, "WALK0", true), ==, -EPERM);
    g_assert_cmpint(fs_rename(&test_call, o.root, "WALK0", o.root, "new"), ==,
                    -EPERM);
    g_assert_cmpint(fs_readlink(&test_call, file, target, sizeof(target)), ==,
                    -EINVAL);
    fs_node_unref(file);
}

static void test_create_opens_what_is_there(void)
{
    static const FsCred cred = { 1, 1 };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr, before;

    fs_node_unref(synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, &before));
    g_assert_cmpint(fs_create(CALL_AS(&cred), o.root,
                              QTEST_V9FS_SYNTH_WRITE_FILE, O_WRONLY, 0600,
                              &node, &file, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.ino, ==, before.ino);
    g_assert_cmpuint(attr.uid, ==, 0);
    g_assert_cmphex(attr.mode, ==, before.mode);
    g_assert_cmpint(synth_write_bytes(&test_call, file, "abc", 3), ==, 3);
    fs_release(&test_call, file);
    fs_node_unref(node);
}

static void test_attributes_cannot_be_changed(void)
{
    static const struct {
        uint32_t valid;
        int ret;
    } cases[] = {
        { FS_SET_MODE, -EPERM },
        { FS_SET_UID, -EPERM },
        { FS_SET_GID, -EPERM },
        { FS_SET_SIZE, -ENOSYS },
        { FS_SET_SIZE | FS_SET_MODE, -EPERM },
        { FS_SET_ATIME | FS_SET_MTIME, 0 },
        { FS_SET_CTIME, 0 },
    };
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    FsAttr before, after;
    FsNode *file = synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, &before);

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const FsSetattr set = {
            .valid = cases[i].valid,
            .mode = 0777,
            .uid = 1,
            .gid = 1,
            .size = 1,
            .mtime.tv_sec = 1000,
        };

        g_assert_cmpint(fs_setattr(&test_call, file, NULL, &set), ==,
                        cases[i].ret);
        g_assert_cmpint(fs_getattr(&test_call_never, file, NULL, 0, &after), ==,
                        0);
        g_assert_cmpmem(&after, sizeof(after), &before, sizeof(before));
    }
    fs_node_unref(file);
}

static void test_readonly(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, true);
    FsNode *node = synth_find(o.root, QTEST_V9FS_SYNTH_WRITE_FILE, NULL);
    FsFile *file = NULL;

    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY, &file), ==, -EROFS);
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, -EROFS);
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY | O_TRUNC, &file), ==,
                    -EROFS);
    g_assert_cmpint(fs_setxattr(&test_call, node, "user.a", "", 0, 0), ==,
                    -EROFS);
    g_assert_cmpint(fs_removexattr(&test_call, node, "user.a"), ==, -EROFS);
    g_assert_null(file);
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    fs_release(&test_call, file);
    fs_node_unref(node);
}

static void test_statfs(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", true, false);
    struct statfs st;

    g_assert_cmpint(fs_statfs(&test_call, o.root, &st), ==, 0);
    g_assert_cmpint(st.f_bsize, ==, 512);
    g_assert_cmpint(st.f_namelen, ==, NAME_MAX);
    /*
     * the root, 16 WALK, LOPEN, WRITE, FLUSH, ReadDirDir with 100 files, stat
     * with one file
     */
    g_assert_cmpuint(st.f_files, ==, 1 + 16 + 3 + 101 + 2);
}

/* Files with callbacks that are not the driver's own */

static ssize_t read_alphabet(FsNode *node, const struct iovec *iov, int iovcnt,
                             uint64_t offset)
{
    return synth_copy_out(iov, iovcnt, offset, "abcdefghijklmnopqrstuvwxyz",
                          26);
}

static ssize_t write_no_space(FsNode *node, const struct iovec *iov,
                              int iovcnt, uint64_t offset)
{
    return -ENOSPC;
}

static void test_callbacks(void)
{
    g_auto(SynthFixture) o = synth_fixture_open("a", false, false);
    FsFile *file;
    char out[30] = "";
    struct iovec iov[4] = {
        { out, 1 }, { out + 1, 0 }, { out + 1, 4 }, { out + 5, 24 }
    };

    g_assert_cmpint(synth_add_file(o.root, "f", 0, read_alphabet,
                                   write_no_space, NULL), ==, 0);
    file = synth_open_name(&o, "f", O_RDWR);
    g_assert_cmpint(fs_read(&test_call, file, iov, 3, 20), ==, 5);
    g_assert_cmpstr(out, ==, "uvwxy");
    g_assert_cmpint(fs_read(&test_call, file, iov, 4, 3), ==, 23);
    g_assert_cmpstr(out, ==, "defghijklmnopqrstuvwxyz");
    g_assert_cmpint(fs_read(&test_call, file, iov, 4, 26), ==, 0);
    g_assert_cmpint(synth_write_bytes(&test_call, file, "x", 1), ==, -ENOSPC);
    fs_release(&test_call, file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/synth/open/mode-does-not-matter",
                    test_mode_does_not_matter);
    g_test_add_func("/synth/open/direction", test_open_direction);
    g_test_add_func("/synth/write-swallows-everything",
                    test_write_swallows_everything);
    g_test_add_func("/synth/flush-parks", test_flush_parks);
    g_test_add_func("/synth/xattr-count", test_xattr_count);
    g_test_add_func("/synth/xattrs-are-swallowed", test_xattrs_are_swallowed);
    g_test_add_func("/synth/tree-cannot-be-changed",
                    test_tree_cannot_be_changed);
    g_test_add_func("/synth/create-opens-what-is-there",
                    test_create_opens_what_is_there);
    g_test_add_func("/synth/attributes-cannot-be-changed",
                    test_attributes_cannot_be_changed);
    g_test_add_func("/synth/readonly", test_readonly);
    g_test_add_func("/synth/statfs", test_statfs);
    g_test_add_func("/synth/callbacks", test_callbacks);
    return g_test_run();
}
