/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of 9P2000.u on objects with owners inside and outside of the
 * maps of the export, as test-owners does for 9P2000.L.
 */
#include "fsdev/core/p9-osdep.h"
#include "owners-world.h"

#define DM_DIR      0x80000000u
#define DM_SYMLINK  0x02000000u
#define DM_LINK     0x01000000u
#define DM_SETUID   0x00080000u
#define OWRITE      1
#define OTRUNC      0x10
#define ORCLOSE     0x40

/* Each acts on fid 1, the object, and returns 0 or -errno. */
typedef int Act(Client *c);

#define WSTAT(function, member, value) \
    static int function(Client *c) \
    { \
        P9Stat st = client_keep_all(); \
        \
        st.member = value; \
        return ASK(c, wstat, .fid = 1, .stat = st); \
    }

WSTAT(wstat_mode, mode, DM_SETUID | 0755)
WSTAT(wstat_owner, n_uid, 1)
WSTAT(wstat_group, n_gid, 1)
WSTAT(wstat_length, length, 1)
WSTAT(wstat_mtime, mtime, 1)
WSTAT(wstat_name, name, P9STR("new"))

#define OPEN(function, flags) \
    static int function(Client *c) \
    { \
        return ASK(c, open, .fid = 1, .mode = flags); \
    }

OPEN(open_read, 0)
OPEN(open_write, OWRITE)
OPEN(open_truncate, OWRITE | OTRUNC)

/* The file is removed when the fid is clunked. */
static int open_remove(Client *c)
{
    int ret = ASK(c, open, .fid = 1, .mode = ORCLOSE);

    ASK(c, clunk, .fid = 1);
    return ret;
}

static int remove_it(Client *c)
{
    return ASK(c, remove, .fid = 1);
}

#define CREATE(function, bits, text) \
    static int function(Client *c) \
    { \
        return ASK(c, create, .fid = 1, .name = P9NAME("new"), .perm = bits, \
                   .mode = 0, .extension = P9STR(text)); \
    }

CREATE(create_file, 0600, "")
CREATE(create_dir, DM_DIR | 0700, "")
CREATE(create_link, DM_SYMLINK | 0777, "x")

/* The extension is the number of the fid of the object. */
static int hard_link(Client *c)
{
    return ASK(c, create, .fid = 0, .name = P9NAME("new"), .perm = DM_LINK,
               .mode = 0, .extension = P9STR("1"));
}

enum { ANY = -1 };

static const struct {
    const char *name;
    Act *act;
    uint32_t mode;              /* of the object */
    int foreign;                /* ANY: the result is not what counts */
} acts[] = {
    { "wstat-mode", wstat_mode, S_IFREG | 0666, -EOVERFLOW },
    { "wstat-owner", wstat_owner, S_IFREG | 0666, -EOVERFLOW },
    { "wstat-group", wstat_group, S_IFREG | 0666, -EOVERFLOW },
    { "wstat-length", wstat_length, S_IFREG | 0666, -EACCES },
    { "wstat-mtime", wstat_mtime, S_IFREG | 0666, -EOVERFLOW },
    { "wstat-name", wstat_name, S_IFREG | 0666, -EOVERFLOW },
    { "read", open_read, S_IFREG | 0600, -EACCES },
    { "read-public", open_read, S_IFREG | 0604, 0 },
    { "write", open_write, S_IFREG | 0666, -EACCES },
    { "truncate", open_truncate, S_IFREG | 0666, -EACCES },
    { "remove-on-close", open_remove, S_IFREG | 0666, ANY },
    { "remove", remove_it, S_IFREG | 0666, -EOVERFLOW },
    { "hard-link", hard_link, S_IFREG | 0666, -EOVERFLOW },
    { "create", create_file, S_IFDIR | 0777, -EACCES },
    { "create-dir", create_dir, S_IFDIR | 0777, -EACCES },
    { "create-link", create_link, S_IFDIR | 0777, -EACCES },
};

static const uint32_t owners[] = { OWNERS_BASE, OWNERS_NOT_HOST, 0 };

static void check_act(OwnersWorld *w, size_t act, uint32_t owner)
{
    const OwnersObject object = { owner, owner, acts[act].mode };
    bool mapped = owner == OWNERS_BASE;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    int ret;

    owners_put(w, "o", &object);
    before = owners_snapshot(w);
    g_assert_cmpint(client_attach(w->client, 0, owners_guest(w, 0)), ==, 0);
    g_assert_cmpint(client_walk(w->client, 0, 1, "o"), ==, 0);
    ret = acts[act].act(w->client);
    if (acts[act].foreign != ANY && ret != (mapped ? 0 : acts[act].foreign)) {
        g_error("%s, owner %u: %d", acts[act].name, owner, ret);
    }
    ASK(w->client, clunk, .fid = 1);
    ASK(w->client, clunk, .fid = 0);
    after = owners_snapshot(w);
    if (!mapped) {
        g_assert_cmpstr(after, ==, before);
    } else if (acts[act].act != open_read && acts[act].act != open_write) {
        g_assert_cmpstr(after, !=, before);
    }
    owners_clear(w);
}

/* With squash, as QEMU's own group, which new files get, is not mapped. */
static void test_acts(gconstpointer place)
{
    OWNERS_WORLD w = { 0 };

    if (!owners_world_start(&w, GPOINTER_TO_UINT(place), true, "9P2000.u")) {
        return;
    }
    g_assert_cmpint(ASK(w.client, clunk, .fid = 0), ==, 0);
    for (size_t act = 0; act < ARRAY_SIZE(acts); act++) {
        for (size_t owner = 0; owner < ARRAY_SIZE(owners); owner++) {
            check_act(&w, act, owners[owner]);
        }
    }
}

/*
 * The message has no group, so QEMU's own would be that of the new object.  It
 * is not mapped, and there is no squash.
 */
static void test_own_group(gconstpointer place)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    OWNERS_WORLD w = { 0 };

    if (!owners_world_start(&w, GPOINTER_TO_UINT(place), false, "9P2000.u")) {
        return;
    }
    before = owners_snapshot(&w);
    for (unsigned i = 0; i < ARRAY_SIZE(acts); i++) {
        if (!S_ISDIR(acts[i].mode)) {
            continue;
        }
        g_assert_cmpint(client_walk(w.client, 0, 1, ""), ==, 0);
        g_assert_cmpint(acts[i].act(w.client), ==, -EOVERFLOW);
        g_assert_cmpint(ASK(w.client, clunk, .fid = 1), ==, 0);
    }
    after = owners_snapshot(&w);
    g_assert_cmpstr(after, ==, before);
}

static void add(const char *name, OwnersPlace place, GTestDataFunc run)
{
    g_autofree char *path = g_strdup_printf("/owners-dotu/%s/%s", name,
                                            owners_place_names[place]);

    g_test_add_data_func(path, GUINT_TO_POINTER(place), run);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* The proxy's QEMU that trusts the guest has no squash. */
    for (unsigned place = 0; place < OWNERS_HELPER; place++) {
        add("acts", place, test_acts);
        add("own-group", place, test_own_group);
    }
    add("own-group", OWNERS_HELPER, test_own_group);
    return g_test_run();
}
