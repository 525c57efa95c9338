/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session asks of its transport.
 *
 * A transport (the virtio device; the tests) brings requests to a session and
 * takes the replies.  It implements these operations and calls the functions
 * of 9p-session.h.
 */
#ifndef HW_9PFS_9P_TRANSPORT_H
#define HW_9PFS_9P_TRANSPORT_H

#include "9p-codec.h"

typedef struct P9Request P9Request;

/* All are called on the event loop. */
typedef struct P9TransportOps {
    /*
     * Give the buffers back with @len bytes of reply in them (0: none, the
     * request was flushed).  The transport must not use the request any more.
     * Called inside guest memory.
     */
    void (*push)(void *opaque, P9Request *req, size_t len);
    /*
     * Give the buffers back without a reply, because the client broke the
     * framing.  @why is a string literal.  Called inside guest memory.
     */
    void (*broken)(void *opaque, P9Request *req, const char *why);
    /*
     * The session begins or ceases to have fids.  If it must not begin, this
     * returns -errno and the Tattach fails; -EINPROGRESS if the result follows
     * with p9_session_busy_done().  May be NULL.
     */
    int (*set_busy)(void *opaque, bool busy);
    /*
     * Call p9_session_tick() once, @ms from now; an earlier time replaces a
     * later one.  May be NULL; then no request waits for a lock.
     */
    void (*set_timer)(void *opaque, unsigned ms);
    /* Does another request wait to be submitted?  May be NULL. */
    bool (*more)(void *opaque);
    /* A request was decoded.  May be NULL. */
    void (*trace_request)(void *opaque, uint16_t tag,
                          const P9MessageInfo *info, const P9Tmsg *t);
    /*
     * A reply is ready: @r when @result is 0, else that error.  @info is NULL
     * when the request was of no known type.  May be NULL.
     */
    void (*trace_reply)(void *opaque, uint16_t tag, const P9MessageInfo *info,
                        int result, const P9Rmsg *r);
} P9TransportOps;

typedef struct P9Limits {
    uint32_t max_msize;     /* what the transport can carry */
    bool own_loop;          /* the event loop serves this session only */
    unsigned hang_ms;       /* 0: the default of 9p-request-watch.c */
} P9Limits;

#endif
