/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The option xattrs= in each security model and with the proxy: where the
 * guest's attributes in security.* and trusted.* are on the host.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "lib/test-call.h"
#include "local-env.h"

#define PRIVATE "user.virtfs."
#define CAPABILITY "security.capability"

/* cap_net_raw=ep: revision 2, and revision 3 for a root with the id 0. */
static const uint8_t cap_v2[20] = { 1, 0, 0, 2, 0, 0x20 };
static const uint8_t cap_v3[24] = { 1, 0, 0, 3, 0, 0x20 };

/* ---- an export with rules --------------------------------------------- */

/* A second export of the directory; the first one has no rules. */
static FsExport *open_with(LocalEnv *env, const char *rules, const char *map)
{
    FsExport *export;

    env->fixture.config.xattrs = fs_xattr_rules_new(rules, NULL);
    g_assert_nonnull(env->fixture.config.xattrs);
    env->fixture.config.users = map ? id_map_new(map, NULL) : NULL;
    env->fixture.config.groups = map ? id_map_new(map, NULL) : NULL;
    export = local_fixture_reopen(&env->fixture);
    g_clear_pointer(&env->fixture.config.xattrs, fs_xattr_rules_unref);
    g_clear_pointer(&env->fixture.config.users, id_map_unref);
    g_clear_pointer(&env->fixture.config.groups, id_map_unref);
    return export;
}

static FsNode *find(FsExport *export, const char *name)
{
    g_autoptr(FsNode) root = fs_root(export);
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, root, name, &node, &attr), ==, 0);
    return node;
}

static int set(FsNode *node, const char *name, const char *value)
{
    return fs_setxattr(&test_call, node, name, value, strlen(value), 0);
}

static void check_value(FsNode *node, const char *name, const char *value)
{
    char buf[64];

    g_assert_cmpint(fs_getxattr(&test_call, node, name, buf, sizeof(buf)), ==,
                    strlen(value));
    g_assert_cmpmem(buf, strlen(value), value, strlen(value));
}

static bool is_listed(FsNode *node, const char *name)
{
    char buf[4096];
    ssize_t len = fs_listxattr(&test_call, node, buf, sizeof(buf));

    g_assert_cmpint(len, >=, 0);
    g_assert_cmpint(fs_listxattr(&test_call, node, NULL, 0), ==, len);
    for (ssize_t at = 0; at < len; at += strlen(buf + at) + 1) {
        if (!strcmp(buf + at, name)) {
            return true;
        }
    }
    return false;
}

static bool host_has(const LocalEnv *env, const char *file, const char *name)
{
    return lgetxattr(local_env_path(env, file), name, NULL, 0) >= 0;
}

/* ---- user, the default ------------------------------------------------ */

static void user(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) plain = NULL;
    g_autoptr(FsNode) node = NULL;
    bool mapped = !env->fixture.proxy &&
                  (LOCAL_MAPPED & (1u << env->fixture.model));

    local_env_create(env, "f", 0644);
    export = open_with(env, "user", NULL);
    node = find(export, "f");
    plain = local_env_lookup(env, "f");
    for (unsigned i = 0; i < 2; i++) {
        FsNode *at = i ? node : plain;

        g_assert_cmpint(set(at, "trusted.a", "x"), ==,
                        mapped ? 0 : -EOPNOTSUPP);
        g_assert_cmpint(fs_getxattr(&test_call, at, "trusted.a", NULL, 0), ==,
                        mapped ? 1 : -EOPNOTSUPP);
        g_assert_cmpint(is_listed(at, "trusted.a"), ==, mapped);
    }
    g_assert_cmpint(host_has(env, "f", PRIVATE "trusted.a"), ==, mapped);
    g_assert_false(host_has(env, "f", "trusted.a"));
}

/* ---- all -------------------------------------------------------------- */

