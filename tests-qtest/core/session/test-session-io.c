/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data through a session: reads, writes and directories.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"

#define TEXT "0123456789"

static Client *client_with_files(void)
{
    Client *c = client_start(memfs_open(), CLIENT_INLINE);

    memfs_add(c->export, "file", TEXT);
    memfs_add(c->export, "dir", NULL);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 2, "dir", O_RDONLY), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "file"), ==, 0);
    return c;
}

/* ---- read and write ---- */

static void test_read(void)
{
    g_autoptr(Client) c = client_with_files();

    g_assert_cmpint(client_read(c, 1, 0, 10), ==, 10);
    client_check_payload(c, TEXT);
    g_assert_cmpint(client_read(c, 1, 0, 100), ==, 10);
    client_check_payload(c, TEXT);
    g_assert_cmpint(client_read(c, 1, 7, 2), ==, 2);
    client_check_payload(c, "78");
    g_assert_cmpint(client_read(c, 1, 9, 2), ==, 1);
    client_check_payload(c, "9");
    g_assert_cmpint(client_read(c, 1, 10, 1), ==, 0);
    g_assert_cmpint(client_read(c, 1, 1 << 30, 1), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 0), ==, 0);
}

static void test_write(void)
{
    g_autoptr(Client) c = client_with_files();

    g_assert_cmpint(client_write(c, 1, 2, "ab", 2), ==, 2);
    client_check_content(c, "file", "01ab456789");
    g_assert_cmpint(client_write(c, 1, 10, "cd", 2), ==, 2);
    client_check_content(c, "file", "01ab456789cd");
    g_assert_cmpint(client_write(c, 1, 5, "", 0), ==, 0);
    client_check_content(c, "file", "01ab456789cd");
    g_assert_cmpint(client_open(c, 4, "file", O_WRONLY | O_APPEND), ==, 0);
    g_assert_cmpint(client_write(c, 4, 0, "!", 1), ==, 1);
    client_check_content(c, "file", "01ab456789cd!");
    g_assert_cmpint(client_read(c, 4, 0, 1), ==, -EBADF);
    g_assert_cmpint(client_open(c, 5, "file", O_RDONLY), ==, 0);
    g_assert_cmpint(client_write(c, 5, 0, "!", 1), ==, -EBADF);
}

/* Offsets beyond INT64_MAX are refused; the driver's errors are passed on. */
static void test_offsets(void)
{
    static const uint64_t bad[] = {
        (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX,
        UINT64_MAX - 3, (uint64_t)INT64_MAX - 3,
    };
    g_autoptr(Client) c = client_with_files();
    unsigned reads = client_mem(c).calls[MEM_READ];

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_cmpint(client_read(c, 1, bad[i], 8), ==, -EINVAL);
        g_assert_cmpint(client_write(c, 1, bad[i], "12345678", 8), ==,
                        -EINVAL);
    }
    g_assert_cmpuint(client_mem(c).calls[MEM_READ], ==, reads);
    g_assert_cmpint(client_write(c, 1, INT64_MAX - 8, "12345678", 8), ==,
                    -EFBIG);
    client_check_content(c, "file", TEXT);
}

/*
 * With a count larger than msize allows, a read is shortened and a write is
 * refused.
 */
static void test_huge_counts(void)
{
    static const uint32_t counts[] = {
        UINT32_MAX, UINT32_MAX - 11, UINT32_MAX - 23, UINT32_MAX - 24,
        INT32_MAX, 65536, 65536 - 10, 65536 - 11, 65536 - 12,
        65536 - 23, 65536 - 24, 65536 - 25,
    };
    g_autoptr(Client) c = client_with_files();
    g_autofree char *data = g_strnfill(100000, 'x');

    g_assert_cmpint(client_open(c, 4, "file", O_RDWR), ==, 0);
    for (uint32_t at = 0; at < 200000; at += 40000) {
        g_assert_cmpint(client_write(c, 4, at, data, 40000), ==, 40000);
    }
    /* The reply buffer is larger than msize. */
    c->in_bytes = 150000;
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        g_assert_cmpint(client_read(c, 4, 0, counts[i]), ==,
                        MIN(counts[i], 65536 - 11));
    }
    /* The reply buffer is smaller than the count. */
    for (c->in_bytes = 11; c->in_bytes < 40; c->in_bytes++) {
        g_assert_cmpint(client_read(c, 4, 0, 100), ==, c->in_bytes - 11);
    }
    c->in_bytes = 0;
    g_assert_cmpint(client_write(c, 4, 0, data, 65536 - 23), ==, 65536 - 23);
    g_assert_cmpint(client_write(c, 4, 0, data, 65536 - 22), ==, -EINVAL);
    g_assert_cmpint(client_write(c, 4, 0, data, 65536), ==, -EINVAL);
}

