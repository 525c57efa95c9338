/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of file system exports: which options -fsdev and -virtfs
 * accept, the messages for those that they refuse, and the resulting devices.
 *
 * Each test starts QEMU with its own options.  If QEMU has to refuse them, it
 * is run as a plain process whose messages are read; otherwise it is run
 * through libqtest, and its devices are queried by QMP.  There are no guest
 * requests.
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "virtio-9p/ring-qobject.h"
#include "fsdev/core/version.h"

#define SYNTH "-fsdev synth,id=s "
#define DEVICE "-device virtio-9p-pci,fsdev=s,mount_tag=x"
#define LOCAL_NONE "local,id=a,path=/,security_model=none"
#define MAPPED "local,id=a,path=/,security_model=mapped"

/*
 * Runs QEMU until it ends, by the command "quit" if not before; returns its
 * exit status.
 */
static int run_machine(const char *machine, const char *args, char **out,
                       char **err)
{
    g_autofree char *line = g_strdup_printf(
        "echo quit | exec %s -M %s -nodefaults -display none -accel qtest -S "
        "-monitor stdio %s", g_getenv("QTEST_QEMU_BINARY"), machine, args);
    char *argv[] = { (char *)"/bin/sh", (char *)"-c", line, NULL };
    g_autoptr(GError) error = NULL;
    int status;

    g_spawn_sync(NULL, argv, NULL, 0, NULL, NULL, out, err, &status, &error);
    g_assert_no_error(error);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int run_qemu(const char *args, char **out, char **err)
{
    return run_machine("none", args, out, err);
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_error("expected \"%s\" in:\n%s", part, text);
    }
}

typedef struct Refused {
    const char *name;           /* of the test */
    const char *args;
    const char *names;          /* part of the message: what is wrong … */
    const char *allowed;        /* … and what is allowed */
} Refused;

