/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver and the proxy while the host exchanges a directory or a file
 * of the export with a symbolic link to the outside, with a hard link, or with
 * a FIFO: whatever is requested, nothing outside is told or changed.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/inotify.h>
#include <sys/xattr.h>
#include "local-env.h"
#include "lib/race.h"
#include "lib/test-call.h"

#define INSIDE  "inside"
#define OUTSIDE "this is outside"

/* ---- the outside ------------------------------------------------------ */

static char *outside_path(LocalEnv *env, const char *name)
{
    return g_build_filename(env->fixture.outside, name, NULL);
}

/* The attributes of all that is outside; a ctime tells of each change. */
static char *outside_state(LocalEnv *env)
{
    static const char *const names[] = { "", "f", "sub" };
    g_autoptr(GString) state = g_string_new(NULL);
    g_autoptr(GDir) dir = g_dir_open(env->fixture.outside, 0, NULL);
    const char *name;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *path = outside_path(env, names[i]);
        struct stat st;

        g_assert_cmpint(lstat(path, &st), ==, 0);
        g_string_append_printf(state, "%s: %o %u:%u, %" PRIu64 " bytes, %"
                               PRIu64 " links, %lld.%09ld\n", names[i],
                               st.st_mode, st.st_uid, st.st_gid,
                               (uint64_t)st.st_size, (uint64_t)st.st_nlink,
                               (long long)st.st_ctim.tv_sec,
                               (long)st.st_ctim.tv_nsec);
    }
    while ((name = g_dir_read_name(dir))) {
        g_assert_true(!strcmp(name, "f") || !strcmp(name, "sub"));
    }
    return g_steal_pointer(&state->str);
}

/* Outside and "d" have the same names with other contents; "l" is the link. */
static char *plant(LocalEnv *env)
{
    g_autofree char *file = outside_path(env, "f");
    g_autofree char *sub = outside_path(env, "sub");

    g_assert_true(g_file_set_contents(file, OUTSIDE, -1, NULL));
    g_assert_cmpint(chmod(file, 0600), ==, 0);
    g_assert_cmpint(mkdir(sub, 0700), ==, 0);
    lsetxattr(file, "user.x", OUTSIDE, strlen(OUTSIDE), 0);
    lsetxattr(env->fixture.outside, "user.x", OUTSIDE, strlen(OUTSIDE), 0);
    local_env_mkdir(env, "d");
    local_env_mkdir(env, "d/sub");
    local_env_put(env, "d/f", INSIDE);
    local_env_put(env, "g", INSIDE);
    g_assert_cmpint(symlink(env->fixture.outside, local_env_path(env, "l")),
                    ==, 0);
    return outside_state(env);
}

static void check_outside(LocalEnv *env, const char *before)
{
    g_autofree char *after = outside_state(env);
    g_autofree char *file = outside_path(env, "f");
    g_autofree char *text = NULL;

    g_assert_cmpstr(after, ==, before);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, OUTSIDE);
}

/* ---- a directory and a link to the outside ---------------------------- */

/*
 * Call @attack with whatever "d" is, until it has been a directory and a link.
 */
static void exchange_directory(LocalEnv *env,
                               void (*attack)(LocalEnv *env, FsNode *dir))
{
    g_autofree char *before = plant(env);
    g_autofree char *link = g_strdup(local_env_path(env, "l"));
    Race *race = race_begin(local_env_path(env, "d"), link);
    bool was_dir = false, was_link = false;

    do {
        g_autoptr(FsNode) dir = NULL;
        FsAttr attr;

        if (fs_lookup(&test_call, env->root, "d", &dir, &attr) == 0) {
            was_dir |= S_ISDIR(attr.mode);
            was_link |= S_ISLNK(attr.mode);
            attack(env, dir);
        }
    } while (race_until(race, was_dir && was_link));
    race_end(race);
    check_outside(env, before);
}

static void check_text(FsNode *node)
{
    g_autoptr(FsFile) file = NULL;
    char text[64] = "";
    struct iovec iov = { text, sizeof(text) - 1 };

    if (fs_open(&test_call, node, O_RDONLY, &file) == 0) {
        g_assert_cmpint(fs_read(&test_call, file, &iov, 1, 0), >=, 0);
        g_assert_cmpstr(text, !=, OUTSIDE);
    }
}

static void attack_read(LocalEnv *env, FsNode *dir)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    if (fs_lookup(&test_call, dir, "f", &node, &attr) == 0) {
        g_assert_cmpuint(attr.size, !=, strlen(OUTSIDE));
        if (fs_getattr(&test_call, node, NULL, 0, &attr) == 0) {
            g_assert_cmpuint(attr.size, !=, strlen(OUTSIDE));
        }
        check_text(node);
    }
}

