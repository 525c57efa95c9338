/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the wrappers between session and drivers (fsdriver.c), with a driver
 * that has only the compulsory entries and one that returns a given result.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"
#include "lib/test-call.h"

typedef struct FakeExport {
    FsExport base;
    FsNode root;
    FsFile file;
} FakeExport;

static int closed;
static int released;
static int root_refs;
static ssize_t answer;          /* result of every call of "full" */

static FsExport *fake_open(const FsConfig *config, GError **error)
{
    FakeExport *export;

    if (!config->path) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "no path");
        return NULL;
    }
    export = g_new0(FakeExport, 1);
    fs_export_init(&export->base, config);
    export->root.export = &export->base;
    export->file.node = &export->root;
    return &export->base;
}

static void fake_close(FsExport *export)
{
    closed++;
    fs_config_clear(&export->config);
    g_free(export);
}

static FsNode *fake_root(FsExport *export)
{
    root_refs++;
    return &((FakeExport *)export)->root;
}

static void fake_ref(FsNode *node)
{
    root_refs++;
}

static void fake_unref(FsNode *node)
{
    root_refs--;
}

static FsNode *fake_parent(FsNode *node)
{
    root_refs++;
    return node;
}

static int fake_lookup(const FsCall *call, FsNode *dir, const char *name,
                       FsNode **node, FsAttr *attr)
{
    /* A driver that fails may have written to these before. */
    *node = dir;
    *attr = (FsAttr) { .ino = 77 };
    return answer;
}

static const FsDriver bare = {
    .name = "bare",
    .open_export = fake_open,
    .close_export = fake_close,
    .root = fake_root,
    .node_ref = fake_ref,
    .node_unref = fake_unref,
    .parent = fake_parent,
    .lookup = fake_lookup,
};

static int fake_locate(FsNode *node, FsNode **dir, char *name)
{
    *dir = node;
    strcpy(name, "here");
    return answer;
}

static int fake_getattr(const FsCall *call, FsNode *node, FsFile *file,
                        unsigned flags, FsAttr *attr)
{
    *attr = (FsAttr) { .ino = 78 };
    return answer;
}

static int fake_open_file(const FsCall *call, FsNode *node, int flags,
                          FsFile **file)
{
    *file = &((FakeExport *)node->export)->file;
    return answer;
}

static void fake_release(FsFile *file)
{
    released++;
}

static ssize_t fake_read(const FsCall *call, FsFile *file,
                         const struct iovec *iov, int iovcnt, uint64_t offset)
{
    return answer;
}

static ssize_t fake_getxattr(const FsCall *call, FsNode *node, const char *name,
                             void *buf, size_t size)
{
    return answer;
}

static const FsDriver full = {
    .name = "full",
    .open_export = fake_open,
    .close_export = fake_close,
    .root = fake_root,
    .node_ref = fake_ref,
    .node_unref = fake_unref,
    .parent = fake_parent,
    .lookup = fake_lookup,
    .locate = fake_locate,
    .getattr = fake_getattr,
    .open = fake_open_file,
    .release = fake_release,
    .read = fake_read,
    .write = fake_read,
    .getxattr = fake_getxattr,
};

static FsExport *open_fake(const FsDriver *driver)
{
    FsConfig config = { .driver = driver, .path = (char *)"/x" };
    FsExport *export = fs_export_open(&config, NULL);

    g_assert_nonnull(export);
    return export;
}

static void test_driver_list(void)
{
    g_assert_true(fs_driver_nth(0) == &fs_local_driver);
    g_assert_true(fs_driver_nth(1) == &fs_proxy_driver);
    g_assert_true(fs_driver_nth(2) == &fs_synth_driver);
    g_assert_null(fs_driver_nth(3));
    g_assert_null(fs_driver_nth(UINT_MAX));
    g_assert_true(fs_driver_find("local") == &fs_local_driver);
    g_assert_true(fs_driver_find("synth") == &fs_synth_driver);
    g_assert_null(fs_driver_find("handle"));
    g_assert_null(fs_driver_find(""));
}

