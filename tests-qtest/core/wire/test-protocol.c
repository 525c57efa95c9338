/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message table compared with a second description of the protocol.
 *
 * The numbers and layouts below are taken from the descriptions of 9P2000.L
 * and from what the Linux client sends, not from the table, so they reveal a
 * mistake in a row.  Whole messages are compared byte by byte.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"
#include "lib/sample.h"

typedef struct Layout {
    uint8_t number;
    const char *name;
    const char *dialects;       /* L, U or both */
    const char *request;
    const char *reply;
} Layout;

static const Layout layouts[] = {
    { 8, "statfs", "L", "fid[4]",
      "type[4] bsize[4] blocks[8] bfree[8] bavail[8] files[8] ffree[8] "
      "fsid[8] namelen[4]" },
    { 12, "lopen", "L", "fid[4] flags[4]", "qid[13] iounit[4]" },
    { 14, "lcreate", "L", "fid[4] name[s] flags[4] mode[4] gid[4]",
      "qid[13] iounit[4]" },
    { 16, "symlink", "L", "fid[4] name[s] target[s] gid[4]", "qid[13]" },
    { 18, "mknod", "L",
      "fid[4] name[s] mode[4] major[4] minor[4] gid[4]", "qid[13]" },
    { 20, "rename", "L", "fid[4] dfid[4] name[s]", "" },
    { 22, "readlink", "L", "fid[4]", "target[s]" },
    { 24, "getattr", "L", "fid[4] request_mask[8]",
      "valid[8] qid[13] mode[4] uid[4] gid[4] nlink[8] rdev[8] size[8] "
      "blksize[8] blocks[8] atime_sec[8] atime_nsec[8] mtime_sec[8] "
      "mtime_nsec[8] ctime_sec[8] ctime_nsec[8] btime_sec[8] btime_nsec[8] "
      "gen[8] data_version[8]" },
    { 26, "setattr", "L",
      "fid[4] valid[4] mode[4] uid[4] gid[4] size[8] atime_sec[8] "
      "atime_nsec[8] mtime_sec[8] mtime_nsec[8]", "" },
    { 30, "xattrwalk", "L", "fid[4] newfid[4] name[s]", "size[8]" },
    { 32, "xattrcreate", "L", "fid[4] name[s] size[8] flags[4]", "" },
    { 40, "readdir", "L", "fid[4] offset[8] count[4]",
      "count[4] data[count]" },
    { 50, "fsync", "L", "fid[4] datasync[4]", "" },
    { 52, "lock", "L",
      "fid[4] type[1] flags[4] start[8] length[8] proc_id[4] client_id[s]",
      "status[1]" },
    { 54, "getlock", "L",
      "fid[4] type[1] start[8] length[8] proc_id[4] client_id[s]",
      "type[1] start[8] length[8] proc_id[4] client_id[s]" },
    { 70, "link", "L", "dfid[4] fid[4] name[s]", "" },
    { 72, "mkdir", "L", "fid[4] name[s] mode[4] gid[4]", "qid[13]" },
    { 74, "renameat", "L",
      "olddirfid[4] oldname[s] newdirfid[4] newname[s]", "" },
    { 76, "unlinkat", "L", "dfid[4] name[s] flags[4]", "" },
    { 100, "version", "LU", "msize[4] version[s]", "msize[4] version[s]" },
    { 104, "attach", "LU",
      "fid[4] afid[4] uname[s] aname[s] n_uname[4]", "qid[13]" },
    { 108, "flush", "LU", "oldtag[2]", "" },
    { 110, "walk", "LU", "fid[4] newfid[4] n[2] n*(names[s])",
      "n[2] n*(qids[13])" },
    { 112, "open", "U", "fid[4] mode[1]", "qid[13] iounit[4]" },
    { 114, "create", "U",
      "fid[4] name[s] perm[4] mode[1] extension[s]", "qid[13] iounit[4]" },
    { 116, "read", "LU", "fid[4] offset[8] count[4]",
      "count[4] data[count]" },
    { 118, "write", "LU", "fid[4] offset[8] count[4] data[count]",
      "count[4]" },
    { 120, "clunk", "LU", "fid[4]", "" },
    { 122, "remove", "LU", "fid[4]", "" },
    { 124, "stat", "U", "fid[4]", "n[2] stat[n]" },
    { 126, "wstat", "U", "fid[4] n[2] stat[n]", "" },
};