static void attack_make(LocalEnv *env, FsNode *dir)
{
    FsNode *root = env->root;
    g_autoptr(FsNode) other = local_env_lookup(env, "g");
    FsAttr attr;

    local_env_try_create(dir, "new", O_RDWR | O_TRUNC);
    fs_mkdir(CALL_AS(&local_env_cred), dir, "dir", 0700, &attr);
    fs_mknod(CALL_AS(&local_env_cred), dir, "fifo", S_IFIFO | 0600, 0, &attr);
    fs_symlink(CALL_AS(&local_env_cred), dir, "link", "x", &attr);
    fs_link(&test_call, other, dir, "hard");
    fs_rename(&test_call, root, "moved", dir, "moved");
    fs_rename(&test_call, dir, "moved", root, "moved");
    local_env_try_create(root, "moved", O_RDWR);
    fs_unlink(&test_call, dir, "new", false);
    fs_unlink(&test_call, dir, "dir", true);
    fs_unlink(&test_call, dir, "fifo", false);
    fs_unlink(&test_call, dir, "link", false);
    fs_unlink(&test_call, dir, "hard", false);
}

static void attack_attributes(LocalEnv *env, FsNode *dir)
{
    FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_MTIME | FS_SET_ATIME | FS_SET_UID,
        .mode = 0777, .uid = local_env_cred.uid,
    };
    FsSetattr size = { .valid = FS_SET_SIZE, .size = 1 };
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    fs_setattr(&test_call, dir, NULL, &set);
    if (fs_lookup(&test_call, dir, "f", &node, &attr) == 0) {
        fs_setattr(&test_call, node, NULL, &set);
        fs_setattr(&test_call, node, NULL, &size);
    }
}

static void try_xattrs(FsNode *node)
{
    char value[64] = "";
    ssize_t len = fs_getxattr(&test_call, node, "user.x", value,
                              sizeof(value) - 1);

    if (len >= 0) {
        g_assert_cmpstr(value, !=, OUTSIDE);
    }
    fs_listxattr(&test_call, node, value, sizeof(value));
    fs_setxattr(&test_call, node, "user.x", INSIDE, strlen(INSIDE), 0);
    fs_setxattr(&test_call, node, "user.y", INSIDE, strlen(INSIDE), 0);
    fs_removexattr(&test_call, node, "user.y");
    fs_removexattr(&test_call, node, "user.x");
}

static void attack_xattrs(LocalEnv *env, FsNode *dir)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    try_xattrs(dir);
    if (fs_lookup(&test_call, dir, "f", &node, &attr) == 0) {
        try_xattrs(node);
    }
}

static void attack_remove(LocalEnv *env, FsNode *dir)
{
    FsAttr attr;

    fs_rename(&test_call, dir, "f", env->root, "stolen");
    fs_rename(&test_call, dir, "sub", env->root, "stolen-sub");
    fs_unlink(&test_call, env->root, "stolen-sub", true);
    fs_unlink(&test_call, dir, "f", false);
    fs_unlink(&test_call, dir, "sub", true);
    local_env_try_create(dir, "f", O_RDWR);
    fs_mkdir(CALL_AS(&local_env_cred), dir, "sub", 0700, &attr);
}

static void test_read(LocalEnv *env)
{
    exchange_directory(env, attack_read);
}

static void test_make(LocalEnv *env)
{
    exchange_directory(env, attack_make);
}

static void test_set_attributes(LocalEnv *env)
{
    exchange_directory(env, attack_attributes);
}

static void test_extended_attributes(LocalEnv *env)
{
    exchange_directory(env, attack_xattrs);
}

static void test_remove(LocalEnv *env)
{
    exchange_directory(env, attack_remove);
}

/* ---- a file and something else ---------------------------------------- */

/* What is found may have the stored type of the other: only count it. */
#define LEAST_FOUND 100

