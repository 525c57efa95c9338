/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions on the local driver that get valid requests at random: afterwards no
 * fid, descriptor or lock is left.  The seed is that of GTest (--seed).
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/race.h"
#include "local/local-env.h"

#define ROUNDS 4000

enum { FIDS = 16, NAMES = 8 };

static uint32_t any_fid(void)
{
    return g_test_rand_int_range(0, FIDS);
}

static const char *any_name(void)
{
    static const char *const names[NAMES] = {
        "a", "b", "c", "d", "sub", "..", "link", "e",
    };

    return names[g_test_rand_int_range(0, NAMES)];
}

static P9Name any_p9_name(void)
{
    const char *name = any_name();

    return P9NAME(strcmp(name, "..") ? name : "f");
}

/* Requests that make or remove names */
static void change_names(Client *c, unsigned what)
{
    uint32_t gid = getegid();

    switch (what) {
    case 0:
        ASK(c, lcreate, .fid = any_fid(), .name = any_p9_name(), .flags = 2,
            .mode = 0644, .gid = gid);
        break;
    case 1:
        ASK(c, mkdir, .fid = any_fid(), .name = any_p9_name(), .mode = 0755,
            .gid = gid);
        break;
    case 2:
        ASK(c, symlink, .fid = any_fid(), .name = any_p9_name(),
            .target = P9STR("sub"), .gid = gid);
        break;
    case 3:
        ASK(c, link, .dfid = any_fid(), .fid = any_fid(),
            .name = any_p9_name());
        break;
    case 4:
        ASK(c, renameat, .olddirfid = any_fid(), .oldname = any_p9_name(),
            .newdirfid = any_fid(), .newname = any_p9_name());
        break;
    case 5:
        ASK(c, unlinkat, .dfid = any_fid(), .name = any_p9_name(),
            .flags = g_test_rand_bit() ? 0x200 : 0);
        break;
    case 6:
        /* The root cannot be removed, but its fid would be gone. */
        ASK(c, remove, .fid = 1 + any_fid() % (FIDS - 1));
        break;
    default:
        ASK(c, mknod, .fid = any_fid(), .name = any_p9_name(),
            .mode = S_IFIFO | 0600, .gid = gid);
        break;
    }
}

/* Requests that use an open file, an attribute or a lock */
static void use_file(Client *c, unsigned what)
{
    uint32_t fid = any_fid();
    const char *attr;

    switch (what) {
    case 0:
        ASK(c, lopen, .fid = fid, .flags = g_test_rand_int_range(0, 3));
        break;
    case 1:
        client_read(c, fid, g_test_rand_int_range(0, 64), 32);
        break;
    case 2:
        client_write(c, fid, g_test_rand_int_range(0, 64), "some text", 9);
        break;
    case 3:
        ASK(c, readdir, .fid = fid, .count = 512);
        break;
    case 4:
        ASK(c, xattrcreate, .fid = fid, .name = P9STR("user.x"), .size = 9);
        break;
    case 5:
        attr = g_test_rand_bit() ? "" : "user.x";
        ASK(c, xattrwalk, .fid = fid, .newfid = any_fid(),
            .name = P9STR(attr));
        break;
    case 6:
        ASK(c, lock, .fid = fid, .type = g_test_rand_int_range(0, 3),
            .start = g_test_rand_int_range(0, 9), .length = 3,
            .proc_id = g_test_rand_int_range(0, 4), .client_id = P9STR("c"));
        break;
    default:
        ASK(c, setattr, .fid = fid, .valid = 1, .mode = 0755);
        break;
    }
}

/* True if it succeeded */
static bool one_request(Client *c)
{
    unsigned what = g_test_rand_int_range(0, 28);
    bool good;

    if (what < 8) {
        change_names(c, what);
    } else if (what < 16) {
        use_file(c, what - 8);
    } else if (what < 24) {
        client_walk(c, g_test_rand_bit() ? 0 : any_fid(), any_fid(),
                    any_name());
    } else if (what < 26) {
        ASK(c, getattr, .fid = any_fid(), .request_mask = 0x7ff);
    } else {
        ASK(c, clunk, .fid = 1 + any_fid() % (FIDS - 1));
    }
    good = client_last(c)->error == 0;
    /* The client keeps every call, for which there is not enough memory. */
    g_ptr_array_set_size(c->calls, 0);
    return good;
}

static unsigned fids(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.fids;
}

static void test_random(LocalEnv *env)
{
    unsigned rounds = race_rounds(ROUNDS), good = 0;
    Client *c;

    local_env_mkdir(env, "sub");
    fs_node_unref(g_steal_pointer(&env->root));
    c = client_start(g_steal_pointer(&env->export), CLIENT_INLINE);
    for (unsigned i = 0; i < rounds; i++) {
        good += one_request(c);
    }
    g_assert_cmpuint(good, >, rounds / 20);
    for (uint32_t fid = 0; fid < FIDS; fid++) {
        ASK(c, clunk, .fid = fid);
    }
    test_exec_drain(c->exec);
    g_assert_cmpuint(fids(c), ==, 0);
    client_free(c);
    /* local_env_end() counts the descriptors. */
}

static const LocalEnvTest tests[] = {
    { "random", LOCAL_ALL, test_random },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/session", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
