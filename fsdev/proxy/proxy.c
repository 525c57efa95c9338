/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver: an export whose privileged work is done by
 * virtfs-proxy-helper.
 *
 * QEMU may run as any user; the helper holds the privilege.  The driver itself
 * looks up, and opens for reading, whatever QEMU's own user may, relative to
 * the descriptors that it has.  For the rest the helper sends a number and an
 * O_PATH descriptor for an object that is looked up, and a descriptor with
 * access for a file that is opened, so that attributes, symbolic links, reads,
 * writes and directories need no further request.  Every reply is checked: a
 * compromised helper must not compromise QEMU as well.  When the helper has
 * gone, operations that need it fail with -EIO; with socket= the next request
 * connects again, to a helper that exports the same directory.
 *
 * This file holds the export, lookup and open.  proxy-ask.c sends requests;
 * proxy-number.c, proxy-change.c and proxy-dir.c hold the other operations.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy.h"
#include "fsdev/proxy/proxy-int.h"

/* ---- lookup ----------------------------------------------------------- */

/* The helper, which has more privileges, may succeed where QEMU got @ret. */
static bool lacks_right(int ret)
{
    return ret == -EACCES || ret == -EPERM;
}

static int proxy_lookup_once(const FsCall *call, FsNode *dir, const char *name,
                             FsNode **node, FsAttr *attr)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    HostStat st;
    Name *found;
    int ret = proxy_ask_about(call, &ask, dir, &id);

    if (ret == 0) {
        ask.t.lookup = (struct ProxyTlookup) { id, { name, strlen(name) } };
        ret = proxy_ask(&ask, PROXY_LOOKUP);
    }
    if (ask.answer.fds_lost) {
        proxy_conn_forget(ask.conn, ask.answer.r.lookup.id, 1, true);
    }
    if (ret == 0) {
        ret = proxy_ask_insert(&ask, dir, name, 0, ask.answer.r.lookup.id,
                               &st, &found);
    }
    if (ret == 0) {
        local_attr_from_host(attr, &st);
        local_attr_identify(attr, found);
        *node = name_to_fs(found);
    }
    return ret;
}

static int proxy_lookup(const FsCall *call, FsNode *dir, const char *name,
                        FsNode **node, FsAttr *attr)
{
    int ret = -EACCES;

    if (!proxy_export(dir->export)->asks_always) {
        ret = local_lookup(call, dir, name, node, attr);
    }
    if (!lacks_right(ret)) {
        return ret;
    }
    if (!fs_call_may_ask(call)) {
        return -EAGAIN;
    }
    ret = proxy_lookup_once(call, dir, name, node, attr);
    if (ret == -EMFILE &&
        node_fd_reclaim(local_table(dir->export))) {
        ret = proxy_lookup_once(call, dir, name, node, attr);
    }
    return ret;
}

static int proxy_peek(const FsCall *call, FsNode *dir, const char *name,
                      FsAttr *attr)
{
    FsNode *node;
    int ret = -EACCES;

    if (!proxy_export(dir->export)->asks_always) {
        ret = local_peek(call, dir, name, attr);
    }
    if (lacks_right(ret)) {
        ret = proxy_lookup(call, dir, name, &node, attr);
        if (ret == 0) {
            fs_node_unref(node);
        }
    }
    return ret;
}

/* Get an evicted path fd back. */
static int proxy_fetch(const FsCall *call, Name *name)
{
    PROXY_ASK ask = { 0 };
    uint64_t id;
    int ret = proxy_ask_about(call, &ask, name_to_fs(name), &id);

    if (ret == 0) {
        ask.t.fetch.id = id;
        ret = proxy_ask(&ask, PROXY_FETCH);
    }
    if (ret == 0 && !proxy_is_path_fd(ask.answer.fds[0])) {
        ret = proxy_ask_refuse(&ask);
    }
    return ret < 0 ? ret : proxy_ask_take_fd(&ask, 0);
}

static void proxy_forget(FsExport *base, const NameRemote *remote)
{
    uint32_t epoch;
    ProxyConn *conn = proxy_current_conn(proxy_export(base), &epoch);

    if (remote->epoch == epoch) {
        proxy_conn_forget(conn, remote->id, remote->count, remote->gone);
    }
    proxy_conn_unref(conn);
}

static const NodeRemoteOps proxy_remote = {
    .fetch = proxy_fetch,
    .forget = proxy_forget,
};
static const NodeRemoteOps proxy_remote_always = {
    .asked_first = true,
    .fetch = proxy_fetch,
    .forget = proxy_forget,
};

/* ---- open ------------------------------------------------------------- */

