/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a session as bytes: saving.  See 9p-state.h.
 *
 * Nothing here asks the host: what is known of nodes, files and locks is in
 * memory, so a million fids take a second and a hanging file system none.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"
#include "9p-state-int.h"

typedef struct Saver {
    P9Session *s;
    GByteArray *to;
    GByteArray *nodes;          /* owned; written before what refers to it */
    uint32_t n_nodes;
    GHashTable *index;          /* owned: FsNode -> its number, plus 1 */
    GArray *devs;               /* owned: uint64_t, as in FsIdentity */
    unsigned nameless;          /* open files without a name */
} Saver;

static void put_u8(GByteArray *to, uint8_t v)
{
    g_byte_array_append(to, &v, sizeof(v));
}

static void put_u16(GByteArray *to, uint16_t v)
{
    v = cpu_to_le16(v);
    g_byte_array_append(to, (uint8_t *)&v, sizeof(v));
}

static void put_u32(GByteArray *to, uint32_t v)
{
    v = cpu_to_le32(v);
    g_byte_array_append(to, (uint8_t *)&v, sizeof(v));
}

static void put_u64(GByteArray *to, uint64_t v)
{
    v = cpu_to_le64(v);
    g_byte_array_append(to, (uint8_t *)&v, sizeof(v));
}

static void put_bytes(GByteArray *to, const void *bytes, uint32_t n)
{
    put_u32(to, n);
    if (n) {
        g_byte_array_append(to, bytes, n);
    }
}

static void put_name(GByteArray *to, const char *name)
{
    size_t n = strlen(name);

    put_u16(to, n);
    g_byte_array_append(to, (const uint8_t *)name, n);
}

/* ---- nodes ---- */

static uint32_t dev_index(Saver *saver, uint64_t dev)
{
    for (guint i = saver->devs->len; i > 0; i--) {
        if (g_array_index(saver->devs, uint64_t, i - 1) == dev) {
            return i - 1;
        }
    }
    g_array_append_val(saver->devs, dev);
    return saver->devs->len - 1;
}

/* @name is NULL for a node without one; that of the root is empty. */
static uint32_t put_node(Saver *saver, FsNode *node, uint32_t parent,
                         const char *name)
{
    GByteArray *to = saver->nodes;
    FsIdentity id;
    uint64_t path;

    fs_identity(node, &id);
    if (p9_qid_path(saver->s->qids, id.dev, id.ino, id.twin, &path) < 0 ||
        !id.ino) {
        path = P9_STATE_NO_PATH;
    }
    put_u32(to, parent);
    put_u8(to, (name ? 0 : P9_STATE_NODE_DEAD) |
               (id.proof ? P9_STATE_NODE_PROOF : 0));
    put_u8(to, id.type >> 12);
    put_u32(to, dev_index(saver, id.dev));
    put_u64(to, id.ino);
    put_u64(to, id.mark);
    put_u64(to, id.born);
    put_u64(to, path);
    put_name(to, name ?: "");
    g_hash_table_insert(saver->index, node,
                        GUINT_TO_POINTER(saver->n_nodes + 1));
    return saver->n_nodes++;
}

static bool known(Saver *saver, FsNode *node, uint32_t *i)
{
    *i = GPOINTER_TO_UINT(g_hash_table_lookup(saver->index, node)) - 1;
    return *i != UINT32_MAX;
}

/* A node whose number its directory has to be known for. */
typedef struct Step {
    FsNode *dir;                /* counted; NULL: it has no name */
    FsNode *node;               /* kept by a fid, or by the step before it */
    char name[NAME_MAX + 1];
} Step;

/* The number of @node; it and its directories are written if they are new. */
static uint32_t node_index(Saver *saver, FsNode *node)
{
    g_autoptr(GArray) steps = NULL;
    uint32_t i;

    if (known(saver, node, &i)) {
        return i;
    }
    steps = g_array_new(false, false, sizeof(Step));
    do {
        Step step = { .node = node };

        if (fs_locate(node, &step.dir, step.name) < 0) {
            step.dir = NULL;
        }
        g_array_append_val(steps, step);
        node = step.dir;
    } while (node && !known(saver, node, &i));
    for (guint n = steps->len; n > 0; n--) {
        Step *step = &g_array_index(steps, Step, n - 1);

        i = put_node(saver, step->node, step->dir ? i : 0,
                     step->dir ? step->name : NULL);
    }
    for (guint n = steps->len; n > 0; n--) {
        fs_node_unref(g_array_index(steps, Step, n - 1).dir);
    }
    return i;
}

