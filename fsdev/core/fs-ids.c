/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mapping of ids between guest and host in driver calls: see fs-ids.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-ids.h"

int fs_call_to_host(const FsConfig *config, const FsCall *call, FsCall *host)
{
    int ret;

    *host = *call;
    host->cred.root = call->cred.uid == 0;
    ret = id_map_to_host(config->users, &host->cred.uid);
    return ret < 0 ? ret : id_map_to_host(config->groups, &host->cred.gid);
}

int fs_set_to_host(const FsConfig *config, const FsSetattr *set,
                   FsSetattr *host)
{
    int ret = 0;

    *host = *set;
    if (set->valid & FS_SET_UID) {
        ret = id_map_to_host(config->users, &host->uid);
    }
    if (ret == 0 && (set->valid & FS_SET_GID)) {
        ret = id_map_to_host(config->groups, &host->gid);
    }
    return ret;
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
