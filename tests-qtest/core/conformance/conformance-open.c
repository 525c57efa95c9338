/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: creating and opening.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static void create_tells_what_it_made(Conf *c)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    const FsCred *owner = &c->subject->owner;
    FsAttr attr, again;

    conf_assert_errno(fs_create(CALL_AS(owner), c->root, "f", O_RDWR, 0642,
                                &node, &file, &attr),
                      0);
    again = conf_attr(node);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0642);
    g_assert_cmphex(again.mode, ==, S_IFREG | 0642);
    g_assert_cmpuint(attr.uid, ==, again.uid);
    g_assert_cmpuint(attr.gid, ==, again.gid);
    g_assert_cmpuint(attr.ino, ==, again.ino);
    g_assert_cmpuint(attr.size, ==, 0);
    g_assert_false(file->is_dir);
    if (!(c->subject->caps & CONF_OWNER_LOST)) {
        g_assert_cmpuint(again.uid, ==, owner->uid);
        g_assert_cmpuint(again.gid, ==, owner->gid);
    }
}

static void create_leaves_owner_alone(Conf *c)
{
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    conf_assert_errno(fs_create(&test_call, c->root, "f", O_RDWR, 0600, &node,
                                &file, &attr),
                      0);
    g_assert_cmpuint(attr.uid, ==, c->subject->maker);
    g_assert_cmpuint(conf_attr(node).uid, ==, c->subject->maker);
}

static void create_any_mode(Conf *c)
{
    static const uint32_t modes[] = { 0, 0400, 0222, 0777, 01644, 04755,
                                      02755, 06711 };

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        g_autofree char *name = g_strdup_printf("f%zu", i);
        g_autoptr(FsFile) file = conf_create(c, c->root, name, O_RDWR,
                                             modes[i]);

        g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | modes[i]);
        g_assert_cmphex(conf_attr(file->node).mode, ==, S_IFREG | modes[i]);
    }
}

static void create_readonly_file_for_writing(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_WRONLY, 0444);

    g_assert_cmpint(conf_write(file, "text", 0), ==, 4);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 4);
}

static void create_existing_exclusively(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autofree char *text = NULL;

    conf_assert_errno(conf_try_create(c, c->root, "sample-file",
                                      O_RDWR | O_EXCL, 0600), -EEXIST);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "sample");
}

static void create_existing_opens_it(Conf *c)
{
    g_autoptr(FsNode) before = conf_sample_file(c);
    g_autoptr(FsFile) file = NULL;
    g_autofree char *text = NULL;
    FsAttr attr;

    conf_assert_errno(conf_chmod(before, 0640), 0);
    file = conf_create(c, c->root, "sample-file", O_RDWR, 04777);
    attr = conf_file_attr(file);
    g_assert_cmpuint(attr.ino, ==, conf_attr(before).ino);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
    text = conf_read(file, 0, NULL);
    g_assert_cmpstr(text, ==, "sample");
}

static void create_existing_keeps_owner(Conf *c)
{
    g_autoptr(FsNode) before = conf_sample_file(c);
    FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID, .uid = 77, .gid = 88,
    };
    g_autoptr(FsFile) file = NULL;

    conf_assert_errno(fs_setattr(&test_call, before, NULL, &set), 0);
    file = conf_create(c, c->root, "sample-file", O_RDWR, 0644);
    g_assert_cmpuint(conf_file_attr(file).uid, ==, 77);
    g_assert_cmpuint(conf_file_attr(file).gid, ==, 88);
}

static void create_existing_truncates(Conf *c)
{
    g_autoptr(FsNode) before = conf_sample_file(c);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    conf_assert_errno(fs_create(CALL_AS(&c->subject->owner), c->root,
                                "sample-file", O_RDWR | O_TRUNC, 0600, &node,
                                &file, &attr),
                      0);
    g_assert_cmpuint(attr.size, ==, 0);
    g_assert_cmpuint(conf_attr(before).size, ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0644);
}

static void create_over_directory(Conf *c)
{
    static const int flags[] = {
        O_RDWR, O_WRONLY, O_RDONLY, O_RDONLY | O_DIRECTORY,
    };
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        conf_assert_errno(conf_try_create(c, c->root, "sample-dir", flags[i],
                                          0600), -EISDIR);
    }
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
}

