/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The migration blocker of a virtio-9p device: see virtio-9p-blocker.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "fsdev/core/qemu-compat.h"
#include "virtio-9p-blocker.h"

struct P9Blocker {
    gint refs;                  /* atomic: by the owner and bottom halves */
    P9Loop *loop;               /* counted */

    /* Used with the BQL held */
    char *mount_tag;
    Error *reason;              /* NULL: migration is not blocked */
    unsigned forgotten;         /* value of wanted at p9_blocker_drop() */
    bool ended;

    /* Used in the loop */
    void (*done)(void *opaque, int result); /* NULL once freed */
    void *opaque;

    /*
     * Atomic.  Calls of p9_blocker_set() are numbered in steps of 2; the lowest
     * bit of a number says whether to block migration.
     */
    unsigned wanted;            /* the last call; written in the loop */
    unsigned answered;          /* the last call that was carried out, … */
    int result;                 /* … and its result */
};

P9Blocker *p9_blocker_new(P9Loop *loop, const char *mount_tag,
                          void (*done)(void *opaque, int result),
                          void *opaque)
{
    P9Blocker *b = g_new0(P9Blocker, 1);

    b->refs = 1;
    b->loop = p9_loop_ref(loop);
    b->mount_tag = g_strdup(mount_tag);
    b->done = done;
    b->opaque = opaque;
    return b;
}

static void blocker_unref(P9Blocker *b)
{
    if (g_atomic_int_dec_and_test(&b->refs)) {
        p9_loop_unref(b->loop);
        g_free(b->mount_tag);
        g_free(b);
    }
}

/* Context: BQL held. */
static int blocker_place(P9Blocker *b, bool wanted)
{
    if (!wanted || b->ended) {
        p9_migrate_del_blocker(&b->reason);
        return wanted ? -ECANCELED : 0;
    }
    if (b->reason) {
        return 0;
    }
    error_setg(&b->reason,
               "the guest has mounted the 9p export with mount tag '%s'",
               b->mount_tag);
    return p9_migrate_add_blocker(&b->reason);
}

/* Context: the loop. */
static void blocker_done_bh(void *opaque)
{
    P9Blocker *b = opaque;

    /* If they differ, the result of a later call is on its way. */
    if (b->done && qatomic_load_acquire(&b->answered) == b->wanted) {
        b->done(b->opaque, qatomic_read(&b->result));
    }
    blocker_unref(b);
}

/* Context: main loop. */
static void blocker_place_bh(void *opaque)
{
    P9Blocker *b = opaque;
    unsigned wanted = qatomic_read(&b->wanted);
    int ret = blocker_place(b, (wanted & 1) && wanted != b->forgotten);

    if (wanted & 1) {
        qatomic_set(&b->result, wanted == b->forgotten ? -ECANCELED : ret);
        qatomic_store_release(&b->answered, wanted);
        g_atomic_int_inc(&b->refs);
        aio_bh_schedule_oneshot(p9_loop_context(b->loop), blocker_done_bh, b);
    }
    blocker_unref(b);
}

int p9_blocker_set(P9Blocker *b, bool wanted)
{
    if (p9_loop_is_main(b->loop)) {
        return blocker_place(b, wanted);
    }
    qatomic_set(&b->wanted, (b->wanted & ~1u) + 2 + wanted);
    g_atomic_int_inc(&b->refs);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), blocker_place_bh, b);
    return wanted ? -EINPROGRESS : 0;
}

void p9_blocker_drop(P9Blocker *b)
{
    b->forgotten = qatomic_read(&b->wanted);
    blocker_place(b, false);
}

void p9_blocker_end(P9Blocker *b)
{
    b->ended = true;
    p9_blocker_drop(b);
}

void p9_blocker_free(P9Blocker *b)
{
    b->done = NULL;
    blocker_unref(b);
}
