/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: extended attributes.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

#define ACCESS "system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"

/*
 * user::rw- user:33:r-- group::r-- mask::r-- other::r--, in the kernel's
 * format: version 2, then the tag, permissions and id of each entry.
 */
static const uint8_t acl[] = {
    2, 0, 0, 0,
    0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
    0x02, 0, 4, 0, 33, 0, 0, 0,
    0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
};

static bool has_name(FsNode *node, const char *name)
{
    char list[4096];
    ssize_t len = fs_listxattr(&test_call, node, list, sizeof(list));

    g_assert_cmpint(len, >=, 0);
    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        if (!strcmp(list + at, name)) {
            return true;
        }
    }
    return false;
}

static void check_value(FsNode *node, const char *name, const char *wanted)
{
    char value[64];
    ssize_t len = fs_getxattr(&test_call, node, name, value, sizeof(value));

    g_assert_cmpint(len, ==, strlen(wanted));
    g_assert_cmpmem(value, len, wanted, strlen(wanted));
}

static void value_comes_back(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "one", 3, 0), 0);
    conf_assert_errno(fs_setxattr(&test_call, file, "user.b", "two", 3, 0), 0);
    check_value(file, "user.a", "one");
    check_value(file, "user.b", "two");
    g_assert_true(has_name(file, "user.a"));
    g_assert_true(has_name(file, "user.b"));
    conf_assert_errno(fs_setxattr(&test_call, file, "user.a",
                                  "longer than before", 18, 0),
                      0);
    check_value(file, "user.a", "longer than before");
}

static void value_of_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(fs_setxattr(&test_call, dir, "user.d", "dir", 3, 0), 0);
    conf_assert_errno(fs_setxattr(&test_call, c->root, "user.r", "root", 4, 0),
                      0);
    check_value(dir, "user.d", "dir");
    check_value(c->root, "user.r", "root");
    g_assert_true(has_name(c->root, "user.r"));
}

static void value_is_removed(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[8];

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "one", 3, 0), 0);
    conf_assert_errno(fs_removexattr(&test_call, file, "user.a"), 0);
    conf_assert_errno(fs_getxattr(&test_call, file, "user.a", value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_removexattr(&test_call, file, "user.a"), -ENODATA);
    g_assert_false(has_name(file, "user.a"));
}

static void empty_value(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[8];

    conf_assert_errno(fs_setxattr(&test_call, file, "user.empty", "", 0, 0), 0);
    conf_assert_errno(fs_getxattr(&test_call, file, "user.empty", value,
                                  sizeof(value)),
                      0);
    g_assert_true(has_name(file, "user.empty"));
}

static void create_or_replace(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "x", 1,
                                  XATTR_REPLACE),
                      -ENODATA);
    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "x", 1,
                                  XATTR_CREATE),
                      0);
    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "y", 1,
                                  XATTR_CREATE),
                      -EEXIST);
    check_value(file, "user.a", "x");
    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "z", 1,
                                  XATTR_REPLACE),
                      0);
    check_value(file, "user.a", "z");
}

static void length_only(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[4];

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "12345", 5, 0),
                      0);
    conf_assert_errno(fs_getxattr(&test_call, file, "user.a", NULL, 0), 5);
    conf_assert_errno(fs_getxattr(&test_call, file, "user.a", value,
                                  sizeof(value)),
                      -ERANGE);
}

static void list_length_only(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char list[256];
    ssize_t len;

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "1", 1, 0), 0);
    conf_assert_errno(fs_setxattr(&test_call, file, "user.bcd", "1", 1, 0), 0);
    len = fs_listxattr(&test_call, file, NULL, 0);
    g_assert_cmpint(len, >=, 16);
    conf_assert_errno(fs_listxattr(&test_call, file, list, len), len);
    conf_assert_errno(fs_listxattr(&test_call, file, list, len - 1), -ERANGE);
}

