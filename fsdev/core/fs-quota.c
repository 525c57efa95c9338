/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the calls of an export with a quota charge: see fs-quota.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-hash.h"
#include "fsdev/core/fs-quota-int.h"
#include "fsdev/core/fsdriver-int.h"

/*
 * An object whose length is being changed, or that has to be remembered: it has
 * lost its last name, or its length could not be read.
 */
struct FsQuotaObject {
    uint64_t dev;
    uint64_t ino;
    uint64_t size;              /* that is charged, if known */
    unsigned holds;
    unsigned calls;             /* how many there have been */
    bool known;
    bool regular;
    bool settle;                /* size may be too much */
    bool dead;                  /* has no name */
};

static guint object_hash(gconstpointer key)
{
    const FsQuotaObject *object = key;

    return fs_hash_mix(fs_hash_mix(0, object->dev), object->ino) >> 32;
}

static gboolean object_equal(gconstpointer a, gconstpointer b)
{
    const FsQuotaObject *x = a, *y = b;

    return x->dev == y->dev && x->ino == y->ino;
}

/* ---- counters; all locked ---- */

static uint64_t bytes_of(uint64_t size)
{
    return ROUND_UP(MIN(size, INT64_MAX), (uint64_t)FS_QUOTA_UNIT);
}

static void change_size(FsQuota *quota, FsQuotaObject *object, uint64_t size)
{
    if (object->regular) {
        fs_quota_take(&quota->bytes, bytes_of(object->size));
        quota->bytes += bytes_of(size);
    }
    object->size = size;
}

bool fs_quota_see(FsQuota *quota, const FsAttr *attr)
{
    if (!fs_quota_seen_add(&quota->seen, attr->dev, attr->ino)) {
        return false;
    }
    quota->files++;
    if (S_ISREG(attr->mode)) {
        quota->bytes += bytes_of(attr->size);
    }
    return true;
}

/* ---- objects; all locked ---- */

static FsQuotaObject *object_find(FsQuota *quota, uint64_t dev, uint64_t ino)
{
    const FsQuotaObject key = { .dev = dev, .ino = ino };

    return g_hash_table_lookup(quota->objects, &key);
}

static FsQuotaObject *object_get(FsQuota *quota, uint64_t dev, uint64_t ino)
{
    FsQuotaObject *object = object_find(quota, dev, ino);

    if (!object) {
        object = g_new0(FsQuotaObject, 1);
        object->dev = dev;
        object->ino = ino;
        g_hash_table_add(quota->objects, object);
        g_atomic_int_inc(&quota->kept);
    }
    object->holds++;
    object->calls++;
    return object;
}

static void object_free(FsQuota *quota, FsQuotaObject *object)
{
    g_hash_table_remove(quota->objects, object);
    g_atomic_int_add(&quota->kept, -1);
}

static void object_put(FsQuota *quota, FsQuotaObject *object)
{
    if (!--object->holds && !object->dead && !object->settle) {
        object_free(quota, object);
    }
}

/* Nobody has changed the length since the object was made. */
static void object_know(FsQuota *quota, FsQuotaObject *object,
                        const FsAttr *attr)
{
    if (object->known) {
        return;
    }
    object->known = true;
    object->regular = S_ISREG(attr->mode);
    object->size = attr->size;
    if (quota->counting) {
        fs_quota_see(quota, attr);
    }
}

/* ---- lengths ---- */

int fs_quota_look(const FsCall *call, FsNode *node, FsFile *file, FsAttr *attr)
{
    const FsDriver *driver = driver_of(node);
    FsCall at_once;

    if (file && driver->length) {
        *attr = (FsAttr) {
            .mode = S_IFREG, .dev = file->dev, .ino = file->ino,
        };
        return driver->length(file, &attr->size);
    }
    if (!driver->getattr) {
        return -EOPNOTSUPP;
    }
    call = call_to_try(call, reach_of(call, node), &at_once);
    return driver->getattr(call, node, file, FS_FIRST_LOOK, attr);
}