/* Messages that a server without authentication may leave out. */
static const struct {
    uint8_t number;
    const char *name;
} optional[] = {
    { 102, "auth" },
};

static const SampleRow *row_of(uint8_t number)
{
    for (unsigned i = 0; i < n_sample_rows; i++) {
        if (sample_rows[i].number == number) {
            return &sample_rows[i];
        }
    }
    g_error("no row for message %u", number);
}

static void test_layout(const void *data)
{
    const Layout *layout = data;
    const P9MessageInfo *info = p9_message_info(layout->number);
    const SampleRow *row;
    g_autofree char *request = NULL;
    g_autofree char *reply = NULL;
    unsigned dialects;

    g_assert_nonnull(info);
    row = row_of(layout->number);
    request = sample_layout(row, false);
    reply = sample_layout(row, true);
    g_assert_cmpstr(info->name, ==, layout->name);
    g_assert_cmpuint(info->number, ==, layout->number);
    g_assert_cmpstr(request, ==, layout->request);
    g_assert_cmpstr(reply, ==, layout->reply);
    dialects = (strchr(layout->dialects, 'L') ? P9_DIALECT_L : 0) |
               (strchr(layout->dialects, 'U') ? P9_DIALECT_U : 0);
    g_assert_cmphex(info->dialects, ==, dialects);
}

static const char *expected_name(unsigned number)
{
    for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
        if (layouts[i].number == number) {
            return layouts[i].name;
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(optional); i++) {
        if (optional[i].number == number) {
            return optional[i].name;
        }
    }
    return NULL;
}

/* Every number that the table knows is a request of the protocol. */
static void test_numbers(void)
{
    for (unsigned number = 0; number < 256; number++) {
        const P9MessageInfo *info = p9_message_info(number);

        if (info) {
            g_assert_cmpstr(info->name, ==, expected_name(number));
            g_assert_cmpuint(info->number, ==, number);
            g_assert_cmpuint(number % 2, ==, 0);
        }
    }
    g_assert_cmpuint(P9_TLERROR, ==, 6);
    g_assert_cmpuint(P9_RLERROR, ==, 7);
    g_assert_cmpuint(P9_RSTATFS, ==, 9);
    g_assert_cmpuint(P9_TVERSION, ==, 100);
    g_assert_cmpuint(P9_RVERSION, ==, 101);
    g_assert_cmpuint(P9_RREMOVE, ==, 123);
}

/* Which messages are refused on a read-only export. */
static void test_writes(void)
{
    static const char writes[] =
        " lcreate symlink mknod rename setattr xattrcreate link mkdir renameat"
        " unlinkat write create wstat ";

    for (unsigned i = 0; i < n_sample_rows; i++) {
        const P9MessageInfo *info = p9_message_info(sample_rows[i].number);
        g_autofree char *word = g_strdup_printf(" %s ", info->name);

        g_test_message("%s", info->name);
        g_assert_cmpint(!!(info->flags & P9_F_WRITES), ==,
                        !!strstr(writes, word));
    }
}