static void long_list(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autofree char *list = g_malloc(65536);
    unsigned made = 0, found = 0;
    ssize_t len;

    for (int i = 0; i < 60; i++) {
        g_autofree char *name = g_strdup_printf("user.a-rather-long-name-of-"
                                                "an-attribute-%d", i);

        if (fs_setxattr(&test_call, file, name, "", 0, 0) == 0) {
            made++;
        }
    }
    g_assert_cmpuint(made, >, 30);
    len = fs_listxattr(&test_call, file, list, 65536);
    g_assert_cmpint(len, >, 1024);
    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        found += g_str_has_prefix(list + at, "user.a-rather-long");
    }
    g_assert_cmpuint(found, ==, made);
}

static void absent(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[8];

    conf_assert_errno(fs_getxattr(&test_call, file, "user.none", value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_getxattr(&test_call, file, "user.none", NULL, 0),
                      -ENODATA);
}

static void foreign_name_spaces(Conf *c)
{
    static const char *const names[] = {
        "system.other", "system.posix_acl_accessory", "system.posix_acl_",
        "nonsense", "user", "userx.y", "os2.x",
    };
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[8];

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        conf_assert_errno(fs_getxattr(&test_call, file, names[i], value,
                                      sizeof(value)),
                          -EOPNOTSUPP);
        conf_assert_errno(fs_setxattr(&test_call, file, names[i], "x", 1, 0),
                          -EOPNOTSUPP);
        conf_assert_errno(fs_removexattr(&test_call, file, names[i]),
                          -EOPNOTSUPP);
    }
}

static const char *const privileged[] = {
    "security.selinux", "security.capability", "security.ima", "trusted.x",
    "trusted.overlay.opaque",
};

/* Where the guest cannot have its own, these are not supported. */
static void privileged_names(Conf *c)
{
    bool own = c->subject->caps & CONF_OWN_XATTR;
    g_autoptr(FsNode) file = conf_sample_file(c);
    char value[8];

    for (size_t i = 0; i < ARRAY_SIZE(privileged); i++) {
        const char *name = privileged[i];

        conf_assert_errno(fs_getxattr(&test_call, file, name, value,
                                      sizeof(value)),
                          own ? -ENODATA : -EOPNOTSUPP);
        conf_assert_errno(fs_setxattr(&test_call, file, name, "x", 1, 0),
                          own ? 0 : -EOPNOTSUPP);
        g_assert_true(has_name(file, name) == own);
        if (own) {
            check_value(file, name, "x");
        }
        conf_assert_errno(fs_removexattr(&test_call, file, name),
                          own ? 0 : -EOPNOTSUPP);
        g_assert_false(has_name(file, name));
    }
}

static void check_privileged_on(Conf *c, const char *name)
{
    g_autoptr(FsNode) node = conf_lookup(c->root, name);
    char list[64];

    for (size_t i = 0; i < ARRAY_SIZE(privileged); i++) {
        conf_assert_errno(fs_setxattr(&test_call, node, privileged[i], name,
                                      strlen(name), 0),
                          0);
        check_value(node, privileged[i], name);
        conf_assert_errno(fs_listxattr(&test_call, node, list, sizeof(list)),
                          strlen(privileged[i]) + 1);
        g_assert_cmpstr(list, ==, privileged[i]);
        conf_assert_errno(fs_removexattr(&test_call, node, privileged[i]), 0);
        conf_assert_errno(fs_getxattr(&test_call, node, privileged[i], NULL, 0),
                          -ENODATA);
    }
    g_assert_cmphex(conf_attr(node).mode & 07777, ==,
                    S_ISLNK(conf_attr(node).mode) ? 0777 : 0640);
}

/* Security labels are also set on symbolic links and devices. */
static void privileged_on_every_type(Conf *c)
{
    static const struct {
        const char *name;
        uint32_t mode;
    } special[] = {
        { "fifo", S_IFIFO | 0640 }, { "socket", S_IFSOCK | 0640 },
        { "char", S_IFCHR | 0640 }, { "block", S_IFBLK | 0640 },
        { "file", S_IFREG | 0640 },
    };

    for (size_t i = 0; i < ARRAY_SIZE(special); i++) {
        conf_assert_errno(conf_mknod(c, c->root, special[i].name,
                                     special[i].mode, 0x105), 0);
        check_privileged_on(c, special[i].name);
    }
    fs_node_unref(conf_mkdir(c, c->root, "directory", 0640));
    check_privileged_on(c, "directory");
    conf_assert_errno(conf_symlink(c, c->root, "link", "file"), 0);
    check_privileged_on(c, "link");
}

