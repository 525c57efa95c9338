/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite: its runner, and functions that the behaviours use.
 *
 * Every behaviour runs on an export of its own, and afterwards the process
 * must have as many descriptors open as before.  The behaviours are in
 * conformance-*.c.  Test programs call conformance_add() from main().
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

/* ---- runner ----------------------------------------------------------- */

static const ConformanceTest *const tables[] = {
    conformance_nodes, conformance_attr, conformance_open, conformance_io,
    conformance_dir, conformance_links, conformance_rename, conformance_xattr,
};

typedef struct Case {
    const ConformanceSubject *subject;
    const ConformanceTest *test;
} Case;

unsigned conformance_count_fds(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        count++;
    }
    return count;
}

static void run_case(gconstpointer opaque)
{
    const Case *row = opaque;
    const ConformanceSubject *subject = row->subject;
    Conf c = { .subject = subject };
    unsigned fds = conformance_count_fds();

    c.export = subject->open(subject->opaque);
    if (c.export) {
        c.root = fs_root(c.export);
        row->test->run(&c);
        fs_node_unref(c.root);
        fs_export_unref(c.export);
    }
    if (subject->done) {
        subject->done(subject->opaque);
    }
    g_assert_cmpuint(conformance_count_fds(), ==, fds);
}

void conformance_add(const ConformanceSubject *subject)
{
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        for (const ConformanceTest *test = tables[i]; test->name; test++) {
            g_autofree char *path = NULL;
            Case *row;

            if ((test->needs & subject->caps) != test->needs) {
                continue;
            }
            row = g_new(Case, 1);
            *row = (Case) { subject, test };
            path = g_strdup_printf("%s/%s", subject->prefix, test->name);
            g_test_add_data_func_full(path, row, run_case, g_free);
        }
    }
}

/* ---- functions for the behaviours ------------------------------------- */

void conf_check_errno(const char *file, int line, const char *what,
                      ssize_t got, ssize_t wanted)
{
    if (got != wanted) {
        g_printerr("%s:%d: %s: expected %zd (%s), got %zd (%s)\n", file, line,
                   what, wanted, wanted < 0 ? g_strerror(-wanted) : "success",
                   got, got < 0 ? g_strerror(-got) : "success");
        g_assert_cmpint(got, ==, wanted);
    }
}

FsNode *conf_lookup(FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    conf_assert_errno(fs_lookup(&test_call, dir, name, &node, &attr), 0);
    g_assert_nonnull(node);
    return node;
}

int conf_try_lookup(FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;
    int ret = fs_lookup(&test_call, dir, name, &node, &attr);

    if (ret == 0) {
        fs_node_unref(node);
    } else {
        g_assert_null(node);
    }
    return ret;
}

FsNode *conf_mkdir(Conf *c, FsNode *dir, const char *name, uint32_t mode)
{
    FsAttr attr;

    conf_assert_errno(fs_mkdir(CALL_AS(&c->subject->owner), dir, name, mode,
                               &attr),
                      0);
    return conf_lookup(dir, name);
}

FsFile *conf_create(Conf *c, FsNode *dir, const char *name, int flags,
                    uint32_t mode)
{
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;

    conf_assert_errno(fs_create(CALL_AS(&c->subject->owner), dir, name, flags,
                                mode, &node, &file, &attr),
                      0);
    g_assert_true(file->node == node);
    fs_node_unref(node);
    return file;
}

int conf_try_create(Conf *c, FsNode *dir, const char *name, int flags,
                    uint32_t mode)
{
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    int ret = fs_create(CALL_AS(&c->subject->owner), dir, name, flags, mode,
                        &node, &file, &attr);

    if (ret == 0) {
        fs_release(&test_call, file);
        fs_node_unref(node);
    } else {
        g_assert_null(node);
        g_assert_null(file);
    }
    return ret;
}

FsNode *conf_file(Conf *c, FsNode *dir, const char *name, uint32_t mode,
                  const char *text)
{
    g_autoptr(FsFile) file = conf_create(c, dir, name, O_RDWR | O_EXCL, mode);

    if (text) {
        g_assert_cmpint(conf_write(file, text, 0), ==, strlen(text));
    }
    return fs_node_ref(file->node);
}

FsFile *conf_open(FsNode *node, int flags)
{
    FsFile *file = NULL;

    conf_assert_errno(fs_open(&test_call, node, flags, &file), 0);
    g_assert_nonnull(file);
    g_assert_true(file->node == node);
    return file;
}

int conf_try_open(FsNode *node, int flags)
{
    FsFile *file = NULL;
    int ret = fs_open(&test_call, node, flags, &file);

    if (ret == 0) {
        fs_release(&test_call, file);
    } else {
        g_assert_null(file);
    }
    return ret;
}

