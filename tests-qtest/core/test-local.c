/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver against the conformance suite: every security model, as
 * root and as a user, with all that the kernel offers and with nothing new.
 *
 * And under load: threads that do everything to the same few names.
 */
#include "fsdev/p9-osdep.h"
#include "fsdev/host.h"
#include "conformance.h"
#include "local-fixture.h"

/* They have to outlive the run: model × user × kernel. */
static struct {
    LocalFixture fixture;
    ConformanceSubject subject;
    char prefix[64];
} subjects[4 * 2 * 2];

static void add_subject(unsigned n, FsSecurityModel model, bool as_user,
                        bool bare)
{
    LocalFixture *fixture = &subjects[n].fixture;
    ConformanceSubject *subject = &subjects[n].subject;
    bool root = geteuid() == 0 && !as_user;

    fixture->model = model;
    fixture->as_user = as_user;
    fixture->bare = bare;
    snprintf(subjects[n].prefix, sizeof(subjects[n].prefix),
             "/local/%s/%s/%s", local_model_name(model),
             root ? "root" : "user", bare ? "old-kernel" : "this-kernel");
    *subject = local_fixture_subject(fixture, subjects[n].prefix);
    conformance_add(subject);
}

/* ---- threads ---------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 150

typedef struct Storm {
    FsExport *export;
    FsNode *dirs[2];
    unsigned seed;
} Storm;

/* What may happen when others do things to the same names. */
static void tolerate(int ret)
{
    static const int fine[] = {
        0, -ENOENT, -EEXIST, -ENOTDIR, -EISDIR, -ENOTEMPTY, -ESTALE, -ELOOP,
        -EINVAL, -EBUSY,
    };

    for (size_t i = 0; i < ARRAY_SIZE(fine); i++) {
        if (ret == fine[i]) {
            return;
        }
    }
    g_error("expected an errno that races explain, got %s", g_strerror(-ret));
}

static int take_entry(void *opaque, const FsDirent *entry)
{
    g_assert_cmpint(strncmp(entry->name, ".virtfs", 7), !=, 0);
    return 0;
}

static void storm_node(FsNode *dir, const char *name, unsigned what)
{
    FsSetattr set = { .valid = FS_SET_MODE, .mode = 0700 | what % 8 };
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr, again;
    int ret = fs_lookup(dir, name, 0, &node, &attr);

    tolerate(ret);
    if (ret < 0) {
        return;
    }
    tolerate(fs_getattr(node, NULL, 0, &again));
    if (!S_ISLNK(attr.mode)) {
        tolerate(fs_setattr(node, NULL, &set));
    }
    ret = fs_open(node, O_RDONLY, &file);
    tolerate(ret);
    if (ret == 0) {
        ret = fs_getattr(node, file, 0, &attr);
        g_assert_cmpint(ret, ==, 0);
        if (file->is_dir) {
            tolerate(fs_readdir(file, 0, what % 2 ? FS_READDIR_DEV : 0,
                                take_entry, NULL));
        }
        fs_release(file);
    }
    fs_node_unref(node);
}

static void storm_names(Storm *storm, FsNode *dir, const char *name,
                        const char *other, unsigned what)
{
    const FsCred cred = { UINT32_MAX, UINT32_MAX };
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    int ret;

    switch (what % 6) {
    case 0:
        ret = fs_create(dir, name, O_RDWR, 0640, &cred, &node, &file, &attr);
        tolerate(ret);
        if (ret == 0) {
            struct iovec iov = { (void *)name, strlen(name) };

            g_assert_cmpint(fs_write(file, &iov, 1, 0, 0), ==, iov.iov_len);
            fs_release(file);
            fs_node_unref(node);
        }
        break;
    case 1:
        tolerate(fs_mkdir(dir, name, 0750, &cred, &attr));
        break;
    case 2:
        tolerate(fs_unlink(dir, name, what & 8));
        break;
    case 3:
        tolerate(fs_rename(dir, name, storm->dirs[what & 8 ? 1 : 0], other));
        break;
    case 4:
        tolerate(fs_symlink(dir, name, other, &cred, &attr));
        break;
    case 5:
        ret = fs_lookup(dir, name, 0, &node, &attr);
        tolerate(ret);
        if (ret == 0) {
            ret = fs_link(node, dir, other);
            tolerate(ret == -EPERM ? 0 : ret);
            fs_node_unref(node);
        }
        break;
    }
}

