/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes of a host file that this process may write but does not own: it is
 * root's and of this process's group, with the mode 0660.
 *
 * The kernel lets a writer cut it, and set both times to the current time, but
 * lets only the owner set other times and the mode.  Whatever a request asks
 * for, it succeeds as a whole or changes nothing.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

#define TEXT "0123456789"
#define LONG_AGO 86400

static const struct timespec now = { .tv_nsec = UTIME_NOW };
static const struct timespec given = { .tv_sec = 1000000000, .tv_nsec = 7 };

/* Plant a file of root; this process is another user again afterwards. */
static void plant(const LocalEnv *env, const char *name)
{
    const struct timespec times[2] = { { LONG_AGO }, { LONG_AGO } };
    uid_t user = geteuid();

    g_assert_cmpint(seteuid(0), ==, 0);
    local_env_put(env, name, TEXT);
    g_assert_cmpint(chown(local_env_path(env, name), 0, getegid()), ==, 0);
    g_assert_cmpint(chmod(local_env_path(env, name), 0660), ==, 0);
    g_assert_cmpint(utimensat(AT_FDCWD, local_env_path(env, name), times, 0),
                    ==, 0);
    g_assert_cmpint(seteuid(user), ==, 0);
}

static void check_same(const struct stat *a, const struct stat *b)
{
    g_assert_cmpint(a->st_size, ==, b->st_size);
    g_assert_cmpint(a->st_mode, ==, b->st_mode);
    g_assert_cmpint(a->st_uid, ==, b->st_uid);
    g_assert_cmpint(a->st_gid, ==, b->st_gid);
    g_assert_cmpint(a->st_atime, ==, b->st_atime);
    g_assert_cmpint(a->st_mtime, ==, b->st_mtime);
}

/* @how: opened so, -1: not opened. */
static int setattr(const LocalEnv *env, const char *name, int how,
                   const FsSetattr *set)
{
    g_autoptr(FsNode) node = local_env_lookup(env, name);
    g_autoptr(FsFile) file = NULL;

    if (how >= 0) {
        g_assert_cmpint(fs_open(&test_call, node, how, &file), ==, 0);
    }
    return fs_setattr(&test_call, node, file, set);
}

/* What open(2) with O_TRUNC and truncate(2) of a Linux guest ask for. */
static void cut(LocalEnv *env)
{
    static const int hows[] = { -1, O_RDONLY, O_WRONLY, O_RDWR };
    static const uint32_t more[] = {
        0, FS_SET_MTIME, FS_SET_MTIME | FS_SET_CTIME,
        FS_SET_ATIME | FS_SET_MTIME, FS_SET_ATIME,
    };

    for (size_t i = 0; i < ARRAY_SIZE(hows); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(more); j++) {
            const FsSetattr set = {
                .valid = FS_SET_SIZE | more[j], .size = 3,
                .atime = now, .mtime = now,
            };

            plant(env, "f");
            g_assert_cmpint(setattr(env, "f", hows[i], &set), ==, 0);
            local_env_check_text(env, "f", "012");
            g_assert_cmpint(local_env_stat(env, "f").st_mtime, >, LONG_AGO);
            unlink(local_env_path(env, "f"));
        }
    }
}

static void open_to_cut(LocalEnv *env)
{
    g_autoptr(FsNode) node = NULL;

    plant(env, "f");
    node = local_env_lookup(env, "f");
    g_assert_cmpint(local_env_try_open(node, O_WRONLY | O_TRUNC), ==, 0);
    local_env_check_text(env, "f", "");
    plant(env, "g");
    g_assert_cmpint(local_env_try_create(env->root, "g", O_RDWR | O_TRUNC),
                    ==, 0);
    local_env_check_text(env, "g", "");
}

/* Only the owner may set these times, which is found out before the cut. */
static void cut_with_given_times(LocalEnv *env)
{
    static const uint32_t times[] = {
        FS_SET_MTIME, FS_SET_ATIME, FS_SET_ATIME | FS_SET_MTIME,
    };

    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        const FsSetattr set = {
            .valid = FS_SET_SIZE | times[i], .atime = given, .mtime = given,
        };
        struct stat before, after;

        plant(env, "f");
        before = local_env_stat(env, "f");
        g_assert_cmpint(setattr(env, "f", -1, &set), ==, -EPERM);
        g_assert_cmpint(setattr(env, "f", O_RDWR, &set), ==, -EPERM);
        after = local_env_stat(env, "f");
        check_same(&before, &after);
        local_env_check_text(env, "f", TEXT);
    }
}

