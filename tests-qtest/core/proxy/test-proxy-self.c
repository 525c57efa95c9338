/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the proxy driver does without the helper, as QEMU's own rights suffice,
 * and how it makes such objects known to the helper later.
 *
 * These tests use the real program, as only its sandbox has a mount of its own
 * for the export.
 */
#include "fsdev/core/p9-osdep.h"
#include <signal.h>
#include <sys/wait.h>
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy.h"
#include "conformance/conformance.h"
#include "helper/helper-run.h"
#include "lib/test-call.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

static const FsSetattr to_0640 = { .valid = FS_SET_MODE, .mode = 0640 };

typedef struct Self {
    HelperRun run;
    FsExport *export;
    FsNode *root;
    unsigned fds;
} Self;

static void self_clear(Self *self)
{
    if (self->export) {
        fs_node_unref(self->root);
        fs_export_unref(self->export);
        helper_run_clear(&self->run);
        g_assert_cmpuint(conformance_count_fds(), <=, self->fds);
    }
}
#define SELF __attribute__((cleanup(self_clear))) Self

/* The export holds "f", "g", a symbolic link "l" to "f", and "a/b/c". */
static bool self_start(Self *self)
{
    g_autoptr(GError) error = NULL;
    FsConfig config = { .driver = &fs_proxy_driver };
    int dirfd;

    *self = (Self) { 0 };
    if (!helper_run_possible()) {
        return false;
    }
    self->fds = conformance_count_fds();
    helper_run_init(&self->run);
    dirfd = open(self->run.dir, O_PATH | O_DIRECTORY);
    g_assert_cmpint(dirfd, >=, 0);
    g_assert_cmpint(mknodat(dirfd, "f", S_IFREG | 0600, 0), ==, 0);
    g_assert_cmpint(mknodat(dirfd, "g", S_IFREG | 0600, 0), ==, 0);
    g_assert_cmpint(symlinkat("f", dirfd, "l"), ==, 0);
    g_assert_cmpint(mkdirat(dirfd, "a", 0700), ==, 0);
    g_assert_cmpint(mkdirat(dirfd, "a/b", 0700), ==, 0);
    g_assert_cmpint(mknodat(dirfd, "a/b/c", S_IFREG | 0600, 0), ==, 0);
    close(dirfd);
    helper_run_fd(&self->run, NULL);
    config.sock_fd = self->run.fd;
    self->export = fs_export_open(&config, &error);
    g_assert_no_error(error);
    self->root = fs_root(self->export);
    return true;
}

static FsNode *look(const FsCall *call, FsNode *dir, const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(call, dir, name, &node, &attr), ==, 0);
    return node;
}

/* The helper does not answer any more; self_clear() kills it. */
static void stop_helper(Self *self)
{
    int status;

    g_assert_cmpint(kill(self->run.pid, SIGSTOP), ==, 0);
    g_assert_cmpint(waitpid(self->run.pid, &status, WUNTRACED), ==,
                    self->run.pid);
}

static uint32_t host_mode(Self *self, const char *name)
{
    g_autofree char *path = helper_run_path(&self->run, name);
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    return st.st_mode & 07777;
}

static void host_rename(Self *self, const char *from, const char *to)
{
    g_autofree char *old = helper_run_path(&self->run, from);
    g_autofree char *new = helper_run_path(&self->run, to);

    g_assert_cmpint(rename(old, new), ==, 0);
}

static void test_helper_not_asked(void)
{
    SELF self;
    g_autoptr(FsNode) a = NULL;
    g_autoptr(FsNode) b = NULL;
    g_autoptr(FsNode) c = NULL;
    g_autoptr(FsNode) none = NULL;
    g_autoptr(FsNode) link = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autoptr(FsFile) dir = NULL;
    char text[8];
    struct iovec iov = { text, sizeof(text) };
    FsAttr attr;

    if (!self_start(&self)) {
        return;
    }
    stop_helper(&self);
    a = look(&test_call, self.root, "a");
    b = look(&test_call_storage, a, "b");
    c = look(&test_call, b, "c");
    g_assert_cmpint(fs_lookup(&test_call, b, "none", &none, &attr), ==,
                    -ENOENT);
    g_assert_cmpint(fs_open_attr(&test_call_storage, c, O_RDONLY, &file, &attr),
                    ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0600);
    g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), ==, 0);
    g_assert_cmpint(fs_open(&test_call, a, O_RDONLY, &dir), ==, 0);
    link = look(&test_call, self.root, "l");
    g_assert_cmpint(fs_readlink(&test_call, link, text, sizeof(text)), ==, 1);
    /* Releasing all of this does not need the helper either. */
}

/*
 * Calls from the event loop do not wait for the helper, but return -EAGAIN, so
 * that a worker makes them again.
 */
static void test_brief_does_not_ask(void)
{
    SELF self;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) made = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    proxy_ask_always(true);
    if (!self_start(&self)) {
        return;
    }
    node = look(&test_call, self.root, "f");
    stop_helper(&self);
    g_assert_cmpint(fs_lookup(&test_call_storage, self.root, "g", &made, &attr),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_lookup(&test_call_never, self.root, "g", &made, &attr),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDONLY, &file), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDWR, &file), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_create(&test_call_storage, self.root, "new", O_RDWR,
                              0600, &made, &file, &attr),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_getattr(&test_call_storage, node, NULL, 0, &attr), ==,
                    0);
    g_assert_cmpint(fs_mkdir(&test_call_storage, self.root, "d", 0700, &attr),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_rename(&test_call_storage, self.root, "f", self.root,
                              "g"),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_node_reach(node), ==, FS_WAIT_STORAGE);
    proxy_ask_always(false);
}

