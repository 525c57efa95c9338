/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fid table of a session: see 9p-fid.h.
 *
 * A fid is freed when it is no longer in the table and no request pins it.
 * Closing its file may block and is therefore done by a worker; everything else
 * is freed at once.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-fid.h"
#include "9p-lock.h"
#include "9p-release.h"
#include "9p-session-int.h"

static P9Fid *fid_in_table(P9Session *s, uint32_t number)
{
    return g_hash_table_lookup(s->fids, GUINT_TO_POINTER(number));
}

P9Fid *p9_fid_lookup(P9Session *s, uint32_t number)
{
    P9Fid *fid = fid_in_table(s, number);

    return fid && fid->state != P9_FID_RESERVED ? fid : NULL;
}

int p9_fid_reserve(P9Session *s, uint32_t number, P9Fid **out)
{
    P9Fid *fid;

    if (number == P9_NOFID || fid_in_table(s, number)) {
        return -EINVAL;
    }
    if (!fs_budget_charge(&s->budget, FS_BUDGET_FIDS, 1)) {
        return -EMFILE;
    }
    fid = g_new0(P9Fid, 1);
    fid->session = s;
    fid->number = number;
    fid->state = P9_FID_RESERVED;
    fid->pins = 1;
    g_hash_table_insert(s->fids, GUINT_TO_POINTER(number), fid);
    *out = fid;
    return 0;
}

void p9_fid_commit(P9Fid *fid, uint8_t state, uint32_t uid, FsNode *root,
                   FsNode *node)
{
    assert(fid->state == P9_FID_RESERVED);
    fid->state = state;
    fid->uid = uid;
    fid->root = root ? fs_node_ref(root) : NULL;
    fid->node = node;
}

void p9_fid_set_node(P9Fid *fid, FsNode *node, uint32_t recent)
{
    fs_node_unref(fid->node);
    fid->node = node;
    fid->recent = recent;
    fid->looked_at = false;
}

/* Is @node the same as @root, or below it? */
static bool node_is_in(FsNode *node, FsNode *root)
{
    FsNode *at = fs_node_ref(node);
    bool found = at == root;
    bool top = false;

    while (!found && !top) {
        FsNode *up = fs_parent(at);

        found = up == root;
        top = up == at;
        fs_node_unref(at);
        at = up;
    }
    fs_node_unref(at);
    return found;
}

int p9_fid_parent(const P9Fid *fid, FsNode *node, FsNode **parent)
{
    FsNode *up;

    if (node == fid->root) {
        *parent = fs_node_ref(node);
        return 0;
    }
    up = fs_parent(node);
    if (fid->root && !node_is_in(up, fid->root)) {
        fs_node_unref(up);
        return -ENOENT;
    }
    *parent = up;
    return 0;
}

int p9_fid_locate(const P9Fid *fid, FsNode *node, FsNode **dir, char *name)
{
    return node == fid->root ? -EBUSY : fs_locate(node, dir, name);
}

static void fid_free(P9Fid *fid)
{
    P9Session *s = fid->session;

    if (fid->xattr) {
        p9_xattr_fid_free(&s->budget, fid->xattr);
        p9_xattr_fid_uncount(s);
    }
    if (fid->file) {
        p9_release_file(s, fid->file);
    }
    for (GSList *l = fid->lock_owners; l; l = l->next) {
        p9_lock_owner_unref(s, l->data);
    }
    g_slist_free(fid->lock_owners);
    fs_node_unref(fid->node);
    fs_node_unref(fid->root);
    g_free(fid);
    fs_budget_refund(&s->budget, FS_BUDGET_FIDS, 1);
}

void p9_fid_pin(P9Fid *fid)
{
    fid->pins++;
}

void p9_fid_unpin(P9Fid *fid)
{
    assert(fid->pins);
    if (!--fid->pins && fid->removed) {
        fid_free(fid);
    }
}

