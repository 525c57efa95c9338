/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: extended attributes.
 *
 * Which name spaces a guest may use, and where they are kept, depends on the
 * security model.  The mapped models keep security.* and trusted.*, which
 * would otherwise be the host's and not the guest's, as user attributes: the
 * guest's NAME is user.virtfs.NAME on the host, in mapped-xattr the ACLs and
 * user.virtfs.* itself too, so that a guest can export a share in turn.  One
 * function maps a guest's name to the host's or refuses it, one turns the
 * host's list into the guest's.
 * Called through fsdriver.c and by local-setattr.c, from any thread that may
 * block.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/local/local-int.h"

#define USER "user."
#define PRIVATE "user.virtfs."
#define SECURITY "security."
#define TRUSTED "trusted."
#define CAPABILITY "security.capability"
#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
/* The kernel's own bound for a list. */
#define LIST_MAX 65536
#define LIST_FIRST_TRY 1024

typedef enum XattrUse { XATTR_GET, XATTR_SET, XATTR_REMOVE } XattrUse;

/* The host's name of an attribute, one byte more than the kernel takes. */
typedef struct HostName {
    char text[XATTR_NAME_MAX + 2];
} HostName;

static bool is_acl(const char *name)
{
    return !strcmp(name, ACL_ACCESS) || !strcmp(name, ACL_DEFAULT);
}

/* Of the kernel or of root: allowed on files of every type. */
static bool is_privileged(const char *name)
{
    return g_str_has_prefix(name, SECURITY) || g_str_has_prefix(name, TRUSTED);
}

/*
 * Is the guest's @name kept under PRIVATE?  mapped-file reserves no more of
 * user.virtfs.* than it needs: the rest has always been the guest's as it is.
 */
static bool is_kept_private(FsSecurityModel model, const char *name)
{
    if (model == FS_SM_MAPPED_XATTR) {
        return is_privileged(name) || is_acl(name) ||
               g_str_has_prefix(name, PRIVATE);
    }
    while (g_str_has_prefix(name, PRIVATE)) {
        name += strlen(PRIVATE);
    }
    return model == FS_SM_MAPPED_FILE && is_privileged(name);
}

/* The host's name for the guest's @name, or why there is none. */
static int map_name(const LocalExport *export, const char *name,
                    HostName *host)
{
    FsSecurityModel model = export->base.config.model;
    const char *prefix = is_kept_private(model, name) ? PRIVATE : "";

    if (!*prefix && !g_str_has_prefix(name, USER) &&
        (!is_acl(name) || model == FS_SM_NONE)) {
        return -EOPNOTSUPP;
    }
    if (snprintf(host->text, sizeof(host->text), "%s%s", prefix, name) >
        XATTR_NAME_MAX) {
        return -ERANGE;
    }
    return 0;
}

/*
 * A link or special file that is kept in a regular file takes no more than a
 * real one would: no user attributes, and a link no ACL either.  A real one
 * has no place for attributes that are kept as user attributes.
 */
static int check_type(const FsCall *call, Name *name, const char *attr_name,
                      XattrUse use)
{
    const LocalExport *export = local_export_of(name);
    uint32_t type = node_type(name_node(name));
    int ret = 0;

    if (!export->policy->fake_special) {
        return 0;
    }
    if (!is_privileged(attr_name)) {
        ret = local_guest_type(call, name, &type);
    }
    if (ret < 0 || S_ISREG(type) || S_ISDIR(type)) {
        return ret;
    }
    if (is_acl(attr_name)) {
        return S_ISLNK(type) ? -EOPNOTSUPP : 0;
    }
    if (use == XATTR_GET) {
        return -ENODATA;
    }
    return is_privileged(attr_name) ? -EOPNOTSUPP : -EPERM;
}

/* All that comes before the host's call. */
static int prepare(const FsCall *call, FsNode *node, const char *name,
                   XattrUse use, HostName *host, LocalPin *pin)
{
    const LocalExport *export = local_export(node->export);
    int ret;

    if (use != XATTR_GET && export->base.config.readonly) {
        return -EROFS;
    }
    ret = map_name(export, name, host);
    if (ret == 0) {
        ret = check_type(call, name_from_fs(node), name, use);
    }
    return ret < 0 ? ret : local_pin(call, pin, name_from_fs(node));
}