int fs_quota_hold(FsQuotaHold *hold, const FsCall *call, FsNode *node,
                  FsFile *file)
{
    FsQuota *quota = fs_quota_of(node->export);
    FsQuotaObject *object;
    FsAttr attr;
    bool known;
    int ret = 0;

    if (file) {
        attr = (FsAttr) { .dev = file->dev, .ino = file->ino };
    } else {
        ret = fs_quota_look(call, node, NULL, &attr);
    }
    if (ret < 0) {
        return ret;
    }
    g_mutex_lock(&quota->lock);
    object = object_get(quota, attr.dev, attr.ino);
    known = object->known;
    g_mutex_unlock(&quota->lock);
    /* While it is in the table, no length is changed before it is known. */
    if (!known) {
        ret = fs_quota_look(call, node, file, &attr);
    }
    g_mutex_lock(&quota->lock);
    if (ret < 0) {
        object_put(quota, object);
    } else {
        object_know(quota, object, &attr);
    }
    g_mutex_unlock(&quota->lock);
    *hold = (FsQuotaHold) {
        .quota = quota, .object = object, .node = node, .file = file,
    };
    return ret;
}

static void warn_of_bytes(FsQuota *quota, uint64_t max)
{
    if (fs_warn_due(quota->export, FS_WARN_QUOTA)) {
        fs_warn(quota->export, FS_WARN_QUOTA, "the guest has met the limit of "
                "%" PRIu64 " bytes in its files, and gets ENOSPC; the option "
                "max_bytes of -fsdev raises it", max);
    }
}

/* Charge a length of up to @wanted, and say which; *@max: the limit then. */
static uint64_t grow(FsQuotaHold *hold, uint64_t wanted, uint64_t *max)
{
    FsQuota *quota = hold->quota;
    FsQuotaObject *object = hold->object;
    uint64_t room;

    *max = quota->max_bytes;
    if (wanted <= object->size) {
        return wanted;
    }
    room = fs_quota_left(quota->max_bytes, quota->bytes);
    room -= room % FS_QUOTA_UNIT;
    if (bytes_of(wanted) - bytes_of(object->size) > room) {
        wanted = bytes_of(object->size) + room;
    }
    change_size(quota, object, MAX(wanted, object->size));
    return wanted;
}

ssize_t fs_quota_admit_write(FsQuotaHold *hold, uint64_t offset, size_t length)
{
    FsQuota *quota = hold->quota;
    uint64_t end, max;

    if (offset > INT64_MAX || length > INT64_MAX - offset) {
        hold->settle = true;
        return length;          /* the driver or the host refuses that */
    }
    g_mutex_lock(&quota->lock);
    if (hold->file && hold->file->appends) {
        offset = hold->object->size;
    }
    end = length ? grow(hold, offset + length, &max) : offset;
    g_mutex_unlock(&quota->lock);
    if (length && end <= offset) {
        warn_of_bytes(quota, max);
        return -ENOSPC;
    }
    return end - offset;
}

int fs_quota_admit_size(FsQuotaHold *hold, uint64_t size)
{
    FsQuota *quota = hold->quota;
    uint64_t max = 0, end = size;

    hold->settle = true;
    g_mutex_lock(&quota->lock);
    if (hold->object->regular && size <= INT64_MAX) {
        end = grow(hold, size, &max);
    }
    g_mutex_unlock(&quota->lock);
    if (end < size) {
        warn_of_bytes(quota, max);
        return -ENOSPC;
    }
    return 0;
}

/* Locked: the only call charges the real length, unless others begin. */
static void settle(FsQuotaHold *hold, const FsCall *call)
{
    FsQuota *quota = hold->quota;
    FsQuotaObject *object = hold->object;

    while (object->settle && object->holds == 1) {
        unsigned calls = object->calls;
        FsAttr attr;
        int ret;

        g_mutex_unlock(&quota->lock);
        ret = fs_quota_look(call, hold->node, hold->file, &attr);
        g_mutex_lock(&quota->lock);
        if (ret < 0) {
            break;              /* the next call, or the last, does that */
        }
        if (object->holds == 1 && object->calls == calls) {
            change_size(quota, object, attr.size);
            object->settle = false;
        }
    }
}

void fs_quota_release(FsQuotaHold *hold, const FsCall *call)
{
    g_mutex_lock(&hold->quota->lock);
    hold->object->settle |= hold->settle;
    settle(hold, call);
    object_put(hold->quota, hold->object);
    g_mutex_unlock(&hold->quota->lock);
}

