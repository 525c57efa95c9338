/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The behaviour of every host call, whichever features the kernel has.
 *
 * Each case is one behaviour.  test-host.c runs them with features disabled,
 * and test-host-process.c in processes for which the kernel refuses the calls.
 * A case that fails ends the test program.  Context: one thread per fixture.
 */
#ifndef HOST_CASES_H
#define HOST_CASES_H

#include "fsdev/host/host.h"
#include "lib/scratch.h"

/* Files for a case. */
typedef struct HostFixture {
    Scratch *scratch;
    int file;               /* O_PATH, as all of these; holds "text" */
    int dir;
    int link;               /* symbolic link to file */
    int fifo;
} HostFixture;

typedef struct HostCase {
    const char *name;
    void (*run)(HostFixture *f);
} HostCase;

/* Ends with an entry without a name. */
extern const HostCase host_cases[];

/* Sets of features to do without; the first is empty. */
extern const unsigned host_feature_sets[10];
/** host_features_without: those in use, without those in @without. */
HostFeatures host_features_without(unsigned without);

void host_fixture_init(HostFixture *f);
void host_fixture_clear(HostFixture *f);
/** host_case_run: run @host_case with a fixture of its own. */
void host_case_run(const HostCase *host_case);

/* Like the functions of host.h, but a failure ends the test. */
void host_must_init(void);
int host_must_lookup(int dirfd, const char *name);
HostStat host_must_stat(int fd);

void host_assert_content(int fd, const char *want);
/**
 * host_check_xattrs: test all calls for extended attributes on @fd, which must
 * not have any.
 */
void host_check_xattrs(int fd);

#endif
