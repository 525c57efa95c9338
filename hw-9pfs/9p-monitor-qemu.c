/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command "info 9p" of the human monitor.
 *
 * It prints the properties of the devices that virtio-9p-query.c makes.  It
 * reaches them by their names only, so that this file does not depend on a
 * target.  Context: main loop, BQL held.
 */
#include "qemu/osdep.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qom/object.h"
#include "qom/qom-qobject.h"
#include "fsdev/core/qemu-compat.h"

#define TYPE_DEVICE_9P "virtio-9p-device"

/* ---- the devices ---- */

static int add_device(Object *obj, void *opaque)
{
    if (object_dynamic_cast(obj, TYPE_DEVICE_9P) && DEVICE(obj)->realized) {
        g_ptr_array_add(opaque, obj);
    }
    return 0;
}

/* The realized devices, borrowed. */
static GPtrArray *find_devices(void)
{
    GPtrArray *devices = g_ptr_array_new();

    object_child_foreach_recursive(object_get_root(), add_device, devices);
    return devices;
}

/* Its id=, or that of the device that it is a part of; "" if it has none. */
static const char *device_id(Object *obj)
{
    for (; obj; obj = obj->parent) {
        DeviceState *dev = (DeviceState *)object_dynamic_cast(obj, TYPE_DEVICE);

        if (dev && dev->id) {
            return dev->id;
        }
        if (!dev) {
            break;
        }
    }
    return "";
}

/* Owned by the caller; NULL with a message on @mon. */
static QObject *get_value(Monitor *mon, Object *obj, const char *name)
{
    Error *error = NULL;
    QObject *value = object_property_get_qobject(obj, name, &error);

    if (!value) {
        monitor_printf(mon, "%s\n", error_get_pretty(error));
        error_free(error);
    }
    return value;
}

static QDict *get_dict(Monitor *mon, Object *obj, const char *name)
{
    return qobject_to(QDict, get_value(mon, obj, name));
}

static QList *get_list(Monitor *mon, Object *obj, const char *name)
{
    return qobject_to(QList, get_value(mon, obj, name));
}

static const char *text_of(const QDict *from, const char *key)
{
    return qdict_get_try_str(from, key) ?: "-";
}

/* ---- one device ---- */

static void print_limit(Monitor *mon, const QDict *quota, const char *what,
                        const char *max)
{
    int64_t limit = qdict_get_int(quota, max);
    g_autofree char *text = limit ? g_strdup_printf(" of %" PRId64, limit)
                                  : NULL;

    monitor_printf(mon, " %s %" PRId64 "%s", what, qdict_get_int(quota, what),
                   text ?: "");
}

/* Nothing for a share without a quota. */
static void print_quota(Monitor *mon, const QDict *share)
{
    const QDict *quota = qobject_to(QDict, qdict_get(share, "quota"));

    if (!quota) {
        return;
    }
    monitor_printf(mon, "    quota");
    print_limit(mon, quota, "bytes", "max-bytes");
    monitor_printf(mon, ",");
    print_limit(mon, quota, "files", "max-files");
    monitor_printf(mon, "%s\n", qdict_get_bool(quota, "counting")
                                ? ", still counting" : "");
}

static void print_share(Monitor *mon, Object *obj)
{
    QDict *share = get_dict(mon, obj, "share");
    QDict *session, *usage;
    const char *group;

    if (!share) {
        return;
    }
    group = qdict_get_try_str(share, "throttling-group");
    usage = qdict_get_qdict(share, "usage");
    monitor_printf(mon, "%s: fsdev %s, %s%s%s%s%s, %s%s%s%s%sserved by: %s\n",
                   text_of(share, "mount-tag"), text_of(share, "fsdev"),
                   text_of(share, "driver"),
                   qdict_haskey(share, "path") ? " " : "",
                   qdict_get_try_str(share, "path") ?: "",
                   qdict_haskey(share, "security-model") ? ", " : "",
                   qdict_get_try_str(share, "security-model") ?: "",
                   qdict_get_bool(share, "readonly") ? "read-only, " : "",
                   qdict_get_bool(share, "throttled") ? "throttled" : "",
                   group ? " as a member of " : "", group ?: "",
                   qdict_get_bool(share, "throttled") ? ", " : "",
                   text_of(share, "served-by"));
    monitor_printf(mon, "    objects %" PRId64 ", names %" PRId64 ", bytes %"
                   PRId64 ", descriptors %" PRId64 " of %" PRId64 "\n",
                   qdict_get_int(usage, "objects"),
                   qdict_get_int(usage, "names"),
                   qdict_get_int(usage, "bytes"),
                   qdict_get_int(usage, "descriptors"),
                   qdict_get_int(usage, "descriptors-max"));
    print_quota(mon, share);
    qobject_unref(share);

    session = get_dict(mon, obj, "session");
    if (session) {
        monitor_printf(mon, "    %s, msize %" PRId64 ", fids %" PRId64
                       ", requests in flight %" PRId64 ", lock owners %" PRId64
                       "\n", text_of(session, "dialect"),
                       qdict_get_int(session, "msize"),
                       qdict_get_int(session, "fids"),
                       qdict_get_int(session, "requests"),
                       qdict_get_int(session, "lock-owners"));
        qobject_unref(session);
    }
}

