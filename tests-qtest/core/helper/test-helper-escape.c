/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts to leave the export of virtfs-proxy-helper, which must all fail:
 * "..", symbolic links, names with more than one component.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/host/host.h"
#include "helper-peer.h"
#include "lib/deny.h"
#include "lib/planted.h"

static ino_t ino_at(int dirfd, const char *path)
{
    struct stat st;

    g_assert_cmpint(fstatat(dirfd, path, &st, 0), ==, 0);
    return st.st_ino;
}

static void directories_lead_nowhere(void)
{
    g_autofree char *sub = NULL;
    ino_t root;
    PEER peer;
    int fd;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    sub = helper_run_path(&peer.run, "sub");
    g_assert_cmpint(mkdir(sub, 0755), ==, 0);
    root = ino_at(peer.root, ".");
    g_assert_cmpint(ino_at(AT_FDCWD, peer.run.dir), ==, root);
    /* From an O_PATH descriptor and an open one, ".." stops at the export. */
    g_assert_cmpint(ino_at(peer.root, ".."), ==, root);
    g_assert_cmpint(peer_try_open(&peer,
                                  peer_lookup(&peer, PROXY_ROOT_ID, "sub"),
                                  O_RDONLY, &fd), ==, 0);
    g_assert_cmpint(ino_at(fd, ".."), ==, root);
    g_assert_cmpint(ino_at(fd, "../.."), ==, root);
    g_assert_cmpint(ino_at(fd, "../../../../.."), ==, root);
    close(fd);
    /* Also after the helper, and with it its mount name space, has ended. */
    close(peer.run.fd);
    peer.run.fd = 0;
    helper_run_wait(&peer.run);
    g_assert_cmpint(ino_at(peer.root, ".."), ==, root);
}

/* A file and a directory outside the export, to which links in it point. */
typedef struct Outside {
    char *file;                 /* owned */
    char *dir;                  /* owned; empty */
    struct stat file_st;
    struct stat dir_st;
} Outside;

static const char *const links[] = { "file", "dir", "up-file", "up-dir" };

static void outside_make(const Peer *peer, Outside *outside)
{
    outside->file = g_build_filename(peer->run.base, "outside", NULL);
    outside->dir = g_build_filename(peer->run.base, "folder", NULL);
    g_assert_true(g_file_set_contents(outside->file, "secret", -1, NULL));
    g_assert_cmpint(chmod(outside->file, 0600), ==, 0);
    g_assert_cmpint(mkdir(outside->dir, 0700), ==, 0);
    g_assert_cmpint(symlinkat(outside->file, peer->root, "file"), ==, 0);
    g_assert_cmpint(symlinkat(outside->dir, peer->root, "dir"), ==, 0);
    g_assert_cmpint(symlinkat("../outside", peer->root, "up-file"), ==, 0);
    g_assert_cmpint(symlinkat("../folder", peer->root, "up-dir"), ==, 0);
    g_assert_cmpint(mknodat(peer->root, "mine", S_IFREG | 0600, 0), ==, 0);
    g_assert_cmpint(stat(outside->file, &outside->file_st), ==, 0);
    g_assert_cmpint(stat(outside->dir, &outside->dir_st), ==, 0);
}

static void check_same(const char *path, const struct stat *was)
{
    char list[16];
    struct stat st;

    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode, ==, was->st_mode);
    g_assert_cmpuint(st.st_uid, ==, was->st_uid);
    g_assert_cmpuint(st.st_nlink, ==, was->st_nlink);
    g_assert_cmpint(st.st_size, ==, was->st_size);
    /* The ctime would reveal any other change. */
    g_assert_cmpint(st.st_ctim.tv_sec, ==, was->st_ctim.tv_sec);
    g_assert_cmpint(st.st_ctim.tv_nsec, ==, was->st_ctim.tv_nsec);
    g_assert_cmpint(listxattr(path, list, sizeof(list)), ==, 0);
}

static void outside_check(Outside *outside)
{
    check_same(outside->file, &outside->file_st);
    check_same(outside->dir, &outside->dir_st);
    g_free(outside->file);
    g_free(outside->dir);
}

