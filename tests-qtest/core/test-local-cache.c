/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the local driver keeps of stored values: an answer without a stored
 * value being read is never an old one, whoever changed it.
 */
#include "fsdev/p9-osdep.h"
#include <sys/xattr.h>
#include "local-fixture.h"

typedef struct Share {
    LocalFixture fixture;
    FsExport *export;
    FsNode *node;               /* of "f" */
    char *path;
} Share;

static bool share_open(Share *s)
{
    FsNode *root;
    FsAttr attr;
    int fd;

    *s = (Share) { .fixture = { .model = FS_SM_MAPPED_XATTR } };
    s->export = local_fixture_open(&s->fixture);
    if (!s->export) {
        return false;
    }
    s->path = g_build_filename(s->fixture.path, "f", NULL);
    fd = open(s->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    root = fs_root(s->export);
    g_assert_cmpint(fs_lookup(root, "f", 0, &s->node, &attr), ==, 0);
    fs_node_unref(root);
    return true;
}

static void share_close(Share *s)
{
    if (s->export) {
        fs_node_unref(s->node);
        fs_export_unref(s->export);
    }
    g_free(s->path);
    local_fixture_done(&s->fixture);
}

/* As a program of the host, or stock QEMU, would. */
static void host_stores(Share *s, uint32_t uid)
{
    uint32_t value = cpu_to_le32(uid);

    g_assert_cmpint(setxattr(s->path, "user.virtfs.uid", &value,
                             sizeof(value), 0), ==, 0);
}

/* Ask on and on until it is answered without sleeping. */
static bool ask_until_kept(Share *s, FsAttr *attr)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    int ret = -EAGAIN;

    while (ret == -EAGAIN && g_get_monotonic_time() < end) {
        g_assert_cmpint(fs_getattr(s->node, NULL, 0, attr), ==, 0);
        ret = fs_getattr(s->node, NULL, FS_NONBLOCK, attr);
    }
    return ret == 0;
}

static void test_answers_without_sleeping(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 4711);
        g_assert_true(ask_until_kept(&s, &attr));
        g_assert_cmpuint(attr.uid, ==, 4711);
    }
    share_close(&s);
}

static void test_change_on_host_is_seen(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 1);
        g_assert_true(ask_until_kept(&s, &attr));
        host_stores(&s, 2);
        g_assert_cmpint(fs_getattr(s.node, NULL, FS_NONBLOCK, &attr), ==,
                        -EAGAIN);
        g_assert_cmpint(fs_getattr(s.node, NULL, 0, &attr), ==, 0);
        g_assert_cmpuint(attr.uid, ==, 2);
    }
    share_close(&s);
}

static void test_change_through_us_is_seen(void)
{
    FsSetattr set = { .valid = FS_SET_UID | FS_SET_MODE };
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        for (set.uid = 1; set.uid < 3000; set.uid++) {
            set.mode = set.uid & 0777;
            g_assert_cmpint(fs_setattr(s.node, NULL, &set), ==, 0);
            if (fs_getattr(s.node, NULL, FS_NONBLOCK, &attr) != 0) {
                g_assert_cmpint(fs_getattr(s.node, NULL, 0, &attr), ==, 0);
            }
            g_assert_cmpuint(attr.uid, ==, set.uid);
            g_assert_cmphex(attr.mode & 07777, ==, set.mode);
        }
    }
    share_close(&s);
}

/* Changes and questions as fast as they go: many within one tick. */
static void test_changes_within_a_tick(void)
{
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        for (uint32_t uid = 1; uid < 20000; uid++) {
            host_stores(&s, uid);
            g_assert_cmpint(fs_getattr(s.node, NULL, 0, &attr), ==, 0);
            g_assert_cmpuint(attr.uid, ==, uid);
        }
    }
    share_close(&s);
}

/* A lookup fills it, and is answered from it. */
static void test_lookup(void)
{
    FsNode *root, *node = NULL;
    int ret = -EAGAIN;
    FsAttr attr;
    Share s;

    if (share_open(&s)) {
        host_stores(&s, 99);
        g_assert_true(ask_until_kept(&s, &attr));
        root = fs_root(s.export);
        ret = fs_lookup(root, "f", FS_NONBLOCK, &node, &attr);
        g_assert_cmpint(ret, ==, 0);
        g_assert_cmpuint(attr.uid, ==, 99);
        fs_node_unref(node);
        fs_node_unref(root);
    }
    share_close(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/local-cache/answers", test_answers_without_sleeping);
    g_test_add_func("/local-cache/host-change", test_change_on_host_is_seen);
    g_test_add_func("/local-cache/our-change", test_change_through_us_is_seen);
    g_test_add_func("/local-cache/one-tick", test_changes_within_a_tick);
    g_test_add_func("/local-cache/lookup", test_lookup);
    return g_test_run();
}
