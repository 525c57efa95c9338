/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A temporary directory for a test: see scratch.h. */
#include "scratch.h"

#define MUST(call) \
    do { \
        if ((call) < 0) { \
            g_error("%s: %s", #call, g_strerror(errno)); \
        } \
    } while (0)

Scratch *scratch_new(void)
{
    g_autoptr(GError) error = NULL;
    Scratch *scratch = g_new0(Scratch, 1);

    scratch->path = g_dir_make_tmp("p9-test-XXXXXX", &error);
    if (!scratch->path) {
        g_error("%s", error->message);
    }
    MUST(scratch->fd = open(scratch->path, O_PATH | O_DIRECTORY | O_CLOEXEC));
    return scratch;
}

void scratch_free(Scratch *scratch)
{
    /* rm copes with paths of any length, which nftw(3) does not. */
    char *argv[] = { (char *)"rm", (char *)"-rf", (char *)"--",
                     scratch->path, NULL };
    g_autoptr(GError) error = NULL;

    if (!g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                      NULL, NULL, NULL, &error)) {
        g_error("rm -rf %s: %s", scratch->path, error->message);
    }
    close(scratch->fd);
    g_free(scratch->path);
    g_free(scratch);
}

void scratch_write(Scratch *scratch, const char *name, const char *text)
{
    int fd;

    MUST(fd = openat(scratch->fd, name,
                     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
}

void scratch_mkdir(Scratch *scratch, const char *name)
{
    MUST(mkdirat(scratch->fd, name, 0755));
}

void scratch_symlink(Scratch *scratch, const char *target, const char *name)
{
    MUST(symlinkat(target, scratch->fd, name));
}

void scratch_rename(Scratch *scratch, const char *from, const char *to)
{
    MUST(renameat(scratch->fd, from, scratch->fd, to));
}

void scratch_unlink(Scratch *scratch, const char *name)
{
    MUST(unlinkat(scratch->fd, name, 0));
}

uint64_t scratch_ino(Scratch *scratch, const char *name)
{
    struct stat st;

    MUST(fstatat(scratch->fd, name, &st, AT_SYMLINK_NOFOLLOW));
    return st.st_ino;
}