/* A symbolic link cannot be used as a directory. */
static void try_in_link(Peer *peer, uint64_t id)
{
    const ProxyText x = helper_text("x");
    const uint64_t mine = peer_lookup(peer, PROXY_ROOT_ID, "mine");
    const struct {
        ProxyType type;
        ProxyRequest t;
    } rows[] = {
        { PROXY_LOOKUP, { .lookup = { id, x } } },
        { PROXY_CREATE, { .create = { id, x, O_RDWR, 0600, 0, 0 } } },
        { PROXY_MKDIR, { .mkdir = { id, x, 0700, 0, 0 } } },
        { PROXY_MKNOD, { .mknod = { id, x, S_IFREG | 0600, 0, 0, 0 } } },
        { PROXY_SYMLINK, { .symlink = { id, x, x, 0, 0 } } },
        { PROXY_LINK, { .link = { mine, id, x } } },
        { PROXY_UNLINK, { .unlink = { id, x, false } } },
        { PROXY_RENAME, { .rename = { PROXY_ROOT_ID, helper_text("mine"), id,
                                      x } } },
        { PROXY_RENAME, { .rename = { id, x, PROXY_ROOT_ID, x } } },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int fds[PROXY_FDS_MAX];
        ProxyReply r;

        g_assert_cmpint(peer_ask(peer, rows[i].type, &rows[i].t, &r, fds), ==,
                        -ENOTDIR);
    }
}

/* A request on a symbolic link applies to the link itself, or fails. */
static void try_on_link(Peer *peer, uint64_t id, const char *name)
{
    const ProxyText link = helper_text(name);
    const ProxyText value = helper_text("user.x");
    const uint32_t owner = FS_SET_UID | FS_SET_GID;
    const uint32_t times = FS_SET_ATIME | FS_SET_MTIME;
    const struct {
        ProxyType type;
        ProxyRequest t;
    } rows[] = {
        { PROXY_OPEN, { .open = { id, O_RDONLY } } },
        { PROXY_OPEN, { .open = { id, O_RDWR | O_TRUNC } } },
        { PROXY_CREATE, { .create = { PROXY_ROOT_ID, link, O_RDWR | O_TRUNC,
                                      0600, 0, 0 } } },
        { PROXY_MKDIR, { .mkdir = { PROXY_ROOT_ID, link, 0700, 0, 0 } } },
        { PROXY_SETATTR, { .setattr = { id, { FS_SET_MODE, .mode = 0777 } } } },
        { PROXY_SETATTR, { .setattr = { id, { FS_SET_SIZE, .size = 0 } } } },
        { PROXY_SETATTR, { .setattr = { id, { owner, .uid = 7, .gid = 7 } } } },
        { PROXY_SETATTR, { .setattr = { id, { times } } } },
        { PROXY_SETXATTR, { .setxattr = { id, value, { "x", 1 }, 0 } } },
        { PROXY_GETXATTR, { .getxattr = { id, value, 16 } } },
        { PROXY_LISTXATTR, { .listxattr = { id, 16 } } },
        { PROXY_REMOVEXATTR, { .removexattr = { id, value } } },
        { PROXY_IDENTIFY, { .identify = { id, { "x", 2 } } } },
        { PROXY_LINK, { .link = { id, PROXY_ROOT_ID, helper_text("more") } } },
        { PROXY_RENAME, { .rename = { PROXY_ROOT_ID, link, PROXY_ROOT_ID,
                                      helper_text("more") } } },
        { PROXY_UNLINK, { .unlink = { PROXY_ROOT_ID, helper_text("more"),
                                      false } } },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int fds[PROXY_FDS_MAX];
        ProxyReply r;
        int ret = peer_ask(peer, rows[i].type, &rows[i].t, &r, fds);

        g_assert_cmpint(ret, !=, -EPIPE);
        if (rows[i].type == PROXY_OPEN || rows[i].type == PROXY_CREATE) {
            g_assert_cmpint(ret, ==, -ELOOP);
        }
    }
}

static void links_are_not_followed(void)
{
    Outside outside;
    PEER peer;

    if (!peer_init(&peer, NULL)) {
        return;
    }
    outside_make(&peer, &outside);
    for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
        uint64_t id = peer_lookup(&peer, PROXY_ROOT_ID, links[i]);

        try_in_link(&peer, id);
        try_on_link(&peer, id, links[i]);
    }
    peer_check_alive(&peer);
    outside_check(&outside);
}