/* In the size field of old Linux clients the payload is not counted. */
static void test_old_zero_copy(void)
{
    uint8_t bytes[26] = {
        23, 0, 0, 0, P9_TWRITE, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        3, 0, 0, 0, 'a', 'b', 'c',
    };
    g_autoptr(Client) c = client_with_files();
    Call *call = client_send_bytes(c, bytes, sizeof(bytes), 4096);

    client_wait(call);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    g_assert_cmpuint(call->r.write.count, ==, 3);
    client_check_content(c, "file", "01abc56789");
    /* The count exceeds the bytes present: nothing is written. */
    bytes[19] = 4;
    call = client_send_bytes(c, bytes, sizeof(bytes), 4096);
    g_assert_cmpint(call->state, ==, CALL_BROKEN);
    client_check_content(c, "file", "01abc56789");
}

/* Calls transfer one to three bytes, or return -EAGAIN if they may. */
static int short_io(void *opaque, const MemCall *call)
{
    unsigned *n = opaque;

    if (call->op != MEM_READ && call->op != MEM_WRITE) {
        return 0;
    }
    ++*n;
    if (call->wait == FS_WAIT_NEVER && *n % 5 == 0) {
        return -EAGAIN;
    }
    return *n % 3 + 1;
}

static void check_transfers(Client *c)
{
    g_autofree char *data = g_malloc0(301);

    for (unsigned i = 0; i < 300; i++) {
        data[i] = 'a' + i % 26;
    }
    for (unsigned size = 0; size < 300; size += 7) {
        g_assert_cmpint(ASK(c, setattr, .fid = 1, .valid = 8, .size = 0), ==,
                        0);
        g_assert_cmpint(client_write(c, 1, 0, data, size), ==, size);
        g_assert_cmpint(client_read(c, 1, 0, 4096), ==, size);
        g_assert_cmpmem(client_last(c)->reply->data + P9_IO_HDRSZ, size,
                        data, size);
    }
}

static void test_transfers(void)
{
    for (unsigned way = 0; way < 4; way++) {
        g_autoptr(Client) c = client_with_files();
        unsigned n = 0;

        memfs_sleepy(c->export, way & 1);
        if (way & 2) {
            memfs_set_hook(c->export, short_io, &n);
        }
        check_transfers(c);
    }
}

/* Transfers of remote files, which do not use guest memory, move all data. */
static void test_remote(void)
{
    g_autoptr(Client) c = client_with_files();
    unsigned n = 0;

    memfs_remote(c->export, true);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_read(c, 1, 0, 100), ==, 10);
    client_check_payload(c, TEXT);
    check_transfers(c);
    memfs_set_hook(c->export, short_io, &n);
    check_transfers(c);
}

static void test_io_errors(void)
{
    g_autoptr(Client) c = client_with_files();

    memfs_fail(c->export, MEM_READ, EIO, 1);
    g_assert_cmpint(client_read(c, 1, 0, 10), ==, -EIO);
    memfs_fail(c->export, MEM_WRITE, ENOSPC, 1);
    g_assert_cmpint(client_write(c, 1, 0, "x", 1), ==, -ENOSPC);
    memfs_fail(c->export, MEM_FSYNC, EDQUOT, 1);
    g_assert_cmpint(ASK(c, fsync, .fid = 1), ==, -EDQUOT);
    g_assert_cmpint(ASK(c, fsync, .fid = 1, .datasync = 1), ==, 0);
    client_check_content(c, "file", TEXT);
}

/* ---- readdir ---- */

typedef struct Entry {
    P9Qid qid;
    uint64_t next;
    uint8_t type;
    char name[NAME_MAX + 1];
} Entry;

/* The next entry of a reply; false at the end.  Entries must be complete. */
static bool next_entry(P9Cursor *c, Entry *entry)
{
    uint16_t len;

    if (c->pos == c->limit) {
        return false;
    }
    entry->qid = p9_get_qid(c);
    entry->next = p9_get_u64(c);
    entry->type = p9_get_u8(c);
    len = p9_get_u16(c);
    g_assert_cmpuint(len, <=, NAME_MAX);
    p9_get_bytes(c, entry->name, len);
    entry->name[len] = '\0';
    g_assert_false(c->failed);
    return true;
}

