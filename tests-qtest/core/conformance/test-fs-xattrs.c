/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of xattrs=: which are valid, and what they mean for a name.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-xattrs.h"

static void check(const char *spec, const char *name, FsXattrAction action)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FsXattrRules) rules = fs_xattr_rules_new(spec, &error);

    g_assert_no_error(error);
    g_assert_cmpint(fs_xattr_action(rules, name), ==, action);
}

static void test_actions(void)
{
    static const struct {
        const char *spec;
        const char *name;
        FsXattrAction action;
    } rows[] = {
        { "user", "security.selinux", FS_XATTR_MODEL },
        { "user", "user.a", FS_XATTR_MODEL },
        { "all", "security.selinux", FS_XATTR_ALLOW },
        { "all", "trusted.a", FS_XATTR_ALLOW },
        { "all", "user.a", FS_XATTR_MODEL },
        { "all", "user.virtfs.uid", FS_XATTR_MODEL },
        { "all", "system.posix_acl_access", FS_XATTR_MODEL },
        { "all", "system.other", FS_XATTR_MODEL },
        { "allow:security.capability", "security.capability",
          FS_XATTR_ALLOW },
        { "allow:security.capability", "security.capability2",
          FS_XATTR_MODEL },
        { "allow:security.cap*", "security.capability2", FS_XATTR_ALLOW },
        { "prefix:security.capability/allow:security.*",
          "security.capability", FS_XATTR_PREFIX },
        { "prefix:security.capability/allow:security.*",
          "security.selinux", FS_XATTR_ALLOW },
        { "allow:security.*/prefix:security.capability",
          "security.capability", FS_XATTR_ALLOW },
        { "deny:*", "user.a", FS_XATTR_DENY },
        { "deny:*", "system.posix_acl_default", FS_XATTR_DENY },
        { "deny:user.secret*", "user.secrets", FS_XATTR_DENY },
        { "allow:*", "user.a", FS_XATTR_MODEL },
        { "prefix:*", "user.a", FS_XATTR_MODEL },
        { "prefix:*", "system.posix_acl_access", FS_XATTR_MODEL },
        { "prefix:*", "trusted.a", FS_XATTR_PREFIX },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s %s", rows[i].spec, rows[i].name);
        check(rows[i].spec, rows[i].name, rows[i].action);
    }
    g_assert_cmpint(fs_xattr_action(NULL, "security.a"), ==, FS_XATTR_MODEL);
}

/* Each error is one line that says what is allowed. */
static void test_errors(void)
{
    static const struct {
        const char *spec;
        const char *error;
    } rows[] = {
        { "", "invalid rule ''; allowed: user, all, or ACTION:NAME" },
        { "none", "invalid rule 'none'; allowed: user, all" },
        { "all/deny:user.*", "invalid rule 'all'" },
        { "allow:security.a/", "invalid rule ''" },
        { "permit:security.a", "invalid rule 'permit:security.a'" },
        { "ALLOW:security.a", "invalid rule 'ALLOW:security.a'" },
        { "allow:", "unknown name space in 'allow:'; allowed: user.*" },
        { "deny:system.nfs4_acl", "unknown name space" },
        { "allow:sec*", "unknown name space" },
        { "deny:user.*.a", "'*' at its end only" },
        { "allow:user.*", "only 'deny' is possible in 'allow:user.*'" },
        { "prefix:user.virtfs.*", "only 'deny' is possible" },
        { "allow:system.posix_acl_access", "only 'deny' is possible" },
    };
    g_autofree char *name = g_strnfill(300, 'x');
    g_autofree char *longer = g_strconcat("deny:user.", name, NULL);
    g_autoptr(GString) many = g_string_new("deny:user.a");
    FsXattrRules *rules;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        rules = fs_xattr_rules_new(rows[i].spec, &error);
        g_assert_null(rules);
        g_assert_nonnull(strstr(error->message, rows[i].error));
        g_assert_null(strchr(error->message, '\n'));
    }
    g_assert_null(fs_xattr_rules_new(longer, NULL));
    for (unsigned i = 0; i < 64; i++) {
        g_string_append(many, "/deny:user.a");
    }
    g_assert_null(fs_xattr_rules_new(many->str, NULL));
}

static void test_needs(void)
{
    static const struct {
        const char *spec;
        bool admin;
        bool prefix;
    } rows[] = {
        { "user", false, false },
        { "all", true, false },
        { "allow:security.capability", false, false },
        { "allow:security.c*", true, false },
        { "allow:trusted.a", true, false },
        { "prefix:*/deny:user.*", false, true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(FsXattrRules) rules = fs_xattr_rules_new(rows[i].spec, NULL);

        g_assert_cmpint(fs_xattr_rules_need_admin(rules), ==, rows[i].admin);
        g_assert_cmpint(fs_xattr_rules_have(rules, FS_XATTR_PREFIX), ==,
                        rows[i].prefix);
    }
}

static void test_filter(void)
{
    static const char list[] = "user.a\0security.b\0trusted.c\0user.d";
    g_autoptr(FsXattrRules) rules =
        fs_xattr_rules_new("allow:trusted.*/deny:user.a*", NULL);
    char copy[sizeof(list)];

    memcpy(copy, list, sizeof(list));
    g_assert_cmpuint(fs_xattr_filter(rules, copy, sizeof(copy)), ==,
                     sizeof("trusted.c\0user.d"));
    g_assert_cmpmem(copy, sizeof("trusted.c\0user.d"), "trusted.c\0user.d",
                    sizeof("trusted.c\0user.d"));
    /* Another process may send a list that does not end with a NUL. */
    memcpy(copy, list, sizeof(list));
    g_assert_cmpuint(fs_xattr_filter(NULL, copy, sizeof(copy) - 1), ==,
                     sizeof("user.a\0user.d") - 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fs-xattrs/actions", test_actions);
    g_test_add_func("/fs-xattrs/errors", test_errors);
    g_test_add_func("/fs-xattrs/needs", test_needs);
    g_test_add_func("/fs-xattrs/filter", test_filter);
    return g_test_run();
}
