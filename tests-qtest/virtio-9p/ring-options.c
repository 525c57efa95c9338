/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -fsdev: errors, help, and what management programs query.
 *
 * Most tests start QEMU with a command line, and with a monitor on standard
 * input that receives "quit".  QEMU refuses a command line with a message and
 * exit status 1; otherwise the status is 0.
 */
#include "qemu/osdep.h"
#include <sys/wait.h>
#include "ring-client.h"
#include "ring-qobject.h"

typedef struct RunResult {
    int status;
    char *out;                  /* owned by the test process */
    char *err;
} RunResult;

/* Run QEMU with further arguments, which end with NULL */
static RunResult run_qemu(const char *const *args)
{
    const char *binary = getenv("QTEST_QEMU_BINARY");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    RunResult res = { 0 };
    int status;
    static const char *const common[] = {
        "-nodefaults", "-machine", "pc,accel=qtest", "-display", "none",
        "-S", "-monitor", "stdio",
    };

    ring_check(binary, "QTEST_QEMU_BINARY is not set");
    /* The shell writes the command to the monitor. */
    g_ptr_array_add(argv, (char *)"/bin/sh");
    g_ptr_array_add(argv, (char *)"-c");
    g_ptr_array_add(argv, (char *)"echo quit | \"$0\" \"$@\"");
    g_ptr_array_add(argv, (char *)binary);
    for (unsigned i = 0; i < G_N_ELEMENTS(common); i++) {
        g_ptr_array_add(argv, (char *)common[i]);
    }
    for (; *args; args++) {
        g_ptr_array_add(argv, (char *)*args);
    }
    g_ptr_array_add(argv, NULL);
    ring_check(g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                            G_SPAWN_DEFAULT, NULL, NULL, &res.out, &res.err,
                            &status, &error),
               "cannot start %s: %s", binary, error->message);
    ring_check(WIFEXITED(status), "expected QEMU to exit, it died of signal "
               "%d: %s", WTERMSIG(status), res.err);
    res.status = WEXITSTATUS(status);
    return res;
}

#define RUN(...) run_qemu((const char *const []) { __VA_ARGS__, NULL })

/* The message must contain each of @parts, which end with NULL */
static void check_refused(const char *fsdev, const char *const *parts)
{
    RunResult res = RUN("-fsdev", fsdev);

    ring_check_int(fsdev, res.status, 1);
    for (; *parts; parts++) {
        ring_check_contains(fsdev, res.err, *parts);
    }
}

#define CHECK_REFUSED(fsdev, ...) \
    check_refused((fsdev), (const char *const []) { __VA_ARGS__, NULL })

static void check_accepted(const char *fsdev)
{
    RunResult res = RUN("-fsdev", fsdev);

    ring_check(res.status == 0, "-fsdev %s: expected it to be accepted, got "
               "status %d: %s", fsdev, res.status, res.err);
}

/* "local,id=f,path=<scratch>,<rest>"; valid for the whole test */
static const char *local_with(const char *rest)
{
    return g_strdup_printf("local,id=f,path=%s,%s", ring_dir(), rest);
}

static void unknown_driver(void)
{
    CHECK_REFUSED("floppy,id=f", "floppy", "local", "synth");
}

static void missing_driver(void)
{
    CHECK_REFUSED("id=f", "driver", "local");
}

static void missing_id(void)
{
    CHECK_REFUSED("synth", "id");
}

static void duplicate_id(void)
{
    RunResult res = RUN("-fsdev", "synth,id=f", "-fsdev", "synth,id=f");

    ring_check_int("status", res.status, 1);
    ring_check_contains("message", res.err, "'f'");
}

static void missing_path(void)
{
    CHECK_REFUSED("local,id=f,security_model=none", "path");
}

static void missing_security_model(void)
{
    g_autofree char *arg = g_strdup_printf("local,id=f,path=%s", ring_dir());

    CHECK_REFUSED(arg, "security_model", "mapped-xattr", "mapped-file",
                  "passthrough", "none");
}

static void bad_security_model(void)
{
    CHECK_REFUSED(local_with("security_model=mapped-xatr"), "mapped-xatr",
                  "mapped-xattr", "mapped-file", "passthrough", "none");
}