static int read_dir(Client *c, uint32_t fid, uint64_t offset, uint32_t count,
                    P9Cursor *cursor, struct iovec *iov)
{
    int ret = ASK(c, readdir, .fid = fid, .offset = offset, .count = count);

    if (!ret) {
        GByteArray *reply = client_last(c)->reply;

        *iov = (struct iovec) { reply->data, reply->len };
        p9_cursor_init(cursor, iov, 1, SIZE_MAX);
        p9_skip(cursor, P9_IO_HDRSZ);
    }
    return ret;
}

/* The names of all entries in order, read with replies of @count bytes. */
static GPtrArray *list_dir(Client *c, uint32_t fid, uint32_t count)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    uint64_t offset = 0;
    struct iovec iov;
    P9Cursor cursor;
    Entry entry;

    for (;;) {
        unsigned before = names->len;

        g_assert_cmpint(read_dir(c, fid, offset, count, &cursor, &iov), ==,
                        0);
        while (next_entry(&cursor, &entry)) {
            g_assert_cmpuint(entry.next, !=, 0);
            offset = entry.next;
            g_ptr_array_add(names, g_strdup(entry.name));
        }
        if (names->len == before) {
            return names;
        }
    }
}

static void fill_dir(Client *c, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("dir/entry-%u%.*s", i,
                                                i % 20, "....................");

        memfs_add(c->export, path, "");
    }
}

static void check_readdir(bool remote)
{
    static const uint32_t counts[] = { 60, 61, 62, 100, 4096, 65536,
                                       UINT32_MAX };
    g_autoptr(Client) c = client_with_files();

    fill_dir(c, 500);
    memfs_remote(c->export, remote);
    g_assert_cmpint(client_open(c, 5, "dir", O_RDONLY), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        g_autoptr(GPtrArray) names = list_dir(c, 5, counts[i]);

        g_assert_cmpuint(names->len, ==, 502);
        g_assert_cmpstr(names->pdata[0], ==, ".");
        g_assert_cmpstr(names->pdata[1], ==, "..");
        for (unsigned j = 0; j < 500; j++) {
            g_autofree char *name = g_strdup_printf(
                "entry-%u%.*s", j, j % 20, "....................");

            g_assert_cmpstr(names->pdata[j + 2], ==, name);
        }
    }
}

static void test_readdir(void)
{
    check_readdir(false);
}

/* On remote storage entries go through a buffer that the guest cannot see. */
static void test_readdir_remote(void)
{
    check_readdir(true);
}

/* Reading resumes after any entry, even if the directory has changed. */
static void test_readdir_resume(void)
{
    g_autoptr(Client) c = client_with_files();
    uint64_t next[12];
    struct iovec iov;
    P9Cursor cursor;
    Entry entry;

    fill_dir(c, 10);
    g_assert_cmpint(read_dir(c, 2, 0, 4096, &cursor, &iov), ==, 0);
    for (unsigned i = 0; i < 12; i++) {
        g_assert_true(next_entry(&cursor, &entry));
        next[i] = entry.next;
    }
    for (unsigned i = 12; i-- > 1;) {
        g_assert_cmpint(read_dir(c, 2, next[i - 1], 4096, &cursor, &iov), ==,
                        0);
        g_assert_true(next_entry(&cursor, &entry));
        g_assert_cmpuint(entry.next, ==, next[i]);
    }
    g_assert_cmpint(ASK(c, unlinkat, .dfid = 2, .name = P9NAME("entry-0")),
                    ==, 0);
    g_assert_cmpint(read_dir(c, 2, next[2], 4096, &cursor, &iov), ==, 0);
    g_assert_true(next_entry(&cursor, &entry));
    g_assert_cmpstr(entry.name, ==, "entry-1.");
    g_assert_cmpint(read_dir(c, 2, next[11], 4096, &cursor, &iov), ==, 0);
    g_assert_false(next_entry(&cursor, &entry));
}

/*
 * Entries are never cut.  If not even one fits, the reply is EINVAL, because
 * an empty reply would mean the end of the directory.
 */