static void all(LocalEnv *env)
{
    static const char *const names[] = { "security.p9test", "trusted.p9test" };
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) link = NULL;
    g_autoptr(FsNode) plain = NULL;
    FsAttr attr;

    local_env_create(env, "f", 0644);
    g_assert_cmpint(fs_symlink(&test_call, env->root, "link", "f", &attr), ==,
                    0);
    export = open_with(env, "all", NULL);
    node = find(export, "f");
    link = find(export, "link");
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_cmpint(set(node, names[i], "value"), ==, 0);
        check_value(node, names[i], "value");
        g_assert_true(is_listed(node, names[i]));
        g_assert_true(host_has(env, "f", names[i]));
        /* On a symbolic link as well, as a label needs it. */
        g_assert_cmpint(set(link, names[i], "label"), ==, 0);
        check_value(link, names[i], "label");
        g_assert_true(host_has(env, "link", names[i]));
    }
    g_assert_false(host_has(env, "f", PRIVATE "trusted.p9test"));
    /* What the host has is not seen by an export without the rule. */
    plain = local_env_lookup(env, "f");
    g_assert_false(is_listed(plain, "trusted.p9test"));
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_cmpint(fs_removexattr(&test_call, node, names[i]), ==, 0);
        g_assert_false(host_has(env, "f", names[i]));
    }
}

/* ---- prefix ----------------------------------------------------------- */

static void write_byte(FsNode *node)
{
    g_autoptr(FsFile) file = NULL;
    struct iovec iov = { (void *)"x", 1 };

    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY, &file), ==, 0);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, 1);
}

static void prefix(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    export = open_with(env, "prefix:*", NULL);
    node = find(export, "f");
    g_assert_cmpint(set(node, "trusted.a", "value"), ==, 0);
    g_assert_cmpint(fs_setxattr(&test_call, node, CAPABILITY, cap_v2,
                                sizeof(cap_v2), 0), ==, 0);
    check_value(node, "trusted.a", "value");
    g_assert_true(is_listed(node, "trusted.a"));
    g_assert_true(is_listed(node, CAPABILITY));
    g_assert_false(is_listed(node, PRIVATE "trusted.a"));
    g_assert_true(host_has(env, "f", PRIVATE "trusted.a"));
    g_assert_true(host_has(env, "f", PRIVATE CAPABILITY));
    g_assert_false(host_has(env, "f", CAPABILITY));
    /* The kernel does not know that this is a capability to be dropped. */
    write_byte(node);
    g_assert_false(is_listed(node, CAPABILITY));
    g_assert_true(is_listed(node, "trusted.a"));
    g_assert_cmpint(fs_removexattr(&test_call, node, "trusted.a"), ==, 0);
    g_assert_false(host_has(env, "f", PRIVATE "trusted.a"));
}

/* ---- lists ------------------------------------------------------------ */

static void list(LocalEnv *env)
{
    const char *rules = env->fixture.proxy
        ? "deny:trusted.b/allow:trusted.*/deny:user.secret"
        : "deny:trusted.b/prefix:trusted.c/allow:trusted.*/deny:user.secret";
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;
    const char *path;

    local_env_create(env, "f", 0644);
    path = local_env_path(env, "f");
    g_assert_cmpint(setxattr(path, "user.secret", "x", 1, 0), ==, 0);
    g_assert_cmpint(setxattr(path, "trusted.b", "x", 1, 0), ==, 0);
    export = open_with(env, rules, NULL);
    node = find(export, "f");
    g_assert_cmpint(set(node, "trusted.a", "x"), ==, 0);
    g_assert_cmpint(set(node, "trusted.c", "x"), ==, 0);
    g_assert_cmpint(set(node, "trusted.b", "x"), ==, -EOPNOTSUPP);
    g_assert_cmpint(set(node, "user.secret", "x"), ==, -EOPNOTSUPP);
    g_assert_cmpint(fs_getxattr(&test_call, node, "user.secret", NULL, 0), ==,
                    -EOPNOTSUPP);
    g_assert_cmpint(fs_removexattr(&test_call, node, "trusted.b"), ==,
                    -EOPNOTSUPP);
    g_assert_true(is_listed(node, "trusted.a"));
    g_assert_true(is_listed(node, "trusted.c"));
    g_assert_false(is_listed(node, "trusted.b"));
    g_assert_false(is_listed(node, "user.secret"));
    g_assert_true(host_has(env, "f", "trusted.a"));
    g_assert_cmpint(host_has(env, "f", PRIVATE "trusted.c"), ==,
                    !env->fixture.proxy);
}

/* ---- what no rule opens ----------------------------------------------- */