static void test_config(void)
{
    char id[] = "id";
    char path[] = "/path";
    FsConfig from = { .driver = &bare, .id = id, .path = path, .fmode = 0640,
                      .readonly = true, .max_xattr = 7 };
    FsConfig to;

    fs_config_copy(&to, &from);
    id[0] = path[1] = 'X';
    g_assert_cmpstr(to.id, ==, "id");
    g_assert_cmpstr(to.path, ==, "/path");
    g_assert_true(to.driver == &bare);
    g_assert_cmphex(to.fmode, ==, 0640);
    g_assert_true(to.readonly);
    g_assert_cmpuint(to.max_xattr, ==, 7);
    fs_config_clear(&to);
    g_assert_null(to.id);
    g_assert_null(to.path);
    fs_config_clear(&to);
}

static void test_export(void)
{
    FsConfig config = { .driver = &bare, .path = NULL };
    g_autoptr(GError) error = NULL;
    FsExport *export;

    g_assert_null(fs_export_open(&config, &error));
    g_assert_cmpstr(error->message, ==, "no path");
    g_assert_null(fs_export_open(&config, NULL));

    closed = 0;
    export = open_fake(&bare);
    g_assert_cmpstr(export->config.path, ==, "/x");
    g_assert_true(fs_export_ref(export) == export);
    fs_export_unref(export);
    g_assert_cmpint(closed, ==, 0);
    fs_export_unref(export);
    g_assert_cmpint(closed, ==, 1);
}

/* Entries that a driver lacks return -EOPNOTSUPP and write no output. */
static void test_missing_entries(void)
{
    FsExport *export = open_fake(&bare);
    FakeExport *fake = (FakeExport *)export;
    FsNode *root = fs_root(export);
    FsFile *file = &fake->file;
    FsCred cred = { 0, 0 };
    FsSetattr set = { 0 };
    FsNode *node = NULL;
    FsFile *opened = NULL;
    FsAttr attr;
    struct statfs st;
    char buf[NAME_MAX + 1];

    g_assert_cmpint(fs_locate(root, &node, buf), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_setattr(&test_call, root, NULL, &set), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_readlink(&test_call, root, buf, 9), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_statfs(&test_call, root, &st), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_create(CALL_AS(&cred), root, "x", 0, 0, &node, &opened,
                              &attr),
                    ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_mkdir(CALL_AS(&cred), root, "x", 0, &attr), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_mknod(CALL_AS(&cred), root, "x", 0, 0, &attr), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_symlink(CALL_AS(&cred), root, "x", "y", &attr), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_link(&test_call, root, root, "x"), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_unlink(&test_call, root, "x", false), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_rename(&test_call, root, "x", root, "y"), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_open(&test_call, root, 0, &opened), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_read(&test_call, file, NULL, 0, 0), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_write(&test_call, file, NULL, 0, 0), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_fsync(&test_call, file, false), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, NULL, NULL), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_getxattr(&test_call, root, "x", buf, 9), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_listxattr(&test_call, root, buf, 9), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_setxattr(&test_call, root, "x", buf, 9, 0), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_removexattr(&test_call, root, "x"), ==, -EOPNOTSUPP);
    g_assert_null(node);
    g_assert_null(opened);
    fs_node_unref(root);
    fs_export_unref(export);
}

static void test_references(void)
{
    FsExport *export = open_fake(&bare);
    FsNode *root;

    root_refs = 0;
    root = fs_root(export);
    g_assert_true(fs_node_ref(root) == root);
    g_assert_true(fs_parent(root) == root);
    g_assert_cmpint(root_refs, ==, 3);
    fs_node_unref(root);
    fs_node_unref(root);
    fs_node_unref(root);
    fs_node_unref(NULL);
    g_assert_cmpint(root_refs, ==, 0);
    fs_release(&test_call, NULL);
    fs_export_unref(export);
}

