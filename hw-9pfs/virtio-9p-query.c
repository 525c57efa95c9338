/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties of a virtio-9p device for monitors: see virtio-9p-query.h.
 *
 * Each value is a dictionary or a list that is made when it is asked for.
 * Context: BQL held.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "fsdev/core/fs-quota.h"
#include "fsdev/core/qemu-compat.h"
#include "fsdev/qemu-fsdev.h"
#include "virtio-9p.h"
#include "virtio-9p-query.h"
#include "virtio-9p-server.h"

/* How long a monitor may wait for the device's thread. */
#define LOOP_MS 200

/* ---- the share: fixed facts and what the driver keeps ---- */

static void put_text(QDict *to, const char *key, const char *text)
{
    if (text) {
        qdict_put_str(to, key, text);
    }
}

static QDict *usage_dict(FsExport *export)
{
    QDict *to = qdict_new();
    FsUsage usage;

    fs_export_usage(export, &usage);
    qdict_put_int(to, "objects", usage.objects);
    qdict_put_int(to, "names", usage.names);
    qdict_put_int(to, "bytes", usage.bytes);
    qdict_put_int(to, "descriptors", usage.descriptors);
    qdict_put_int(to, "descriptors-max", usage.descriptors_max);
    qdict_put_int(to, "evictions", usage.evictions);
    return to;
}

/* What the tree holds, beside the limits, of which 0 is none. */
static QDict *quota_dict(const FsQuotaState *state)
{
    QDict *to = qdict_new();

    qdict_put_int(to, "bytes", state->bytes);
    qdict_put_int(to, "max-bytes", MIN(state->max_bytes, INT64_MAX));
    qdict_put_int(to, "files", state->files);
    qdict_put_int(to, "max-files", MIN(state->max_files, INT64_MAX));
    qdict_put_bool(to, "counting", state->counting);
    qdict_put_int(to, "missed", state->missed);
    return to;
}

static void put_gate(QDict *to, const FsGate *gate)
{
    qdict_put_bool(to, "throttled", gate != NULL);
    qdict_put_bool(to, "metadata-throttled", gate && qatomic_read(&gate->meta));
    put_text(to, "throttling-group", gate ? gate->group : NULL);
}

static QObject *get_share(V9fsVirtioState *v, Error **errp)
{
    const FsConfig *config = &v->export->config;
    QDict *to = qdict_new();
    FsQuotaState quota;

    qdict_put_str(to, "mount-tag", v->mount_tag);
    put_text(to, "fsdev", config->id);
    qdict_put_str(to, "driver", config->driver->name);
    put_text(to, "path", config->path);
    put_text(to, "socket", config->socket);
    if (config->driver == &fs_local_driver) {
        qdict_put_str(to, "security-model",
                      qemu_fsdev_model_name(config->model));
    }
    if (config->driver != &fs_synth_driver) {
        qdict_put_str(to, "multidevs",
                      qemu_fsdev_multidevs_name(config->multidevs));
    }
    qdict_put_bool(to, "readonly", fs_export_is_readonly(v->export));
    qdict_put_bool(to, "locks", fs_export_has_locks(v->export));
    put_gate(to, v->export->gate);
    /* With iommu_platform=on it is the main loop, whatever was asked for. */
    qdict_put_str(to, "served-by", p9_loop_is_main(v->loop) ? "main loop"
                  : v->iothread ? "iothread" : "own thread");
    qdict_put(to, "usage", usage_dict(v->export));
    if (fs_export_quota(v->export, &quota)) {
        qdict_put(to, "quota", quota_dict(&quota));
    }
    return QOBJECT(to);
}

/* ---- counters ---- */

static const char *const place_names[P9_STATS_PLACES] = {
    [P9_STATS_INLINE] = "inline",
    [P9_STATS_COROUTINE] = "coroutine",
    [P9_STATS_WORKER] = "worker",
    [P9_STATS_APART] = "apart",
};

static const char *const time_names[P9_STATS_TIMES] = {
    [P9_STATS_QUEUED] = "queued",
    [P9_STATS_RUNNING] = "running",
    [P9_STATS_TOTAL] = "total",
};

