/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run() of a request: on the event loop, in a coroutine, on a worker, or in
 * a thread for jobs that are apart.
 *
 * p9_policy_ways() chooses among them.  A request whose run() is refused in one
 * place goes on in the next, so it may be up to two jobs, one after the other.
 * Context: event loop.
 */
#ifndef HW_9PFS_9P_RUN_H
#define HW_9PFS_9P_RUN_H

#include "9p-request-int.h"

/**
 * p9_run: the work of a prepared request.
 *
 * Returns its result, P9_SHUT, or P9_LATER if a job was submitted.  Then @done
 * is called when the job has ended, maybe before this returns.
 */
int p9_run(P9Request *req, void (*done)(P9Job *job));
/**
 * p9_run_ended: to be called first by @done.  Returns false if the request goes
 * on as another job; otherwise req->result is set.
 */
bool p9_run_ended(P9Request *req);
/**
 * p9_run_stop: keep a job from beginning.  Returns false if it has begun or
 * must run; otherwise p9_run_forget() has to follow.
 */
bool p9_run_stop(P9Request *req);
/** p9_run_forget: have @done of a stopped job called soon. */
void p9_run_forget(P9Request *req);

#endif
