/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folders that the workloads work on.
 *
 * A tree is a chain of folders "d1/d2/..." with files "f00000", "f00001" ...
 * in the last one.  Names, sizes, contents and attributes follow from the
 * number of a file, so that every answer can be checked without asking the
 * host.  Trees are made once in each --dir, are used by both binaries, and are
 * removed when the bench ends.
 */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include <sys/stat.h>
#include "util.h"

#define TREE_NAME_SIZE      16
#define TREE_BLOCK          4096        /* unit of the contents' pattern */
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
    unsigned levels;        /* folders above the files */
    unsigned files;
    uint64_t bytes;         /* content of each file */
    int root;               /* O_PATH descriptor of the tree, owned */
    int dir;                /* of the folder with the files, owned */
    const char *unusable;   /* why it could not be made, or NULL */
} Tree;

/* A folder of the host's in which trees are made. */
typedef struct Place {
    char *path;             /* our own folder in it, owned */
    const char *fs;         /* "ext4", "tmpfs", ... */
    Tree trees[TREE_KINDS];
} Place;

/* Makes our folder in @dir; @small: for --quick. */
Place *place_new(const char *dir);

/* The tree of a kind, made now if need be. */
const Tree *place_tree(Place *place, TreeKind kind, bool small);

/* Removes the trees of all places; also done at exit. */
void places_remove(void);

/* Removes the files that something left in a tree of the kind TREE_EMPTY. */
void tree_clear(const Tree *tree);

void tree_file_name(uint32_t file, char name[TREE_NAME_SIZE]);
void tree_dir_name(unsigned level, char name[TREE_NAME_SIZE]);

/* Size of a file: its content and a hole that tells files apart. */
uint64_t tree_size(const Tree *tree, uint32_t file);

/* Owner and group that a file of the mapped trees has for the guest. */
uint32_t tree_uid(uint32_t file);
uint32_t tree_gid(uint32_t file);

/* Fills or compares one block of a file's content. */
void tree_fill(uint8_t *block, uint32_t file, uint64_t number);
bool tree_check(const uint8_t *block, uint32_t file, uint64_t number);

/* As those two, but only the ends of the block. */
void tree_fill_ends(uint8_t *block, uint32_t file, uint64_t number);
bool tree_check_ends(const uint8_t *block, uint32_t file, uint64_t number);

/* The value of TREE_XATTR_NAME of a file. */
void tree_xattr_value(uint8_t value[TREE_XATTR_SIZE], uint32_t file);

#endif
