/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks of the options of each driver, and the help text for -fsdev and
 * -virtfs, both from the table of options.
 *
 * Only names are checked here; qemu-fsdev.c parses the values.  Called by the
 * command line code and by the other files of fsdev/cli, in the main thread.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/help_option.h"
#include "qemu/option.h"
#include "qemu/throttle-options.h"
#include "fsdev/core/version.h"
#include "fsdev/qemu-fsdev.h"
#include "fsdev/cli/qemu-fsdev-options.h"

enum {
    FSDEV_LOCAL = 1u << 0,
    FSDEV_SYNTH = 1u << 1,
    FSDEV_PROXY = 1u << 2,
};

typedef struct FsdevDriver {
    unsigned bit;
    const char *name;
    const char *summary;
} FsdevDriver;

typedef struct FsdevOption {
    const char *name;
    enum QemuOptType type;
    unsigned drivers;
    const char *def;            /* NULL: required */
    const char *help;
} FsdevOption;

static const FsdevDriver fsdev_drivers[] = {
#define FSDEV_DRIVER(bit_, name_, summary_) \
    { .bit = bit_, .name = name_, .summary = summary_ },
#include "qemu-fsdev-options.def"
};

static const FsdevOption fsdev_options[] = {
#define FSDEV_OPT(name_, type_, drivers_, def_, help_) \
    { .name = name_, .type = QEMU_OPT_##type_, .drivers = drivers_, \
      .def = def_, .help = help_ },
#define FSDEV_THROTTLE(suffix_, bucket_, field_, def_, help_) \
    FSDEV_OPT(THROTTLE_OPT_PREFIX suffix_, NUMBER, FSDEV_LOCAL | FSDEV_PROXY, \
              #def_, help_)
#include "qemu-fsdev-options.def"
};

static const FsdevDriver *fsdev_driver_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(fsdev_drivers); i++) {
        if (!strcmp(fsdev_drivers[i].name, name)) {
            return &fsdev_drivers[i];
        }
    }
    return NULL;
}

static char *fsdev_driver_names(void)
{
    GString *names = g_string_new(NULL);

    for (size_t i = 0; i < ARRAY_SIZE(fsdev_drivers); i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               fsdev_drivers[i].name);
    }
    return g_string_free(names, false);
}

/* For messages; all throttling options are listed as one word. */
static char *fsdev_option_names(const FsdevDriver *driver)
{
    GString *names = g_string_new("id");
    bool throttling = false;

    for (size_t i = 0; i < ARRAY_SIZE(fsdev_options); i++) {
        const FsdevOption *option = &fsdev_options[i];

        if (!(option->drivers & driver->bit)) {
            continue;
        }
        if (strstart(option->name, THROTTLE_OPT_PREFIX, NULL)) {
            throttling = true;
            continue;
        }
        g_string_append_printf(names, ", %s", option->name);
    }
    if (throttling) {
        g_string_append(names, ", " THROTTLE_OPT_PREFIX "*");
    }
    return g_string_free(names, false);
}

bool qemu_fsdev_check_driver(const char *name, Error **errp)
{
    g_autofree char *names = NULL;

    if (name && fsdev_driver_find(name)) {
        return true;
    }
    names = fsdev_driver_names();
    if (name) {
        error_setg(errp, "there is no fsdev driver '%s'; the drivers are: %s",
                   name, names);
    } else {
        error_setg(errp, "no fsdev driver is specified; the drivers are: %s",
                   names);
    }
    return false;
}

/* Sets *@errp to what is wrong with the option @name, and what is allowed. */
static void fsdev_set_unknown(const FsdevDriver *driver, const char *name,
                              const char *hint, Error **errp)
{
    g_autofree char *names = fsdev_option_names(driver);

    error_setg(errp, "fsdev driver '%s' has no option '%s'; its options are: "
               "%s%s", driver->name, name, names, hint);
}

static bool fsdev_driver_has(const FsdevDriver *driver, const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(fsdev_options); i++) {
        if (!strcmp(fsdev_options[i].name, name)) {
            return fsdev_options[i].drivers & driver->bit;
        }
    }
    return false;
}

static int fsdev_check_option(void *opaque, const char *name,
                              const char *value, Error **errp)
{
    const FsdevDriver *driver = opaque;

    if (fsdev_driver_has(driver, name)) {
        return 0;
    }
    fsdev_set_unknown(driver, name, "", errp);
    return -1;
}

bool qemu_fsdev_check_options(QemuOpts *opts, const char *driver,
                              Error **errp)
{
    /* qemu_opt_foreach() only passes the pointer on to the function. */
    return qemu_opt_foreach(opts, fsdev_check_option,
                            (void *)fsdev_driver_find(driver), errp) == 0;
}

/* A group that takes any option, to split the text of an argument. */
static QemuOptsList fsdev_any_opts = {
    .name = "fsdev",
    .implied_opt_name = "fsdriver",
    .head = QTAILQ_HEAD_INITIALIZER(fsdev_any_opts.head),
    .desc = {
        { /* end of list */ }
    },
};

