/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A local export with its host directory, and both views of what is in it.
 *
 * For tests that look at the host's side: what the driver left there, and what
 * it makes of things that others put there.  Helpers fail the test when what
 * they do fails.
 */
#ifndef TESTS_CORE_LOCAL_ENV_H
#define TESTS_CORE_LOCAL_ENV_H

#include "local-fixture.h"

typedef struct LocalEnv {
    LocalFixture fixture;
    FsExport *export;           /* NULL: the test was skipped */
    FsNode *root;
    unsigned fds;               /* open in this process before the start */
} LocalEnv;

void local_env_start(LocalEnv *env);
/* Also checks that no descriptor was left open. */
void local_env_end(LocalEnv *env);
#define LOCAL_ENV __attribute__((cleanup(local_env_end))) LocalEnv

/* PATH of NAME in the exported directory, until the next call but three. */
const char *local_env_path(const LocalEnv *env, const char *name);
/* The host's view. */
struct stat local_env_stat(const LocalEnv *env, const char *name);
bool local_env_exists(const LocalEnv *env, const char *name);
char *local_env_text(const LocalEnv *env, const char *name);
void local_env_put(const LocalEnv *env, const char *name, const char *text);
void local_env_mkdir(const LocalEnv *env, const char *name);
/* The guest's view; calls that have to succeed. */
FsNode *local_env_lookup(const LocalEnv *env, const char *name);
FsAttr local_env_attr(const LocalEnv *env, const char *name);
void local_env_create(const LocalEnv *env, const char *name, uint32_t mode);
FsNode *local_env_made_dir(const LocalEnv *env, const char *name,
                           uint32_t mode);
/* Calls for their result alone. */
int local_env_try_lookup(FsNode *dir, const char *name);
int local_env_try_create(FsNode *dir, const char *name, int flags);
int local_env_try_open(FsNode *node, int flags);
bool local_env_lists(FsNode *dir, const char *name);

/* Owner of what the tests make: 1000, 1001 where that can be. */
extern FsCred local_env_cred;

/* A test of some models; each model is a test case of its own. */
enum {
    LOCAL_PASSTHROUGH = 1u << FS_SM_PASSTHROUGH,
    LOCAL_MAPPED = 1u << FS_SM_MAPPED_XATTR | 1u << FS_SM_MAPPED_FILE,
    LOCAL_NONE = 1u << FS_SM_NONE,
    LOCAL_ALL = LOCAL_PASSTHROUGH | LOCAL_MAPPED | LOCAL_NONE,
    /* The driver proxy, with a helper in a thread; not for as_user. */
    LOCAL_PROXY = 1u << (FS_SM_NONE + 1),
};

typedef struct LocalEnvTest {
    const char *name;
    unsigned models;            /* LOCAL_* */
    void (*run)(LocalEnv *env);
    const char *tmpfs;          /* export one with these options */
    bool as_user;               /* not as root */
    bool as_root;               /* skip it when root is not who runs it */
} LocalEnvTest;

/** local_env_add: PREFIX/NAME/MODEL for each; @tests must stay valid. */
void local_env_add(const char *prefix, const LocalEnvTest *tests, size_t count);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsFile, fs_release)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

#endif