static void print_messages(Monitor *mon, const QDict *messages)
{
    monitor_printf(mon, "%-12s %10s %8s %10s %10s %8s %9s %8s\n", "message",
                   "requests", "failed", "KiB in", "KiB out", "in loop",
                   "median us", "p99 us");
    for (const QDictEntry *e = qdict_first(messages); e;
         e = qdict_next(messages, e)) {
        const QDict *row = qobject_to(QDict, qdict_entry_value(e));
        const QDict *total = qobject_to(QDict, qdict_get(row, "total"));
        int64_t requests = qdict_get_int(row, "requests");

        monitor_printf(mon, "%-12s %10" PRId64 " %8" PRId64 " %10" PRId64
                       " %10" PRId64 " %7" PRId64 "%% %9" PRId64 " %8" PRId64
                       "\n", qdict_entry_key(e), requests,
                       qdict_get_int(row, "failed"),
                       qdict_get_int(row, "bytes-in") / 1024,
                       qdict_get_int(row, "bytes-out") / 1024,
                       qdict_get_int(row, "inline") * 100 / MAX(requests, 1),
                       qdict_get_int(total, "median-us"),
                       qdict_get_int(total, "p99-us"));
    }
}

static void print_errors(Monitor *mon, const QDict *errors)
{
    for (const QDictEntry *e = qdict_first(errors); e;
         e = qdict_next(errors, e)) {
        monitor_printf(mon, "failed with \"%s\": %" PRId64 "\n",
                       qdict_entry_key(e), qdict_get_int(errors,
                                                         qdict_entry_key(e)));
    }
}

static void print_statistics(Monitor *mon, Object *obj)
{
    QDict *statistics = get_dict(mon, obj, "statistics");

    if (statistics) {
        print_messages(mon, qdict_get_qdict(statistics, "messages"));
        print_errors(mon, qdict_get_qdict(statistics, "errors"));
        monitor_printf(mon, "flushed: %" PRId64 "\n",
                       qdict_get_int(statistics, "flushed"));
        qobject_unref(statistics);
    }
}

/* A line for each element of the histogram that is not 0. */
static void print_histogram(Monitor *mon, const QDict *times)
{
    const QList *histogram = qobject_to(QList, qdict_get(times, "histogram"));
    const QListEntry *e;
    unsigned i = 0;

    QLIST_FOREACH_ENTRY(histogram, e) {
        int64_t n;

        if (qnum_get_try_int(qobject_to(QNum, qlist_entry_obj(e)), &n) && n) {
            monitor_printf(mon, "        < %10" PRIu64 " us: %" PRId64 "\n",
                           UINT64_C(1) << i, n);
        }
        i++;
    }
}

static void print_latency(Monitor *mon, Object *obj)
{
    static const char *const parts[] = { "queued", "running", "total" };
    QDict *statistics = get_dict(mon, obj, "statistics");
    const QDict *messages;

    if (!statistics) {
        return;
    }
    messages = qdict_get_qdict(statistics, "messages");
    for (const QDictEntry *e = qdict_first(messages); e;
         e = qdict_next(messages, e)) {
        const QDict *row = qobject_to(QDict, qdict_entry_value(e));

        monitor_printf(mon, "%s\n", qdict_entry_key(e));
        for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
            monitor_printf(mon, "    %s\n", parts[i]);
            print_histogram(mon, qobject_to(QDict, qdict_get(row, parts[i])));
        }
    }
    qobject_unref(statistics);
}

