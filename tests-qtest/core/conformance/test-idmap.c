/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uidmap= and gidmap=: which maps are valid, how ids are mapped, and that the
 * local driver stores host ids.
 */
#include "fsdev/core/p9-osdep.h"
#include "local/local-env.h"
#include "lib/test-call.h"

#define ACL_ACCESS "system.posix_acl_access"
#define HOST_OVERFLOW UINT64_MAX    /* "refused" in the tables below */

/* ---- specifications ---- */

static const struct {
    const char *spec;
    const char *message;        /* part of the expected error message */
} refused[] = {
    { "", "it is empty" },
    { "+", "'' is neither" },
    { "0:0:1+", "'' is neither" },
    { "0:0:1++5:5:1", "'' is neither" },
    { "0:0", "'0:0' is neither" },
    { "0:0:1:", "'0:0:1:' is neither" },
    { "0:0:1+1:1:1:1", "'1:1:1:1' is neither" },
    { "0:0:1;1:1:1", "'0:0:1;1:1:1' is neither" },
    { "squash", "'squash' is neither" },
    { "squashed:1", "'squashed:1' is neither" },
    { "squash:1:2", "'squash' in 'squash:1:2' is not a number" },
    { "squash:", "'' in 'squash:' is not a number" },
    { "squash:x", "'x' in 'squash:x' is not a number" },
    { "squash:4294967295", "'4294967295' in 'squash:4294967295' is not a "
                           "number from 0 to 4294967294" },
    { "squash:1+squash:1", "'squash:1' is a second squash" },
    { "0:0:1+5::1", "'' in '5::1' is not a number" },
    { "x:0:1", "'x' in 'x:0:1' is not a number" },
    { "0:-1:1", "'-1' in '0:-1:1' is not a number" },
    { "0:+1:1", "'0:' is neither" },
    { "0:0x10:1", "'0x10' in '0:0x10:1' is not a number" },
    { "0: 1:1", "' 1' in '0: 1:1' is not a number" },
    { "0:1:1 ", "'1 ' in '0:1:1 ' is not a number" },
    { "4294967295:0:1", "'4294967295' in" },
    { "0:18446744073709551616:1", "'18446744073709551616' in" },
    { "0:0:4294967296", "'4294967296' in '0:0:4294967296' is not a number "
                        "from 0 to 4294967295" },
    { "5:6:0", "the count of '5:6:0' is 0" },
    { "1:0:4294967295", "'1:0:4294967295' goes beyond the last id" },
    { "0:1:4294967295", "'0:1:4294967295' goes beyond the last id" },
    { "4294967294:7:2", "'4294967294:7:2' goes beyond the last id" },
    { "0:100:10+9:200:1", "'9:200:1' has guest ids that '0:100:10'" },
    { "9:200:1+0:100:10", "'0:100:10' has guest ids that '9:200:1'" },
    { "0:100:10+50:109:5", "'50:109:5' has host ids that '0:100:10'" },
    { "50:109:5+0:100:10", "'0:100:10' has host ids that '50:109:5'" },
    { "3:3:1+0:0:4294967295", "'0:0:4294967295' has guest ids" },
};

static void test_refused(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
        g_autoptr(GError) error = NULL;
        IdMap *map = id_map_new(refused[i].spec, &error);

        g_assert_null(map);
        g_assert_nonnull(error);
        if (!strstr(error->message, refused[i].message) ||
            !strstr(error->message, "GUEST:HOST:COUNT and squash:HOST")) {
            g_error("'%s': %s", refused[i].spec, error->message);
        }
    }
}

/* A map may have 340 ranges, as in a user namespace, and not one more. */
static void test_many_ranges(void)
{
    g_autoptr(GString) spec = g_string_new("0:0:1");
    g_autoptr(GError) error = NULL;
    g_autoptr(IdMap) map = NULL;
    uint32_t id = 2 * 339;

    for (unsigned i = 1; i < 340; i++) {
        g_string_append_printf(spec, "+%u:%u:1", 2 * i, 1000000 - i);
    }
    map = id_map_new(spec->str, &error);
    g_assert_no_error(error);
    g_assert_cmpint(id_map_to_host(map, &id), ==, 0);
    g_assert_cmpuint(id, ==, 1000000 - 339);
    g_string_append(spec, "+7:7:1");
    g_assert_null(id_map_new(spec->str, &error));
    g_assert_nonnull(strstr(error->message, "'7:7:1' exceeds the limit"));
}

/* ---- ids ---- */

