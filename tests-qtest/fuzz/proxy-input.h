/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input format of fuzz-proxy.c, shared with make-seeds.c.
 *
 * The three bytes of tree-input.h, a set of PROXY_IN_* flags, and the length of
 * the lies come first.  A byte of the lies is for each reply: below LIE_FIRST
 * it is passed on, else LIE_FIRST plus a LIE_* with two bytes of arguments.
 * After the lies follow records as in tree-input.h.
 */
#ifndef TESTS_FUZZ_PROXY_INPUT_H
#define TESTS_FUZZ_PROXY_INPUT_H

#include "tree-input.h"

enum {
    PROXY_IN_SOCKET = 1,        /* the driver can connect again */
    PROXY_IN_YIELD = 2,         /* calls are made in a coroutine */
    PROXY_IN_ASK = 4,           /* the helper is asked for each operation */
};

enum {
    LIE_CUT, LIE_MORE, LIE_BYTE, LIE_NUMBER, LIE_ERROR, LIE_NO_FDS, LIE_FD,
    LIE_EMPTY, LIE_CLOSE, N_LIES, LIE_FIRST = 128,
};

/* LIE_FD's first argument: 4 times one of these, plus which to replace. */
enum {
    ODD_FD_FIFO, ODD_FD_FIFO_PATH, ODD_FD_LINK_PATH, ODD_FD_DIR,
    ODD_FD_DIR_PATH, ODD_FD_FILE, ODD_FD_FILE_PATH, ODD_FD_EVENT, ODD_FD_PROC,
    ODD_FD_SOCKET, ODD_FD_PIPE, N_ODD_FDS,
};

#endif
