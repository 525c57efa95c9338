/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.u and plain 9P2000 through a session on the in-memory file system:
 * what differs from 9P2000.L.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/gate.h"

#define DM_DIR      0x80000000u
#define DM_SYMLINK  0x02000000u
#define DM_LINK     0x01000000u
#define DM_DEVICE   0x00800000u
#define DM_PIPE     0x00200000u
#define DM_SOCKET   0x00100000u
#define DM_SETUID   0x00080000u
#define ORDWR       2
#define OTRUNC      0x10
#define ORCLOSE     0x40
#define OAPPEND     0x80

static Client *start(FsExport *export, const char *version)
{
    Client *c = client_new(export, CLIENT_INLINE, NULL);

    g_assert_cmpint(client_version(c, 65536, version), ==, 0);
    g_assert_cmpstr(client_last(c)->r.version.version.s, ==, version);
    g_assert_cmpint(client_attach(c, 0, 1000), ==, 0);
    return c;
}

static const P9Stat *stat_of(Client *c, uint32_t fid)
{
    g_assert_cmpint(ASK(c, stat, .fid = fid), ==, 0);
    return &client_last(c)->r.stat.stat;
}

/* Make fid 1 refer to the root and create there; then it is the new object. */
static int create(Client *c, const char *name, uint32_t perm, uint8_t mode,
                  const char *extension)
{
    int ret = client_walk(c, 0, 1, "");

    if (!ret) {
        ret = ASK(c, create, .fid = 1, .name = P9NAME(name), .perm = perm,
                  .mode = mode, .extension = P9STR(extension));
    }
    return ret;
}

/* Messages of 9P2000.L are refused in a 9P2000.u session. */
static void test_foreign_messages(void)
{
    g_autoptr(Client) u = start(memfs_open(), "9P2000.u");

    g_assert_cmpint(client_walk(u, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(u, lopen, .fid = 1), ==, -EOPNOTSUPP);
    g_assert_cmpint(ASK(u, getattr, .fid = 1), ==, -EOPNOTSUPP);
    g_assert_cmpint(ASK(u, readdir, .fid = 1, .count = 100), ==, -EOPNOTSUPP);
    g_assert_cmpint(ASK(u, open, .fid = 1), ==, 0);
}

static void test_errors_have_text_and_number(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    const GByteArray *reply;

    g_assert_cmpint(client_walk(c, 0, 1, "nothing"), ==, -ENOENT);
    reply = client_last(c)->reply;
    g_assert_cmpint(reply->data[4], ==, P9_RERROR);
    g_assert_cmpuint(reply->data[7], ==, strlen(g_strerror(ENOENT)));
}

static void test_create_file(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    const P9Stat *st;

    g_assert_cmpint(create(c, "f", 0640 | DM_SETUID, ORDWR, ""), ==, 0);
    g_assert_cmpuint(client_last(c)->r.create.iounit, >, 0);
    g_assert_cmpint(client_write(c, 1, 0, "hello", 5), ==, 5);
    client_check_content(c, "f", "hello");
    st = stat_of(c, 1);
    g_assert_cmpstr(st->name.s, ==, "f");
    g_assert_cmphex(st->mode & ~DM_SETUID, ==, 0640);
    g_assert_cmpuint(st->length, ==, 5);
    g_assert_cmpuint(st->n_uid, ==, 1000);
    g_assert_cmpstr(st->extension.s, ==, "HARDLINKCOUNT 1");
}

static void test_create_directory_opens_it(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    g_assert_cmpint(create(c, "d", DM_DIR | 0755, 0, ""), ==, 0);
    g_assert_cmpuint(client_last(c)->r.create.qid.type, ==, P9_QTDIR);
    g_assert_cmpuint(client_last(c)->r.create.iounit, ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, -EINVAL);
    g_assert_cmphex(stat_of(c, 1)->mode, ==, DM_DIR | 0755);
    g_assert_cmpint(client_read(c, 1, 0, 1000), >, 0);
}

static void test_create_special_files(void)
{
    static const struct {
        const char *name;
        uint32_t perm;
        const char *extension;
        const char *shown;
    } kinds[] = {
        { "link", DM_SYMLINK | 0777, "to/there", "to/there" },
        { "char", DM_DEVICE | 0600, "c 1 3", "c 1 3" },
        { "block", DM_DEVICE | 0600, "b 8 17", "b 8 17" },
        { "pipe", DM_PIPE | 0644, "", "" },
        { "socket", DM_SOCKET | 0644, "", "" },
    };
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
        const P9Stat *st;

        g_assert_cmpint(create(c, kinds[i].name, kinds[i].perm, 0,
                               kinds[i].extension), ==, 0);
        st = stat_of(c, 1);
        g_assert_cmpstr(st->name.s, ==, kinds[i].name);
        g_assert_cmphex(st->mode & ~0777u, ==, kinds[i].perm & ~0777u);
        g_assert_cmpstr(st->extension.s, ==, kinds[i].shown);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    }
}

