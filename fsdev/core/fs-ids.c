/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping of ids between guest and host in driver calls: see fs-ids.h.
 *
 * The extended attributes with ids are POSIX ACLs, capabilities and, as they
 * become owners when the share is exported with a mapped model, those in
 * which that model stores owners.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-ids.h"

/*
 * The owner of a new object.  Without an id the object would get what @own
 * returns, the effective id of this thread, which is checked like any other.
 */
static int cred_to_host(const IdMap *map, uint32_t (*own)(void), uint32_t *id)
{
    int ret = id_map_to_host(map, id);

    return ret < 0 && *id == ID_NONE && id_map_has_host(map, own()) ? 0 : ret;
}

int fs_call_to_host(const FsConfig *config, const FsCall *call, FsCall *host)
{
    int ret = 0;

    *host = *call;
    host->cred.root = call->cred.uid == 0;
    if (config->users) {
        ret = cred_to_host(config->users, geteuid, &host->cred.uid);
    }
    if (ret == 0 && config->groups) {
        ret = call->cred.gid_named
              ? id_map_to_host(config->groups, &host->cred.gid)
              : cred_to_host(config->groups, getegid, &host->cred.gid);
    }
    return ret;
}

/* As for chown(2), ID_NONE means that an owner is not to be changed. */
static int owner_to_host(const IdMap *map, uint32_t bit, FsSetattr *set,
                         uint32_t *id)
{
    if (!map || !(set->valid & bit)) {
        return 0;
    }
    if (*id == ID_NONE) {
        set->valid &= ~bit;
        return 0;
    }
    return id_map_to_host(map, id);
}

int fs_set_to_host(const FsConfig *config, const FsSetattr *set,
                   FsSetattr *host)
{
    int ret;

    *host = *set;
    ret = owner_to_host(config->users, FS_SET_UID, host, &host->uid);
    return ret < 0 ? ret : owner_to_host(config->groups, FS_SET_GID, host,
                                         &host->gid);
}

void fs_attr_to_guest(const FsConfig *config, FsAttr *attr)
{
    id_map_to_guest(config->users, &attr->uid);
    id_map_to_guest(config->groups, &attr->gid);
}

/* ---- extended attributes ---------------------------------------------- */

/*
 * security.capability: a magic number with the revision in its upper byte, the
 * capabilities and, in revision 3, the user to whom the root of a user name
 * space must be mapped.  All numbers are little-endian (linux/capability.h).
 */
#define CAPABILITY FS_XATTR_CAPABILITY
#define CAPABILITY_REVISION 0xff000000
#define CAPABILITY_NO_ROOT 0x02000000
#define CAPABILITY_WITH_ROOT 0x03000000
#define CAPABILITY_SZ 24
#define CAPABILITY_ROOT_OFFSET 20

/*
 * In mapped-xattr these are owners, and this prefix also stands before ACLs and
 * capabilities of the guest.
 */
#define PRIVATE "user.virtfs."
#define PRIVATE_UID PRIVATE "uid"
#define PRIVATE_GID PRIVATE "gid"

static uint32_t get_id(const void *value, size_t offset)
{
    uint32_t id;

    memcpy(&id, (const uint8_t *)value + offset, sizeof(id));
    return le32_to_cpu(id);
}

/*
 * The name by which the value of @name counts, which is another one once the
 * share is exported with mapped-xattr.  That model itself stores a guest's
 * user.virtfs.* under names without a meaning for the host.
 */
static const char *name_that_counts(const FsConfig *config, const char *name)
{
    bool counts = g_str_has_prefix(name, PRIVATE) &&
                  config->model != FS_SM_MAPPED_XATTR;
    const char *inner = name + (counts ? strlen(PRIVATE) : 0);

    return id_map_is_acl(inner) || !strcmp(inner, CAPABILITY) ? inner : name;
}