/* The histogram ends with its last element that is not 0. */
static QDict *times_dict(const size_t times[P9_STATS_BUCKETS])
{
    QDict *to = qdict_new();
    QList *histogram = qlist_new();
    unsigned end = P9_STATS_BUCKETS;

    while (end && !p9_stats_read(&times[end - 1])) {
        end--;
    }
    for (unsigned i = 0; i < end; i++) {
        qlist_append_int(histogram, p9_stats_read(&times[i]));
    }
    qdict_put_int(to, "median-us", p9_stats_percentile(times, 50));
    qdict_put_int(to, "p99-us", p9_stats_percentile(times, 99));
    qdict_put(to, "histogram", histogram);
    return to;
}

static QDict *row_dict(const P9StatsRow *row)
{
    QDict *to = qdict_new();

    qdict_put_int(to, "requests", p9_stats_read(&row->requests));
    qdict_put_int(to, "failed", p9_stats_read(&row->failed));
    qdict_put_int(to, "bytes-in", p9_stats_read(&row->bytes_in));
    qdict_put_int(to, "bytes-out", p9_stats_read(&row->bytes_out));
    for (unsigned i = 0; i < P9_STATS_PLACES; i++) {
        qdict_put_int(to, place_names[i], p9_stats_read(&row->place[i]));
    }
    for (unsigned i = 0; i < P9_STATS_TIMES; i++) {
        qdict_put(to, time_names[i], times_dict(row->times[i]));
    }
    return to;
}

/* Only messages that have been received are in it. */
static QDict *messages_dict(const P9Stats *stats)
{
    QDict *to = qdict_new();

    for (unsigned type = 0; type <= UINT8_MAX; type++) {
        const P9MessageInfo *info = p9_message_info(type);
        const P9StatsRow *row = info ? &stats->row[type / 2] : NULL;

        if (row && p9_stats_read(&row->requests)) {
            qdict_put(to, info->name, row_dict(row));
        }
    }
    if (p9_stats_read(&stats->unknown.requests)) {
        qdict_put(to, "unknown", row_dict(&stats->unknown));
    }
    return to;
}

/* By the text of the error, which says more than its number. */
static QDict *errors_dict(const P9Stats *stats)
{
    QDict *to = qdict_new();

    for (unsigned i = 0; i < P9_STATS_ERRNOS; i++) {
        size_t n = p9_stats_read(&stats->errors[i]);

        if (n) {
            qdict_put_int(to, i ? g_strerror(i) : "other", n);
        }
    }
    return to;
}

static QObject *get_statistics(V9fsVirtioState *v, Error **errp)
{
    const P9Stats *stats = p9_server_stats(v->server);
    QDict *to = qdict_new();

    qdict_put(to, "messages", messages_dict(stats));
    qdict_put(to, "errors", errors_dict(stats));
    qdict_put_int(to, "flushed", p9_stats_read(&stats->flushed));
    return QOBJECT(to);
}

/* ---- the session ---- */

static P9Inspection *inspect(V9fsVirtioState *v, unsigned what, Error **errp)
{
    P9Inspection *seen = p9_server_inspect(v->server, what, LOOP_MS);

    if (!seen) {
        error_setg(errp, "the thread of 9p mount tag '%s' has not answered for "
                   "%d ms; it is busy, or waits for storage of the host",
                   v->mount_tag, LOOP_MS);
    }
    return seen;
}

static const char *dialect_name(unsigned dialect)
{
    switch (dialect) {
    case P9_DIALECT_L:
        return "9P2000.L";
    case P9_DIALECT_DOTU:
        return "9P2000.u";
    case P9_DIALECT_PLAIN:
        return "9P2000";
    default:
        return "none";
    }
}

static QObject *get_session(V9fsVirtioState *v, Error **errp)
{
    g_autoptr(P9Inspection) seen = inspect(v, 0, errp);
    QDict *to;

    if (!seen) {
        return NULL;
    }
    to = qdict_new();
    qdict_put_str(to, "dialect", dialect_name(seen->info.dialect));
    qdict_put_int(to, "msize", seen->info.msize);
    qdict_put_int(to, "fids", seen->info.fids);
    qdict_put_int(to, "xattr-fids", seen->info.used[FS_BUDGET_XATTRS]);
    qdict_put_int(to, "requests", seen->info.active);
    qdict_put_int(to, "lock-owners", seen->info.used[FS_BUDGET_LOCKS]);
    qdict_put_int(to, "lock-waiters", seen->lock_waiters);
    qdict_put_int(to, "payload-bytes", seen->info.used[FS_BUDGET_MEMORY] +
                                       seen->info.used[FS_BUDGET_PIECES]);
    return QOBJECT(to);
}

