/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors of invalid paths: each call that has a path argument with each kind of
 * invalid path.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <limits.h>
#include <sys/statfs.h>
#include <sys/xattr.h>

static long do_open(const char *path)
{
    return open(path, O_RDONLY);
}

static long do_create(const char *path)
{
    return open(path, O_CREAT | O_RDWR, 0600);
}

static long do_stat(const char *path)
{
    struct stat st;

    return stat(path, &st);
}

static long do_lstat(const char *path)
{
    struct stat st;

    return lstat(path, &st);
}

static long do_mkdir(const char *path)
{
    return mkdir(path, 0700);
}

static long do_rmdir(const char *path)
{
    return rmdir(path);
}

static long do_unlink(const char *path)
{
    return unlink(path);
}

static long do_symlink(const char *path)
{
    return symlink("target", path);
}

static long do_readlink(const char *path)
{
    char text[16];

    return readlink(path, text, sizeof(text));
}

static long do_link_from(const char *path)
{
    return link(path, "new-name");
}

static long do_link_to(const char *path)
{
    return link("file", path);
}

static long do_rename_from(const char *path)
{
    return rename(path, "new-name");
}

static long do_rename_to(const char *path)
{
    return rename("file", path);
}

static long do_chmod(const char *path)
{
    return chmod(path, 0600);
}

static long do_chown(const char *path)
{
    return chown(path, -1, -1);
}

static long do_lchown(const char *path)
{
    return lchown(path, -1, -1);
}

static long do_truncate(const char *path)
{
    return truncate(path, 0);
}

static long do_utimensat(const char *path)
{
    return utimensat(AT_FDCWD, path, NULL, 0);
}

static long do_mkfifo(const char *path)
{
    return mkfifo(path, 0600);
}

static long do_mknod(const char *path)
{
    return mknod(path, S_IFREG | 0600, 0);
}

static long do_chdir(const char *path)
{
    return chdir(path);
}

static long do_access(const char *path)
{
    return faccessat(AT_FDCWD, path, F_OK, AT_EACCESS);
}

static long do_statfs(const char *path)
{
    struct statfs st;

    return statfs(path, &st);
}

static long do_getxattr(const char *path)
{
    return getxattr(path, "user.x", NULL, 0);
}

static long do_setxattr(const char *path)
{
    return setxattr(path, "user.x", "v", 1, 0);
}

static long do_listxattr(const char *path)
{
    return listxattr(path, NULL, 0);
}

static const struct {
    const char *name;
    long (*call)(const char *path);
    bool makes;         /* creates the path, so it need not exist */
} calls[] = {
    { "open", do_open, false }, { "create", do_create, true },
    { "stat", do_stat, false }, { "lstat", do_lstat, false },
    { "mkdir", do_mkdir, true }, { "rmdir", do_rmdir, false },
    { "unlink", do_unlink, false }, { "symlink", do_symlink, true },
    { "readlink", do_readlink, false }, { "link from", do_link_from, false },
    { "link to", do_link_to, true }, { "rename from", do_rename_from, false },
    { "rename to", do_rename_to, true }, { "chmod", do_chmod, false },
    { "chown", do_chown, false }, { "lchown", do_lchown, false },
    { "truncate", do_truncate, false }, { "utimensat", do_utimensat, false },
    { "mkfifo", do_mkfifo, true }, { "mknod", do_mknod, true },
    { "chdir", do_chdir, false }, { "access", do_access, false },
    { "statfs", do_statfs, false }, { "getxattr", do_getxattr, false },
    { "setxattr", do_setxattr, false }, { "listxattr", do_listxattr, false },
};

/* Each call must fail with this error for the path. */
static void all_fail(int error, const char *path, const char *what)
{
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(calls); i++) {
        fails(error, calls[i].call(path), "%s: %s", calls[i].name, what);
    }
}

static void bad_prefix(void)
{
    make_file("file", "");
    must(symlink("loop", "loop"));
    must(symlink("file", "to-file"));
    all_fail(ENOENT, "none/name", "a parent that is not there");
    all_fail(ENOTDIR, "file/name", "a parent that is a file");
    all_fail(ENOTDIR, "to-file/name", "a parent that links to a file");
    all_fail(ELOOP, "loop/name", "a parent that links to itself");
    all_fail(ENOENT, "", "an empty path");
    equal(0, stat_of("file").st_size, "the file is as it was");
}

static void not_there(void)
{
    size_t i;

    make_file("file", "");
    for (i = 0; i < SIZE_OF_ARRAY(calls); i++) {
        if (!calls[i].makes) {
            fails(ENOENT, calls[i].call("none"), "%s: what is not there",
                  calls[i].name);
        }
    }
}

static void too_long(void)
{
    char name[NAME_MAX + 2], path[PATH_MAX + 1];
    size_t i;

    make_file("file", "");
    memset(name, 'n', NAME_MAX + 1);
    name[NAME_MAX + 1] = 0;
    all_fail(ENAMETOOLONG, name, "a name of 256 bytes");
    for (i = 0; i < PATH_MAX; i += 2) {
        memcpy(path + i, "./", 2);
    }
    path[PATH_MAX] = 0;
    all_fail(ENAMETOOLONG, path, "a path of 4096 bytes");
}

static void no_pointer(void)
{
#ifdef __SANITIZE_ADDRESS__
    skip("the sanitizer reads the paths itself");
#else
    make_file("file", "");
    all_fail(EFAULT, (const char *)1, "no address");
#endif
}

static void no_search(void)
{
    size_t i;

    make_dir("closed", 0755);
    make_file("closed/name", "");
    make_file("file", "");
    must(chmod("closed", 0666));
    must(chown("file", USER, GROUP));
    for (i = 0; i < SIZE_OF_ARRAY(calls); i++) {
        fails(EACCES, AS(USER, GROUP, calls[i].call("closed/name")),
              "%s: a parent that is not searchable", calls[i].name);
        fails(EACCES, AS(USER, GROUP, calls[i].call("closed/none")),
              "%s: nothing below it either", calls[i].name);
    }
}

static void bad_descriptor(void)
{
    struct stat st;
    char c;

    fails(EBADF, fstat(999, &st), "fstat");
    fails(EBADF, read(999, &c, 1), "read");
    fails(EBADF, write(999, &c, 1), "write");
    fails(EBADF, ftruncate(999, 0), "ftruncate");
    fails(EBADF, fchmod(999, 0600), "fchmod");
    fails(EBADF, fchown(999, -1, -1), "fchown");
    fails(EBADF, fsync(999), "fsync");
    fails(EBADF, openat(999, "name", O_RDONLY), "openat");
    fails(EBADF, close(999), "close");
}

const struct behaviour errno_behaviours[] = {
    { "errno-prefix", bad_prefix, 0 },
    { "errno-not-there", not_there, 0 },
    { "errno-too-long", too_long, 0 },
    { "errno-no-pointer", no_pointer, 0 },
    { "errno-no-search", no_search, NEEDS_ROOT | NEEDS_OWNERS },
    { "errno-descriptor", bad_descriptor, 0 },
    { NULL, NULL, 0 },
};
