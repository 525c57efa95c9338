/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P client that talks to a session directly, for tests.
 *
 * It is the session's transport: it lends each message and each reply buffer
 * as guarded memory in two pieces, and frees that memory as soon as the
 * session returns it, so a later access ends the test.  Every reply is checked
 * for what must hold for all replies.  Context: one thread, the event loop.
 */
#ifndef TESTS_CORE_CLIENT_H
#define TESTS_CORE_CLIENT_H

#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-session.h"
#include "memfs.h"
#include "executor.h"

typedef enum CallState {
    CALL_PENDING,
    CALL_ANSWERED,              /* with a reply */
    CALL_FLUSHED,               /* returned with no reply */
    CALL_DROPPED,               /* returned by a reset */
    CALL_BROKEN,                /* the session saw broken framing */
} CallState;

typedef struct Client Client;

/* A request and, once there is one, its reply.  Owned by the client. */
typedef struct Call {
    Client *client;
    P9Request *req;             /* borrowed; NULL once answered */
    uint8_t type;
    uint16_t tag;
    uint32_t asked;             /* count of a Tread or Treaddir */
    CallState state;
    unsigned order;             /* 1 for the first call returned, and so on */
    int error;                  /* positive errno of an Rlerror, or 0 */
    P9Rmsg r;
    GByteArray *reply;          /* all bytes */
    /* private */
    GPtrArray *lent;            /* of Guarded */
    struct iovec out[2], in[2];
    P9Arena arena;
} Call;

struct Client {
    FsExport *export;           /* counted */
    P9Session *session;         /* NULL after client_end() */
    P9Guest *guest;             /* access to what is lent */
    P9Limits limits;            /* the session's */
    TestExec *exec;
    bool by_hand;               /* the test runs and reports each job */
    GPtrArray *calls;           /* of Call, every call so far; owned */
    GByteArray *scratch;        /* where messages are encoded */
    unsigned returned;
    unsigned pending;
    size_t in_bytes;            /* size of reply buffers; 0: by message */
    bool more;                  /* what ops->more returns */
    bool busy;                  /* argument of the last set_busy */
    int refuse_busy;            /* unless 0, what set_busy(true) returns */
    void (*on_push)(Client *c); /* called at each ops->push; may be NULL */
    bool timer;                 /* set_timer was called */
    unsigned traced_requests, traced_replies;
    GString *traced;            /* collects their text; borrowed, may be NULL */
};

typedef enum ClientKind {
    CLIENT_INLINE,              /* each request is done when sent */
    CLIENT_STEPPED,             /* the test runs the jobs */
    CLIENT_THREADS,             /* four workers */
} ClientKind;

/** client_new: a session on @export (taken over), not negotiated. */
Client *client_new(FsExport *export, ClientKind kind, const P9Limits *limits);
/** client_start: client_new(), Tversion, and Tattach as fid 0. */
Client *client_start(FsExport *export, ClientKind kind);
/** client_start_files: the same on memfs, with "file" as fid 1, "dir" as 2. */
Client *client_start_files(void);
/**
 * client_revoke: take everything back that is lent, as a reset of the device
 * does, which the session is to follow.  Context: any thread.
 */
void client_revoke(Client *c);
/** client_follow: let the session follow. */
void client_follow(Client *c);
/** client_reset: both. */
void client_reset(Client *c);
/** client_pause, client_resume: in between nothing that is lent is touched. */
void client_pause(Client *c);
void client_resume(Client *c);
/** client_end: end the session; jobs on threads may still be running. */
void client_end(Client *c);
/** client_free: end the session and check that nothing was leaked. */
void client_free(Client *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/** client_send: @payload is that of a Twrite; NULL stands for zeros. */
Call *client_send(Client *c, uint8_t type, uint16_t tag, const P9Tmsg *t,
                  const void *payload);
/** client_send_bytes: send any bytes, with a reply buffer of @in bytes. */
Call *client_send_bytes(Client *c, const void *bytes, size_t size, size_t in);
/**
 * client_wait: wait until @call is returned.  A stepped client runs and
 * reports at most the call's own job.
 */
void client_wait(Call *call);
/** client_run: run @call's job; client_report: report that it ended. */
void client_run(Call *call);
void client_report(Call *call);
/** client_is_job: whether @call was given to a worker. */
bool client_is_job(Call *call);
/** client_job: its job, which may outlive the request. */
P9Job *client_job(Call *call);
/** client_is_parked: @call waits for an event. */
bool client_is_parked(Call *call);
/** client_ask: send and wait; 0 or the negative errno of the reply. */
int client_ask(Client *c, uint8_t type, const P9Tmsg *t);
/** client_last: the call of the latest client_ask() or helper. */
Call *client_last(Client *c);
void client_info(Client *c, P9SessionInfo *info);
/** client_tick: let the timer expire that the session set. */
void client_tick(Client *c);
MemStats client_mem(Client *c);

/* Message numbers by the names of the table, for the two macros below. */
enum {
#define P9_MESSAGE(number, NAME_, name, ...) CLIENT_##name = number,
#include "hw/9pfs/9p-messages.def"
};

/* ASK(c, lopen, .fid = 1, .flags = O_RDWR): 0 or -errno. */
#define ASK(c, name, ...) \
    client_ask(c, CLIENT_##name, &(P9Tmsg) { .name = { __VA_ARGS__ } })
/* SEND(c, tag, lopen, .fid = 1): the Call. */
#define SEND(c, tag, name, ...) \
    client_send(c, CLIENT_##name, tag, \
                &(P9Tmsg) { .name = { __VA_ARGS__ } }, NULL)
#define P9STR(text) ((P9String) { .s = text, .len = strlen(text) })
#define P9NAME(text) ((P9Name) { .s = text, .len = strlen(text) })

/* Requests that every test needs; 0 or -errno. */
int client_version(Client *c, uint32_t msize, const char *version);
int client_attach(Client *c, uint32_t fid, uint32_t uid);
int client_attach_to(Client *c, uint32_t fid, const char *aname);
/**
 * client_walk: walk to @path, such as "a/b/..", from @fid; "" is a walk of no
 * names.  A walk that ends early returns -ENOENT, though its reply is not an
 * error.
 */
int client_walk(Client *c, uint32_t fid, uint32_t newfid, const char *path);
P9Tmsg client_walk_msg(uint32_t fid, uint32_t newfid, const char *path,
                       char **parts);
/** client_open: walk from fid 0 and open. */
int client_open(Client *c, uint32_t fid, const char *path, uint32_t flags);
/** client_read: bytes read; they are in client_last()->reply at offset 11. */
ssize_t client_read(Client *c, uint32_t fid, uint64_t offset, uint32_t count);
ssize_t client_write(Client *c, uint32_t fid, uint64_t offset,
                     const void *data, uint32_t count);
Call *client_send_write(Client *c, uint16_t tag, uint32_t fid,
                        uint64_t offset, const void *data, uint32_t count);
/**
 * client_check_content: check that the file @path of the memfs export holds
 * @text, or, when @text is NULL, that there is no such file.
 */
void client_check_content(Client *c, const char *path, const char *text);
/** client_check_payload: assert that the last reply carries @text. */
void client_check_payload(Client *c, const char *text);
/** client_set_xattr: Txattrcreate, Twrite, Tclunk; the first error. */
int client_set_xattr(Client *c, uint32_t fid, const char *name,
                     const void *value, size_t size, uint32_t flags);
/** client_keep_all: the value of Twstat that changes nothing. */
P9Stat client_keep_all(void);

#endif
