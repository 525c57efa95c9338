/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registry: the configuration of each -fsdev, and its export while it is in
 * use.
 *
 * An entry is created when the command line is evaluated, or by a monitor
 * (qemu-fsdev-change.c), which can also remove it while no device uses it.  Its
 * export is opened when the first device is realized and closed when the last
 * one is unrealized, so that a share that is plugged again uses the directory
 * that exists then.  Context: main loop, BQL held.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "qemu/queue.h"
#include "qemu/units.h"
#include "fsdev/core/fs-quota.h"
#include "fsdev/core/fsdriver.h"
#include "fsdev/core/qemu-compat.h"
#include "fsdev/qemu-fsdev.h"
#include "fsdev/cli/qemu-fsdev-entry.h"
#include "fsdev/cli/qemu-fsdev-group.h"
#include "fsdev/cli/qemu-fsdev-options.h"
#include "fsdev/synth/synth.h"

#define FSDEV_MODE_BITS 0777
#define FSDEV_MIN_MEMORY (1 * MiB)

struct FsdevEntry {
    FsConfig config;            /* config.id is the entry's id */
    FsdevGroup *group;          /* counted; NULL: the driver has no limits */
    FsExport *export;           /* counted for each user; NULL: not open */
    GSList *users;              /* owned: what devices call themselves */
    QTAILQ_ENTRY(FsdevEntry) next;
};

static QTAILQ_HEAD(, FsdevEntry) fsdev_entries =
    QTAILQ_HEAD_INITIALIZER(fsdev_entries);

/* The allowed values of an option.  The last word is NULL. */
typedef struct FsdevWord {
    const char *word;
    int value;
} FsdevWord;

static const FsdevWord fsdev_security_models[] = {
    { "passthrough", FS_SM_PASSTHROUGH },
    { "mapped-xattr", FS_SM_MAPPED_XATTR },
    { "mapped", FS_SM_MAPPED_XATTR },
    { "mapped-file", FS_SM_MAPPED_FILE },
    { "none", FS_SM_NONE },
    { NULL }
};

static const FsdevWord fsdev_multidevs[] = {
    { "remap", FS_MULTIDEVS_REMAP },
    { "forbid", FS_MULTIDEVS_FORBID },
    { "warn", FS_MULTIDEVS_WARN },
    { NULL }
};

static const FsdevWord fsdev_writeout[] = {
    { "immediate", true },
    { NULL }
};

static const FsdevWord fsdev_statfs[] = {
    { "host", false },
    { "v9fs", true },
    { NULL }
};

/* The first word for @value, which is one of the table's. */
static const char *fsdev_word(const FsdevWord *words, int value)
{
    while (words->value != value) {
        words++;
    }
    return words->word;
}

const char *qemu_fsdev_model_name(int model)
{
    return fsdev_word(fsdev_security_models, model);
}

const char *qemu_fsdev_multidevs_name(int multidevs)
{
    return fsdev_word(fsdev_multidevs, multidevs);
}

static char *fsdev_words_text(const FsdevWord *words)
{
    GString *text = g_string_new(NULL);

    for (const FsdevWord *w = words; w->word; w++) {
        g_string_append_printf(text, "%s%s", w == words ? "" : ", ", w->word);
    }
    return g_string_free(text, false);
}

/* Leaves *@value alone when the option is not given. */
static bool fsdev_parse_word(QemuOpts *opts, const char *name,
                             const FsdevWord *words, int *value, Error **errp)
{
    const char *given = qemu_opt_get(opts, name);
    g_autofree char *text = NULL;

    if (!given) {
        return true;
    }
    for (const FsdevWord *w = words; w->word; w++) {
        if (!strcmp(w->word, given)) {
            *value = w->value;
            return true;
        }
    }
    text = fsdev_words_text(words);
    error_setg(errp, "invalid %s '%s'; allowed: %s", name, given, text);
    return false;
}

