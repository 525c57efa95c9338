/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every host call must do, whatever the kernel offers.
 *
 * One case a behaviour, run by test-host.c without one feature or another and
 * by test-host-process.c in processes that lack them really.  A case stops
 * the test program on failure.  Context: one thread a fixture.
 */
#ifndef HOST_CASES_H
#define HOST_CASES_H

#include "fsdev/host/host.h"
#include "lib/scratch.h"

/* What a case works on. */
typedef struct HostFixture {
    Scratch *scratch;
    int file;               /* path fds; file holds "text" */
    int dir;
    int link;               /* symbolic, to file */
    int fifo;
} HostFixture;

typedef struct HostCase {
    const char *name;
    void (*run)(HostFixture *f);
} HostCase;

/* Ends with an entry without a name. */
extern const HostCase host_cases[];

/* Bit sets of features to go without; the first is empty. */
extern const unsigned host_feature_sets[10];
/** host_features_without: those in use less those in @without. */
HostFeatures host_features_without(unsigned without);

void host_fixture_init(HostFixture *f);
void host_fixture_clear(HostFixture *f);
/** host_case_run: with a fixture of its own. */
void host_case_run(const HostCase *host_case);

/* As the functions of host.h, stopping the test on failure. */
void host_must_init(void);
int host_must_lookup(int dirfd, const char *name);
HostStat host_must_stat(int fd);

void host_assert_content(int fd, const char *want);
/** host_check_xattrs: all calls, on a file or directory without any. */
void host_check_xattrs(int fd);

#endif