ssize_t local_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size)
{
    LOCAL_PIN pin = { 0 };
    HostName host;
    ssize_t ret = prepare(call, node, name, XATTR_GET, &host, &pin);

    if (ret == 0) {
        ret = host_getxattr(pin.fd, host.text, buf, size);
    }
    /*
     * An ACL kept as a user attribute needs a file that we may read.  Linux'
     * client makes any other answer an EIO of the lookup.
     */
    if (is_acl(name) && (ret == -EACCES || ret == -EPERM)) {
        ret = -ENODATA;
    }
    return ret;
}

int local_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags)
{
    LocalExport *export = local_export(node->export);
    LOCAL_PIN pin = { 0 };
    HostName host;
    int ret = prepare(call, node, name, XATTR_SET, &host, &pin);

    if (ret < 0) {
        return ret;
    }
    ret = host_setxattr(pin.fd, host.text, value, size, flags);
    if (ret == 0 && !strcmp(name, CAPABILITY)) {
        g_atomic_int_inc(&export->setid_count);
    }
    return ret;
}

int local_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    LOCAL_PIN pin = { 0 };
    HostName host;
    int ret = prepare(call, node, name, XATTR_REMOVE, &host, &pin);

    if (ret < 0) {
        return ret;
    }
    ret = host_removexattr(pin.fd, host.text);
    /* The kernel removes an ACL that is not there without complaint. */
    return ret == -ENODATA && is_acl(name) ? 0 : ret;
}

/*
 * Looked for first: removing needs a file that we may write, which a file
 * whose owner is kept beside it need not be.
 */
int local_drop_capability(LocalExport *export, const LocalObject *obj)
{
    int ret;

    if (!export->policy->fake_special || !S_ISREG(obj->cred.host_type) ||
        host_getxattr(obj->cred.fd, PRIVATE CAPABILITY, NULL, 0) < 0) {
        return 0;
    }
    ret = host_removexattr(obj->cred.fd, PRIVATE CAPABILITY);
    return ret == -ENODATA ? 0 : ret;
}

/* What the guest calls the host's attribute @host; NULL: nothing of his. */
static const char *guest_name(const LocalExport *export, const char *host)
{
    FsSecurityModel model = export->base.config.model;

    if (g_str_has_prefix(host, PRIVATE)) {
        const char *name = host + strlen(PRIVATE);

        if (is_kept_private(model, name)) {
            return name;
        }
        return model == FS_SM_MAPPED_XATTR ? NULL : host;
    }
    if (g_str_has_prefix(host, USER)) {
        return host;
    }
    /* The host's own ACL is no attribute of a mapped file. */
    return is_acl(host) &&
           (model == FS_SM_PASSTHROUGH || model == FS_SM_MAPPED_FILE)
           ? host : NULL;
}

/* The host's list in *@list (owned by the caller), its length. */
static ssize_t host_list(int fd, char **list)
{
    size_t size = LIST_FIRST_TRY;
    ssize_t len;

    *list = g_malloc(size);
    len = host_listxattr(fd, *list, size);
    if (len == -ERANGE) {
        g_free(*list);
        *list = g_malloc(LIST_MAX);
        len = host_listxattr(fd, *list, LIST_MAX);
    }
    return len;
}

ssize_t local_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size)
{
    const LocalExport *export = local_export(node->export);
    g_autofree char *list = NULL;
    LOCAL_PIN pin = { 0 };
    size_t used = 0;
    ssize_t len;
    int ret = local_pin(call, &pin, name_from_fs(node));

    if (ret < 0) {
        return ret;
    }
    len = host_list(pin.fd, &list);
    for (ssize_t at = 0, next; at < len; at = next) {
        const char *name;
        size_t bytes;

        next = at + strlen(list + at) + 1;
        name = guest_name(export, list + at);
        /* A guest's name is the end of the host's. */
        bytes = name ? list + next - name : 0;
        if (size && used + bytes > size) {
            return -ERANGE;
        }
        if (size && bytes) {
            memcpy(buf + used, name, bytes);
        }
        used += bytes;
    }
    return len < 0 ? len : (ssize_t)used;
}
