/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark's command line and the order of its runs.
 *
 * For each file system and workload, each round runs the first binary, the
 * second binary and the native loop, so that other activity of the machine
 * affects all of them equally.
 */
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ioeventfd.h"
#include "report.h"

#define SECONDS         0.5
#define QUICK_SECONDS   0.03
#define ROUNDS          5
#define SPIN_US         50

typedef struct Options {
    Side side[SIDES];
    char **dirs, **only;
    char *kick, *irq, *json, *markdown, *accel;
    int rounds, spin, depth;
    double seconds;
    gboolean quick, list, no_calls, pages, all;
} Options;

static Options opt = { .spin = SPIN_US };

static const GOptionEntry entries[] = {
    { "a", 'a', 0, G_OPTION_ARG_FILENAME, &opt.side[0].binary,
      "first qemu-system-x86_64", "PATH" },
    { "b", 'b', 0, G_OPTION_ARG_FILENAME, &opt.side[1].binary,
      "second one; if omitted, only the first one is measured", "PATH" },
    { "a-name", 0, 0, G_OPTION_ARG_STRING, &opt.side[0].name,
      "its name in the table (stock)", "NAME" },
    { "b-name", 0, 0, G_OPTION_ARG_STRING, &opt.side[1].name,
      "its name in the table (ours)", "NAME" },
    { "a-proxy", 0, 0, G_OPTION_ARG_STRING, &opt.side[0].proxy,
      "the first one's -fsdev is a proxy with this virtfs-proxy-helper; "
      "before QEMU 9.2: stream:PATH", "PATH" },
    { "b-proxy", 0, 0, G_OPTION_ARG_STRING, &opt.side[1].proxy,
      "the second one's", "PATH" },
    { "a-device", 0, 0, G_OPTION_ARG_STRING, &opt.side[0].device,
      "more properties for the first one's -device", "K=V,..." },
    { "b-device", 0, 0, G_OPTION_ARG_STRING, &opt.side[1].device,
      "more properties for the second one's", "K=V,..." },
    { "a-fsdev", 0, 0, G_OPTION_ARG_STRING, &opt.side[0].fsdev,
      "more properties for the first one's -fsdev", "K=V,..." },
    { "b-fsdev", 0, 0, G_OPTION_ARG_STRING, &opt.side[1].fsdev,
      "more properties for the second one's", "K=V,..." },
    { "a-arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.side[0].args,
      "one more argument for the first one, repeatable", "ARG" },
    { "b-arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.side[1].args,
      "one more argument for the second one, repeatable", "ARG" },
    { "dir", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &opt.dirs,
      "make the trees here, repeatable (/dev/shm and /var/tmp)", "DIR" },
    { "only", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &opt.only,
      "only workloads of this name, * allowed, repeatable", "NAME" },
    { "all", 0, 0, G_OPTION_ARG_NONE, &opt.all,
      "also workloads that otherwise run only when named", NULL },
    { "depth", 'q', 0, G_OPTION_ARG_INT, &opt.depth,
      "only this queue depth", "N" },
    { "rounds", 'r', 0, G_OPTION_ARG_INT, &opt.rounds,
      "rounds (5)", "N" },
    { "seconds", 's', 0, G_OPTION_ARG_DOUBLE, &opt.seconds,
      "duration of a run (0.5)", "S" },
    { "kick", 0, 0, G_OPTION_ARG_STRING, &opt.kick,
      "how the guest kicks: eventfd (default) or qtest", "HOW" },
    { "irq", 0, 0, G_OPTION_ARG_STRING, &opt.irq,
      "when the guest wants interrupts: asleep (default) or always", "WHEN" },
    { "accel", 0, 0, G_OPTION_ARG_STRING, &opt.accel,
      "accelerator for a CPU that only halts (default: qtest, no CPU)",
      "NAME" },
    { "spin", 0, 0, G_OPTION_ARG_INT, &opt.spin,
      "how long to poll the ring before sleeping (50)", "US" },
    { "pages", 0, 0, G_OPTION_ARG_NONE, &opt.pages,
      "one descriptor for each page of a buffer", NULL },
    { "no-calls", 0, 0, G_OPTION_ARG_NONE, &opt.no_calls,
      "do not count system calls", NULL },
    { "json", 0, 0, G_OPTION_ARG_FILENAME, &opt.json,
      "also write all values to this file", "FILE" },
    { "markdown", 0, 0, G_OPTION_ARG_FILENAME, &opt.markdown,
      "write both tables to this file, as Markdown", "FILE" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &opt.quick,
      "small trees and short runs, to test that the benchmark works", NULL },
    { "list", 'l', 0, G_OPTION_ARG_NONE, &opt.list,
      "list the workloads", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
};

static bool one_of(const char *value, const char *first, const char *second,
                   const char *option)
{
    if (!value || !strcmp(value, first)) {
        return false;
    }
    if (!strcmp(value, second)) {
        return true;
    }
    die("%s=%s: expected %s or %s", option, value, first, second);
}

static void list_workloads(void)
{
    unsigned i;

    for (i = 0; i < workloads_count; i++) {
        printf("%-22s %s%s\n", workloads[i].name, workloads[i].what,
               workloads[i].on_request ? " (only when named)" : "");
    }
}

static bool is_wanted(const Workload *w)
{
    unsigned i;

    if (!opt.only) {
        return !w->on_request || opt.all;
    }
    for (i = 0; opt.only[i]; i++) {
        if (!fnmatch(opt.only[i], w->name, 0)) {
            return !w->on_request || opt.all || !strcmp(opt.only[i], w->name);
        }
    }
    return false;
}

static bool any_proxy(void)
{
    return opt.side[0].proxy || opt.side[1].proxy;
}

/* The reason why @w cannot be run with a proxy, or NULL */
static const char *why_no_proxy(const Workload *w)
{
    if (geteuid()) {
        return "a proxy's helper needs root";
    }
    if (w->slow_ns) {
        return "slow-read.so does not recognize the files of a proxy";
    }
    return w->mapped ? "a proxy does not map attributes" : NULL;
}

static GPtrArray *make_cells(const Workload *w, Place *place,
                             const RunOptions *run)
{
    GPtrArray *cells = g_ptr_array_new();
    const char *why = w->not_run;
    unsigned i;

    if (!why && w->root && geteuid()) {
        why = "needs root";
    }
    if (!why && any_proxy()) {
        why = why_no_proxy(w);
    }
    if (!why && w->slow_ns && access(run->slow_reads, R_OK) < 0) {
        why = "slow-read.so is missing in the directory of 9p-bench";
    }
    if (!why) {
        why = place_tree(place, w->tree, opt.quick)->unusable;
    }
    for (i = 0; i < DEPTHS_MAX && (w->depths[i] || (why && !i)); i++) {
        if (why || !opt.depth || (unsigned)opt.depth == w->depths[i]) {
            Cell *c = cell_new(w, place->fs, w->depths[i]);

            c->not_run = why;
            g_ptr_array_add(cells, c);
            if (why) {
                break;
            }
        }
    }
    return cells;
}

static void run_workload(GPtrArray *cells, Place *place,
                         const RunOptions *common)
{
    Cell **c = (Cell **)cells->pdata;
    const Workload *w = c[0]->workload;
    RunOptions o = *common;
    const Tree *tree;
    unsigned round, side, i;

    if (c[0]->not_run) {
        return;
    }
    tree = place_tree(place, w->tree, opt.quick);
    o.rounds = w->rounds ? MIN(o.rounds, w->rounds) : o.rounds;
    for (round = 0; round < o.rounds; round++) {
        for (side = 0; side < SIDES && opt.side[side].binary; side++) {
            run_side(c, cells->len, &opt.side[side], side, round, tree, &o);
        }
        run_native(c, cells->len, round, tree, &o);
        for (i = 0; i < cells->len; i++) {
            c[i]->rounds = round + 1;
        }
    }
}

static void run_all(const ReportFacts *facts, GPtrArray *all)
{
    Place *place;
    unsigned d, w, i;

    report_head(stdout, facts);
    for (d = 0; opt.dirs[d]; d++) {
        place = place_new(opt.dirs[d]);
        for (w = 0; w < workloads_count; w++) {
            g_autoptr(GPtrArray) cells = NULL;

            if (!is_wanted(&workloads[w])) {
                continue;
            }
            cells = make_cells(&workloads[w], place, facts->options);
            if (cells->len) {
                run_workload(cells, place, facts->options);
            }
            for (i = 0; i < cells->len; i++) {
                report_cell(stdout, facts, cells->pdata[i]);
                g_ptr_array_add(all, cells->pdata[i]);
            }
        }
        places_remove();
    }
}

/* The path of a file in the program's directory */
static char *find_beside(const char *name)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = program ? g_path_get_dirname(program)
                                      : g_strdup(".");

    return g_build_filename(folder, name, NULL);
}

