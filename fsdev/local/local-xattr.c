/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: extended attributes.
 *
 * The security model decides which name spaces a guest may use and where they
 * are stored.  The mapped models store security.* and trusted.*, which would
 * otherwise have a meaning for the host, as user attributes: NAME of the guest
 * is user.virtfs.NAME on the host.  In mapped-xattr the same applies to ACLs
 * and to user.virtfs.* itself, so that a guest can export a share in turn.  In
 * passthrough and none a guest can read user.virtfs.*, but not set it unless
 * the export allows that: it would have a meaning once the directory is
 * exported with a mapped model.  The rules of xattrs= (fs-xattrs.h) can let
 * security.* and trusted.* through to the host, or keep them under the prefix.
 * map_name() translates a name of the guest or refuses it; guest_name()
 * translates the names in the host's list.
 * Called through fsdriver.c and by local-setattr.c, from any thread that may
 * block.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/local/local-int.h"

#define USER "user."
#define PRIVATE "user.virtfs."
#define CAPABILITY FS_XATTR_CAPABILITY
#define ACL_ACCESS "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"
/* The kernel's limit for a list. */
#define LIST_MAX 65536
#define LIST_FIRST_TRY 1024

typedef enum XattrUse { XATTR_GET, XATTR_SET, XATTR_REMOVE } XattrUse;

/* A name on the host, with room for one byte more than the kernel accepts. */
typedef struct HostName {
    char text[XATTR_NAME_MAX + 2];
} HostName;

static bool is_acl(const char *name)
{
    return !strcmp(name, ACL_ACCESS) || !strcmp(name, ACL_DEFAULT);
}

/* @name without all PRIVATE at its beginning. */
static const char *base_of(const char *name)
{
    while (g_str_has_prefix(name, PRIVATE)) {
        name += strlen(PRIVATE);
    }
    return name;
}

/* Is @name, in security.* or trusted.*, stored under PRIVATE? */
static bool is_kept(const FsConfig *config, const char *name)
{
    FsXattrAction action = fs_xattr_action(config->xattrs, name);
    bool mapped = config->model == FS_SM_MAPPED_XATTR ||
                  config->model == FS_SM_MAPPED_FILE;

    return action == FS_XATTR_PREFIX || (action == FS_XATTR_MODEL && mapped);
}

/*
 * Is the guest's @name stored under PRIVATE?  Models other than mapped-xattr
 * reserve only those names in user.virtfs.* that they need, since guests have
 * always been able to use the others.  mapped-file reserves them even if its
 * rules say otherwise, as the files may have such attributes already.
 */
static bool is_kept_private(const FsConfig *config, const char *name)
{
    const char *base = base_of(name);

    if (!fs_xattr_is_privileged(base)) {
        return config->model == FS_SM_MAPPED_XATTR &&
               (is_acl(name) || base != name);
    }
    return is_kept(config, base) ||
           (base != name && (config->model == FS_SM_MAPPED_XATTR ||
                             config->model == FS_SM_MAPPED_FILE));
}

/* Is the guest's @name, which is not kept private, one of the host's? */
static bool is_same_on_host(const FsConfig *config, const char *name)
{
    if (fs_xattr_is_privileged(name)) {
        return fs_xattr_action(config->xattrs, name) == FS_XATTR_ALLOW;
    }
    return g_str_has_prefix(name, USER) ||
           (is_acl(name) && config->model != FS_SM_NONE);
}

/* Set *@host to the host's name for the guest's @name, or return an error. */
static int map_name(const LocalExport *export, const char *name,
                    HostName *host)
{
    const FsConfig *config = &export->base.config;
    const char *prefix = is_kept_private(config, name) ? PRIVATE : "";

    if (fs_xattr_action(config->xattrs, name) == FS_XATTR_DENY ||
        (!*prefix && !is_same_on_host(config, name))) {
        return -EOPNOTSUPP;
    }
    if (snprintf(host->text, sizeof(host->text), "%s%s", prefix, name) >
        XATTR_NAME_MAX) {
        return -ERANGE;
    }
    return 0;
}

/* May the guest set or remove its attribute @name? */
static bool may_change(const LocalExport *export, const char *name)
{
    return export->policy->fake_special || export->base.config.nested_export ||
           !g_str_has_prefix(name, PRIVATE);
}

/*
 * A link or special file that is stored as a regular file accepts the same
 * attributes as a real one: no user attributes, and for a link no ACL either.
 * A real one cannot have attributes that are stored as user attributes.
 */
