/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client whose requests stay in flight: the test steps its executor, and no
 * request is complete before that.
 */
#ifndef TESTS_CORE_FLIGHT_H
#define TESTS_CORE_FLIGHT_H

#include "lib/client.h"

/**
 * flight_start: make a client with these fids: 0 is the root, 1 is "file", open
 * for reading and writing, 2 is "file", 3 is "dir", and 4 is "dir", open.
 */
Client *flight_start(void);
/** flight_start_on: the same with @limits. */
Client *flight_start_on(const P9Limits *limits);
/** flight_mkdir: send a Tmkdir of "dir/@name", which becomes a job. */
Call *flight_mkdir(Client *c, uint16_t tag, const char *name);
/** flight_answered: assert that @call has its reply, with @error or 0. */
void flight_answered(Call *call, int error);
/** flight_exists: whether memfs has @path. */
bool flight_exists(Client *c, const char *path);
/** flight_fids: the number of fids in the session. */
unsigned flight_fids(Client *c);
/** flight_never: a MemHook that parks every write until it is flushed. */
int flight_never(void *opaque, const MemCall *call);
/** flight_never_later: the same, but only a worker finds that out. */
int flight_never_later(void *opaque, const MemCall *call);

#endif
