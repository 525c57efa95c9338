/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9p-bench-guest: compares two binaries, measured from a Linux guest under TCG.
 *
 * In each round the guest is booted with the first binary and then with the
 * second one, with the same exported directory.  The guest's script (steps.sh)
 * defines the steps; this program measures and compares them.  Single thread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../stat.h"
#include "boot.h"

#define ROUNDS      3
#define ROUNDS_MAX  64
#define SIDES       2

/* A step in all rounds and on both sides. */
typedef struct Row {
    char *name;
    double guest_ms[SIDES][ROUNDS_MAX];
    double cpu_ms[SIDES][ROUNDS_MAX];
    GHashTable *threads[SIDES];         /* of the last round; owned */
} Row;

static struct {
    char *binary[SIDES], *name[SIDES], *device[SIDES];
    char *kernel, *initrd, *share, *model, *mount, *json, *markdown;
    char **args;
    int rounds;
    gboolean quick;
} opt;

static const GOptionEntry entries[] = {
    { "a", 'a', 0, G_OPTION_ARG_FILENAME, &opt.binary[0],
      "first qemu-system-x86_64", "PATH" },
    { "b", 'b', 0, G_OPTION_ARG_FILENAME, &opt.binary[1],
      "second one; if omitted, only the first one is measured", "PATH" },
    { "a-name", 0, 0, G_OPTION_ARG_STRING, &opt.name[0],
      "its name in the table (stock)", "NAME" },
    { "b-name", 0, 0, G_OPTION_ARG_STRING, &opt.name[1],
      "its name in the table (ours)", "NAME" },
    { "a-device", 0, 0, G_OPTION_ARG_STRING, &opt.device[0],
      "more properties for the first one's -device", "K=V,..." },
    { "b-device", 0, 0, G_OPTION_ARG_STRING, &opt.device[1],
      "more properties for the second one's", "K=V,..." },
    { "arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt.args,
      "one more argument for both, repeatable", "ARG" },
    { "kernel", 0, 0, G_OPTION_ARG_FILENAME, &opt.kernel,
      "the guest's kernel", "FILE" },
    { "initrd", 0, 0, G_OPTION_ARG_FILENAME, &opt.initrd,
      "its initial RAM disk, including the payload", "FILE" },
    { "share", 0, 0, G_OPTION_ARG_FILENAME, &opt.share,
      "the directory to export, made by make-share.sh", "DIR" },
    { "model", 0, 0, G_OPTION_ARG_STRING, &opt.model,
      "security_model= (mapped-xattr)", "MODEL" },
    { "mount", 0, 0, G_OPTION_ARG_STRING, &opt.mount,
      "mount options (msize=512000)", "OPTIONS" },
    { "rounds", 'r', 0, G_OPTION_ARG_INT, &opt.rounds, "rounds (3)", "N" },
    { "json", 0, 0, G_OPTION_ARG_FILENAME, &opt.json,
      "also write all values to this file", "FILE" },
    { "markdown", 0, 0, G_OPTION_ARG_FILENAME, &opt.markdown,
      "write the table to this file, as Markdown", "FILE" },
    { "quick", 0, 0, G_OPTION_ARG_NONE, &opt.quick,
      "short steps and one round, to test that it works", NULL },
    { NULL, 0, 0, 0, NULL, NULL, NULL }
};

static void parse(int argc, char **argv)
{
    g_autoptr(GOptionContext) context =
        g_option_context_new("- measure virtio-9p from a Linux guest");
    g_autoptr(GError) err = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        die("%s", err->message);
    }
    if (argc > 1) {
        die("unexpected argument %s", argv[1]);
    }
    if (!opt.binary[0] || !opt.kernel || !opt.initrd || !opt.share) {
        die("--a, --kernel, --initrd and --share are required (see --help)");
    }
    opt.name[0] = opt.name[0] ?: g_strdup("stock");
    opt.name[1] = opt.name[1] ?: g_strdup("ours");
    opt.model = opt.model ?: g_strdup("mapped-xattr");
    opt.mount = opt.mount ?: g_strdup("msize=512000");
    opt.rounds = opt.rounds ?: opt.quick ? 1 : ROUNDS;
    if (opt.rounds < 1 || opt.rounds > ROUNDS_MAX) {
        die("--rounds: expected 1 to %d", ROUNDS_MAX);
    }
}

/* The row of step number @n, which has the same name in every boot. */
static Row *row_of(GPtrArray *rows, unsigned n, const char *name)
{
    Row *row;

    if (n == rows->len) {
        row = g_new0(Row, 1);
        row->name = g_strdup(name);
        g_ptr_array_add(rows, row);
    }
    row = rows->pdata[n];
    if (strcmp(row->name, name)) {
        die("step %u was \"%s\" before, but is \"%s\" now", n, row->name, name);
    }
    return row;
}

static void run_boot(GPtrArray *rows, unsigned side, unsigned round)
{
    BootOptions o = {
        .binary = opt.binary[side], .kernel = opt.kernel,
        .initrd = opt.initrd, .share = opt.share, .model = opt.model,
        .mount = opt.mount, .device = opt.device[side], .args = opt.args,
        .quick = opt.quick,
    };
    g_autoptr(GPtrArray) steps = boot_run(&o);
    unsigned i;

    for (i = 0; i < steps->len; i++) {
        BootStep *step = steps->pdata[i];
        Row *row = row_of(rows, i, step->name);

        row->guest_ms[side][round] = step->guest_ms;
        row->cpu_ms[side][round] = step->cpu_ms;
        g_clear_pointer(&row->threads[side], g_hash_table_destroy);
        row->threads[side] = step->threads;
        g_free(step->name);
        g_free(step);
    }
    fprintf(stderr, "bench: round %u: %s: %u steps\n", round + 1,
            opt.name[side], steps->len);
}