typedef struct Refusals {
    bool of_undoing;
    unsigned made;
} Refusals;

/* What follows a mkdir may have to wait for longer than the loop may. */
static int refuse(void *opaque, const MemCall *call)
{
    Refusals *refusals = opaque;

    refusals->made += call->op == MEM_MKDIR;
    return call->wait < FS_WAIT_ANYTHING &&
           (call->op == MEM_LOOKUP ||
            (call->op == MEM_UNLINK && refusals->of_undoing)) ? -EAGAIN : 0;
}

/*
 * A Tcreate of a directory whose second step is refused on the loop is undone
 * and begun again on a worker.  If it cannot be undone, the worker goes on.
 */
static void test_create_refused_half_way(void)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };

    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, &limits);
        Refusals refusals = { .of_undoing = i };

        g_assert_cmpint(client_version(c, 65536, "9P2000.u"), ==, 0);
        g_assert_cmpint(client_attach(c, 0, 1000), ==, 0);
        memfs_set_hook(c->export, refuse, &refusals);
        g_assert_cmpint(create(c, "d", DM_DIR | 0755, 0, ""), ==, 0);
        g_assert_cmpuint(refusals.made, ==, i ? 1 : 2);
        g_assert_cmpuint(client_last(c)->r.create.qid.type, ==, P9_QTDIR);
        g_assert_cmpstr(stat_of(c, 1)->name.s, ==, "d");
    }
}

static void test_create_hard_link(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    memfs_add(c->export, "old", "text");
    g_assert_cmpint(client_walk(c, 0, 7, "old"), ==, 0);
    g_assert_cmpint(create(c, "new", DM_LINK, 0, "7"), ==, 0);
    client_check_content(c, "new", "text");
    g_assert_cmpstr(stat_of(c, 7)->extension.s, ==, "HARDLINKCOUNT 2");
    /* The Linux client ends the number with a newline. */
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(create(c, "newer", DM_LINK, 0, "7\n"), ==, 0);
    g_assert_cmpstr(stat_of(c, 7)->extension.s, ==, "HARDLINKCOUNT 3");
}

static void test_create_bad_extension(void)
{
    static const struct {
        uint32_t perm;
        const char *extension;
        int error;
    } bad[] = {
        { DM_DEVICE, "", EINVAL }, { DM_DEVICE, "x 1 2", EINVAL },
        { DM_DEVICE, "c 1", EINVAL }, { DM_DEVICE, "c 1 2 3", EINVAL },
        { DM_SYMLINK, "", ENOENT }, { DM_LINK, "", EINVAL },
        { DM_LINK, "99", EINVAL }, { DM_LINK, "-1", EINVAL },
        { DM_LINK, "4294967295", EINVAL }, { DM_LINK, "0x0", EINVAL },
        { DM_LINK, "0\n\n", EINVAL }, { DM_LINK, "\n", EINVAL },
    };
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_cmpint(create(c, "n", bad[i].perm, 0, bad[i].extension), ==,
                        -bad[i].error);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    }
    g_assert_cmpint(client_walk(c, 0, 1, "n"), ==, -ENOENT);
}

