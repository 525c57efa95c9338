/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the FUSE stand-in, which the tests of hanging storage rely on.
 *
 * For each type of request that a system call can make, the server does not
 * answer it at first: the calling thread must wait, and must continue when the
 * request is answered or the server has exited.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/fuse.h>
#include <sys/xattr.h>
#include "lib/fuse-stand-in.h"
#include "lib/scratch.h"

enum { PATIENCE_MS = 10000 };

typedef struct Fixture {
    Scratch *scratch;
    FuseStandIn *fuse;          /* NULL: the test is skipped */
    int root;                   /* O_PATH descriptor of the mounted root */
    int file;                   /* open for reading and writing */
    int dir;                    /* open for reading */
} Fixture;

static const char *cannot_mount;

static int open_in(int dirfd, const char *name, int flags)
{
    int fd = openat(dirfd, name, flags | O_CLOEXEC, 0644);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static bool start(Fixture *f)
{
    g_autofree char *path = NULL;
    const char *why = cannot_mount;

    *f = (Fixture) { .scratch = scratch_new() };
    scratch_mkdir(f->scratch, "m");
    path = g_build_filename(f->scratch->path, "m", NULL);
    if (!why) {
        f->fuse = fuse_stand_in_new(path, &why);
    }
    if (!f->fuse) {
        g_test_skip(why);
        scratch_free(f->scratch);
        return false;
    }
    f->root = open_in(f->scratch->fd, "m", O_PATH);
    f->file = open_in(f->root, "file", O_RDWR);
    f->dir = open_in(f->root, "dir", O_RDONLY | O_DIRECTORY);
    return true;
}

static void end(Fixture *f)
{
    close(f->file);
    close(f->dir);
    close(f->root);
    fuse_stand_in_free(f->fuse);
    scratch_free(f->scratch);
}

/* ---- one call for each request ---------------------------------------- */

static int try_lookup(const Fixture *f)
{
    return faccessat(f->root, "file", F_OK, 0);
}

static int try_getattr(const Fixture *f)
{
    struct stat st;

    return fstat(f->file, &st);
}

static int try_setattr(const Fixture *f)
{
    return fchmod(f->file, 0600);
}

static int try_readlink(const Fixture *f)
{
    char buf[8];

    return readlinkat(f->root, "link", buf, sizeof(buf)) == 4 ? 0 : -1;
}

static int try_open(const Fixture *f)
{
    int fd = openat(f->root, "file", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? fd : close(fd);
}

static int try_opendir(const Fixture *f)
{
    int fd = openat(f->root, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? fd : close(fd);
}

static int try_read(const Fixture *f)
{
    char buf[32];

    return pread(f->file, buf, sizeof(buf), 0) > 0 ? 0 : -1;
}

static int try_write(const Fixture *f)
{
    return pwrite(f->file, "x", 1, 0) == 1 ? 0 : -1;
}

static int try_readdir(const Fixture *f)
{
    DIR *dir = fdopendir(openat(f->root, "dir", O_RDONLY | O_CLOEXEC));
    struct dirent *entry = dir ? readdir(dir) : NULL;
    int ret = entry && !strcmp(entry->d_name, "dir") ? 0 : -1;

    if (dir) {
        closedir(dir);
    }
    return ret;
}

static int try_statfs(const Fixture *f)
{
    struct statfs st;

    return fstatfs(f->file, &st);
}

static int try_getxattr(const Fixture *f)
{
    char buf[8];

    return fgetxattr(f->file, "user.x", buf, sizeof(buf)) < 0 &&
           errno == ENODATA ? 0 : -1;
}

static int try_listxattr(const Fixture *f)
{
    return flistxattr(f->file, NULL, 0);
}

static int try_setxattr(const Fixture *f)
{
    return fsetxattr(f->file, "user.x", "x", 1, 0);
}

static int try_removexattr(const Fixture *f)
{
    return fremovexattr(f->file, "user.x");
}

static int try_create(const Fixture *f)
{
    int fd = openat(f->root, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    return fd < 0 ? fd : close(fd);
}

static int try_mknod(const Fixture *f)
{
    return mknodat(f->root, "new", S_IFREG | 0644, 0);
}

static int try_mkdir(const Fixture *f)
{
    return mkdirat(f->root, "new", 0755);
}

static int try_symlink(const Fixture *f)
{
    return symlinkat("file", f->root, "new");
}

static int try_link(const Fixture *f)
{
    return linkat(f->root, "file", f->root, "new", 0);
}

static int try_unlink(const Fixture *f)
{
    return unlinkat(f->root, "file", 0);
}

static int try_rmdir(const Fixture *f)
{
    return unlinkat(f->root, "dir", AT_REMOVEDIR);
}

static int try_rename(const Fixture *f)
{
    return renameat(f->root, "file", f->root, "new");
}

static int try_fsync(const Fixture *f)
{
    return fsync(f->file);
}

static int try_flush(const Fixture *f)
{
    return close(dup(f->file));
}

static int try_setlk(const Fixture *f)
{
    struct flock lock = { .l_type = F_WRLCK };

    return fcntl(f->file, F_SETLK, &lock);
}

static int try_getlk(const Fixture *f)
{
    struct flock lock = { .l_type = F_WRLCK };

    return fcntl(f->file, F_GETLK, &lock);
}

typedef struct Row {
    uint32_t opcode;
    int (*run)(const Fixture *f);
} Row;

static const Row rows[] = {
    { FUSE_LOOKUP, try_lookup }, { FUSE_GETATTR, try_getattr },
    { FUSE_SETATTR, try_setattr }, { FUSE_READLINK, try_readlink },
    { FUSE_OPEN, try_open }, { FUSE_OPENDIR, try_opendir },
    { FUSE_READ, try_read }, { FUSE_WRITE, try_write },
    { FUSE_READDIR, try_readdir }, { FUSE_STATFS, try_statfs },
    { FUSE_GETXATTR, try_getxattr }, { FUSE_LISTXATTR, try_listxattr },
    { FUSE_SETXATTR, try_setxattr }, { FUSE_REMOVEXATTR, try_removexattr },
    { FUSE_CREATE, try_create }, { FUSE_MKNOD, try_mknod },
    { FUSE_MKDIR, try_mkdir }, { FUSE_SYMLINK, try_symlink },
    { FUSE_LINK, try_link }, { FUSE_UNLINK, try_unlink },
    { FUSE_RMDIR, try_rmdir }, { FUSE_RENAME, try_rename },
    { FUSE_FSYNC, try_fsync }, { FUSE_FLUSH, try_flush },
    { FUSE_SETLK, try_setlk }, { FUSE_GETLK, try_getlk },
};

/* ---- the call in a thread --------------------------------------------- */

typedef struct Call {
    const Row *row;
    const Fixture *f;
    int result;
    gint ended;                 /* atomic */
} Call;

static void *run_call(void *opaque)
{
    Call *call = opaque;

    call->result = call->row->run(call->f);
    g_atomic_int_set(&call->ended, 1);
    return NULL;
}

static void test_hangs(gconstpointer opaque)
{
    const Row *row = opaque;
    Fixture f;
    Call call = { .row = row, .f = &f };
    GThread *thread;

    if (!start(&f)) {
        return;
    }
    g_assert_cmpint(row->run(&f), ==, 0);
    fuse_stand_in_hang(f.fuse, row->opcode);
    thread = g_thread_new("call", run_call, &call);
    g_assert_cmpuint(fuse_stand_in_await(f.fuse, PATIENCE_MS), ==,
                     row->opcode);
    g_assert_cmpint(g_atomic_int_get(&call.ended), ==, 0);
    fuse_stand_in_answer(f.fuse);
    g_thread_join(thread);
    g_assert_cmpint(call.result, ==, 0);
    end(&f);
}

/* When the server exits, the waiting call fails. */
static void test_gone(void)
{
    static const Row row = { FUSE_GETATTR, try_getattr };
    Fixture f;
    Call call = { .row = &row, .f = &f };
    GThread *thread;

    if (!start(&f)) {
        return;
    }
    fuse_stand_in_hang(f.fuse, 0);
    thread = g_thread_new("call", run_call, &call);
    g_assert_cmpuint(fuse_stand_in_await(f.fuse, PATIENCE_MS), ==,
                     FUSE_GETATTR);
    fuse_stand_in_free(g_steal_pointer(&f.fuse));
    g_thread_join(thread);
    g_assert_cmpint(call.result, ==, -1);
    end(&f);
}

static void test_counts(void)
{
    Fixture f;
    unsigned before;

    if (!start(&f)) {
        return;
    }
    before = fuse_stand_in_requests(f.fuse);
    g_assert_cmpint(try_getattr(&f), ==, 0);
    g_assert_cmpuint(fuse_stand_in_requests(f.fuse), ==, before + 1);
    /* The request was answered, so it is not reported as hanging. */
    g_assert_cmpuint(fuse_stand_in_await(f.fuse, 0), ==, 0);
    end(&f);
}

static void test_metadata(void)
{
    char text[sizeof(STAND_IN_META)] = "";
    Fixture f;
    int fd;

    if (!start(&f)) {
        return;
    }
    fd = open_in(f.root, "dir/.virtfs_metadata/any", O_RDONLY);
    g_assert_cmpint(read(fd, text, sizeof(text)), ==, strlen(STAND_IN_META));
    g_assert_cmpstr(text, ==, STAND_IN_META);
    close(fd);
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cannot_mount = fuse_stand_in_separate();
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autofree char *path = g_strdup_printf(
            "/fuse-stand-in/hangs/%s",
            fuse_stand_in_opcode_name(rows[i].opcode));

        g_test_add_data_func(path, &rows[i], test_hangs);
    }
    g_test_add_func("/fuse-stand-in/gone", test_gone);
    g_test_add_func("/fuse-stand-in/counts", test_counts);
    g_test_add_func("/fuse-stand-in/metadata", test_metadata);
    return g_test_run();
}
