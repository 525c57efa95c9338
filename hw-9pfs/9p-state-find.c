/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a session as bytes: finding its objects again.  See 9p-state.h.
 *
 * Each object is looked up by its name in its directory.  If the exported
 * directory is the one that the state is from, because it has the same identity
 * on the same file system, so must be the object; else the tree is a copy, and
 * its name and type tell which object it is.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-state-int.h"

#define PATH_SHOWN_MAX 512

typedef struct Finder {
    P9State *state;
    FsExport *export;
    FsCall call;
    bool same_tree;
    char **why;
} Finder;

/* Errors that say that there is not enough of something, not what is there. */
static bool is_shortage(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOMEM ||
           error == -ENOLCK;
}

static char *path_of(P9State *state, uint32_t i)
{
    GString *path = g_string_new(NULL);

    while (i && path->len < PATH_SHOWN_MAX) {
        const P9StateNode *node = p9_state_node(state, i);

        if (node->flags & P9_STATE_NODE_DEAD) {
            g_string_prepend(path, "(removed)");
            break;
        }
        if (path->len) {
            g_string_prepend_c(path, '/');
        }
        g_string_prepend(path, node->name);
        i = node->parent;
    }
    if (!path->len) {
        g_string_append_c(path, '/');
    }
    return g_string_free(path, false);
}

static void note_lost(P9State *state, uint32_t node, const char *how)
{
    g_autofree char *path = NULL;

    if (!state->first_lost) {
        path = path_of(state, node);
        state->first_lost = g_strdup_printf("'%s' (%s)", path, how);
    }
}

/* ---- nodes ---- */

static bool born_fits(const P9StateNode *node, const FsIdentity *id)
{
    return !node->born || !id->born || node->born == id->born;
}

/* The device of @id is known here if anything was looked up on it. */
static bool same_dev(Finder *finder, const P9StateNode *node,
                     const FsIdentity *id)
{
    uint64_t was = g_array_index(finder->state->devs, uint64_t, node->dev);
    uint64_t is;

    return was && fs_dev_id(finder->export, id->dev, &is) && is == was;
}

static bool is_the_same(Finder *finder, const P9StateNode *node,
                        const FsIdentity *id)
{
    if (node->type != id->type >> 12) {
        return false;
    }
    if (!finder->same_tree || !same_dev(finder, node, id)) {
        return true;
    }
    if (!(node->flags & P9_STATE_NODE_PROOF) || !id->proof) {
        return !node->mark || !id->mark || node->mark == id->mark;
    }
    return node->ino == id->ino && born_fits(node, id);
}

static int find_root(Finder *finder)
{
    P9StateNode *node = p9_state_node(finder->state, 0);
    FsNode *root = fs_root(finder->export);
    FsIdentity id;
    FsAttr attr;
    int ret = fs_getattr(&finder->call, root, NULL, 0, &attr);

    node->node = root;
    if (ret < 0) {
        *finder->why = g_strdup_printf("the exported directory: %s",
                                       g_strerror(-ret));
        return ret;
    }
    fs_identity(root, &id);
    finder->same_tree = (node->flags & P9_STATE_NODE_PROOF) && id.proof &&
                        node->ino == id.ino && same_dev(finder, node, &id) &&
                        born_fits(node, &id);
    return 0;
}

static int find_node(Finder *finder, P9StateNode *node)
{
    const P9StateNode *parent = p9_state_node(finder->state, node->parent);
    FsNode *found;
    FsIdentity id;
    FsAttr attr;
    int ret;

    if (node->flags & P9_STATE_NODE_DEAD) {
        return -ENOENT;
    }
    if (!parent->node) {
        return parent->error;
    }
    ret = fs_lookup(&finder->call, parent->node, node->name, &found, &attr);
    if (ret < 0) {
        return ret;
    }
    fs_identity(found, &id);
    if (!is_the_same(finder, node, &id)) {
        fs_node_unref(found);
        return -ESTALE;
    }
    node->node = found;
    return 0;
}

static int shortage(Finder *finder, uint32_t node, int error)
{
    g_autofree char *path = path_of(finder->state, node);

    *finder->why = g_strdup_printf("'%s' cannot be used again: %s", path,
                                   g_strerror(-error));
    return error;
}

static int find_nodes(Finder *finder)
{
    int ret = find_root(finder);

    for (uint32_t i = 1; ret == 0 && i < finder->state->nodes->len; i++) {
        P9StateNode *node = p9_state_node(finder->state, i);

        node->error = find_node(finder, node);
        if (is_shortage(node->error)) {
            return shortage(finder, i, node->error);
        }
        if (g_atomic_int_get(&finder->state->cancelled)) {
            *finder->why = g_strdup("looking for the files took too long");
            return -ETIMEDOUT;
        }
    }
    return ret;
}

/* ---- fids ---- */