/* Leaves *@max alone when the option is not given. */
static bool fsdev_parse_max(QemuOpts *opts, const char *name, uint32_t *max,
                            Error **errp)
{
    uint64_t value = qemu_opt_get_number(opts, name, *max);

    if (value > UINT32_MAX) {
        error_setg(errp, "%s '%s' is too large; allowed: up to %"
                   PRIu32 ", 0 for no limit", name,
                   qemu_opt_get(opts, name), UINT32_MAX);
        return false;
    }
    *max = value;
    return true;
}

/* Leaves the limits alone whose options are not given. */
static bool fsdev_parse_quota(FsConfig *config, QemuOpts *opts, Error **errp)
{
    uint64_t files = qemu_opt_get_number(opts, "max_files", config->max_files);

    if (files > INT64_MAX) {
        error_setg(errp, "%s '%s' is too large; allowed: up to %" PRId64
                   ", 0 for no limit", "max_files",
                   qemu_opt_get(opts, "max_files"), INT64_MAX);
        return false;
    }
    config->max_files = files;
    config->max_bytes = qemu_opt_get_size(opts, "max_bytes", config->max_bytes);
    return true;
}

static bool fsdev_parse_memory(QemuOpts *opts, uint64_t *bytes, Error **errp)
{
    *bytes = qemu_opt_get_size(opts, "max_memory", *bytes);
    if (*bytes && *bytes < FSDEV_MIN_MEMORY) {
        error_setg(errp, "max_memory '%s' is too small; allowed: from 1M on, "
                   "0 for no limit", qemu_opt_get(opts, "max_memory"));
        return false;
    }
    *bytes = *bytes ?: UINT64_MAX;
    return true;
}

/*
 * In FsConfig 0 stands for the default, except for max_xattr, max_bytes and
 * max_files, where it is no limit.
 */
static bool fsdev_parse_limits(FsConfig *config, QemuOpts *opts, Error **errp)
{
    if (!fsdev_parse_max(opts, "max_xattr", &config->max_xattr, errp) ||
        !fsdev_parse_max(opts, "max_fids", &config->max_fids, errp) ||
        !fsdev_parse_max(opts, "max_locks", &config->max_locks, errp) ||
        !fsdev_parse_memory(opts, &config->max_memory, errp) ||
        !fsdev_parse_quota(config, opts, errp)) {
        return false;
    }
    if (qemu_opt_get(opts, "max_fids")) {
        config->max_fids = config->max_fids ?: UINT32_MAX;
    }
    config->max_locks = config->max_locks ?: UINT32_MAX;
    return true;
}

/*
 * A Linux guest that caches has a fid for each file in its dentry cache, which
 * takes more than 1 KiB of the guest's memory.
 */
static uint32_t fsdev_default_max_fids(void)
{
    return CLAMP(current_machine->ram_size / (4 * KiB), FS_MAX_FIDS_FEW,
                 FS_MAX_FIDS_MANY);
}

/*
 * QEMU has always used the permission bits only, and read 420 as a decimal
 * number.  Both may be an oversight, and 644 has to be one.
 */
static bool fsdev_check_mode(const FsConfig *config, const char *name,
                             const char *given, uint64_t value, Error **errp)
{
    bool looks_octal = *given != '0' &&
                       strspn(given, "01234567") == strlen(given);

    if (looks_octal && value > FSDEV_MODE_BITS) {
        error_setg(errp, "%s=%s is a decimal number and means 0%" PRIo64
                   "; octal numbers begin with 0: write %s=0%s", name, given,
                   value, name, given);
        return false;
    }
    if (looks_octal) {
        warn_report("fsdev '%s': %s=%s is a decimal number and means 0%" PRIo64
                    "; octal numbers begin with 0", config->id, name, given,
                    value);
    } else if (value > FSDEV_MODE_BITS) {
        warn_report("fsdev '%s': only the bits 0%" PRIo64 " of %s=%s are "
                    "used", config->id, value & FSDEV_MODE_BITS, name, given);
    }
    return true;
}

