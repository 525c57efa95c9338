/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run() of a request: on the event loop, in a coroutine, on a worker.
 *
 * Where it goes follows from the row of the table, from what the driver says
 * of the nodes and from what such requests have cost (9p-policy.h).  A request
 * leaves the event loop at most once, as a P9Job; before that it may have been
 * one that yields.  Context: event loop.
 */
#ifndef HW_9PFS_9P_RUN_H
#define HW_9PFS_9P_RUN_H

#include "9p-request-int.h"

/**
 * p9_run: the work of a prepared request.
 *
 * Returns its result, P9_SHUT, or P9_LATER when a job was submitted: then
 * @done is called, maybe before this returns.
 */
int p9_run(P9Request *req, void (*done)(P9Job *job));
/**
 * p9_run_ended: to be called first by @done.  False when the request goes on
 * as another job; else req->result is known.
 */
bool p9_run_ended(P9Request *req);
/**
 * p9_run_stop: keep a job from beginning; false when it has begun, or must
 * run.  p9_run_forget() has to follow.
 */
bool p9_run_stop(P9Request *req);
/** p9_run_forget: @done of a stopped job will be called soon. */
void p9_run_forget(P9Request *req);

#endif
