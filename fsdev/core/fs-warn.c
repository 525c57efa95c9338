/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Warnings about an export: see fs-warn.h.
 *
 * Most causes have one line a minute.  An entry that is left out has a line for
 * each directory, which is not repeated, as such an entry stays where it is and
 * guests list a directory often.  What was printed is kept in two small tables
 * of the process, which forget the oldest rows.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/resource.h>
#include "fsdev/core/fs-hash.h"
#include "fsdev/core/fs-warn.h"

#define PERIOD_US (60 * G_USEC_PER_SEC)
#define PERIODS 64
#define LINES 256

static const struct {
    unsigned lines;             /* in a period */
    bool once;                  /* no line is repeated */
} causes[FS_WARN_CAUSES] = {
    [FS_WARN_ENTRY] = { .lines = 16, .once = true },
    [FS_WARN_XATTR] = { .lines = 1 },
    [FS_WARN_OWNER] = { .lines = 1 },
    [FS_WARN_FULL] = { .lines = 1 },
    [FS_WARN_FDS] = { .lines = 1 },
    [FS_WARN_HANG] = { .lines = 1 },
    [FS_WARN_QUOTA] = { .lines = 1 },
    [FS_WARN_HELPER] = { .lines = 1 },
    [FS_WARN_LIMIT ... FS_WARN_CAUSES - 1] = { .lines = 1 },
};

typedef struct Period {
    const FsExport *export;     /* only compared; NULL: unused */
    FsWarnCause cause;
    int64_t start;              /* of g_get_monotonic_time() */
    unsigned lines;
} Period;

typedef struct Line {
    const FsExport *export;     /* only compared; NULL: unused */
    guint hash;
} Line;

static GMutex lock;             /* guards the tables */
static Period periods[PERIODS];
static Line lines[LINES];
static unsigned next_line;

/* Locked: the current period of @cause, which may begin now. */
static Period *period_of(const FsExport *export, FsWarnCause cause)
{
    int64_t now = g_get_monotonic_time();
    Period *oldest = &periods[0];

    for (unsigned i = 0; i < PERIODS; i++) {
        Period *period = &periods[i];

        if (period->export == export && period->cause == cause) {
            oldest = period;
            break;
        }
        if (!period->export || period->start < oldest->start) {
            oldest = period;
        }
    }
    if (oldest->export != export || oldest->cause != cause ||
        now - oldest->start >= PERIOD_US) {
        *oldest = (Period) { .export = export, .cause = cause, .start = now };
    }
    return oldest;
}

/* Locked: was @text printed before?  From now on it was. */
static bool is_repeated(const FsExport *export, const char *text)
{
    guint hash = g_str_hash(text);

    for (unsigned i = 0; i < LINES; i++) {
        if (lines[i].export == export && lines[i].hash == hash) {
            return true;
        }
    }
    lines[next_line] = (Line) { .export = export, .hash = hash };
    next_line = (next_line + 1) % LINES;
    return false;
}

bool fs_warn_due(const FsExport *export, FsWarnCause cause)
{
    bool due;

    g_mutex_lock(&lock);
    due = period_of(export, cause)->lines < causes[cause].lines;
    g_mutex_unlock(&lock);
    return due;
}

static bool may_print(const FsExport *export, FsWarnCause cause,
                      const char *text)
{
    Period *period;
    bool may;

    g_mutex_lock(&lock);
    period = period_of(export, cause);
    may = period->lines < causes[cause].lines &&
          !(causes[cause].once && is_repeated(export, text));
    period->lines += may;
    g_mutex_unlock(&lock);
    return may;
}

static void make_printable(char *text)
{
    for (; *text; text++) {
        if (g_ascii_iscntrl(*text)) {
            *text = '?';
        }
    }
}

bool fs_warn(const FsExport *export, FsWarnCause cause, const char *format, ...)
{
    const FsConfig *config = &export->config;
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    make_printable(text);
    if (!may_print(export, cause, text)) {
        return false;
    }
    p9_warn("9p: export '%s': %s", config->id ?: config->path ?: "", text);
    return true;
}

/* The calls that store owner and mode. */
static bool stores_owner(const char *entry)
{
    static const char *const entries[] = {
        "create", "mkdir", "mknod", "symlink", "setattr",
    };

    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        if (!strcmp(entries[i], entry)) {
            return true;
        }
    }
    return false;
}

static void warn_of_fds(const FsExport *export)
{
    struct rlimit limit = { 0 };

    if (fs_warn_due(export, FS_WARN_FDS)) {
        getrlimit(RLIMIT_NOFILE, &limit);
        fs_warn(export, FS_WARN_FDS, "the process has used up its %lu "
                "descriptors, and guests get EMFILE; raise its limit "
                "(ulimit -n, LimitNOFILE= of systemd)",
                (unsigned long)limit.rlim_cur);
    }
}

void fs_warn_of(const FsExport *export, const char *entry, int error)
{
    switch (-error) {
    case ENOSPC:
        fs_warn(export, FS_WARN_FULL, "the host's file system is full, and "
                "guests get ENOSPC; free space or inodes there");
        break;
    case EDQUOT:
        fs_warn(export, FS_WARN_FULL, "a quota of the host is used up, and "
                "guests get EDQUOT; raise it or remove files");
        break;
    case EMFILE:
        warn_of_fds(export);
        break;
    case ENFILE:
        fs_warn(export, FS_WARN_FDS, "the host has too many open files, or a "
                "guest uses too many names, and guests get ENFILE; raise "
                "fs.file-max of the host");
        break;
    case EOPNOTSUPP:
        if (export->config.model == FS_SM_MAPPED_XATTR && stores_owner(entry)) {
            fs_warn(export, FS_WARN_XATTR, FS_WARN_NO_XATTRS);
        }
        break;
    }
}

void fs_warn_forget(const FsExport *export)
{
    g_mutex_lock(&lock);
    for (unsigned i = 0; i < PERIODS; i++) {
        if (periods[i].export == export) {
            periods[i] = (Period) { .export = NULL };
        }
    }
    for (unsigned i = 0; i < LINES; i++) {
        if (lines[i].export == export) {
            lines[i] = (Line) { .export = NULL };
        }
    }
    g_mutex_unlock(&lock);
}