static const struct {
    const char *spec;
    uint32_t from;
    uint64_t host;              /* of guest id from, or HOST_OVERFLOW */
    uint32_t guest;             /* of host id from */
} ids[] = {
    { "0:1000:1", 0, 1000, ID_OVERFLOW },
    { "0:1000:1", 1, HOST_OVERFLOW, ID_OVERFLOW },
    { "0:1000:1", 1000, HOST_OVERFLOW, 0 },
    { "0:1000:1", ID_NONE, HOST_OVERFLOW, ID_OVERFLOW },
    { "10:20:5+squash:3", 9, 3, ID_OVERFLOW },
    { "10:20:5+squash:3", 10, 20, ID_OVERFLOW },
    { "10:20:5+squash:3", 14, 24, ID_OVERFLOW },
    { "10:20:5+squash:3", 15, 3, ID_OVERFLOW },
    { "10:20:5+squash:3", 20, 3, 10 },
    { "10:20:5+squash:3", 24, 3, 14 },
    { "10:20:5+squash:3", 25, 3, ID_OVERFLOW },
    { "10:20:5+squash:3", 3, 3, ID_OVERFLOW },
    { "10:20:5+squash:3", ID_NONE, 3, ID_OVERFLOW },
    /* Squashed ids may share the host id of one that is mapped. */
    { "0:1000:1+squash:1000", 77, 1000, ID_OVERFLOW },
    { "0:1000:1,squash:1000", 1000, 1000, 0 },
    { "squash:7", 0, 7, ID_OVERFLOW },
    { "0:0:4294967295", 4294967294, 4294967294, 4294967294 },
    { "0:0:4294967295", ID_NONE, HOST_OVERFLOW, ID_OVERFLOW },
    { "0:4294967294:1+1:0:1", 0, 4294967294, 1 },
    { "4294967294:0:1", 4294967294, 0, ID_OVERFLOW },
};

static void test_ids(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
        g_autoptr(IdMap) map = id_map_new(ids[i].spec, NULL);
        uint32_t host = ids[i].from;
        uint32_t guest = ids[i].from;
        int ret = id_map_to_host(map, &host);

        g_test_message("%s: %" PRIu32, ids[i].spec, ids[i].from);
        g_assert_nonnull(map);
        if (ids[i].host == HOST_OVERFLOW) {
            g_assert_cmpint(ret, ==, -EOVERFLOW);
        } else {
            g_assert_cmpint(ret, ==, 0);
            g_assert_cmpuint(host, ==, ids[i].host);
        }
        g_assert_cmpint(id_map_to_guest(map, &guest), ==, 0);
        g_assert_cmpuint(guest, ==, ids[i].guest);
    }
}

/* With random ranges, mapping an id to the host and back yields the same id. */
static void test_round_trip(void)
{
    for (unsigned round = 0; round < 200; round++) {
        g_autoptr(GString) spec = g_string_new(NULL);
        unsigned n = g_test_rand_int_range(1, 20);
        uint32_t guest[20], host[20], count[20];
        g_autoptr(GError) error = NULL;
        g_autoptr(IdMap) map = NULL;
        uint32_t g = 0, h = 0;

        for (unsigned i = 0; i < n; i++) {
            count[i] = g_test_rand_int_range(1, 1000000);
            guest[i] = g + g_test_rand_int_range(0, 100000);
            host[i] = h + g_test_rand_int_range(0, 100000);
            g = guest[i] + count[i];
            h = host[i] + count[i];
        }
        /* Guest ranges ascend, the corresponding host ranges descend. */
        for (unsigned i = 0; i < n; i++) {
            host[i] = h - host[i] - count[i];
            g_string_append_printf(spec, "%s%u:%u:%u", i ? "+" : "", guest[i],
                                   host[i], count[i]);
        }
        map = id_map_new(spec->str, &error);
        g_assert_no_error(error);
        for (unsigned i = 0; i < n; i++) {
            uint32_t at[] = {
                0, count[i] - 1, g_test_rand_int_range(0, count[i])
            };

            for (unsigned j = 0; j < ARRAY_SIZE(at); j++) {
                uint32_t id = guest[i] + at[j];

                g_assert_cmpint(id_map_to_host(map, &id), ==, 0);
                g_assert_cmpuint(id, ==, host[i] + at[j]);
                id_map_to_guest(map, &id);
                g_assert_cmpuint(id, ==, guest[i] + at[j]);
            }
        }
    }
}

/* ---- access control lists ---- */

