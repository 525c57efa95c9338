/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deepdir LEVELS: creates LEVELS nested directories with names of 100 bytes,
 * uses the last one (writes, renames, reads and removes a file) and removes
 * them again.  Only single names are passed to the kernel, so that the path may
 * be longer than PATH_MAX, which a shell does not support.  For the test
 * guests.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(int ok, const char *what, int level)
{
    if (!ok) {
        fprintf(stderr, "level %d: %s: expected success, came ", level, what);
        perror("error");
        exit(1);
    }
}

static void use_directory(int level)
{
    char back[8] = "";
    struct stat st;
    int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);

    must(fd >= 0, "create", level);
    must(write(fd, "bottom", 6) == 6, "write", level);
    must(rename("file", "other") == 0, "rename", level);
    must(stat("other", &st) == 0 && st.st_size == 6, "stat", level);
    must(pread(fd, back, 6, 0) == 6 && !strcmp(back, "bottom"), "read", level);
    must(close(fd) == 0, "close", level);
    must(unlink("other") == 0, "unlink", level);
}

int main(int argc, char **argv)
{
    int i, levels = argc > 1 ? atoi(argv[1]) : 0;
    char name[101];

    memset(name, 'n', 100);
    name[100] = 0;
    for (i = 1; i <= levels; i++) {
        must(mkdir(name, 0755) == 0, "mkdir", i);
        must(chdir(name) == 0, "chdir", i);
    }
    use_directory(levels);
    for (i = levels; i > 0; i--) {
        must(chdir("..") == 0, "chdir ..", i);
        must(rmdir(name) == 0, "rmdir", i);
    }
    return 0;
}
