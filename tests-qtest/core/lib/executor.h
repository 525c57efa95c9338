/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executors of tests: where and when the session's jobs run.
 *
 * Stepped: nothing happens by itself; the test decides which job runs and,
 * later, when its end is reported.  Threads: jobs run on real threads, and
 * their ends are reported when the test waits.  Context: the thread that made
 * the executor, which is the event loop.
 */
#ifndef TESTS_CORE_EXECUTOR_H
#define TESTS_CORE_EXECUTOR_H

#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-exec.h"

typedef struct TestExec TestExec;

/** test_exec_new: @threads workers, or stepped when it is 0. */
TestExec *test_exec_new(unsigned threads);
/** test_exec_free: no job may be left. */
void test_exec_free(TestExec *exec);
P9Exec *test_exec_base(TestExec *exec);
/**
 * test_exec_yield: offer coroutines, too (stepped): such a job runs at once,
 * and the test reports when it has ended.
 */
void test_exec_yield(TestExec *exec);

/** test_exec_jobs: number of submitted jobs whose end was not reported. */
unsigned test_exec_jobs(TestExec *exec);
/** test_exec_waiting: number of those that have not started (stepped). */
unsigned test_exec_waiting(TestExec *exec);
/**
 * test_exec_run: run @job now, without reporting it (stepped).  False when
 * it is not among those waiting.
 */
bool test_exec_run(TestExec *exec, P9Job *job);
/** test_exec_report: report the end of @job, which ran or was cancelled. */
bool test_exec_report(TestExec *exec, P9Job *job);
/**
 * test_exec_refuse: report the end of @job, for which there is no thread
 * (stepped).  False when it is not among those waiting.
 */
bool test_exec_refuse(TestExec *exec, P9Job *job);
/**
 * test_exec_nth: job number @n, from 0, of those not reported: first those
 * that ended, then those waiting (stepped); NULL when there are fewer.
 */
P9Job *test_exec_nth(TestExec *exec, unsigned n);
/** test_exec_drain: run and report until nothing is left. */
void test_exec_drain(TestExec *exec);
/**
 * test_exec_step: run (stepped) or await (threads) one job and report its
 * end; false when no job is left.
 */
bool test_exec_step(TestExec *exec);

#endif
