/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtfs-proxy-helper with a map of ids, and a QEMU that sends whatever it
 * wants: files of owners outside of the map stay as they are.
 */
#include "fsdev/core/p9-osdep.h"
#include "helper-peer.h"

#define MAP "0:1000:1+5:70000:5"
#define ACL_ACCESS "system.posix_acl_access"

/* Each has the number of the object, or of its directory, and "f" as name. */
typedef ProxyRequest Make(uint64_t id);

static ProxyRequest set_mode(uint64_t id)
{
    return (ProxyRequest) {
        .setattr = { id, { .valid = FS_SET_MODE, .mode = 0777 } },
    };
}

static ProxyRequest set_owner(uint64_t id)
{
    return (ProxyRequest) {
        .setattr = { id, { .valid = FS_SET_UID, .uid = 1000 } },
    };
}

static ProxyRequest set_size(uint64_t id)
{
    return (ProxyRequest) {
        .setattr = { id, { .valid = FS_SET_SIZE, .size = 0 } },
    };
}

static ProxyRequest open_write(uint64_t id)
{
    return (ProxyRequest) { .open = { id, O_RDWR } };
}

static ProxyRequest create(uint64_t dir)
{
    return (ProxyRequest) {
        .create = { dir, helper_text("f"), O_RDWR | O_TRUNC, 0600, 1000, 0 },
    };
}

static ProxyRequest hard_link(uint64_t id)
{
    return (ProxyRequest) {
        .link = { id, PROXY_ROOT_ID, helper_text("new") },
    };
}

static ProxyRequest unlink_it(uint64_t dir)
{
    return (ProxyRequest) { .unlink = { dir, helper_text("f"), 0 } };
}

static ProxyRequest rename_it(uint64_t dir)
{
    return (ProxyRequest) {
        .rename = { dir, helper_text("f"), dir, helper_text("new") },
    };
}

static ProxyRequest rename_over(uint64_t dir)
{
    return (ProxyRequest) {
        .rename = { dir, helper_text("mine"), dir, helper_text("f") },
    };
}

static ProxyRequest set_xattr(uint64_t id)
{
    return (ProxyRequest) {
        .setxattr = { id, helper_text("user.x"), { "y", 1 }, 0 },
    };
}

static ProxyRequest remove_xattr(uint64_t id)
{
    return (ProxyRequest) { .removexattr = { id, helper_text("user.x") } };
}

static const struct {
    const char *name;
    ProxyType type;
    Make *make;
    bool by_name;               /* the request has the directory */
    int ret;
} rows[] = {
    { "mode", PROXY_SETATTR, set_mode, false, -EOVERFLOW },
    { "owner", PROXY_SETATTR, set_owner, false, -EOVERFLOW },
    { "size", PROXY_SETATTR, set_size, false, -EACCES },
    { "open", PROXY_OPEN, open_write, false, -EACCES },
    { "create", PROXY_CREATE, create, true, -EACCES },
    { "link", PROXY_LINK, hard_link, false, -EOVERFLOW },
    { "unlink", PROXY_UNLINK, unlink_it, true, -EOVERFLOW },
    { "rename", PROXY_RENAME, rename_it, true, -EOVERFLOW },
    { "rename-over", PROXY_RENAME, rename_over, true, -EOVERFLOW },
    { "setxattr", PROXY_SETXATTR, set_xattr, false, -EPERM },
    { "removexattr", PROXY_REMOVEXATTR, remove_xattr, false, -EPERM },
};

static void put(Peer *peer, const char *name, uid_t owner)
{
    g_autofree char *path = helper_run_path(&peer->run, name);

    g_assert_true(g_file_set_contents(path, "text", 4, NULL));
    g_assert_cmpint(chown(path, owner, 0), ==, 0);
    g_assert_cmpint(chmod(path, 0666), ==, 0);
}

/* A helper with a map of users, and a directory that is in the map. */
static bool start(Peer *peer)
{
    if (!peer_init(peer, "--uidmap=" MAP)) {
        return false;
    }
    g_assert_cmpint(chown(peer->run.dir, 1000, 0), ==, 0);
    put(peer, "f", 0);
    put(peer, "mine", 1000);
    return true;
}

