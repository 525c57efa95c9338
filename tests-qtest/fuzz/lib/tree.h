/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the first bytes of an input of tree-input.h say: features of the kernel,
 * limits, and the options of an export.
 */
#ifndef TESTS_FUZZ_TREE_H
#define TESTS_FUZZ_TREE_H

#include "input.h"
#include "fuzz/tree-input.h"

typedef struct Tree {
    uint8_t flags;              /* the first byte */
    FsConfig config;            /* owns its maps */
} Tree;

/** tree_begin: read the first bytes, and apply all but @config. */
void tree_begin(Tree *tree, Input *in);
/** tree_end: undo that. */
void tree_end(Tree *tree);

#endif
