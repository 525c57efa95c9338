/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The event loop that a virtio-9p device works in: see virtio-9p-loop.h.
 */
#include "qemu/osdep.h"
#include "qom/object.h"
#include "virtio-9p-loop.h"

struct P9Loop {
    AioContext *ctx;            /* the thread's, or the main loop's */
    IOThread *iothread;         /* counted or owned; NULL: the main loop */
    bool owned;
    gint refs;                  /* atomic */
};

/* An id for an object that no other object has; free with g_free(). */
static char *unused_id(void)
{
    static unsigned serial;
    Object *root = object_get_objects_root();
    char *id = g_strdup_printf("virtio-9p-%u", serial++);

    while (object_resolve_path_component(root, id)) {
        g_free(id);
        id = g_strdup_printf("virtio-9p-%u", serial++);
    }
    return id;
}

P9Loop *p9_loop_new(IOThread *iothread, bool own_thread, Error **errp)
{
    bool owned = !iothread && own_thread;
    P9Loop *loop;

    if (owned) {
        g_autofree char *id = unused_id();

        iothread = iothread_create(id, errp);
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
    return loop;
}

P9Loop *p9_loop_ref(P9Loop *loop)
{
    g_atomic_int_inc(&loop->refs);
    return loop;
}

/*
 * Context: main loop.  This joins the device's own thread, which is idle,
 * because all of its work holds a reference.
 */
static void loop_destroy(void *opaque)
{
    P9Loop *loop = opaque;

    if (loop->owned) {
        iothread_destroy(loop->iothread);
    } else if (loop->iothread) {
        object_unref(OBJECT(loop->iothread));
    }
    g_free(loop);
}

void p9_loop_unref(P9Loop *loop)
{
    if (g_atomic_int_dec_and_test(&loop->refs)) {
        /* A thread cannot join itself. */
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

bool p9_loop_may_take_bql(P9Loop *loop)
{
    return loop->owned;
}
