/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes trees.  Single thread; called by main.c between runs, never during a
 * measurement.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "tree.h"

#define WORDS       (TREE_BLOCK / sizeof(uint64_t))
#define MIB         (UINT64_C(1) << 20)
#define METADATA    ".virtfs_metadata"

/* The sizes of files differ by less than this. */
#define SIZE_STEPS  1000

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

typedef enum Attrs { ATTRS_NONE, ATTRS_XATTR, ATTRS_FILE, ATTRS_USER } Attrs;

static const struct {
    const char *name;
    unsigned levels;
    unsigned files, small_files;
    uint64_t bytes, small_bytes;
    Attrs attrs;
} kinds[TREE_KINDS] = {
    [TREE_FLAT]   = { "flat", 0, 10000, 200, 4096, 4096, ATTRS_NONE },
    [TREE_DEEP8]  = { "deep8", 7, 10000, 200, 0, 0, ATTRS_NONE },
    [TREE_DEEP32] = { "deep32", 31, 10000, 200, 4096, 4096, ATTRS_NONE },
    [TREE_BIG]    = { "big", 0, 1, 1, 256 * MIB, 16 * MIB, ATTRS_NONE },
    [TREE_OUT]    = { "out", 0, 1, 1, 64 * MIB, 16 * MIB, ATTRS_NONE },
    [TREE_WIDE]   = { "wide", 0, 100000, 2000, 0, 0, ATTRS_NONE },
    [TREE_EMPTY]  = { "empty", 0, 0, 0, 0, 0, ATTRS_NONE },
    [TREE_RENAME] = { "rename", 1, 10000, 200, 0, 0, ATTRS_NONE },
    [TREE_MAPPED_XATTR] = { "mapped-xattr", 0, 1000, 50, 0, 0, ATTRS_XATTR },
    [TREE_MAPPED_FILE]  = { "mapped-file", 0, 1000, 50, 0, 0, ATTRS_FILE },
    [TREE_XATTR]  = { "xattr", 0, 1000, 50, 0, 0, ATTRS_USER },
};

static GPtrArray *places;

void tree_clear(const Tree *tree)
{
    g_autoptr(GDir) dir = g_dir_open(tree->path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        unlinkat(tree->dir, name, 0);
    }
}

void tree_file_name(uint32_t file, char name[TREE_NAME_SIZE])
{
    snprintf(name, TREE_NAME_SIZE, "f%05u", file % 1000000);
}

void tree_dir_name(unsigned level, char name[TREE_NAME_SIZE])
{
    snprintf(name, TREE_NAME_SIZE, "d%u", level % 1000);
}

uint64_t tree_size(const Tree *tree, uint32_t file)
{
    return tree->bytes + file % SIZE_STEPS;
}

uint32_t tree_uid(uint32_t file)
{
    return 1000 + file % 100;
}

uint32_t tree_gid(uint32_t file)
{
    return 2000 + file % 100;
}

static inline uint64_t word_at(uint32_t file, uint64_t number, unsigned i)
{
    return ((uint64_t)file << 44 ^ number << 12 ^ i) *
           UINT64_C(0x9e3779b97f4a7c15);
}

static void fill_word(uint8_t *block, uint32_t file, uint64_t number,
                      unsigned i)
{
    uint64_t word = word_at(file, number, i);

    memcpy(block + i * sizeof(word), &word, sizeof(word));
}

void tree_fill(uint8_t *block, uint32_t file, uint64_t number)
{
    unsigned i;

    for (i = 0; i < WORDS; i++) {
        fill_word(block, file, number, i);
    }
}

void tree_fill_ends(uint8_t *block, uint32_t file, uint64_t number)
{
    fill_word(block, file, number, 0);
    fill_word(block, file, number, WORDS - 1);
}

static bool check_word(const uint8_t *block, uint32_t file, uint64_t number,
                       unsigned i)
{
    uint64_t word;

    memcpy(&word, block + i * sizeof(word), sizeof(word));
    return word == word_at(file, number, i);
}

bool tree_check(const uint8_t *block, uint32_t file, uint64_t number)
{
    bool ok = true;
    unsigned i;

    for (i = 0; i < WORDS; i++) {
        ok &= check_word(block, file, number, i);
    }
    return ok;
}

bool tree_check_ends(const uint8_t *block, uint32_t file, uint64_t number)
{
    return check_word(block, file, number, 0) &&
           check_word(block, file, number, WORDS - 1);
}

void tree_xattr_value(uint8_t value[TREE_XATTR_SIZE], uint32_t file)
{
    unsigned i;

    for (i = 0; i < TREE_XATTR_SIZE; i++) {
        value[i] = file * 31 + i;
    }
}

/* --- making -------------------------------------------------------------- */

static bool set_le32(int fd, const char *name, uint32_t value)
{
    uint32_t le = htole32(value);

    return fsetxattr(fd, name, &le, sizeof(le), 0) == 0;
}

static void write_metadata(const Tree *tree, uint32_t file, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/" METADATA "/%s", tree->path,
                                            name);
    g_autofree char *text =
        g_strdup_printf("virtfs.uid=%u\nvirtfs.gid=%u\nvirtfs.mode=%u\n",
                        tree_uid(file), tree_gid(file),
                        (unsigned)TREE_ATTR_MODE);

    if (!g_file_set_contents(path, text, -1, NULL)) {
        die_errno("cannot write %s", path);
    }
}

