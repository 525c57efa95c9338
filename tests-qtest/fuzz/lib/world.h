/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small directory tree that is exported, and another one beside it that
 * nothing may touch, by way of whatever link or descriptor.
 *
 * Both are on a tmpfs of the program's own where that can be mounted and has
 * user.* attributes, else in the temporary directory.  A tree is made for each
 * input and removed with it.  Context: one thread, except where the host's part
 * says otherwise.
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include "input.h"

/* The content of each file outside, which no read may return. */
#define WORLD_SECRET "OUTSIDE OF THE EXPORT"

typedef struct World {
    char *path;                 /* owned; what is exported */
    int export_fd;              /* O_PATH; owned */
    int base_fd;                /* has "export" and "outside"; owned */
    GArray *before;             /* the state of "outside"; of Seen */
    unsigned fds;               /* descriptors that were open at the start */
} World;

/**
 * world_run: the body of LLVMFuzzerTestOneInput(): call @run with the input.
 *
 * It is called with no input before that, once, because what stays open for
 * good has to be opened before descriptors are counted.  Returns 0.
 */
int world_run(const uint8_t *data, size_t size, void (*run)(Input *in));
/**
 * world_open: the trees.  All files are owned by @uid and @gid if root calls
 * this.
 */
void world_open(World *world, uint32_t uid, uint32_t gid);
/**
 * world_bind: make the export a mount of its own, so that its descriptors can
 * be told from others.  Nothing where that is not permitted.
 */
void world_bind(World *world);
/** world_check: abort unless everything outside is as it was. */
void world_check(World *world);
/**
 * world_close: the same, also for the number of open descriptors, and remove
 * all.
 */
void world_close(World *world);
/**
 * world_is_outside: is @fd a descriptor of an object outside of the export?
 */
bool world_is_outside(const World *world, int fd);
/** world_check_bytes: abort if @size bytes at @bytes contain the secret. */
void world_check_bytes(const void *bytes, size_t size);
/** world_each: call @visit for each object of the export but its root. */
void world_each(const World *world,
                void (*visit)(void *opaque, const struct stat *st),
                void *opaque);

/**
 * host_step: the next records of @in say what a program of the host does to
 * the exported tree.  Context: any thread; only one at a time.
 */
void host_step(const World *world, Input *in);

#endif
