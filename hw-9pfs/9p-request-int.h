/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of a request, and what the functions of the table's rows may
 * call.  Context: event loop, unless another one is stated.
 */
#ifndef HW_9PFS_9P_REQUEST_INT_H
#define HW_9PFS_9P_REQUEST_INT_H

#include "9p-fid.h"
#include "9p-lock.h"
#include "9p-session-int.h"

typedef enum P9RequestState {
    P9_REQ_IDLE,
    P9_REQ_BACKLOG,             /* not decoded yet */
    P9_REQ_LOOP,                /* being worked on by the event loop */
    P9_REQ_GATED,               /* waits for its throttling ticket */
    P9_REQ_PARKED,              /* waits for an event */
    P9_REQ_WORKER,              /* its job was submitted */
    P9_REQ_ANSWERED,            /* 9p-request-still.h */
} P9RequestState;

/* The event that a parked request waits for.  A flush or a reset ends it. */
typedef enum P9Wait {
    P9_WAIT_NOTHING,
    P9_WAIT_BUSY,               /* the transport's answer to set_busy */
    P9_WAIT_LOCK,               /* a lock was released, or may have been */
} P9Wait;

#define P9_REQ_FIDS 2

/* What a request keeps from one message to the next. */
typedef struct P9RequestKept {
    GList link;                 /* in active, stopped, backlog or idle */
    P9Job job;                  /* if stopped, may end after the message */
    P9Arena arena;              /* empty between messages */
    struct iovec *iov;          /* owned, iov_size elements: for payload */
    unsigned iov_size;
} P9RequestKept;

/*
 * A request is used for one message after the other.  Nothing of a message is
 * left for the next one: p9_request_new() zeroes everything from "session" to
 * "t", and of "t" and "r", which are large, the struct of each message is
 * zeroed when its type is known.  What is owned or counted was given up when
 * the message ended.  A request keeps its session alive, see P9Session.refs.
 */
struct P9Request {
    P9RequestKept kept;

    P9Session *session;         /* counted from submit to the end */
    GList due;                  /* in session->due */
    bool due_done;              /* … to be completed; false: to be run */
    void *element;              /* see p9_request_element() */
    /*
     * Borrowed from the transport.  These and what they describe are valid
     * only inside guest memory (9p-guest.h) of this generation.
     */
    unsigned generation;
    const struct iovec *out;
    const struct iovec *in;
    unsigned out_cnt;
    unsigned in_cnt;
    size_t in_bytes;

    P9RequestState state;
    bool orphan;                /* a reset has taken its buffers back */
    bool prepared;              /* finish() has to be called */
    bool for_worker;            /* prepare: run() takes too long for the loop */
    P9Wait wait;
    P9Header header;
    const P9MessageInfo *info;  /* NULL: no known type */

    /*
     * Captured when the request begins, because the event loop may change the
     * originals while a worker runs it.  Fids are in the order of the row.
     */
    uint32_t msize;
    unsigned nfids;
    P9Fid *fid[P9_REQ_FIDS];    /* pinned */
    FsNode *node[P9_REQ_FIDS];  /* counted */
    FsFile *file[P9_REQ_FIDS];  /* kept alive by the pin */
    P9Fid *newfid;              /* reserved and pinned, NULL if none */

    GSList *followers;          /* requests to answer after the end of this */
    unsigned follows;           /* how many requests this one waits for */

    int result;                 /* of a run() that was a job, or if it is due */
    uint64_t ran_ns;            /* how long a run() outside the loop took */
    P9StatsClock clock;
    FsTicket ticket;

    /* What prepare() or run() leaves for run() or finish() */
    FsNode *new_node;           /* counted */
    FsFile *new_file;           /* owned … */
    int oflags;                 /* … and the host flags it was opened with */
    P9XattrFid *xattr;          /* owned */
    P9LockOwner *lock_owner;    /* counted */
    P9Moment moment;            /* before attr was looked at */
    FsAttr attr;                /* Twalk: of the last object; Tgetattr: reply */
    bool has_attr;              /* attr is set */
    bool first_look;            /* Tgetattr: the first one for this node */
    uint32_t done;              /* bytes, or steps, done in earlier runs */
    uint64_t dir_cookie;        /* .u: where a directory read goes on … */
    uint32_t dir_bytes;         /* … and bytes of entries it may collect */

