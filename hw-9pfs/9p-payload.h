/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of a request or of its reply: where it is, and its way to or
 * from a file.
 *
 * It stays in the guest's buffers.  Only a file whose calls may hang at a
 * third party's will (FsFile.remote) gets a buffer of ours in between, so that
 * a reset never has to wait for it.
 */
#ifndef HW_9PFS_9P_PAYLOAD_H
#define HW_9PFS_9P_PAYLOAD_H

#include "9p-request-int.h"

/**
 * p9_payload_expect: up to @count bytes will be put into the reply by run().
 * Context: prepare.
 */
void p9_payload_expect(P9Request *req, uint32_t count);
/** p9_payload_cursor: at the start of the place for them. */
void p9_payload_cursor(const P9Request *req, P9Cursor *c);
/** p9_payload_deliver: @count bytes that are there become the guest's. */
void p9_payload_deliver(P9Request *req, uint32_t count);
/** p9_payload_accept: what the request carries as @data.  Context: prepare. */
void p9_payload_accept(P9Request *req, const P9Data *data);

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
