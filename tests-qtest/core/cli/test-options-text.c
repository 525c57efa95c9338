/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The documentation of -fsdev and -virtfs agrees with the table of options,
 * qemu-fsdev-options.def.
 *
 * For each base, the options in -help and in the manual, which are both in a
 * patch of patches/BASE, must be those of the table.  Every command line in
 * README.md and below docs/ may only use options of the table.
 */
#include "fsdev/core/p9-osdep.h"

enum {
    FSDEV_LOCAL = 1u << 0,
    FSDEV_PROXY = 1u << 1,
    FSDEV_SYNTH = 1u << 2,
};

static const struct {
    unsigned bit;
    const char *name;
} drivers[] = {
#define FSDEV_DRIVER(bit_, name_, summary_) { .bit = bit_, .name = name_ },
#include "fsdev/cli/qemu-fsdev-options.def"
};

typedef struct Option {
    const char *name;           /* or the macro of a throttling option */
    unsigned drivers;
    const char *def;            /* NULL: the option is required */
} Option;

#define THROTTLE_OPT_PREFIX "throttling."
#define QEMU_OPT_IOPS_SIZE "iops-size"
static const Option options[] = {
#define FSDEV_OPT(name_, type_, drivers_, def_, help_) \
    { .name = name_, .drivers = drivers_, .def = def_ },
#define FSDEV_THROTTLE(suffix_, bucket_, field_, def_, help_) \
    { .name = #suffix_, .drivers = FSDEV_LOCAL | FSDEV_PROXY, .def = #def_ },
#include "fsdev/cli/qemu-fsdev-options.def"
};

/* "QEMU_OPT_BPS_TOTAL" stands for "throttling.bps-total". */
static char *option_name(const Option *option)
{
    static const char prefix[] = "QEMU_OPT_";
    g_autofree char *lower = NULL;

    if (!g_str_has_prefix(option->name, prefix)) {
        return g_strdup(option->name);
    }
    lower = g_ascii_strdown(option->name + strlen(prefix), -1);
    return g_strconcat(THROTTLE_OPT_PREFIX, g_strdelimit(lower, "_", '-'),
                       NULL);
}

/* The driver's bit, 0 if there is no such driver. */
static unsigned driver_bit(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        if (!strcmp(drivers[i].name, name)) {
            return drivers[i].bit;
        }
    }
    return 0;
}

static char *read_source(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

#define OPTIONS_PATCH   "0004-options-describe-fsdev-and-virtfs.patch"

/* The lines that a patch adds; free with g_free(). */
static char *added_lines(const char *patch)
{
    g_auto(GStrv) lines = g_strsplit(patch, "\n", -1);
    GString *added = g_string_new(NULL);

    for (char **line = lines; *line; line++) {
        if (**line == '+' && !g_str_has_prefix(*line, "+++ ")) {
            g_string_append_printf(added, "%s\n", *line + 1);
        }
    }
    return g_string_free(added, FALSE);
}

/* Calls @fn with the text about options for each supported base. */
static void for_each_base(void (*fn)(const char *text))
{
    g_autofree char *patches = g_test_build_filename(G_TEST_DIST, "patches",
                                                     NULL);
    g_autoptr(GDir) dir = g_dir_open(patches, 0, NULL);
    const char *base;
    unsigned bases = 0;

    g_assert_nonnull(dir);
    while ((base = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(patches, base, OPTIONS_PATCH,
                                                 NULL);
        g_autofree char *patch = read_source(path);
        g_autofree char *text = added_lines(patch);

        g_test_message("%s", path);
        fn(text);
        bases++;
    }
    g_assert_cmpuint(bases, >, 0);
}

/* Set of all NAME of "NAME=" in @text; free with g_hash_table_unref(). */
static GHashTable *names_in(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new("([a-z][a-z_.-]*)=", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal,
                                              g_free, NULL);

    g_regex_match(regex, text, 0, &match);
    while (g_match_info_matches(match)) {
        g_hash_table_add(names, g_match_info_fetch(match, 1));
        g_match_info_next(match, NULL);
    }
    return names;
}

/* The names that a synopsis of -fsdev has for a driver, given as its bit. */
static GHashTable *wanted_names(unsigned driver)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal,
                                              g_free, NULL);

    g_hash_table_add(names, g_strdup("id"));
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        char *name = option_name(&options[i]);

        if (!(options[i].drivers & driver) ||
            !strcmp(name, "fsdriver")) {
            g_free(name);
        } else if (g_str_has_prefix(name, THROTTLE_OPT_PREFIX)) {
            g_free(name);
            g_hash_table_add(names, g_strdup(THROTTLE_OPT_PREFIX "option"));
        } else {
            g_hash_table_add(names, name);
        }
    }
    return names;
}

