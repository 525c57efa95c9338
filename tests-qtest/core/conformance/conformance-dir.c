/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: making, removing and reading directories.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

static void mkdir_tells_what_it_made(Conf *c)
{
    const FsCred *owner = &c->subject->owner;
    g_autoptr(FsNode) dir = NULL;
    FsAttr attr, again;

    conf_assert_errno(fs_mkdir(CALL_AS(owner), c->root, "d", 0751, &attr), 0);
    dir = conf_lookup(c->root, "d");
    again = conf_attr(dir);
    g_assert_cmphex(attr.mode, ==, S_IFDIR | 0751);
    g_assert_cmphex(again.mode, ==, S_IFDIR | 0751);
    g_assert_cmpuint(attr.ino, ==, again.ino);
    g_assert_cmpuint(attr.uid, ==, again.uid);
    if (!(c->subject->caps & CONF_OWNER_LOST)) {
        g_assert_cmpuint(again.uid, ==, owner->uid);
        g_assert_cmpuint(again.gid, ==, owner->gid);
    }
}

static void mkdir_special_bits(Conf *c)
{
    g_autoptr(FsNode) sticky = conf_mkdir(c, c->root, "sticky", 01777);
    g_autoptr(FsNode) setgid = conf_mkdir(c, c->root, "setgid", 02775);

    g_assert_cmphex(conf_attr(sticky).mode, ==, S_IFDIR | 01777);
    g_assert_cmphex(conf_attr(setgid).mode, ==, S_IFDIR | 02775);
}

static void mkdir_existing(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file G_GNUC_UNUSED = conf_sample_file(c);
    FsAttr attr;

    conf_assert_errno(fs_mkdir(CALL_AS(&c->subject->owner), c->root,
                               "sample-dir", 0700, &attr),
                      -EEXIST);
    conf_assert_errno(fs_mkdir(CALL_AS(&c->subject->owner), c->root,
                               "sample-file", 0700, &attr),
                      -EEXIST);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
}

static void rmdir_full(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = conf_file(c, dir, "f", 0640, "kept");
    g_autofree char *text = NULL;

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", true),
                      -ENOTEMPTY);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "kept");
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
}

static void rmdir_emptied(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) sub G_GNUC_UNUSED = conf_mkdir(c, dir, "sub", 0700);
    g_autoptr(FsNode) file G_GNUC_UNUSED = conf_file(c, dir, "f", 0640, "x");

    conf_assert_errno(fs_unlink(&test_call, dir, "f", false), 0);
    conf_assert_errno(fs_unlink(&test_call, dir, "sub", true), 0);
    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", true), 0);
    conf_assert_errno(conf_try_lookup(c->root, "sample-dir"), -ENOENT);
}

static void remove_wrong_kind(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", false),
                      -EISDIR);
    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-file", true),
                      -ENOTDIR);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0644);
}

static void remove_missing(Conf *c)
{
    conf_assert_errno(fs_unlink(&test_call, c->root, "none", false), -ENOENT);
    conf_assert_errno(fs_unlink(&test_call, c->root, "none", true), -ENOENT);
}

static void made_anew_without_inheritance(Conf *c)
{
    g_autoptr(FsNode) first G_GNUC_UNUSED =
        conf_file(c, c->root, "x", 0611, NULL);
    g_autoptr(FsNode) second = NULL;
    g_autoptr(FsNode) third = NULL;

    conf_assert_errno(fs_unlink(&test_call, c->root, "x", false), 0);
    second = conf_mkdir(c, c->root, "x", 0755);
    g_assert_cmphex(conf_attr(second).mode, ==, S_IFDIR | 0755);
    conf_assert_errno(fs_unlink(&test_call, c->root, "x", true), 0);
    third = conf_file(c, c->root, "x", 0400, NULL);
    g_assert_cmphex(conf_attr(third).mode, ==, S_IFREG | 0400);
}

static void lists_everything_once(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(GPtrArray) entries = conf_list(c->root, 0);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    char name[NAME_MAX + 1];
    FsNode *where = NULL;

    for (unsigned i = 0; i < entries->len; i++) {
        const ConfEntry *entry = g_ptr_array_index(entries, i);

        g_assert_true(g_hash_table_add(seen, entry->name));
    }
    g_assert_true(g_hash_table_contains(seen, "."));
    g_assert_true(g_hash_table_contains(seen, ".."));
    conf_assert_errno(fs_locate(file, &where, name), 0);
    fs_node_unref(where);
    g_assert_true(g_hash_table_contains(seen, name));
    conf_assert_errno(fs_locate(dir, &where, name), 0);
    fs_node_unref(where);
    g_assert_true(g_hash_table_contains(seen, name));
}

