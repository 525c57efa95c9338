/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver with a helper that dies or does not answer: every call ends,
 * with -EIO if it needs the helper.
 */
#include "fsdev/core/p9-osdep.h"
#include <signal.h>
#include <sys/wait.h>
#include "fsdev/host/host-fs.h"
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy.h"
#include "helper/helper-run.h"
#include "lib/test-call.h"
#include "lib/warnings.h"
#include "proxy-fixture.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

static HostFsDevs devs_of(const char *path)
{
    int fd = open(path, O_PATH);
    HostFsDevs devs = host_fs_devs(fd);

    close(fd);
    return devs;
}

typedef struct Waiter {
    FsNode *root;
    ssize_t ret;
} Waiter;

static gpointer wait_for_lookup(gpointer opaque)
{
    Waiter *waiter = opaque;
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    waiter->ret = fs_lookup(&test_call, waiter->root, "f", &node, &attr);
    return NULL;
}

static int count_with_device(void *opaque, const FsDirent *entry)
{
    g_assert_cmpuint(entry->dev, !=, 0);
    ++*(unsigned *)opaque;
    return 0;
}

/* Data, attributes and listings of open files do not need the helper. */
static void data_needs_no_helper(void)
{
    char text[] = "text";
    struct iovec iov = { text, 4 };
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    proxy_make_tree(run.dir);
    helper_run_fd(&run, NULL);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(FsExport) export = proxy_open_export(run.fd, NULL, &error);
        g_autoptr(FsNode) root = NULL;
        g_autoptr(FsNode) node = NULL;
        g_autoptr(FsFile) file = NULL;
        g_autoptr(FsFile) dir = NULL;
        unsigned entries = 0;
        struct statfs st;
        FsAttr attr;
        int status;

        g_assert_no_error(error);
        root = fs_root(export);
        g_assert_cmpint(fs_lookup(&test_call, root, "f", &node, &attr), ==, 0);
        g_assert_cmpint(fs_open(&test_call, node, O_RDWR, &file), ==, 0);
        g_assert_cmpint(fs_open(&test_call, root, O_RDONLY, &dir), ==, 0);
        g_assert_cmpint(kill(run.pid, SIGSTOP), ==, 0);
        g_assert_cmpint(waitpid(run.pid, &status, WUNTRACED), ==, run.pid);
        g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, 4);
        g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), ==, 4);
        g_assert_cmpint(fs_fsync(&test_call, file, false), ==, 0);
        g_assert_cmpint(fs_getattr(&test_call_never, node, file, 0, &attr), ==,
                        0);
        g_assert_cmpint(fs_getattr(&test_call_never, node, NULL, 0, &attr), ==,
                        0);
        g_assert_cmpuint(attr.size, ==, 4);
        g_assert_cmpint(fs_statfs(&test_call, node, &st), ==, 0);
        if (devs_of(run.dir) == HOST_DEVS_MOUNTS) {
            /* There the device of an entry is known without the helper. */
            g_assert_cmpint(fs_readdir(&test_call, dir, 0, FS_READDIR_DEV,
                                       count_with_device, &entries),
                            ==, 0);
            g_assert_cmpuint(entries, ==, 5);
        }
        g_assert_cmpint(kill(run.pid, SIGKILL), ==, 0);
    }
}

/*
 * When a file without a name is not used any more, the helper closes it, so
 * that its space is freed.
 */
static void removed_file_is_let_go(void)
{
    const FsCred cred = { UINT32_MAX, UINT32_MAX };
    gint64 deadline = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(FsExport) export = proxy_open_export(run.fd, NULL, &error);
        g_autoptr(FsNode) root = NULL;
        FsNode *node = NULL;
        FsFile *file = NULL;
        unsigned before;
        FsAttr attr;

        g_assert_no_error(error);
        root = fs_root(export);
        before = helper_run_count_fds(&run);
        g_assert_cmpint(fs_create(CALL_AS(&cred), root, "new", O_RDWR, 0600,
                                  &node, &file, &attr),
                        ==, 0);
        fs_release(&test_call, file);
        g_assert_cmpuint(helper_run_count_fds(&run), >, before);
        g_assert_cmpint(fs_unlink(&test_call, root, "new", false), ==, 0);
        fs_node_unref(node);
        /* FORGET has no answer, and no other request must be needed. */
        while (helper_run_count_fds(&run) > before) {
            g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        }
    }
}

