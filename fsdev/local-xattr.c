/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: extended attributes.
 *
 * Which name spaces a guest may use depends on the security model; one
 * function maps a guest's name to the host's or refuses it, one turns the
 * host's list into the guest's.  security.* and trusted.* are refused in all
 * models: they would be the host's, not the guest's.
 * Called through fsdriver.c from any thread that may block.
 */
#include "fsdev/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/local.h"

#define USER "user."
#define PRIVATE "user.virtfs."
#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
/* The kernel's own bound for a list. */
#define LIST_MAX 65536
#define LIST_FIRST_TRY 1024

typedef enum XattrUse { XATTR_GET, XATTR_SET, XATTR_REMOVE } XattrUse;

static bool is_acl(const char *name)
{
    return !strcmp(name, ACL_ACCESS) || !strcmp(name, ACL_DEFAULT);
}

/*
 * The host's name for the guest's @name, or why not.  @name stays valid as
 * long as the result; ACLs of mapped-xattr are kept as user attributes.
 */
static int map_name(const LocalExport *export, const char *name, XattrUse use,
                    const char **host)
{
    FsSecurityModel model = export->base.config.model;

    *host = name;
    if (g_str_has_prefix(name, USER)) {
        if (model == FS_SM_MAPPED_XATTR && g_str_has_prefix(name, PRIVATE)) {
            return use == XATTR_GET ? -ENODATA : -EACCES;
        }
        return 0;
    }
    if (!is_acl(name) || model == FS_SM_NONE) {
        return -EOPNOTSUPP;
    }
    if (model == FS_SM_MAPPED_XATTR) {
        *host = !strcmp(name, ACL_ACCESS) ? PRIVATE ACL_ACCESS
                                          : PRIVATE ACL_DEFAULT;
    }
    return 0;
}

/*
 * A link or special file that is kept in a regular file takes no more than a
 * real one would: no user attributes, and a link no ACL either.
 */
static int check_type(Name *name, const char *attr_name, XattrUse use)
{
    const LocalExport *export = local_export_of(name);
    uint32_t type;
    int ret;

    if (!export->policy->fake_special) {
        return 0;
    }
    ret = local_guest_type(name, &type);
    if (ret < 0 || S_ISREG(type) || S_ISDIR(type)) {
        return ret;
    }
    if (is_acl(attr_name)) {
        return S_ISLNK(type) ? -EOPNOTSUPP : 0;
    }
    return use == XATTR_GET ? -ENODATA : -EPERM;
}

/* All that comes before the host's call. */
static int prepare(FsNode *node, const char *name, XattrUse use,
                   const char **host, LocalPin *pin)
{
    const LocalExport *export = local_export(node->export);
    int ret;

    if (use != XATTR_GET && export->base.config.readonly) {
        return -EROFS;
    }
    ret = map_name(export, name, use, host);
    if (ret == 0) {
        ret = check_type(name_from_fs(node), name, use);
    }
    return ret < 0 ? ret : local_pin(pin, name_from_fs(node), 0);
}

ssize_t local_getxattr(FsNode *node, const char *name, void *buf, size_t size)
{
    LOCAL_PIN pin = { 0 };
    const char *host;
    int ret = prepare(node, name, XATTR_GET, &host, &pin);

    return ret < 0 ? ret : host_getxattr(pin.fd, host, buf, size);
}

int local_setxattr(FsNode *node, const char *name, const void *value,
                   size_t size, int flags)
{
    LOCAL_PIN pin = { 0 };
    const char *host;
    int ret = prepare(node, name, XATTR_SET, &host, &pin);

    return ret < 0 ? ret : host_setxattr(pin.fd, host, value, size, flags);
}

int local_removexattr(FsNode *node, const char *name)
{
    LOCAL_PIN pin = { 0 };
    const char *host;
    int ret = prepare(node, name, XATTR_REMOVE, &host, &pin);

    if (ret < 0) {
        return ret;
    }
    ret = host_removexattr(pin.fd, host);
    /* The kernel removes an ACL that is not there without complaint. */
    return ret == -ENODATA && is_acl(name) ? 0 : ret;
}

/* What the guest calls the host's attribute @host; NULL: nothing of his. */
static const char *guest_name(const LocalExport *export, const char *host)
{
    FsSecurityModel model = export->base.config.model;

    if (model == FS_SM_MAPPED_XATTR && g_str_has_prefix(host, PRIVATE)) {
        host += strlen(PRIVATE);
        return is_acl(host) ? host : NULL;
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

ssize_t local_listxattr(FsNode *node, char *buf, size_t size)
{
    const LocalExport *export = local_export(node->export);
    g_autofree char *list = NULL;
    LOCAL_PIN pin = { 0 };
    size_t used = 0;
    ssize_t len;
    int ret = local_pin(&pin, name_from_fs(node), 0);

    if (ret < 0) {
        return ret;
    }
    len = host_list(pin.fd, &list);
    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        const char *name = guest_name(export, list + at);
        size_t bytes = name ? strlen(name) + 1 : 0;

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