static const Refused refused[] = {
    { "no-id", "-fsdev local,path=/,security_model=none",
      "without an id", "id=" },
    { "no-driver", "-fsdev id=a,path=/", "no fsdev driver",
      "local, proxy, synth" },
    { "unknown-driver", "-fsdev disk,id=a", "'disk'", "local, proxy, synth" },
    { "no-security-model", "-fsdev local,id=a,path=/",
      "security_model",
      "passthrough, mapped-xattr, mapped, mapped-file, none" },
    { "security-model", "-fsdev local,id=a,path=/,security_model=mapped-disk",
      "security_model 'mapped-disk'",
      "passthrough, mapped-xattr, mapped, mapped-file, none" },
    { "no-path", "-fsdev local,id=a,security_model=none", "path", "directory" },
    { "multidevs", "-fsdev " LOCAL_NONE ",multidevs=ignore",
      "multidevs 'ignore'", "remap, forbid, warn" },
    { "writeout", "-fsdev " LOCAL_NONE ",writeout=later",
      "writeout 'later'", "immediate" },
    { "statfs", "-fsdev " LOCAL_NONE ",statfs=ext4", "statfs 'ext4'",
      "host, v9fs" },
    { "cache-hint", "-fsdev " LOCAL_NONE ",cache-hint=maybe", "cache-hint",
      "on" },
    { "max-xattr", "-fsdev " LOCAL_NONE ",max_xattr=4294967296",
      "max_xattr '4294967296'", "4294967295" },
    { "max-fids", "-fsdev synth,id=a,max_fids=4294967296",
      "max_fids '4294967296'", "4294967295" },
    { "max-bytes", "-fsdev " LOCAL_NONE ",max_bytes=-1", "max_bytes=-1",
      "'max_bytes'" },
    { "max-files", "-fsdev " LOCAL_NONE ",max_files=-1", "max_files '-1'",
      "9223372036854775807" },
    { "max-files/synth", "-fsdev synth,id=a,max_files=5", "'max_files'",
      "id, fsdriver, readonly, max_xattr" },
    { "max-locks", "-fsdev " LOCAL_NONE ",max_locks=-1",
      "max_locks '-1'", "4294967295" },
    { "max-memory", "-fsdev " LOCAL_NONE ",max_memory=1000k",
      "max_memory '1000k'", "from 1M on" },
    { "number", "-fsdev " LOCAL_NONE ",max_xattr=many", "max_xattr",
      "number" },
    { "fmode-of-none", "-fsdev " LOCAL_NONE ",fmode=0600",
      "fmode", "mapped-xattr or mapped-file" },
    { "dmode-of-passthrough",
      "-fsdev local,id=a,path=/,security_model=passthrough,dmode=0700",
      "dmode", "mapped-xattr or mapped-file" },
    { "fmode-without-zero", "-fsdev " MAPPED ",fmode=644",
      "fmode=644 is a decimal number and means 01204", "write fmode=0644" },
    { "dmode-without-zero", "-fsdev " MAPPED ",dmode=2755",
      "dmode=2755 is a decimal number and means 05303", "write dmode=02755" },
    { "comma-in-path", "-fsdev local,id=a,path=/a,b,security_model=none",
      "no option 'b'", "write a comma as ',,'" },
    { "unknown", "-fsdev " LOCAL_NONE ",cache=loose", "no option 'cache'",
      "id, fsdriver, path, security_model, readonly" },
    { "mount-tag-of-fsdev", "-fsdev " LOCAL_NONE ",mount_tag=a",
      "no option 'mount_tag'", "id, fsdriver, path" },
    { "throttling", "-fsdev " LOCAL_NONE
      ",throttling.bps-total=5,throttling.bps-read=5", "throttling",
      "cannot be used at the same time" },
    { "throttling-length", "-fsdev " LOCAL_NONE
      ",throttling.iops-total=5,throttling.iops-total-max-length=0",
      "throttling", "cannot be 0" },
    { "uidmap/piece", "-fsdev " LOCAL_NONE ",uidmap=0:1000:1+squash",
      "uidmap '0:1000:1+squash': 'squash'", "GUEST:HOST:COUNT" },
    { "uidmap/number", "-fsdev " LOCAL_NONE ",uidmap=0:root:1",
      "'root' in '0:root:1'", "squash:HOST" },
    { "uidmap/overlap", "-fsdev " LOCAL_NONE ",uidmap=0:5:9+8:100:1",
      "'8:100:1' has guest ids that '0:5:9' has", "GUEST:HOST:COUNT" },
    { "gidmap/count", "-fsdev " LOCAL_NONE ",gidmap=0:1000:0",
      "gidmap '0:1000:0': the count", "GUEST:HOST:COUNT" },
    { "xattrs/word", "-fsdev " LOCAL_NONE ",xattrs=none",
      "invalid xattrs: invalid rule 'none'", "allowed: user, all" },
    { "xattrs/name", "-fsdev " LOCAL_NONE ",xattrs=allow:system.a",
      "unknown name space in 'allow:system.a'", "security.*, trusted.*" },
    { "xattrs/user", "-fsdev " LOCAL_NONE ",xattrs=allow:user.*",
      "only 'deny' is possible in 'allow:user.*'", "security.* and trusted.*" },
    { "xattrs/empty", "-fsdev " LOCAL_NONE ",xattrs=", "invalid rule ''",
      "allowed: user, all" },
    { "xattrs/proxy-prefix",
      "-fsdev proxy,id=a,socket=/s,xattrs=deny:user.a/prefix:*",
      "the helper adds the prefix", "--allow-xattrs=prefix" },
    { "xattrs/synth", "-fsdev synth,id=a,xattrs=all", "'xattrs'",
      "id, fsdriver, readonly, max_xattr" },
    { "uidmap/synth", "-fsdev synth,id=a,uidmap=0:1000:1", "'uidmap'",
      "id, fsdriver, readonly, max_xattr" },
    { "local-with-socket", "-fsdev " LOCAL_NONE ",socket=/s", "'socket'",
      "multidevs, max_xattr, max_fids, max_locks, max_memory, max_bytes, "
      "max_files, locks, statfs, cache-hint, nested-export, xattrs, uidmap, "
      "gidmap, throttling.*" },
    { "proxy-without-socket", "-fsdev proxy,id=a",
      "neither socket nor sock_fd", "socket=<path> or sock_fd=<number>" },
    { "proxy-with-both", "-fsdev proxy,id=a,socket=/s,sock_fd=3",
      "exclude each other", "socket=<path> or sock_fd=<number>" },
    { "proxy-sock-fd", "-fsdev proxy,id=a,sock_fd=2", "sock_fd '2'",
      "from 3 on" },
    { "proxy-with-path", "-fsdev proxy,id=a,socket=/s,path=/", "'path'",
      "socket, sock_fd, readonly, writeout, multidevs, max_xattr, max_fids" },
    { "proxy-with-security-model",
      "-fsdev proxy,id=a,socket=/s,security_model=none", "'security_model'",
      "id, fsdriver, socket" },
    { "synth-with-path", "-fsdev synth,id=a,path=/", "'path'",
      "id, fsdriver, readonly, max_xattr" },
    { "synth-with-throttling", "-fsdev synth,id=a,throttling.bps-total=5",
      "'throttling.bps-total'", "id, fsdriver, readonly, max_xattr" },
    { "virtfs/no-tag", "-virtfs local,path=/,security_model=none",
      "mount_tag", "guest" },
    { "virtfs/two-tags", "-virtfs synth,mount_tag=a,mnt_tag=b",
      "mount_tag 'a' and mnt_tag 'b'", "give one" },
    { "virtfs/tag-no-id", "-virtfs synth,mount_tag=/share", "'/share'",
      "id=" },
    { "virtfs/id-taken", "-fsdev synth,id=a -virtfs synth,mount_tag=a",
      "'a'", "id=" },
    { "virtfs/driver", "-virtfs disk,mount_tag=a", "'disk'",
      "local, proxy, synth" },
    { "virtfs/fmode-of-none",
      "-virtfs local,path=/,security_model=none,mount_tag=a,fmode=0600",
      "fmode", "mapped-xattr or mapped-file" },
    { "virtfs/unknown", "-virtfs local,path=/,security_model=none,"
      "mount_tag=a,cache=loose", "no option 'cache'", "id, fsdriver, path" },
    { "virtfs/comma-in-path",
      "-virtfs local,path=/a,nob,security_model=none,mount_tag=a",
      "no option 'b'", "write a comma as ',,'" },
    { "virtfs/gidmap", "-virtfs local,path=/,security_model=none,mount_tag=a,"
      "gidmap=1:2:3:4", "gidmap '1:2:3:4': '1:2:3:4'", "GUEST:HOST:COUNT" },
    { "virtfs/proxy-without-socket", "-virtfs proxy,mount_tag=a",
      "neither socket nor sock_fd", "socket=<path> or sock_fd=<number>" },
    { "virtfs/synth-with-path", "-virtfs synth,mount_tag=a,path=/", "'path'",
      "id, fsdriver, readonly, max_xattr" },
};