static bool is_nameless(FsNode *node)
{
    char name[NAME_MAX + 1];
    FsNode *dir;
    int ret = fs_locate(node, &dir, name);

    if (ret == 0) {
        fs_node_unref(dir);
    }
    return ret == -ENOENT;
}

/* ---- fids ---- */

static void put_xattr(GByteArray *to, const P9XattrFid *x)
{
    put_u8(to, x->name != NULL);
    put_u32(to, x->flags);
    put_bytes(to, x->value, x->size);
    if (x->name) {
        put_bytes(to, x->name, strlen(x->name));
        put_bytes(to, x->written, x->size / 8 + 1);
    }
}

static void put_fid(Saver *saver, GByteArray *to, const P9Fid *fid)
{
    bool lost = fid->state == P9_FID_LOST;

    put_u32(to, fid->number);
    put_u32(to, fid->uid);
    put_u32(to, lost ? 0 : node_index(saver, fid->node));
    put_u32(to, fid->root ? node_index(saver, fid->root) : P9_STATE_NO_NODE);
    put_u8(to, fid->state);
    put_u8(to, (fid->looked_at ? P9_STATE_FID_LOOKED_AT : 0) |
               (fid->remove_on_clunk ? P9_STATE_FID_REMOVE : 0));
    switch (fid->state) {
    case P9_FID_FILE:
    case P9_FID_DIR:
        put_u32(to, p9_open_flags_to_wire(fid->oflags));
        put_u64(to, fid->dir_offset);
        put_u64(to, fid->dir_cookie);
        saver->nameless += is_nameless(fid->node);
        break;
    case P9_FID_XATTR:
        put_xattr(to, fid->xattr);
        break;
    default:
        break;
    }
}

static void put_fids(Saver *saver, GByteArray *to)
{
    GHashTableIter iter;
    gpointer fid;

    put_u32(to, g_hash_table_size(saver->s->fids));
    g_hash_table_iter_init(&iter, saver->s->fids);
    while (g_hash_table_iter_next(&iter, NULL, &fid)) {
        put_fid(saver, to, fid);
    }
}

/* ---- locks ---- */

static uint8_t lock_type(short type)
{
    return type == F_WRLCK ? P9_LOCK_TYPE_WRLCK : P9_LOCK_TYPE_RDLCK;
}

static void put_owner(GByteArray *to, P9LockOwner *owner, const GArray *fids)
{
    g_autoptr(GArray) ranges = fs_locked(owner->locker);

    put_u32(to, owner->proc_id);
    put_bytes(to, owner->client_id, strlen(owner->client_id));
    put_u32(to, fids->len);
    for (guint i = 0; i < fids->len; i++) {
        put_u32(to, g_array_index(fids, uint32_t, i));
    }
    put_u32(to, ranges->len);
    for (guint i = 0; i < ranges->len; i++) {
        const FsLock *lock = &g_array_index(ranges, FsLock, i);

        put_u8(to, lock_type(lock->type));
        put_u64(to, lock->start);
        put_u64(to, lock->length);
    }
}

static void fids_free(gpointer fids)
{
    g_array_free(fids, true);
}

/* The owners that have a locker, with the numbers of their fids. */
static GHashTable *owners_of(P9Session *s)
{
    GHashTable *owners = g_hash_table_new_full(NULL, NULL, NULL, fids_free);
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, s->fids);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const P9Fid *fid = value;

        for (GSList *l = fid->lock_owners; l; l = l->next) {
            P9LockOwner *owner = l->data;
            GArray *fids = g_hash_table_lookup(owners, owner);

            if (!owner->locker) {
                continue;
            }
            if (!fids) {
                fids = g_array_new(false, false, sizeof(uint32_t));
                g_hash_table_insert(owners, owner, fids);
            }
            g_array_append_val(fids, fid->number);
        }
    }
    return owners;
}