static void foreign_files_are_kept(void)
{
    g_autofree char *path = NULL;
    struct stat before, after;
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    PEER peer;

    if (!start(&peer)) {
        return;
    }
    path = helper_run_path(&peer.run, "f");
    g_assert_cmpint(stat(path, &before), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t id = rows[i].by_name ? PROXY_ROOT_ID
                                      : peer_lookup(&peer, PROXY_ROOT_ID, "f");
        ProxyRequest t = rows[i].make(id);
        int ret = peer_ask(&peer, rows[i].type, &t, &r, fds);

        if (ret != rows[i].ret) {
            g_error("%s: %d, expected %d", rows[i].name, ret, rows[i].ret);
        }
        g_assert_cmpint(stat(path, &after), ==, 0);
        g_assert_cmpuint(after.st_ino, ==, before.st_ino);
        g_assert_cmpint(after.st_ctime, ==, before.st_ctime);
        g_assert_cmpint(after.st_ctim.tv_nsec, ==, before.st_ctim.tv_nsec);
    }
    /* It is public, so it can be read. */
    g_assert_cmpint(peer_try_open(&peer, peer_lookup(&peer, PROXY_ROOT_ID, "f"),
                                  O_RDONLY, NULL), ==, 0);
    g_assert_cmpint(chmod(path, 0600), ==, 0);
    g_assert_cmpint(peer_try_open(&peer, peer_lookup(&peer, PROXY_ROOT_ID, "f"),
                                  O_RDONLY, NULL), ==, -EACCES);
    peer_check_alive(&peer);
}

/* What is in a directory of another owner is out of reach. */
static void foreign_directories_are_kept(void)
{
    g_autofree char *in = NULL;
    int fds[PROXY_FDS_MAX];
    ProxyRequest t;
    ProxyReply r;
    uint64_t dir, id;
    PEER peer;

    if (!start(&peer)) {
        return;
    }
    in = helper_run_path(&peer.run, "d");
    g_assert_cmpint(mkdir(in, 0700), ==, 0);
    put(&peer, "d/in", 1000);
    dir = peer_lookup(&peer, PROXY_ROOT_ID, "d");
    g_assert_cmpint(peer_try_lookup(&peer, dir, "in", &id), ==, -EACCES);
    t.unlink = (struct ProxyTunlink) { dir, helper_text("in"), 0 };
    g_assert_cmpint(peer_ask(&peer, PROXY_UNLINK, &t, &r, fds), ==, -EACCES);
    g_assert_cmpint(chmod(in, 0777), ==, 0);
    g_assert_cmpint(peer_try_lookup(&peer, dir, "in", &id), ==, 0);
    g_assert_cmpint(peer_ask(&peer, PROXY_UNLINK, &t, &r, fds), ==, -EACCES);
    t.mkdir = (struct ProxyTmkdir) { dir, helper_text("n"), 0700, 1000, 0 };
    g_assert_cmpint(peer_ask(&peer, PROXY_MKDIR, &t, &r, fds), ==, -EACCES);
}

/* An entry for one user, with the mode 0644. */
static int set_acl(Peer *peer, uint32_t user)
{
    uint8_t acl[] = {
        2, 0, 0, 0,
        0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x02, 0, 6, 0, 0, 0, 0, 0,
        0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0x10, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
    };
    int fds[PROXY_FDS_MAX];
    ProxyRequest t;
    ProxyReply r;

    user = cpu_to_le32(user);
    memcpy(acl + 16, &user, sizeof(user));
    t.setxattr = (struct ProxyTsetxattr) {
        peer_lookup(peer, PROXY_ROOT_ID, "mine"), helper_text(ACL_ACCESS),
        { (const char *)acl, sizeof(acl) }, 0,
    };
    return peer_ask(peer, PROXY_SETXATTR, &t, &r, fds);
}

static void acl_entries_are_in_the_map(void)
{
    PEER peer;
    int ret;

    if (!start(&peer)) {
        return;
    }
    ret = set_acl(&peer, 70000);
    if (ret == -EOPNOTSUPP) {
        g_test_skip("the temporary directory has no ACLs");
        return;
    }
    g_assert_cmpint(ret, ==, 0);
    g_assert_cmpint(set_acl(&peer, 0), ==, -EOVERFLOW);
    g_assert_cmpint(set_acl(&peer, 5), ==, -EOVERFLOW);
    g_assert_cmpint(set_acl(&peer, UINT32_MAX), ==, -EOVERFLOW);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/helper-owners/files", foreign_files_are_kept);
    g_test_add_func("/helper-owners/directories",
                    foreign_directories_are_kept);
    g_test_add_func("/helper-owners/acl", acl_entries_are_in_the_map);
    return g_test_run();
}
