/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How virtfs-proxy-helper gets its one client.
 *
 * Errors are told on stderr, in one line.  Context: while there is one thread.
 */
#ifndef FSDEV_HELPER_SOCKET_H
#define FSDEV_HELPER_SOCKET_H

#include "fsdev/core/p9-osdep.h"

/* A socket that listens, and where to remove its name. */
typedef struct HelperSocket {
    int fd;                     /* owned; listens, or is connected */
    bool listens;
    int dirfd;                  /* owned; -1: the name is not ours */
    char *name;                 /* owned */
} HelperSocket;

#define HELPER_NO_UID ((uid_t)-1)

/**
 * helper_socket_listen: a new socket @path that nobody but @uid and @gid may
 * connect to.  False after an error.
 */
bool helper_socket_listen(const char *path, uid_t uid, gid_t gid,
                          HelperSocket *out);
/** helper_socket_given: @fd was inherited.  False after an error. */
bool helper_socket_given(int fd, HelperSocket *out);
/**
 * helper_socket_client: the connection with the first client whose uid is
 * @uid (HELPER_NO_UID: any, for a connection that was given).  The listening
 * socket is gone then, and its name.  -1 after an error.
 */
int helper_socket_client(HelperSocket *sock, uid_t uid);
/** helper_say: "virtfs-proxy-helper: …" on stderr. */
void helper_say(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
