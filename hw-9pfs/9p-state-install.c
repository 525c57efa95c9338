/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a session as bytes: making fids and requests of it.  See
 * 9p-state.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-request-pool.h"
#include "9p-state-int.h"

/* Objects that would be another inode for the client than before stay it. */
static void install_paths(P9State *state, P9Session *s)
{
    p9_qid_forget_kept(s->qids);
    for (uint32_t i = 0; i < state->nodes->len; i++) {
        const P9StateNode *node = p9_state_node(state, i);
        FsIdentity id;
        uint64_t path;

        if (!node->node) {
            continue;
        }
        fs_identity(node->node, &id);
        if (p9_qid_path(s->qids, id.dev, id.ino, id.twin, &path) == 0 &&
            node->path != P9_STATE_NO_PATH && path != node->path) {
            p9_qid_keep(s->qids, id.dev, id.ino, id.twin, node->path);
        }
    }
}

/* ---- fids ---- */

static int install_xattr(P9Session *s, P9StateFid *from, P9Fid *fid)
{
    P9XattrFid *x;
    int ret = p9_xattr_fid_count(s);

    if (ret < 0) {
        return ret;
    }
    x = p9_xattr_fid_new(&s->budget, from->xattr_size, from->xattr_name);
    if (!x) {
        p9_xattr_fid_uncount(s);
        return -ENOMEM;
    }
    memcpy(x->value, from->xattr_value, from->xattr_size);
    x->flags = from->xattr_flags;
    if (from->xattr_name) {
        x->name = g_steal_pointer(&from->xattr_name);
        for (uint32_t i = 0; i < x->size; i++) {
            if (from->xattr_written[i / 8] & (1u << (i % 8))) {
                p9_xattr_fid_mark(x, i, 1);
            }
        }
    }
    fid->xattr = x;
    return 0;
}

static FsNode *counted(P9State *state, uint32_t i)
{
    return i == P9_STATE_NO_NODE ? NULL
                                 : fs_node_ref(p9_state_node(state, i)->node);
}

static int install_fid(P9State *state, P9Session *s, P9StateFid *from)
{
    uint8_t become = from->lost ? P9_FID_LOST : from->state;
    P9Fid *fid;
    FsNode *root;
    int ret = p9_fid_reserve(s, from->number, &fid);

    if (ret < 0) {
        return ret;
    }
    root = from->lost ? NULL : counted(state, from->root);
    /* Until it is complete, it has no state that refers to more. */
    p9_fid_commit(fid, P9_FID_NONE, from->uid, root,
                  from->lost ? fs_root(s->export) : counted(state, from->node));
    fs_node_unref(root);
    fid->looked_at = from->flags & P9_STATE_FID_LOOKED_AT;
    fid->remove_on_clunk = !from->lost && (from->flags & P9_STATE_FID_REMOVE);
    if (become == P9_FID_XATTR) {
        ret = install_xattr(s, from, fid);
    } else if (become & P9_FID_OPEN) {
        fid->file = g_steal_pointer(&from->file);
        fid->oflags = from->oflags;
        fid->dir_offset = from->dir_offset;
        fid->dir_cookie = from->dir_cookie;
    }
    if (ret == 0) {
        fid->state = become;
    }
    p9_fid_unpin(fid);
    return ret;
}

static int install_fids(P9State *state, P9Session *s, char **why)
{
    for (uint32_t i = 0; i < state->fids->len; i++) {
        P9StateFid *from = p9_state_fid(state, i);
        int ret = install_fid(state, s, from);

        if (ret < 0) {
            *why = g_strdup_printf("fid %u, the %uth of %u, is refused: %s",
                                   from->number, i + 1, state->fids->len,
                                   g_strerror(-ret));
            return ret;
        }
    }
    return 0;
}

/* After a failure there are fids, so that the reset lets the transport go. */
static int hold(P9State *state, P9Session *s, char **why)
{
    int ret = state->fids->len ? p9_fid_hold(s) : 0;

    if (ret == -EINPROGRESS) {
        return 0;
    }
    if (ret < 0) {
        *why = g_strdup("the device must not have fids now");
    }
    return ret;
}

/* ---- locks ---- */

static int install_owner(P9Session *s, P9StateOwner *from)
{
    P9Fid *by = p9_fid_lookup(s, from->by->number);
    P9LockOwner *owner;
    int ret = p9_lock_owner_get(s, by->file, from->client_id, from->proc_id,
                                &owner);

    if (ret < 0) {
        return ret;
    }
    if (owner->locker) {
        p9_lock_owner_unref(s, owner);
        return -EEXIST;
    }
    owner->locker = g_steal_pointer(&from->locker);
    for (guint i = 0; i < from->fids->len; i++) {
        P9Fid *fid = p9_fid_lookup(s, g_array_index(from->fids, uint32_t, i));

        /* Fids of other files cannot have been locked by this owner. */
        if (fid && fid->file && fid->file->dev == by->file->dev &&
            fid->file->ino == by->file->ino &&
            fid->file->twin == by->file->twin &&
            !g_slist_find(fid->lock_owners, owner)) {
            owner->refs++;
            fid->lock_owners = g_slist_prepend(fid->lock_owners, owner);
        }
    }
    p9_lock_owner_unref(s, owner);
    return 0;
}

static int install_owners(P9State *state, P9Session *s, char **why)
{
    for (uint32_t i = 0; i < state->owners->len; i++) {
        P9StateOwner *from = p9_state_owner(state, i);
        int ret = from->locker ? install_owner(s, from) : 0;

        if (ret < 0) {
            *why = g_strdup_printf("owner %u of locks is refused: %s", i,
                                   g_strerror(-ret));
            return ret;
        }
    }
    return 0;
}

/* ---- requests ---- */

static void install_requests(P9State *state, P9Session *s)
{
    P9StateRequest *requests;
    unsigned n;

    requests = p9_state_requests(state, &n);
    for (unsigned i = 0; i < n; i++) {
        const P9StateRequest *from = &requests[i];
        P9Request *req = p9_request_new(s, from->element);

        if (from->done) {
            p9_request_submit_done(req, &from->reply, from->in, from->in_cnt);
        } else {
            p9_request_submit(req, from->out, from->out_cnt, from->in,
                              from->in_cnt);
        }
    }
}

static int install_session(P9State *state, P9Session *s, char **why)
{
    if (state->msize > s->limits.max_msize) {
        *why = g_strdup_printf("an msize of %u is not possible; the most is %u",
                               state->msize, s->limits.max_msize);
        return -EINVAL;
    }
    s->dialect = state->dialect;
    s->msize = state->msize;
    s->opened = state->opened;
    return 0;
}

int p9_state_install(P9State *state, P9Session *s, char **why)
{
    int ret;

    assert(p9_guest_is_shut(s->guest));
    ret = install_session(state, s, why);
    if (ret == 0) {
        install_paths(state, s);
        ret = install_fids(state, s, why);
    }
    if (ret == 0) {
        ret = hold(state, s, why);
    }
    if (ret == 0) {
        ret = install_owners(state, s, why);
    }
    if (ret == 0) {
        install_requests(state, s);
    }
    return ret;
}
