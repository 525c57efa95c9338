/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P session and its requests: the interface to transports, and what the
 * files of this directory share.
 *
 * A transport (the virtio device; the tests) gets a P9Request, lends it the
 * buffers of one message and submits it; the session answers by calling
 * P9TransportOps.  Everything but a row's run() function happens on one event
 * loop; sessions share nothing but the export.
 *
 *   submit -> decode -> pin fids -> prepare -> [gate] -> run -> finish -> push
 *
 * prepare and finish run on the event loop and may touch the session; run may
 * be on a worker and touches the request, what the request captured (node[],
 * file[]) and the driver.  See docs/devel/9pfs-internals.rst.
 */
#ifndef HW_9PFS_9P_SESSION_H
#define HW_9PFS_9P_SESSION_H

#include "fsdev/core/fsdriver.h"
#include "9p-codec.h"
#include "9p-exec.h"
#include "9p-fid.h"
#include "9p-lock.h"
#include "9p-policy.h"
#include "9p-qid.h"
#include "9p-recent.h"

typedef struct P9Request P9Request;

/* What a transport offers.  All are called on the event loop. */
typedef struct P9TransportOps {
    /*
     * Give the buffers back with @len bytes of reply in them (0: none, the
     * request was flushed).  The request is the session's again.  The guest
     * says what memory that is, so this may come back as a reset.
     */
    void (*push)(void *opaque, P9Request *req, size_t len);
    /* Give the buffers back without telling the guest: a reset. */
    void (*drop)(void *opaque, P9Request *req);
    /* The client broke the framing: no reply is possible.  As drop. */
    void (*broken)(void *opaque, P9Request *req, const char *why);
    /*
     * The session begins or ceases to hold state (fids).  A failure to begin
     * (-errno) refuses the Tattach; -EINPROGRESS: p9_session_busy_done() will
     * tell.  May be NULL.
     */
    int (*set_busy)(void *opaque, bool busy);
    /*
     * Have p9_session_tick() called once, @ms from now; an earlier time
     * replaces a later one.  May be NULL: then nothing is ever retried.
     */
    void (*set_timer)(void *opaque, unsigned ms);
    /* Does another request wait to be submitted?  May be NULL. */
    bool (*more)(void *opaque);
    /* A request was decoded / a reply of @len bytes is ready.  May be NULL. */
    void (*trace_request)(void *opaque, const P9Request *req);
    void (*trace_reply)(void *opaque, const P9Request *req, int result);
} P9TransportOps;

typedef struct P9Limits {
    uint32_t max_msize;     /* what the transport can carry */
    uint32_t max_fids;      /* 0: P9_MAX_FIDS_DEFAULT */
    bool own_loop;          /* the event loop serves nobody else */
} P9Limits;

#define P9_MAX_FIDS_DEFAULT (2u << 20)

/**
 * p9_session_new: serve @export (a reference is taken) on this event loop.
 *
 * @exec outlives the session.  Context: event loop, as for all functions here.
 */
P9Session *p9_session_new(FsExport *export, P9Exec *exec,
                          const P9TransportOps *ops, void *opaque,
                          const P9Limits *limits);
/**
 * p9_session_reset: as if nothing had ever been received.
 *
 * Every request's buffers are back (ops->drop) when it returns, and no worker
 * touches guest memory any more; it waits for running reads and writes of
 * local files only.  Work that cannot be stopped ends later, unseen.
 */
void p9_session_reset(P9Session *s);
/** p9_session_tick: the time of ops->set_timer has come. */
void p9_session_tick(P9Session *s);
/**
 * p9_session_busy_done: what became of ops->set_busy(true), 0 or -errno.
 * May come late, when nobody waits for it any more.
 */
void p9_session_busy_done(P9Session *s, int result);
/**
 * p9_session_pause, p9_session_resume: in between no guest memory is touched
 * and nothing is pushed.
 *
 * Pausing waits for running reads and writes of local files only; what else
 * ends meanwhile is answered after the resume.  No request is submitted in
 * between; a reset is possible and leaves the session paused.
 */
void p9_session_pause(P9Session *s);
void p9_session_resume(P9Session *s);
/**
 * p9_session_free: reset, and free as soon as the last worker is done; then
 * @gone (may be NULL) is called, on the event loop.
 */
void p9_session_free(P9Session *s, void (*gone)(void *opaque), void *opaque);

/** p9_request_new: an idle request.  Never fails. */
P9Request *p9_request_new(P9Session *s);
/** p9_request_free: of one that was not submitted. */
void p9_request_free(P9Request *req);
/**
 * p9_request_submit: take the message in @out; the reply goes to @in.
 *
 * The iovecs and what they describe are borrowed until ops->push, ->drop or
 * ->broken is called with the request, which may be before this returns.
 */
