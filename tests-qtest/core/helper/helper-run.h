/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts virtfs-proxy-helper as users do, for tests that examine it.
 */
#ifndef TESTS_CORE_HELPER_RUN_H
#define TESTS_CORE_HELPER_RUN_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/proxy/proxy-proto.h"

typedef struct HelperRun {
    char *base;                 /* owned; a directory for all of these */
    char *dir;                  /* owned; base/export */
    char *socket;               /* owned; base/socket */
    char *errors;               /* owned; base/stderr */
    int fd;                     /* owned; set by helper_run_fd(), else 0 */
    pid_t pid;                  /* 0: not running */
    void (*before)(void);       /* called in the process first; may be NULL */
} HelperRun;

/** helper_run_possible: false after g_test_skip(). */
bool helper_run_possible(void);
/** helper_run_init: make the directories; helper_run_clear() removes them. */
void helper_run_init(HelperRun *run);
/** helper_run_clear: also kills the helper if it is running. */
void helper_run_clear(HelperRun *run);
#define HELPER_RUN __attribute__((cleanup(helper_run_clear))) HelperRun

/**
 * helper_run_start: start the helper with the arguments @words.  @fd3 is its
 * descriptor 3, unless -1.
 */
void helper_run_start(HelperRun *run, const char *const *words, int fd3);
/** helper_run_other: the same with another program than the helper. */
void helper_run_other(HelperRun *run, const char *program,
                      const char *const *words, int fd3);
const char *helper_run_program(void);
/** helper_run_fd: start it with "-p DIR -f 3 -n" and @word, unless NULL. */
void helper_run_fd(HelperRun *run, const char *word);
/** helper_run_wait: its exit status, 128 + signal when one killed it. */
int helper_run_wait(HelperRun *run);
/** helper_run_said: whether @text is in what it wrote to stderr. */
bool helper_run_said(const HelperRun *run, const char *text);
/** helper_run_proc: the text of /proc/PID/@name, owned by the caller. */
char *helper_run_proc(const HelperRun *run, const char *name);
/** helper_run_count_fds: number of descriptors that the helper has open. */
unsigned helper_run_count_fds(const HelperRun *run);
/**
 * helper_run_path: the path of @name in the export on the host, owned by the
 * caller.
 */
char *helper_run_path(const HelperRun *run, const char *name);

/*
 * Make one request.  helper_ask() returns 0 or -errno of the answer, or -EPIPE
 * when the helper has closed the connection.  @fds receives the descriptors of
 * the answer, and -1 in the other elements.
 */
int helper_ask(int fd, ProxyType type, const ProxyRequest *t, ProxyReply *r,
               int fds[PROXY_FDS_MAX]);
/** helper_greet: send HELLO; returns the O_PATH descriptor of the root. */
int helper_greet(int fd);
ProxyText helper_text(const char *s);

#endif
