/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The directory trees that the workloads work on.
 *
 * A tree is a chain of directories "d1/d2/..." with files "f00000", "f00001"
 * and so on in the last one.  Name, size, content and attributes of a file are
 * derived from its number, so that every reply can be checked without reading
 * the file on the host.  Trees are made once in each --dir, are used by both
 * binaries, and are removed when the benchmark ends.
 */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include <sys/stat.h>
#include "util.h"

#define TREE_NAME_SIZE      16
#define TREE_BLOCK          4096        /* block of the contents' pattern */
#define TREE_ATTR_MODE      (S_IFREG | 0640)
#define TREE_XATTR_NAME     "user.bench"
#define TREE_XATTR_SIZE     64

typedef enum TreeKind {
    TREE_FLAT, TREE_DEEP8, TREE_DEEP32, TREE_BIG, TREE_OUT, TREE_WIDE,
    TREE_EMPTY, TREE_RENAME, TREE_MAPPED_XATTR, TREE_MAPPED_FILE, TREE_XATTR,
    TREE_KINDS
} TreeKind;

typedef struct Tree {
    TreeKind kind;
    char *path;             /* owned */
    unsigned levels;        /* number of directories in the chain */
    unsigned files;
    uint64_t bytes;         /* content of each file */
    int root;               /* O_PATH descriptor of the tree, owned */
    int dir;                /* of the directory with the files, owned */
    const char *unusable;   /* the reason why it cannot be used, or NULL */
} Tree;

/* A directory for trees on one of the host's file systems */
typedef struct Place {
    char *path;             /* owned */
    const char *fs;         /* file system type, for example "ext4" */
    Tree trees[TREE_KINDS];
} Place;

/* Makes a new temporary directory in @dir. */
Place *place_new(const char *dir);

/* The tree of @kind, made by the first call; @small: for --quick. */
const Tree *place_tree(Place *place, TreeKind kind, bool small);

/* Removes the trees of all places; also done at exit. */
void places_remove(void);

/* Removes the remaining files of a run in a tree of kind TREE_EMPTY. */
void tree_clear(const Tree *tree);

void tree_file_name(uint32_t file, char name[TREE_NAME_SIZE]);
void tree_dir_name(unsigned level, char name[TREE_NAME_SIZE]);

/* The size of a file: its content and a hole of individual size. */
uint64_t tree_size(const Tree *tree, uint32_t file);

/* The mapped owner and group of a file in the mapped trees */
uint32_t tree_uid(uint32_t file);
uint32_t tree_gid(uint32_t file);

/* Fills or compares one block of a file's content. */
void tree_fill(uint8_t *block, uint32_t file, uint64_t number);
bool tree_check(const uint8_t *block, uint32_t file, uint64_t number);

/* The same for the first and the last word of the block only */
void tree_fill_ends(uint8_t *block, uint32_t file, uint64_t number);
bool tree_check_ends(const uint8_t *block, uint32_t file, uint64_t number);

/* The value of TREE_XATTR_NAME of a file. */
void tree_xattr_value(uint8_t value[TREE_XATTR_SIZE], uint32_t file);

#endif
