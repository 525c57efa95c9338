/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that stands still, so that its state can be copied.
 *
 * While the VM is stopped, guest memory is shut, and no request begins or is
 * answered.  What the session was doing then is brought to one of two ends.  A
 * request that has changed something is done; its reply waits to be delivered.
 * Any other request is as if it had not been taken from the queue: it is in the
 * backlog, in the order of submission, and begins anew.  So a session that
 * stands still has no jobs, and when guest memory is opened again it goes on as
 * if nothing had happened.
 *
 * Context: event loop; guest memory is shut.
 */
#ifndef HW_9PFS_9P_REQUEST_STILL_H
#define HW_9PFS_9P_REQUEST_STILL_H

#include "9p-transport.h"

typedef struct P9Session P9Session;

/**
 * p9_request_still: bring the session to a standstill.
 *
 * Returns 0, or -EAGAIN as long as jobs or files being closed have not ended:
 * it is to be called again later.  Never waits.
 */
int p9_request_still(P9Session *s);

/* The reply to a request that is done. */
typedef struct P9Reply {
    uint8_t *head;              /* owned: its first bytes */
    uint32_t head_size;
    uint32_t size;              /* of all; the rest is in the guest's buffers */
} P9Reply;

/**
 * p9_request_reply: the reply of a request of a session that stands still, if
 * it has one: false for those that begin anew.
 */
bool p9_request_reply(P9Request *req, P9Reply *reply);
/**
 * p9_request_submit_done: as p9_request_submit(), for a request that was done
 * in another session: @reply, which is copied, is delivered.
 */
void p9_request_submit_done(P9Request *req, const P9Reply *reply,
                            const struct iovec *in, unsigned in_cnt);
/** p9_request_deliver: deliver one of these; false if guest memory is shut. */
bool p9_request_deliver(P9Session *s);

#endif
