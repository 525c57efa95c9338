/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper as it is started by users, for tests that look at it.
 */
#ifndef TESTS_CORE_HELPER_RUN_H
#define TESTS_CORE_HELPER_RUN_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/proxy/proxy-proto.h"

typedef struct HelperRun {
    char *base;                 /* owned; a directory for everything */
    char *dir;                  /* owned; base/export */
    char *socket;               /* owned; base/socket */
    char *errors;               /* owned; base/stderr */
    int fd;                     /* owned; our end with helper_run_fd(), or 0 */
    pid_t pid;                  /* 0: not running */
} HelperRun;

/** helper_run_possible: else the test has been skipped. */
bool helper_run_possible(void);
/** helper_run_init: the directories; helper_run_clear() removes them. */
void helper_run_init(HelperRun *run);
/** helper_run_clear: also ends the helper, however it is. */
void helper_run_clear(HelperRun *run);
#define HELPER_RUN __attribute__((cleanup(helper_run_clear))) HelperRun

/** helper_run_start: with these words; fd 3 is @fd3, or nothing (-1). */
void helper_run_start(HelperRun *run, const char *const *words, int fd3);
/** helper_run_other: the same with another program than the helper. */
void helper_run_other(HelperRun *run, const char *program,
                      const char *const *words, int fd3);
const char *helper_run_program(void);
/** helper_run_fd: "-p DIR -f 3 -n" and one word more, which may be NULL. */
void helper_run_fd(HelperRun *run, const char *word);
/** helper_run_wait: its exit status, 128 + signal when one killed it. */
int helper_run_wait(HelperRun *run);
/** helper_run_said: whether @text is in what it wrote to stderr. */
bool helper_run_said(const HelperRun *run, const char *text);
/** helper_run_proc: text of /proc/PID/@name, owned by the caller. */
char *helper_run_proc(const HelperRun *run, const char *name);
/** helper_run_count_fds: that it has open. */
unsigned helper_run_count_fds(const HelperRun *run);
/** helper_run_path: of @name in the export, on the host; by the caller. */
char *helper_run_path(const HelperRun *run, const char *name);

/*
 * One request by hand.  helper_ask() returns 0 or -errno of the answer, or
 * -EPIPE when the helper has hung up; @fds gets as many descriptors as came,
 * the others are -1.
 */
int helper_ask(int fd, ProxyType type, const ProxyRequest *t, ProxyReply *r,
               int fds[PROXY_FDS_MAX]);
/** helper_greet: HELLO; returns the root's path fd. */
int helper_greet(int fd);
ProxyText helper_text(const char *s);

#endif
