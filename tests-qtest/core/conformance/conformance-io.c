/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: reading, writing and fsync of open files.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static void scattered_data(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    char first[3], second[4], third[8];
    struct iovec out[] = {
        { (void *)"ab", 2 }, { NULL, 0 }, { (void *)"cdefghij", 8 },
    };
    struct iovec in[] = {
        { first, sizeof(first) }, { second, sizeof(second) },
        { third, sizeof(third) },
    };

    g_assert_cmpint(fs_write(&test_call, file, out, 3, 0), ==, 10);
    g_assert_cmpint(fs_read(&test_call, file, in, 3, 0), ==, 10);
    g_assert_cmpmem(first, 3, "abc", 3);
    g_assert_cmpmem(second, 4, "defg", 4);
    g_assert_cmpmem(third, 3, "hij", 3);
}

static void read_past_end(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);
    uint64_t size = conf_attr(node).size;
    char byte;
    struct iovec iov = { &byte, 1 };

    conf_assert_errno(fs_read(&test_call, file, &iov, 1, size + 1000), 0);
    conf_assert_errno(fs_read(&test_call, file, &iov, 1, UINT64_C(1) << 40), 0);
}

static void read_in_the_middle(Conf *c)
{
    g_autoptr(FsNode) node = conf_file(c, c->root, "f", 0600, "0123456789");
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);
    g_autofree char *text = conf_read(file, 7, NULL);

    g_assert_cmpstr(text, ==, "789");
}

static void nothing_read(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);
    struct iovec iov = { NULL, 0 };

    conf_assert_errno(fs_read(&test_call, file, &iov, 1, 0), 0);
    conf_assert_errno(fs_read(&test_call, file, NULL, 0, 0), 0);
}

static void offset_too_large(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    char byte = 'x';
    struct iovec iov = { &byte, 1 };

    conf_assert_errno(fs_read(&test_call, file, &iov, 1, UINT64_C(1) << 63),
                      -EINVAL);
    conf_assert_errno(fs_write(&test_call, file, &iov, 1, UINT64_C(1) << 63),
                      -EINVAL);
    conf_assert_errno(fs_write(&test_call, file, &iov, 1, UINT64_MAX), -EINVAL);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 0);
}

static void write_behind_end(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    g_autofree char *text = NULL;
    ssize_t len;

    g_assert_cmpint(conf_write(file, "x", 1000), ==, 1);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 1001);
    text = conf_read(file, 0, &len);
    g_assert_cmpint(len, ==, 1001);
    g_assert_cmpint(text[0], ==, 0);
    g_assert_cmpint(text[999], ==, 0);
    g_assert_cmpint(text[1000], ==, 'x');
}

static void append_ignores_offset(Conf *c)
{
    g_autoptr(FsNode) node = conf_file(c, c->root, "f", 0600, "abc");
    g_autoptr(FsFile) file = conf_open(node, O_WRONLY | O_APPEND);
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(file, "de", 0), ==, 2);
    g_assert_cmpint(conf_write(file, "f", 1), ==, 1);
    text = conf_text(node);
    g_assert_cmpstr(text, ==, "abcdef");
}

static void append_to_new_file(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_WRONLY | O_APPEND,
                                         0600);
    g_autofree char *text = NULL;

    g_assert_cmpint(conf_write(file, "ab", 100), ==, 2);
    g_assert_cmpint(conf_write(file, "cd", 0), ==, 2);
    text = conf_text(file->node);
    g_assert_cmpstr(text, ==, "abcd");
}

static void write_when_open_to_read(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);

    conf_assert_errno(conf_write(file, "x", 0), -EBADF);
}

static void read_when_open_to_write(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_WRONLY);
    g_autofree char *text = NULL;
    ssize_t ret;

    text = conf_read(file, 0, &ret);
    conf_assert_errno(ret, -EBADF);
}

static void directory_has_no_data(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsFile) file = conf_open(dir, O_RDONLY);
    g_autofree char *text = NULL;
    ssize_t ret;

    text = conf_read(file, 0, &ret);
    conf_assert_errno(ret, -EISDIR);
    conf_assert_errno(conf_write(file, "x", 0), -EISDIR);
}

static void more_vectors_than_the_kernel_takes(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    g_autofree struct iovec *iov = g_new(struct iovec, IOV_MAX + 100);
    g_autofree char *bytes = g_malloc(IOV_MAX + 100);
    ssize_t done;

    for (size_t i = 0; i < IOV_MAX + 100; i++) {
        bytes[i] = 'a' + i % 26;
        iov[i] = (struct iovec) { bytes + i, 1 };
    }
    done = fs_write(&test_call, file, iov, IOV_MAX + 100, 0);
    g_assert_cmpint(done, >, 0);
    g_assert_cmpuint(conf_file_attr(file).size, ==, done);
    g_assert_cmpint(fs_read(&test_call, file, iov, IOV_MAX + 100, 0), ==, done);
    g_assert_cmpint(bytes[30], ==, 'e');
}

