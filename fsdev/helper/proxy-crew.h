/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The threads of a proxy server: which of them receive requests, perform one,
 * or are in reserve.
 *
 * A few threads receive.  When all of these are busy and make no progress,
 * threads of the reserve replace those that are held up, so that a system call
 * that hangs costs only its own thread.  One object and one file system can
 * hold up a limited number of threads: further requests for them wait here
 * until one of these threads comes back, and occupy no thread meanwhile.
 *
 * All threads exist from the start, as the helper's filter does not let it
 * create more.  Context: the threads of one server.
 */
#ifndef FSDEV_PROXY_CREW_H
#define FSDEV_PROXY_CREW_H

#include "fsdev/core/p9-osdep.h"

enum {
    PROXY_CREW_RECEIVERS = 8,   /* threads that receive or make progress */
    PROXY_CREW_PER_OBJECT = 8,  /* threads for requests on one object */
    PROXY_CREW_WAITING_MAX = 1024,
};

/* What a request is about. */
typedef struct ProxyTarget {
    bool known;                 /* otherwise no limit applies */
    uint64_t object;            /* hash of its number, and name if it has one */
    uint64_t dev;               /* the file system */
} ProxyTarget;

typedef struct ProxyCrew ProxyCrew;

/** proxy_crew_new: for @threads threads with the numbers from 0. */
ProxyCrew *proxy_crew_new(unsigned threads);
void proxy_crew_free(ProxyCrew *crew);

/**
 * proxy_crew_await: wait until the calling thread should receive a request.
 * False when the server stops.
 */
bool proxy_crew_await(ProxyCrew *crew);
/**
 * proxy_crew_begin: the thread @me has received the request @work.
 *
 * True if it should perform it now, and then call proxy_crew_end().  Otherwise
 * @work waits and another thread will perform it; the caller must not use it
 * any more and calls proxy_crew_await() again.
 */
bool proxy_crew_begin(ProxyCrew *crew, unsigned me, ProxyTarget target,
                      void *work);
/**
 * proxy_crew_end: the thread @me has performed its request.  Returns another
 * one, for which it calls this function again, or NULL.
 */
void *proxy_crew_end(ProxyCrew *crew, unsigned me);

/**
 * proxy_crew_watch: call threads of the reserve in when they are needed, until
 * the server stops; in one more thread.
 */
void proxy_crew_watch(ProxyCrew *crew);
/** proxy_crew_stop: no thread is to receive another request. */
void proxy_crew_stop(ProxyCrew *crew);
/** proxy_crew_left: a request that still waits, or NULL; after all is over. */
void *proxy_crew_left(ProxyCrew *crew);

#endif
