/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stored corpora that make-seeds.c writes.
 */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "fsdev/core/p9-osdep.h"

/* A sequence of bytes with a name. */
typedef struct Seed {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} Seed;

#define SEED(name, ...) \
    { name, (const uint8_t[]) { __VA_ARGS__ }, \
      sizeof((const uint8_t[]) { __VA_ARGS__ }) }

/** seed_write: write DIR/NAME; a failure ends the program. */
void seed_write(const char *dir, const char *name, const void *bytes,
                size_t size);

/* Each fills the directory @dir for one program. */
void seeds_session(const char *dir);
void seeds_local(const char *dir);
void seeds_proxy(const char *dir);
void seeds_synth(const char *dir);
void seeds_helper(const char *dir);
void seeds_parse(const char *dir);
void seeds_state(const char *dir);

#endif