static void parse(int argc, char **argv, RunOptions *run)
{
    static char shm[] = "/dev/shm", tmp[] = "/var/tmp";
    static char *default_dirs[] = { shm, tmp, NULL };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- measure virtio-9p through its ring");
    g_autoptr(GError) err = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        die("%s", err->message);
    }
    if (argc > 1) {
        die("unexpected argument %s", argv[1]);
    }
    if (!opt.dirs) {
        opt.dirs = default_dirs;
        if (opt.quick) {
            default_dirs[1] = NULL;
        }
    }
    opt.side[0].name = opt.side[0].name ?: g_strdup("stock");
    opt.side[1].name = opt.side[1].name ?: g_strdup("ours");
    opt.rounds = opt.rounds ?: opt.quick ? 1 : ROUNDS;
    opt.seconds = opt.seconds > 0 ? opt.seconds
                                  : opt.quick ? QUICK_SECONDS : SECONDS;
    if (opt.rounds < 1 || opt.rounds > ROUNDS_MAX) {
        die("--rounds: expected 1 to %d", ROUNDS_MAX);
    }
    *run = (RunOptions) {
        .guest.kick = one_of(opt.kick, "eventfd", "qtest", "--kick") ||
                      !ioeventfd_allowed() ? KICK_QTEST : KICK_EVENTFD,
        .guest.irq_always = one_of(opt.irq, "asleep", "always", "--irq"),
        .guest.spin_us = opt.spin,
        .guest.pages = opt.pages,
        .run_ns = opt.seconds * NS_PER_SEC,
        .warm_ns = opt.seconds * NS_PER_SEC / 5,
        .small = opt.quick,
        .calls = !opt.no_calls,
        .accel = opt.accel,
        .model = any_proxy() ? "passthrough" : NULL,
        .rounds = opt.rounds,
        .slow_reads = find_beside("slow-read.so"),
    };
}

static void write_json(const ReportFacts *facts, GPtrArray *cells)
{
    FILE *out = fopen(opt.json, "w");

    if (!out) {
        die_errno("%s", opt.json);
    }
    report_json(out, facts, cells);
    if (fclose(out)) {
        die_errno("%s", opt.json);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    RunOptions run;
    ReportFacts facts = { .sides = opt.side, .options = &run };

    parse(argc, argv, &run);
    if (opt.list) {
        list_workloads();
        return 0;
    }
    if (!opt.side[0].binary) {
        die("--a=PATH is required (see --help)");
    }
    umask(022);
    stop_on_signals();
    facts.side_count = opt.side[1].binary ? 2 : 1;
    run_all(&facts, cells);
    if (!cells->len) {
        die("no workload has this name and depth; see --list");
    }
    report_targets(stdout, &facts, cells);
    if (opt.json) {
        write_json(&facts, cells);
    }
    if (opt.markdown) {
        report_markdown(opt.markdown, &facts, cells);
    }
    return 0;
}