/*
 * A read that would sleep returns -EAGAIN and can be repeated without
 * FS_WAIT_NEVER; otherwise it returns the right data, but maybe not all.
 */
static void read_without_sleeping(Conf *c)
{
    g_autoptr(FsNode) node = conf_file(c, c->root, "f", 0600, "0123456789");
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);

    for (int i = 0; i < 3; i++) {
        char text[11] = "";
        struct iovec iov = { text, 10 };
        ssize_t len = fs_read(&test_call_never, file, &iov, 1, 0);

        if (len == -EAGAIN) {
            len = fs_read(&test_call, file, &iov, 1, 0);
        }
        g_assert_cmpint(len, >, 0);
        g_assert_cmpmem(text, len, "0123456789", len);
    }
}

static void write_without_sleeping(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    struct iovec iov = { (void *)"abc", 3 };
    ssize_t len = fs_write(&test_call_never, file, &iov, 1, 0);

    if (len == -EAGAIN) {
        g_assert_cmpuint(conf_file_attr(file).size, ==, 0);
        return;
    }
    g_assert_cmpint(len, >, 0);
    g_assert_cmpuint(conf_file_attr(file).size, ==, len);
}

static void fsync_of_file_and_directory(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDWR);
    g_autoptr(FsFile) dir = conf_open(c->root, O_RDONLY);

    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
    conf_assert_errno(fs_fsync(&test_call, file, true), 0);
    conf_assert_errno(fs_fsync(&test_call, file, false), 0);
    conf_assert_errno(fs_fsync(&test_call, dir, false), 0);
}

static void write_drops_setid(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 06755);

    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 06755);
    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 0755);
}

static void write_drops_setid_set_while_open(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0755);

    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
        conf_assert_errno(conf_chmod(file->node, 04755), 0);
        g_assert_cmphex(conf_attr(file->node).mode, ==, S_IFREG | 04755);
        g_assert_cmpint(conf_write(file, "y", 1), ==, 1);
        g_assert_cmphex(conf_attr(file->node).mode, ==, S_IFREG | 0755);
    }
}

/*
 * The set-group-id bit of a file that its group may not execute stands for
 * mandatory locking, so a write keeps it.
 */
static void write_keeps_locking_mark(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 02644);

    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 02644);
}

static void write_to_unlinked_setid(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 04755);

    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 0755);
}

static void large_file(Conf *c)
{
    const size_t size = 1 << 20;
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    g_autofree uint8_t *out = g_malloc(size);
    g_autofree uint8_t *in = g_malloc(size);
    struct iovec iov;
    size_t done;
    ssize_t len;

    for (size_t i = 0; i < size; i++) {
        out[i] = i * 7 + (i >> 8);
    }
    for (done = 0; done < size; done += len) {
        iov = (struct iovec) { out + done, size - done };
        len = fs_write(&test_call, file, &iov, 1, done);
        g_assert_cmpint(len, >, 0);
    }
    for (done = 0; done < size; done += len) {
        iov = (struct iovec) { in + done, size - done };
        len = fs_read(&test_call, file, &iov, 1, done);
        g_assert_cmpint(len, >, 0);
    }
    g_assert_true(memcmp(in, out, size) == 0);
    g_assert_cmpuint(conf_file_attr(file).size, ==, size);
}

const ConformanceTest conformance_io[] = {
    { "io-scattered", CONF_WRITE, scattered_data },
    { "read-past-end", CONF_WRITE, read_past_end },
    { "read-in-the-middle", CONF_WRITE, read_in_the_middle },
    { "read-nothing", 0, nothing_read },
    { "io-offset-too-large", CONF_WRITE, offset_too_large },
    { "write-behind-end", CONF_WRITE, write_behind_end },
    { "append-ignores-offset", CONF_WRITE, append_ignores_offset },
    { "append-to-new-file", CONF_WRITE, append_to_new_file },
    { "write-when-open-to-read", CONF_WRITE, write_when_open_to_read },
    { "read-when-open-to-write", CONF_WRITE, read_when_open_to_write },
    { "io-on-directory", 0, directory_has_no_data },
    { "io-too-many-vectors", CONF_WRITE, more_vectors_than_the_kernel_takes },
    { "read-without-sleeping", CONF_WRITE, read_without_sleeping },
    { "write-without-sleeping", CONF_WRITE, write_without_sleeping },
    { "fsync", CONF_WRITE, fsync_of_file_and_directory },
    { "write-drops-setid", CONF_SETID, write_drops_setid },
    { "write-drops-setid-set-while-open", CONF_SETID,
      write_drops_setid_set_while_open },
    { "write-keeps-locking-mark", CONF_SETID | CONF_SGID_MARK,
      write_keeps_locking_mark },
    { "write-to-unlinked-drops-setid", CONF_SETID, write_to_unlinked_setid },
    { "io-large", CONF_WRITE, large_file },
    { NULL }
};