static void bad_multidevs(void)
{
    CHECK_REFUSED(local_with("security_model=none,multidevs=many"), "many",
                  "remap", "forbid", "warn");
}

static void bad_writeout(void)
{
    CHECK_REFUSED(local_with("security_model=none,writeout=never"), "never",
                  "immediate");
}

static void bad_readonly(void)
{
    CHECK_REFUSED(local_with("security_model=none,readonly=maybe"),
                  "readonly");
}

static void fmode_needs_a_mapped_model(void)
{
    CHECK_REFUSED(local_with("security_model=none,fmode=0600"), "fmode");
    CHECK_REFUSED(local_with("security_model=passthrough,dmode=0700"),
                  "dmode");
}

static void max_xattr_out_of_range(void)
{
    CHECK_REFUSED(local_with("security_model=none,max_xattr=99999999999"),
                  "max_xattr");
    CHECK_REFUSED("synth,id=f,max_xattr=99999999999", "max_xattr");
}

static void unknown_option(void)
{
    CHECK_REFUSED("synth,id=f,colour=blue", "colour");
}

static void option_of_another_driver(void)
{
    CHECK_REFUSED("synth,id=f,path=/tmp", "path", "synth", "readonly",
                  "max_xattr");
    CHECK_REFUSED("synth,id=f,throttling.iops-total=5",
                  "throttling.iops-total", "synth");
    CHECK_REFUSED(local_with("security_model=none,socket=/x"), "socket",
                  "local", "security_model");
}

static void throttling_that_contradicts_itself(void)
{
    CHECK_REFUSED(local_with("security_model=none,throttling.bps-total=5,"
                             "throttling.bps-read=5"), "bps");
    CHECK_REFUSED(local_with("security_model=none,"
                             "throttling.meta-total-max=5"),
                  "throttling.meta-total: ");
}

static void path_that_does_not_exist(void)
{
    g_autofree char *path = ring_host_path("none");
    g_autofree char *fsdev = g_strdup_printf("local,id=f,path=%s,"
                                             "security_model=none", path);
    RunResult res = RUN("-fsdev", fsdev, "-device", "virtio-9p-pci,fsdev=f,"
                        "mount_tag=t");

    ring_check_int("status", res.status, 1);
    ring_check_contains("message", res.err, path);
}

static void path_that_is_a_file(void)
{
    g_autofree char *path = ring_host_path("file");
    g_autofree char *fsdev = g_strdup_printf("local,id=f,path=%s,"
                                             "security_model=none", path);
    RunResult res;

    ring_host_put("file", "", 0);
    res = RUN("-fsdev", fsdev, "-device", "virtio-9p-pci,fsdev=f,"
              "mount_tag=t");
    ring_check_int("status", res.status, 1);
    ring_check_contains("message", res.err, path);
}

static void every_option_of_stock_is_accepted(void)
{
    check_accepted("synth,id=f,readonly=on,max_xattr=5");
    check_accepted(local_with("security_model=passthrough"));
    check_accepted(local_with("security_model=none,readonly=on"));
    check_accepted(local_with("security_model=mapped,fmode=0640,dmode=0750"));
    check_accepted(local_with("security_model=mapped-file,max_xattr=0"));
    check_accepted(local_with("security_model=mapped-xattr,"
                              "writeout=immediate"));
    check_accepted(local_with("security_model=none,multidevs=remap"));
    check_accepted(local_with("security_model=none,multidevs=forbid"));
    check_accepted(local_with("security_model=none,multidevs=warn"));
}

static void every_throttling_option_is_accepted(void)
{
    static const char *const rates[] = { "total", "read", "write" };
    static const char *const units[] = { "bps", "iops" };

    for (unsigned u = 0; u < G_N_ELEMENTS(units); u++) {
        for (unsigned r = 0; r < G_N_ELEMENTS(rates); r++) {
            g_autofree char *name = g_strdup_printf("throttling.%s-%s",
                                                    units[u], rates[r]);
            g_autofree char *rest = g_strdup_printf("security_model=none,"
                "%s=1000,%s-max=2000,%s-max-length=3", name, name, name);

            check_accepted(local_with(rest));
        }
    }
    check_accepted(local_with("security_model=none,throttling.iops-total=9,"
                              "throttling.iops-size=4096"));
    check_accepted(local_with("security_model=none,throttling.group=g,"
                              "throttling.meta-total=9,"
                              "throttling.meta-total-max=20,"
                              "throttling.meta-total-max-length=3"));
}