/* A link to a file outside is neither opened nor changed instead of a file. */
static void test_file_with_link(LocalEnv *env)
{
    FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_SIZE, .mode = 0666, .size = 1,
    };
    g_autofree char *before = plant(env);
    g_autofree char *victim = outside_path(env, "f");
    g_autofree char *link = g_strdup(local_env_path(env, "lf"));
    unsigned found = 0;
    Race *race;

    local_env_put(env, "f", INSIDE);
    g_assert_cmpint(symlink(victim, link), ==, 0);
    race = race_begin(local_env_path(env, "f"), link);
    do {
        g_autoptr(FsNode) node = NULL;
        FsAttr attr;

        local_env_try_create(env->root, "f", O_RDWR | O_TRUNC);
        if (fs_lookup(&test_call, env->root, "f", &node, &attr) < 0) {
            continue;
        }
        found++;
        local_env_try_open(node, O_RDWR | O_TRUNC);
        check_text(node);
        fs_setattr(&test_call, node, NULL, &set);
        fs_setxattr(&test_call, node, "user.x", INSIDE, strlen(INSIDE), 0);
    } while (race_until(race, found >= LEAST_FOUND));
    race_end(race);
    check_outside(env, before);
}

/* Neither a path that has become a FIFO nor a FIFO as such is opened. */
static void test_file_with_fifo(LocalEnv *env)
{
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 1 };
    g_autofree char *fifo = g_strdup(local_env_path(env, "p"));
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    struct inotify_event event;
    unsigned found = 0;
    Race *race;

    local_env_put(env, "f", INSIDE);
    g_assert_cmpint(mkfifo(fifo, 0666), ==, 0);
    g_assert_cmpint(inotify_add_watch(watch, fifo, IN_OPEN), >=, 0);
    race = race_begin(local_env_path(env, "f"), fifo);
    do {
        g_autoptr(FsNode) node = NULL;
        FsAttr attr;

        local_env_try_create(env->root, "f", O_RDWR);
        if (fs_lookup(&test_call, env->root, "f", &node, &attr) < 0) {
            continue;
        }
        found++;
        local_env_try_open(node, O_RDONLY);
        local_env_try_open(node, O_WRONLY | O_TRUNC);
        fs_setattr(&test_call, node, NULL, &set);
    } while (race_until(race, found >= LEAST_FOUND));
    race_end(race);
    g_assert_cmpint(read(watch, &event, sizeof(event)), ==, -1);
    g_assert_cmpint(errno, ==, EAGAIN);
    close(watch);
}

/*
 * While a file is made and gets its owner and mode, its name becomes that of a
 * hard link to a file outside.  The next round makes it under a free name.
 */
static void test_new_file_with_hard_link(LocalEnv *env)
{
    g_autofree char *victim = outside_path(env, "f");
    g_autofree char *hard = g_strdup(local_env_path(env, "hard"));
    g_autofree char *new = g_strdup(local_env_path(env, "new"));
    g_autofree char *spare = g_strdup(local_env_path(env, "spare"));
    struct stat before, after;
    char xattrs[256];
    Race *race;

    g_assert_true(g_file_set_contents(victim, OUTSIDE, -1, NULL));
    g_assert_cmpint(chmod(victim, 0600), ==, 0);
    g_assert_cmpint(link(victim, hard), ==, 0);
    g_assert_cmpint(stat(victim, &before), ==, 0);
    race = race_begin(new, hard);
    do {
        g_autoptr(FsNode) node = NULL;
        g_autoptr(FsFile) file = NULL;
        FsAttr attr;

        fs_create(CALL_AS(&local_env_cred), env->root, "new",
                  O_RDWR | O_EXCL, 0751, &node, &file, &attr);
        /* Free "new", and let "hard" be the link to the victim again. */
        unlink(new);
        g_assert_cmpint(link(victim, spare), ==, 0);
        g_assert_cmpint(rename(spare, hard), ==, 0);
        unlink(spare);
    } while (race_goes_on(race));
    race_end(race);
    g_assert_cmpint(stat(victim, &after), ==, 0);
    g_assert_cmphex(after.st_mode, ==, before.st_mode);
    g_assert_cmpuint(after.st_uid, ==, before.st_uid);
    g_assert_cmpuint(after.st_gid, ==, before.st_gid);
    g_assert_cmpuint(after.st_size, ==, before.st_size);
    g_assert_cmpint(listxattr(victim, xattrs, sizeof(xattrs)), <=, 0);
}

/* ---- main ------------------------------------------------------------- */

#define EVERYWHERE (LOCAL_ALL | LOCAL_PROXY)

static const LocalEnvTest tests[] = {
    { "read", EVERYWHERE, test_read },
    { "make", EVERYWHERE, test_make },
    { "set-attributes", EVERYWHERE, test_set_attributes },
    { "extended-attributes", EVERYWHERE, test_extended_attributes },
    { "remove", EVERYWHERE, test_remove },
    { "file-with-link", EVERYWHERE, test_file_with_link },
    { "file-with-fifo", EVERYWHERE, test_file_with_fifo },
    { "new-file-with-hard-link", EVERYWHERE, test_new_file_with_hard_link },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/swaps", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
