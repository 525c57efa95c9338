/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spellings of a name where case is ignored.  Where the kernel has a file
 * system that ignores case, its result is compared for each code point.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred-fold.h"
#include "local-fixture.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#ifndef FS_CASEFOLD_FL
#define FS_CASEFOLD_FL 0x40000000
#endif

static void test_table(void)
{
    static const struct {
        const char *name;
        bool folds;
    } rows[] = {
        { "task", true }, { "TASK", true }, { "Ta\xc5\xbf\xe2\x84\xaa", true },
        { "t\xc2\xad" "ask", true }, { "\xe2\x80\x8btask", true },
        { "task\xf3\xa0\x81\xbf", true }, { "t\xe1\x85\x9f" "ask", true },
        { "", false }, { "tas", false }, { "tasks", false },
        { "t\xc3\xa1sk", false }, { "ta\xc3\x9fk", false },
        { "\xc2\xad", false }, { "task\xff", false }, { "task\xc2", false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        g_test_message("row %zu", i);
        g_assert_true(cred_folds_to(rows[i].name, "task") == rows[i].folds);
    }
}

/* The directory with the file "task"; -1 after g_test_skip(). */
static int casefold_dir(void)
{
    g_autofree char *path = g_dir_make_tmp("p9-fold-XXXXXX", NULL);
    int flags = 0;
    int fd = -1;
    int root;

    if (mount("tmpfs", path, "tmpfs", 0, "casefold") < 0) {
        g_test_skip("no tmpfs that ignores case here");
        g_assert_cmpint(rmdir(path), ==, 0);
        return -1;
    }
    root = open(path, O_RDONLY | O_DIRECTORY);
    g_assert_cmpint(umount2(path, MNT_DETACH), ==, 0);
    g_assert_cmpint(rmdir(path), ==, 0);
    g_assert_cmpint(mkdirat(root, "d", 0755), ==, 0);
    fd = openat(root, "d", O_RDONLY | O_DIRECTORY);
    close(root);
    g_assert_cmpint(ioctl(fd, FS_IOC_GETFLAGS, &flags), ==, 0);
    flags |= FS_CASEFOLD_FL;
    g_assert_cmpint(ioctl(fd, FS_IOC_SETFLAGS, &flags), ==, 0);
    g_assert_cmpint(close(openat(fd, "task", O_CREAT | O_WRONLY, 0644)), ==, 0);
    return fd;
}

/* What opens the file on the host is recognized. */
static void test_kernel(void)
{
    int fd = casefold_dir();

    for (gunichar c = 0x80; fd >= 0 && c <= 0x10ffff; c++) {
        char utf8[7] = "";
        char name[16];

        if (!g_unichar_validate(c)) {
            continue;
        }
        g_unichar_to_utf8(c, utf8);
        snprintf(name, sizeof(name), "ta%ssk", utf8);
        if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            g_test_message("U+%04X is left out", c);
            g_assert_true(cred_folds_to(name, "task"));
        }
        snprintf(name, sizeof(name), "ta%sk", utf8);
        if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            g_test_message("U+%04X is s", c);
            g_assert_true(cred_folds_to(name, "task"));
        }
    }
    if (fd >= 0) {
        close(fd);
    }
}

int main(int argc, char **argv)
{
    local_separate_mounts();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cred-fold/table", test_table);
    g_test_add_func("/cred-fold/kernel", test_kernel);
    return g_test_run();
}