static int ask_open_once(const FsCall *call, ProxyAsk *ask, FsNode *node,
                         int flags)
{
    uint64_t id;
    int ret = proxy_ask_about(call, ask, node, &id);

    if (ret == 0) {
        ask->t.open = (struct ProxyTopen) { id, flags };
        ret = proxy_ask(ask, PROXY_OPEN);
    }
    return ret;
}

/* On success descriptor 0 of the reply is the file opened with @flags. */
static int ask_open(const FsCall *call, ProxyAsk *ask, FsNode *node, int flags)
{
    int ret = ask_open_once(call, ask, node, flags);

    if (ret == -EMFILE &&
        node_fd_reclaim(local_table(node->export))) {
        proxy_ask_clear(ask);
        ret = ask_open_once(call, ask, node, flags);
    }
    return ret;
}

/*
 * Open for reading in QEMU itself.  O_NOATIME is left to the helper because it
 * requires ownership of the file; opening for writing is, because the kernel
 * looks at the credentials of the process that opened the file.
 */
static int open_here(const FsCall *call, FsNode *node, int flags,
                     int open_flags, FsFile **file, FsAttr *attr)
{
    const int others = O_ACCMODE | O_TRUNC | O_APPEND;
    LOCAL_PIN pin = { 0 };
    int ret;

    if (((flags | open_flags) & others) || (open_flags & O_NOATIME) ||
        proxy_export(node->export)->asks_always) {
        return -EACCES;
    }
    ret = local_pin(call, &pin, name_from_fs(node));
    return ret < 0 ? ret : local_open_attr(call, node, flags, file, attr);
}

/*
 * The attributes for the guest of the file that the helper has opened.
 * @before: those that it had, if it has been cut, which cannot fail any more.
 */
static int opened_attr(const FsCall *call, FsFile *opened, int flags,
                       const FsAttr *before, FsAttr *attr)
{
    int ret = local_file_attr(call, opened, attr);

    if (ret < 0 && (flags & O_TRUNC)) {
        *attr = *before;
        attr->size = attr->blocks = 0;
        ret = 0;
    }
    return ret;
}

/* Open in the helper. */
static int open_there(const FsCall *call, FsNode *node, int flags,
                      int open_flags, FsFile **file)
{
    NodeTable *table = local_table(node->export);
    PROXY_ASK ask = { 0 };
    int ret = node_fd_account(table, open_flags & O_DIRECTORY);

    if (ret < 0) {
        return ret;
    }
    ret = ask_open(call, &ask, node, open_flags | (flags & O_TRUNC));
    if (ret == 0) {
        ret = proxy_ask_file(&ask, name_from_fs(node), 0, open_flags, file);
    }
    if (ret < 0) {
        node_fd_unaccount(table);
    }
    return ret;
}

static int proxy_open_attr(const FsCall *call, FsNode *node, int flags,
                           FsFile **file, FsAttr *attr)
{
    Name *name = name_from_fs(node);
    FsFile *opened = NULL;
    FsAttr before = { 0 };
    int open_flags;
    FsAttr seen;
    int ret = local_check_open(local_export(node->export),
                               node_type(name_node(name)), flags,
                               &open_flags);

    if (ret == 0) {
        ret = open_here(call, node, flags, open_flags, file, attr);
    }
    if (!lacks_right(ret)) {
        return ret;
    }
    if (!fs_call_may_ask(call)) {
        return -EAGAIN;
    }
    ret = flags & O_TRUNC ? local_getattr(call, node, NULL, FS_FIRST_LOOK,
                                          &before) : 0;
    if (ret == 0) {
        ret = open_there(call, node, flags, open_flags, &opened);
    }
    if (ret == 0 && attr) {
        ret = opened_attr(call, opened, flags, &before, &seen);
        if (ret < 0) {
            local_release(opened);
        } else {
            *attr = seen;
        }
    }
    if (ret == 0) {
        *file = opened;
    }
    return ret;
}

static int proxy_open(const FsCall *call, FsNode *node, int flags,
                      FsFile **file)
{
    return proxy_open_attr(call, node, flags, file, NULL);
}

static int ask_to_lock(const FsCall *call, FsFile *file, int flags)
{
    Name *name = name_from_fs(file->node);
    PROXY_ASK ask = { 0 };
    int ret = ask_open(call, &ask, file->node, flags);

    if (ret == 0) {
        ret = proxy_ask_check_file(&ask, name, 0, flags);
    }
    return ret < 0 ? ret : proxy_ask_take_fd(&ask, 0);
}

static int proxy_locker_open(const FsCall *call, FsFile *file, bool may_write,
                             FsLocker **locker)
{
    return local_locker_open_by(call, file, may_write, ask_to_lock, locker);
}

/* ---- the export ------------------------------------------------------- */

static bool ask_always;

void proxy_ask_always(bool always)
{
    ask_always = always;
}