static void create_through_link(Conf *c)
{
    conf_assert_errno(conf_symlink(c, c->root, "l", "elsewhere"), 0);
    conf_assert_errno(conf_try_create(c, c->root, "l", O_RDWR, 0600), -ELOOP);
    conf_assert_errno(conf_try_create(c, c->root, "l", O_RDWR | O_TRUNC,
                                      0600), -ELOOP);
    conf_assert_errno(conf_try_lookup(c->root, "elsewhere"), -ENOENT);
}

static void create_over_fifo(Conf *c)
{
    conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0600, 0), 0);
    conf_assert_errno(conf_try_create(c, c->root, "p", O_RDWR, 0600), -ENXIO);
    conf_assert_errno(conf_try_create(c, c->root, "p", O_WRONLY, 0600),
                      -ENXIO);
}

static void create_in_file(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_create(c, file, "x", O_RDWR, 0600), -ENOTDIR);
}

static void create_with_bad_access(Conf *c)
{
    conf_assert_errno(conf_try_create(c, c->root, "x", O_ACCMODE, 0600),
                      -EINVAL);
    conf_assert_errno(conf_try_lookup(c->root, "x"), -ENOENT);
}

/*
 * The set-group-id bit is dropped, as the creator is not known to be a member
 * of the directory's group, but only if the group may execute the file.
 */
static void create_drops_setgid_in_setgid_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_mkdir(c, c->root, "d", 02777);
    g_autoptr(FsNode) file = conf_file(c, dir, "program", 02755, NULL);
    g_autoptr(FsNode) mark = conf_file(c, dir, "mark", 02644, NULL);

    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0755);
    g_assert_cmphex(conf_attr(mark).mode, ==, S_IFREG | 02644);
}

static void open_tells_identity(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);
    g_autoptr(FsFile) opened_dir = conf_open(dir, O_RDONLY);

    g_assert_cmphex(file->dev, ==, conf_attr(node).dev);
    g_assert_cmphex(file->ino, ==, conf_attr(node).ino);
    g_assert_cmphex(opened_dir->dev, ==, conf_attr(dir).dev);
    g_assert_cmphex(opened_dir->ino, ==, conf_attr(dir).ino);
}

static void open_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsFile) file = conf_open(dir, O_RDONLY);

    g_assert_true(file->is_dir);
    conf_assert_errno(conf_try_open(dir, O_RDONLY | O_DIRECTORY), 0);
}

static void open_directory_for_writing(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(conf_try_open(dir, O_WRONLY), -EISDIR);
    conf_assert_errno(conf_try_open(dir, O_RDWR), -EISDIR);
}

static void open_file_as_directory(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_open(file, O_RDONLY | O_DIRECTORY), -ENOTDIR);
}

static void open_with_bad_access(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_open(file, O_ACCMODE), -EINVAL);
}

static void open_truncates(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_open(file, O_WRONLY | O_TRUNC), 0);
    g_assert_cmpuint(conf_attr(file).size, ==, 0);
}

static void open_to_read_truncates(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_try_open(file, O_RDONLY | O_TRUNC), 0);
    g_assert_cmpuint(conf_attr(file).size, ==, 0);
}

static void open_truncating_drops_setid(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 06755, "abc");

    conf_assert_errno(conf_chmod(file, 06755), 0);
    conf_assert_errno(conf_try_open(file, O_RDWR), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 06755);
    conf_assert_errno(conf_try_open(file, O_RDWR | O_TRUNC), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0755);
}

static void open_ignores_client_flags(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY | O_DIRECT | O_NOFOLLOW |
                                       O_NOCTTY | O_CLOEXEC | O_LARGEFILE |
                                       O_NOATIME);
    g_autofree char *text = conf_read(file, 1, NULL);

    /* Direct I/O would have refused this offset and buffer. */
    g_assert_nonnull(text);
}