static void assert_subset(GHashTable *some, GHashTable *all, const char *what)
{
    GHashTableIter iter;
    void *name;

    g_hash_table_iter_init(&iter, some);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (!g_hash_table_contains(all, name)) {
            g_test_message("'%s=' %s", (char *)name, what);
            g_test_fail();
        }
    }
}

/* The lines of -help that begin with @prefix, up to the next "-" or the end. */
static char *synopsis(const char *hx, const char *prefix)
{
    g_autofree char *opening = g_strdup_printf("\"%s", prefix);
    const char *begin = strstr(hx, opening);
    const char *end, *next;

    if (!begin) {
        g_error("-help has no line that begins with '%s'", prefix);
    }
    end = strstr(begin, "QEMU_ARCH_ALL");
    g_assert_nonnull(end);
    next = g_strstr_len(begin, end - begin, "\n    \"-");
    return g_strndup(begin, (next ?: end) - begin);
}

static void check_fsdev_help(const char *hx)
{
    for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        g_autofree char *prefix = g_strdup_printf("-fsdev %s,",
                                                  drivers[i].name);
        g_autofree char *text = synopsis(hx, prefix);
        g_autoptr(GHashTable) have = names_in(text);
        g_autoptr(GHashTable) want = wanted_names(drivers[i].bit);

        g_test_message("%s", prefix);
        assert_subset(want, have, "is in the table but not in -help");
        assert_subset(have, want, "is in -help but not in the table");
    }
}

static void test_fsdev_help(void)
{
    for_each_base(check_fsdev_help);
}

static void check_virtfs_help(const char *hx)
{
    for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        g_autofree char *prefix = g_strdup_printf("-virtfs %s,",
                                                  drivers[i].name);
        g_autofree char *line = synopsis(hx, prefix);
        g_autoptr(GHashTable) have = names_in(line);
        g_autoptr(GHashTable) all = wanted_names(drivers[i].bit);

        g_test_message("%s", prefix);
        g_hash_table_add(all, g_strdup("option"));
        g_hash_table_add(all, g_strdup("mount_tag"));
        assert_subset(have, all, "is in -help but not in the table");
        g_assert_true(g_hash_table_contains(have, "mount_tag"));
        for (size_t j = 1; j < ARRAY_SIZE(options); j++) {
            if (!options[j].def && (options[j].drivers & drivers[i].bit) &&
                !g_hash_table_contains(have, options[j].name)) {
                g_error("%s requires '%s='", prefix, options[j].name);
            }
        }
    }
}

static void test_virtfs_help(void)
{
    for_each_base(check_virtfs_help);
}

/* The drivers that a heading of the manual's list names, as bits. */
static unsigned drivers_in(const char *line)
{
    g_auto(GStrv) parts = g_strsplit(line, "``", -1);
    unsigned named = 0;

    for (unsigned i = 0; parts[i] && parts[i + 1]; i++) {
        if (i % 2) {
            g_assert_cmphex(driver_bit(parts[i]), !=, 0);
            named |= driver_bit(parts[i]);
        }
    }
    return named;
}

/* Adds the options of an entry such as "    ``a=x|y``, ``b=z``". */
static void add_entry(GHashTable *described, const char *line,
                      unsigned belongs_to)
{
    g_autoptr(GHashTable) names = names_in(line);
    GHashTableIter iter;
    void *name;

    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        if (!g_hash_table_insert(described, g_strdup(name),
                                 GUINT_TO_POINTER(belongs_to))) {
            g_error("the manual describes '%s=' more than once", (char *)name);
        }
    }
}

