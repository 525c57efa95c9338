/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exports of the local driver and of the proxy for tests: a temporary directory, a security
 * model, a user to be and the kernel features to use.
 *
 * One at a time, as it changes the effective user and the driver's view of
 * the kernel for the whole process.
 */
#ifndef TESTS_CORE_LOCAL_FIXTURE_H
#define TESTS_CORE_LOCAL_FIXTURE_H

#include "fsdev/core/fsdriver.h"
#include "conformance/conformance.h"
#include "proxy/proxy-fixture.h"

typedef struct LocalFixture {
    FsSecurityModel model;
    bool as_user;               /* not root; for test programs run by root */
    bool bare;                  /* as on a kernel without any new call */
    const char *tmpfs;          /* options of one to mount there; NULL: none */
    ProxyFixture *proxy;        /* through a helper that root runs; or NULL */
    FsConfig config;            /* what else to set; driver, path, model and
                                   modes are filled in by local_fixture_open */
    bool is_user;               /* as_user has happened */
    bool mounted;
    char *path;                 /* owned; the exported directory */
    char *outside;              /* owned; a directory beside it */
    char *base;                 /* owned; holds both */
} LocalFixture;

/** local_fixture_open: NULL after g_test_skip() when it cannot be had here. */
FsExport *local_fixture_open(void *fixture);
/** local_fixture_done: be root again and remove all files. */
void local_fixture_done(void *fixture);
/** local_fixture_reopen: a second export of the same directory. */
FsExport *local_fixture_reopen(LocalFixture *fixture);
/** local_fixture_subject: @fixture for the conformance suite. */
ConformanceSubject local_fixture_subject(LocalFixture *fixture,
                                         const char *prefix);

/**
 * local_separate_mounts: what is mounted from now on is seen by this process
 * alone.  To be called by main() before local_mount_tmpfs().
 */
void local_separate_mounts(void);
/** local_mount_tmpfs: on @path, until umount2(MNT_DETACH) or the end of the
 *  process.  False when that needs rights we do not have. */
bool local_mount_tmpfs(const char *path, const char *options);

/* What the file system of the temporary directory and our user can do. */
bool local_can_user_xattr(void);
bool local_can_acl(void);
bool local_can_mknod(void);
/* Not an overlay, say: the driver trusts ctimes and inode numbers there. */
bool local_is_plain_fs(const LocalFixture *fixture);

/** local_model_name: as security_model= has it. */
const char *local_model_name(FsSecurityModel model);

#endif