static void test_found_by_names(void)
{
    SELF self;
    g_autoptr(FsNode) a = NULL;
    g_autoptr(FsNode) b = NULL;
    g_autoptr(FsNode) c = NULL;
    FsAttr attr;

    if (!self_start(&self)) {
        return;
    }
    a = look(&test_call, self.root, "a");
    b = look(&test_call, a, "b");
    c = look(&test_call, b, "c");
    g_assert_cmpint(fs_setattr(&test_call, c, NULL, &to_0640), ==, 0);
    g_assert_cmphex(host_mode(&self, "a/b/c"), ==, 0640);
    g_assert_cmpint(fs_mkdir(&test_call, b, "d", 0700, &attr), ==, 0);
    g_assert_cmphex(host_mode(&self, "a/b/d"), ==, 0700);
    g_assert_cmpint(fs_rename(&test_call, b, "c", a, "e"), ==, 0);
    g_assert_cmphex(host_mode(&self, "a/e"), ==, 0640);
    g_assert_cmpint(fs_getattr(&test_call, c, NULL, 0, &attr), ==, 0);
}

/* A file that the guest unlinked stays usable while it is referenced. */
static void test_unlinked(void)
{
    SELF self;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) reader = NULL;
    g_autoptr(FsFile) writer = NULL;
    FsAttr attr;

    if (!self_start(&self)) {
        return;
    }
    node = look(&test_call, self.root, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &reader), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, self.root, "f", false), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call, node, reader, &to_0640), ==, 0);
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &writer), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, reader, 0, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
    g_assert_cmpuint(attr.nlink, ==, 0);
}

static void test_replaced(void)
{
    SELF self;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    if (!self_start(&self)) {
        return;
    }
    node = look(&test_call, self.root, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_rename(&test_call, self.root, "g", self.root, "f"), ==,
                    0);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &to_0640), ==, 0);
    g_assert_cmphex(host_mode(&self, "f"), ==, 0600);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
}

/*
 * The host replaced the file before the helper knew of it: a change applies to
 * the file that was looked up.
 */
static void test_replaced_on_host(void)
{
    SELF self;
    g_autoptr(FsNode) node = NULL;

    if (!self_start(&self)) {
        return;
    }
    node = look(&test_call, self.root, "f");
    host_rename(&self, "f", "kept");
    host_rename(&self, "g", "f");
    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &to_0640), ==, 0);
    g_assert_cmphex(host_mode(&self, "kept"), ==, 0640);
    g_assert_cmphex(host_mode(&self, "f"), ==, 0600);
}

/* The helper also closes an object that it got as a descriptor (ADOPT). */
static void test_adopted_is_let_go(void)
{
    SELF self;
    gint64 deadline = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    unsigned before;

    if (!self_start(&self)) {
        return;
    }
    before = helper_run_count_fds(&self.run);
    {
        g_autoptr(FsNode) node = look(&test_call, self.root, "f");

        g_assert_cmpint(fs_unlink(&test_call, self.root, "f", false), ==, 0);
        g_assert_cmpint(fs_setattr(&test_call, node, NULL, &to_0640), ==, 0);
        g_assert_cmpuint(helper_run_count_fds(&self.run), >, before);
    }
    while (helper_run_count_fds(&self.run) > before) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    }
}

/* Getting the helper's numbers of all directories above does not recurse. */
static void test_deep(void)
{
    enum { LEVELS = 1500 };
    SELF self;
    g_autoptr(FsNode) dir = NULL;
    FsAttr attr;
    int fd;

    if (!self_start(&self)) {
        return;
    }
    fd = open(self.run.dir, O_PATH | O_DIRECTORY);
    for (int i = 0; i < LEVELS; i++) {
        int next;

        g_assert_cmpint(mkdirat(fd, "d", 0700), ==, 0);
        next = openat(fd, "d", O_PATH | O_DIRECTORY);
        g_assert_cmpint(next, >=, 0);
        close(fd);
        fd = next;
    }
    dir = fs_node_ref(self.root);
    for (int i = 0; i < LEVELS; i++) {
        FsNode *next = look(&test_call, dir, "d");

        fs_node_unref(dir);
        dir = next;
    }
    g_assert_cmpint(fs_mkdir(&test_call, dir, "new", 0700, &attr), ==, 0);
    g_assert_cmpint(faccessat(fd, "new", F_OK, 0), ==, 0);
    close(fd);
}

int main(int argc, char **argv)
{
    const char *what;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_assert_cmpint(host_init(&what), ==, 0);
    g_test_add_func("/proxy-self/helper-not-asked", test_helper_not_asked);
    g_test_add_func("/proxy-self/brief-does-not-ask",
                    test_brief_does_not_ask);
    g_test_add_func("/proxy-self/found-by-names", test_found_by_names);
    g_test_add_func("/proxy-self/unlinked", test_unlinked);
    g_test_add_func("/proxy-self/replaced", test_replaced);
    g_test_add_func("/proxy-self/replaced-on-host", test_replaced_on_host);
    g_test_add_func("/proxy-self/adopted-is-let-go", test_adopted_is_let_go);
    g_test_add_func("/proxy-self/deep", test_deep);
    return g_test_run();
}