/* Option name -> the drivers below whose heading the manual describes it. */
static GHashTable *described_options(const char *hx)
{
    GHashTable *described = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                  g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(hx, "\n", -1);
    unsigned belongs_to = 0;

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "``-device")) {
            break;
        }
        if (g_str_has_prefix(*line, "    These options belong to ")) {
            belongs_to = drivers_in(*line);
        } else if (belongs_to && g_str_has_prefix(*line, "    ``")) {
            add_entry(described, *line, belongs_to);
        }
    }
    return described;
}

static void check_manual(const char *hx)
{
    g_autoptr(GHashTable) described = described_options(hx);
    unsigned known = 0;

    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        g_autofree char *name = option_name(&options[i]);
        void *belongs_to;

        if (!strcmp(name, "fsdriver")) {
            continue;
        }
        g_test_message("%s", name);
        g_assert_true(g_hash_table_lookup_extended(described, name, NULL,
                                                   &belongs_to));
        g_assert_cmphex(GPOINTER_TO_UINT(belongs_to), ==,
                        options[i].drivers);
        known++;
    }
    /* All options of the table are described, so there must be no others. */
    g_assert_cmpuint(g_hash_table_size(described), ==, known);
}

static void test_manual(void)
{
    for_each_base(check_manual);
}

/* Checks the options of one "-fsdev DRIVER,..." or "-virtfs DRIVER,...". */
static void check_command(const char *option, const char *driver,
                          const char *rest)
{
    g_autoptr(GHashTable) have = names_in(rest);
    g_autoptr(GHashTable) all = NULL;
    unsigned bit = driver_bit(driver);

    g_test_message("-%s %s,%s", option, driver, rest);
    if (!bit) {
        /* A placeholder, as in "-fsdev driver,help". */
        g_assert_cmpuint(g_hash_table_size(have), ==, 0);
        return;
    }
    all = wanted_names(bit);
    for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
        if (options[i].drivers & bit) {
            g_hash_table_add(all, option_name(&options[i]));
        }
    }
    if (!strcmp(option, "virtfs")) {
        g_hash_table_add(all, g_strdup("mount_tag"));
        g_hash_table_add(all, g_strdup("mnt_tag"));
    }
    assert_subset(have, all, "is not an option of this driver");
}

static unsigned check_page(const char *path)
{
    g_autoptr(GRegex) regex = g_regex_new(
        "-(fsdev|virtfs)\\s+([a-z0-9]+),([^\\s`'\"]+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *text = read_source(path);
    unsigned commands = 0;

    g_test_message("%s", path);
    g_regex_match(regex, text, 0, &match);
    while (g_match_info_matches(match)) {
        g_autofree char *option = g_match_info_fetch(match, 1);
        g_autofree char *driver = g_match_info_fetch(match, 2);
        g_autofree char *rest = g_match_info_fetch(match, 3);

        check_command(option, driver, rest);
        commands++;
        g_match_info_next(match, NULL);
    }
    return commands;
}

/* Checks every page below @folder; returns the number of command lines. */
static unsigned check_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    unsigned commands = 0;
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            commands += check_folder(path);
        } else if (g_str_has_suffix(name, ".rst") ||
                   g_str_has_suffix(name, ".md")) {
            commands += check_page(path);
        }
    }
    return commands;
}

static void test_pages(void)
{
    g_autofree char *readme = g_test_build_filename(G_TEST_DIST, "README.md",
                                                    NULL);
    g_autofree char *docs = g_test_build_filename(G_TEST_DIST, "docs", NULL);

    g_assert_cmpuint(check_page(readme), >, 0);
    g_assert_cmpuint(check_folder(docs), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options-text/help/fsdev", test_fsdev_help);
    g_test_add_func("/options-text/help/virtfs", test_virtfs_help);
    g_test_add_func("/options-text/manual", test_manual);
    g_test_add_func("/options-text/pages", test_pages);
    return g_test_run();
}