/* ---- objects without a name ---- */

void fs_quota_make_dead(FsQuota *quota, const FsAttr *attr)
{
    FsQuotaObject *object;

    g_mutex_lock(&quota->lock);
    object = object_get(quota, attr->dev, attr->ino);
    object_know(quota, object, attr);
    object->dead = true;
    object_put(quota, object);
    g_mutex_unlock(&quota->lock);
}

void fs_quota_gone(FsExport *export, uint64_t dev, uint64_t ino)
{
    FsQuota *quota = fs_quota_of(export);
    FsQuotaObject *object;

    if (!quota || !g_atomic_int_get(&quota->kept)) {
        return;
    }
    g_mutex_lock(&quota->lock);
    object = object_find(quota, dev, ino);
    if (object && !object->holds) {
        if (object->dead) {
            change_size(quota, object, 0);
            fs_quota_take(&quota->files, 1);
            fs_quota_seen_remove(&quota->seen, dev, ino);
        }
        object_free(quota, object);
    }
    g_mutex_unlock(&quota->lock);
}

/* ---- the export ---- */

/* The quota in units of @size, as far as the host has as much. */
static void show(uint64_t max, uint64_t used, uint64_t size, uint64_t host_free,
                 uint64_t *total, uint64_t *unused)
{
    *total = max / size;
    *unused = MIN(fs_quota_left(max, used) / size, host_free);
}

void fs_quota_statfs(FsExport *export, struct statfs *st)
{
    FsQuota *quota = fs_quota_of(export);
    uint64_t size = st->f_bsize > 0 ? st->f_bsize : FS_QUOTA_UNIT;
    /* A file system that makes inodes when it needs them says that it has 0. */
    uint64_t inodes = st->f_files ? st->f_ffree : UINT64_MAX;
    uint64_t total, unused;

    g_mutex_lock(&quota->lock);
    if (quota->max_bytes) {
        show(quota->max_bytes, quota->bytes, size, st->f_bavail, &total,
             &unused);
        st->f_blocks = total;
        st->f_bfree = st->f_bavail = unused;
    }
    if (quota->max_files) {
        show(quota->max_files, quota->files, 1, inodes, &total, &unused);
        st->f_files = total;
        st->f_ffree = unused;
    }
    g_mutex_unlock(&quota->lock);
}

static FsQuota *quota_new(FsExport *export)
{
    FsQuota *quota = g_new0(FsQuota, 1);

    quota->export = export;
    g_mutex_init(&quota->lock);
    g_cond_init(&quota->counted);
    g_queue_init(&quota->moved);
    g_queue_init(&quota->victims);
    g_cond_init(&quota->fewer);
    quota->objects = g_hash_table_new_full(object_hash, object_equal, g_free,
                                           NULL);
    return quota;
}

void fs_quota_free(FsQuota *quota)
{
    if (quota) {
        g_hash_table_destroy(quota->objects);
        g_cond_clear(&quota->counted);
        g_cond_clear(&quota->fewer);
        g_mutex_clear(&quota->lock);
        g_free(quota);
    }
}

void fs_export_set_quota(FsExport *export, uint64_t max_bytes,
                         uint64_t max_files)
{
    FsQuota *quota = fs_quota_of(export);
    bool first = !quota;

    if (first && !max_bytes && !max_files) {
        return;
    }
    quota = quota ?: quota_new(export);
    g_mutex_lock(&quota->lock);
    quota->max_bytes = max_bytes;
    quota->max_files = max_files;
    g_mutex_unlock(&quota->lock);
    if (first) {
        quota->counting = quota->working = true;
        g_atomic_pointer_set(&export->quota, quota);
        fs_quota_count(quota);
    }
}

bool fs_export_quota(FsExport *export, FsQuotaState *state)
{
    FsQuota *quota = fs_quota_of(export);

    if (!quota) {
        return false;
    }
    g_mutex_lock(&quota->lock);
    *state = (FsQuotaState) {
        .max_bytes = quota->max_bytes, .max_files = quota->max_files,
        .bytes = quota->bytes, .files = quota->files,
        .missed = quota->missed, .counting = quota->counting,
    };
    g_mutex_unlock(&quota->lock);
    return true;
}