static int set_xattr(Peer *peer, uint64_t id, const char *name,
                     ProxyBlob value)
{
    const ProxyRequest t = { .setxattr = { id, helper_text(name), value, 0 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    return peer_ask(peer, PROXY_SETXATTR, &t, &r, fds);
}

static int get_xattr(Peer *peer, uint64_t id, const char *name)
{
    const ProxyRequest t = { .getxattr = { id, helper_text(name), 64 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    int ret = peer_ask(peer, PROXY_GETXATTR, &t, &r, fds);

    return ret < 0 ? ret : r.getxattr.length;
}

static int list_xattr(Peer *peer, uint64_t id)
{
    const ProxyRequest t = { .listxattr = { id, 64 } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    int ret = peer_ask(peer, PROXY_LISTXATTR, &t, &r, fds);

    return ret < 0 ? ret : r.listxattr.length;
}

static int remove_xattr(Peer *peer, uint64_t id, const char *name)
{
    const ProxyRequest t = { .removexattr = { id, helper_text(name) } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;

    return peer_ask(peer, PROXY_REMOVEXATTR, &t, &r, fds);
}

static void try_attribute(Peer *peer, uint64_t id, bool takes,
                          const char *name, ProxyBlob value)
{
    g_assert_cmpint(get_xattr(peer, id, name), <, 0);
    g_assert_cmpint(list_xattr(peer, id), ==, 0);
    if (takes) {
        g_assert_cmpint(set_xattr(peer, id, name, value), ==, 0);
        g_assert_cmpint(get_xattr(peer, id, name), ==, value.len);
        g_assert_cmpint(list_xattr(peer, id), ==, strlen(name) + 1);
        g_assert_cmpint(remove_xattr(peer, id, name), ==, 0);
    } else {
        g_assert_cmpint(set_xattr(peer, id, name, value), <, 0);
        g_assert_cmpint(remove_xattr(peer, id, name), <, 0);
    }
    g_assert_cmpint(list_xattr(peer, id), ==, 0);
}

/* In the helper, "/" is the export, in which guests can make a /proc. */
static void planted_proc_is_not_used(gconstpointer opaque)
{
    const ProxyBlob acl = { (const char *)planted_acl, sizeof(planted_acl) };
    const ProxyBlob value = { "x", 1 };
    HOST_FD dir = -1;
    PEER peer;

    if (!peer_init_before(&peer, NULL, opaque ? deny_xattrat : NULL)) {
        return;
    }
    dir = open(peer.run.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (!planted_make(dir)) {
        g_test_skip("no user.* attributes or no ACLs on this file system");
        return;
    }
    for (const PlantedObject *o = planted_objects; o->name; o++) {
        uint64_t id = peer_lookup(&peer, PROXY_ROOT_ID, o->name);

        try_attribute(&peer, id, o->takes_user,
                      o->takes_user ? "user.p9" : PLANTED_ATTR, value);
        try_attribute(&peer, id, o->takes_acl, "system.posix_acl_access", acl);
        planted_check(dir);
    }
    peer_check_alive(&peer);
}

static void names_are_components(void)
{
    static const char *const bad[] = { "", ".", "..", "a/b", "/", "../x" };
    char *longest = g_strnfill(NAME_MAX + 1, 'n');
    uint64_t id;
    PEER peer;

    if (peer_init(&peer, NULL)) {
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
            g_assert_cmpint(peer_try_lookup(&peer, PROXY_ROOT_ID, bad[i], &id),
                            ==, -EINVAL);
        }
        g_assert_cmpint(peer_try_lookup(&peer, PROXY_ROOT_ID, longest, &id), ==,
                        -EINVAL);
        peer_check_alive(&peer);
    }
    g_free(longest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_test_add_func("/helper-escape/directories-lead-nowhere",
                    directories_lead_nowhere);
    g_test_add_func("/helper-escape/links-are-not-followed",
                    links_are_not_followed);
    g_test_add_data_func("/helper-escape/planted-proc-is-not-used",
                         GINT_TO_POINTER(false), planted_proc_is_not_used);
    g_test_add_data_func("/helper-escape/planted-proc-is-not-used-before-6.13",
                         GINT_TO_POINTER(true), planted_proc_is_not_used);
    g_test_add_func("/helper-escape/names-are-components",
                    names_are_components);
    return g_test_run();
}