enum {
    USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32,
};

typedef struct Acl {
    uint32_t version;
    struct {
        uint16_t tag, rights;
        uint32_t id;
    } entry[6];
} Acl;

/*
 * Only entries of a named user or group have an id; that of the other entries
 * has no meaning and is not mapped.
 */
static Acl acl_of(uint32_t user, uint32_t group)
{
    const uint16_t tags[] = { USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER };
    Acl acl = { .version = cpu_to_le32(2) };

    for (unsigned i = 0; i < ARRAY_SIZE(tags); i++) {
        acl.entry[i].tag = cpu_to_le16(tags[i]);
        acl.entry[i].rights = cpu_to_le16(4);
        acl.entry[i].id = cpu_to_le32(tags[i] == USER ? user :
                                      tags[i] == GROUP ? group : UINT32_MAX);
    }
    return acl;
}

static void test_acl(void)
{
    g_autoptr(IdMap) users = id_map_new("0:1000:10", NULL);
    g_autoptr(IdMap) groups = id_map_new("0:2000:10+squash:9", NULL);
    Acl acl = acl_of(3, 4), want = acl_of(1003, 2004);

    g_assert_cmpint(id_map_acl_to_host(users, groups, &acl, sizeof(acl)), ==,
                    0);
    g_assert_cmpmem(&acl, sizeof(acl), &want, sizeof(want));
    want = acl_of(3, 4);
    g_assert_cmpint(id_map_acl_to_guest(users, groups, &acl, sizeof(acl)), ==,
                    0);
    g_assert_cmpmem(&acl, sizeof(acl), &want, sizeof(want));
    /* Outside the maps. */
    acl = acl_of(10, 4);
    g_assert_cmpint(id_map_acl_to_host(users, groups, &acl, sizeof(acl)), ==,
                    -EOVERFLOW);
    acl = acl_of(9, 10);
    want = acl_of(1009, 9);
    g_assert_cmpint(id_map_acl_to_host(users, groups, &acl, sizeof(acl)), ==,
                    0);
    g_assert_cmpmem(&acl, sizeof(acl), &want, sizeof(want));
    acl = acl_of(5, 5);
    want = acl_of(ID_OVERFLOW, ID_OVERFLOW);
    g_assert_cmpint(id_map_acl_to_guest(users, groups, &acl, sizeof(acl)), ==,
                    0);
    g_assert_cmpmem(&acl, sizeof(acl), &want, sizeof(want));
    /* An entry without an id is not one for every user. */
    acl = acl_of(ID_NONE, 4);
    g_assert_cmpint(id_map_acl_to_host(users, groups, &acl, sizeof(acl)), ==,
                    -EOVERFLOW);
    /* With a map of groups only. */
    acl = acl_of(5, 5);
    want = acl_of(5, 2005);
    g_assert_cmpint(id_map_acl_to_host(NULL, groups, &acl, sizeof(acl)), ==,
                    0);
    g_assert_cmpmem(&acl, sizeof(acl), &want, sizeof(want));
}

static void test_broken_acl(void)
{
    g_autoptr(IdMap) map = id_map_new("0:1000:10", NULL);
    Acl acl = acl_of(3, 4);

    for (size_t size = 0; size < sizeof(acl); size++) {
        g_autofree void *part = g_memdup2(&acl, size);
        int want = size % 8 == 4 ? 0 : -EINVAL;

        g_assert_cmpint(id_map_acl_to_host(map, map, part, size), ==, want);
    }
    acl.version = cpu_to_le32(1);
    g_assert_cmpint(id_map_acl_to_guest(map, map, &acl, sizeof(acl)), ==,
                    -EINVAL);
}

/* ---- the local driver ---- */

typedef struct Mapped {
    FsExport *export;           /* the directory of env, with id maps */
    FsNode *root;
} Mapped;

static void mapped_open(LocalEnv *env, Mapped *m)
{
    g_autofree char *user = g_strdup_printf("0:%u:1+5:70000:5",
                                            local_env_cred.uid);
    g_autofree char *group = g_strdup_printf("0:%u:1+5:80000:5",
                                             local_env_cred.gid);
    FsConfig *config = &env->fixture.config;
    const FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID,
        .uid = local_env_cred.uid, .gid = local_env_cred.gid,
    };

    config->users = id_map_new(user, NULL);
    config->groups = id_map_new(group, NULL);
    /* The guest cannot change an object whose owner is not mapped. */
    g_assert_cmpint(fs_setattr(&test_call, env->root, NULL, &set), ==, 0);
    m->export = local_fixture_reopen(&env->fixture);
    m->root = fs_root(m->export);
    g_clear_pointer(&config->users, id_map_unref);
    g_clear_pointer(&config->groups, id_map_unref);
}

