/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding or making the Name and the Node of an object that was looked up.
 *
 * Called by the local driver from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/node/node-int.h"

/* Locked: may the table have @more beside what it has of @item? */
static bool within(NodeTable *table, FsBudgetItem item, size_t have,
                   size_t more)
{
    FsBudget *budget = &table->export->budget;
    size_t limit = fs_budget_limit(budget, item);

    if (limit && more > limit - MIN(limit, have)) {
        fs_budget_report(budget, item);
        return false;
    }
    return true;
}

/* Locked.  Returns a dead Name, or NULL at a limit. */
static Name *name_add(Name *parent, const char *component, Node *node,
                      const NodeId *id, uint32_t hash)
{
    NodeTable *table = parent->node->table;
    size_t length = strlen(component);
    size_t need = sizeof(Name) + length + OBJECT_OVERHEAD;

    if (!node) {
        need += sizeof(Node) + OBJECT_OVERHEAD;
    }
    if (table->bytes + need > table->max_bytes ||
        !within(table, FS_BUDGET_NAMES, table->name_count, 1) ||
        !within(table, FS_BUDGET_PATHS, table->path_bytes, length)) {
        return NULL;
    }
    if (!node) {
        node = node_new(table, id, hash);
    }
    return name_new(parent, component, node);
}

/* Not locked: what name_insert() and name_adopt() return with @name. */
static int name_give(NodeTable *table, Name *name, Name **out)
{
    if (!name) {
        return -ENFILE;
    }
    node_fd_trim(table);
    *out = name;
    return 0;
}

/*
 * As name_insert(); @fd (borrowed) is any descriptor of the object, or -1, and
 * @spare a path fd that the Node may keep.
 */
static int insert(Name *parent, const char *component, int fd, int *spare,
                  const HostStat *st, Name **out)
{
    NodeTable *table = parent->node->table;
    uint32_t hash = node_hash(table, st);
    Name *same = NULL;
    Name *name;
    Node *node;
    NodeId id;

    if (strlen(component) > NAME_MAX) {
        return -ENAMETOOLONG;
    }
    node_id_read(parent->node, fd, st, &id);
    if (id.weak) {
        same = name_with_new_numbers(parent, component, &id);
    }
    table_lock(table);
    name = name_find(table, parent, component);
    if (name && id.weak &&
        (name == same || node_same_in_use(name->node, &id))) {
        node = name->node;
    } else {
        node = node_find(table, &id, hash);
    }
    if (name && name->node == node) {
        name_ref(name);
    } else {
        Name *former = name;

        if (former) {
            /* Another object has this name now. */
            name_make_dead(former);
        }
        name = name_add(parent, component, node, &id, hash);
        if (name) {
            name_make_live(name);
        }
        if (name && former && former->node->type == S_IFDIR &&
            name->node->type == S_IFDIR) {
            g_hash_table_insert(table->followers, former, name_ref(name));
            former->followed = true;
        }
    }
    if (name && name->node->fd < 0 && *spare >= 0) {
        node_fd_install(name->node, host_fd_steal(spare));
    }
    table_unlock(table);
    if (same) {
        name_unref(same);
    }
    return name_give(table, name, out);
}

int name_insert(Name *parent, const char *component, int path_fd,
                const HostStat *st, Name **out)
{
    HOST_FD spare = path_fd;

    return insert(parent, component, path_fd, &spare, st, out);
}

int name_insert_open(Name *parent, const char *component, int fd,
                     const HostStat *st, Name **out)
{
    HOST_FD spare = parent->node->weak ? host_path_fd(fd) : -1;

    return insert(parent, component, fd, &spare, st, out);
}

int name_adopt(NodeTable *table, int path_fd, const HostStat *st, Name **out)
{
    uint32_t hash = node_hash(table, st);
    HOST_FD spare = path_fd;
    NodeId id;
    Name *name;

    node_id_read(table->root->node, path_fd, st, &id);
    table_lock(table);
    name = name_add(table->root, "", node_find(table, &id, hash), &id, hash);
    if (name) {
        name->removed = true;
    }
    if (name && name->node->fd < 0) {
        node_fd_install(name->node, host_fd_steal(&spare));
    }
    table_unlock(table);
    return name_give(table, name, out);
}
