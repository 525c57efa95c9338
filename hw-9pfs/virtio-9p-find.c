/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the objects of a session again: see virtio-9p-find.h.
 */
#include "qemu/osdep.h"
#include "virtio-9p-find.h"

/* A million objects on a slow disk take less. */
#define FIND_US     (60 * G_USEC_PER_SEC)
/* How often to look whether the thread has ended */
#define LOOK_US     200

/* p9_state_find() in a thread, which may be left behind */
typedef struct Find {
    gint refs;                  /* atomic: of the thread and of who waits */
    P9State *state;             /* owned */
    FsExport *export;           /* counted */
    bool stop;
    gint done;                  /* atomic; then the rest is that of who waits */
    int ret;
    char *why;
} Find;

static void find_unref(Find *find)
{
    if (g_atomic_int_dec_and_test(&find->refs)) {
        p9_state_free(find->state);
        fs_export_unref(find->export);
        g_free(find->why);
        g_free(find);
    }
}

static void *find_thread(void *opaque)
{
    Find *find = opaque;

    find->ret = p9_state_find(find->state, find->export, find->stop,
                              &find->why);
    g_atomic_int_set(&find->done, 1);
    find_unref(find);
    return NULL;
}

int p9_find_objects(FsExport *export, bool stop, P9State **state, char **why)
{
    int64_t end = g_get_monotonic_time() + FIND_US;
    Find *find = g_new0(Find, 1);
    GThread *thread;
    int ret = -ETIMEDOUT;

    find->refs = 2;
    find->state = g_steal_pointer(state);
    find->export = fs_export_ref(export);
    find->stop = stop;
    thread = g_thread_try_new("9p-find", find_thread, find, NULL);
    if (!thread) {
        *why = g_strdup("no thread can be started");
        find_unref(find);
        find_unref(find);
        return -EAGAIN;
    }
    g_thread_unref(thread);
    while (!g_atomic_int_get(&find->done) && g_get_monotonic_time() < end) {
        g_usleep(LOOK_US);
    }
    if (!g_atomic_int_get(&find->done)) {
        p9_state_cancel(find->state);
        *why = g_strdup("the host's storage did not answer in time");
    } else {
        ret = find->ret;
        *why = g_steal_pointer(&find->why);
        if (ret == 0) {
            *state = g_steal_pointer(&find->state);
        }
    }
    find_unref(find);
    return ret;
}