static void test_refused(gconstpointer opaque)
{
    const Refused *row = opaque;
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(run_qemu(row->args, &out, &err), ==, 1);
    assert_contains(err, row->names);
    assert_contains(err, row->allowed);
}

/* Devices that are refused when they are created */
static const Refused refused_devices[] = {
    { "no-directory", "-fsdev local,id=s,path=/nobody/has/this,"
      "security_model=none " DEVICE, "cannot open '/nobody/has/this'",
      "fsdev 's'" },
    { "no-helper", "-fsdev proxy,id=s,socket=/nobody/listens " DEVICE,
      "socket '/nobody/listens'",
      "virtfs-proxy-helper -p DIR -s /nobody/listens -u " },
    { "own-thread-and-iothread", "-object iothread,id=io " SYNTH DEVICE
      ",own-thread=on,iothread=io", "own-thread=on and iothread=",
      "give one of them" },
    { "iothread-without-ioeventfd", "-object iothread,id=io " SYNTH DEVICE
      ",iothread=io,ioeventfd=off", "iothread=", "needs ioeventfd=on" },
};

/* What is accepted with a warning */
static const Refused warned[] = {
    { "fmode-looks-octal", "-fsdev " MAPPED ",fmode=420",
      "fmode=420 is a decimal number and means 0644", "begin with 0" },
    { "mode-of-more-bits", "-fsdev " MAPPED ",dmode=04755",
      "only the bits 0755", "dmode=04755" },
    { "same-tag", SYNTH DEVICE " " DEVICE, "mount tag 'x' is that of another",
      "a mount_tag of its own" },
};

