/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that work on the same few names; see storm.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "storm.h"
#include "lib/test-call.h"

#define THREADS 4
#define ROUNDS 150

typedef struct Storm {
    FsExport *export;
    FsNode *dirs[2];
    unsigned seed;
} Storm;

/* Accept only what other threads' work on the same names can cause. */
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
    g_error("expected an errno that a race can cause, got %s",
            g_strerror(-ret));
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
    int ret = fs_lookup(&test_call, dir, name, &node, &attr);

    tolerate(ret);
    if (ret < 0) {
        return;
    }
    tolerate(fs_getattr(&test_call, node, NULL, 0, &again));
    if (!S_ISLNK(attr.mode)) {
        tolerate(fs_setattr(&test_call, node, NULL, &set));
    }
    ret = fs_open(&test_call, node, O_RDONLY, &file);
    tolerate(ret);
    if (ret == 0) {
        ret = fs_getattr(&test_call, node, file, 0, &attr);
        g_assert_cmpint(ret, ==, 0);
        if (file->is_dir) {
            tolerate(fs_readdir(&test_call, file, 0,
                                what % 2 ? FS_READDIR_DEV : 0, take_entry,
                                NULL));
        }
        fs_release(&test_call, file);
    }
    fs_node_unref(node);
}

static void storm_names(Storm *storm, FsNode *dir, const char *name,
                        const char *other, unsigned what)
{
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    int ret;

    switch (what % 6) {
    case 0:
        ret = fs_create(&test_call, dir, name, O_RDWR, 0640, &node, &file,
                        &attr);
        tolerate(ret);
        if (ret == 0) {
            struct iovec iov = { (void *)name, strlen(name) };

            g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==,
                            iov.iov_len);
            fs_release(&test_call, file);
            fs_node_unref(node);
        }
        break;
    case 1:
        tolerate(fs_mkdir(&test_call, dir, name, 0750, &attr));
        break;
    case 2:
        tolerate(fs_unlink(&test_call, dir, name, what & 8));
        break;
    case 3:
        tolerate(fs_rename(&test_call, dir, name, storm->dirs[what & 8 ? 1 : 0],
                           other));
        break;
    case 4:
        tolerate(fs_symlink(&test_call, dir, name, other, &attr));
        break;
    case 5:
        ret = fs_lookup(&test_call, dir, name, &node, &attr);
        tolerate(ret);
        if (ret == 0) {
            ret = fs_link(&test_call, node, dir, other);
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

/* Everything that is left can be found and removed. */
static void empty_directory(FsNode *dir)
{
    static const char *const names[] = { "a", "b", "c", "d" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        FsNode *node = NULL;
        FsAttr attr;
        int ret = fs_lookup(&test_call, dir, names[i], &node, &attr);

        if (ret == -ENOENT) {
            continue;
        }
        g_assert_cmpint(ret, ==, 0);
        if (S_ISDIR(attr.mode)) {
            empty_directory(node);
        }
        fs_node_unref(node);
        g_assert_cmpint(fs_unlink(&test_call, dir, names[i],
                                  S_ISDIR(attr.mode)),
                        ==, 0);
    }
}

void storm_run(FsExport *export)
{
    Storm storms[THREADS];
    GThread *threads[THREADS];
    FsNode *root, *dir = NULL;
    FsAttr attr;

    root = fs_root(export);
    g_assert_cmpint(fs_mkdir(&test_call, root, "dir", 0755, &attr), ==, 0);
    g_assert_cmpint(fs_lookup(&test_call, root, "dir", &dir, &attr), ==, 0);
    for (int i = 0; i < THREADS; i++) {
        storms[i] = (Storm) { export, { root, dir }, i + 1 };
        threads[i] = g_thread_new("storm", storm_thread, &storms[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        g_thread_join(threads[i]);
    }
    empty_directory(dir);
    g_assert_cmpint(fs_unlink(&test_call, root, "dir", true), ==, 0);
    empty_directory(root);
    fs_node_unref(dir);
    fs_node_unref(root);
}
