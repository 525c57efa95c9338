/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping of ids between guest and host in driver calls: see fs-ids.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-ids.h"

/*
 * The owner of a new object.  Without an id the object would get @own, the
 * effective id of this thread, which is checked like any other owner.
 */
static int cred_to_host(const IdMap *map, uint32_t own, uint32_t *id)
{
    int ret = id_map_to_host(map, id);

    return ret < 0 && *id == ID_NONE && id_map_has_host(map, own) ? 0 : ret;
}

int fs_call_to_host(const FsConfig *config, const FsCall *call, FsCall *host)
{
    int ret = 0;

    *host = *call;
    host->cred.root = call->cred.uid == 0;
    if (config->users) {
        ret = cred_to_host(config->users, geteuid(), &host->cred.uid);
    }
    if (ret == 0 && config->groups) {
        ret = call->cred.gid_named
              ? id_map_to_host(config->groups, &host->cred.gid)
              : cred_to_host(config->groups, getegid(), &host->cred.gid);
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

static bool has_mapped_ids(const FsConfig *config, const char *name)
{
    return (config->users || config->groups) && id_map_is_acl(name);
}

int fs_xattr_to_guest(const FsConfig *config, const char *name, void *value,
                      size_t size)
{
    return has_mapped_ids(config, name)
           ? id_map_acl_to_guest(config->users, config->groups, value, size)
           : 0;
}

int fs_xattr_to_host(const FsConfig *config, const char *name,
                     const void *value, size_t size, void **mapped)
{
    g_autofree void *copy = NULL;
    int ret;

    if (!size || !has_mapped_ids(config, name)) {
        return 0;
    }
    copy = g_memdup2(value, size);
    ret = id_map_acl_to_host(config->users, config->groups, copy, size);
    if (ret == 0) {
        *mapped = g_steal_pointer(&copy);
    }
    return ret;
}
