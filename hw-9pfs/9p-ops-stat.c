/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tstat, Twstat and the Tread of a directory, of 9P2000.u and of plain 9P2000:
 * messages with directory entries as in stat(5) of Plan 9.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-flags.h"
#include "9p-ops.h"
#include "9p-payload.h"

#define STAT_MIN_SZ     49          /* plain 9P2000, with empty strings */
#define STAT_KEEP       UINT32_MAX  /* Twstat: leave unchanged */
#define COLLECT_MAX     65536u      /* bytes of entries collected at a time */

static P9String arena_printf(P9Request *req, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static P9String arena_printf(P9Request *req, const char *format, ...)
{
    char text[64];
    va_list ap;
    char *copy;
    int len;

    va_start(ap, format);
    len = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    copy = p9_arena_alloc(&req->kept.arena, len + 1);
    memcpy(copy, text, len + 1);
    return (P9String) { .s = copy, .len = len };
}

static int stat_extension(P9Request *req, const FsCall *call, FsNode *node,
                          const FsAttr *attr, P9String *extension)
{
    switch (attr->mode & S_IFMT) {
    case S_IFLNK:
        return p9_readlink(req, call, node, extension);
    case S_IFCHR:
    case S_IFBLK:
        *extension = arena_printf(req, "%c %u %u",
                                  S_ISCHR(attr->mode) ? 'c' : 'b',
                                  major(attr->rdev), minor(attr->rdev));
        return 0;
    case S_IFREG:
    case S_IFDIR:
        *extension = arena_printf(req, "HARDLINKCOUNT %" PRIu64, attr->nlink);
        return 0;
    default:
        return 0;
    }
}

/* Plain 9P2000 has names of users only: use their numbers in digits. */
static int fill_stat(P9Request *req, const FsCall *call, FsNode *node,
                     const FsAttr *attr, P9String name, P9Stat *st)
{
    const P9String none = { .s = "" };
    bool plain = req->header.plain;
    int ret;

    *st = (P9Stat) {
        .plain = plain,
        .mode = p9_dm_from_mode(attr->mode),
        .atime = attr->atime.tv_sec,
        .mtime = attr->mtime.tv_sec,
        .length = attr->size,
        .name = name,
        .uid = plain ? arena_printf(req, "%" PRIu32, attr->uid) : none,
        .gid = plain ? arena_printf(req, "%" PRIu32, attr->gid) : none,
        .muid = none,
        .extension = none,
        .n_uid = attr->uid,
        .n_gid = attr->gid,
    };
    ret = p9_qid_from_attr(req->session->qids, attr, &st->qid);
    return ret < 0 || plain
           ? ret
           : stat_extension(req, call, node, attr, &st->extension);
}

int p9_stat_run(P9Request *req, const FsCall *call)
{
    char *name = p9_arena_alloc(&req->kept.arena, NAME_MAX + 1);
    FsNode *dir = NULL;
    FsAttr attr;
    int ret;

    ret = fs_getattr(call, req->node[0], req->file[0], 0, &attr);
    if (ret < 0) {
        return ret;
    }
    ret = p9_fid_locate(req->fid[0], req->node[0], &dir, name);
    if (ret < 0) {
        /* The name of the root is "/"; an unlinked file has no name. */
        strcpy(name, ret == -EBUSY ? "/" : "");
    } else {
        fs_node_unref(dir);
    }
    return fill_stat(req, call, req->node[0], &attr,
                     (P9String) { .s = name, .len = strlen(name) },
                     &req->r.stat.stat);
}

/* A Tread starts at offset 0, or where the previous one has ended. */
int p9_stat_read_prepare(P9Request *req, uint32_t *count)
{
    const P9Fid *fid = req->fid[0];

    if (req->t.read.offset && req->t.read.offset != fid->dir_offset) {
        return -EINVAL;
    }
    req->dir_cookie = req->t.read.offset ? fid->dir_cookie : 0;
    /* Each entry is looked up, and any file system may be mounted there. */
    req->for_worker = true;
    /* An entry that is collected takes less than half of a directory's piece */
    req->dir_bytes = CLAMP(*count, FS_BUDGET_PIECE / 2, COLLECT_MAX);
    return p9_payload_collect(req, count, &req->dir_bytes);
}

/* An entry whose attributes are not known yet. */
typedef struct Entry {
    uint64_t next;
    P9Qid qid;
    uint8_t type;               /* DT_* */
    char name[];
} Entry;

/* Collects names only, because a sink must not call the driver. */
typedef struct NameSink {
    P9QidMap *qids;
    char *room;                 /* owned, dir_bytes of the request */
    size_t size;                /* of room */
    size_t used;                /* of room: by one Entry after the other */
    uint64_t cookie;            /* where to go on */
    unsigned max;               /* how many more can fit in the reply */
    bool full;                  /* there are more */
} NameSink;

static size_t entry_size(size_t name_len)
{
    return ROUND_UP(sizeof(Entry) + name_len + 1, __alignof__(Entry));
}

static int collect_entry(void *opaque, const FsDirent *dirent)
{
    NameSink *sink = opaque;
    size_t size = entry_size(dirent->name_len);
    Entry *entry = (Entry *)(sink->room + sink->used);

    sink->full = !sink->max || size > sink->size - sink->used;
    if (sink->full) {
        return 1;
    }
    sink->used += size;
    sink->max--;
    entry->next = dirent->next;
    entry->qid = p9_qid_from_dirent(sink->qids, dirent);
    entry->type = dirent->type;
    memcpy(entry->name, dirent->name, dirent->name_len + 1);
    return 0;
}

static int entry_node(P9Request *req, const FsCall *call, const char *name,
                      FsNode **node, FsAttr *attr)
{
    FsNode *dir = req->node[0];
    int ret = 0;

    if (strcmp(name, ".") && strcmp(name, "..")) {
        return fs_lookup(call, dir, name, node, attr);
    }
    if (name[1]) {
        ret = p9_fid_parent(req->fid[0], dir, node);
    } else {
        *node = fs_node_ref(dir);
    }
    return ret < 0 ? ret : fs_getattr(call, *node, NULL, 0, attr);
}

/*
 * What the directory itself tells about an entry whose attributes cannot be
 * read.  A client that needs more looks the entry up and gets the error.
 */
static void fill_stat_blank(P9Request *req, const Entry *entry, P9String name,
                            P9Stat *st)
{
    const P9String none = { .s = "" };
    bool plain = req->header.plain;

    *st = (P9Stat) {
        .plain = plain,
        .qid = entry->qid,
        .mode = p9_dm_from_type(DTTOIF(entry->type)),
        .name = name,
        .uid = plain ? arena_printf(req, "%u", ID_OVERFLOW) : none,
        .gid = plain ? arena_printf(req, "%u", ID_OVERFLOW) : none,
        .muid = none,
        .extension = none,
        .n_uid = ID_OVERFLOW,
        .n_gid = ID_OVERFLOW,
    };
}

/*
 * Is @room all that a reply of this session can have?  An entry that does not
 * fit in it would never be told, and neither would those after it.
 */
static bool is_whole_reply(const P9Request *req, uint32_t room)
{
    return room + P9_IOHDRSZ >= req->msize;
}

/* Returns 1 if the entry does not fit in what is left of @room. */
static int put_entry(P9Request *req, const FsCall *call, const Entry *entry,
                     P9Cursor *c, uint32_t room)
{
    P9String name = { .s = entry->name, .len = strlen(entry->name) };
    FsNode *node = NULL;
    P9Stat st;
    FsAttr attr;
    int ret;

    ret = entry_node(req, call, entry->name, &node, &attr);
    if (!ret) {
        ret = fill_stat(req, call, node, &attr, name, &st);
    }
    fs_node_unref(node);
    if (ret == -ENOENT) {
        return 0;               /* removed meanwhile */
    }
    if (fs_call_refused(call, ret)) {
        return ret;
    }
    if (ret < 0 || (p9_stat_size(&st) > room && is_whole_reply(req, room))) {
        fill_stat_blank(req, entry, name, &st);
    }
    if (p9_stat_size(&st) > room - c->pos) {
        return 1;
    }
    p9_put_stat(c, &st);
    p9_arena_reset(&req->kept.arena);        /* this entry's strings */
    return 0;
}

/* Collect the next entries, of which up to @room bytes are needed. */
static int collect(P9Request *req, const FsCall *call, uint32_t room,
                   NameSink *sink)
{
    sink->used = 0;
    sink->max = room / STAT_MIN_SZ + 1;
    sink->full = false;
    return fs_readdir(call, req->file[0], sink->cookie,
                      p9_qid_readdir_flags(sink->qids), collect_entry, sink);
}

static int put_collected(P9Request *req, const FsCall *call, NameSink *sink,
                         P9Cursor *c, uint32_t room)
{
    size_t at = 0;
    int ret = 0;

    while (!ret && at < sink->used) {
        const Entry *entry = (const Entry *)(sink->room + at);

        at += entry_size(strlen(entry->name));
        ret = put_entry(req, call, entry, c, room);
        if (!ret) {
            sink->cookie = entry->next;
        }
    }
    return ret;
}

int p9_stat_read_run(P9Request *req, const FsCall *call)
{
    g_autofree char *entries = g_malloc(req->dir_bytes);
    uint32_t room = req->r.read.data.count;
    NameSink sink = {
        .qids = req->session->qids,
        .room = entries,
        .size = req->dir_bytes,
        .cookie = req->dir_cookie,
    };
    P9Cursor c;
    int ret;

    p9_payload_cursor(req, &c);
    do {
        ret = collect(req, call, room - c.pos, &sink);
        if (ret < 0 && c.pos && !fs_call_refused(call, ret)) {
            ret = 1;            /* the next Tread gets the error */
        }
        ret = ret ?: put_collected(req, call, &sink, &c, room);
    } while (!ret && sink.full);
    if (fs_call_refused(call, ret)) {
        return ret;             /* the next run starts over */
    }
    req->dir_cookie = sink.cookie;
    req->r.read.data.count = c.pos;
    if (ret == 1) {
        /*
         * Linux goes on until its buffer is full, down to a few bytes.  With
         * an error it would discard the entries that it has.
         */
        ret = req->r.read.data.count || req->t.read.offset ? 0 : -EINVAL;
    }
    return ret;
}

void p9_stat_read_finish(P9Request *req)
{
    P9Fid *fid = req->fid[0];

    fid->dir_offset = req->t.read.offset + req->r.read.data.count;
    fid->dir_cookie = req->dir_cookie;
}

/* ---- Twstat ---- */

static bool wstat_keeps_all(const P9Stat *st)
{
    return st->type == UINT16_MAX && st->dev == STAT_KEEP &&
           st->qid.type == UINT8_MAX && st->qid.version == UINT32_MAX &&
           st->qid.path == UINT64_MAX && st->mode == STAT_KEEP &&
           st->atime == STAT_KEEP && st->mtime == STAT_KEEP &&
           st->length == UINT64_MAX && !st->name.len && !st->uid.len &&
           !st->gid.len && !st->muid.len && st->n_uid == STAT_KEEP &&
           st->n_gid == STAT_KEEP && st->n_muid == STAT_KEEP;
}

static void wstat_time(FsSetattr *set, uint32_t bit, uint32_t value,
                       struct timespec *ts)
{
    if (value != STAT_KEEP) {
        set->valid |= bit;
        *ts = (struct timespec) { .tv_sec = p9_seconds(value) };
    }
}

static int wstat_attr(P9Request *req, const FsCall *call, const P9Stat *st)
{
    FsSetattr set = {
        .mode = p9_mode_from_dm(st->mode),
        .uid = st->n_uid,
        .gid = st->n_gid,
        .size = st->length,
        .valid = (st->mode != STAT_KEEP ? FS_SET_MODE : 0) |
                 (st->n_uid != STAT_KEEP ? FS_SET_UID : 0) |
                 (st->n_gid != STAT_KEEP ? FS_SET_GID : 0) |
                 (st->length != UINT64_MAX ? FS_SET_SIZE : 0),
    };
    FsAttr attr;
    int ret;

    wstat_time(&set, FS_SET_ATIME, st->atime, &set.atime);
    wstat_time(&set, FS_SET_MTIME, st->mtime, &set.mtime);
    if (!set.valid) {
        return 0;
    }
    if ((set.valid & FS_SET_SIZE) && set.size > INT64_MAX) {
        return -EINVAL;
    }
    if (set.valid & FS_SET_MODE) {
        ret = fs_getattr(call, req->node[0], req->file[0], 0, &attr);
        if (ret < 0) {
            return ret;
        }
        if ((st->mode & P9_DM_TYPES) != p9_dm_from_type(attr.mode)) {
            return -EIO;        /* the type cannot be changed */
        }
    }
    return fs_setattr(call, req->node[0], req->file[0], &set);
}

static bool wstat_sets_attr(const P9Stat *st)
{
    return st->mode != STAT_KEEP || st->n_uid != STAT_KEEP ||
           st->n_gid != STAT_KEEP || st->length != UINT64_MAX ||
           st->atime != STAT_KEEP || st->mtime != STAT_KEEP;
}

/*
 * A rename that replaces a file cannot be taken back, so it is refused together
 * with other changes, as stat(5) refuses each of them.
 */
static int wstat_check_rename(const FsCall *call, FsNode *dir,
                              const P9Stat *st)
{
    FsNode *there;
    FsAttr attr;
    int ret;

    if (!wstat_sets_attr(st)) {
        return 0;
    }
    ret = fs_lookup(call, dir, st->name.s, &there, &attr);
    if (ret == 0) {
        fs_node_unref(there);
        return -EEXIST;
    }
    return ret == -ENOENT ? 0 : ret;
}

/* Afterwards the name of @st is that which the file had before. */
static int wstat_rename(P9Request *req, const FsCall *call, P9Stat *st)
{
    char *old = p9_arena_alloc(&req->kept.arena, NAME_MAX + 1);
    FsNode *dir;
    int ret = p9_fid_locate(req->fid[0], req->node[0], &dir, old);

    if (ret < 0) {
        return ret;
    }
    ret = req->done ? 0 : wstat_check_rename(call, dir, st);
    if (ret == 0) {
        ret = fs_rename(call, dir, old, dir, st->name.s);
    }
    fs_node_unref(dir);
    if (ret == 0) {
        st->name = (P9String) { .s = old, .len = strlen(old) };
    }
    return ret;
}

int p9_wstat_prepare(P9Request *req)
{
    const P9Stat *st = &req->t.wstat.stat;

    /*
     * An fsync takes long, and so may a new length, because of a lease on the
     * file, and a change of the name together with other changes.
     */
    req->for_worker = wstat_keeps_all(st) || st->length != UINT64_MAX ||
                      st->name.len;
    return 0;
}

int p9_wstat_run(P9Request *req, const FsCall *call)
{
    P9Stat *st = &req->t.wstat.stat;
    int ret;

    /* stat(5): a Twstat that changes nothing asks for an fsync. */
    if (wstat_keeps_all(st)) {
        return req->file[0] ? fs_fsync(call, req->file[0], false) : -EBADF;
    }
    if (!req->done && st->name.len) {
        ret = p9_name_check(&st->name, EISDIR, EISDIR);
        if (ret == 0) {
            ret = wstat_rename(req, call, st);
        }
        if (ret < 0) {
            return ret;
        }
        /* If the rest is refused, the next run must not rename again. */
        req->done = 1;
    }
    ret = wstat_attr(req, call, st);
    if (ret < 0 && req->done && !fs_call_refused(call, ret)) {
        wstat_rename(req, call, st);
    }
    return ret;
}