/* Options that QEMU's own 9pfs accepts, and our own ones */
static const char *const accepted[] = {
    "synth,id=a",
    "synth,id=a,readonly=on,max_xattr=0",
    "synth,id=a,max_fids=0,max_locks=0,max_memory=0",
    "fsdriver=synth,id=a,readonly=off",
    "local,id=a,path=/,security_model=passthrough,readonly=on",
    "local,id=a,path=/,security_model=none,writeout=immediate",
    "local,id=a,path=/,security_model=mapped,fmode=0640,dmode=0750",
    "local,id=a,path=/,security_model=mapped-file,fmode=0100644,dmode=04755",
    "local,id=a,path=/,security_model=mapped-xattr,multidevs=forbid",
    "local,id=a,path=/,security_model=none,multidevs=warn,max_xattr=4294967295",
    "local,id=a,path=/,security_model=none,multidevs=remap,max_xattr=0",
    "local,id=a,path=/,security_model=none,max_fids=5,max_locks=1,"
        "max_memory=1M",
    "local,id=a,path=/,security_model=mapped-file,max_bytes=1,max_files=1",
    "proxy,id=a,socket=/s,max_bytes=0,max_files=9223372036854775807",
    "local,id=a,path=/,security_model=none,statfs=host,cache-hint=on",
    "local,id=a,path=/,security_model=none,statfs=v9fs,cache-hint=off",
    "local,id=a,path=/,security_model=none,nested-export=on",
    "local,id=a,path=/nobody/has/this,security_model=none",
    "local,id=a,path=/,security_model=mapped,xattrs=user",
    "local,id=a,path=/,security_model=none,xattrs=all",
    "local,id=a,path=/,security_model=none,"
        "xattrs=allow:security.selinux/prefix:*",
    "proxy,id=a,socket=/s,xattrs=allow:security.capability/deny:user.*",
    "local,id=a,path=/,security_model=none,uidmap=0:1000:1,gidmap=squash:5",
    "local,id=a,path=/,security_model=mapped,uidmap=0:1000:1+1:100000:65535",
    "local,id=a,path=/,security_model=mapped,gidmap=0:1000:1,,1:100000:65535",
    "proxy,id=a,socket=/nobody/listens,readonly=on,writeout=immediate",
    "proxy,id=a,sock_fd=3,multidevs=forbid,max_xattr=0,locks=off",
    "proxy,id=a,socket=/s,throttling.iops-total=10",
    "proxy,id=a,socket=/s,uidmap=0:1000:1,statfs=v9fs,cache-hint=off",
    "local,id=a,path=/,security_model=none,throttling.bps-total=1000,"
        "throttling.bps-total-max=2000,throttling.bps-total-max-length=3,"
        "throttling.iops-read=10,throttling.iops-write=10,"
        "throttling.iops-size=4096",
};

static void test_refused_device(gconstpointer opaque)
{
    const Refused *row = opaque;
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(run_machine("pc", row->args, &out, &err), ==, 1);
    assert_contains(err, row->names);
    assert_contains(err, row->allowed);
}

static void test_warned(gconstpointer opaque)
{
    const Refused *row = opaque;
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(run_machine("pc", row->args, &out, &err), ==, 0);
    assert_contains(err, row->names);
    assert_contains(err, row->allowed);
}

static void test_accepted(gconstpointer opaque)
{
    QTestState *qts = qtest_initf("-M none -fsdev %s", (const char *)opaque);

    qtest_quit(qts);
}

static void test_help_lists_drivers(void)
{
    static const char *const args[] = {
        "-fsdev help", "-fsdev ?", "-virtfs help", "-fsdev disk,help"
    };

    for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
        g_autofree char *out = NULL, *err = NULL;

        g_assert_cmpint(run_qemu(args[i], &out, &err), ==, 0);
        assert_contains(out, "  local ");
        assert_contains(out, "  proxy ");
        assert_contains(out, "  synth ");
        assert_contains(out, "virtio-9p " VIRTFS_VERSION "\n");
    }
}

/* The help of a driver lists its options and their defaults, and no others. */
static void test_help_lists_options(void)
{
    g_autofree char *local = NULL, *synth = NULL, *err = NULL, *err2 = NULL;

    g_assert_cmpint(run_qemu("-fsdev local,help", &local, &err), ==, 0);
    g_assert_cmpint(run_qemu("-virtfs synth,id=x,help", &synth, &err2), ==, 0);
    assert_contains(local, "path=<string>");
    assert_contains(local, "(default: 0600)");
    assert_contains(local, "(default: 0700)");
    assert_contains(local, "(default: remap)");
    assert_contains(local, "throttling.iops-write-max-length=<number>");
    assert_contains(local, "throttling.iops-size=<number>");
    assert_contains(local, "mount_tag=<string>");
    g_assert_null(strstr(local, "socket="));
    assert_contains(synth, "max_xattr=<number>");
    assert_contains(synth, "(default: 1024)");
    g_assert_null(strstr(synth, "path="));
    g_assert_null(strstr(synth, "throttling"));
}