/*
 * The names that the mapped models use on the host, also nested, as a guest
 * that itself exports a directory uses them.  Each is a separate attribute.
 */
static void names_of_the_models(Conf *c)
{
    static const char *const names[] = {
        "user.virtfs.uid", "user.virtfs.mode", "user.virtfs.x", "user.virtfs",
        "user.virtfs.user.virtfs.uid", "user.virtfs.user.virtfs.x",
        "user.virtfs.security.x", "user.virtfs.user.virtfs.security.x",
        "user.virtfs.trusted.x", "user.virtfs.system.posix_acl_access",
        "user.security.x", "user.trusted.x", "user.system.posix_acl_access",
    };
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsAttr before = conf_attr(file);
    FsAttr after;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        conf_assert_errno(fs_getxattr(&test_call, file, names[i], NULL, 0),
                          -ENODATA);
        conf_assert_errno(fs_setxattr(&test_call, file, names[i], names[i],
                                      strlen(names[i]), 0),
                          0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        check_value(file, names[i], names[i]);
        g_assert_true(has_name(file, names[i]));
    }
    after = conf_attr(file);
    g_assert_cmpuint(after.uid, ==, before.uid);
    g_assert_cmphex(after.mode, ==, before.mode);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_true(has_name(file, names[i]));
        conf_assert_errno(fs_removexattr(&test_call, file, names[i]), 0);
        g_assert_false(has_name(file, names[i]));
    }
    conf_assert_errno(fs_listxattr(&test_call, file, NULL, 0), 0);
}

/*
 * A name must fit into XATTR_NAME_MAX together with the prefix that it gets on
 * the host.
 */
static void long_names(Conf *c)
{
    bool own = c->subject->caps & CONF_OWN_XATTR;
    g_autoptr(FsNode) file = conf_sample_file(c);
    char name[XATTR_NAME_MAX + 2];

    memset(name, 'n', sizeof(name));
    memcpy(name, "user.", 5);
    name[XATTR_NAME_MAX + 1] = 0;
    conf_assert_errno(fs_setxattr(&test_call, file, name, "x", 1, 0), -ERANGE);
    conf_assert_errno(fs_getxattr(&test_call, file, name, NULL, 0), -ERANGE);
    name[XATTR_NAME_MAX] = 0;
    conf_assert_errno(fs_setxattr(&test_call, file, name, "x", 1, 0), 0);
    check_value(file, name, "x");
    if (!own) {
        return;
    }
    memcpy(name, "trusted.", 8);
    name[XATTR_NAME_MAX - 11] = 0;
    conf_assert_errno(fs_setxattr(&test_call, file, name, "x", 1, 0), -ERANGE);
    conf_assert_errno(fs_getxattr(&test_call, file, name, NULL, 0), -ERANGE);
    conf_assert_errno(fs_removexattr(&test_call, file, name), -ERANGE);
    name[XATTR_NAME_MAX - 12] = 0;
    conf_assert_errno(fs_setxattr(&test_call, file, name, "x", 1, 0), 0);
    check_value(file, name, "x");
    g_assert_true(has_name(file, name));
}

#define CAPABILITY "security.capability"

static bool has_capability(FsNode *node)
{
    return fs_getxattr(&test_call, node, CAPABILITY, NULL, 0) == 3;
}

static void give_capability(FsNode *node)
{
    conf_assert_errno(fs_setxattr(&test_call, node, CAPABILITY, "cap", 3, 0),
                      0);
    g_assert_true(has_capability(node));
}

static void chown_as(FsNode *node, uint32_t valid, const FsAttr *attr)
{
    FsSetattr set = { .valid = valid, .uid = attr->uid, .gid = attr->gid };

    conf_assert_errno(fs_setattr(&test_call, node, NULL, &set), 0);
}