static void help_lists_the_drivers(void)
{
    RunResult res = RUN("-fsdev", "help");

    ring_check_int("status", res.status, 0);
    ring_check_contains("-fsdev help", res.out, "local");
    ring_check_contains("-fsdev help", res.out, "synth");
}

static void help_lists_the_options_of_a_driver(void)
{
    static const char *const options[] = {
        "path", "security_model", "readonly", "writeout", "fmode", "dmode",
        "multidevs", "max_xattr", "throttling.bps-total",
        "throttling.iops-size",
    };
    RunResult res = RUN("-fsdev", "local,help");

    ring_check_int("status", res.status, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        ring_check_contains("-fsdev local,help", res.out, options[i]);
    }
    res = RUN("-fsdev", "synth,help");
    ring_check_int("status", res.status, 0);
    ring_check_contains("-fsdev synth,help", res.out, "readonly");
    ring_check(!strstr(res.out, "security_model"), "-fsdev synth,help: "
               "expected only options of synth, got: %s", res.out);
}

/* Whether the answer to query-command-line-options has the parameter @name */
static bool has_parameter(QList *answer, const char *name)
{
    const QListEntry *group = qlist_first(answer);
    QList *parameters = qdict_get_qlist(qobject_to(QDict, group->value),
                                        "parameters");
    const QListEntry *entry;

    QLIST_FOREACH_ENTRY(parameters, entry) {
        QDict *parameter = qobject_to(QDict, entry->value);

        if (!strcmp(qdict_get_str(parameter, "name"), name)) {
            return true;
        }
    }
    return false;
}

static void query_command_line_options_lists_them(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=f");
    static const char *const groups[] = { "fsdev", "virtfs" };
    static const char *const names[] = {
        "fsdriver", "path", "security_model", "readonly", "writeout",
        "fmode", "dmode", "multidevs", "max_xattr", "throttling.bps-total",
    };

    for (unsigned g = 0; g < G_N_ELEMENTS(groups); g++) {
        QDict *rsp = qtest_qmp(vm->qts, "{'execute': "
            "'query-command-line-options', 'arguments': {'option': %s}}",
            groups[g]);
        QList *answer = qdict_get_qlist(rsp, "return");

        ring_check(answer, "query-command-line-options %s: expected an "
                   "answer, got an error", groups[g]);
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
            ring_check(has_parameter(answer, names[i]), "expected option %s "
                       "in group %s, it is missing", names[i], groups[g]);
        }
        qobject_unref(rsp);
    }
}

void ring_register_options_tests(void)
{
#define ADD(name, fn) ring_add("options/" name, fn)
    ADD("unknown-driver", unknown_driver);
    ADD("missing-driver", missing_driver);
    ADD("missing-id", missing_id);
    ADD("duplicate-id", duplicate_id);
    ADD("missing-path", missing_path);
    ADD("missing-security-model", missing_security_model);
    ADD("bad-security-model", bad_security_model);
    ADD("bad-multidevs", bad_multidevs);
    ADD("bad-writeout", bad_writeout);
    ADD("bad-readonly", bad_readonly);
    ADD("fmode-needs-a-mapped-model", fmode_needs_a_mapped_model);
    ADD("max-xattr-out-of-range", max_xattr_out_of_range);
    ADD("unknown-option", unknown_option);
    ADD("option-of-another-driver", option_of_another_driver);
    ADD("throttling-that-contradicts-itself",
        throttling_that_contradicts_itself);
    ADD("path-that-does-not-exist", path_that_does_not_exist);
    ADD("path-that-is-a-file", path_that_is_a_file);
    ADD("every-option-of-stock-is-accepted",
        every_option_of_stock_is_accepted);
    ADD("every-throttling-option-is-accepted",
        every_throttling_option_is_accepted);
    ADD("help-lists-the-drivers", help_lists_the_drivers);
    ADD("help-lists-the-options-of-a-driver",
        help_lists_the_options_of_a_driver);
    ADD("query-command-line-options-lists-them",
        query_command_line_options_lists_them);
#undef ADD
}