static bool fsdev_parse_mode(const FsConfig *config, QemuOpts *opts,
                             const char *name, uint32_t *mode, Error **errp)
{
    const char *given = qemu_opt_get(opts, name);
    uint64_t value;

    if (!given) {
        return true;
    }
    if (config->model != FS_SM_MAPPED_XATTR &&
        config->model != FS_SM_MAPPED_FILE) {
        error_setg(errp, "%s needs security_model mapped-xattr or "
                   "mapped-file, not '%s'", name,
                   qemu_opt_get(opts, "security_model"));
        return false;
    }
    value = qemu_opt_get_number(opts, name, 0);
    if (!fsdev_check_mode(config, name, given, value, errp)) {
        return false;
    }
    *mode = value & FSDEV_MODE_BITS;
    return true;
}

/* Leaves *@map alone when the option is not given. */
static bool fsdev_parse_map(QemuOpts *opts, const char *name, IdMap **map,
                            Error **errp)
{
    const char *given = qemu_opt_get(opts, name);
    g_autoptr(GError) error = NULL;

    if (!given) {
        return true;
    }
    *map = id_map_new(given, &error);
    if (!*map) {
        error_setg(errp, "invalid %s '%s': %s", name, given, error->message);
        return false;
    }
    return true;
}

/* Leaves config->xattrs alone when the option is not given. */
static bool fsdev_parse_xattrs(FsConfig *config, QemuOpts *opts, Error **errp)
{
    const char *given = qemu_opt_get(opts, "xattrs");
    g_autoptr(GError) error = NULL;

    if (!given) {
        return true;
    }
    config->xattrs = fs_xattr_rules_new(given, &error);
    if (!config->xattrs) {
        error_setg(errp, "invalid xattrs: %s", error->message);
        return false;
    }
    if (config->driver == &fs_proxy_driver &&
        fs_xattr_rules_have(config->xattrs, FS_XATTR_PREFIX)) {
        error_setg(errp, "invalid xattrs '%s': with proxy, the helper adds the "
                   "prefix; allow the attributes here, and start the helper "
                   "with --allow-xattrs=prefix:...", given);
        return false;
    }
    return true;
}

/* The options that all drivers of host files have. */
static bool fsdev_parse_files(FsdevEntry *entry, QemuOpts *opts, Error **errp)
{
    int multidevs = FS_MULTIDEVS_REMAP;
    int writeout = false;
    int statfs_v9fs = false;

    if (!fsdev_parse_word(opts, "multidevs", fsdev_multidevs, &multidevs,
                          errp) ||
        !fsdev_parse_word(opts, "writeout", fsdev_writeout, &writeout, errp) ||
        !fsdev_parse_word(opts, "statfs", fsdev_statfs, &statfs_v9fs, errp)) {
        return false;
    }
    entry->config.multidevs = multidevs;
    entry->config.writeout_immediate = writeout;
    entry->config.statfs_v9fs = statfs_v9fs;
    entry->group = qemu_fsdev_group_get(opts, errp);
    return entry->group;
}

static bool fsdev_parse_local(FsdevEntry *entry, QemuOpts *opts, Error **errp)
{
    FsConfig *config = &entry->config;
    g_autofree char *models = fsdev_words_text(fsdev_security_models);
    int model = -1;

    if (!fsdev_parse_word(opts, "security_model", fsdev_security_models,
                          &model, errp)) {
        return false;
    }
    if (model < 0) {
        error_setg(errp, "security_model is required; allowed: %s", models);
        return false;
    }
    if (!qemu_opt_get(opts, "path")) {
        error_setg(errp, "path is required; it is the directory to export");
        return false;
    }
    config->path = g_strdup(qemu_opt_get(opts, "path"));
    config->model = model;
    return fsdev_parse_mode(config, opts, "fmode", &config->fmode, errp) &&
           fsdev_parse_mode(config, opts, "dmode", &config->dmode, errp) &&
           fsdev_parse_files(entry, opts, errp);
}

static bool fsdev_parse_proxy(FsdevEntry *entry, QemuOpts *opts, Error **errp)
{
    const char *socket = qemu_opt_get(opts, "socket");
    const char *sock_fd = qemu_opt_get(opts, "sock_fd");
    uint64_t fd = qemu_opt_get_number(opts, "sock_fd", 0);

    if (!socket == !sock_fd) {
        error_setg(errp, "%s; use either socket=<path> or sock_fd=<number> to "
                   "connect to the helper",
                   socket ? "socket and sock_fd exclude each other"
                          : "neither socket nor sock_fd is given");
        return false;
    }
    if (fd > INT_MAX || (sock_fd && fd <= STDERR_FILENO)) {
        error_setg(errp, "sock_fd '%s' is not an inherited descriptor; "
                   "allowed: from 3 on", sock_fd);
        return false;
    }
    entry->config.socket = g_strdup(socket);
    entry->config.sock_fd = fd;
    return fsdev_parse_files(entry, opts, errp);
}

