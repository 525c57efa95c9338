/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver: operations that change files and names, and extended
 * attributes.
 *
 * Each function sends one request.  The helper performs the operation and
 * updates its own Names; on success the driver makes the same change to its
 * Names.  A read-only export refuses changes without a request.  Called through
 * fsdriver.c from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-int.h"

static ProxyText text(const char *s)
{
    return (ProxyText) { s, strlen(s) };
}

/* Begin a request that changes @node or creates an object in it. */
static int ask_to_change(const FsCall *call, ProxyAsk *ask, FsNode *node,
                         uint64_t *id)
{
    return fs_export_is_readonly(node->export) ? -EROFS
                                         : proxy_ask_about(call, ask, node, id);
}

/* ---- creation --------------------------------------------------------- */

/* *@there: the helper has made or opened the file. */
static int create_counted(const FsCall *call, FsNode *dir, const char *name,
                          int flags, uint32_t mode, FsFile **file,
                          FsAttr *attr, bool *there)
{
    const FsCred *owner = fs_call_owner(call);
    PROXY_ASK ask = { 0 };
    uint64_t dir_id;
    HostStat st;
    Name *made;
    int ret = ask_to_change(call, &ask, dir, &dir_id);

    if (ret == 0) {
        ask.t.create = (struct ProxyTcreate) {
            dir_id, text(name), flags, mode, owner->uid, owner->gid,
        };
        ret = proxy_ask(&ask, PROXY_CREATE);
        *there = ret == 0;
    }
    if (ask.answer.fds_lost) {
        proxy_conn_forget(ask.conn, ask.answer.r.create.id, 1, true);
    }
    if (ret == 0) {
        ret = proxy_ask_insert(&ask, dir, name, 1, ask.answer.r.create.id,
                               &st, &made);
    }
    if (ret < 0) {
        return ret;
    }
    ret = S_ISREG(st.mode) ? proxy_ask_file(&ask, made, 0, flags, file)
                           : proxy_ask_refuse(&ask);
    if (ret == 0) {
        local_attr_from_host(attr, &st);
        local_attr_identify(attr, made);
    }
    name_unref(made);
    return ret;
}

int proxy_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr)
{
    NodeTable *table = local_table(dir->export);
    FsFile *opened = NULL;
    bool there = false;
    int ret = node_fd_account(table, false);

    if (ret < 0) {
        return ret;
    }
    ret = create_counted(call, dir, name, flags, mode, &opened, attr, &there);
    if (ret < 0) {
        node_fd_unaccount(table);
        if (there && (flags & O_EXCL)) {
            proxy_unlink(call, dir, name, false);
        }
        return ret;
    }
    *file = opened;
    *node = fs_node_ref(opened->node);
    return 0;
}

/* A new object of another type than requested is a protocol violation. */
static int check_made(ProxyAsk *ask, const FsAttr *made, uint32_t type,
                      FsAttr *attr)
{
    if ((made->mode & S_IFMT) != type) {
        return proxy_ask_refuse(ask);
    }
    *attr = *made;
    return 0;
}

int proxy_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr)
{
    const FsCred *owner = fs_call_owner(call);
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = ask_to_change(call, &ask, dir, &id);

    if (ret == 0) {
        ask.t.mkdir = (struct ProxyTmkdir) {
            id, text(name), mode, owner->uid, owner->gid,
        };
        ret = proxy_ask(&ask, PROXY_MKDIR);
    }
    return ret < 0 ? ret : check_made(&ask, &ask.answer.r.mkdir.attr, S_IFDIR,
                                      attr);
}

int proxy_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr)
{
    const FsCred *owner = fs_call_owner(call);
    uint32_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = ask_to_change(call, &ask, dir, &id);

    if (ret == 0) {
        ask.t.mknod = (struct ProxyTmknod) {
            id, text(name), mode, rdev, owner->uid, owner->gid,
        };
        ret = proxy_ask(&ask, PROXY_MKNOD);
    }
    return ret < 0 ? ret : check_made(&ask, &ask.answer.r.mknod.attr, type,
                                      attr);
}

int proxy_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr)
{
    const FsCred *owner = fs_call_owner(call);
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = ask_to_change(call, &ask, dir, &id);

    if (ret == 0 && strlen(target) >= PATH_MAX) {
        ret = -ENAMETOOLONG;
    }
    if (ret == 0) {
        ask.t.symlink = (struct ProxyTsymlink) {
            id, text(name), text(target), owner->uid, owner->gid,
        };
        ret = proxy_ask(&ask, PROXY_SYMLINK);
    }
    return ret < 0 ? ret : check_made(&ask, &ask.answer.r.symlink.attr,
                                      S_IFLNK, attr);
}

/* ---- names ------------------------------------------------------------ */

int proxy_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name)
{
    PROXY_ASK ask = { 0 };
    uint64_t dir_id;
    uint64_t id;
    int ret = ask_to_change(call, &ask, dir, &dir_id);

    if (ret == 0) {
        ret = proxy_ask_id(&ask, node, &id);
    }
    if (ret < 0) {
        return ret;
    }
    ask.t.link = (struct ProxyTlink) { id, dir_id, text(name) };
    return proxy_ask(&ask, PROXY_LINK);
}

