/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop that a virtio-9p device works in: see virtio-9p-loop.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "virtio-9p-loop.h"

/* How long a caller of p9_loop_call() keeps the BQL to itself, in ms. */
#define KEEP_BQL_MS 100

struct P9Loop {
    AioContext *ctx;            /* the thread's, or the main loop's */
    IOThread *iothread;         /* counted or owned; NULL: the main loop */
    bool owned;
    gint refs;                  /* atomic */
    gint callers;               /* in p9_loop_call(); atomic */
    bool calling;               /* one of them has its turn; BQL */
    QemuCond called;            /* … and is through */
};

P9Loop *p9_loop_new(IOThread *iothread, bool own_thread, Error **errp)
{
    bool owned = !iothread && own_thread;
    P9Loop *loop;

    if (owned) {
        iothread = iothread_create("virtio-9p[*]", errp);
        if (!iothread) {
            return NULL;
        }
    } else if (iothread) {
        object_ref(OBJECT(iothread));
    }
    loop = g_new0(P9Loop, 1);
    loop->iothread = iothread;
    loop->owned = owned;
    loop->ctx = iothread ? iothread_get_aio_context(iothread)
                         : qemu_get_aio_context();
    loop->refs = 1;
    qemu_cond_init(&loop->called);
    return loop;
}

P9Loop *p9_loop_ref(P9Loop *loop)
{
    g_atomic_int_inc(&loop->refs);
    return loop;
}

/* Context: main loop. */
static void loop_destroy(void *opaque)
{
    P9Loop *loop = opaque;

    if (loop->owned) {
        iothread_destroy(loop->iothread);
    } else if (loop->iothread) {
        object_unref(OBJECT(loop->iothread));
    }
    qemu_cond_destroy(&loop->called);
    g_free(loop);
}

void p9_loop_unref(P9Loop *loop)
{
    if (g_atomic_int_dec_and_test(&loop->refs)) {
        /* A thread cannot wait for its own end. */
        aio_bh_schedule_oneshot(qemu_get_aio_context(), loop_destroy, loop);
    }
}

AioContext *p9_loop_context(P9Loop *loop)
{
    return loop->ctx;
}

bool p9_loop_is_main(P9Loop *loop)
{
    return !loop->iothread;
}

bool p9_loop_is_here(P9Loop *loop)
{
    return qemu_get_current_aio_context() == loop->ctx;
}

/*
 * A caller that comes right after the look waits for a moment and then lets
 * the BQL go: see p9_loop_call().
 */
bool p9_loop_lock_bql(P9Loop *loop)
{
    if (g_atomic_int_get(&loop->callers)) {
        return false;
    }
    bql_lock();
    return true;
}

typedef struct LoopCall {
    void (*fn)(void *opaque);
    void *opaque;
    QemuSemaphore done;
} LoopCall;

static void loop_call_bh(void *opaque)
{
    LoopCall *call = opaque;

    call->fn(call->opaque);
    qemu_sem_post(&call->done);
}

void p9_loop_call(P9Loop *loop, void (*fn)(void *opaque), void *opaque)
{
    LoopCall call = { .fn = fn, .opaque = opaque };

    if (p9_loop_is_here(loop)) {
        fn(opaque);
        return;
    }
    /* The device may be unplugged while the BQL is not held. */
    p9_loop_ref(loop);
    /* Bottom halves that wait together run in the reverse order. */
    while (loop->calling) {
        qemu_cond_wait_bql(&loop->called);
    }
    loop->calling = true;
    g_atomic_int_inc(&loop->callers);
    qemu_sem_init(&call.done, 0);
    aio_bh_schedule_oneshot(loop->ctx, loop_call_bh, &call);
    if (qemu_sem_timedwait(&call.done, KEEP_BQL_MS) < 0) {
        bql_unlock();
        qemu_sem_wait(&call.done);
        bql_lock();
    }
    qemu_sem_destroy(&call.done);
    g_atomic_int_add(&loop->callers, -1);
    loop->calling = false;
    qemu_cond_signal(&loop->called);
    p9_loop_unref(loop);
}
