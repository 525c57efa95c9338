/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of a request or of its reply, and its transfer to or from a file.
 *
 * Files read and write the buffers of the guest directly.  Only for a file
 * whose calls may hang (FsFile.remote), the payload is copied to or from a
 * buffer in QEMU's memory (P9Request.bounce), because such a call must not be
 * made inside guest memory (9p-guest.h).  These buffers are charged to the
 * budget of the session (fs-budget.h).
 */
#ifndef HW_9PFS_9P_PAYLOAD_H
#define HW_9PFS_9P_PAYLOAD_H

#include "9p-request-int.h"

/**
 * p9_payload_expect: make room for up to *@count bytes of payload of the reply,
 * which run() will fill in.
 *
 * *@count is reduced if the session must not use more memory, and the client
 * asks for the rest again.  -ENOMEM if it must not use any.  Context: prepare.
 */
int p9_payload_expect(P9Request *req, uint32_t *count);
/**
 * p9_payload_collect: the same, but never in the guest's buffers.  run() may
 * allocate *@beside bytes for other purposes, which are reduced as well.
 */
int p9_payload_collect(P9Request *req, uint32_t *count, uint32_t *beside);
/** p9_payload_cursor: a cursor at the start of that room. */
void p9_payload_cursor(const P9Request *req, P9Cursor *c);
/**
 * p9_payload_deliver: the first @count bytes of that room are the payload of
 * the reply.  Context: finish.
 */
void p9_payload_deliver(P9Request *req, uint32_t count);
/**
 * p9_payload_accept: the payload is @data of the request, whose count may be
 * reduced as that of p9_payload_expect(), except for a file with O_APPEND.
 * Context: prepare.
 */
int p9_payload_accept(P9Request *req, P9Data *data);

/**
 * p9_payload_enter: begin to access the payload, until p9_payload_leave().
 *
 * Returns 0, P9_SHUT, or -ECANCELED if the buffers have been taken back.  What
 * is done in between must not take longer than a transfer to or from a disk of
 * the host.  Context: run.
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
 * p9_payload_transfer: call @io until @count bytes are transferred, or until
 * the file ends or fails.
 *
 * An error is returned only if no byte was transferred before.  If the next
 * call would have to wait longer than @call allows, req->done tells the next
 * run() where to go on.  Context: run.
 */
int p9_payload_transfer(P9Request *req, const FsCall *call, P9PayloadIo *io,
                        uint64_t offset, uint32_t count);

#endif
