/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What removals and renames do to names.
 *
 * The driver changes the host first and the table afterwards, so for a moment
 * the two disagree.  name_pin_for_removal() and name_rename_begin() keep fids
 * from becoming invalid in between.  A rename gives one Name another key.
 * Everything below it refers to the Name itself and stays as it is.
 *
 * Called by the local driver from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/node/node-int.h"

/*
 * Locked.  A directory that was moved on the host may have an outdated Name in
 * addition to the current one.  A change in the directory concerns the children
 * of all its Names.
 */
static void name_kill_aliases(const Name *dir, const char *component,
                              const Name *keep)
{
    NodeTable *table = dir->node->table;
    Name *alias;

    QLIST_FOREACH(alias, &dir->node->names, alias) {
        Name *name = name_find(table, alias, component);

        if (name && name != keep) {
            name->removed = true;
            name_make_dead(name);
        }
    }
}

/* Locked. */
static void name_kill(const Name *dir, const char *component, const Name *keep)
{
    Name *name = name_find(dir->node->table, dir, component);

    if (name && name != keep) {
        name->removed = true;
        name_make_dead(name);
    }
    name_kill_aliases(dir, component, keep);
}

void name_removed(Name *dir, const char *component)
{
    NodeTable *table = dir->node->table;

    table_lock(table);
    name_kill(dir, component, NULL);
    table_unlock(table);
}

/*
 * Locked.  The kernel refuses to move a directory below itself, but it may have
 * moved another object that was put under this name on the host meanwhile.
 */
static bool name_is_within(const Name *name, const Name *above)
{
    while (name != above && name->parent != name) {
        name = name->parent;
    }
    return name == above;
}

/* Locked. */
static void name_set_key(Name *name, Name *parent, const char *component)
{
    NodeTable *table = name->node->table;
    size_t length = strlen(component);
    char *outgrown = name->component == name->room ? NULL : name->component;

    table->bytes -= name_size(name);
    table->path_bytes += length - name->length;
    if (length <= name->capacity) {
        name->component = name->room;
        memcpy(name->room, component, length + 1);
    } else {
        name->component = g_strdup(component);
    }
    name->length = length;
    name->parent = parent;
    name->seen_ctime = 0;
    table->bytes += name_size(name);
    g_free(outgrown);
}

void name_renamed(Name *dir, const char *component, Name *newdir,
                  const char *newcomponent)
{
    NodeTable *table = dir->node->table;
    Name *unused = NULL;
    Name *source;
    Name *target;

    table_lock(table);
    source = name_find(table, dir, component);
    target = name_find(table, newdir, newcomponent);
    if (source && target && source->node == target->node) {
        /* Two names of one inode: rename(2) leaves both. */
        table_unlock(table);
        return;
    }
    name_kill(newdir, newcomponent, source);
    if (source) {
        bool sound = source->node->type != S_IFDIR ||
                     !name_is_within(newdir, source);

        name_make_dead(source);
        if (sound) {
            unused = source->parent;
            name_set_key(source, name_ref(newdir), newcomponent);
            name_make_live(source);
        }
    }
    name_kill_aliases(dir, component, source);
    table->rename_count++;
    table_unlock(table);
    if (unused) {
        name_unref(unused);
    }
}

bool name_is_at(Name *name, const Name *parent, const char *component)
{
    NodeTable *table = name->node->table;
    bool is;

    table_lock(table);
    is = name->live && name->parent == parent &&
         !strcmp(name->component, component);
    table_unlock(table);
    return is;
}

int64_t name_seen_ctime(Name *name)
{
    int64_t ctime;

    table_lock(name->node->table);
    ctime = name->seen_ctime;
    table_unlock(name->node->table);
    return ctime;
}

void name_set_seen_ctime(Name *name, int64_t ctime)
{
    table_lock(name->node->table);
    name->seen_ctime = ctime;
    table_unlock(name->node->table);
}

void name_rename_begin(Name *dir)
{
    NodeTable *table = dir->node->table;
    bool far = node_is_far(dir->node);

    table_lock(table);
    while (table->calms[far] > 0) {
        pthread_cond_wait(&table->renames_change, &table->lock);
    }
    table->renames[far]++;
    table_unlock(table);
}

void name_rename_end(Name *dir)
{
    NodeTable *table = dir->node->table;

    table_lock(table);
    table->rename_count++;
    if (--table->renames[node_is_far(dir->node)] == 0) {
        pthread_cond_broadcast(&table->renames_change);
    }
    table_unlock(table);
}

int name_pin_for_removal(const FsCall *call, Name *dir, const char *component,
                         Name **victim)
{
    NodeTable *table = dir->node->table;
    Name *alias;
    Name *name;
    int ret = 0;

    table_lock(table);
    name = name_find(table, dir, component);
    QLIST_FOREACH(alias, &dir->node->names, alias) {
        if (name) {
            break;
        }
        name = name_find(table, alias, component);
    }
    if (name) {
        name_ref(name);
    }
    table_unlock(table);
    if (name) {
        ret = name_fd_get(call, name);
    }
    if (ret < 0) {
        g_clear_pointer(&name, name_unref);
    }
    *victim = name;
    return ret == -EAGAIN ? ret : 0;
}

void name_unpin(Name *victim)
{
    if (victim) {
        name_fd_put(victim);
        name_unref(victim);
    }
}
