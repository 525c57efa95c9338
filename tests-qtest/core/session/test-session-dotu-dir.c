/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Treads of directories in 9P2000.u and plain 9P2000, through a session on the
 * in-memory file system.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/fault.h"
#include "lib/test-call.h"

static Client *start(FsExport *export, const char *version)
{
    Client *c = client_new(export, CLIENT_INLINE, NULL);

    g_assert_cmpint(client_version(c, 512000, version), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 1000), ==, 0);
    return c;
}

/* All names of fid 1's directory, read @count bytes at a time. */
static unsigned read_names(Client *c, uint32_t count, GHashTable *names)
{
    unsigned entries = 0;
    uint64_t offset = 0;
    ssize_t n;

    while ((n = client_read(c, 1, offset, count)) > 0) {
        const uint8_t *p = client_last(c)->reply->data + P9_IO_HDRSZ;
        const uint8_t *end = p + n;

        while (p < end) {
            uint16_t size = p[0] | p[1] << 8;
            uint16_t len = p[41] | p[42] << 8;

            g_assert_true(p + 2 + size <= end);
            g_hash_table_add(names, g_strndup((const char *)p + 43, len));
            p += 2 + size;
            entries++;
        }
        g_assert_true(p == end);
        offset += n;
    }
    g_assert_cmpint(n, ==, 0);
    return entries;
}

static void check_read_directory(bool remote)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                        g_str_equal, g_free,
                                                        NULL);
    ssize_t n;

    for (unsigned i = 0; i < 50; i++) {
        g_autofree char *name = g_strdup_printf("file-%u", i);

        memfs_add(c->export, name, "");
    }
    memfs_remote(c->export, remote);
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    g_assert_cmpuint(read_names(c, 300, names), ==, 52);
    g_assert_cmpuint(g_hash_table_size(names), ==, 52);
    g_assert_true(g_hash_table_contains(names, "file-49"));
    /* A read may restart at 0, but not continue at any other offset. */
    g_assert_cmpuint(read_names(c, 60000, names), ==, 52);
    g_assert_cmpint(client_read(c, 1, 17, 300), ==, -EINVAL);
    g_assert_cmpint(client_read(c, 1, 0, 20), ==, -EINVAL);
    /* A count too small for the next entry must not lose that entry. */
    n = client_read(c, 1, 0, 300);
    g_assert_cmpint(n, >, 0);
    g_assert_cmpint(client_read(c, 1, n, 20), ==, 0);
    g_assert_cmpint(client_read(c, 1, n, 300), >, 0);
}

static void test_read_directory(void)
{
    check_read_directory(false);
}

/* On remote storage entries go through a buffer that the guest cannot see. */
static void test_read_directory_remote(void)
{
    check_read_directory(true);
}

/* How many entries are looked up between two reads of the directory. */
typedef struct Collected {
    unsigned readdirs;
    unsigned lookups;           /* since the last one */
    unsigned most;
} Collected;

static int count_collected(void *opaque, const MemCall *call)
{
    Collected *counts = opaque;

    if (call->op == MEM_READDIR) {
        counts->readdirs++;
        counts->lookups = 0;
    }
    counts->lookups += call->op == MEM_LOOKUP;
    counts->most = MAX(counts->most, counts->lookups);
    return 0;
}

/* One Tread of a large directory never keeps more than 64 KiB of names. */
static void test_read_directory_in_pieces(void)
{
    enum { COUNT = 1500, LENGTH = 200 };
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                        g_str_equal, g_free,
                                                        NULL);
    Collected counts = { 0 };

    for (unsigned i = 0; i < COUNT; i++) {
        g_autofree char *name = g_strdup_printf("%0*u", LENGTH, i);

        memfs_add(c->export, name, "");
    }
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    memfs_set_hook(c->export, count_collected, &counts);
    g_assert_cmpint(client_read(c, 1, 0, 500000), >, COUNT * LENGTH);
    g_assert_cmpuint(counts.readdirs, >=, COUNT * LENGTH / 65536);
    g_assert_cmpuint(counts.most * LENGTH, <=, 65536);
    memfs_set_hook(c->export, NULL, NULL);
    g_assert_cmpuint(read_names(c, 500000, names), ==, COUNT + 2);
    g_assert_cmpuint(g_hash_table_size(names), ==, COUNT + 2);
}