static gpointer storm_thread(gpointer opaque)
{
    static const char *const names[] = { "a", "b", "c", "d" };
    Storm *storm = opaque;
    g_autoptr(GRand) random = g_rand_new_with_seed(storm->seed);

    for (int i = 0; i < ROUNDS; i++) {
        FsNode *dir = storm->dirs[g_rand_int(random) % 2];
        const char *name = names[g_rand_int(random) % 4];
        const char *other = names[g_rand_int(random) % 4];
        unsigned what = g_rand_int(random) >> 8;

        if (what % 3) {
            storm_names(storm, dir, name, other, what / 3);
        } else {
            storm_node(dir, name, what / 3);
        }
    }
    return NULL;
}

/* Afterwards everything can be found, and removed but for what is full. */
static void empty_directory(FsNode *dir)
{
    static const char *const names[] = { "a", "b", "c", "d" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        FsNode *node = NULL;
        FsAttr attr;
        int ret = fs_lookup(dir, names[i], 0, &node, &attr);

        if (ret == -ENOENT) {
            continue;
        }
        g_assert_cmpint(ret, ==, 0);
        if (S_ISDIR(attr.mode)) {
            empty_directory(node);
        }
        fs_node_unref(node);
        g_assert_cmpint(fs_unlink(dir, names[i], S_ISDIR(attr.mode)), ==, 0);
    }
}

static void test_threads(gconstpointer opaque)
{
    LocalFixture fixture = { .model = GPOINTER_TO_INT(opaque) };
    const FsCred cred = { UINT32_MAX, UINT32_MAX };
    unsigned fds = conformance_count_fds();
    Storm storms[THREADS];
    GThread *threads[THREADS];
    FsNode *root, *dir = NULL;
    FsAttr attr;
    FsExport *export = local_fixture_open(&fixture);

    if (!export) {
        return;
    }
    root = fs_root(export);
    g_assert_cmpint(fs_mkdir(root, "dir", 0755, &cred, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(root, "dir", 0, &dir, &attr), ==, 0);
    for (int i = 0; i < THREADS; i++) {
        storms[i] = (Storm) { export, { root, dir }, i + 1 };
        threads[i] = g_thread_new("storm", storm_thread, &storms[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    empty_directory(dir);
    g_assert_cmpint(fs_unlink(root, "dir", true), ==, 0);
    empty_directory(root);
    fs_node_unref(dir);
    fs_node_unref(root);
    fs_export_unref(export);
    local_fixture_done(&fixture);
    g_assert_cmpuint(conformance_count_fds(), ==, fds);
}

int main(int argc, char **argv)
{
    const FsSecurityModel models[] = {
        FS_SM_PASSTHROUGH, FS_SM_MAPPED_XATTR, FS_SM_MAPPED_FILE, FS_SM_NONE,
    };
    const char *what;
    unsigned n = 0;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* What it opens stays open and is no leak. */
    g_assert_cmpint(host_init(&what), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        for (int bare = 0; bare < 2; bare++) {
            add_subject(n++, models[i], false, bare);
            if (geteuid() == 0) {
                add_subject(n++, models[i], true, bare);
            }
        }
    }
    g_test_add_data_func("/local/threads/passthrough",
                         GINT_TO_POINTER(FS_SM_PASSTHROUGH), test_threads);
    g_test_add_data_func("/local/threads/mapped-xattr",
                         GINT_TO_POINTER(FS_SM_MAPPED_XATTR), test_threads);
    g_test_add_data_func("/local/threads/mapped-file",
                         GINT_TO_POINTER(FS_SM_MAPPED_FILE), test_threads);
    g_test_add_data_func("/local/threads/none",
                         GINT_TO_POINTER(FS_SM_NONE), test_threads);
    return g_test_run();
}