/* Scripts use the names of QEMU's own 9pfs. */
static void test_trace_events_have_old_names(void)
{
    static const char *const names[] = {
        "p9_request", "p9_reply", "v9fs_version", "v9fs_walk",
        "v9fs_walk_return", "v9fs_open", "v9fs_open_return", "v9fs_clunk",
        "v9fs_readdir", "v9fs_setattr_return", "v9fs_rerror", "v9fs_rcancel",
    };
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(run_qemu("-trace help", &out, &err), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *line = g_strdup_printf("%s\n", names[i]);

        assert_contains(out, line);
    }
}

/* "help" as the value of an option is not a request for help. */
static void test_help_is_not_a_value(void)
{
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(run_qemu("-fsdev local,id=a,path=help", &out, &err), ==,
                    1);
    assert_contains(err, "security_model");
    g_assert_cmpstr(out, ==, "");
}

/* Management programs learn of the options by this QMP command. */
static void test_options_have_help(gconstpointer group)
{
    QTestState *qts = qtest_init("-M none");
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-command-line-options',"
                                  "  'arguments': { 'option': %s } }",
                             (const char *)group);
    QList *list = qdict_get_qlist(reply, "return");
    QDict *entry = qobject_to(QDict, qlist_peek(list));
    QList *parameters = qdict_get_qlist(entry, "parameters");
    const QListEntry *item;

    /* At least 11 options, and 19 for throttling */
    g_assert_cmpuint(qlist_size(parameters), >=, 30);
    QLIST_FOREACH_ENTRY(parameters, item) {
        QDict *parameter = qobject_to(QDict, qlist_entry_obj(item));

        if (!qdict_haskey(parameter, "help")) {
            g_error("no help for %s", qdict_get_str(parameter, "name"));
        }
    }
    qobject_unref(reply);
    qtest_quit(qts);
}

/* Checks device number @index of those without an id, in their order */
static void assert_device(QTestState *qts, int index, const char *fsdev,
                          const char *tag)
{
    static const char *const names[] = { "fsdev", "mount_tag" };
    const char *const values[] = { fsdev, tag };
    g_autofree char *path = g_strdup_printf(
        "/machine/peripheral-anon/device[%d]", index);

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        QDict *reply = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': "
                                      "{ 'path': %s, 'property': %s } }",
                                 path, names[i]);

        g_assert_cmpstr(qdict_get_try_str(reply, "return"), ==, values[i]);
        qobject_unref(reply);
    }
}

static void test_virtfs_tags(void)
{
    QTestState *qts = qtest_init(
        "-M pc -nodefaults -virtfs synth,mount_tag=one "
        "-virtfs synth,mnt_tag=two -virtfs synth,id=c,mount_tag=/three "
        "-virtfs synth,id=d,mount_tag=four,mnt_tag=four");

    assert_device(qts, 0, "one", "one");
    assert_device(qts, 1, "two", "two");
    assert_device(qts, 2, "c", "/three");
    assert_device(qts, 3, "d", "four");
    qtest_quit(qts);
}

/*
 * The device of -virtfs keeps its place in the order of the command line, and
 * with it its slot on the bus.
 */
static void test_virtfs_order(void)
{
    QTestState *qts = qtest_init(
        "-M pc -nodefaults -fsdev synth,id=b "
        "-device virtio-9p-pci,fsdev=b,mount_tag=first "
        "-virtfs synth,mount_tag=second "
        "-device virtio-9p-pci,fsdev=b,mount_tag=third");

    assert_device(qts, 0, "b", "first");
    assert_device(qts, 1, "second", "second");
    assert_device(qts, 2, "b", "third");
    qtest_quit(qts);
}

static void test_virtfs_all_options(void)
{
    QTestState *qts = qtest_init(
        "-M pc -nodefaults -virtfs local,mount_tag=a,path=/,"
        "security_model=mapped-xattr,readonly=on,writeout=immediate,"
        "fmode=0640,dmode=0750,multidevs=warn,max_xattr=5,"
        "max_fids=1000,max_locks=10,max_memory=8M,max_bytes=1T,max_files=9,"
        "uidmap=0:1000:1+squash:65534,gidmap=0:1000:1,"
        "statfs=v9fs,cache-hint=off,nested-export=on,xattrs=all,"
        "throttling.iops-total=1000,throttling.iops-size=4096");

    assert_device(qts, 0, "a", "a");
    qtest_quit(qts);
}

