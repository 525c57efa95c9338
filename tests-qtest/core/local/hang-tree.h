/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree for the tests of storage that hangs, and the places in it where such
 * storage is planted.
 */
#ifndef HANG_TREE_H
#define HANG_TREE_H

#include "lib/automount.h"
#include "lib/fuse-stand-in.h"
#include "local-env.h"

/*
 * Made anew for each call: in the export's root a directory dir with the files
 * file and g, the directory m, the link link, and what belongs to them in
 * mapped-file.  The stand-in has the same names but for g and m.
 */
typedef struct HangTree {
    LocalEnv *env;
    FuseStandIn *fuse;          /* borrowed; mounted at… */
    const char *fuse_path;      /* … */
    Automount *automount;       /* owned, or NULL */
    char *path;                 /* owned */
    FsExport *export;
    FsNode *root;
    FsNode *d;
    FsNode *f;
    FsNode *l;
    FsFile *opened;             /* f, to read and write */
    FsFile *listed;             /* d */
    FsLocker *locker;           /* of f */
    unsigned refused;           /* calls that would have had to wait longer */
} HangTree;

typedef struct HangPlace {
    const char *name;
    /* Before the guest looks at anything; may be NULL. */
    void (*before)(HangTree *t);
    /* When it has; may be NULL. */
    void (*after)(HangTree *t);
    bool mapped_file;           /* nothing to other models */
    bool automount;             /* needs autofs */
    bool nowhere;               /* nothing is refused */
} HangPlace;

extern const HangPlace hang_places[];
extern const size_t n_hang_places;

/** hang_tree_files: make the files. */
void hang_tree_files(HangTree *t);
/** hang_tree_hold: what a guest has had before the storage began to hang. */
void hang_tree_hold(HangTree *t);
/** hang_tree_look_again: until the driver has cached what it can. */
void hang_tree_look_again(HangTree *t);
/** hang_tree_end: release what is held, and unmount and remove the files. */
void hang_tree_end(HangTree *t);

#endif
