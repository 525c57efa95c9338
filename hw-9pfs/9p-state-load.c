/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a session as bytes: loading.  See 9p-state.h.
 *
 * The bytes may come from anyone, so every number is checked where it is read.
 * A count is compared with the bytes that are left before anything is allocated
 * for it, and what follows relies on what is stated in 9p-state-int.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"
#include "9p-state-int.h"

/* The least sizes of what there are counts of */
#define DEV_MIN     8
#define NODE_MIN    44
#define FID_MIN     18
#define OWNER_MIN   16
#define RANGE_MIN   17
#define REQUEST_MIN 5

typedef struct Loader {
    P9Cursor c;
    P9State *state;
    char **why;
} Loader;

static bool refuse(Loader *loader, const char *what)
{
    if (!*loader->why) {
        *loader->why = g_strdup_printf("the state of the 9p session is damaged:"
                                       " %s", what);
    }
    return false;
}

static size_t left(const Loader *loader)
{
    return loader->c.failed ? 0 : loader->c.limit - loader->c.pos;
}

static bool get_count(Loader *loader, size_t least, uint32_t *n,
                      const char *what)
{
    *n = p9_get_u32(&loader->c);
    return loader->c.failed || *n > left(loader) / least
           ? refuse(loader, what) : true;
}

/* @n bytes that are known to be there, with a NUL behind them */
static void *get_copy(Loader *loader, uint32_t n)
{
    uint8_t *bytes = g_malloc(n + 1);

    p9_get_bytes(&loader->c, bytes, n);
    bytes[n] = 0;
    return bytes;
}

static bool get_blob(Loader *loader, uint32_t max, uint8_t **bytes,
                     uint32_t *n, const char *what)
{
    if (!get_count(loader, 1, n, what)) {
        return false;
    }
    if (*n > max) {
        return refuse(loader, what);
    }
    *bytes = get_copy(loader, *n);
    return true;
}

/* A string without NUL */
static bool get_text(Loader *loader, char **text, const char *what)
{
    uint8_t *bytes;
    uint32_t n;

    if (!get_blob(loader, UINT16_MAX, &bytes, &n, what)) {
        return false;
    }
    *text = (char *)bytes;
    return strlen(*text) == n ? true : refuse(loader, what);
}

/* ---- nodes ---- */

static bool name_is_legal(const char *name, size_t length)
{
    return length && strlen(name) == length && !strchr(name, '/') &&
           strcmp(name, ".") && strcmp(name, "..");
}

static bool get_name(Loader *loader, bool none, const char **name)
{
    uint16_t n = p9_get_u16(&loader->c);
    char buf[NAME_MAX + 1];

    if (n > NAME_MAX || n > left(loader)) {
        return refuse(loader, "a name is too long");
    }
    p9_get_bytes(&loader->c, buf, n);
    buf[n] = 0;
    if (none ? n : !name_is_legal(buf, n)) {
        return refuse(loader, "a name is not a component of a path");
    }
    *name = n ? g_string_chunk_insert(loader->state->names, buf) : "";
    return true;
}

static bool get_node(Loader *loader, uint32_t i)
{
    P9StateNode node = { .parent = p9_get_u32(&loader->c) };

    node.flags = p9_get_u8(&loader->c);
    node.type = p9_get_u8(&loader->c);
    node.dev = p9_get_u32(&loader->c);
    node.ino = p9_get_u64(&loader->c);
    node.mark = p9_get_u64(&loader->c);
    node.born = p9_get_u64(&loader->c);
    node.path = p9_get_u64(&loader->c);
    if (node.parent >= MAX(i, 1) || node.dev >= loader->state->devs->len ||
        node.type > S_IFMT >> 12 ||
        (node.flags & ~(P9_STATE_NODE_DEAD | P9_STATE_NODE_PROOF)) ||
        (!i && (node.flags & P9_STATE_NODE_DEAD))) {
        return refuse(loader, "a node is not valid");
    }
    if (!get_name(loader, !i || (node.flags & P9_STATE_NODE_DEAD),
                  &node.name)) {
        return false;
    }
    g_array_append_val(loader->state->nodes, node);
    return true;
}

static bool get_nodes(Loader *loader)
{
    uint32_t n;

    if (!get_count(loader, DEV_MIN, &n, "too many devices")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t id = p9_get_u64(&loader->c);

        g_array_append_val(loader->state->devs, id);
    }
    if (!get_count(loader, NODE_MIN, &n, "too many nodes")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_node(loader, i)) {
            return false;
        }
    }
    return n ? true : refuse(loader, "there is no node for the export");
}

/* ---- fids ---- */