/* ---- does the session have fids? ---- */

int p9_fid_hold(P9Session *s)
{
    int ret = 0;

    if (s->busy == P9_BUSY_NO) {
        ret = s->ops->set_busy ? s->ops->set_busy(s->opaque, true) : 0;
        if (ret == 0) {
            s->busy = P9_BUSY_YES;
        } else if (ret == -EINPROGRESS) {
            s->busy = P9_BUSY_ASKED;
        }
    }
    return s->busy == P9_BUSY_ASKED ? -EINPROGRESS : ret;
}

bool p9_fid_hold_done(P9Session *s, int result)
{
    if (s->busy != P9_BUSY_ASKED) {
        return false;
    }
    s->busy = result < 0 ? P9_BUSY_NO : P9_BUSY_YES;
    return true;
}

/* The last fid is gone. */
static void let_go(P9Session *s)
{
    if (s->busy != P9_BUSY_NO && s->ops->set_busy) {
        s->ops->set_busy(s->opaque, false);
    }
    s->busy = P9_BUSY_NO;
    s->opened = false;
}

/* ---- removing fids ---- */

static void fid_out_of_table(P9Fid *fid)
{
    fid->removed = true;
    if (!fid->pins) {
        fid_free(fid);
    }
}

void p9_fid_remove(P9Fid *fid)
{
    P9Session *s = fid->session;

    if (fid->removed) {
        return;
    }
    g_hash_table_remove(s->fids, GUINT_TO_POINTER(fid->number));
    fid_out_of_table(fid);
    if (!g_hash_table_size(s->fids)) {
        let_go(s);
    }
}

void p9_fid_remove_all(P9Session *s)
{
    g_autoptr(GHashTable) fids = s->fids;
    GHashTableIter iter;
    gpointer fid;

    s->fids = g_hash_table_new(NULL, NULL);
    if (!g_hash_table_size(fids)) {
        return;
    }
    g_hash_table_iter_init(&iter, fids);
    while (g_hash_table_iter_next(&iter, NULL, &fid)) {
        fid_out_of_table(fid);
    }
    let_go(s);
}

/* ---- extended attributes ---- */

P9XattrFid *p9_xattr_fid_new(FsBudget *budget, uint32_t size, bool for_write)
{
    size_t charged = sizeof(P9XattrFid) + size + (for_write ? size / 8 : 0);
    P9XattrFid *x;

    if (!fs_budget_charge(budget, FS_BUDGET_MEMORY, charged)) {
        return NULL;
    }
    x = g_new0(P9XattrFid, 1);
    x->charged = charged;
    x->size = size;
    x->value = g_malloc0(MAX(size, 1));
    if (for_write) {
        x->written = g_malloc0(size / 8 + 1);
        x->missing = size;
    }
    return x;
}

void p9_xattr_fid_free(FsBudget *budget, P9XattrFid *x)
{
    size_t charged = x->charged;

    g_free(x->name);
    g_free(x->value);
    g_free(x->written);
    g_free(x);
    fs_budget_refund(budget, FS_BUDGET_MEMORY, charged);
}

void p9_xattr_fid_mark(P9XattrFid *x, uint32_t from, uint32_t n)
{
    for (uint32_t i = from; i < from + n; i++) {
        uint8_t bit = 1u << (i % 8);

        x->missing -= !(x->written[i / 8] & bit);
        x->written[i / 8] |= bit;
    }
}

int p9_xattr_fid_count(P9Session *s)
{
    if (!fs_budget_charge(&s->budget, FS_BUDGET_XATTRS, 1)) {
        return -ENOSPC;
    }
    g_atomic_int_inc(&s->export->xattr_fids);
    return 0;
}

void p9_xattr_fid_uncount(P9Session *s)
{
    fs_budget_refund(&s->budget, FS_BUDGET_XATTRS, 1);
    g_atomic_int_add(&s->export->xattr_fids, -1);
}
