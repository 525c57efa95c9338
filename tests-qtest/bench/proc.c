/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads statistics of processes.  Single thread; called before and after runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proc.h"

struct ProcMark {
    const pid_t *pids;
    uint64_t cpu_ns;
    GHashTable *switches;   /* thread id -> number of context switches */
};

static uint64_t cpu_ns(const pid_t *pids)
{
    uint64_t sum = 0;

    for (; *pids; pids++) {
        struct timespec t;
        clockid_t clock;
        int err = clock_getcpuclockid(*pids, &clock);

        if (err || clock_gettime(clock, &t) < 0) {
            errno = err ?: errno;
            die_errno("no CPU clock of process %d", *pids);
        }
        sum += t.tv_sec * NS_PER_SEC + t.tv_nsec;
    }
    return sum;
}

/* The sum of the values of two keys in a status file */
static uint64_t status_sum(const char *path, const char *key,
                           const char *other)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    uint64_t sum = 0;
    unsigned i;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 0;           /* the thread has just exited */
    }
    lines = g_strsplit(text, "\n", -1);
    for (i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], key) ||
            g_str_has_prefix(lines[i], other)) {
            sum += strtoull(strchr(lines[i], ':') + 1, NULL, 10);
        }
    }
    return sum;
}

static void add_switches(GHashTable *table, pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    uint64_t count;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, "status", NULL);

        count = status_sum(path, "voluntary_ctxt_switches:",
                           "nonvoluntary_ctxt_switches:");
        g_hash_table_insert(table, GINT_TO_POINTER(atoi(name)),
                            g_memdup2(&count, sizeof(count)));
    }
}

static GHashTable *switches_of(const pid_t *pids)
{
    GHashTable *table = g_hash_table_new_full(g_direct_hash, g_direct_equal,
                                              NULL, g_free);

    for (; *pids; pids++) {
        add_switches(table, *pids);
    }
    return table;
}

ProcMark *proc_mark(const pid_t *pids)
{
    ProcMark *mark = g_new0(ProcMark, 1);

    mark->pids = pids;
    mark->switches = switches_of(pids);
    mark->cpu_ns = cpu_ns(pids);
    return mark;
}

ProcUse proc_since(ProcMark *mark)
{
    ProcUse use = { .cpu_us = (cpu_ns(mark->pids) - mark->cpu_ns) / 1e3 };
    g_autoptr(GHashTable) now = switches_of(mark->pids);
    GHashTableIter it;
    gpointer thread, value;
    uint64_t *old;

    g_hash_table_iter_init(&it, now);
    while (g_hash_table_iter_next(&it, &thread, &value)) {
        old = g_hash_table_lookup(mark->switches, thread);
        use.switches += *(uint64_t *)value - (old ? *old : 0);
    }
    g_hash_table_destroy(mark->switches);
    g_free(mark);
    return use;
}

uint64_t proc_rss(const pid_t *pids)
{
    uint64_t kib = 0;

    for (; *pids; pids++) {
        g_autofree char *path = g_strdup_printf("/proc/%d/status", *pids);

        kib += status_sum(path, "RssAnon:", "RssAnon:");
    }
    return kib * 1024;
}

unsigned proc_fds(const pid_t *pids)
{
    unsigned n = 0;

    for (; *pids; pids++) {
        g_autofree char *folder = g_strdup_printf("/proc/%d/fd", *pids);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

        while (dir && g_dir_read_name(dir)) {
            n++;
        }
    }
    return n;
}