/* The errno for "." and ".." in each message, as QEMU has always answered. */
static void test_dots(void)
{
    static const struct {
        const char *field;
        int dot, dotdot;
    } rules[] = {
        { "lcreate.name", EEXIST, EEXIST },
        { "symlink.name", EEXIST, EEXIST },
        { "mknod.name", EEXIST, EEXIST },
        { "link.name", EEXIST, EEXIST },
        { "mkdir.name", EEXIST, EEXIST },
        { "rename.name", EISDIR, EISDIR },
        { "renameat.oldname", EISDIR, EISDIR },
        { "renameat.newname", EISDIR, EISDIR },
        { "unlinkat.name", EINVAL, ENOTEMPTY },
    };
    unsigned found = 0;

    for (unsigned i = 0; i < n_sample_rows; i++) {
        g_autoptr(Sample) s = sample_new(&sample_rows[i], false, NULL);

        for (unsigned j = 0; j < s->fields->len; j++) {
            const Field *field = &g_array_index(s->fields, Field, j);
            g_autofree char *path = NULL;

            path = g_strdup_printf("%s.%s", sample_rows[i].name, field->name);
            for (unsigned k = 0; k < ARRAY_SIZE(rules); k++) {
                if (!strcmp(path, rules[k].field)) {
                    found++;
                    g_assert_cmpint(field->kind, ==, FIELD_NAME);
                    g_assert_cmpint(field->dot, ==, rules[k].dot);
                    g_assert_cmpint(field->dotdot, ==, rules[k].dotdot);
                }
            }
        }
    }
    g_assert_cmpuint(found, ==, ARRAY_SIZE(rules));
}

/* --- whole messages ------------------------------------------------------ */

static void check_bytes(ssize_t len, const uint8_t *came,
                        const uint8_t *expected, size_t size)
{
    g_assert_cmpint(len, ==, size);
    g_assert_cmpmem(came, len, expected, size);
}

static void check_request(uint8_t type, uint16_t tag, const P9Tmsg *t,
                          const uint8_t *expected, size_t size)
{
    uint8_t came[512];
    struct iovec iov = { came, sizeof(came) };
    P9Cursor c;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    check_bytes(p9_encode_request(&c, type, tag, t), came, expected, size);
}

static void check_reply(uint8_t type, uint16_t tag, const P9Rmsg *r,
                        const uint8_t *expected, size_t size)
{
    uint8_t came[512];
    struct iovec iov = { came, sizeof(came) };
    P9Cursor c;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    check_bytes(p9_encode_reply(&c, type, tag, r), came, expected, size);
}

#define STRING(text) { .s = text, .len = sizeof(text) - 1 }
#define BYTES(...) (const uint8_t[]) { __VA_ARGS__ }, \
                   sizeof((const uint8_t[]) { __VA_ARGS__ })

static void test_bytes_version(void)
{
    P9Tmsg t = { .version = { 8192 + 24, STRING("9P2000.L") } };
    P9Rmsg r = { .version = { 4096, STRING("unknown") } };

    check_request(100, 0xffff, &t, BYTES(
        0x15, 0, 0, 0, 100, 0xff, 0xff, 0x18, 0x20, 0, 0,
        8, 0, '9', 'P', '2', '0', '0', '0', '.', 'L'));
    check_reply(100, 0xffff, &r, BYTES(
        0x14, 0, 0, 0, 101, 0xff, 0xff, 0, 0x10, 0, 0,
        7, 0, 'u', 'n', 'k', 'n', 'o', 'w', 'n'));
}

static void test_bytes_attach(void)
{
    P9Tmsg t = { .attach = { 1, 0xffffffff, STRING("me"), STRING(""),
                             1000 } };
    P9Rmsg r = { .attach = { { 0x80, 0x01020304, 0x1112131415161718 } } };

    check_request(104, 1, &t, BYTES(
        0x19, 0, 0, 0, 104, 1, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff,
        2, 0, 'm', 'e', 0, 0, 0xe8, 3, 0, 0));
    check_reply(104, 1, &r, BYTES(
        0x14, 0, 0, 0, 105, 1, 0,
        0x80, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11));
}