static void put_owners(Saver *saver, GByteArray *to)
{
    g_autoptr(GHashTable) owners = owners_of(saver->s);
    GHashTableIter iter;
    gpointer owner, fids;

    put_u32(to, g_hash_table_size(owners));
    g_hash_table_iter_init(&iter, owners);
    while (g_hash_table_iter_next(&iter, &owner, &fids)) {
        put_owner(to, owner, fids);
    }
}

/* ---- requests ---- */

static void put_request(GByteArray *to, P9Request *req,
                        const P9StateOptions *options)
{
    g_autoptr(GByteArray) place = g_byte_array_new();
    P9Reply reply;
    bool done = p9_request_reply(req, &reply);

    put_u8(to, done);
    options->describe(req->element, place);
    put_bytes(to, place->data, place->len);
    if (done) {
        put_u32(to, reply.size);
        put_bytes(to, reply.head, reply.head_size);
    }
    g_free(reply.head);
}

/* In the order in which p9_request_settle() goes on with them. */
static void put_requests(Saver *saver, GByteArray *to,
                         const P9StateOptions *options)
{
    P9Session *s = saver->s;
    GQueue *queues[] = { &s->stopped, &s->answered, &s->active, &s->backlog };
    unsigned n = 0;

    for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
        n += queues[i]->length;
    }
    put_u32(to, n);
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
        for (GList *l = queues[i]->head; l; l = l->next) {
            put_request(to, l->data, options);
        }
    }
}

/* ---- all of it ---- */

static void put_devs(Saver *saver)
{
    put_u32(saver->to, saver->devs->len);
    for (guint i = 0; i < saver->devs->len; i++) {
        uint64_t id;

        if (!fs_dev_id(saver->s->export,
                       g_array_index(saver->devs, uint64_t, i), &id)) {
            id = 0;
        }
        put_u64(saver->to, id);
    }
}

static void append(GByteArray *to, const GByteArray *part)
{
    if (part->len) {
        g_byte_array_append(to, part->data, part->len);
    }
}

static void put_all(Saver *saver, const P9StateOptions *options)
{
    g_autoptr(GByteArray) fids = g_byte_array_new();
    P9Session *s = saver->s;
    FsNode *root = fs_root(s->export);

    put_node(saver, root, 0, "");
    put_fids(saver, fids);
    put_u32(saver->to, P9_STATE_VERSION);
    put_u8(saver->to, s->dialect);
    put_u8(saver->to, s->opened);
    put_u32(saver->to, s->msize);
    put_devs(saver);
    put_u32(saver->to, saver->n_nodes);
    append(saver->to, saver->nodes);
    append(saver->to, fids);
    put_owners(saver, saver->to);
    put_requests(saver, saver->to, options);
    put_u32(saver->to, P9_STATE_END);
    fs_node_unref(root);
}

bool p9_state_needed(const P9Session *s)
{
    return s->opened || s->stopped.length || s->answered.length ||
           s->active.length || s->backlog.length;
}

int p9_state_save(P9Session *s, const P9StateOptions *options, GByteArray *to,
                  char **why)
{
    Saver saver = { .s = s, .to = to };
    guint before = to->len;
    int ret = p9_request_still(s);

    if (ret < 0) {
        return ret;
    }
    saver.nodes = g_byte_array_new();
    saver.index = g_hash_table_new(NULL, NULL);
    saver.devs = g_array_new(false, false, sizeof(uint64_t));
    put_all(&saver, options);
    g_byte_array_unref(saver.nodes);
    g_hash_table_destroy(saver.index);
    g_array_free(saver.devs, true);
    if (saver.nameless && options->refuse_losses) {
        g_byte_array_set_size(to, before);
        *why = g_strdup_printf("%u files are open that have been removed, so "
                               "they cannot be found again; on-lost=error "
                               "would give them up", saver.nameless);
        return -EBUSY;
    }
    return 0;
}
