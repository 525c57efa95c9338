/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures.  Single thread; called by main.c in the order of the rounds.
 *
 * run_side() starts QEMU, opens the session and creates the held fids of the
 * workload.  For each depth it then does a warm-up, the measured run and, in
 * the last round, a run under the tracer, which is only used to count the
 * system calls.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "proc.h"
#include "run.h"
#include "session.h"
#include "stat.h"

#define MIB             1048576.0
#define TRACED_NS       (NS_PER_SEC / 4)
#define TRACED_OPS      200
#define TRACED_SPIN_US  20000
#define NO_LIMIT        (UINT64_MAX / 2)
#define DEATHS_MAX      5       /* crashes after which a run is repeated */

typedef struct Subject {
    Load load;
    Guest guest;
    double fid_bytes;       /* NAN if too few fids are held */
} Subject;

static void measure(Subject *t, Cell *c, unsigned side, unsigned round,
                    const RunOptions *o)
{
    const pid_t *pids = t->guest.machine.all;
    g_autoptr(GArray) times = g_array_new(false, false, sizeof(uint64_t));
    ProcMark *mark;
    RunResult r;
    ProcUse use;
    double v[METRICS];
    unsigned m;

    lanes_run(&t->load, c->depth, o->warm_ns, NO_LIMIT);
    t->load.latencies = times;
    mark = proc_mark(pids);
    r = lanes_run(&t->load, c->depth, o->run_ns, NO_LIMIT);
    use = proc_since(mark);
    t->load.latencies = NULL;

    v[METRIC_OPS] = r.ops / (r.ns / 1e9);
    v[METRIC_MIB] = r.bytes ? r.bytes / MIB / (r.ns / 1e9) : NAN;
    v[METRIC_P50] = stat_percentile(times, 50) / 1e3;
    v[METRIC_P99] = stat_percentile(times, 99) / 1e3;
    v[METRIC_P999] = stat_percentile(times, 99.9) / 1e3;
    v[METRIC_CPU] = use.cpu_us / r.ops;
    v[METRIC_SWITCHES] = use.switches / r.ops;
    v[METRIC_CALLS] = NAN;
    v[METRIC_RSS] = proc_rss(pids) / MIB;
    v[METRIC_FDS] = proc_fds(pids);
    v[METRIC_FID_BYTES] = t->fid_bytes;
    for (m = 0; m < METRICS; m++) {
        c->value[side][m][round] = v[m];
    }
}

static void count_calls(Subject *t, Cell *c, unsigned side, unsigned round)
{
    CallCounter *counter = calls_start(t->guest.machine.all);
    unsigned spin_us = t->guest.options.spin_us;
    uint64_t before;
    RunResult r;

    if (!counter) {
        return;
    }
    /*
     * The tracer makes QEMU slow: with the normal time the guest would sleep
     * and enable interrupts more often.
     */
    t->guest.options.spin_us = TRACED_SPIN_US;
    /* Let every thread stop for the tracer once before counting. */
    lanes_run(&t->load, c->depth, 0, c->depth);
    before = calls_count(counter);
    r = lanes_run(&t->load, c->depth, TRACED_NS, TRACED_OPS);
    c->value[side][METRIC_CALLS][round] =
        (double)(calls_count(counter) - before) / r.ops;
    calls_stop(counter);
    t->guest.options.spin_us = spin_us;
}

static void hold(Subject *t)
{
    const pid_t *pids = t->guest.machine.all;
    uint64_t before = proc_rss(pids);

    t->fid_bytes = NAN;
    if (t->load.held) {
        session_hold(&t->load);
        /*
         * With fewer fids, the memory that the first requests allocate once
         * would dominate.
         */
        if (t->load.held >= 50000) {
            t->fid_bytes = ((double)proc_rss(pids) - before) / t->load.held;
        }
    }
}

static void start(Subject *t, const Workload *w, const Side *side,
                  const Tree *tree, const RunOptions *o)
{
    MachineOptions m = {
        .binary = side->binary, .accel = o->accel,
        .path = tree->path, .model = o->model ?: w->model,
        .proxy = side->proxy,
        .multidevs = w->multidevs, .fsdev = side->fsdev,
        .device = side->device, .args = side->args,
        .slow_reads = w->slow_ns ? o->slow_reads : NULL,
        .slow_ns = w->slow_ns,
    };

    guest_start(&t->guest, &m, &o->guest);
    t->load.guest = &t->guest;
    t->load.tree = tree;
    t->load.step = w->step;
    t->load.msize = workload_msize(w);
    t->load.io_size = w->io_size;
    t->load.held = o->small ? w->held_small : w->held;
    lanes_init(&t->load);
    session_open(&t->load);
    if (w->prepare) {
        w->prepare(&t->load);
    }
    hold(t);
}

void run_side(Cell **cells, unsigned n, const Side *side, unsigned number,
              unsigned round, const Tree *tree, const RunOptions *o)
{
    const Workload *w = cells[0]->workload;
    Subject *t = g_new0(Subject, 1);
    volatile unsigned deaths = 0;       /* setjmp() returns twice */
    jmp_buf again;
    unsigned i;

    if (setjmp(again)) {
        /* QEMU 7.2 sometimes crashes while files are created and removed. */
        deaths++;
        fprintf(stderr, "bench: %s was killed in %s, trying again\n",
                side->name, w->name);
        guest_stop(&t->guest);
        lanes_free(&t->load);
        tree_clear(tree);
        memset(t, 0, sizeof(*t));
    }
    start(t, w, side, tree, o);
    if (tree->kind == TREE_EMPTY && deaths < DEATHS_MAX) {
        t->guest.on_death = &again;
    }
    for (i = 0; i < n; i++) {
        measure(t, cells[i], number, round, o);
        if (o->calls && round + 1 == o->rounds) {
            count_calls(t, cells[i], number, round);
        }
    }
    if (w->finish) {
        w->finish(&t->load);
    }
    guest_stop(&t->guest);
    lanes_free(&t->load);
    g_free(t);
}

void run_native(Cell **cells, unsigned n, unsigned round, const Tree *tree,
                const RunOptions *o)
{
    const Workload *w = cells[0]->workload;
    double us = native_run(w->native, tree, w->io_size, o->run_ns / 4);
    unsigned i;

    for (i = 0; i < n; i++) {
        cells[i]->native[round] = us;
    }
}