static void test_bytes_walk(void)
{
    P9Tmsg t = { .walk = { .fid = 1, .newfid = 2, .names = {
        .n = 2, .name = { { "usr", 3, 0 }, { "..", 2, 2 } },
    } } };
    P9Rmsg r = { .walk = { .qids = {
        .n = 2, .qid = { { 0x80, 1, 2 }, { 2, 3, 4 } },
    } } };

    check_request(110, 0x1234, &t, BYTES(
        0x1a, 0, 0, 0, 110, 0x34, 0x12, 1, 0, 0, 0, 2, 0, 0, 0,
        2, 0, 3, 0, 'u', 's', 'r', 2, 0, '.', '.'));
    check_reply(110, 0x1234, &r, BYTES(
        0x23, 0, 0, 0, 111, 0x34, 0x12, 2, 0,
        0x80, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0,
        2, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0));
}

static void test_bytes_read_write(void)
{
    P9Tmsg read = { .read = { 7, 0x0102030405060708, 0x11121314 } };
    P9Rmsg rread = { .read = { { .count = 0 } } };
    P9Tmsg write = { .write = { 7, 4096, { .count = 0 } } };
    P9Rmsg rwrite = { .write = { 3 } };

    check_request(116, 5, &read, BYTES(
        0x17, 0, 0, 0, 116, 5, 0, 7, 0, 0, 0,
        8, 7, 6, 5, 4, 3, 2, 1, 0x14, 0x13, 0x12, 0x11));
    check_reply(116, 5, &rread, BYTES(11, 0, 0, 0, 117, 5, 0, 0, 0, 0, 0));
    check_request(118, 5, &write, BYTES(
        0x17, 0, 0, 0, 118, 5, 0, 7, 0, 0, 0,
        0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    check_reply(118, 5, &rwrite, BYTES(11, 0, 0, 0, 119, 5, 0, 3, 0, 0, 0));
}

static void test_bytes_names(void)
{
    P9Tmsg link = { .link = { .dfid = 1, .fid = 2, .name = { "l", 1, 0 } } };
    P9Tmsg symlink = { .symlink = { 1, { "s", 1, 0 }, STRING("to"), 9 } };
    P9Tmsg mknod = { .mknod = { 1, { "n", 1, 0 }, 0x21ff, 8, 1, 9 } };
    P9Tmsg unlinkat = { .unlinkat = { 1, { "u", 1, 0 }, 0x200 } };
    P9Tmsg renameat = { .renameat = { 1, { "a", 1, 0 }, 2, { "b", 1, 0 } } };
    P9Tmsg rename = { .rename = { .fid = 3, .dfid = 4,
                                  .name = { "r", 1, 0 } } };

    check_request(70, 2, &link, BYTES(
        0x12, 0, 0, 0, 70, 2, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 'l'));
    check_request(16, 2, &symlink, BYTES(
        0x16, 0, 0, 0, 16, 2, 0, 1, 0, 0, 0, 1, 0, 's', 2, 0, 't', 'o',
        9, 0, 0, 0));
    check_request(18, 2, &mknod, BYTES(
        0x1e, 0, 0, 0, 18, 2, 0, 1, 0, 0, 0, 1, 0, 'n', 0xff, 0x21, 0, 0,
        8, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0));
    check_request(76, 2, &unlinkat, BYTES(
        0x12, 0, 0, 0, 76, 2, 0, 1, 0, 0, 0, 1, 0, 'u', 0, 2, 0, 0));
    check_request(74, 2, &renameat, BYTES(
        0x15, 0, 0, 0, 74, 2, 0, 1, 0, 0, 0, 1, 0, 'a',
        2, 0, 0, 0, 1, 0, 'b'));
    check_request(20, 2, &rename, BYTES(
        0x12, 0, 0, 0, 20, 2, 0, 3, 0, 0, 0, 4, 0, 0, 0, 1, 0, 'r'));
}

static void test_bytes_attributes(void)
{
    P9Tmsg getattr = { .getattr = { 1, 0x7ff } };
    P9Tmsg setattr = { .setattr = {
        .fid = 1, .valid = 0x1ff, .mode = 0644, .uid = 2, .gid = 3, .size = 4,
        .atime_sec = 5, .atime_nsec = 6, .mtime_sec = 7, .mtime_nsec = 8,
    } };
    P9Tmsg xattrcreate = { .xattrcreate = { 1, STRING("a.b"), 5, 2 } };
    P9Tmsg xattrwalk = { .xattrwalk = { 1, 2, STRING("") } };

    check_request(24, 3, &getattr, BYTES(
        0x13, 0, 0, 0, 24, 3, 0, 1, 0, 0, 0, 0xff, 7, 0, 0, 0, 0, 0, 0));
    check_request(26, 3, &setattr, BYTES(
        0x43, 0, 0, 0, 26, 3, 0, 1, 0, 0, 0, 0xff, 1, 0, 0, 0xa4, 1, 0, 0,
        2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,
        5, 0, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
        7, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0));
    check_request(32, 3, &xattrcreate, BYTES(
        0x1c, 0, 0, 0, 32, 3, 0, 1, 0, 0, 0, 3, 0, 'a', '.', 'b',
        5, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0));
    check_request(30, 3, &xattrwalk, BYTES(
        0x11, 0, 0, 0, 30, 3, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0));
}

static void test_bytes_locks(void)
{
    P9Tmsg lock = { .lock = { 1, 1, 1, 2, 3, 4, STRING("h") } };
    P9Rmsg rlock = { .lock = { 2 } };
    P9Rmsg rgetlock = { .getlock = { 2, 5, 6, 7, STRING("h") } };

    check_request(52, 4, &lock, BYTES(
        0x27, 0, 0, 0, 52, 4, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0,
        2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0,
        1, 0, 'h'));
    check_reply(52, 4, &rlock, BYTES(8, 0, 0, 0, 53, 4, 0, 2));
    check_reply(54, 4, &rgetlock, BYTES(
        0x1f, 0, 0, 0, 55, 4, 0, 2, 5, 0, 0, 0, 0, 0, 0, 0,
        6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 'h'));
}

static void test_bytes_flush(void)
{
    P9Tmsg flush = { .flush = { 0x0102 } };
    P9Tmsg clunk = { .clunk = { 0x01020304 } };
    P9Rmsg empty = { .clunk = { } };

    check_request(108, 9, &flush, BYTES(9, 0, 0, 0, 108, 9, 0, 2, 1));
    check_reply(108, 9, &empty, BYTES(7, 0, 0, 0, 109, 9, 0));
    check_request(120, 9, &clunk, BYTES(11, 0, 0, 0, 120, 9, 0, 4, 3, 2, 1));
}

static void test_bytes_error(void)
{
    uint8_t came[16];
    struct iovec iov = { came, sizeof(came) };
    P9Cursor c;
    ssize_t len;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    len = p9_encode_rlerror(&c, 0x0203, 95);
    check_bytes(len, came, BYTES(11, 0, 0, 0, 7, 3, 2, 95, 0, 0, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/protocol/numbers", test_numbers);
    g_test_add_func("/protocol/writes", test_writes);
    g_test_add_func("/protocol/dots", test_dots);
    for (unsigned i = 0; i < ARRAY_SIZE(layouts); i++) {
        g_autofree char *path = g_strdup_printf("/protocol/layout/%s",
                                                layouts[i].name);

        g_test_add_data_func(path, &layouts[i], test_layout);
    }
    g_test_add_func("/protocol/bytes/version", test_bytes_version);
    g_test_add_func("/protocol/bytes/attach", test_bytes_attach);
    g_test_add_func("/protocol/bytes/walk", test_bytes_walk);
    g_test_add_func("/protocol/bytes/read-write", test_bytes_read_write);
    g_test_add_func("/protocol/bytes/names", test_bytes_names);
    g_test_add_func("/protocol/bytes/attributes", test_bytes_attributes);
    g_test_add_func("/protocol/bytes/locks", test_bytes_locks);
    g_test_add_func("/protocol/bytes/flush", test_bytes_flush);
    g_test_add_func("/protocol/bytes/error", test_bytes_error);
    return g_test_run();
}