static void test_open_modes(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    memfs_add(c->export, "f", "content");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1, .mode = ORDWR | OAPPEND), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "f"), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 2, .mode = ORDWR | OTRUNC), ==, 0);
    client_check_content(c, "f", "");
}

static void test_remove_on_close(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    g_assert_cmpint(create(c, "tmp", 0600, ORDWR | ORCLOSE, ""), ==, 0);
    client_check_content(c, "tmp", "");
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "tmp"), ==, -ENOENT);
}

static void test_read_only(void)
{
    const FsConfig config = { .readonly = true };
    g_autoptr(Client) c = start(memfs_open_config(&config), "9P2000.u");
    P9Stat st = client_keep_all();

    memfs_add(c->export, "f", "text");
    for (unsigned mode = 0; mode < 256; mode++) {
        bool writes = (mode & 3) == 1 || (mode & 3) == 2 ||
                      (mode & (OTRUNC | ORCLOSE | OAPPEND));

        g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
        g_assert_cmpint(ASK(c, open, .fid = 1, .mode = mode), ==,
                        writes ? -EROFS : 0);
        g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    }
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st.length = 0;
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, -EROFS);
    g_assert_cmpint(create(c, "n", 0600, 0, ""), ==, -EINVAL);
    client_check_content(c, "f", "text");
}

/* A Twstat that changes nothing asks for fsync, which needs an open file. */
static void test_wstat_keep_all(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = client_keep_all()), ==,
                    -EBADF);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = client_keep_all()), ==, 0);
    g_assert_cmpuint(client_last(c)->reply->len, ==, P9_HDRSZ);
}

/* Such a Twstat waits for the disk on a worker, even with an own loop. */
static void test_wstat_sync_is_job(void)
{
    static const P9Limits limits = { .max_msize = 512000, .own_loop = true };
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_STEPPED, &limits);
    Call *call;

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_version(c, 65536, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    call = SEND(c, 1, wstat, .fid = 1, .stat = client_keep_all());
    g_assert_true(client_is_job(call));
    client_wait(call);
    g_assert_cmpint(call->error, ==, 0);
}

static void test_wstat_changes(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    P9Stat st = client_keep_all();
    const P9Stat *now;

    memfs_add(c->export, "f", "some text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st.mode = 0604;
    st.length = 4;
    st.mtime = 1000000000;
    st.n_uid = 77;
    st.name = P9STR("g");
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, 0);
    client_check_content(c, "g", "some");
    now = stat_of(c, 1);
    g_assert_cmpstr(now->name.s, ==, "g");
    g_assert_cmphex(now->mode, ==, 0604);
    g_assert_cmpuint(now->mtime, ==, 1000000000);
    g_assert_cmpuint(now->n_uid, ==, 77);
}

/*
 * What a rename replaces cannot be given back when another change fails, so it
 * is replaced by a rename alone.
 */
static void test_wstat_over_another(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    P9Stat st = client_keep_all();

    memfs_add(c->export, "f", "text");
    memfs_add(c->export, "g", "another");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st.name = P9STR("g");
    st.length = 2;
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, -EEXIST);
    client_check_content(c, "f", "text");
    client_check_content(c, "g", "another");
    st.length = UINT64_MAX;
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, 0);
    client_check_content(c, "g", "text");
    client_check_content(c, "f", NULL);
}

/* The 32 bits of a time are unsigned, and a narrow time_t is not wrapped. */
static void test_wstat_late_time(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    P9Stat st = client_keep_all();

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st.mtime = 0xf0000000;
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, 0);
    g_assert_cmpuint(stat_of(c, 1)->mtime, ==,
                     sizeof(time_t) == 4 ? INT32_MAX : 0xf0000000);
}

static void test_wstat_keeps_type(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    P9Stat st = client_keep_all();

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st.mode = DM_DIR | 0700;
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, -EIO);
}

