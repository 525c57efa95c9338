/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entries of host directories that no guest can use, or that cannot be looked
 * at: the rest of the directory is listed, and the host is told.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p.h"
#include "lib/client.h"
#include "lib/fuse-names.h"
#include "lib/fuse-stand-in.h"
#include "lib/test-call.h"
#include "lib/warnings.h"
#include "local-env.h"

enum { LONG = 4 };              /* names of more than NAME_MAX bytes */

static char long_name[LONG][1025];
static const char *const names[] = {
    long_name[0], "first", long_name[1], long_name[2], "second", "third",
    long_name[3], NULL,
};

static const char *cannot_mount;

static void make_names(void)
{
    static const size_t lengths[LONG] = { 256, 300, 1000, 1024 };

    for (unsigned i = 0; i < LONG; i++) {
        memset(long_name[i], 'a' + i, lengths[i]);
    }
}

/* The export's root with the folder "m" that has @names; NULL: skipped. */
static FuseNames *mount_names(LocalEnv *env)
{
    const char *why = cannot_mount;
    FuseNames *fuse = NULL;

    local_env_mkdir(env, "m");
    if (!why) {
        fuse = fuse_names_new(local_env_path(env, "m"), names, &why);
    }
    if (!fuse) {
        g_test_skip(why);
    }
    return fuse;
}

typedef struct Listed {
    unsigned known;             /* "first", "second", "third" */
    unsigned others;
} Listed;

static void count_name(Listed *listed, const char *name, size_t len)
{
    if ((len == 5 && (!memcmp(name, "first", 5) || !memcmp(name, "third", 5)))
        || (len == 6 && !memcmp(name, "second", 6))) {
        listed->known++;
    } else if (!(len == 1 && *name == '.') && memcmp(name, "..", 2)) {
        listed->others++;
    }
}

/* ---- through the driver ----------------------------------------------- */

static int count_dirent(void *opaque, const FsDirent *entry)
{
    count_name(opaque, entry->name, entry->name_len);
    return 0;
}

static void list_folder(FsNode *dir, unsigned flags)
{
    g_autoptr(FsFile) file = NULL;
    Listed listed = { 0 };

    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, flags, count_dirent,
                               &listed), ==, 0);
    g_assert_cmpuint(listed.known, ==, 3);
    g_assert_cmpuint(listed.others, ==, 0);
}

static void too_long(LocalEnv *env)
{
    g_autoptr(FuseNames) fuse = mount_names(env);
    g_autoptr(FsNode) dir = NULL;

    if (!fuse) {
        return;
    }
    dir = local_env_lookup(env, "m");
    warnings_collect();
    list_folder(dir, 0);
    list_folder(dir, FS_READDIR_DEV);
    g_assert_cmpuint(warnings_with("'/m'"), ==, 1);
    warnings_end();
}

/* ---- through a session ------------------------------------------------ */

static uint64_t get(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        value |= (uint64_t)p[i] << (8 * i);
    }
    return value;
}

static void list_by_treaddir(Client *c, uint32_t count, Listed *listed)
{
    uint64_t offset = 0;

    for (;;) {
        const uint8_t *p, *end;

        g_assert_cmpint(ASK(c, readdir, .fid = 1, .offset = offset,
                            .count = count), ==, 0);
        p = client_last(c)->reply->data + P9_IO_HDRSZ;
        end = p + client_last(c)->r.readdir.data.count;
        if (p == end) {
            return;
        }
        while (p < end) {
            size_t len = get(p + 22, 2);

            offset = get(p + 13, 8);
            count_name(listed, (const char *)p + 24, len);
            p += 24 + len;
        }
    }
}

static void list_by_tread(Client *c, uint32_t count, Listed *listed)
{
    uint64_t offset = 0;
    ssize_t n;

    while ((n = client_read(c, 1, offset, count)) > 0) {
        const uint8_t *p = client_last(c)->reply->data + P9_IO_HDRSZ;
        const uint8_t *end = p + n;

        for (; p < end; p += 2 + get(p, 2)) {
            count_name(listed, (const char *)p + 43, get(p + 41, 2));
        }
        offset += n;
    }
    g_assert_cmpint(n, ==, 0);
}

/* With replies for everything, and for about one entry. */
static void session(LocalEnv *env, const char *version)
{
    static const uint32_t counts[] = { 8000, 100 };
    g_autoptr(FuseNames) fuse = mount_names(env);
    Client *c;

    if (!fuse) {
        return;
    }
    warnings_collect();
    c = client_new(local_fixture_reopen(&env->fixture), CLIENT_INLINE,
                   NULL);
    g_assert_cmpint(client_version(c, 8192, version), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, "m"), ==, 0);
    if (!strcmp(version, "9P2000.L")) {
        g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    } else {
        g_assert_cmpint(ASK(c, open, .fid = 1), ==, 0);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(counts); i++) {
        Listed listed = { 0 };

        if (!strcmp(version, "9P2000.L")) {
            list_by_treaddir(c, counts[i], &listed);
        } else {
            list_by_tread(c, counts[i], &listed);
        }
        g_assert_cmpuint(listed.known, ==, 3);
        g_assert_cmpuint(listed.others, ==, 0);
    }
    g_assert_cmpuint(warnings_with("'/m'"), ==, 1);
    client_free(c);
    warnings_end();
}

static void treaddir(LocalEnv *env)
{
    session(env, "9P2000.L");
}

static void tread(LocalEnv *env)
{
    session(env, "9P2000.u");
}

/* ---- a mount that does not work --------------------------------------- */

static void dead_mount(LocalEnv *env)
{
    g_autoptr(FuseNames) fuse = mount_names(env);
    Client *c;

    if (!fuse) {
        return;
    }
    fuse_names_die(fuse);
    g_assert_true(local_env_lists(env->root, "m"));
    c = client_new(local_fixture_reopen(&env->fixture), CLIENT_INLINE,
                   NULL);
    g_assert_cmpint(client_version(c, 8192, "9P2000.L"), ==, 0);
    g_assert_cmpint(client_attach(c, 0, 0), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 1, ""), ==, 0);
    g_assert_cmpint(ASK(c, lopen, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(c, readdir, .fid = 1, .count = 8000), ==, 0);
    /* ".", ".." and "m", each with 24 bytes besides its name. */
    g_assert_cmpuint(client_last(c)->r.readdir.data.count, ==,
                     3 * 24 + strlen("." ".." "m"));
    client_free(c);
}

static const LocalEnvTest tests[] = {
    { "too-long", LOCAL_ALL | LOCAL_PROXY, too_long, .as_root = true },
    { "too-long-treaddir", LOCAL_ALL | LOCAL_PROXY, treaddir,
      .as_root = true },
    { "too-long-tread", LOCAL_ALL | LOCAL_PROXY, tread, .as_root = true },
    { "dead-mount", LOCAL_ALL, dead_mount, .as_root = true },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_names();
    cannot_mount = fuse_stand_in_separate();
    local_env_add("/local/listing", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