static int check_type(const FsCall *call, Name *name, const char *attr_name,
                      XattrUse use)
{
    const LocalExport *export = local_export_of(name);
    uint32_t type = node_type(name_node(name));
    int ret = 0;

    if (!export->policy->fake_special ||
        fs_xattr_action(export->base.config.xattrs, attr_name) ==
        FS_XATTR_ALLOW) {
        return 0;
    }
    if (!fs_xattr_is_privileged(attr_name)) {
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
    return fs_xattr_is_privileged(attr_name) ? -EOPNOTSUPP : -EPERM;
}

/* All checks, and the translated name and a path fd for the system call. */
static int prepare(const FsCall *call, FsNode *node, const char *name,
                   XattrUse use, HostName *host, LocalPin *pin)
{
    const LocalExport *export = local_export(node->export);
    int ret;

    if (use != XATTR_GET && fs_export_is_readonly(&export->base)) {
        return -EROFS;
    }
    if (use != XATTR_GET && !may_change(export, name)) {
        return -EOPNOTSUPP;
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
     * Reading an ACL that is stored as a user attribute takes the right to read
     * the file.  With any other error, a Linux client fails the lookup.
     */
    if (is_acl(name) && (ret == -EACCES || ret == -EPERM)) {
        ret = -ENODATA;
    }
    /* Other versions of QEMU leave an empty value where an ACL was removed. */
    return ret == 0 && is_acl(name) ? -ENODATA : ret;
}

static int remove_value(const HostName *host, const LocalPin *pin,
                        const char *name)
{
    int ret = host_removexattr(pin->fd, host->text);

    /* For the kernel, removing an ACL that does not exist is not an error. */
    return ret == -ENODATA && is_acl(name) ? 0 : ret;
}

/*
 * An ACL of no bytes means "remove", for the kernel and so for a client.  Other
 * attributes can have an empty value.
 */
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
    if (size == 0 && is_acl(name)) {
        return remove_value(&host, &pin, name);
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

    return ret < 0 ? ret : remove_value(&host, &pin, name);
}

bool local_keeps_capability(const LocalExport *export)
{
    const FsConfig *config = &export->base.config;

    /* In a mapped model, the host does not know of the guest's owners. */
    return is_kept(config, CAPABILITY) ||
           (export->policy->fake_special &&
            fs_xattr_action(config->xattrs, CAPABILITY) == FS_XATTR_ALLOW);
}

static const char *capability_name(const LocalExport *export)
{
    return is_kept(&export->base.config, CAPABILITY) ? PRIVATE CAPABILITY
                                                     : CAPABILITY;
}

void local_capability(const LocalExport *export, const LocalObject *obj,
                      LocalCapability *capability)
{
    capability->size = S_ISREG(obj->cred.host_type)
                       ? host_getxattr(obj->cred.fd, capability_name(export),
                                       capability->value,
                                       sizeof(capability->value))
                       : 0;
}

/* @ret: of local_capability().  What may not be read has none for the guest. */
static bool has_no_capability(ssize_t ret)
{
    return ret == 0 || ret == -ENODATA || ret == -EOPNOTSUPP ||
           ret == -EACCES || ret == -EPERM;
}

/*
 * Removing an attribute takes the right to write the file, which this process
 * may lack for a file whose owner is stored beside it.  So it is tried only if
 * the attribute exists.
 */
int local_drop_capability(const LocalExport *export, const LocalObject *obj,
                          LocalCapability *dropped)
{
    int ret;

    dropped->size = 0;
    if (!local_keeps_capability(export)) {
        return 0;
    }
    local_capability(export, obj, dropped);
    if (has_no_capability(dropped->size)) {
        return 0;
    }
    if (dropped->size < 0 && dropped->size != -ERANGE) {
        return dropped->size;
    }
    ret = host_removexattr(obj->cred.fd, capability_name(export));
    if (ret < 0) {
        dropped->size = 0;
    }
    return ret == -ENODATA ? 0 : ret;
}

void local_restore_capability(const LocalExport *export,
                              const LocalObject *obj,
                              const LocalCapability *capability)
{
    if (capability->size > 0) {
        host_setxattr(obj->cred.fd, capability_name(export),
                      capability->value, capability->size, 0);
    }
}

/*
 * The guest's name for the attribute @host; NULL: the guest has none.  It is
 * the name from which map_name() makes @host.
 */
static const char *guest_name(const LocalExport *export, const char *host)
{
    const FsConfig *config = &export->base.config;
    const char *name = host;

    if (g_str_has_prefix(host, PRIVATE) &&
        is_kept_private(config, host + strlen(PRIVATE))) {
        name = host + strlen(PRIVATE);
    } else if (is_kept_private(config, host) ||
               !is_same_on_host(config, host)) {
        return NULL;
    }
    return fs_xattr_action(config->xattrs, name) == FS_XATTR_DENY ? NULL : name;
}

/* Does the attribute @host, which is the guest's @name, exist for the guest? */
static bool is_listed(int fd, const char *host, const char *name)
{
    return name && (!is_acl(name) || host_getxattr(fd, host, NULL, 0) != 0);
}

/* Set *@list to the host's list, owned by the caller; return its length. */
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
        /* The guest's name is the end of the host's name. */
        bytes = is_listed(pin.fd, list + at, name) ? list + next - name : 0;
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