static void report(FILE *out, GPtrArray *rows, unsigned sides)
{
    unsigned i, side;

    fprintf(out, "%d rounds; mount -o %s, %s\n\n%-16s %-8s %10s %7s %10s\n",
            opt.rounds, opt.mount, opt.model, "step", "", "guest ms",
            "spread", "CPU ms");
    for (i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];

        for (side = 0; side < sides; side++) {
            fprintf(out, "%-16s %-8s %10.1f %6.0f%% %10.1f\n",
                    side ? "" : row->name, opt.name[side],
                    stat_median(row->guest_ms[side], opt.rounds),
                    100 * stat_spread(row->guest_ms[side], opt.rounds),
                    stat_median(row->cpu_ms[side], opt.rounds));
        }
        if (sides == 2) {
            fprintf(out, "%-16s %-8s %10.2f %7s %10.2f\n", "", "ratio",
                    stat_ratio(row->guest_ms[0], row->guest_ms[1],
                               opt.rounds), "",
                    stat_ratio(row->cpu_ms[0], row->cpu_ms[1], opt.rounds));
        }
    }
}

static void write_markdown(GPtrArray *rows)
{
    g_autoptr(GString) page = g_string_new(NULL);
    unsigned i;

    g_string_append_printf(page, "# 9p-bench-guest: %s and %s\n\n"
                           "Medians of %d rounds; mount -o %s, %s.\n\n"
                           "| step | guest ms, %s | %s | ratio | "
                           "CPU ms, %s | %s | ratio |\n"
                           "|---|---|---|---|---|---|---|\n",
                           opt.name[0], opt.name[1], opt.rounds,
                           opt.mount, opt.model, opt.name[0], opt.name[1],
                           opt.name[0], opt.name[1]);
    for (i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];

        g_string_append_printf(page, "| %s | %.1f | %.1f | %.2f | %.1f | %.1f "
                               "| %.2f |\n", row->name,
                               stat_median(row->guest_ms[0], opt.rounds),
                               stat_median(row->guest_ms[1], opt.rounds),
                               stat_ratio(row->guest_ms[0], row->guest_ms[1],
                                          opt.rounds),
                               stat_median(row->cpu_ms[0], opt.rounds),
                               stat_median(row->cpu_ms[1], opt.rounds),
                               stat_ratio(row->cpu_ms[0], row->cpu_ms[1],
                                          opt.rounds));
    }
    write_results(opt.markdown, page->str);
}

static void put_rounds(FILE *out, const char *key, const double *v)
{
    int i;

    fprintf(out, "\"%s\": {\"median\": %.6g, \"rounds\": [", key,
            stat_median(v, opt.rounds));
    for (i = 0; i < opt.rounds; i++) {
        fprintf(out, "%s%.6g", i ? ", " : "", v[i]);
    }
    fputs("]}", out);
}

static void put_side(FILE *out, const Row *row, unsigned side)
{
    const char *comma = "";
    GHashTableIter it;
    gpointer name, value;

    fprintf(out, "\"%s\": {", opt.name[side]);
    put_rounds(out, "guest_ms", row->guest_ms[side]);
    fputs(", ", out);
    put_rounds(out, "cpu_ms", row->cpu_ms[side]);
    fputs(", \"threads_ms_last_round\": {", out);
    g_hash_table_iter_init(&it, row->threads[side]);
    while (g_hash_table_iter_next(&it, &name, &value)) {
        fprintf(out, "%s\"%s\": %.6g", comma, (char *)name,
                *(double *)value);
        comma = ", ";
    }
    fputs("}}", out);
}

static void write_json(GPtrArray *rows, unsigned sides)
{
    FILE *out = fopen(opt.json, "w");
    unsigned i, side;

    if (!out) {
        die_errno("%s", opt.json);
    }
    fputs("{\"steps\": [\n", out);
    for (i = 0; i < rows->len; i++) {
        const Row *row = rows->pdata[i];

        fprintf(out, "%s{\"step\": \"%s\"", i ? ",\n" : "", row->name);
        for (side = 0; side < sides; side++) {
            fputs(", ", out);
            put_side(out, row, side);
        }
        if (sides == 2) {
            fprintf(out, ", \"ratio\": {\"guest_ms\": %.6g, \"cpu_ms\": %.6g}",
                    stat_ratio(row->guest_ms[0], row->guest_ms[1],
                               opt.rounds),
                    stat_ratio(row->cpu_ms[0], row->cpu_ms[1], opt.rounds));
        }
        fputc('}', out);
    }
    fputs("\n]}\n", out);
    if (fclose(out)) {
        die_errno("%s", opt.json);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    unsigned sides, side;
    int round;

    parse(argc, argv);
    stop_on_signals();
    sides = opt.binary[1] ? 2 : 1;
    for (round = 0; round < opt.rounds; round++) {
        for (side = 0; side < sides; side++) {
            run_boot(rows, side, round);
        }
    }
    report(stdout, rows, sides);
    if (opt.json) {
        write_json(rows, sides);
    }
    if (opt.markdown && sides == 2) {
        write_markdown(rows);
    }
    return 0;
}