static QObject *get_requests(V9fsVirtioState *v, Error **errp)
{
    g_autoptr(P9Inspection) seen = inspect(v, P9_INSPECT_REQUESTS, errp);
    QList *list;

    if (!seen) {
        return NULL;
    }
    list = qlist_new();
    for (unsigned i = 0; i < seen->requests->len; i++) {
        const P9SeenRequest *req = &g_array_index(seen->requests,
                                                  P9SeenRequest, i);
        QDict *to = qdict_new();

        qdict_put_int(to, "tag", req->tag);
        qdict_put_str(to, "message", req->info ? req->info->name : "unknown");
        qdict_put_str(to, "state", req->state);
        qdict_put_int(to, "age-us", req->age_ns / 1000);
        put_text(to, "path", req->path);
        qlist_append(list, to);
    }
    return QOBJECT(list);
}

static QObject *get_fids(V9fsVirtioState *v, Error **errp)
{
    g_autoptr(P9Inspection) seen = inspect(v, P9_INSPECT_FIDS, errp);
    QList *list;

    if (!seen) {
        return NULL;
    }
    list = qlist_new();
    for (unsigned i = 0; i < seen->fids->len; i++) {
        const P9SeenFid *fid = &g_array_index(seen->fids, P9SeenFid, i);
        QDict *to = qdict_new();

        qdict_put_int(to, "fid", fid->number);
        qdict_put_str(to, "state", fid->state);
        qdict_put_int(to, "uid", fid->uid);
        put_text(to, "path", fid->path);
        qlist_append(list, to);
    }
    return QOBJECT(list);
}

static QObject *get_locks(V9fsVirtioState *v, Error **errp)
{
    g_autoptr(P9Inspection) seen = inspect(v, P9_INSPECT_OWNERS, errp);
    QList *list;

    if (!seen) {
        return NULL;
    }
    list = qlist_new();
    for (unsigned i = 0; i < seen->owners->len; i++) {
        const P9SeenOwner *owner = &g_array_index(seen->owners, P9SeenOwner,
                                                  i);
        QDict *to = qdict_new();

        qdict_put_str(to, "client", owner->client_id);
        qdict_put_int(to, "process", owner->proc_id);
        qdict_put_int(to, "device", owner->dev);
        qdict_put_int(to, "inode", owner->ino);
        qdict_put_bool(to, "locked", owner->locked);
        qlist_append(list, to);
    }
    return QOBJECT(list);
}

/* ---- the properties ---- */

typedef struct Query {
    const char *name;
    const char *type;
    const char *description;
    QObject *(*get)(V9fsVirtioState *v, Error **errp);
} Query;

static const Query queries[] = {
    { "share", "dict", "What is exported and how", get_share },
    { "session", "dict", "What the guest has negotiated and holds",
      get_session },
    { "statistics", "dict", "Counts and times of requests", get_statistics },
    { "requests", "list", "Requests in flight, oldest first", get_requests },
    { "fids", "list", "The first fids of the guest", get_fids },
    { "locks", "list", "Owners of file locks", get_locks },
};

static void query_get(Object *obj, Visitor *visitor, const char *name,
                      void *opaque, Error **errp)
{
    V9fsVirtioState *v = VIRTIO_9P(obj);
    const Query *query = opaque;
    QObject *value;

    if (!v->server) {
        error_setg(errp, "the device is not realized");
        return;
    }
    value = query->get(v, errp);
    if (value) {
        visit_type_any(visitor, name, &value, errp);
        qobject_unref(value);
    }
}

void virtio_9p_add_queries(ObjectClass *klass)
{
    for (unsigned i = 0; i < ARRAY_SIZE(queries); i++) {
        const Query *query = &queries[i];

        object_class_property_add(klass, query->name, query->type, query_get,
                                  NULL, NULL, (void *)query);
        object_class_property_set_description(klass, query->name,
                                              query->description);
    }
}
