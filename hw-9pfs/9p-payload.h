/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of a request or of its reply: where it is, and its way to or
 * from a file.
 *
 * It stays in the guest's buffers.  Only for a file whose calls may hang at a
 * third party's will (FsFile.remote) it is copied to or from a buffer of ours,
 * because such a call must not be made inside guest memory (9p-guest.h).
 */
#ifndef HW_9PFS_9P_PAYLOAD_H
#define HW_9PFS_9P_PAYLOAD_H

#include "9p-request-int.h"

/**
 * p9_payload_expect: up to @count bytes will be put into the reply by run().
 * Context: prepare.
 */
void p9_payload_expect(P9Request *req, uint32_t count);
/** p9_payload_collect: as expect, but always in a buffer of ours. */
void p9_payload_collect(P9Request *req, uint32_t count);
/** p9_payload_cursor: at the start of the place for them. */
void p9_payload_cursor(const P9Request *req, P9Cursor *c);
/**
 * p9_payload_deliver: @count bytes that are there are to be the payload of the
 * reply.  Context: finish.
 */
void p9_payload_deliver(P9Request *req, uint32_t count);
/** p9_payload_accept: what the request carries as @data.  Context: prepare. */
void p9_payload_accept(P9Request *req, const P9Data *data);

/**
 * p9_payload_enter: the payload may be accessed until p9_payload_leave().
 *
 * Returns 0, P9_SHUT, or -ECANCELED when the buffers have been taken back.
 * Nothing in between may take longer than a disk of the host does.
 * Context: run.
 */
int p9_payload_enter(P9Request *req, P9GuestEntry *entry);
void p9_payload_leave(P9GuestEntry *entry);

/**
 * p9_payload_put: copy @bytes to the start of the reply's payload.
 * p9_payload_get: copy the start of the request's payload, @data, to @bytes.
 * Both return what p9_payload_enter() returns.  Context: run.
 */
int p9_payload_put(P9Request *req, const void *bytes, uint32_t count);
int p9_payload_get(P9Request *req, const P9Data *data, void *bytes,
                   uint32_t count);

typedef ssize_t P9PayloadIo(const FsCall *call, FsFile *file,
                            const struct iovec *iov, int iovcnt,
                            uint64_t offset);

/**
 * p9_payload_transfer: move @count bytes unless the file ends or fails before.
 *
 * What was moved counts: an error is reported only when nothing was.  A try
 * that would have slept leaves its progress in req->done for the worker to go
 * on from.  Context: run.
 */
int p9_payload_transfer(P9Request *req, const FsCall *call, P9PayloadIo *io,
                        uint64_t offset, uint32_t count);

#endif
