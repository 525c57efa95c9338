/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage that does not answer: a warning about requests that take too long.
 *
 * Context: event loop.
 */
#ifndef HW_9PFS_9P_REQUEST_WATCH_H
#define HW_9PFS_9P_REQUEST_WATCH_H

#include "9p-request-int.h"

/** p9_request_watch: @req leaves the event loop as a job: p9_stats_leave(). */
void p9_request_watch(P9Request *req);
/** p9_request_watch_tick: the time set with ops->set_timer has come. */
void p9_request_watch_tick(P9Session *s);

#endif
