/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: any bytes, 255 of them, paths longer than PATH_MAX.  Part of the
 * POSIX suite; see posix.h.
 */
#include "posix.h"

#include <dirent.h>
#include <limits.h>

static bool listed(const char *wanted)
{
    struct dirent *entry;
    bool found = false;
    DIR *dir = opendir(".");

    must(dir ? 0 : -1);
    while (!found && (entry = readdir(dir))) {
        found = !strcmp(entry->d_name, wanted);
    }
    closedir(dir);
    return found;
}

static void use_name(const char *what, const char *name)
{
    int fd;

    succeeds(fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0600), "%s: create",
             what);
    if (fd < 0) {
        return;
    }
    must(write(fd, "text", 4));
    close(fd);
    holds(listed(name), "%s: listed", what);
    same_text("text", text_of(name), "%s: read", what);
    succeeds(chmod(name, 0640), "%s: chmod", what);
    equal_octal(0640, mode_of(name), "%s: mode", what);
    succeeds(link(name, "twin"), "%s: link", what);
    succeeds(rename(name, "else"), "%s: rename", what);
    must(unlink("twin"));
    succeeds(rename("else", name), "%s: rename back", what);
    succeeds(unlink(name), "%s: unlink", what);
    succeeds(mkdir(name, 0700), "%s: mkdir", what);
    succeeds(rmdir(name), "%s: rmdir", what);
    succeeds(symlink(name, name), "%s: symlink", what);
    must(unlink(name));
    holds(!exists(name), "%s: gone", what);
}

static void odd_names(void)
{
    static const struct {
        const char *what, *name;
    } names[] = {
        { "space", " " }, { "newline", "a\nb" }, { "tab", "\t" },
        { "dash", "-rf" }, { "star", "*" }, { "backslash", "a\\b" },
        { "three dots", "..." }, { "dot in front", ".hidden" },
        { "dot behind", "name." }, { "colon", "C:" }, { "percent", "%n%s" },
        { "UTF-8", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7" },
        { "no UTF-8", "\xff\xfe\x80" }, { "escape", "\x1b[2J" },
        { "tilde", "~" },
    };
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(names); i++) {
        use_name(names[i].what, names[i].name);
    }
}

static void every_byte(void)
{
    char name[4] = "";
    int i, made = 0, found = 0, removed = 0;
    struct dirent *entry;
    DIR *dir;

    must(mkdir("dir", 0755));
    must(chdir("dir"));
    for (i = 1; i < 256; i++) {
        if (i != '/') {
            name[0] = 'b';
            name[1] = i;
            made += mknod(name, S_IFREG | 0600, 0) == 0;
        }
    }
    equal(254, made, "made with each byte but 0 and the slash");
    dir = opendir(".");
    must(dir ? 0 : -1);
    while ((entry = readdir(dir))) {
        found += strlen(entry->d_name) == 2 && entry->d_name[0] == 'b';
    }
    closedir(dir);
    equal(254, found, "all listed");
    for (i = 1; i < 256; i++) {
        if (i != '/') {
            name[1] = i;
            removed += unlink(name) == 0;
        }
    }
    equal(254, removed, "all removed");
    must(chdir(".."));
}

static void case_matters(void)
{
    make_file("name", "small");
    make_file("NAME", "great");
    same_text("small", text_of("name"), "small letters");
    same_text("great", text_of("NAME"), "great letters");
}

static void longest(void)
{
    char name[NAME_MAX + 2];
    size_t length;

    for (length = NAME_MAX - 1; length <= NAME_MAX; length++) {
        memset(name, 'l', length);
        name[length] = 0;
        use_name(length == NAME_MAX ? "255 bytes" : "254 bytes", name);
    }
    memset(name, '\xc3', NAME_MAX);
    use_name("255 bytes above 127", name);
}

static void metadata_name(void)
{
    differs(METADATA_NAME);
    succeeds(mkdir(".virtfs_metadata", 0700), "mkdir");
    differs(METADATA_NAME);
    succeeds(rmdir(".virtfs_metadata"), "rmdir");
    differs(METADATA_NAME_CASE);
    succeeds(mkdir(".virtfs_metadatA", 0700), "one much alike");
    succeeds(mkdir("x.virtfs_metadata", 0700), "one that ends so");
}

enum { LEVELS = 25, WIDTH = 200 };

static void deeper_than_path_max(void)
{
    char name[WIDTH + 1], path[PATH_MAX + WIDTH];
    int i, fd, top;
    struct stat st;

    memset(name, 'd', WIDTH);
    name[WIDTH] = 0;
    must(top = open(".", O_RDONLY | O_DIRECTORY));
    for (i = 0; i < LEVELS; i++) {
        if (mkdir(name, 0755) || chdir(name)) {
            break;
        }
    }
    equal(LEVELS, i, "%d levels of %d bytes", LEVELS, WIDTH);
    succeeds(fd = open("file", O_CREAT | O_EXCL | O_RDWR, 0600), "a file");
    equal(6, write(fd, "bottom", 6), "written");
    same_text("bottom", text_at(fd, 0), "read");
    succeeds(rename("file", "other"), "renamed");
    succeeds(stat("other", &st), "found");
    equal(6, st.st_size, "with its size");
    succeeds(unlink("other"), "removed");
    same_text("bottom", text_at(fd, 0), "still read");
    close(fd);
    must(fchdir(top));
    for (i = 0, path[0] = 0; strlen(path) < PATH_MAX; i++) {
        strcat(strcat(path, name), "/");
    }
    path[PATH_MAX - 1] = 'x';
    path[PATH_MAX] = 0;
    fails(ENAMETOOLONG, stat(path, &st), "as one path");
    for (i = 0; i < LEVELS; i++) {
        must(chdir(name));
    }
    for (i = 0; i < LEVELS && chdir("..") == 0 && rmdir(name) == 0; i++) {
        continue;
    }
    equal(LEVELS, i, "all levels removed from below");
    must(fchdir(top));
    close(top);
}

const struct behaviour name_behaviours[] = {
    { "names-odd", odd_names, 0 },
    { "names-every-byte", every_byte, 0 },
    { "names-case", case_matters, 0 },
    { "names-longest", longest, 0 },
    { "names-metadata", metadata_name, 0 },
    { "names-deep", deeper_than_path_max, 0 },
    { NULL, NULL, 0 },
};