    unsigned iov_cnt;           /* elements of kept.iov that are used */
    unsigned iov_at;            /* first element not done yet */
    size_t text_bytes;          /* of long strings, charged to MEMORY */
    void *bounce;               /* owned: the payload; NULL: in guest memory */
    size_t bounce_bytes;        /* what was charged for it … */
    FsBudgetItem bounce_item;   /* … to this item */
    P9Data to_fetch;            /* of the request, to be copied to bounce */
    uint32_t to_deliver;        /* bytes of bounce, to be copied to the reply */

    P9Tmsg t;
    P9Rmsg r;
};

/* prepare() and run(): the request goes on later, without the caller. */
#define P9_LATER 1
/* run(): guest memory must not be accessed now; call again later. */
#define P9_SHUT 2

/*
 * The functions of a row.  Results are 0 or -errno.
 *
 * pin: capture the fids that the message names.
 * prepare: check state, reserve.  Also P9_LATER.
 * run: the work.  -EAGAIN means "call again and allow to wait for longer":
 *      nothing is done yet, or request->done says how much.
 *      -EINPROGRESS: it is parked, until p9_request_wake(), a flush or the
 *      session's end.  P9_SHUT is like -EAGAIN, but the next call is made
 *      after p9_session_resume().
 * finish: after a successful prepare, commit (@result 0) or undo; may turn
 *      success into failure.  @result -ECANCELED: never answered.
 */
struct P9RowOps {
    int (*pin)(P9Request *req);
    int (*prepare)(P9Request *req);
    int (*run)(P9Request *req, const FsCall *call);
    int (*finish)(P9Request *req, int result);
};

/** p9_request_ops: the functions of its row. */
static inline const P9RowOps *p9_request_ops(const P9Request *req)
{
    return &req->session->rows[req->info->number];
}

/** p9_request_clear: release what is owned or counted for the message. */
void p9_request_clear(P9Request *req);
/** p9_request_idle: make it idle, after its message and its job have ended. */
void p9_request_idle(P9Request *req);
/**
 * p9_request_rewind: make it as before p9_request_submit(), after its
 * preparation was undone.
 */
void p9_request_rewind(P9Request *req);
/** p9_request_end: p9_request_clear() and p9_request_idle(). */
void p9_request_end(P9Request *req);
/** p9_request_free_idle: free the requests that are idle. */
void p9_request_free_idle(P9Session *s);

/**
 * p9_request_pin: capture a further fid of the message.
 *
 * Returns -@unknown if there is no such fid, and -@wrong if it is in none of
 * @states.  Context: pin and prepare.
 */
int p9_request_pin(P9Request *req, uint32_t number, int unknown,
                   unsigned states, int wrong);
/** p9_request_park: prepare's P9_LATER until p9_request_wake(). */
int p9_request_park(P9Request *req, P9Wait wait);
/**
 * p9_request_wake: go on with the requests parked for @wait, oldest first.
 *
 * @result is 0 if the event has happened, or the error with which they fail.
 */
void p9_request_wake(P9Session *s, P9Wait wait, int result);
/**
 * p9_request_flush: keep requests with @tag from beginning.
 *
 * Returns 0 if there was none, or P9_LATER: then @req is answered when all of
 * them have ended.
 */
int p9_request_flush(P9Request *req, uint16_t tag);
/** p9_request_run: call run(), also while guest memory is shut. */
void p9_request_run(P9Request *req);
/** p9_request_settle: process what is stopped, due or in the backlog. */
void p9_request_settle(P9Session *s);
/**
 * p9_request_drop_all: end all requests without a reply, as their buffers have
 * been taken back.
 */
void p9_request_drop_all(P9Session *s);

#endif