void p9_request_submit(P9Request *req, const struct iovec *out,
                       unsigned out_cnt, const struct iovec *in,
                       unsigned in_cnt);

/* Numbers for tests and for the monitor. */
typedef struct P9SessionInfo {
    unsigned fids;
    unsigned active;        /* requests in flight */
    unsigned xattr_fids;
    uint32_t msize;         /* 0: no session */
    unsigned dialect;
} P9SessionInfo;
void p9_session_info(const P9Session *s, P9SessionInfo *info);

/* ---- shared by 9p-session.c, 9p-request.c, 9p-fid.c and 9p-ops-*.c ---- */

struct P9Session {
    FsExport *export;           /* counted */
    P9Exec *exec;               /* borrowed */
    const P9TransportOps *ops;
    void *opaque;
    P9Limits limits;
    P9QidMap *qids;             /* owned; has its own lock */

    enum {
        P9_BUSY_NO,
        P9_BUSY_ASKED,          /* Tattach requests are parked until … */
        P9_BUSY_YES,            /* … the transport has agreed */
    } busy;
    uint8_t dialect;            /* P9_DIALECT_* negotiated */
    uint32_t msize;             /* 0 until a Tversion succeeded */
    GHashTable *fids;           /* number -> P9Fid, owned */
    unsigned xattr_fids;
    GHashTable *lock_owners;    /* set of P9LockOwner */
    unsigned lock_waiters;      /* parked Tlock requests */
    GQueue active;              /* P9Request.link, oldest first */
    P9Request *version;         /* a Tversion that waits for the others */
    GQueue backlog;             /* what came after it */
    bool in_backlog;            /* the backlog is being worked off */
    unsigned jobs;              /* requests that workers have */
    P9Policy policy;
    P9RecentTable recent;
    GQueue idle;                /* requests to be used again */
    bool paused;
    GQueue held;                /* P9Request.held: to go on at the resume */

    unsigned resets;            /* counted: one may happen inside ops->push */
    bool freed;                 /* ops must not be called any more */
    unsigned refs;              /* the owner's, one a request, one a release */
    void (*gone)(void *opaque); /* see p9_session_free() */
    void *gone_opaque;

    GMutex lock;                /* guards guest_users */
    GCond guest_done;
    unsigned guest_users;       /* jobs that may touch guest memory */
};

typedef enum P9RequestState {
    P9_REQ_IDLE,
    P9_REQ_BACKLOG,             /* waits for a Tversion to be answered */
    P9_REQ_LOOP,                /* being worked on by the event loop */
    P9_REQ_GATED,               /* waits for its throttling ticket */
    P9_REQ_PARKED,              /* waits for an event, or a flush */
    P9_REQ_WORKER,              /* its job was submitted */
} P9RequestState;

#define P9_REQ_FIDS 2

struct P9Request {
    P9Session *session;
    GList link;                 /* in session->active, backlog or idle */
    GList held;                 /* in session->held */
    bool held_done;             /* … with its result, not still to run */
    void *element;              /* the transport's */
    const struct iovec *out;    /* borrowed from the transport */
    const struct iovec *in;
    unsigned out_cnt;
    unsigned in_cnt;
    size_t in_bytes;

    P9RequestState state;
    bool orphan;                /* a reset took its buffers away */
    bool prepared;              /* finish is due */
    P9Header header;
    const P9MessageInfo *info;
    P9Arena arena;
    P9Tmsg t;
    P9Rmsg r;

    /*
     * Captured when the request began, as a reset may change the originals
     * under a worker; FID fields in the row's order.
     */
    uint32_t msize;
    unsigned nfids;
    P9Fid *fid[P9_REQ_FIDS];    /* pinned */
    FsNode *node[P9_REQ_FIDS];  /* counted */
    FsFile *file[P9_REQ_FIDS];  /* kept alive by the pin */
    P9Fid *newfid;              /* reserved and pinned, NULL if none */

    GSList *flushes;            /* Tflush requests that wait for this one */
    unsigned flush_waits;       /* of a Tflush: how many it waits for */

    P9Job job;
    bool on_guest_mem;          /* counted in session->guest_users */
    int result;                 /* of run() on a worker, */
    uint64_t ran_ns;            /* … and how long that took */
    FsTicket ticket;

