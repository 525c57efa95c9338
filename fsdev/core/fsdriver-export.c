/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common part of the exports of all drivers: configuration, references, and
 * the gate for throttling.  Context: see the comments in fsdriver.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-known.h"
#include "fsdev/core/fsdriver-int.h"

void fs_config_copy(FsConfig *to, const FsConfig *from)
{
    *to = *from;
    to->id = g_strdup(from->id);
    to->path = g_strdup(from->path);
    to->socket = g_strdup(from->socket);
    fs_xattr_rules_ref(to->xattrs);
    id_map_ref(to->users);
    id_map_ref(to->groups);
}

void fs_config_clear(FsConfig *config)
{
    g_clear_pointer(&config->id, g_free);
    g_clear_pointer(&config->path, g_free);
    g_clear_pointer(&config->socket, g_free);
    g_clear_pointer(&config->xattrs, fs_xattr_rules_unref);
    g_clear_pointer(&config->users, id_map_unref);
    g_clear_pointer(&config->groups, id_map_unref);
}

void fs_export_init(FsExport *export, const FsConfig *config)
{
    *export = (FsExport) { .driver = config->driver, .refs = 1 };
    fs_config_copy(&export->config, config);
    export->readonly = config->readonly;
    export->no_locks = config->no_locks;
    fs_limits_set(&export->limits, config);
    fs_budget_init(&export->budget, export);
}

void fs_export_set_readonly(FsExport *export, bool readonly)
{
    g_atomic_int_set(&export->readonly, readonly);
}

void fs_export_set_locks(FsExport *export, bool locks)
{
    g_atomic_int_set(&export->no_locks, !locks);
}

void fs_export_set_limits(FsExport *export, const FsConfig *config)
{
    fs_limits_set(&export->limits, config);
}

void fs_export_set_gate(FsExport *export, FsGate *gate)
{
    assert(!export->gate);
    g_atomic_pointer_set(&export->gate, gate);
}

FsExport *fs_export_open(const FsConfig *config, GError **error)
{
    const FsDriver *driver = config->driver;
    FsExport *export;
    GError *why = NULL;

    /* The entries that are required, alone or together with others. */
    assert(driver->open_export && driver->close_export);
    assert(driver->root && driver->parent && driver->lookup);
    assert(driver->node_ref && driver->node_unref);
    assert(driver->release || (!driver->open && !driver->create));

    export = driver->open_export(config, &why);
    assert(!export == !!why);
    if (!export) {
        g_propagate_error(error, why);
        return NULL;
    }
    assert(export->driver == driver && export->refs == 1);
    fs_export_set_quota(export, config->max_bytes, config->max_files);
    return export;
}

FsExport *fs_export_ref(FsExport *export)
{
    g_atomic_int_inc(&export->refs);
    return export;
}

void fs_export_close(FsExport *export)
{
    FsGate *gate = export->gate;
    FsQuota *quota = export->quota;

    fs_warn_forget(export);
    export->driver->close_export(export);
    fs_quota_free(quota);
    if (gate && gate->unref) {
        gate->unref(gate);
    }
}

void fs_export_unref(FsExport *export)
{
    if (g_atomic_int_dec_and_test(&export->refs) && !fs_quota_leave(export)) {
        fs_export_close(export);
    }
}

bool fs_admit(FsExport *export, FsTicket *ticket)
{
    FsGate *gate = g_atomic_pointer_get(&export->gate);

    if (!gate ||
        (ticket->kind == FS_TICKET_META && !g_atomic_int_get(&gate->meta))) {
        return true;
    }
    return gate->admit(gate, ticket);
}

void fs_admit_cancel(FsExport *export, FsTicket *ticket)
{
    /* A ticket only waits if there is a gate. */
    assert(export->gate);
    export->gate->cancel(export->gate, ticket);
}

FsNode *fs_root(FsExport *export)
{
    FsNode *root = export->driver->root(export);

    assert(root && root->export == export);
    return root;
}

void fs_identity(FsNode *node, FsIdentity *identity)
{
    *identity = (FsIdentity) { 0 };
    if (node->export->driver->identity) {
        node->export->driver->identity(node, identity);
    }
}

bool fs_dev_id(FsExport *export, uint64_t dev, uint64_t *id)
{
    if (export->driver->dev_id) {
        return export->driver->dev_id(export, dev, id);
    }
    *id = dev;
    return true;
}

void fs_export_leave_loop(FsExport *export, const FsYield *yield)
{
    if (export->driver->leave_loop && yield) {
        export->driver->leave_loop(export, yield);
    }
}

void fs_export_usage(FsExport *export, FsUsage *usage)
{
    *usage = (FsUsage) { 0 };
    if (export->driver->usage) {
        export->driver->usage(export, usage);
    }
}

int fs_check_user(FsExport *export, uint32_t uid)
{
    /* A fid without a user can be used for lookups; see fs_call_to_host(). */
    return uid == ID_NONE ? 0 : id_map_to_host(export->config.users, &uid);
}