/* The attributes of the mapped models remain closed without nested-export. */
static void private(LocalEnv *env)
{
    static const char *const rules[] = { "all", "allow:*", "prefix:*" };
    static const char *const names[] = {
        PRIVATE "uid", PRIVATE "mode", PRIVATE "security.a",
        PRIVATE PRIVATE "uid", PRIVATE CAPABILITY,
    };
    bool mapped = LOCAL_MAPPED & (1u << env->fixture.model);
    char value[4] = { 1, 2, 3, 4 };

    local_env_create(env, "f", 0644);
    for (unsigned i = 0; i < ARRAY_SIZE(rules) * ARRAY_SIZE(names); i++) {
        const char *name = names[i % ARRAY_SIZE(names)];
        g_autoptr(FsExport) export =
            open_with(env, rules[i / ARRAY_SIZE(names)], NULL);
        g_autoptr(FsNode) node = find(export, "f");
        FsAttr before = local_env_attr(env, "f");
        FsAttr after;
        int ret = fs_setxattr(&test_call, node, name, value, sizeof(value), 0);

        g_assert_cmpint(ret, ==, mapped ? 0 : -EOPNOTSUPP);
        after = local_env_attr(env, "f");
        g_assert_cmpuint(after.uid, ==, before.uid);
        g_assert_cmpuint(after.mode, ==, before.mode);
        if (mapped) {
            g_assert_true(is_listed(node, name));
            g_assert_cmpint(fs_removexattr(&test_call, node, name), ==, 0);
        }
    }
}

/* ---- capabilities ----------------------------------------------------- */

static void check_root(const LocalEnv *env, uint32_t root)
{
    uint8_t value[24];
    ssize_t len = getxattr(local_env_path(env, "f"), CAPABILITY, value,
                           sizeof(value));

    /* The kernel shows the host's root a capability for it as revision 2. */
    if (root == 0) {
        g_assert_cmpint(len, ==, sizeof(cap_v2));
        return;
    }
    g_assert_cmpint(len, ==, sizeof(value));
    g_assert_cmphex(value[3], ==, 3);
    g_assert_cmpuint(value[20] | value[21] << 8 | value[22] << 16 |
                     (uint32_t)value[23] << 24, ==, root);
}

static int set_capability(FsNode *node, bool v3)
{
    return fs_setxattr(&test_call, node, CAPABILITY, v3 ? cap_v3 : cap_v2,
                       v3 ? sizeof(cap_v3) : sizeof(cap_v2), 0);
}

/* With a map it is for the host's id of the guest's root only. */
static void capability(LocalEnv *env)
{
    g_autoptr(FsExport) mapped = NULL;
    g_autoptr(FsExport) same = NULL;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) other = NULL;
    uint8_t value[24];

    local_env_create(env, "f", 0644);
    /* An owner whom the guest has. */
    g_assert_cmpint(chown(local_env_path(env, "f"), 100000, 100000), ==, 0);
    mapped = open_with(env, "all", "0:100000:65536");
    node = find(mapped, "f");
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpint(set_capability(node, i), ==, 0);
        check_root(env, 100000);
        g_assert_cmpint(fs_getxattr(&test_call, node, CAPABILITY, value,
                                    sizeof(value)), ==, sizeof(value));
        g_assert_cmpmem(value, sizeof(value), cap_v3, sizeof(cap_v3));
        g_assert_cmpint(fs_removexattr(&test_call, node, CAPABILITY), ==, 0);
    }
    /* One of the host's root has no effect in the guest. */
    g_assert_cmpint(setxattr(local_env_path(env, "f"), CAPABILITY, cap_v2,
                             sizeof(cap_v2), 0), ==, 0);
    g_assert_cmpint(fs_getxattr(&test_call, node, CAPABILITY, value,
                                sizeof(value)), ==, -ENODATA);
    same = open_with(env, "all", NULL);
    other = find(same, "f");
    g_assert_cmpint(set_capability(other, false), ==, 0);
    check_root(env, 0);
    /* A write of the guest takes it away. */
    write_byte(other);
    g_assert_false(host_has(env, "f", CAPABILITY));
}

/* ---- a QEMU without rights -------------------------------------------- */

