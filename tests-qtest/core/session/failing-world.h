/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree for requests that fail, in one security model, with a session on it;
 * and what the tree holds, as text, for comparison.
 */
#ifndef TESTS_CORE_FAILING_WORLD_H
#define TESTS_CORE_FAILING_WORLD_H

#include "lib/client.h"
#include "local/local-env.h"

typedef struct World {
    LocalEnv env;
    const char *dialect;
    Client *c;                  /* fid 0 is the root */
    FsExport *export;           /* borrowed from it */
    unsigned fds;               /* descriptors that are open between requests */
} World;

/** world_open: export the tree; false if the test was skipped. */
bool world_open(World *w);
void world_close(World *w);
/**
 * world_plant: make the tree anew:
 *
 * file and its link dir/twin, other, prog (set-id, with a capability), link (to
 * file), hosts (made on the host), dir with inner and sub, empty, fifo.
 */
void world_plant(World *w);

/* What is left out of a comparison. */
enum {
    /*
     * Metadata that say nothing: those of names that are gone, empty files, and
     * a folder that has no other.
     */
    WORLD_NO_GARBAGE = 1u << 0,
    /* Set-id bits and capabilities. */
    WORLD_NO_SETID = 1u << 1,
};
/**
 * world_on_host: all names, with type, mode, owner, links, content, attributes
 * and whether the mtime is that of world_plant().  A new string.
 */
char *world_on_host(const World *w, unsigned without);
/**
 * world_in_guest: what an export shows of all names, with owners and modes as
 * the guest sees them.  A new string.
 */
char *world_in_guest(FsExport *export);

#endif