static void open_link(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) link = NULL;

    conf_assert_errno(conf_symlink(c, c->root, "l", "sample-file"), 0);
    link = conf_lookup(c->root, "l");
    conf_assert_errno(conf_try_open(link, O_RDONLY), -ELOOP);
    conf_assert_errno(conf_try_open(link, O_RDWR | O_TRUNC), -ELOOP);
    g_assert_cmpuint(conf_attr(file).size, ==, 6);
}

static void open_fifo(Conf *c)
{
    g_autoptr(FsNode) fifo = NULL;

    conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0600, 0), 0);
    fifo = conf_lookup(c->root, "p");
    conf_assert_errno(conf_try_open(fifo, O_RDONLY), -ENXIO);
    conf_assert_errno(conf_try_open(fifo, O_WRONLY), -ENXIO);
    conf_assert_errno(conf_try_open(fifo, O_RDWR | O_TRUNC), -ENXIO);
}

static void open_device(Conf *c)
{
    g_autoptr(FsNode) device = NULL;

    conf_assert_errno(conf_mknod(c, c->root, "null", S_IFCHR | 0666,
                                 makedev(1, 3)), 0);
    device = conf_lookup(c->root, "null");
    conf_assert_errno(conf_try_open(device, O_RDONLY), -ENXIO);
    conf_assert_errno(conf_try_open(device, O_WRONLY), -ENXIO);
}

static void open_unlinked_again(Conf *c)
{
    g_autoptr(FsFile) first = conf_create(c, c->root, "f", O_RDWR, 0600);
    g_autoptr(FsFile) second = NULL;
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(first, "here", 0), ==, 4);
    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    second = conf_open(first->node, O_RDONLY);
    text = conf_read(second, 0, NULL);
    g_assert_cmpstr(text, ==, "here");
}

static void open_twice(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) reader = conf_open(node, O_RDONLY);
    g_autoptr(FsFile) writer = conf_open(node, O_WRONLY);
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(writer, "SAM", 0), ==, 3);
    text = conf_read(reader, 0, NULL);
    g_assert_cmpstr(text, ==, "SAMple");
}

const ConformanceTest conformance_open[] = {
    { "create", CONF_WRITE, create_tells_what_it_made },
    { "create-without-owner", CONF_WRITE, create_leaves_owner_alone },
    { "create-any-mode", CONF_SETID, create_any_mode },
    { "create-unwritable-for-writing", CONF_WRITE,
      create_readonly_file_for_writing },
    { "create-existing-exclusively", CONF_WRITE, create_existing_exclusively },
    { "create-existing-opens-it", CONF_WRITE, create_existing_opens_it },
    { "create-existing-keeps-owner", CONF_ANY_OWNER,
      create_existing_keeps_owner },
    { "create-existing-truncates", CONF_WRITE, create_existing_truncates },
    { "create-over-directory", CONF_WRITE, create_over_directory },
    { "create-through-link", CONF_SYMLINK, create_through_link },
    { "create-over-fifo", CONF_FIFO, create_over_fifo },
    { "create-in-file", CONF_WRITE, create_in_file },
    { "create-with-bad-access", CONF_WRITE, create_with_bad_access },
    { "create-in-setgid-directory", CONF_SETID | CONF_ANY_OWNER,
      create_drops_setgid_in_setgid_directory },
    { "open-identity", 0, open_tells_identity },
    { "open-directory", 0, open_directory },
    { "open-directory-for-writing", 0, open_directory_for_writing },
    { "open-file-as-directory", 0, open_file_as_directory },
    { "open-with-bad-access", CONF_WRITE, open_with_bad_access },
    { "open-truncates", CONF_WRITE, open_truncates },
    { "open-to-read-truncates", CONF_WRITE, open_to_read_truncates },
    { "open-truncating-drops-setid", CONF_SETID,
      open_truncating_drops_setid },
    { "open-ignores-client-flags", 0, open_ignores_client_flags },
    { "open-link", CONF_SYMLINK, open_link },
    { "open-fifo", CONF_FIFO, open_fifo },
    { "open-device", CONF_DEVICE, open_device },
    { "open-unlinked-again", CONF_WRITE, open_unlinked_again },
    { "open-twice", CONF_WRITE, open_twice },
    { NULL }
};