static void test_readdir_counts(void)
{
    g_autoptr(Client) c = client_with_files();
    struct iovec iov;
    P9Cursor cursor;
    Entry entry;

    for (uint32_t count = 0; count < 80; count++) {
        int ret = read_dir(c, 2, 0, count, &cursor, &iov);

        if (count < 25) {
            g_assert_cmpint(ret, ==, -EINVAL);
            continue;
        }
        g_assert_cmpint(ret, ==, 0);
        g_assert_true(next_entry(&cursor, &entry));
        g_assert_cmpstr(entry.name, ==, ".");
        g_assert_cmpint(next_entry(&cursor, &entry), ==, count >= 25 + 26);
    }
    /* At the end the reply is empty, whatever the count. */
    g_assert_cmpint(read_dir(c, 2, 2, 0, &cursor, &iov), ==, 0);
    /* A small reply buffer has the same effect as a small count. */
    for (c->in_bytes = 11; c->in_bytes < 11 + 25; c->in_bytes++) {
        g_assert_cmpint(read_dir(c, 2, 0, 4096, &cursor, &iov), ==, -EINVAL);
    }
    c->in_bytes = 0;
}

static void test_readdir_offsets(void)
{
    static const uint64_t offsets[] = {
        (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX, 12345678,
        3, 1ULL << 40,
    };
    g_autoptr(Client) c = client_with_files();
    struct iovec iov;
    P9Cursor cursor;
    Entry entry;

    for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
        int ret = read_dir(c, 2, offsets[i], 4096, &cursor, &iov);

        if (offsets[i] > INT64_MAX) {
            g_assert_cmpint(ret, ==, -EINVAL);
        } else {
            g_assert_cmpint(ret, ==, 0);
            g_assert_false(next_entry(&cursor, &entry));
        }
    }
}

/* An entry's qid and type agree with those of Twalk and Tgetattr. */
static void test_readdir_qids(void)
{
    g_autoptr(Client) c = client_with_files();
    struct iovec iov;
    P9Cursor cursor;
    Entry entry;
    unsigned n = 0;

    g_assert_cmpint(ASK(c, mkdir, .fid = 2, .name = P9NAME("sub")), ==, 0);
    g_assert_cmpint(ASK(c, symlink, .fid = 2, .name = P9NAME("link"),
                        .target = P9STR("x")), ==, 0);
    g_assert_cmpint(ASK(c, mknod, .fid = 2, .name = P9NAME("fifo"),
                        .mode = S_IFIFO), ==, 0);
    memfs_add(c->export, "dir/reg", "");
    g_assert_cmpint(read_dir(c, 2, 0, 4096, &cursor, &iov), ==, 0);
    while (next_entry(&cursor, &entry)) {
        P9Qid *qid;

        g_assert_cmpint(client_walk(c, 2, 10, entry.name), ==, 0);
        qid = &client_last(c)->r.walk.qids.qid[0];
        g_assert_cmphex(entry.qid.path, ==, qid->path);
        g_assert_cmphex(entry.qid.type, ==, qid->type);
        g_assert_cmpint(ASK(c, getattr, .fid = 10, .request_mask = 1), ==, 0);
        g_assert_cmphex(entry.type, ==,
                        client_last(c)->r.getattr.mode >> 12);
        g_assert_cmpint(ASK(c, clunk, .fid = 10), ==, 0);
        n++;
    }
    g_assert_cmpuint(n, ==, 6);
}

static void test_readdir_errors(void)
{
    g_autoptr(Client) c = client_with_files();
    struct iovec iov;
    P9Cursor cursor;

    memfs_fail(c->export, MEM_READDIR, EIO, 1);
    g_assert_cmpint(read_dir(c, 2, 0, 4096, &cursor, &iov), ==, -EIO);
    memfs_sleepy(c->export, true);
    g_assert_cmpint(read_dir(c, 2, 0, 4096, &cursor, &iov), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/io/read", test_read);
    g_test_add_func("/session/io/write", test_write);
    g_test_add_func("/session/io/offsets", test_offsets);
    g_test_add_func("/session/io/huge-counts", test_huge_counts);
    g_test_add_func("/session/io/old-zero-copy", test_old_zero_copy);
    g_test_add_func("/session/io/transfers", test_transfers);
    g_test_add_func("/session/io/remote", test_remote);
    g_test_add_func("/session/io/errors", test_io_errors);
    g_test_add_func("/session/readdir/all", test_readdir);
    g_test_add_func("/session/readdir/remote", test_readdir_remote);
    g_test_add_func("/session/readdir/resume", test_readdir_resume);
    g_test_add_func("/session/readdir/counts", test_readdir_counts);
    g_test_add_func("/session/readdir/offsets", test_readdir_offsets);
    g_test_add_func("/session/readdir/qids", test_readdir_qids);
    g_test_add_func("/session/readdir/errors", test_readdir_errors);
    return g_test_run();
}