static void empty_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_mkdir(c, c->root, "d", 0700);
    g_autoptr(GPtrArray) entries = conf_list(dir, 0);

    g_assert_cmpuint(entries->len, ==, 2);
    g_assert_cmpuint(conf_find_entry(entries, ".")->dirent.ino, ==,
                     conf_attr(dir).ino);
}

static void dotdot_stays_inside(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(GPtrArray) root = conf_list(c->root, FS_READDIR_DEV);
    g_autoptr(GPtrArray) below = conf_list(dir, FS_READDIR_DEV);
    FsAttr attr = conf_attr(c->root);

    g_assert_cmpuint(conf_find_entry(root, ".")->dirent.ino, ==, attr.ino);
    g_assert_cmpuint(conf_find_entry(root, "..")->dirent.ino, ==, attr.ino);
    g_assert_cmpuint(conf_find_entry(root, "..")->dirent.dev, ==, attr.dev);
    g_assert_cmpuint(conf_find_entry(below, "..")->dirent.ino, ==, attr.ino);
    g_assert_cmpuint(conf_find_entry(below, "..")->dirent.dev, ==, attr.dev);
}

static void entries_have_lstat_identity(Conf *c)
{
    g_autoptr(FsNode) file G_GNUC_UNUSED = conf_sample_file(c);
    g_autoptr(FsNode) dir G_GNUC_UNUSED = conf_sample_dir(c);
    g_autoptr(GPtrArray) entries = conf_list(c->root, FS_READDIR_DEV);

    for (unsigned i = 0; i < entries->len; i++) {
        const ConfEntry *entry = g_ptr_array_index(entries, i);
        g_autoptr(FsNode) node = NULL;

        if (!strcmp(entry->name, ".") || !strcmp(entry->name, "..")) {
            continue;
        }
        node = conf_lookup(c->root, entry->name);
        g_assert_cmpuint(entry->dirent.ino, ==, conf_attr(node).ino);
        g_assert_cmpuint(entry->dirent.dev, ==, conf_attr(node).dev);
    }
}

/* A directory is one in each model, and is told as one. */
static void types_are_right_or_unknown(Conf *c)
{
    g_autoptr(FsNode) file G_GNUC_UNUSED = conf_sample_file(c);
    g_autoptr(FsNode) dir G_GNUC_UNUSED = conf_sample_dir(c);
    g_autoptr(GPtrArray) entries = NULL;

    if (c->subject->caps & CONF_SYMLINK) {
        conf_assert_errno(conf_symlink(c, c->root, "l", "x"), 0);
    }
    if (c->subject->caps & CONF_FIFO) {
        conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0600, 0), 0);
    }
    for (unsigned flags = 0; flags <= FS_READDIR_DEV; flags += FS_READDIR_DEV) {
        entries = conf_list(c->root, flags);
        for (unsigned i = 0; i < entries->len; i++) {
            const ConfEntry *entry = g_ptr_array_index(entries, i);
            g_autoptr(FsNode) node = NULL;

            if (entry->name[0] == '.') {
                g_assert_cmpint(entry->dirent.type, ==, DT_DIR);
                continue;
            }
            node = conf_lookup(c->root, entry->name);
            if (entry->dirent.type == DT_UNKNOWN) {
                /* Only a regular file of the host can be something else. */
                g_assert_true(!flags || !S_ISDIR(conf_attr(node).mode));
                continue;
            }
            g_assert_cmpint(entry->dirent.type, ==,
                            IFTODT(conf_attr(node).mode));
        }
        g_clear_pointer(&entries, g_ptr_array_unref);
    }
}