static bool get_xattr(Loader *loader, P9StateFid *fid)
{
    bool for_write = p9_get_u8(&loader->c);
    uint32_t n;

    fid->xattr_flags = p9_get_u32(&loader->c);
    if (!get_blob(loader, P9_STATE_XATTR_MAX, &fid->xattr_value,
                  &fid->xattr_size, "an attribute is too long")) {
        return false;
    }
    if (!for_write) {
        return true;
    }
    if (!get_text(loader, &fid->xattr_name, "the name of an attribute") ||
        !get_blob(loader, P9_STATE_XATTR_MAX, &fid->xattr_written, &n,
                  "an attribute that is being written")) {
        return false;
    }
    return n == fid->xattr_size / 8 + 1
           ? true : refuse(loader, "an attribute that is being written");
}

static bool get_fid_state(Loader *loader, P9StateFid *fid)
{
    switch (fid->state) {
    case P9_FID_FILE:
    case P9_FID_DIR:
        fid->oflags = p9_open_flags_from_wire(p9_get_u32(&loader->c)) &
                      ~(O_CREAT | O_EXCL | O_TRUNC);
        fid->dir_offset = p9_get_u64(&loader->c);
        fid->dir_cookie = p9_get_u64(&loader->c);
        return true;
    case P9_FID_XATTR:
        return get_xattr(loader, fid);
    case P9_FID_NONE:
    case P9_FID_LOST:
        return true;
    default:
        return refuse(loader, "a fid is in no known state");
    }
}

static bool get_fid(Loader *loader)
{
    uint32_t nodes = loader->state->nodes->len;
    P9StateFid *fid;
    P9StateFid got = { .number = p9_get_u32(&loader->c) };

    got.uid = p9_get_u32(&loader->c);
    got.node = p9_get_u32(&loader->c);
    got.root = p9_get_u32(&loader->c);
    got.state = p9_get_u8(&loader->c);
    got.flags = p9_get_u8(&loader->c);
    /* In the array first, as p9_state_free() frees what is owned. */
    g_array_append_val(loader->state->fids, got);
    fid = p9_state_fid(loader->state, loader->state->fids->len - 1);
    if (fid->node >= nodes ||
        (fid->root >= nodes && fid->root != P9_STATE_NO_NODE) ||
        (fid->flags & ~(P9_STATE_FID_LOOKED_AT | P9_STATE_FID_REMOVE))) {
        return refuse(loader, "a fid is not valid");
    }
    return get_fid_state(loader, fid);
}

static bool get_fids(Loader *loader)
{
    uint32_t n;

    if (!get_count(loader, FID_MIN, &n, "too many fids")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_fid(loader)) {
            return false;
        }
    }
    return true;
}

/* ---- locks ---- */

static bool get_range(Loader *loader, GArray *ranges)
{
    uint8_t type = p9_get_u8(&loader->c);
    FsLock lock = {
        .type = type == P9_LOCK_TYPE_WRLCK ? F_WRLCK : F_RDLCK,
    };

    lock.start = p9_get_u64(&loader->c);
    lock.length = p9_get_u64(&loader->c);
    if (type > P9_LOCK_TYPE_WRLCK || lock.start > INT64_MAX ||
        lock.length > INT64_MAX - lock.start) {
        return refuse(loader, "a lock is not valid");
    }
    g_array_append_val(ranges, lock);
    return true;
}

static bool get_owner(Loader *loader)
{
    P9StateOwner *owner;
    P9StateOwner got = {
        .proc_id = p9_get_u32(&loader->c),
        .fids = g_array_new(false, false, sizeof(uint32_t)),
        .ranges = g_array_new(false, false, sizeof(FsLock)),
    };
    uint32_t n;

    g_array_append_val(loader->state->owners, got);
    owner = p9_state_owner(loader->state, loader->state->owners->len - 1);
    if (!get_text(loader, &owner->client_id, "an owner of locks") ||
        !get_count(loader, sizeof(uint32_t), &n, "too many fids of an owner")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = p9_get_u32(&loader->c);

        g_array_append_val(owner->fids, number);
    }
    if (!get_count(loader, RANGE_MIN, &n, "too many locks")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_range(loader, owner->ranges)) {
            return false;
        }
    }
    return true;
}

static bool get_owners(Loader *loader)
{
    uint32_t n;

    if (!get_count(loader, OWNER_MIN, &n, "too many owners of locks")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_owner(loader)) {
            return false;
        }
    }
    return true;
}

/* ---- requests ---- */