/* Owned by the caller. */
static char *connect_problem(const FsConfig *config, int error)
{
    switch (error) {
    case EPROTOTYPE:
        return g_strdup("it is not a unix socket of the type "
                        "SOCK_SEQPACKET or SOCK_STREAM");
    case EPROTONOSUPPORT:
        return g_strdup("virtfs-proxy-helper has another version");
    case EPROTO:
    case EIO:
        return g_strdup("there is no valid reply from virtfs-proxy-helper");
    case ECONNRESET:
        return g_strdup_printf("it was closed by virtfs-proxy-helper, which "
                               "serves only the user of its -u; this is uid %u",
                               geteuid());
    case ENOENT:
    case ECONNREFUSED:
        if (config->socket) {
            return g_strdup_printf("no helper listens there; start it as root: "
                                   "virtfs-proxy-helper -p DIR -s %s -u %u "
                                   "-g %u", config->socket, geteuid(),
                                   getegid());
        }
        /* fall through */
    default:
        return g_strdup(g_strerror(error));
    }
}

static FsExport *proxy_open_export(const FsConfig *config, GError **error)
{
    ProxyExport *export;
    FsConfig *own;
    PROXY_GREETING hello = { 0 };
    const char *what;
    ProxyConn *conn;
    int fd = host_init(&what);

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-fd),
                    "cannot open '%s': %s", what, g_strerror(-fd));
        return NULL;
    }
    fd = proxy_connect(config, &conn, &hello);
    if (fd < 0) {
        g_autofree char *where = config->socket
            ? g_strdup_printf("socket '%s'", config->socket)
            : g_strdup_printf("sock_fd %d", config->sock_fd);
        g_autofree char *problem = connect_problem(config, -fd);

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(-fd),
                    "cannot connect through %s: %s", where, problem);
        return NULL;
    }
    export = g_new0(ProxyExport, 1);
    g_mutex_init(&export->lock);
    g_mutex_init(&export->reconnecting);
    export->conn = conn;
    export->no_mounts = hello.flags & PROXY_HELLO_NO_MOUNTS;
    /*
     * An object without a number can only be passed to the helper by ADOPT,
     * which needs the id of its mount.
     */
    export->asks_always = ask_always || !hello.st.mnt_id;
    local_export_init(&export->local, config, &cred_passthrough, fd,
                      &hello.st, export->asks_always ? &proxy_remote_always
                                                     : &proxy_remote);
    own = &export->local.base.config;
    own->users = own->users ?: g_steal_pointer(&hello.users);
    own->groups = own->groups ?: g_steal_pointer(&hello.groups);
    return &export->local.base;
}

static void proxy_leave_loop(FsExport *base, const FsYield *yield)
{
    uint32_t epoch;
    ProxyConn *conn = proxy_current_conn(proxy_export(base), &epoch);

    proxy_conn_leave_loop(conn, yield);
    proxy_conn_unref(conn);
}

static void proxy_close_export(FsExport *base)
{
    ProxyExport *export = proxy_export(base);

    local_export_exit(&export->local);
    proxy_conn_unref(export->conn);
    g_mutex_clear(&export->reconnecting);
    g_mutex_clear(&export->lock);
    g_free(export);
}

const FsDriver fs_proxy_driver = {
    .name = "proxy",
    .open_export = proxy_open_export,
    .close_export = proxy_close_export,
    .root = local_root,
    .node_ref = local_node_ref,
    .node_unref = local_node_unref,
    .parent = local_parent,
    .locate = local_locate,
    .identity = local_identity,
    .is_dead = local_is_dead,
    .place = local_place,
    .dev_id = local_dev_id,
    .leave_loop = proxy_leave_loop,
    .reach = local_reach,
    .usage = local_usage,
    .asks = true,
    .lookup = proxy_lookup,
    .peek = proxy_peek,
    .getattr = local_getattr,
    .setattr = proxy_setattr,
    .readlink = local_readlink,
    .statfs = local_statfs,
    .create = proxy_create,
    .mkdir = proxy_mkdir,
    .mknod = proxy_mknod,
    .symlink = proxy_symlink,
    .link = proxy_link,
    .unlink = proxy_unlink,
    .rename = proxy_rename,
    .open = proxy_open,
    .open_attr = proxy_open_attr,
    .read = local_read,
    .write = local_write,
    .fsync = local_fsync,
    .length = local_length,
    .readdir = proxy_readdir,
    .release = local_release,
    .getxattr = proxy_getxattr,
    .listxattr = proxy_listxattr,
    .setxattr = proxy_setxattr,
    .removexattr = proxy_removexattr,
    .locker_open = proxy_locker_open,
    .locker_close = local_locker_close,
    .lock = local_lock_range,
    .getlock = local_getlock,
    .locked = local_locked,
};
