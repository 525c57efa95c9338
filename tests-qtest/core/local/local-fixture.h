/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exports of the local driver and of the proxy driver for tests: a temporary
 * directory, a security model, the user that accesses it, and the kernel
 * features that are used.
 *
 * There may be one at a time, as it changes the effective user and the set of
 * kernel features for the whole process.
 */
#ifndef TESTS_CORE_LOCAL_FIXTURE_H
#define TESTS_CORE_LOCAL_FIXTURE_H

#include "fsdev/core/fsdriver.h"
#include "conformance/conformance.h"
#include "proxy/proxy-fixture.h"

typedef struct LocalFixture {
    FsSecurityModel model;
    bool as_user;               /* not as root; needs root to run the test */
    bool bare;                  /* without any optional kernel feature */
    const char *tmpfs;          /* mount a tmpfs with these options; or NULL */
    ProxyFixture *proxy;        /* export through this helper; or NULL */
    /* Options; local_fixture_open() sets driver, path, model and modes. */
    FsConfig config;
    bool is_user;               /* the effective user has been changed */
    bool mounted;
    char *path;                 /* owned; the exported directory */
    char *outside;              /* owned; a directory outside the export */
    char *base;                 /* owned; holds both */
} LocalFixture;

/** local_fixture_open: NULL after g_test_skip() when something is missing. */
FsExport *local_fixture_open(void *fixture);
/** local_fixture_done: become root again and remove all files. */
void local_fixture_done(void *fixture);
/** local_fixture_reopen: a second export of the same directory. */
FsExport *local_fixture_reopen(LocalFixture *fixture);
/** local_fixture_subject: @fixture for the conformance suite. */
ConformanceSubject local_fixture_subject(LocalFixture *fixture,
                                         const char *prefix);

/**
 * local_separate_mounts: give this process a mount name space of its own.  To
 * be called by main() before local_mount_tmpfs().
 */
void local_separate_mounts(void);
/**
 * local_mount_tmpfs: mount a tmpfs on @path, until umount2(MNT_DETACH) or the
 * end of the process.  False when this is not permitted.
 */
bool local_mount_tmpfs(const char *path, const char *options);

/* What the user can do in the file system of the temporary directory. */
bool local_can_user_xattr(void);
bool local_can_acl(void);
bool local_can_mknod(void);
/*
 * Whether the driver trusts ctimes and inode numbers of the export's file
 * system, which it does not for an overlayfs, for example, and all of it has
 * one device number.
 */
bool local_is_plain_fs(const LocalFixture *fixture);
/* Whether it trusts its ctimes, so that it keeps what is stored in a file. */
bool local_trusts_ctimes(const LocalFixture *fixture);

/** local_model_name: the name of @model in security_model=. */
const char *local_model_name(FsSecurityModel model);

#endif