static FsdevEntry *fsdev_entry_new(const char *id, const FsDriver *driver)
{
    FsdevEntry *entry = g_new0(FsdevEntry, 1);

    entry->config.driver = driver;
    entry->config.id = g_strdup(id);
    entry->config.fmode = 0600;
    entry->config.dmode = 0700;
    entry->config.multidevs = FS_MULTIDEVS_REMAP;
    entry->config.max_xattr = FS_MAX_XATTR_DEFAULT;
    entry->config.max_locks = FS_MAX_LOCKS_DEFAULT;
    entry->config.max_memory = FS_MAX_MEMORY_DEFAULT;
    return entry;
}

static void fsdev_entry_free(FsdevEntry *entry)
{
    fs_config_clear(&entry->config);
    qemu_fsdev_group_put(entry->group);
    g_free(entry);
}

/*
 * Give the exports of all members of @group its gate, once there is one.  It is
 * created as late as this because it needs the main loop.
 */
static void fsdev_throttle_members(FsdevGroup *group)
{
    FsdevEntry *entry;

    QTAILQ_FOREACH(entry, &fsdev_entries, next) {
        if (group && entry->group == group && entry->export &&
            !entry->export->gate) {
            FsGate *gate = qemu_fsdev_group_gate(group);

            if (gate) {
                fs_export_set_gate(entry->export, gate);
            }
        }
    }
}

FsdevEntry *qemu_fsdev_find(const char *id)
{
    FsdevEntry *entry;

    QTAILQ_FOREACH(entry, &fsdev_entries, next) {
        if (id && !strcmp(entry->config.id, id)) {
            return entry;
        }
    }
    return NULL;
}

int qemu_fsdev_add(QemuOpts *opts, Error **errp)
{
    const char *id = qemu_opts_id(opts);
    const char *name = qemu_opt_get(opts, "fsdriver");
    const FsDriver *driver;
    FsdevEntry *entry;

    if (!id) {
        error_setg(errp, "fsdev without an id; add id=<name>");
        return -1;
    }
    if (!qemu_fsdev_check_driver(name, errp) ||
        !qemu_fsdev_check_options(opts, name, errp)) {
        return -1;
    }
    driver = fs_driver_find(name);
    assert(driver);             /* the table of options has all drivers */

    entry = fsdev_entry_new(id, driver);
    entry->config.readonly = qemu_opt_get_bool(opts, "readonly", false);
    /* A guest that may not write must not keep others on the host waiting. */
    entry->config.no_locks = !qemu_opt_get_bool(opts, "locks",
                                                !entry->config.readonly);
    entry->config.no_cache_hint = !qemu_opt_get_bool(opts, "cache-hint", true);
    entry->config.nested_export = qemu_opt_get_bool(opts, "nested-export",
                                                    false);
    if (!fsdev_parse_limits(&entry->config, opts, errp) ||
        !fsdev_parse_xattrs(&entry->config, opts, errp) ||
        !fsdev_parse_map(opts, "uidmap", &entry->config.users, errp) ||
        !fsdev_parse_map(opts, "gidmap", &entry->config.groups, errp) ||
        (driver == &fs_local_driver &&
         !fsdev_parse_local(entry, opts, errp)) ||
        (driver == &fs_proxy_driver &&
         !fsdev_parse_proxy(entry, opts, errp))) {
        fsdev_entry_free(entry);
        return -1;
    }
    QTAILQ_INSERT_TAIL(&fsdev_entries, entry, next);
    /* It may have brought limits to a group whose exports are in use. */
    fsdev_throttle_members(entry->group);
    return 0;
}

bool qemu_fsdev_exists(const char *id)
{
    return qemu_fsdev_find(id) != NULL;
}

