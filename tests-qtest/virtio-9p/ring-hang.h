/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM with an export that can hang, the places in the export where storage
 * that hangs is planted, and the messages that are sent to it; for ring-hang.c.
 *
 * The scratch directory holds "share", which is exported, and "fuse", on which
 * a FUSE stand-in is mounted.  A tree is a directory in share.  In it are the
 * directories "e" and "dir", and in dir the files "file" and "g", the link
 * "link" and the directory "m".  The stand-in has the same names except for
 * "e", "g" and "m".  Single thread.
 */
#ifndef VIRTIO_9P_RING_HANG_H
#define VIRTIO_9P_RING_HANG_H

#include "fuse-stand-in.h"
#include "ring-dev.h"
#include "ring-msg.h"

typedef struct HangPlace {
    const char *name;
    /* Before the guest looks at the tree @name; may be NULL. */
    void (*before)(const char *tree);
    /* When it has looked; may be NULL. */
    void (*after)(const char *tree);
    bool mapped_file;           /* concerns the model mapped-file only */
    bool not_followed;          /* the driver never goes there */
} HangPlace;

/* In the first of them all of dir hangs. */
extern const HangPlace hang_places[];
extern const unsigned hang_n_places;

/** hang_make_tree: the tree @tree, for an export with @model. */
void hang_make_tree(const char *tree, const char *model);
/** hang_leave_tree: unmount what was planted in it. */
void hang_leave_tree(const char *tree);

typedef struct HangMessage {
    const char *what;           /* NULL ends a list */
    uint8_t type;
    /* As for ring_msg(); 1, 2, 4, 8: of n; s: of s, where '@' is the tree. */
    const char *layout;
    uint64_t n[19];
    const char *s[5];
    bool dotu;                  /* in a session of 9P2000.u */
} HangMessage;

/* Before the others: the fids that refer to objects of a tree; … */
extern const HangMessage hang_walks[];
/* … those that are opened. */
extern const HangMessage hang_opens[];
extern const HangMessage hang_opens_dotu[];
/* Each is sent with those fids, alone in its session. */
extern const HangMessage hang_messages[];

/** hang_needs: whether a fid of @message is made by @maker. */
bool hang_needs(const HangMessage *message, const HangMessage *maker);
/**
 * hang_encode: @message for @tree, whose fids are numbered from @base.
 */
RingMsg *hang_encode(const HangMessage *message, const char *tree,
                     unsigned base);

typedef struct Hang {
    RingVm *vm;
    RingDev *d;                 /* plugged in */
    FuseStandIn *fuse;
    const char *model;
    const char *fsdev;          /* that the device serves */
    unsigned trees;             /* number of trees made so far */
    bool dotu;                  /* the session speaks 9P2000.u */
    bool hangs;
    int64_t slowest;            /* call when nothing hung, in microseconds */
    int64_t longest;            /* wait when something hung */
    unsigned hung;              /* messages that hung */
} Hang;

/**
 * hang_init: start a VM whose device serves @fsdev, "share" or "fuse".  Skips
 * the test if FUSE cannot be mounted.
 */
void hang_init(Hang *h, const char *model, const char *fsdev);
/** hang_end: let go what hangs, and stop the VM. */
void hang_end(Hang *h);
/** hang_plug: plug the device in; it is not started. */
void hang_plug(Hang *h);
/** hang_begin_session: instead of the one that there is. */
void hang_begin_session(Hang *h, bool dotu);
/**
 * hang_let_go: have all requests answered, and further ones by a new server, so
 * that those of work that was left behind do not go there.
 */
void hang_let_go(Hang *h);

/**
 * hang_timed: call @fn.  The test fails if that takes too long while h->hangs
 * is set.
 */
void hang_timed(Hang *h, const char *what, void (*fn)(Hang *h));
/* For hang_timed() */
void hang_reset(Hang *h);
void hang_unplug(Hang *h);
void hang_quit(Hang *h);
/** hang_check_monitor: query, stop and cont, timed. */
void hang_check_monitor(Hang *h);
/** hang_check_answers: start the device and look at what is elsewhere. */
void hang_check_answers(Hang *h);
/** hang_check_serves: the same, and use it. */
void hang_check_serves(Hang *h);

#endif