static bool get_request(Loader *loader)
{
    P9StateRequest none = { 0 };
    P9StateRequest *req;

    g_array_append_val(loader->state->requests, none);
    req = &g_array_index(loader->state->requests, P9StateRequest,
                         loader->state->requests->len - 1);
    req->done = p9_get_u8(&loader->c);
    if (!get_blob(loader, UINT32_MAX - 1, &req->place, &req->place_size,
                  "the buffers of a request")) {
        return false;
    }
    if (!req->done) {
        return true;
    }
    req->reply.size = p9_get_u32(&loader->c);
    if (!get_blob(loader, UINT32_MAX - 1, &req->reply.head,
                  &req->reply.head_size, "a reply")) {
        return false;
    }
    return req->reply.head_size <= req->reply.size
           ? true : refuse(loader, "a reply is longer than its size");
}

static bool get_requests(Loader *loader)
{
    uint32_t n;

    if (!get_count(loader, REQUEST_MIN, &n, "too many requests")) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_request(loader)) {
            return false;
        }
    }
    return true;
}

/* ---- all of it ---- */

static bool get_head(Loader *loader)
{
    uint32_t version = p9_get_u32(&loader->c);
    P9State *state = loader->state;

    if (loader->c.failed) {
        return refuse(loader, "it ends too early");
    }
    if (version != P9_STATE_VERSION) {
        *loader->why = g_strdup_printf("the state of the 9p session has version"
                                       " %u; this QEMU knows version %d",
                                       version, P9_STATE_VERSION);
        return false;
    }
    state->dialect = p9_get_u8(&loader->c);
    state->opened = p9_get_u8(&loader->c);
    state->msize = p9_get_u32(&loader->c);
    switch (state->dialect) {
    case P9_DIALECT_NONE:
        return !state->msize && !state->opened
               ? true : refuse(loader, "a session without a dialect");
    case P9_DIALECT_L:
    case P9_DIALECT_DOTU:
    case P9_DIALECT_PLAIN:
        return state->msize >= P9_MIN_MSIZE
               ? true : refuse(loader, "the msize is too small");
    default:
        return refuse(loader, "the dialect is not known");
    }
}

static bool get_all(Loader *loader)
{
    if (!get_head(loader) || !get_nodes(loader) || !get_fids(loader) ||
        !get_owners(loader) || !get_requests(loader)) {
        return false;
    }
    if (p9_get_u32(&loader->c) != P9_STATE_END || loader->c.failed ||
        left(loader)) {
        return refuse(loader, "its end is not where it should be");
    }
    return loader->state->dialect || !loader->state->fids->len
           ? true : refuse(loader, "there are fids without a session");
}

P9State *p9_state_decode(const void *bytes, size_t size, char **why)
{
    const struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
    P9State *state = g_new0(P9State, 1);
    Loader loader = { .state = state, .why = why };

    state->names = g_string_chunk_new(4096);
    state->devs = g_array_new(false, false, sizeof(uint64_t));
    state->nodes = g_array_new(false, false, sizeof(P9StateNode));
    state->fids = g_array_new(false, false, sizeof(P9StateFid));
    state->owners = g_array_new(false, false, sizeof(P9StateOwner));
    state->requests = g_array_new(false, false, sizeof(P9StateRequest));
    p9_cursor_init(&loader.c, &iov, 1, size);
    *why = NULL;
    if (!get_all(&loader)) {
        p9_state_free(state);
        return NULL;
    }
    return state;
}

P9StateRequest *p9_state_requests(P9State *state, unsigned *n)
{
    *n = state->requests->len;
    return (P9StateRequest *)state->requests->data;
}

static void fid_free(P9StateFid *fid)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };

    g_free(fid->xattr_name);
    g_free(fid->xattr_value);
    g_free(fid->xattr_written);
    fs_release(&call, fid->file);
}

static void owner_free(P9StateOwner *owner)
{
    g_free(owner->client_id);
    g_array_free(owner->fids, true);
    g_array_free(owner->ranges, true);
    fs_locker_close(owner->locker);
}

void p9_state_free(P9State *state)
{
    P9StateRequest *requests;
    unsigned n;

    if (!state) {
        return;
    }
    requests = p9_state_requests(state, &n);
    for (unsigned i = 0; i < n; i++) {
        g_free(requests[i].place);
        g_free(requests[i].reply.head);
    }
    for (uint32_t i = 0; i < state->owners->len; i++) {
        owner_free(p9_state_owner(state, i));
    }
    for (uint32_t i = 0; i < state->fids->len; i++) {
        fid_free(p9_state_fid(state, i));
    }
    for (uint32_t i = 0; i < state->nodes->len; i++) {
        fs_node_unref(p9_state_node(state, i)->node);
    }
    g_array_free(state->requests, true);
    g_array_free(state->owners, true);
    g_array_free(state->fids, true);
    g_array_free(state->nodes, true);
    g_array_free(state->devs, true);
    g_string_chunk_free(state->names);
    g_free(state->first_lost);
    if (state->export) {
        fs_export_unref(state->export);
    }
    g_free(state);
}