/* Is there a single id in a value of @name?  *@map: the map for it. */
static bool find_id(const FsConfig *config, const char *name,
                    const void *value, size_t size, size_t *offset,
                    const IdMap **map)
{
    *offset = 0;
    *map = config->users;
    if (!strcmp(name, CAPABILITY)) {
        *offset = CAPABILITY_ROOT_OFFSET;
        return size == CAPABILITY_SZ &&
               (get_id(value, 0) & CAPABILITY_REVISION) == CAPABILITY_WITH_ROOT;
    }
    if (size != sizeof(uint32_t) || config->model == FS_SM_MAPPED_XATTR) {
        return false;
    }
    if (!strcmp(name, PRIVATE_GID)) {
        *map = config->groups;
        return true;
    }
    return !strcmp(name, PRIVATE_UID);
}

/* Is @value a capability of the host's file for the root of no name space? */
static bool is_for_all_roots(const FsConfig *config, const char *name,
                             const void *value, size_t size)
{
    return config->users && !strcmp(name, CAPABILITY) &&
           size == CAPABILITY_ROOT_OFFSET &&
           (get_id(value, 0) & CAPABILITY_REVISION) == CAPABILITY_NO_ROOT &&
           fs_xattr_action(config->xattrs, name) == FS_XATTR_ALLOW;
}

static bool has_maps(const FsConfig *config)
{
    return config->users || config->groups;
}

int fs_xattr_to_guest(const FsConfig *config, const char *name, void *value,
                      size_t size)
{
    const IdMap *map;
    size_t offset;
    uint32_t id;

    if (!has_maps(config)) {
        return 0;
    }
    if (is_for_all_roots(config, name, value, size)) {
        /* It is for the host's root, who has to be that of the guest, too. */
        id = 0;
        if (!id_map_has_host(config->users, id)) {
            return -ENODATA;
        }
        id_map_to_guest(config->users, &id);
        return id == 0 ? 0 : -ENODATA;
    }
    name = name_that_counts(config, name);
    if (id_map_is_acl(name)) {
        return id_map_acl_to_guest(config->users, config->groups, value, size);
    }
    if (!find_id(config, name, value, size, &offset, &map)) {
        return 0;
    }
    id = get_id(value, offset);
    if (!strcmp(name, CAPABILITY) && !id_map_has_host(map, id)) {
        /* As in the kernel, it has no effect in the guest. */
        return -ENODATA;
    }
    id_map_to_guest(map, &id);
    id = cpu_to_le32(id);
    memcpy((uint8_t *)value + offset, &id, sizeof(id));
    return 0;
}

/* Map the ids in @value in place.  Returns 0 or -errno. */
static int value_to_host(const FsConfig *config, const char *name,
                         void *value, size_t size)
{
    const IdMap *map;
    size_t offset;
    uint32_t id;
    int ret;

    name = name_that_counts(config, name);
    if (id_map_is_acl(name)) {
        return id_map_acl_to_host(config->users, config->groups, value, size);
    }
    if (!find_id(config, name, value, size, &offset, &map)) {
        return 0;
    }
    id = get_id(value, offset);
    ret = id_map_to_host(map, &id);
    id = cpu_to_le32(id);
    memcpy((uint8_t *)value + offset, &id, sizeof(id));
    return ret;
}

/* @value in revision 3, with the guest's root; owned by the caller. */
static void *capability_with_root(const void *value)
{
    uint8_t *copy = g_malloc0(CAPABILITY_SZ);
    uint32_t magic = (get_id(value, 0) & ~CAPABILITY_REVISION) |
                     CAPABILITY_WITH_ROOT;

    memcpy(copy, value, CAPABILITY_ROOT_OFFSET);
    magic = cpu_to_le32(magic);
    memcpy(copy, &magic, sizeof(magic));
    return copy;
}

int fs_xattr_to_host(const FsConfig *config, const char *name,
                     const void *value, size_t *size, void **mapped)
{
    g_autofree void *copy = NULL;
    size_t bytes = *size;
    int ret;

    if (!bytes || !has_maps(config)) {
        return 0;
    }
    if (is_for_all_roots(config, name, value, bytes)) {
        copy = capability_with_root(value);
        bytes = CAPABILITY_SZ;
    } else {
        copy = g_memdup2(value, bytes);
    }
    ret = value_to_host(config, name, copy, bytes);
    if (ret == 0) {
        *mapped = g_steal_pointer(&copy);
        *size = bytes;
    }
    return ret;
}
