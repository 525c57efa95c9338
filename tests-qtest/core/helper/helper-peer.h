/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of virtfs-proxy-helper that asks what it wants, as a QEMU that has
 * been taken over would.  What has to succeed fails the test when it does not.
 */
#ifndef TESTS_CORE_HELPER_PEER_H
#define TESTS_CORE_HELPER_PEER_H

#include "helper-run.h"

typedef struct Peer {
    HelperRun run;
    int root;                   /* path fd */
} Peer;

/** peer_init: @word is for the helper, or NULL.  False: skip the test. */
bool peer_init(Peer *peer, const char *word);
void peer_clear(Peer *peer);
#define PEER __attribute__((cleanup(peer_clear))) Peer

/** peer_ask: as helper_ask(). */
int peer_ask(Peer *peer, ProxyType type, const ProxyRequest *t, ProxyReply *r,
             int *fds);
int peer_try_lookup(Peer *peer, uint64_t dir, const char *name, uint64_t *id);
uint64_t peer_lookup(Peer *peer, uint64_t dir, const char *name);
/** peer_try_open: *@fd is the caller's, NULL: closed. */
int peer_try_open(Peer *peer, uint64_t id, int flags, int *fd);
/** peer_check_alive: it has not been harmed. */
void peer_check_alive(Peer *peer);
/** peer_mode_of: of @name in the export, on the host. */
mode_t peer_mode_of(Peer *peer, const char *name);

#endif