/* Returns false if the file system does not support the attributes. */
static bool set_attrs(const Tree *tree, int fd, uint32_t file,
                      const char *name)
{
    uint8_t value[TREE_XATTR_SIZE];

    switch (kinds[tree->kind].attrs) {
    case ATTRS_XATTR:
        return set_le32(fd, "user.virtfs.uid", tree_uid(file)) &&
               set_le32(fd, "user.virtfs.gid", tree_gid(file)) &&
               set_le32(fd, "user.virtfs.mode", TREE_ATTR_MODE);
    case ATTRS_FILE:
        write_metadata(tree, file, name);
        return true;
    case ATTRS_USER:
        tree_xattr_value(value, file);
        return fsetxattr(fd, TREE_XATTR_NAME, value, sizeof(value), 0) == 0;
    default:
        return true;
    }
}

static bool make_file(const Tree *tree, uint32_t file)
{
    uint8_t block[TREE_BLOCK];
    char name[TREE_NAME_SIZE];
    uint64_t at;
    bool ok;
    int fd;

    stop_if_asked();
    tree_file_name(file, name);
    fd = openat(tree->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        die_errno("cannot make %s in %s", name, tree->path);
    }
    for (at = 0; at < tree->bytes; at += TREE_BLOCK) {
        tree_fill(block, file, at / TREE_BLOCK);
        if (write(fd, block, TREE_BLOCK) != TREE_BLOCK) {
            die_errno("cannot write %s in %s", name, tree->path);
        }
    }
    if (ftruncate(fd, tree_size(tree, file)) < 0) {
        die_errno("cannot set the size of %s in %s", name, tree->path);
    }
    ok = set_attrs(tree, fd, file, name);
    close(fd);
    return ok;
}

static int open_dir(int at, const char *path)
{
    int fd = openat(at, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        die_errno("cannot open %s", path);
    }
    return fd;
}

static void make_dirs(Tree *tree)
{
    char name[TREE_NAME_SIZE];
    unsigned i;
    int next;

    if (mkdir(tree->path, 0755) < 0) {
        die_errno("cannot make %s", tree->path);
    }
    tree->root = open_dir(AT_FDCWD, tree->path);
    tree->dir = open_dir(tree->root, ".");
    for (i = 1; i <= tree->levels; i++) {
        tree_dir_name(i, name);
        if (mkdirat(tree->dir, name, 0755) < 0) {
            die_errno("cannot make %s below %s", name, tree->path);
        }
        next = open_dir(tree->dir, name);
        close(tree->dir);
        tree->dir = next;
    }
    if (kinds[tree->kind].attrs == ATTRS_FILE &&
        mkdirat(tree->dir, METADATA, 0700) < 0) {
        die_errno("cannot make %s/" METADATA, tree->path);
    }
}

const Tree *place_tree(Place *place, TreeKind kind, bool small)
{
    Tree *tree = &place->trees[kind];
    uint32_t i;

    if (tree->path) {
        return tree;
    }
    tree->kind = kind;
    tree->path = g_build_filename(place->path, kinds[kind].name, NULL);
    tree->levels = kinds[kind].levels;
    tree->files = small ? kinds[kind].small_files : kinds[kind].files;
    tree->bytes = small ? kinds[kind].small_bytes : kinds[kind].bytes;
    make_dirs(tree);
    for (i = 0; i < tree->files; i++) {
        if (!make_file(tree, i)) {
            tree->unusable = "no user.* xattrs here";
            break;
        }
    }
    return tree;
}

/* --- places -------------------------------------------------------------- */

static const char *fs_name(const char *path)
{
    struct statfs st;

    if (statfs(path, &st) < 0) {
        die_errno("%s", path);
    }
    switch ((uint32_t)st.f_type) {
    case EXT4_SUPER_MAGIC:
        return "ext4";
    case TMPFS_MAGIC:
        return "tmpfs";
    case BTRFS_SUPER_MAGIC:
        return "btrfs";
    case XFS_SUPER_MAGIC:
        return "xfs";
    case OVERLAYFS_SUPER_MAGIC:
        return "overlay";
    default:
        return "other";
    }
}

Place *place_new(const char *dir)
{
    Place *place = g_new0(Place, 1);
    g_autofree char *real = realpath(dir, NULL);

    if (!real) {
        die_errno("%s", dir);
    }
    /* In QEMU's options a comma would have to be escaped. */
    if (strchr(real, ',')) {
        die("the path of --dir=%s contains a comma", real);
    }
    place->fs = fs_name(real);
    place->path = g_build_filename(real, "9p-bench-XXXXXX", NULL);
    if (!mkdtemp(place->path)) {
        die_errno("cannot make a folder in %s", real);
    }
    if (!places) {
        places = g_ptr_array_new();
        atexit(places_remove);
    }
    g_ptr_array_add(places, place);
    return place;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void place_remove(Place *place)
{
    unsigned i;

    for (i = 0; i < TREE_KINDS; i++) {
        if (place->trees[i].path) {
            close(place->trees[i].root);
            close(place->trees[i].dir);
            g_free(place->trees[i].path);
        }
    }
    if (nftw(place->path, remove_one, 32, FTW_DEPTH | FTW_PHYS) < 0) {
        fprintf(stderr, "bench: cannot remove %s: %s\n", place->path,
                strerror(errno));
    }
    g_free(place->path);
    g_free(place);
}

void places_remove(void)
{
    while (places && places->len) {
        place_remove(g_ptr_array_steal_index(places, places->len - 1));
    }
}
