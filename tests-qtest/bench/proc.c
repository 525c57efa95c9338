/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a process's figures.  Single thread; called around runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proc.h"

struct ProcMark {
    pid_t pid;
    uint64_t cpu_ns;
    GHashTable *switches;   /* thread id -> its context switches then */
};

static uint64_t cpu_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;
    int err = clock_getcpuclockid(pid, &clock);

    if (err || clock_gettime(clock, &t) < 0) {
        errno = err ?: errno;
        die_errno("no CPU clock of process %d", pid);
    }
    return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* Adds up the lines of a status file that start with one of two keys. */
static uint64_t status_sum(const char *path, const char *key,
                           const char *other)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    uint64_t sum = 0;
    unsigned i;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 0;           /* a thread that has just ended */
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

static GHashTable *switches_of(pid_t pid)
{
    GHashTable *table = g_hash_table_new_full(g_direct_hash, g_direct_equal,
                                              NULL, g_free);
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
    return table;
}

ProcMark *proc_mark(pid_t pid)
{
    ProcMark *mark = g_new0(ProcMark, 1);

    mark->pid = pid;
    mark->switches = switches_of(pid);
    mark->cpu_ns = cpu_ns(pid);
    return mark;
}

ProcUse proc_since(ProcMark *mark)
{
    ProcUse use = { .cpu_us = (cpu_ns(mark->pid) - mark->cpu_ns) / 1e3 };
    g_autoptr(GHashTable) now = switches_of(mark->pid);
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

uint64_t proc_rss(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", pid);

    return status_sum(path, "RssAnon:", "RssAnon:") * 1024;
}

unsigned proc_fds(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/fd", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned n = 0;

    while (dir && g_dir_read_name(dir)) {
        n++;
    }
    return n;
}