static void mapped_close(Mapped *m)
{
    fs_node_unref(m->root);
    fs_export_unref(m->export);
}

/* The security model stores host ids, which an export without maps shows. */
static void local_keeps_host_ids(LocalEnv *env)
{
    FsCred cred = { .uid = 0, .gid = 0 };
    FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID, .uid = 6, .gid = 7,
    };
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    Mapped m;

    mapped_open(env, &m);
    g_assert_cmpint(fs_create(CALL_AS(&cred), m.root, "file", O_RDWR, 0600,
                              &node, &file, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.uid, ==, 0);
    g_assert_cmpuint(attr.gid, ==, 0);
    g_assert_cmpuint(local_env_attr(env, "file").uid, ==, local_env_cred.uid);
    g_assert_cmpuint(local_env_attr(env, "file").gid, ==, local_env_cred.gid);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, 0);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 6);
    g_assert_cmpuint(attr.gid, ==, 7);
    attr = local_env_attr(env, "file");
    g_assert_cmpuint(attr.uid, ==, 70001);
    g_assert_cmpuint(attr.gid, ==, 80002);
    if (env->fixture.model == FS_SM_PASSTHROUGH) {
        g_assert_cmpuint(local_env_stat(env, "file").st_uid, ==, 70001);
    }
    set.uid = 70001;
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, -EOVERFLOW);
    g_assert_cmpuint(local_env_attr(env, "file").uid, ==, 70001);
    fs_release(&test_call, file);
    fs_node_unref(node);
    mapped_close(&m);
}

/* The guest's root counts as root where root may keep the set-group-id bit. */
static void local_root_keeps_setgid(LocalEnv *env)
{
    FsCred root = { .uid = 0, .gid = 0 }, user = { .uid = 5, .gid = 5 };
    FsNode *dir = NULL;
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    Mapped m;

    mapped_open(env, &m);
    g_assert_cmpint(fs_mkdir(CALL_AS(&root), m.root, "dir", 02777, &attr), ==,
                    0);
    g_assert_cmpint(fs_lookup(&test_call, m.root, "dir", &dir, &attr), ==, 0);
    g_assert_cmpint(fs_create(CALL_AS(&root), dir, "a", O_RDWR, 02755, &node,
                              &file, &attr),
                    ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 02755);
    fs_release(&test_call, file);
    fs_node_unref(node);
    g_assert_cmpint(fs_create(CALL_AS(&user), dir, "b", O_RDWR, 02755, &node,
                              &file, &attr),
                    ==, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0755);
    fs_release(&test_call, file);
    fs_node_unref(node);
    fs_node_unref(dir);
    mapped_close(&m);
}

static void local_acl(LocalEnv *env)
{
    FsCred cred = { .uid = 0, .gid = 0 };
    Acl acl = acl_of(6, 7), want = acl_of(70001, 80002), got;
    g_autoptr(FsNode) host = NULL;
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;
    Mapped m;

    if (!local_can_acl()) {
        g_test_skip("the temporary directory has no ACLs");
        return;
    }
    mapped_open(env, &m);
    g_assert_cmpint(fs_create(CALL_AS(&cred), m.root, "file", O_RDWR, 0444,
                              &node, &file, &attr),
                    ==, 0);
    g_assert_cmpint(fs_setxattr(&test_call, node, ACL_ACCESS, &acl, sizeof(acl),
                                0),
                    ==, 0);
    g_assert_cmpint(fs_getxattr(&test_call, node, ACL_ACCESS, NULL, 0), ==,
                    sizeof(acl));
    g_assert_cmpint(fs_getxattr(&test_call, node, ACL_ACCESS, &got,
                                sizeof(got)),
                    ==, sizeof(got));
    g_assert_cmpmem(&got, sizeof(got), &acl, sizeof(acl));
    host = local_env_lookup(env, "file");
    g_assert_cmpint(fs_getxattr(&test_call, host, ACL_ACCESS, &got,
                                sizeof(got)),
                    ==, sizeof(got));
    g_assert_cmpmem(&got, sizeof(got), &want, sizeof(want));
    acl = acl_of(6, 70001);
    g_assert_cmpint(fs_setxattr(&test_call, node, ACL_ACCESS, &acl, sizeof(acl),
                                0),
                    ==, -EOVERFLOW);
    g_assert_cmpint(fs_setxattr(&test_call, node, ACL_ACCESS, "garbage", 7, 0),
                    ==, -EINVAL);
    /* Other attributes are not mapped, even if they look like an ACL. */
    if (local_can_user_xattr()) {
        g_assert_cmpint(fs_setxattr(&test_call, node, "user.acl", &acl,
                                    sizeof(acl), 0),
                        ==, 0);
        g_assert_cmpint(fs_getxattr(&test_call, host, "user.acl", &got,
                                    sizeof(got)),
                        ==, sizeof(got));
        g_assert_cmpmem(&got, sizeof(got), &acl, sizeof(acl));
    }
    fs_release(&test_call, file);
    fs_node_unref(node);
    mapped_close(&m);
}