    /* What run() hands to finish(). */
    FsNode *new_node;           /* counted */
    FsFile *new_file;           /* owned */
    P9XattrFid *xattr;          /* owned */
    P9LockOwner *lock_owner;    /* counted */
    bool lock_waits;            /* counted in session->lock_waiters */
    P9Moment moment;            /* before attr was looked at */
    FsAttr attr;                /* a walk's last; a getattr's, if … */
    bool has_attr;              /* … known before it runs */
    bool first_look;            /* Tgetattr: none came for this fid before */
    uint32_t done;              /* bytes read or written so far */
    uint64_t dir_cookie;        /* .u: where a directory read goes on */

    struct iovec *iov;          /* payload; iov_size elements, kept */
    unsigned iov_size;
    unsigned iov_cnt;
    unsigned iov_at;            /* first element not done yet */
    void *bounce;               /* owned: payload of a remote file */
};

/* prepare() and run(): the request is answered later by its own means. */
#define P9_LATER 1

/*
 * The functions of a row.  Results are 0 or -errno.
 *
 * prepare: check state, reserve.  Also P9_LATER.
 * run: the work.  With FS_NONBLOCK or FS_BRIEF in @flags -EAGAIN means "call
 *      again without it": nothing is done yet, or request->done says how much.
 *      -EINPROGRESS: it is parked, until p9_request_retry(), a flush or the
 *      session's end.
 * finish: after a successful prepare, commit (@result 0) or undo; may turn
 *      success into failure.  @result -ECANCELED: never answered.
 */
typedef struct P9RowOps {
    int (*pin)(P9Request *req);
    int (*prepare)(P9Request *req);
    int (*run)(P9Request *req, unsigned flags);
    int (*finish)(P9Request *req, int result);
} P9RowOps;

#define P9_PROTO_prepare_YES(fn) int fn(P9Request *req);
#define P9_PROTO_run_YES(fn) int fn(P9Request *req, unsigned flags);
#define P9_PROTO_finish_YES(fn) int fn(P9Request *req, int result);
#define P9_PROTO_prepare_NO(fn)
#define P9_PROTO_run_NO(fn)
#define P9_PROTO_finish_NO(fn)
#define P9_MESSAGE(number, NAME_, name, dialects, inl, flags, \
                   prepare, run, finish, t, r) \
    P9_PROTO_prepare_##prepare(p9_##name##_prepare) \
    P9_PROTO_run_##run(p9_##name##_run) \
    P9_PROTO_finish_##finish(p9_##name##_finish)
#include "9p-messages.def"

/** p9_row_ops: the functions of a message's row. */
const P9RowOps *p9_row_ops(const P9MessageInfo *info);
/**
 * p9_request_pin: capture a further fid of the message; -@unknown or -@wrong
 * when there is none, or in none of @states.  Context: pin and prepare.
 */
int p9_request_pin(P9Request *req, uint32_t number, int unknown,
                   unsigned states, int wrong);
/** p9_request_complete: answer a request that said P9_LATER. */
void p9_request_complete(P9Request *req, int result);
/**
 * p9_request_cancel: stop a request that has not begun to run; false when it
 * runs, or must.  Its buffers go back with no reply.
 */
bool p9_request_cancel(P9Request *req);
/** p9_request_start: a request from the backlog. */
void p9_request_start(P9Request *req);

/** p9_request_resume: go on with a request that was held by a pause. */
void p9_request_resume(P9Request *req);

/** p9_session_hold: ask for ops->set_busy(true), as that answers. */
int p9_session_hold(P9Session *s);
/** p9_session_let_go: no fid is left. */
void p9_session_let_go(P9Session *s);
/** p9_session_wait_guest: until no worker touches guest memory. */
void p9_session_wait_guest(P9Session *s);
/** p9_session_ended: an active request is gone; go on with what waited. */
void p9_session_ended(P9Session *s, P9Request *req);
void p9_session_unref(P9Session *s);
/**
 * p9_session_release: close @file and @locker (either may be NULL) on a
 * worker, nobody waits.
 */
void p9_session_release(P9Session *s, FsFile *file, FsLocker *locker);
/** p9_request_retry: run a parked request again. */
void p9_request_retry(P9Request *req);
/** p9_session_drop_requests: every active request's buffers are dropped. */
void p9_session_drop_requests(P9Session *s);
/** p9_xattr_count: one more (+1, -ENOSPC at max_xattr) or less xattr fid. */
int p9_xattr_count(P9Session *s, int delta);

/** p9_request_iounit: transfer size that suits msize and the block size. */
uint32_t p9_request_iounit(const P9Request *req, uint32_t blksize);
/** p9_request_room: payload bytes that fit in the reply after its count. */
uint32_t p9_request_room(const P9Request *req);

#endif