char *qemu_fsdev_list_ids(void)
{
    GString *ids = g_string_new(NULL);
    FsdevEntry *entry;

    QTAILQ_FOREACH(entry, &fsdev_entries, next) {
        g_string_append_printf(ids, "%s%s", ids->len ? ", " : "",
                               entry->config.id);
    }
    return g_string_free(ids, false);
}

FsdevEntry *qemu_fsdev_get(const char *id, Error **errp)
{
    FsdevEntry *entry = qemu_fsdev_find(id);

    if (!entry) {
        g_autofree char *ids = qemu_fsdev_list_ids();

        error_setg(errp, "there is no fsdev '%s'; the fsdevs are: %s",
                   id ?: "", *ids ? ids : "(none)");
    }
    return entry;
}

bool qemu_fsdev_change(FsdevEntry *entry, QemuOpts *opts, Error **errp)
{
    FsConfig *config = &entry->config;
    const char *path = qemu_opt_get(opts, "path");
    FsConfig limits = *config;  /* the strings are borrowed */

    if (path && (entry->users || config->driver != &fs_local_driver)) {
        error_setg(errp, "the path of fsdev '%s' cannot be changed: %s",
                   config->id, entry->users
                   ? "a device uses it" : "it is not of the driver local");
        return false;
    }
    if (!fsdev_parse_limits(&limits, opts, errp) ||
        (entry->group &&
         !qemu_fsdev_group_change(entry->group, opts, errp))) {
        return false;
    }
    *config = limits;
    if (path) {
        g_free(config->path);
        config->path = g_strdup(path);
    }
    config->readonly = qemu_opt_get_bool(opts, "readonly", config->readonly);
    config->no_locks = !qemu_opt_get_bool(opts, "locks", !config->no_locks);
    if (entry->export) {
        fs_export_set_readonly(entry->export, config->readonly);
        fs_export_set_locks(entry->export, !config->no_locks);
        fs_export_set_limits(entry->export, config);
        fs_export_set_quota(entry->export, config->max_bytes,
                            config->max_files);
    }
    fsdev_throttle_members(entry->group);
    return true;
}

bool qemu_fsdev_remove(FsdevEntry *entry, Error **errp)
{
    if (entry->users) {
        error_setg(errp, "fsdev '%s' is in use by %s", entry->config.id,
                   (const char *)entry->users->data);
        return false;
    }
    QTAILQ_REMOVE(&fsdev_entries, entry, next);
    fsdev_entry_free(entry);
    return true;
}

static bool fsdev_entry_open(FsdevEntry *entry, Error **errp)
{
    g_autoptr(GError) error = NULL;

    if (!entry->config.max_fids) {
        entry->config.max_fids = fsdev_default_max_fids();
    }
    entry->export = fs_export_open(&entry->config, &error);
    if (!entry->export) {
        error_setg(errp, "fsdev '%s': %s", entry->config.id, error->message);
        return false;
    }
    if (entry->config.driver == &fs_synth_driver && qtest_enabled()) {
        synth_add_test_entries(entry->export);
    }
    fsdev_throttle_members(entry->group);
    return true;
}

FsExport *qemu_fsdev_open(const char *id, const char *user, Error **errp)
{
    FsdevEntry *entry = qemu_fsdev_get(id, errp);

    if (!entry) {
        return NULL;
    }
    if (entry->export) {
        fs_export_ref(entry->export);
    } else if (!fsdev_entry_open(entry, errp)) {
        return NULL;
    }
    entry->users = g_slist_prepend(entry->users, g_strdup(user));
    return entry->export;
}

void qemu_fsdev_close(FsExport *export, const char *user)
{
    FsdevEntry *entry;

    QTAILQ_FOREACH(entry, &fsdev_entries, next) {
        if (export && entry->export == export) {
            GSList *link = g_slist_find_custom(entry->users, user,
                                               (GCompareFunc)strcmp);

            g_free(link->data);
            entry->users = g_slist_delete_link(entry->users, link);
            if (!entry->users) {
                entry->export = NULL;
            }
            break;
        }
    }
    if (export) {
        fs_export_unref(export);
    }
}
