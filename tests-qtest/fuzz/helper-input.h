/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input format of fuzz-helper.c, shared with make-seeds.c.
 *
 * The three bytes of tree-input.h and a set of HELPER_* flags come first.
 * Records follow: the number of a request, one byte for each field, and a byte
 * for the descriptors; the same plus HELPER_DAMAGED with two bytes before the
 * last that say how to damage the message; a number of no request, a length,
 * bytes and the descriptors; or TREE_HOST and what host_step() reads.
 *
 * Descriptors: N_HELPER_FDS times their number, up to 2, plus their kind.
 */
#ifndef TESTS_FUZZ_HELPER_INPUT_H
#define TESTS_FUZZ_HELPER_INPUT_H

#include "tree-input.h"

enum {
    HELPER_GREET = 1,           /* begin with HELLO */
    HELPER_ALLOW_SUID = 2, HELPER_ALLOW_DEVICES = 4,
    HELPER_PIPELINED = 8,       /* do not wait for each reply */
    HELPER_MORE_WORKERS = 16, HELPER_FEW_IDS = 32, HELPER_NO_MOUNTS = 64,
};

enum { HELPER_RAW = 0, HELPER_DAMAGED = 60 };

typedef enum HelperFd {
    /* The first are those that the helper has sent. */
    HELPER_FD_BANK, HELPER_FD_ROOT = 4, HELPER_FD_FILE, HELPER_FD_REAL,
    HELPER_FD_OUTSIDE, HELPER_FD_OUTSIDE_DIR, HELPER_FD_SOCKET, HELPER_FD_PIPE,
    N_HELPER_FDS,
} HelperFd;

#endif