static void without_rights(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsExport) kept = NULL;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) again = NULL;

    local_env_put(env, "f", "x");
    export = open_with(env, "all", NULL);
    node = find(export, "f");
    g_assert_cmpint(set(node, "trusted.a", "x"), ==, -EPERM);
    g_assert_cmpint(set_capability(node, false), ==, -EPERM);
    kept = open_with(env, "prefix:*", NULL);
    again = find(kept, "f");
    g_assert_cmpint(set(again, "trusted.a", "x"), ==, 0);
    g_assert_cmpint(set_capability(again, false), ==, 0);
    g_assert_true(is_listed(again, CAPABILITY));
}

/* ---- the proxy -------------------------------------------------------- */

/* QEMU and the helper must both allow an attribute. */
static void proxy_both(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) plain = NULL;

    local_env_create(env, "f", 0644);
    export = open_with(env, "all", NULL);
    node = find(export, "f");
    g_assert_cmpint(set(node, "trusted.a", "x"), ==, -EOPNOTSUPP);
    g_assert_cmpint(set_capability(node, false), ==, -EOPNOTSUPP);
    plain = local_env_lookup(env, "f");
    g_assert_cmpint(set(plain, "trusted.a", "x"), ==, -EOPNOTSUPP);
    g_assert_false(host_has(env, "f", "trusted.a"));
}

typedef struct ProxyCase {
    const char *name;
    const char *allow;          /* --allow-xattrs */
    void (*run)(LocalEnv *env);
    bool program;               /* the real helper, with its sandbox */
} ProxyCase;

static void proxy_prefix(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    export = open_with(env, "all", NULL);
    node = find(export, "f");
    g_assert_cmpint(set(node, "trusted.a", "x"), ==, 0);
    check_value(node, "trusted.a", "x");
    g_assert_true(is_listed(node, "trusted.a"));
    g_assert_true(host_has(env, "f", PRIVATE "trusted.a"));
    g_assert_false(host_has(env, "f", "trusted.a"));
}

/* The capability CAP_SETFCAP alone suffices for this. */
static void proxy_capability(LocalEnv *env)
{
    g_autoptr(FsExport) export = NULL;
    g_autoptr(FsNode) node = NULL;

    local_env_create(env, "f", 0644);
    export = open_with(env, "all", NULL);
    node = find(export, "f");
    g_assert_cmpint(set_capability(node, false), ==, 0);
    check_root(env, 0);
    g_assert_cmpint(set(node, "trusted.a", "x"), ==, -EOPNOTSUPP);
    write_byte(node);
    g_assert_false(host_has(env, "f", CAPABILITY));
}

static const ProxyCase proxy_cases[] = {
    { "both", NULL, proxy_both },
    { "both-program", NULL, proxy_both, .program = true },
    { "all", "all", all },
    { "all-program", "all", all, .program = true },
    { "list", "all", list },
    { "prefix", "prefix:*", proxy_prefix },
    { "prefix-program", "prefix:*", proxy_prefix, .program = true },
    { "capability-program", "allow:security.capability", proxy_capability,
      .program = true },
    { "user", "all", user },
};

static void run_proxy(gconstpointer opaque)
{
    const ProxyCase *row = opaque;
    ProxyFixture proxy = {
        .in_thread = !row->program, .program = row->program,
        .xattrs = row->allow, .owner = { 1000, 1001 },
    };
    LOCAL_ENV env = { .fixture = { .proxy = &proxy } };

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    local_env_start(&env);
    if (env.export) {
        row->run(&env);
    }
}

static const LocalEnvTest tests[] = {
    { "user", LOCAL_ALL, user },
    { "all", LOCAL_ALL, all, .as_root = true },
    { "prefix", LOCAL_ALL, prefix },
    { "list", LOCAL_ALL, list, .as_root = true },
    { "private", LOCAL_ALL, private },
    { "capability", LOCAL_PASSTHROUGH | LOCAL_NONE, capability,
      .as_root = true },
    { "without-rights", LOCAL_ALL, without_rights, .as_user = true },
};

int main(int argc, char **argv)
{
    proxy_fixture_main(argc, argv);
    g_test_init(&argc, &argv, NULL);
    local_env_add("/local/xattrs", tests, ARRAY_SIZE(tests));
    for (size_t i = 0; i < ARRAY_SIZE(proxy_cases); i++) {
        g_autofree char *path = g_strdup_printf("/local/xattrs/proxy/%s",
                                                proxy_cases[i].name);

        g_test_add_data_func(path, &proxy_cases[i], run_proxy);
    }
    return g_test_run();
}