int conf_symlink(Conf *c, FsNode *dir, const char *name, const char *target)
{
    FsAttr attr;

    return fs_symlink(CALL_AS(&c->subject->owner), dir, name, target, &attr);
}

int conf_mknod(Conf *c, FsNode *dir, const char *name, uint32_t mode,
               uint64_t rdev)
{
    FsAttr attr;

    return fs_mknod(CALL_AS(&c->subject->owner), dir, name, mode, rdev, &attr);
}

FsNode *conf_sample_dir(Conf *c)
{
    if (c->subject->caps & CONF_WRITE) {
        return conf_mkdir(c, c->root, "sample-dir", 0755);
    }
    return conf_lookup(c->root, c->subject->sample_dir);
}

FsNode *conf_sample_file(Conf *c)
{
    if (c->subject->caps & CONF_WRITE) {
        return conf_file(c, c->root, "sample-file", 0644, "sample");
    }
    return conf_lookup(c->root, c->subject->sample_file);
}

FsAttr conf_attr(FsNode *node)
{
    FsAttr attr;

    conf_assert_errno(fs_getattr(&test_call, node, NULL, 0, &attr), 0);
    return attr;
}

FsAttr conf_file_attr(FsFile *file)
{
    FsAttr attr;

    conf_assert_errno(fs_getattr(&test_call, file->node, file, 0, &attr), 0);
    return attr;
}

ssize_t conf_write(FsFile *file, const char *text, uint64_t offset)
{
    struct iovec iov = { (void *)text, strlen(text) };

    return fs_write(&test_call, file, &iov, 1, offset);
}

char *conf_read(FsFile *file, uint64_t offset, ssize_t *ret)
{
    char *text = g_malloc0(4096);
    struct iovec iov = { text, 4095 };
    ssize_t len = fs_read(&test_call, file, &iov, 1, offset);

    if (ret) {
        *ret = len;
    } else {
        g_assert_cmpint(len, >=, 0);
    }
    return text;
}

char *conf_text(FsNode *node)
{
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);

    return conf_read(file, 0, NULL);
}

int conf_chmod(FsNode *node, uint32_t mode)
{
    FsSetattr set = { .valid = FS_SET_MODE, .mode = mode };

    return fs_setattr(&test_call, node, NULL, &set);
}

int conf_truncate(FsNode *node, uint64_t size)
{
    FsSetattr set = { .valid = FS_SET_SIZE, .size = size };

    return fs_setattr(&test_call, node, NULL, &set);
}

/* ---- directories ------------------------------------------------------ */

static void entry_free(gpointer opaque)
{
    ConfEntry *entry = opaque;

    g_free(entry->name);
    g_free(entry);
}

typedef struct Collect {
    GPtrArray *entries;
    unsigned max;
} Collect;

static int collect(void *opaque, const FsDirent *dirent)
{
    Collect *into = opaque;
    ConfEntry *entry;

    if (into->max && into->entries->len == into->max) {
        return 1;
    }
    g_assert_cmpuint(strlen(dirent->name), ==, dirent->name_len);
    entry = g_new(ConfEntry, 1);
    entry->name = g_strdup(dirent->name);
    entry->dirent = *dirent;
    entry->dirent.name = NULL;
    g_ptr_array_add(into->entries, entry);
    return 0;
}

/*
 * A call may deliver only some of the entries, so repeat it until it delivers
 * none.
 */
GPtrArray *conf_entries(FsFile *file, uint64_t cookie, unsigned flags,
                        unsigned max)
{
    Collect into = { g_ptr_array_new_with_free_func(entry_free), max };
    unsigned before;

    do {
        before = into.entries->len;
        if (before) {
            const ConfEntry *last = g_ptr_array_index(into.entries,
                                                      before - 1);

            cookie = last->dirent.next;
        }
        conf_assert_errno(fs_readdir(&test_call, file, cookie, flags, collect,
                                     &into),
                          0);
    } while (into.entries->len > before && into.entries->len != max);
    return into.entries;
}

GPtrArray *conf_list(FsNode *dir, unsigned flags)
{
    g_autoptr(FsFile) file = conf_open(dir, O_RDONLY | O_DIRECTORY);

    return conf_entries(file, 0, flags, 0);
}

const ConfEntry *conf_find_entry(const GPtrArray *entries, const char *name)
{
    for (unsigned i = 0; i < entries->len; i++) {
        const ConfEntry *entry = g_ptr_array_index(entries, i);

        if (!strcmp(entry->name, name)) {
            return entry;
        }
    }
    return NULL;
}