static void test_virtfs_section(void)
{
    static const char text[] =
        "[virtfs \"v\"]\n"
        "  fsdriver = \"synth\"\n"
        "  mount_tag = \"section\"\n"
        "[virtfs]\n"
        "  fsdriver = \"synth\"\n"
        "  mnt_tag = \"anonymous\"\n";
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("p9-options-XXXXXX", &path, NULL);
    QTestState *qts;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, strlen(text));
    close(fd);
    qts = qtest_initf("-M pc -nodefaults -readconfig %s "
                      "-virtfs synth,mount_tag=switch", path);
    assert_device(qts, 0, "switch", "switch");
    assert_device(qts, 1, "v", "section");
    assert_device(qts, 2, "anonymous", "anonymous");
    qtest_quit(qts);
    unlink(path);
}

static void test_two_devices_on_one_fsdev(void)
{
    QTestState *qts = qtest_init(
        "-M pc -nodefaults -fsdev synth,id=s "
        "-device virtio-9p-pci,fsdev=s,mount_tag=a "
        "-device virtio-9p-pci,fsdev=s,mount_tag=b");

    assert_device(qts, 0, "s", "a");
    assert_device(qts, 1, "s", "b");
    qtest_quit(qts);
}

/* Plugs a device that uses @fsdev; returns the error text, NULL for success. */
static char *plug(QTestState *qts, const char *fsdev)
{
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'device_add', 'arguments': {"
                                  " 'driver': 'virtio-9p-pci', 'fsdev': %s,"
                                  " 'mount_tag': 'tag' } }", fsdev);
    char *text = NULL;

    if (qdict_haskey(reply, "error")) {
        text = g_strdup(qdict_get_str(qdict_get_qdict(reply, "error"),
                                      "desc"));
    }
    qobject_unref(reply);
    return text;
}

/* The directory must exist when a device uses it, but not before. */
static void test_directory_comes_later(void)
{
    g_autofree char *dir = g_dir_make_tmp("p9-options-XXXXXX", NULL);
    QTestState *qts;
    g_autofree char *error = NULL, *none = NULL, *unknown = NULL;

    g_assert_nonnull(dir);
    rmdir(dir);
    qts = qtest_initf("-M pc -nodefaults "
                      "-fsdev local,id=late,path=%s,security_model=none", dir);
    error = plug(qts, "late");
    g_assert_nonnull(error);
    assert_contains(error, "late");
    assert_contains(error, dir);
    g_assert_cmpint(mkdir(dir, 0700), ==, 0);
    none = plug(qts, "late");
    g_assert_cmpstr(none, ==, NULL);
    unknown = plug(qts, "other");
    g_assert_nonnull(unknown);
    assert_contains(unknown, "other");
    assert_contains(unknown, "late");
    qtest_quit(qts);
    rmdir(dir);
}

static void add_rows(const char *group, const Refused *rows, size_t count,
                     void (*test)(gconstpointer))
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("virtio-9p-options/%s/%s",
                                                group, rows[i].name);

        qtest_add_data_func(path, &rows[i], test);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_rows("refused", refused, ARRAY_SIZE(refused), test_refused);
    add_rows("refused-device", refused_devices, ARRAY_SIZE(refused_devices),
             test_refused_device);
    add_rows("warned", warned, ARRAY_SIZE(warned), test_warned);
    for (size_t i = 0; i < ARRAY_SIZE(accepted); i++) {
        g_autofree char *path = g_strdup_printf(
            "virtio-9p-options/accepted/%zu", i);

        qtest_add_data_func(path, accepted[i], test_accepted);
    }
    qtest_add_func("virtio-9p-options/help/drivers", test_help_lists_drivers);
    qtest_add_func("virtio-9p-options/help/options", test_help_lists_options);
    qtest_add_func("virtio-9p-options/help/is-not-a-value",
                   test_help_is_not_a_value);
    qtest_add_func("virtio-9p-options/trace-events-have-old-names",
                   test_trace_events_have_old_names);
    qtest_add_data_func("virtio-9p-options/help/qmp/fsdev", "fsdev",
                        test_options_have_help);
    qtest_add_data_func("virtio-9p-options/help/qmp/virtfs", "virtfs",
                        test_options_have_help);
    qtest_add_func("virtio-9p-options/virtfs/tags", test_virtfs_tags);
    qtest_add_func("virtio-9p-options/virtfs/order", test_virtfs_order);
    qtest_add_func("virtio-9p-options/virtfs/all-options",
                   test_virtfs_all_options);
    qtest_add_func("virtio-9p-options/virtfs/section", test_virtfs_section);
    qtest_add_func("virtio-9p-options/two-devices-on-one-fsdev",
                   test_two_devices_on_one_fsdev);
    qtest_add_func("virtio-9p-options/directory-comes-later",
                   test_directory_comes_later);
    return g_test_run();
}