/* A mode and owner that a mapped model stores, a time that nobody may set. */
static void owner_with_given_times(LocalEnv *env)
{
    const FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_UID | FS_SET_GID | FS_SET_MTIME,
        .mode = 0600, .uid = 77, .gid = 88, .mtime = given,
    };
    const FsSetattr with_size = {
        .valid = set.valid | FS_SET_SIZE, .mode = 0600, .uid = 77, .gid = 88,
        .mtime = given,
    };
    struct stat before, after;
    FsAttr first, second;

    plant(env, "f");
    before = local_env_stat(env, "f");
    first = local_env_attr(env, "f");
    g_assert_cmpint(setattr(env, "f", -1, &set), ==, -EPERM);
    g_assert_cmpint(setattr(env, "f", -1, &with_size), ==, -EPERM);
    second = local_env_attr(env, "f");
    after = local_env_stat(env, "f");
    check_same(&before, &after);
    local_env_check_text(env, "f", TEXT);
    g_assert_cmpuint(first.mode, ==, second.mode);
    g_assert_cmpuint(first.uid, ==, second.uid);
    g_assert_cmpuint(first.gid, ==, second.gid);
}

/* The mode of a file of another user, with a size: the host's own. */
static void mode_with_size(LocalEnv *env)
{
    const FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_SIZE, .mode = 0600,
    };
    struct stat before, after;

    plant(env, "f");
    before = local_env_stat(env, "f");
    g_assert_cmpint(setattr(env, "f", O_RDWR, &set), ==, -EPERM);
    after = local_env_stat(env, "f");
    check_same(&before, &after);
}

static void both_times_now(LocalEnv *env)
{
    const FsSetattr set = {
        .valid = FS_SET_ATIME | FS_SET_MTIME | FS_SET_CTIME,
        .atime = now, .mtime = now,
    };

    plant(env, "f");
    g_assert_cmpint(setattr(env, "f", -1, &set), ==, 0);
    g_assert_cmpint(local_env_stat(env, "f").st_mtime, >, LONG_AGO);
    g_assert_cmpint(local_env_stat(env, "f").st_atime, >, LONG_AGO);
}

/* The owner's times are those that were asked for, whatever the cut sets. */
static void owner_cuts_with_times(LocalEnv *env)
{
    FsSetattr set = {
        .valid = FS_SET_SIZE | FS_SET_ATIME | FS_SET_MTIME,
        .size = 2, .atime = given, .mtime = { .tv_sec = LONG_AGO },
    };

    local_env_create(env, "f", 0644);
    g_assert_cmpint(setattr(env, "f", O_WRONLY, &set), ==, 0);
    g_assert_cmpint(local_env_stat(env, "f").st_size, ==, 2);
    g_assert_cmpint(local_env_stat(env, "f").st_atime, ==, given.tv_sec);
    g_assert_cmpint(local_env_stat(env, "f").st_mtime, ==, LONG_AGO);
    set.mtime = now;
    g_assert_cmpint(setattr(env, "f", -1, &set), ==, 0);
    g_assert_cmpint(local_env_stat(env, "f").st_atime, ==, given.tv_sec);
    g_assert_cmpint(local_env_stat(env, "f").st_mtime, >, given.tv_sec);
}

static const LocalEnvTest tests[] = {
    { "cut", LOCAL_ALL, cut, .as_user = true, .as_root = true },
    { "open-to-cut", LOCAL_ALL, open_to_cut, .as_user = true,
      .as_root = true },
    { "cut-with-given-times", LOCAL_ALL, cut_with_given_times,
      .as_user = true, .as_root = true },
    { "owner-with-given-times", LOCAL_ALL, owner_with_given_times,
      .as_user = true, .as_root = true },
    { "mode-with-size", LOCAL_PASSTHROUGH | LOCAL_NONE, mode_with_size,
      .as_user = true, .as_root = true },
    { "both-times-now", LOCAL_ALL, both_times_now, .as_user = true,
      .as_root = true },
    { "owner-cuts-with-times", LOCAL_ALL | LOCAL_PROXY,
      owner_cuts_with_times },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local-not-owner", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