int proxy_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir)
{
    PROXY_ASK ask = { 0 };
    Name *victim = NULL;
    uint64_t id;
    int ret = ask_to_change(call, &ask, dir, &id);

    if (ret == 0) {
        ret = name_pin_for_removal(call, name_from_fs(dir), name, &victim);
    }
    if (ret < 0) {
        return ret;
    }
    ask.t.unlink = (struct ProxyTunlink) { id, text(name), is_dir };
    ret = proxy_ask(&ask, PROXY_UNLINK);
    if (ret == 0) {
        name_removed(name_from_fs(dir), name);
    }
    name_unpin(victim);
    return ret;
}

int proxy_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname)
{
    Name *from = name_from_fs(dir);
    PROXY_ASK ask = { 0 };
    Name *victim = NULL;
    uint64_t newdir_id;
    uint64_t id;
    /* Renames lock lookups out, so no coroutine may yield here. */
    int ret = fs_call_may_block(call)
              ? ask_to_change(call, &ask, dir, &id)
              : -EAGAIN;

    if (ret == 0) {
        ret = proxy_ask_id(&ask, newdir, &newdir_id);
    }
    if (ret == 0) {
        ret = name_pin_for_removal(call, name_from_fs(newdir), newname,
                                   &victim);
    }
    if (ret < 0) {
        return ret;
    }
    ask.t.rename = (struct ProxyTrename) {
        id, text(name), newdir_id, text(newname),
    };
    name_rename_begin(from);
    ret = proxy_ask(&ask, PROXY_RENAME);
    if (ret == 0) {
        name_renamed(from, name, name_from_fs(newdir), newname);
    }
    name_rename_end(from);
    name_unpin(victim);
    return ret;
}

/* ---- attributes ------------------------------------------------------- */

int proxy_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = ask_to_change(call, &ask, node, &id);

    if (ret == 0) {
        ask.t.setattr = (struct ProxyTsetattr) { id, *set };
        ask.t.setattr.set.mode &= 07777;
        ret = proxy_ask(&ask, PROXY_SETATTR);
    }
    return ret;
}

/* A value that is longer than the requested size is a protocol violation. */
static ssize_t take_value(ProxyAsk *ask, uint32_t length, ProxyBlob value,
                          void *buf, size_t size)
{
    if (length > PROXY_XATTR_MAX || value.len > size ||
        value.len != (size ? length : 0)) {
        return proxy_ask_refuse(ask);
    }
    if (value.len) {
        memcpy(buf, value.data, value.len);
    }
    return length;
}

/*
 * What is done with an attribute is decided by the helper's rules.  Those of
 * QEMU only say which attributes it is asked for.
 */
static int check_xattr(FsNode *node, const char *name)
{
    switch (fs_xattr_action(node->export->config.xattrs, name)) {
    case FS_XATTR_ALLOW:
        return 0;
    case FS_XATTR_MODEL:
        return fs_xattr_is_privileged(name) ? -EOPNOTSUPP : 0;
    default:
        return -EOPNOTSUPP;
    }
}

ssize_t proxy_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = check_xattr(node, name);

    if (ret == 0) {
        ret = proxy_ask_about(call, &ask, node, &id);
    }

    if (ret == 0) {
        ask.t.getxattr = (struct ProxyTgetxattr) {
            id, text(name), MIN(size, PROXY_XATTR_MAX),
        };
        ret = proxy_ask(&ask, PROXY_GETXATTR);
    }
    return ret < 0 ? ret : take_value(&ask, ask.answer.r.getxattr.length,
                                      ask.answer.r.getxattr.value, buf, size);
}

static ssize_t ask_list(const FsCall *call, FsNode *node, char *buf,
                        size_t size)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = proxy_ask_about(call, &ask, node, &id);

    if (ret == 0) {
        ask.t.listxattr = (struct ProxyTlistxattr) {
            id, MIN(size, PROXY_XATTR_MAX),
        };
        ret = proxy_ask(&ask, PROXY_LISTXATTR);
    }
    return ret < 0 ? ret : take_value(&ask, ask.answer.r.listxattr.length,
                                      ask.answer.r.listxattr.value, buf, size);
}

/* A name may have to be left out, so its length takes the list itself. */
ssize_t proxy_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size)
{
    const FsXattrRules *rules = node->export->config.xattrs;
    g_autofree char *own = NULL;
    ssize_t len;

    if (!size) {
        buf = own = g_malloc(PROXY_XATTR_MAX);
        size = PROXY_XATTR_MAX;
    }
    len = ask_list(call, node, buf, size);
    return len > 0 ? (ssize_t)fs_xattr_filter(rules, buf, len) : len;
}

int proxy_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = check_xattr(node, name);

    if (ret == 0) {
        ret = ask_to_change(call, &ask, node, &id);
    }
    if (ret == 0 && size > PROXY_XATTR_MAX) {
        ret = -E2BIG;
    }
    if (ret == 0) {
        ask.t.setxattr = (struct ProxyTsetxattr) {
            id, text(name), { value, size }, flags,
        };
        ret = proxy_ask(&ask, PROXY_SETXATTR);
    }
    return ret;
}

int proxy_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = check_xattr(node, name);

    if (ret == 0) {
        ret = ask_to_change(call, &ask, node, &id);
    }
    if (ret == 0) {
        ask.t.removexattr = (struct ProxyTremovexattr) { id, text(name) };
        ret = proxy_ask(&ask, PROXY_REMOVEXATTR);
    }
    return ret;
}
