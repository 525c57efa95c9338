/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * glib's locks, made visible to ThreadSanitizer.
 *
 * glib is not instrumented and implements its locks with futexes, which
 * ThreadSanitizer does not see, so it would report all data that they guard.
 * Programs of the tsan build are linked with these definitions instead, which
 * use pthreads.  The lock's memory holds a pointer to the pthread lock, which
 * is made on first use.
 */
#include "fsdev/core/p9-osdep.h"
#include <pthread.h>

static pthread_mutex_t *mutex_of(GMutex *mutex)
{
    pthread_mutex_t *made, *there;

    there = g_atomic_pointer_get(&mutex->p);
    if (there) {
        return there;
    }
    made = calloc(1, sizeof(*made));
    pthread_mutex_init(made, NULL);
    if (!g_atomic_pointer_compare_and_exchange(&mutex->p, NULL, made)) {
        free(made);
    }
    return g_atomic_pointer_get(&mutex->p);
}

void g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

void g_mutex_clear(GMutex *mutex)
{
    if (mutex->p) {
        pthread_mutex_destroy(mutex->p);
        free(mutex->p);
        mutex->p = NULL;
    }
}

void (g_mutex_lock)(GMutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

gboolean (g_mutex_trylock)(GMutex *mutex)
{
    return pthread_mutex_trylock(mutex_of(mutex)) == 0;
}

void (g_mutex_unlock)(GMutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

static pthread_cond_t *cond_of(GCond *cond)
{
    pthread_cond_t *made, *there;
    pthread_condattr_t attr;

    there = g_atomic_pointer_get(&cond->p);
    if (there) {
        return there;
    }
    made = calloc(1, sizeof(*made));
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(made, &attr);
    pthread_condattr_destroy(&attr);
    if (!g_atomic_pointer_compare_and_exchange(&cond->p, NULL, made)) {
        free(made);
    }
    return g_atomic_pointer_get(&cond->p);
}

void g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

void g_cond_clear(GCond *cond)
{
    if (cond->p) {
        pthread_cond_destroy(cond->p);
        free(cond->p);
        cond->p = NULL;
    }
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    struct timespec end = {
        .tv_sec = end_time / G_USEC_PER_SEC,
        .tv_nsec = end_time % G_USEC_PER_SEC * 1000,
    };

    return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &end) !=
           ETIMEDOUT;
}

void g_cond_signal(GCond *cond)
{
    pthread_cond_signal(cond_of(cond));
}

void g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}