static int open_fid(Finder *finder, P9StateFid *fid)
{
    FsNode *node = p9_state_node(finder->state, fid->node)->node;
    int ret = fs_open(&finder->call, node, fid->oflags, &fid->file);

    if (ret == 0 && fid->file->is_dir != (fid->state == P9_FID_DIR)) {
        return -ESTALE;
    }
    return ret;
}

static int find_fid(Finder *finder, P9StateFid *fid)
{
    const P9StateNode *node = p9_state_node(finder->state, fid->node);
    const P9StateNode *root = NULL;

    if (fid->state == P9_FID_LOST) {
        return -ESTALE;
    }
    if (fid->root != P9_STATE_NO_NODE) {
        root = p9_state_node(finder->state, fid->root);
    }
    if (!node->node || (root && !root->node)) {
        return node->node ? root->error : node->error;
    }
    return fid->state & P9_FID_OPEN ? open_fid(finder, fid) : 0;
}

static int find_fids(Finder *finder)
{
    P9State *state = finder->state;

    for (uint32_t i = 0; i < state->fids->len; i++) {
        P9StateFid *fid = p9_state_fid(state, i);
        int ret = find_fid(finder, fid);

        if (is_shortage(ret)) {
            return shortage(finder, fid->node, ret);
        }
        if (g_atomic_int_get(&state->cancelled)) {
            *finder->why = g_strdup("opening the files took too long");
            return -ETIMEDOUT;
        }
        fid->lost = ret < 0;
        /* That it has no name was known, and accepted, when it was saved. */
        if (ret < 0 && fid->state != P9_FID_LOST &&
            !(p9_state_node(state, fid->node)->flags & P9_STATE_NODE_DEAD)) {
            state->lost_fids++;
            note_lost(state, fid->node, g_strerror(-ret));
        }
    }
    return 0;
}

/* ---- locks ---- */

static void find_locks(Finder *finder, P9StateOwner *owner)
{
    P9State *state = finder->state;
    int ret = fs_locker_open(&finder->call, owner->by->file, &owner->locker);

    for (uint32_t i = 0; ret == 0 && i < owner->ranges->len; i++) {
        ret = fs_lock(&finder->call, owner->locker,
                      &g_array_index(owner->ranges, FsLock, i));
        /* As for the request: see lock_is_vain() in 9p-ops-lock.c. */
        if (ret == -EOPNOTSUPP || ret == -EBADF) {
            ret = 0;
        }
    }
    if (ret < 0 && ret != -EOPNOTSUPP) {
        state->lost_locks++;
        note_lost(state, owner->by->node, ret == -EACCES
                  ? "locked by others" : g_strerror(-ret));
    }
}

static void find_owners(Finder *finder)
{
    P9State *state = finder->state;
    g_autoptr(GHashTable) by_number = g_hash_table_new(NULL, NULL);

    for (uint32_t i = 0; state->owners->len && i < state->fids->len; i++) {
        P9StateFid *fid = p9_state_fid(state, i);

        if (fid->file && !fid->lost) {
            g_hash_table_insert(by_number, GUINT_TO_POINTER(fid->number), fid);
        }
    }
    for (uint32_t i = 0; i < state->owners->len; i++) {
        P9StateOwner *owner = p9_state_owner(state, i);

        for (guint j = 0; j < owner->fids->len && !owner->by; j++) {
            uint32_t number = g_array_index(owner->fids, uint32_t, j);

            owner->by = g_hash_table_lookup(by_number,
                                            GUINT_TO_POINTER(number));
        }
        /* Without a file the locks are lost with it. */
        if (owner->by && fs_export_has_locks(finder->export)) {
            find_locks(finder, owner);
        }
    }
}

int p9_state_find(P9State *state, FsExport *export, bool stop, char **why)
{
    Finder finder = {
        .state = state, .export = export, .why = why,
        .call = {
            .wait = FS_WAIT_ANYTHING,
            .cred = { .uid = UINT32_MAX, .gid = UINT32_MAX },
        },
    };
    int ret;

    state->export = fs_export_ref(export);
    ret = find_nodes(&finder);
    if (ret == 0) {
        ret = find_fids(&finder);
    }
    if (ret < 0) {
        return ret;
    }
    find_owners(&finder);
    if (stop && state->first_lost) {
        g_autofree char *losses = p9_state_losses(state);

        *why = g_strdup_printf("%s; on-lost=error would give them up", losses);
        return -ESTALE;
    }
    return 0;
}

void p9_state_cancel(P9State *state)
{
    g_atomic_int_set(&state->cancelled, 1);
}

char *p9_state_losses(const P9State *state)
{
    if (!state->first_lost) {
        return NULL;
    }
    return g_strdup_printf("%u fids and %u owners of locks cannot be found or "
                           "have again; the first is %s", state->lost_fids,
                           state->lost_locks, state->first_lost);
}