typedef struct FsdevText {
    const FsdevDriver *driver;
    bool is_virtfs;
} FsdevText;

/* QemuOpts reads "path=/a,b" as the option path and an option b without "=". */
static int fsdev_check_text_option(void *opaque, const char *name,
                                   const char *value, Error **errp)
{
    const FsdevText *text = opaque;
    bool is_word = !strcmp(value, "on") || !strcmp(value, "off");

    if (fsdev_driver_has(text->driver, name) ||
        (text->is_virtfs && (!strcmp(name, "mount_tag") ||
                             !strcmp(name, "mnt_tag")))) {
        return 0;
    }
    fsdev_set_unknown(text->driver, name, is_word
                      ? "; in a value, such as a path, write a comma as ',,'"
                      : "", errp);
    return -1;
}

bool qemu_fsdev_check_text(const char *group, const char *optarg, Error **errp)
{
    QemuOpts *opts = qemu_opts_parse(&fsdev_any_opts, optarg, true, errp);
    const char *name;
    bool ok = false;

    if (!opts) {
        return false;
    }
    name = qemu_opt_get(opts, "fsdriver");
    if (qemu_fsdev_check_driver(name, errp)) {
        FsdevText text = { fsdev_driver_find(name), !strcmp(group, "virtfs") };

        ok = qemu_opt_foreach(opts, fsdev_check_text_option, &text, errp) == 0;
    }
    qemu_opts_del(opts);
    return ok;
}

/* Help */

static const char *fsdev_type_name(enum QemuOptType type)
{
    switch (type) {
    case QEMU_OPT_BOOL:
        return "on|off";
    case QEMU_OPT_NUMBER:
        return "number";
    case QEMU_OPT_SIZE:
        return "size";
    default:
        return "string";
    }
}

static void fsdev_print_option(const char *name, enum QemuOptType type,
                               const char *def, const char *help)
{
    g_autofree char *usage = g_strdup_printf("%s=<%s>", name,
                                             fsdev_type_name(type));

    printf("  %-45s %s", usage, help);
    if (!def) {
        printf(" (required)\n");
    } else if (*def) {
        printf(" (default: %s)\n", def);
    } else {
        printf(" (default: not set)\n");
    }
}

static void fsdev_print_driver_help(const FsdevDriver *driver)
{
    printf("%s: %s\nOptions of -fsdev %s and -virtfs %s:\n", driver->name,
           driver->summary, driver->name, driver->name);
    fsdev_print_option("id", QEMU_OPT_STRING, NULL,
                       "name for a device's fsdev=; "
                       "-virtfs uses the mount tag by default");
    for (size_t i = 0; i < ARRAY_SIZE(fsdev_options); i++) {
        const FsdevOption *option = &fsdev_options[i];

        if (option->drivers & driver->bit) {
            fsdev_print_option(option->name, option->type, option->def,
                               option->help);
        }
    }
    printf("Options of -virtfs %s only:\n", driver->name);
    fsdev_print_option("mount_tag", QEMU_OPT_STRING, NULL,
                       "name by which the guest mounts it; "
                       "mnt_tag means the same");
}

static void fsdev_print_drivers(void)
{
    printf("virtio-9p " VIRTFS_VERSION "\n"
           "Drivers for -fsdev DRIVER,id=ID,... "
           "and -virtfs DRIVER,mount_tag=TAG,...:\n");
    for (size_t i = 0; i < ARRAY_SIZE(fsdev_drivers); i++) {
        printf("  %-8s %s\n", fsdev_drivers[i].name, fsdev_drivers[i].summary);
    }
    printf("The options of a driver: -fsdev DRIVER,help\n");
}

/*
 * The driver named in @optarg, or NULL.  Splitting at each comma also splits
 * values that contain ",,".  This matters only if a value contains
 * ",,fsdriver=".
 */
static char *fsdev_driver_wanted(const char *optarg)
{
    g_auto(GStrv) words = g_strsplit(optarg, ",", -1);
    const char *name = NULL;

    for (int i = 0; words[i]; i++) {
        if (i == 0 && !strchr(words[i], '=') && !is_help_option(words[i])) {
            name = words[i];
        }
        strstart(words[i], "fsdriver=", &name);
    }
    return g_strdup(name);
}

bool qemu_fsdev_print_help(const char *optarg)
{
    g_autofree char *name = NULL;
    const FsdevDriver *driver;

    if (!has_help_option(optarg)) {
        return false;
    }
    name = fsdev_driver_wanted(optarg);
    driver = name ? fsdev_driver_find(name) : NULL;
    if (driver) {
        fsdev_print_driver_help(driver);
        return true;
    }
    if (name) {
        printf("There is no fsdev driver '%s'.\n", name);
    }
    fsdev_print_drivers();
    return true;
}
