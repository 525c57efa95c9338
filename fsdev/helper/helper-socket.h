/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket of virtfs-proxy-helper, and the connection to its only client.
 *
 * Errors are reported on stderr, in one line.  Context: while there is one
 * thread.
 */
#ifndef FSDEV_HELPER_SOCKET_H
#define FSDEV_HELPER_SOCKET_H

#include "fsdev/core/p9-osdep.h"

/* A listening or connected socket, and the name to remove later. */
typedef struct HelperSocket {
    int fd;                     /* owned */
    bool listens;               /* otherwise connected */
    int dirfd;                  /* owned; -1: there is no name to remove */
    char *name;                 /* owned; in dirfd */
} HelperSocket;

#define HELPER_NO_UID ((uid_t)-1)

/**
 * helper_socket_listen: create the socket @path, which only @uid and the
 * members of @gid may connect to.  False after an error.
 */
bool helper_socket_listen(const char *path, uid_t uid, gid_t gid,
                          HelperSocket *out);
/** helper_socket_given: use the inherited @fd.  False after an error. */
bool helper_socket_given(int fd, HelperSocket *out);
/**
 * helper_socket_client: the connection to the first client with the uid @uid
 * (HELPER_NO_UID: any, for an inherited connection).  Closes the listening
 * socket and removes its name.  Returns -1 after an error.
 */
int helper_socket_client(HelperSocket *sock, uid_t uid);
/** helper_say: print "virtfs-proxy-helper: " and the message to stderr. */
void helper_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