/* Models that store owners as the host's owners need root for chown(2). */
static const LocalEnvTest tests[] = {
    { "host-ids", LOCAL_MAPPED, local_keeps_host_ids },
    { "host-ids", LOCAL_PASSTHROUGH | LOCAL_NONE, local_keeps_host_ids,
      .as_root = true },
    { "setgid", LOCAL_MAPPED, local_root_keeps_setgid },
    { "setgid", LOCAL_PASSTHROUGH | LOCAL_NONE, local_root_keeps_setgid,
      .as_root = true },
    { "acl", LOCAL_MAPPED, local_acl },
    { "acl", LOCAL_PASSTHROUGH, local_acl, .as_root = true },
};

/* Whether some guest id is mapped to a host id. */
static void test_host_ids(void)
{
    g_autoptr(IdMap) map = id_map_new("0:1000:1+5:70000:5+squash:99", NULL);
    g_autoptr(IdMap) no_squash = id_map_new("0:1000:1", NULL);

    g_assert_true(id_map_has_host(map, 1000));
    g_assert_true(id_map_has_host(map, 70004));
    g_assert_true(id_map_has_host(map, 99));
    g_assert_false(id_map_has_host(map, ID_NONE));
    g_assert_false(id_map_has_host(no_squash, ID_NONE));
    g_assert_true(id_map_has_host(NULL, 7));
    g_assert_false(id_map_has_host(map, 0));
    g_assert_false(id_map_has_host(map, 999));
    g_assert_false(id_map_has_host(map, 70005));
    g_assert_false(id_map_has_host(no_squash, 99));
}

/* The map of the helper, which receives ids that QEMU has mapped. */
static void test_host_map(void)
{
    static const struct {
        const char *spec;
        uint32_t host;
        int ret;
    } rows[] = {
        { "0:1000:1+5:70000:5", 1000, 0 },
        { "0:1000:1+5:70000:5", 70004, 0 },
        { "0:1000:1+5:70000:5", 0, -EOVERFLOW },
        { "0:1000:1+5:70000:5", 70005, -EOVERFLOW },
        { "0:1000:1+5:70000:5", ID_NONE, -EOVERFLOW },
        { "0:1000:1+squash:99", 99, 0 },
        { "0:1000:1+squash:99", 98, -EOVERFLOW },
        { "0:1000:1+squash:1000", 1000, 0 },
        { "squash:99", ID_NONE, -EOVERFLOW },
    };

    g_assert_null(id_map_new_host(NULL));
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        g_autoptr(IdMap) map = id_map_new(rows[i].spec, NULL);
        g_autoptr(IdMap) host_map = id_map_new_host(map);
        uint32_t id = rows[i].host;

        g_assert_cmpint(id_map_to_host(host_map, &id), ==, rows[i].ret);
        g_assert_cmpint(id_map_has_host(host_map, id), ==, !rows[i].ret);
        g_assert_cmpint(id_map_to_guest(host_map, &id), ==, 0);
        g_assert_cmpuint(id, ==, rows[i].host);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_test_add_func("/idmap/refused", test_refused);
    g_test_add_func("/idmap/many-ranges", test_many_ranges);
    g_test_add_func("/idmap/ids", test_ids);
    g_test_add_func("/idmap/round-trip", test_round_trip);
    g_test_add_func("/idmap/acl", test_acl);
    g_test_add_func("/idmap/broken-acl", test_broken_acl);
    local_env_add("/idmap/local", tests, ARRAY_SIZE(tests));
    g_test_add_func("/idmap/host-ids", test_host_ids);
    g_test_add_func("/idmap/host-map", test_host_map);
    return g_test_run();
}