static void print_request(Monitor *mon, const QDict *req)
{
    monitor_printf(mon, "tag %5" PRId64 "  T%-12s %10" PRId64 " us  %s  %s\n",
                   qdict_get_int(req, "tag"), text_of(req, "message"),
                   qdict_get_int(req, "age-us"), text_of(req, "state"),
                   text_of(req, "path"));
}

static void print_fid(Monitor *mon, const QDict *fid)
{
    monitor_printf(mon, "fid %10" PRId64 "  uid %10" PRId64 "  %-9s  %s\n",
                   qdict_get_int(fid, "fid"), qdict_get_int(fid, "uid"),
                   text_of(fid, "state"), text_of(fid, "path"));
}

static void print_lock(Monitor *mon, const QDict *owner)
{
    monitor_printf(mon, "client %s  process %" PRId64 "  device %" PRId64
                   "  inode %" PRId64 "%s\n", text_of(owner, "client"),
                   qdict_get_int(owner, "process"),
                   qdict_get_int(owner, "device"),
                   qdict_get_int(owner, "inode"),
                   qdict_get_bool(owner, "locked") ? "" : "  (no lock yet)");
}

static void print_list(Monitor *mon, Object *obj, const char *name,
                       void (*print)(Monitor *mon, const QDict *element))
{
    QList *list = get_list(mon, obj, name);
    const QListEntry *e;

    if (list) {
        QLIST_FOREACH_ENTRY(list, e) {
            print(mon, qobject_to(QDict, qlist_entry_obj(e)));
        }
        if (qlist_empty(list)) {
            monitor_printf(mon, "no %s\n", name);
        }
        qobject_unref(list);
    }
}

static void print_requests(Monitor *mon, Object *obj)
{
    print_list(mon, obj, "requests", print_request);
}

static void print_fids(Monitor *mon, Object *obj)
{
    print_list(mon, obj, "fids", print_fid);
}

static void print_locks(Monitor *mon, Object *obj)
{
    print_list(mon, obj, "locks", print_lock);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    void (*print)(Monitor *mon, Object *obj);
} topics[] = {
    { "fids", print_fids },
    { "requests", print_requests },
    { "locks", print_locks },
    { "latency", print_latency },
};

static void print_topic(Monitor *mon, Object *obj, const char *topic)
{
    for (unsigned i = 0; i < ARRAY_SIZE(topics); i++) {
        if (!strcmp(topics[i].name, topic)) {
            topics[i].print(mon, obj);
            return;
        }
    }
    monitor_printf(mon, "unknown topic '%s'; allowed: fids, requests, locks, "
                   "latency\n", topic);
}

/* By its id, or by its mount tag. */
static bool is_called(Object *obj, const char *name)
{
    g_autofree char *tag = object_property_get_str(obj, "mount_tag", NULL);

    return !strcmp(device_id(obj), name) || !g_strcmp0(tag, name);
}

static void info_device(Monitor *mon, GPtrArray *devices, const char *name,
                        const char *topic)
{
    bool found = false;

    for (unsigned i = 0; i < devices->len; i++) {
        Object *obj = devices->pdata[i];

        if (!is_called(obj, name)) {
            continue;
        }
        found = true;
        if (topic) {
            print_topic(mon, obj, topic);
        } else {
            print_share(mon, obj);
            print_statistics(mon, obj);
        }
    }
    if (!found) {
        monitor_printf(mon, "there is no 9p device with the id or mount tag "
                       "'%s'\n", name);
    }
}

static void hmp_info_9p(Monitor *mon, const QDict *qdict)
{
    const char *name = qdict_get_try_str(qdict, "device");
    g_autoptr(GPtrArray) devices = find_devices();

    if (name) {
        info_device(mon, devices, name, qdict_get_try_str(qdict, "topic"));
        return;
    }
    for (unsigned i = 0; i < devices->len; i++) {
        monitor_printf(mon, "%s ", *device_id(devices->pdata[i])
                                   ? device_id(devices->pdata[i]) : "(no id)");
        print_share(mon, devices->pdata[i]);
    }
    if (!devices->len) {
        monitor_printf(mon, "no 9p devices\n");
    }
}

static void register_command(void)
{
    monitor_register_hmp("9p", true, hmp_info_9p);
}

type_init(register_command)