/* Reading from the cookie of an entry gives exactly the entries after it. */
static void every_cookie_resumes(Conf *c)
{
    g_autoptr(FsNode) dir G_GNUC_UNUSED = conf_sample_dir(c);
    g_autoptr(FsNode) sample G_GNUC_UNUSED = conf_sample_file(c);
    g_autoptr(FsFile) file = NULL;
    g_autoptr(GPtrArray) all = NULL;

    for (int i = 0; (c->subject->caps & CONF_WRITE) && i < 20; i++) {
        g_autofree char *name = g_strdup_printf("file %d", i);

        fs_node_unref(conf_file(c, c->root, name, 0600, NULL));
    }
    file = conf_open(c->root, O_RDONLY);
    all = conf_entries(file, 0, 0, 0);
    for (unsigned i = all->len; i > 0; i--) {
        const ConfEntry *from = g_ptr_array_index(all, i - 1);
        g_autoptr(GPtrArray) rest = conf_entries(file, from->dirent.next, 0,
                                                 0);

        g_assert_cmpuint(rest->len, ==, all->len - i);
        if (rest->len) {
            const ConfEntry *next = g_ptr_array_index(all, i);
            const ConfEntry *got = g_ptr_array_index(rest, 0);

            g_assert_cmpstr(got->name, ==, next->name);
        }
    }
}

static void refused_entry_comes_again(Conf *c)
{
    g_autoptr(FsNode) sample G_GNUC_UNUSED = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) all = conf_entries(file, 0, 0, 0);
    uint64_t cookie = 0;

    for (unsigned i = 0; i < all->len; i++) {
        g_autoptr(GPtrArray) one = conf_entries(file, cookie, 0, 1);
        const ConfEntry *got, *wanted = g_ptr_array_index(all, i);

        g_assert_cmpuint(one->len, ==, 1);
        got = g_ptr_array_index(one, 0);
        g_assert_cmpstr(got->name, ==, wanted->name);
        cookie = got->dirent.next;
    }
}

static int refuse(void *opaque, const FsDirent *dirent)
{
    return *(int *)opaque;
}

static void sink_decides(Conf *c)
{
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) all = NULL;
    int answer = -EXFULL;

    conf_assert_errno(fs_readdir(&test_call, file, 0, 0, refuse, &answer),
                      -EXFULL);
    answer = 1;
    conf_assert_errno(fs_readdir(&test_call, file, 0, 0, refuse, &answer), 0);
    all = conf_entries(file, 0, 0, 0);
    g_assert_nonnull(conf_find_entry(all, "."));
}

static void rewound_sees_new_files(Conf *c)
{
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) before = conf_entries(file, 0, 0, 0);
    g_autoptr(GPtrArray) after = NULL;
    g_autoptr(FsNode) made G_GNUC_UNUSED =
        conf_file(c, c->root, "late", 0600, NULL);

    g_assert_null(conf_find_entry(before, "late"));
    after = conf_entries(file, 0, 0, 0);
    g_assert_nonnull(conf_find_entry(after, "late"));
}

/*
 * Entries that were read ahead but not delivered are not reused from the
 * start.
 */
static void started_again_sees_new_files(Conf *c)
{
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) all = NULL;
    int answer = 1;

    conf_assert_errno(fs_readdir(&test_call, file, 0, 0, refuse, &answer), 0);
    fs_node_unref(conf_file(c, c->root, "late", 0600, NULL));
    all = conf_entries(file, 0, 0, 0);
    g_assert_nonnull(conf_find_entry(all, "late"));
}

/* As rm -r does: reads a directory while it removes the entries. */
static void removed_while_read(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsFile) file = NULL;
    uint64_t cookie = 0;
    unsigned removed = 0;

    for (int i = 0; i < 50; i++) {
        g_autofree char *name = g_strdup_printf("f%d", i);

        fs_node_unref(conf_file(c, dir, name, 0600, NULL));
    }
    file = conf_open(dir, O_RDONLY);
    for (;;) {
        g_autoptr(GPtrArray) some = conf_entries(file, cookie, 0, 7);

        if (some->len == 0) {
            break;
        }
        for (unsigned i = 0; i < some->len; i++) {
            const ConfEntry *entry = g_ptr_array_index(some, i);

            cookie = entry->dirent.next;
            if (entry->name[0] == 'f') {
                conf_assert_errno(fs_unlink(&test_call, dir, entry->name,
                                            false),
                                  0);
                removed++;
            }
        }
    }
    g_assert_cmpuint(removed, ==, 50);
    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", true), 0);
}