/* The helper dies while threads wait for its answers. */
static void dies_while_asked(void)
{
    enum { WAITERS = 4 };
    Waiter waiters[WAITERS];
    GThread *threads[WAITERS];
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    helper_run_fd(&run, NULL);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(FsExport) export = proxy_open_export(run.fd, NULL, &error);
        g_autoptr(FsNode) root = NULL;
        g_autoptr(FsNode) node = NULL;
        FsAttr attr;
        int status;

        g_assert_no_error(error);
        root = fs_root(export);
        /* A stopped helper does not answer. */
        g_assert_cmpint(kill(run.pid, SIGSTOP), ==, 0);
        g_assert_cmpint(waitpid(run.pid, &status, WUNTRACED), ==, run.pid);
        for (int i = 0; i < WAITERS; i++) {
            waiters[i] = (Waiter) { root, 1 };
            threads[i] = g_thread_new("waiter", wait_for_lookup, &waiters[i]);
        }
        warnings_collect();
        g_assert_cmpint(kill(run.pid, SIGKILL), ==, 0);
        for (int i = 0; i < WAITERS; i++) {
            g_thread_join(threads[i]);
            g_assert_cmpint(waiters[i].ret, ==, -EIO);
        }
        /* Calls that do not need the helper still work. */
        g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, 0);
        g_assert_cmpint(fs_lookup(&test_call, root, "f", &node, &attr), ==,
                        -EIO);
        /* One line for all of that, which says what to do. */
        g_assert_cmpuint(warnings_with("virtfs-proxy-helper has gone"), ==, 1);
        g_assert_cmpuint(warnings_with("sock_fd cannot be opened again"), ==,
                         1);
        warnings_end();
    }
}

static void start_listening(HelperRun *run)
{
    g_autofree char *uid = g_strdup_printf("%u", geteuid());
    const char *words[] = {
        "-n", "-p", run->dir, "-s", run->socket, "-u", uid, "-g", "0", NULL,
    };
    gint64 deadline = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    struct stat st;

    helper_run_start(run, words, -1);
    /* The helper sets the mode of the socket last. */
    while ((lstat(run->socket, &st) < 0 || !(st.st_mode & 0600)) &&
           g_get_monotonic_time() < deadline) {
        g_thread_yield();
    }
}

static int try_lookup(FsNode *dir, const char *name, FsNode **node)
{
    FsAttr attr;

    return fs_lookup(&test_call, dir, name, node, &attr);
}

/*
 * With socket=, the next request connects to a new helper, for which objects
 * are identified by their names.
 */
static void another_helper(void)
{
    const FsSetattr set = { .valid = FS_SET_MODE, .mode = 0640 };
    g_autofree char *from = NULL;
    g_autofree char *to = NULL;
    HELPER_RUN run;

    if (!helper_run_possible()) {
        return;
    }
    helper_run_init(&run);
    from = helper_run_path(&run, "other");
    to = helper_run_path(&run, "new");
    proxy_make_tree(run.dir);
    start_listening(&run);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(FsExport) export = proxy_open_export(-1, run.socket, &error);
        g_autoptr(FsNode) root = NULL;
        g_autoptr(FsNode) old = NULL;
        g_autoptr(FsNode) other = NULL;
        g_autoptr(FsNode) again = NULL;
        g_autoptr(FsFile) file = NULL;

        g_assert_no_error(error);
        root = fs_root(export);
        g_assert_cmpint(try_lookup(root, "f", &old), ==, 0);
        g_assert_cmpint(try_lookup(root, "other", &other), ==, 0);
        warnings_collect();
        g_assert_cmpint(kill(run.pid, SIGKILL), ==, 0);
        g_assert_cmpint(helper_run_wait(&run), ==, 128 + SIGKILL);
        g_assert_cmpint(fs_open(&test_call, old, O_RDONLY, &file), ==, -EIO);
        g_assert_cmpint(try_lookup(root, "f", &again), ==, -EIO);
        g_assert_cmpuint(warnings_with("another one on the same socket"), ==,
                         1);
        warnings_end();

        g_assert_cmpint(rename(from, to), ==, 0);
        start_listening(&run);
        g_assert_cmpint(fs_setattr(&test_call, old, NULL, &set), ==, 0);
        g_assert_cmpint(fs_setattr(&test_call, other, NULL, &set), ==, -ESTALE);
        g_assert_cmpint(try_lookup(root, "f", &again), ==, 0);
        g_assert_cmpint(fs_open(&test_call, again, O_RDONLY, &file), ==, 0);
    }
}

int main(int argc, char **argv)
{
    const char *what;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_assert_cmpint(host_init(&what), ==, 0);
    /* Use the helper even where QEMU's own rights would suffice. */
    proxy_ask_always(true);
    g_test_add_func("/proxy-dies/data-needs-no-helper", data_needs_no_helper);
    g_test_add_func("/proxy-dies/removed-file-is-let-go",
                    removed_file_is_let_go);
    g_test_add_func("/proxy-dies/threads/dies-while-asked", dies_while_asked);
    g_test_add_func("/proxy-dies/another-helper", another_helper);
    return g_test_run();
}
