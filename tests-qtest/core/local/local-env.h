/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A local export with its host directory, seen from the guest and the host.
 *
 * For tests of what the driver stores on the host, and of how it handles files
 * that the host made.  Unless they return a result, these functions fail the
 * test when something fails.
 */
#ifndef TESTS_CORE_LOCAL_ENV_H
#define TESTS_CORE_LOCAL_ENV_H

#include "local-fixture.h"

typedef struct LocalEnv {
    LocalFixture fixture;
    FsExport *export;           /* NULL: the test was skipped */
    FsNode *root;
    unsigned fds;               /* descriptors that were open at the start */
} LocalEnv;

void local_env_start(LocalEnv *env);
/* Also checks that no descriptor was left open. */
void local_env_end(LocalEnv *env);
#define LOCAL_ENV __attribute__((cleanup(local_env_end))) LocalEnv

/*
 * The path of NAME in the exported directory; it is overwritten by the fourth
 * call after this one.
 */
const char *local_env_path(const LocalEnv *env, const char *name);
/* Seen from the host. */
struct stat local_env_stat(const LocalEnv *env, const char *name);
bool local_env_exists(const LocalEnv *env, const char *name);
char *local_env_text(const LocalEnv *env, const char *name);
/* The number of entries of the directory, except "." and "..". */
unsigned local_env_count(const LocalEnv *env, const char *name);
void local_env_check_text(const LocalEnv *env, const char *name,
                          const char *wanted);
void local_env_put(const LocalEnv *env, const char *name, const char *text);
void local_env_mkdir(const LocalEnv *env, const char *name);
/*
 * Wait until the clock of ctimes is past the last change: values are cached
 * only then.
 */
void local_env_await_tick(void);
/* Seen from the guest; these must succeed. */
FsNode *local_env_lookup(const LocalEnv *env, const char *name);
FsAttr local_env_attr(const LocalEnv *env, const char *name);
void local_env_create(const LocalEnv *env, const char *name, uint32_t mode);
FsNode *local_env_made_dir(const LocalEnv *env, const char *name,
                           uint32_t mode);
/* The results of calls; nothing stays open or referenced. */
int local_env_try_lookup(FsNode *dir, const char *name);
int local_env_try_create(FsNode *dir, const char *name, int flags);
int local_env_try_chmod(const LocalEnv *env, const char *name, uint32_t mode);
int local_env_try_open(FsNode *node, int flags);
bool local_env_lists(FsNode *dir, const char *name);

/* The owner of what tests make: 1000, 1001 where such files can be made. */
extern FsCred local_env_cred;

/* A test for some security models; there is a test case for each of them. */
enum {
    LOCAL_PASSTHROUGH = 1u << FS_SM_PASSTHROUGH,
    LOCAL_MAPPED = 1u << FS_SM_MAPPED_XATTR | 1u << FS_SM_MAPPED_FILE,
    LOCAL_NONE = 1u << FS_SM_NONE,
    LOCAL_ALL = LOCAL_PASSTHROUGH | LOCAL_MAPPED | LOCAL_NONE,
    /* The proxy driver, with the helper as a thread; not with as_user. */
    LOCAL_PROXY = 1u << (FS_SM_NONE + 1),
};

typedef struct LocalEnvTest {
    const char *name;
    unsigned models;            /* LOCAL_* */
    void (*run)(LocalEnv *env);
    const char *tmpfs;          /* export a tmpfs with these options */
    bool as_user;               /* run as a user other than root */
    bool as_root;               /* skipped unless root runs it */
} LocalEnvTest;

/**
 * local_env_add: add PREFIX/NAME/MODEL for each test and model; @tests must
 * stay valid.
 */
void local_env_add(const char *prefix, const LocalEnvTest *tests, size_t count);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

#endif