/* More entries than fit into any buffer. */
static void thousands_of_entries(Conf *c)
{
    const unsigned count = 1500;
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) first = conf_file(c, dir, "first", 0600, NULL);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) entries = NULL;
    bool link = c->subject->caps & CONF_HARD_LINK;

    for (unsigned i = 0; i < count; i++) {
        g_autofree char *name = g_strdup_printf("an entry number %06u", i);

        if (link) {
            conf_assert_errno(fs_link(&test_call, first, dir, name), 0);
        } else {
            fs_node_unref(conf_file(c, dir, name, 0600, NULL));
        }
    }
    entries = conf_list(dir, 0);
    for (unsigned i = 0; i < entries->len; i++) {
        const ConfEntry *entry = g_ptr_array_index(entries, i);

        g_assert_true(g_hash_table_add(seen, entry->name));
    }
    g_assert_cmpuint(entries->len, ==, count + 3);
}

static int count_entry(void *opaque, const FsDirent *dirent)
{
    (*(unsigned *)opaque)++;
    return 0;
}

static void read_without_sleeping(Conf *c)
{
    g_autoptr(FsNode) sample G_GNUC_UNUSED = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) all = NULL;
    const ConfEntry *entry;
    unsigned count = 0;
    int ret = fs_readdir(&test_call_never, file, 0, 0, count_entry, &count);

    if (ret != -EAGAIN) {
        conf_assert_errno(ret, 0);
        g_assert_cmpuint(count, >=, 3);
    }
    all = conf_entries(file, 0, 0, 0);
    first = conf_entries(file, 0, 0, 1);
    entry = g_ptr_array_index(first, 0);
    count = 0;
    ret = fs_readdir(&test_call_never, file, entry->dirent.next, 0, count_entry,
                     &count);
    if (ret == -EAGAIN) {
        g_assert_cmpuint(count, ==, 0);
        return;
    }
    conf_assert_errno(ret, 0);
    g_assert_cmpuint(count, ==, all->len - 1);
}

static void cookie_out_of_range(Conf *c)
{
    g_autoptr(FsFile) file = conf_open(c->root, O_RDONLY);
    g_autoptr(GPtrArray) all = NULL;
    unsigned count = 0;
    int ret = fs_readdir(&test_call, file, UINT64_MAX, 0, count_entry, &count);

    /* An error, or no entries; the open directory is still usable. */
    g_assert_true(ret == 0 || ret == -EINVAL);
    g_assert_cmpuint(count, ==, 0);
    all = conf_entries(file, 0, 0, 0);
    g_assert_nonnull(conf_find_entry(all, "."));
}

static void read_after_removal(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsFile) file = conf_open(dir, O_RDONLY);
    unsigned count = 0;
    int ret;

    conf_assert_errno(fs_unlink(&test_call, c->root, "sample-dir", true), 0);
    ret = fs_readdir(&test_call, file, 0, 0, count_entry, &count);
    g_assert_true(ret == 0 || ret == -ENOENT);
    g_assert_cmpuint(conf_file_attr(file).nlink, ==, 0);
}

const ConformanceTest conformance_dir[] = {
    { "mkdir", CONF_WRITE, mkdir_tells_what_it_made },
    { "mkdir-special-bits", CONF_SETID, mkdir_special_bits },
    { "mkdir-existing", CONF_WRITE, mkdir_existing },
    { "rmdir-full", CONF_WRITE, rmdir_full },
    { "rmdir-emptied", CONF_WRITE, rmdir_emptied },
    { "remove-wrong-kind", CONF_WRITE, remove_wrong_kind },
    { "remove-missing", CONF_WRITE, remove_missing },
    { "made-anew-without-inheritance", CONF_WRITE,
      made_anew_without_inheritance },
    { "readdir", 0, lists_everything_once },
    { "readdir-empty", CONF_WRITE, empty_directory },
    { "readdir-dotdot-stays-inside", 0, dotdot_stays_inside },
    { "readdir-identity", 0, entries_have_lstat_identity },
    { "readdir-types", 0, types_are_right_or_unknown },
    { "readdir-every-cookie-resumes", 0, every_cookie_resumes },
    { "readdir-refused-entry-comes-again", 0, refused_entry_comes_again },
    { "readdir-sink-decides", 0, sink_decides },
    { "readdir-rewound", CONF_WRITE, rewound_sees_new_files },
    { "readdir-started-again", CONF_WRITE, started_again_sees_new_files },
    { "readdir-while-removing", CONF_WRITE, removed_while_read },
    { "readdir-thousands", CONF_WRITE, thousands_of_entries },
    { "readdir-without-sleeping", 0, read_without_sleeping },
    { "readdir-cookie-out-of-range", 0, cookie_out_of_range },
    { "readdir-after-removal", CONF_WRITE, read_after_removal },
    { NULL }
};
