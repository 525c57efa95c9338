/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of virtfs-proxy-helper that can send any request, as a compromised
 * QEMU would.  Functions without "try" in their names fail the test on errors.
 */
#ifndef TESTS_CORE_HELPER_PEER_H
#define TESTS_CORE_HELPER_PEER_H

#include "helper-run.h"

typedef struct Peer {
    HelperRun run;
    int root;                   /* O_PATH descriptor of the export; owned */
} Peer;

/**
 * peer_init: start a helper with the option @word, or NULL.  False when the
 * test was skipped.
 */
bool peer_init(Peer *peer, const char *word);
/** peer_init_before: the same; @before is called before the helper starts. */
bool peer_init_before(Peer *peer, const char *word, void (*before)(void));
void peer_clear(Peer *peer);
#define PEER __attribute__((cleanup(peer_clear))) Peer

/** peer_ask: like helper_ask(). */
int peer_ask(Peer *peer, ProxyType type, const ProxyRequest *t, ProxyReply *r,
             int *fds);
int peer_try_lookup(Peer *peer, uint64_t dir, const char *name, uint64_t *id);
uint64_t peer_lookup(Peer *peer, uint64_t dir, const char *name);
/** peer_try_open: the caller owns *@fd; if @fd is NULL it is closed. */
int peer_try_open(Peer *peer, uint64_t id, int flags, int *fd);
/** peer_check_alive: check that the helper still serves requests. */
void peer_check_alive(Peer *peer);
/** peer_mode_of: the mode of @name in the export, seen from the host. */
mode_t peer_mode_of(Peer *peer, const char *name);

#endif