/* A file that was changed must not keep its capabilities. */
static void capability_dropped(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDWR);
    g_autoptr(FsFile) cut = NULL;
    FsAttr attr = conf_attr(node);

    for (int i = 0; i < 3; i++) {
        give_capability(node);
        g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
        g_assert_false(has_capability(node));
    }
    give_capability(node);
    conf_assert_errno(conf_truncate(node, 3), 0);
    g_assert_false(has_capability(node));
    give_capability(node);
    cut = conf_open(node, O_WRONLY | O_TRUNC);
    g_assert_false(has_capability(node));
    give_capability(node);
    chown_as(node, FS_SET_UID, &attr);
    g_assert_false(has_capability(node));
    give_capability(node);
    chown_as(node, FS_SET_GID, &attr);
    g_assert_false(has_capability(node));
}

static void capability_kept(Conf *c)
{
    FsSetattr set = { .valid = FS_SET_ATIME | FS_SET_MTIME };
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsNode) other = conf_file(c, c->root, "other", 0644, NULL);
    g_autoptr(FsNode) moved = NULL;
    g_autoptr(FsFile) file = conf_open(other, O_RDWR);
    g_autofree char *text = NULL;

    give_capability(node);
    conf_assert_errno(conf_chmod(node, 0755), 0);
    conf_assert_errno(fs_setattr(&test_call, node, NULL, &set), 0);
    text = conf_text(node);
    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
    conf_assert_errno(fs_link(&test_call, node, c->root, "twin"), 0);
    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", c->root,
                                "moved"),
                      0);
    moved = conf_lookup(c->root, "moved");
    g_assert_true(has_capability(moved));
}

static void not_on_links(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    char value[8];

    conf_assert_errno(conf_symlink(c, c->root, "l", "x"), 0);
    link = conf_lookup(c->root, "l");
    conf_assert_errno(fs_setxattr(&test_call, link, "user.a", "x", 1, 0),
                      -EPERM);
    conf_assert_errno(fs_getxattr(&test_call, link, "user.a", value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_removexattr(&test_call, link, "user.a"), -EPERM);
    conf_assert_errno(fs_listxattr(&test_call, link, value, sizeof(value)), 0);
}

static void not_on_fifos(Conf *c)
{
    g_autoptr(FsNode) fifo = NULL;
    char value[8];

    conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0666, 0), 0);
    fifo = conf_lookup(c->root, "p");
    conf_assert_errno(fs_setxattr(&test_call, fifo, "user.a", "x", 1, 0),
                      -EPERM);
    conf_assert_errno(fs_getxattr(&test_call, fifo, "user.a", value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_listxattr(&test_call, fifo, value, sizeof(value)), 0);
}

static void of_unlinked_file(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);

    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    conf_assert_errno(fs_setxattr(&test_call, file->node, "user.a", "x", 1, 0),
                      0);
    check_value(file->node, "user.a", "x");
}

static void moves_with_file(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) moved = NULL;

    conf_assert_errno(fs_setxattr(&test_call, file, "user.a", "x", 1, 0), 0);
    conf_assert_errno(fs_rename(&test_call, c->root, "sample-file", c->root,
                                "b"),
                      0);
    moved = conf_lookup(c->root, "b");
    check_value(moved, "user.a", "x");
}

static void acl_comes_back(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    uint8_t value[128];

    conf_assert_errno(fs_getxattr(&test_call, file, ACCESS, value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_setxattr(&test_call, file, ACCESS, acl, sizeof(acl),
                                  0),
                      0);
    conf_assert_errno(fs_getxattr(&test_call, file, ACCESS, value,
                                  sizeof(value)),
                      sizeof(acl));
    g_assert_cmpmem(value, sizeof(acl), acl, sizeof(acl));
    g_assert_true(has_name(file, ACCESS));
    g_assert_false(has_name(file, "user.virtfs." ACCESS));
    conf_assert_errno(fs_removexattr(&test_call, file, ACCESS), 0);
    conf_assert_errno(fs_getxattr(&test_call, file, ACCESS, value,
                                  sizeof(value)),
                      -ENODATA);
    conf_assert_errno(fs_removexattr(&test_call, file, ACCESS), 0);
}

static void default_acl_of_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    uint8_t value[128];

    conf_assert_errno(fs_setxattr(&test_call, dir, DEFAULT, acl, sizeof(acl),
                                  0),
                      0);
    conf_assert_errno(fs_getxattr(&test_call, dir, DEFAULT, value,
                                  sizeof(value)),
                      sizeof(acl));
    g_assert_true(has_name(dir, DEFAULT));
    g_assert_false(has_name(dir, ACCESS));
    conf_assert_errno(fs_removexattr(&test_call, dir, DEFAULT), 0);
    g_assert_false(has_name(dir, DEFAULT));
}

