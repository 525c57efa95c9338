/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing descriptors of files that have no name any more: see host-close.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host-close.h"

#include <linux/stat.h>
#include <pthread.h>
#include <sys/syscall.h>

static gint at_work;            /* atomic: threads that close a file */
static gint handed_over;        /* atomic: files given to threads */

/* Would closing @fd free many blocks, if nobody else has the file open? */
static bool frees_much(int fd)
{
    struct statx stx;

    return syscall(__NR_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                   STATX_NLINK | STATX_BLOCKS, &stx) == 0 &&
           (stx.stx_mask & STATX_NLINK) && stx.stx_nlink == 0 &&
           stx.stx_blocks >= HOST_CLOSE_BIG / 512;
}

static void *close_in_thread(void *opaque)
{
    close(GPOINTER_TO_INT(opaque));
    g_atomic_int_add(&at_work, -1);
    return NULL;
}

static bool start_thread(int fd)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    int error;

    if (pthread_attr_init(&attr)) {
        return false;
    }
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    /* The process's signals are for its other threads. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&thread, &attr, close_in_thread,
                           GINT_TO_POINTER(fd));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return error == 0;
}

void host_close_removed(int fd)
{
    if (frees_much(fd)) {
        if (g_atomic_int_add(&at_work, 1) < HOST_CLOSE_THREADS &&
            start_thread(fd)) {
            g_atomic_int_inc(&handed_over);
            return;
        }
        g_atomic_int_add(&at_work, -1);
    }
    close(fd);
}

unsigned host_close_count(void)
{
    return g_atomic_int_get(&handed_over);
}