/* Outputs are written on success only, even if the driver wrote to them. */
static void test_outputs(void)
{
    FsExport *export = open_fake(&full);
    FsNode *root = fs_root(export);
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr = { .ino = 1 };
    char name[NAME_MAX + 1] = "before";

    answer = -EIO;
    g_assert_cmpint(fs_lookup(&test_call, root, "x", &node, &attr), ==, -EIO);
    g_assert_cmpint(fs_locate(root, &node, name), ==, -EIO);
    g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, -EIO);
    g_assert_cmpint(fs_open(&test_call, root, 0, &file), ==, -EIO);
    g_assert_null(node);
    g_assert_null(file);
    g_assert_cmpuint(attr.ino, ==, 1);
    g_assert_cmpstr(name, ==, "before");

    answer = 0;
    g_assert_cmpint(fs_lookup(&test_call, root, "x", &node, &attr), ==, 0);
    g_assert_true(node == root);
    g_assert_cmpuint(attr.ino, ==, 77);
    g_assert_cmpint(fs_locate(root, &node, name), ==, 0);
    g_assert_cmpstr(name, ==, "here");
    g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.ino, ==, 78);
    g_assert_cmpint(fs_open(&test_call, root, 0, &file), ==, 0);
    g_assert_nonnull(file);
    released = 0;
    fs_release(&test_call, file);
    g_assert_cmpint(released, ==, 1);
    fs_node_unref(root);
    fs_export_unref(export);
}

static void test_counts(void)
{
    FsExport *export = open_fake(&full);
    FakeExport *fake = (FakeExport *)export;
    char buf[12];
    struct iovec iov[2] = { { buf, 8 }, { buf + 8, 4 } };

    answer = 12;
    g_assert_cmpint(fs_read(&test_call, &fake->file, iov, 2, 0), ==, 12);
    g_assert_cmpint(fs_write(&test_call, &fake->file, iov, 2, 0), ==, 12);
    g_assert_cmpint(fs_getxattr(&test_call, &fake->root, "x", buf, 12), ==, 12);
    /* With size 0 the result is the length, which exceeds that size. */
    g_assert_cmpint(fs_getxattr(&test_call, &fake->root, "x", NULL, 0), ==, 12);
    answer = -ERANGE;
    g_assert_cmpint(fs_getxattr(&test_call, &fake->root, "x", buf, 4), ==,
                    -ERANGE);
    fs_export_unref(export);
}

/*
 * A driver that returns more bytes than there was room for fails an assertion,
 * which ends the process.
 */
static void test_broken_driver(void)
{
    if (g_test_subprocess()) {
        FakeExport *fake = (FakeExport *)open_fake(&full);
        char buf[4];
        struct iovec iov = { buf, sizeof(buf) };

        answer = 5;
        fs_read(&test_call, &fake->file, &iov, 1, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*ssertion*");
}

typedef struct FakeGate {
    FsGate base;
    bool open;
    FsTicket *waiting;
} FakeGate;

static bool gate_admit(FsGate *gate, FsTicket *ticket)
{
    FakeGate *fake = (FakeGate *)gate;

    if (!fake->open) {
        fake->waiting = ticket;
    }
    return fake->open;
}

static void gate_cancel(FsGate *gate, FsTicket *ticket)
{
    FakeGate *fake = (FakeGate *)gate;

    g_assert_true(fake->waiting == ticket);
    fake->waiting = NULL;
}

static void test_gate(void)
{
    FakeGate gate = { .base = { gate_admit, gate_cancel } };
    FsExport *export = open_fake(&bare);
    FsTicket ticket = { .bytes = 1 };

    g_assert_true(fs_admit(export, &ticket));
    export->gate = &gate.base;
    g_assert_false(fs_admit(export, &ticket));
    g_assert_true(gate.waiting == &ticket);
    fs_admit_cancel(export, &ticket);
    g_assert_null(gate.waiting);
    gate.open = true;
    g_assert_true(fs_admit(export, &ticket));
    fs_export_unref(export);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fsdriver/list", test_driver_list);
    g_test_add_func("/fsdriver/config", test_config);
    g_test_add_func("/fsdriver/export", test_export);
    g_test_add_func("/fsdriver/missing-entries", test_missing_entries);
    g_test_add_func("/fsdriver/references", test_references);
    g_test_add_func("/fsdriver/outputs", test_outputs);
    g_test_add_func("/fsdriver/counts", test_counts);
    g_test_add_func("/fsdriver/broken-driver", test_broken_driver);
    g_test_add_func("/fsdriver/gate", test_gate);
    return g_test_run();
}