/* New objects have the requested mode, whatever the default ACL says. */
/* It means "remove", for a client too; any other value may be empty. */
static void acl_of_no_bytes(Conf *c)
{
    static const char *const names[] = { ACCESS, DEFAULT };
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        conf_assert_errno(fs_setxattr(&test_call, dir, names[i], acl,
                                      sizeof(acl), 0), 0);
        g_assert_true(has_name(dir, names[i]));
        for (int times = 0; times < 2; times++) {
            conf_assert_errno(fs_setxattr(&test_call, dir, names[i], "", 0, 0),
                              0);
            g_assert_false(has_name(dir, names[i]));
            conf_assert_errno(fs_getxattr(&test_call, dir, names[i], NULL, 0),
                              -ENODATA);
        }
    }
    conf_assert_errno(fs_setxattr(&test_call, dir, "user.empty", "", 0, 0), 0);
    check_value(dir, "user.empty", "");
    g_assert_true(has_name(dir, "user.empty"));
}

static void made_below_default_acl(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    g_autoptr(FsNode) file = NULL;
    g_autoptr(FsNode) sub = NULL;

    conf_assert_errno(fs_setxattr(&test_call, dir, DEFAULT, acl, sizeof(acl),
                                  0),
                      0);
    file = conf_file(c, dir, "f", 0640, NULL);
    sub = conf_mkdir(c, dir, "sub", 0750);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0640);
    g_assert_cmphex(conf_attr(sub).mode, ==, S_IFDIR | 0750);
}

const ConformanceTest conformance_xattr[] = {
    { "xattr", CONF_USER_XATTR, value_comes_back },
    { "xattr-of-directory", CONF_USER_XATTR, value_of_directory },
    { "xattr-remove", CONF_USER_XATTR, value_is_removed },
    { "xattr-empty", CONF_USER_XATTR, empty_value },
    { "xattr-create-or-replace", CONF_USER_XATTR, create_or_replace },
    { "xattr-length", CONF_USER_XATTR, length_only },
    { "xattr-list-length", CONF_USER_XATTR, list_length_only },
    { "xattr-long-list", CONF_USER_XATTR, long_list },
    { "xattr-absent", CONF_USER_XATTR, absent },
    { "xattr-foreign-name-spaces", CONF_USER_XATTR, foreign_name_spaces },
    { "xattr-privileged", CONF_USER_XATTR, privileged_names },
    { "xattr-privileged-on-every-type",
      CONF_OWN_XATTR | CONF_SYMLINK | CONF_FIFO | CONF_DEVICE,
      privileged_on_every_type },
    { "xattr-names-of-the-models", CONF_USER_XATTR, names_of_the_models },
    { "xattr-long-names", CONF_USER_XATTR, long_names },
    { "xattr-capability-dropped", CONF_OWN_XATTR, capability_dropped },
    { "xattr-capability-kept", CONF_OWN_XATTR | CONF_HARD_LINK,
      capability_kept },
    { "xattr-not-on-links", CONF_USER_XATTR | CONF_SYMLINK, not_on_links },
    { "xattr-not-on-fifos", CONF_USER_XATTR | CONF_FIFO, not_on_fifos },
    { "xattr-of-unlinked", CONF_USER_XATTR, of_unlinked_file },
    { "xattr-moves-with-file", CONF_USER_XATTR, moves_with_file },
    { "acl", CONF_ACL, acl_comes_back },
    { "acl-default", CONF_ACL, default_acl_of_directory },
    { "acl-of-no-bytes", CONF_ACL | CONF_USER_XATTR, acl_of_no_bytes },
    { "acl-default-and-new-files", CONF_ACL, made_below_default_acl },
    { NULL }
};