/* A Twstat does not rename to anything but a legal path component. */
static void test_wstat_bad_names(void)
{
    g_autofree char *longest = g_strnfill(256, 'x');
    const struct {
        const char *name;
        int error;
    } bad[] = {
        { "a/b", ENOENT }, { "/", ENOENT }, { ".", EISDIR },
        { "..", EISDIR }, { longest, ENAMETOOLONG },
    };
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    P9Stat st = client_keep_all();

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        st.name = P9STR(bad[i].name);
        g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==,
                        -bad[i].error);
    }
    st.name = (P9String) { .s = "a\0b", .len = 3 };
    g_assert_cmpint(ASK(c, wstat, .fid = 1, .stat = st), ==, -EINVAL);
    client_check_content(c, "f", "text");
}

/* Plain 9P2000 has no extension fields on the wire; users are names. */
static void test_plain(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000");
    const P9Stat *st;

    memfs_add(c->export, "f", "text");
    g_assert_cmpint(client_walk(c, 0, 1, "f"), ==, 0);
    st = stat_of(c, 1);
    g_assert_cmpstr(st->uid.s, ==, "0");
    g_assert_cmpuint(client_last(c)->reply->len, ==,
                     P9_HDRSZ + 2 + 2 + 39 + 2 + 1 + 2 + 1 + 2 + 1 + 2);
    g_assert_cmpint(client_walk(c, 0, 2, "nothing"), <, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(create(c, "l", DM_SYMLINK | 0777, 0, "x"), <, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = 1), ==, 0);
}

/* An error reply to Tversion is of the dialect that the Tversion selected. */
static void test_version_without_room(void)
{
    g_autoptr(Client) c = client_start(memfs_open(), CLIENT_INLINE);

    g_assert_cmpint(client_version(c, 65536, "9P2000"), ==, 0);
    c->in_bytes = 20;
    g_assert_cmpint(client_version(c, 65536, "9P2000.u"), ==, -EMSGSIZE);
    c->in_bytes = 0;
    g_assert_cmpint(client_version(c, 65536, "9P2000.u"), ==, 0);
}

/*
 * The throttle's ticket for a Tread of a directory has the size and direction
 * of this request, not of the previous one in the same P9Request.
 */
static void test_throttled_directory(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    Gate gate;

    g_assert_cmpint(create(c, "file", 0644, ORDWR, ""), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 2), ==, 0);
    gate_install(&gate, c, true);
    g_assert_cmpint(client_write(c, 1, 0, "xyz", 3), ==, 3);
    g_assert_cmpint(client_read(c, 2, 0, 512), >, 0);
    g_assert_cmpstr(gate.log->str, ==, "write 3; read 512; ");
    gate_remove(&gate, c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dotu/foreign-messages", test_foreign_messages);
    g_test_add_func("/dotu/errors", test_errors_have_text_and_number);
    g_test_add_func("/dotu/create/file", test_create_file);
    g_test_add_func("/dotu/create/directory", test_create_directory_opens_it);
    g_test_add_func("/dotu/create/special", test_create_special_files);
    g_test_add_func("/dotu/create/refused-half-way",
                    test_create_refused_half_way);
    g_test_add_func("/dotu/create/hard-link", test_create_hard_link);
    g_test_add_func("/dotu/create/bad-extension", test_create_bad_extension);
    g_test_add_func("/dotu/open/modes", test_open_modes);
    g_test_add_func("/dotu/open/remove-on-close", test_remove_on_close);
    g_test_add_func("/dotu/read-only", test_read_only);
    g_test_add_func("/dotu/wstat/keep-all", test_wstat_keep_all);
    g_test_add_func("/dotu/wstat/sync-is-job", test_wstat_sync_is_job);
    g_test_add_func("/dotu/wstat/changes", test_wstat_changes);
    g_test_add_func("/dotu/wstat/over-another", test_wstat_over_another);
    g_test_add_func("/dotu/wstat/late-time", test_wstat_late_time);
    g_test_add_func("/dotu/wstat/keeps-type", test_wstat_keeps_type);
    g_test_add_func("/dotu/wstat/bad-names", test_wstat_bad_names);
    g_test_add_func("/dotu/plain", test_plain);
    g_test_add_func("/dotu/throttled-directory", test_throttled_directory);
    g_test_add_func("/dotu/version-without-room", test_version_without_room);
    return g_test_run();
}