/*
 * If the directory cannot be read on, the entries before that are answered, and
 * the next Tread gets the error.
 */
static void test_read_directory_fails_half_way(void)
{
    g_autoptr(Client) c = start(memfs_open(), "9P2000.u");
    Fault *fault = fault_over(c->export);
    ssize_t n;

    for (unsigned i = 0; i < 600; i++) {
        g_autofree char *name = g_strdup_printf("%0200u", i);

        memfs_add(c->export, name, "");
    }
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    fault_add(fault, &(FaultRule) { .op = FAULT_READDIR, .error = EIO,
                                    .skip = 1 });
    n = client_read(c, 1, 0, 500000);
    g_assert_cmpint(n, >, 0);
    g_assert_cmpint(client_read(c, 1, n, 500000), ==, -EIO);
}

/*
 * An entry whose attributes or link target cannot be read is listed with what
 * the directory tells; one that was removed meanwhile is not listed.
 */
static void test_read_directory_with_faults(void)
{
    const struct {
        FaultRule rule;
        unsigned listed;
    } cases[] = {
        { { .op = FAULT_LOOKUP, .error = EIO, .times = 1 }, 5 },
        { { .op = FAULT_LOOKUP, .error = EACCES, .skip = 1 }, 5 },
        { { .op = FAULT_LOOKUP, .error = ESTALE }, 5 },
        { { .op = FAULT_LOOKUP, .error = EAGAIN }, 5 },
        { { .op = FAULT_GETATTR, .error = EIO }, 5 },
        { { .op = FAULT_READLINK, .error = ENAMETOOLONG }, 5 },
        { { .op = FAULT_LOOKUP, .error = ENOENT, .times = 1 }, 4 },
    };

    for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        g_autoptr(Client) c = start(memfs_open(),
                                    i % 2 ? "9P2000" : "9P2000.u");
        g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                            g_str_equal,
                                                            g_free, NULL);
        Fault *fault = fault_over(c->export);
        FsNode *root = fs_root(c->export);
        FsAttr attr;

        memfs_add(c->export, "file", "");
        memfs_add(c->export, "dir", NULL);
        g_assert_cmpint(fs_symlink(&test_call, root, "link", "target", &attr),
                        ==, 0);
        fs_node_unref(root);
        g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
        g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
        fault_add(fault, &cases[i / 2].rule);
        read_names(c, 4096, names);
        g_assert_cmpuint(g_hash_table_size(names), ==, cases[i / 2].listed);
        fault_clear(fault);
    }
}

/*
 * The target of a link may take more bytes than a reply has.  The link is
 * listed without it, and so is what comes after the link.
 */
static void test_read_directory_with_long_target(void)
{
    g_autofree char *target = g_strnfill(PATH_MAX - 1, 'x');
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash,
                                                        g_str_equal, g_free,
                                                        NULL);
    g_autoptr(Client) c = client_new(memfs_open(), CLIENT_INLINE, NULL);
    FsNode *root = fs_root(c->export);
    FsAttr attr;

    g_assert_cmpint(client_version(c, 4096, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 1000), ==, 0);
    memfs_add(c->export, "before", "");
    g_assert_cmpint(fs_symlink(&test_call, root, "link", target, &attr), ==,
                    0);
    memfs_add(c->export, "after", "");
    fs_node_unref(root);
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    /* What Linux asks for. */
    g_assert_cmpuint(read_names(c, 4096 - 24, names), ==, 5);
    g_assert_true(g_hash_table_contains(names, "link"));
    g_assert_true(g_hash_table_contains(names, "after"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dotu/read-directory", test_read_directory);
    g_test_add_func("/dotu/read-directory-remote",
                    test_read_directory_remote);
    g_test_add_func("/dotu/read-directory-in-pieces",
                    test_read_directory_in_pieces);
    g_test_add_func("/dotu/read-directory-fails-half-way",
                    test_read_directory_fails_half_way);
    g_test_add_func("/dotu/read-directory-with-faults",
                    test_read_directory_with_faults);
    g_test_add_func("/dotu/read-directory-with-long-target",
                    test_read_directory_with_long_target);
    return g_test_run();
}
