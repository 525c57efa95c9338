/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is common to all exports that begin with a LocalExport, and the entries
 * of a driver that only need its tree of nodes.
 *
 * Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-quota.h"
#include "fsdev/local/local-int.h"

static void node_gone(FsExport *export, const Node *node)
{
    fs_quota_gone(export, node_dev(node), node_ino(node));
    if (local_export(export)->policy->beside) {
        local_orphan_drop(local_export(export), node);
    }
}

void local_export_init(LocalExport *export, const FsConfig *config,
                       const CredPolicy *policy, int root_fd,
                       const HostStat *root, const NodeRemoteOps *remote)
{
    fs_export_init(&export->base, config);
    export->policy = policy;
    export->root_dev = root->dev;
    export->made_uid = export->made_gid = -1;
    export->root_is_local = host_fs_is_local(root_fd);
    export->root_devs = host_fs_devs(root_fd);
    export->ctimes_tell = export->root_devs != HOST_DEVS_ANY;
    g_rw_lock_init(&export->beside);
    g_rw_lock_init(&export->beside_far);
    local_devs_init(export, root_fd);
    g_mutex_init(&export->orphan_lock);
    export->orphans = local_orphans_new();
    if (policy->fake_special) {
        export->creds = cred_cache_new();
    }
    export->tracks_setid = policy->fake_special ||
                           local_keeps_capability(export);
    if (policy->folder) {
        export->watch = cred_watch_new(policy);
    }
    export->table = node_table_new(&export->base, root_fd, root,
                                   &(NodeTableOptions) {
                                       .node_gone = node_gone,
                                       .remote = remote,
                                   });
}

void local_export_exit(LocalExport *export)
{
    node_table_free(export->table);
    cred_cache_free(export->creds);
    cred_watch_free(export->watch);
    local_devs_exit(export);
    g_hash_table_destroy(export->orphans);
    g_mutex_clear(&export->orphan_lock);
    g_rw_lock_clear(&export->beside);
    g_rw_lock_clear(&export->beside_far);
    fs_config_clear(&export->base.config);
}

NodeTable *local_table(FsExport *export)
{
    return local_export(export)->table;
}

FsWait local_reach(FsNode *node)
{
    return local_node_reach(local_export(node->export),
                            name_node(name_from_fs(node)));
}

FsNode *local_root(FsExport *export)
{
    return name_to_fs(node_table_root(local_export(export)->table));
}

void local_node_ref(FsNode *node)
{
    name_ref(name_from_fs(node));
}

void local_node_unref(FsNode *node)
{
    name_unref(name_from_fs(node));
}

FsNode *local_parent(FsNode *node)
{
    return name_to_fs(name_parent(name_from_fs(node)));
}

int local_locate(FsNode *node, FsNode **dir, char *component)
{
    Name *parent;
    int ret = name_locate(name_from_fs(node), &parent, component);

    if (ret == 0) {
        *dir = name_to_fs(parent);
    }
    return ret;
}

void local_identity(FsNode *fs, FsIdentity *identity)
{
    const Node *node = name_node(name_from_fs(fs));
    NodeIdentity of = node_identity(node);

    *identity = (FsIdentity) {
        .type = node_type(node),
        .dev = of.dev,
        .ino = of.ino,
        .twin = of.twin,
        .mark = of.mark,
        .born = of.born,
        .proof = !node_is_weak(node),
    };
}

void local_usage(FsExport *export, FsUsage *usage)
{
    NodeTableStats stats;

    node_table_stats(local_export(export)->table, &stats);
    *usage = (FsUsage) {
        .objects = stats.nodes,
        .names = stats.names,
        .bytes = stats.bytes,
        .descriptors = stats.fds,
        .descriptors_max = stats.fd_limit,
        .evictions = stats.evictions,
    };
}

int local_is_dead(const FsCall *call, FsNode *node)
{
    Name *name = name_from_fs(node);
    LOCAL_PIN pin = { 0 };
    HostStat st;
    int ret;

    if (node_type(name_node(name)) != S_IFDIR) {
        return 0;
    }
    if (!local_may_use(call, local_export(node->export), name_node(name)) &&
        !local_never_hangs(local_export(node->export), name_node(name))) {
        return -EAGAIN;
    }
    ret = local_pin_fd(call, &pin, name);
    if (ret == 0) {
        ret = host_stat(pin.fd, &st);
    }
    return ret < 0 ? ret : st.nlink == 0;
}

int local_place(FsNode *node, FsNode **place, char *component)
{
    Name *name;
    int ret = name_place(name_from_fs(node), &name, component);

    if (ret >= 0) {
        *place = name_to_fs(name);
    }
    return ret;
}
