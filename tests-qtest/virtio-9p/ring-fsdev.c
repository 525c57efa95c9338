/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exports that monitors add, change and remove.
 */
#include "qemu/osdep.h"
#include "ring-client.h"
#include "ring-qobject.h"

/* The error of a command on fsdevs, to be freed; NULL for success. */
static char *run(RingVm *vm, const char *json)
{
    QDict *answer, *error;
    char *text = NULL;

    qtest_qmp_send_raw(vm->qts, "%s", json);
    answer = qtest_qmp_receive(vm->qts);
    error = qdict_get_qdict(answer, "error");
    if (error) {
        text = g_strdup(qdict_get_str(error, "desc"));
    }
    qobject_unref(answer);
    return text;
}

static char *fsdev_add(RingVm *vm, const char *options)
{
    g_autofree char *json =
        g_strdup_printf("{'execute': 'x-fsdev-add', 'arguments': "
                        "{'options': '%s'}}", options);

    return run(vm, json);
}

static char *fsdev_del(RingVm *vm, const char *id)
{
    g_autofree char *json =
        g_strdup_printf("{'execute': 'x-fsdev-del', 'arguments': "
                        "{'id': '%s'}}", id);

    return run(vm, json);
}

static char *fsdev_set(RingVm *vm, const char *id, const char *options)
{
    g_autofree char *json =
        g_strdup_printf("{'execute': 'x-fsdev-set', 'arguments': "
                        "{'id': '%s', 'options': '%s'}}", id, options);

    return run(vm, json);
}

static void check_done(char *error)
{
    ring_check(!error, "expected success, got \"%s\"", error);
}

static void check_refused(char *error, const char *part)
{
    ring_check(error, "expected an error with \"%s\"", part);
    ring_check_contains("error", error, part);
    g_free(error);
}

static RingVm *empty_vm(void)
{
    return ring_vm_new("-nodefaults");
}

static void add_scratch(RingVm *vm)
{
    g_autofree char *options =
        g_strdup_printf("local,id=fs0,path=%s,security_model=mapped-xattr",
                        ring_dir());

    ring_host_put("f", "content", 7);
    check_done(fsdev_add(vm, options));
}

static RingDev *plug(RingVm *vm)
{
    RingDev *d = ring_dev_plug(vm);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static void unplug(RingDev *d)
{
    ring_dev_unplug(d);
    ring_dev_close(d);
}

static void added_is_used_and_removed(void)
{
    RingVm *vm = empty_vm();

    for (int i = 0; i < 3; i++) {
        RingDev *d;

        add_scratch(vm);
        d = plug(vm);
        ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
        check_refused(fsdev_del(vm, "fs0"), "mount tag 'ring'");
        unplug(d);
        check_done(fsdev_del(vm, "fs0"));
        check_refused(fsdev_del(vm, "fs0"), "there is no fsdev 'fs0'");
    }
}

static void failed_add_leaves_nothing(void)
{
    RingVm *vm = empty_vm();

    check_refused(fsdev_add(vm, "local,id=fs0,path=/"), "security_model");
    check_refused(fsdev_add(vm, "remote,id=fs0"), "the drivers are");
    check_refused(fsdev_add(vm, "synth,id=fs0,colour=red"), "colour");
    check_refused(fsdev_add(vm, "synth"), "id");
    check_done(fsdev_add(vm, "synth,id=fs0"));
    check_refused(fsdev_add(vm, "synth,id=fs0"), "fs0");
    plug(vm);
}

static void readonly_changes_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    check_done(fsdev_set(vm, "fs0", "readonly=on"));
    ring_tmkdir(d, .fid = 0, .name = "d", .mode = 0755, .err = EROFS);
    ring_twrite(d, .fid = 1, .data = "x", .count = 1, .err = EROFS);
    ring_tread(d, .fid = 1, .count = 7);
    check_done(fsdev_set(vm, "fs0", "readonly=off"));
    ring_tmkdir(d, .fid = 0, .name = "d", .mode = 0755);
    ring_twrite(d, .fid = 1, .data = "x", .count = 1);
}

/* A new limit holds; when it is lifted, what waits goes on at once. */
static void limits_change_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    RingReq *waits[4];
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    check_done(fsdev_set(vm, "fs0", "throttling.bps-total=1"));
    ring_tread(d, .fid = 1, .count = 7);
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        waits[i] = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0,
                                         7));
    }
    ring_tgetattr(d, .fid = 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        ring_check(!waits[i]->done, "read %u should wait", i);
    }
    check_done(fsdev_set(vm, "fs0", "throttling.bps-total=0"));
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        ring_expect_done(waits[i], RING_TREAD, 0);
    }
    ring_tread(d, .fid = 1, .count = 7);
}

/* Requests about names and attributes wait; reads and clunks do not. */
static void metadata_limit_changes_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    g_autofree char *info = NULL;
    RingReq *waits[3];
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    check_done(fsdev_set(vm, "fs0", "throttling.meta-total=1"));
    ring_tgetattr(d, .fid = 0);
    waits[0] = ring_send(d, ring_msg(RING_TGETATTR, "48", 1, (uint64_t)-1));
    waits[1] = ring_send(d, ring_msg(RING_TSTATFS, "4", 0));
    waits[2] = ring_send(d, ring_msg(RING_TMKDIR, "4s44", 0, "d", 0755, 0));
    for (unsigned i = 0; i < 5; i++) {
        ring_tread(d, .fid = 1, .count = 7);
    }
    ring_tclunk(d, .fid = 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(waits); i++) {
        ring_check(!waits[i]->done, "request %u should wait", i);
    }
    info = ring_vm_hmp(vm, "info 9p ring requests");
    ring_check_contains("info 9p", info, "throttled");
    check_done(fsdev_set(vm, "fs0", "throttling.meta-total=0"));
    ring_expect_done(waits[0], RING_TGETATTR, 0);
    ring_expect_done(waits[1], RING_TSTATFS, 0);
    ring_expect_done(waits[2], RING_TMKDIR, 0);
    ring_tgetattr(d, .fid = 0);
}

/* Two exports have one limit, and each can change it for both. */
static void group_shares_its_limits(void)
{
    RingVm *vm = ring_vm_new("-fsdev local,id=fs0,path=%s,security_model=none,"
                             "throttling.group=g,throttling.iops-total=1 "
                             "-fsdev local,id=fs1,path=%s,security_model=none,"
                             "throttling.group=g "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=a,"
                             "addr=4 "
                             "-device virtio-9p-pci,fsdev=fs1,mount_tag=b,"
                             "addr=5", ring_dir(), ring_dir());
    g_autofree char *info = ring_vm_hmp(vm, "info 9p b");
    RingDev *dev[2];
    RingReq *waits;

    ring_check_contains("info 9p", info, "throttled as a member of g");
    ring_host_put("f", "content", 7);
    for (int i = 0; i < 2; i++) {
        dev[i] = ring_dev_open(vm, 4 + i);
        ring_dev_start(dev[i]);
        ring_mount(dev[i]);
        ring_twalk(dev[i], .fid = 0, .newfid = 1, .names = { "f" });
        ring_tlopen(dev[i], .fid = 1, .flags = RING_O_RDONLY);
    }
    ring_tread(dev[0], .fid = 1, .count = 7);
    waits = ring_send(dev[1], ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    ring_tgetattr(dev[1], .fid = 0);
    ring_check(!waits->done, "the other export has used up the rate");
    check_done(fsdev_set(vm, "fs0", "throttling.iops-total=0"));
    ring_expect_done(waits, RING_TREAD, 0);
    check_refused(fsdev_set(vm, "fs0", "throttling.group=h"),
                  "cannot be changed");
}

/* The first limits of a group count, also for exports in use. */
static void group_gets_limits_later(void)
{
    RingVm *vm = empty_vm();
    RingReq *waits;
    RingDev *d;

    ring_host_put("f", "content", 7);
    check_done(fsdev_add(vm, g_strdup_printf(
        "local,id=fs0,path=%s,security_model=none,throttling.group=g",
        ring_dir())));
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    check_done(fsdev_add(vm, "local,id=a,path=/,security_model=none,"
                         "throttling.group=g,throttling.iops-read=1"));
    check_done(fsdev_add(vm, "local,id=b,path=/,security_model=none,"
                         "throttling.group=g,throttling.iops-read=1"));
    check_refused(fsdev_add(vm, "local,id=c,path=/,security_model=none,"
                            "throttling.group=g,throttling.iops-read=2"),
                  "throttling.group 'g' has other limits already");
    ring_tread(d, .fid = 1, .count = 7);
    waits = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    ring_tgetattr(d, .fid = 0);
    ring_check(!waits->done, "expected the limit of the group");
    check_done(fsdev_set(vm, "b", "throttling.iops-read=0"));
    ring_expect_done(waits, RING_TREAD, 0);
}

static void locks_change_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("lock", ring_tlock(d, .fid = 1, .type = 1, .length = 4,
                                      .proc_id = 1, .client_id = "c"), 0);
    check_done(fsdev_set(vm, "fs0", "locks=off"));
    /* This unlock still reaches the host, … */
    ring_check_int("unlock", ring_tlock(d, .fid = 1, .type = 2, .length = 4,
                                        .proc_id = 1, .client_id = "c"), 0);
    /* … where another process would get the lock now. */
    check_done(fsdev_set(vm, "fs0", "locks=on"));
    ring_check_int("type", ring_tgetlock(d, .fid = 1, .type = 1, .length = 4,
                                         .proc_id = 2, .client_id = "e").type,
                   2);
}

static void get_quota(RingDev *d, int64_t bytes, int64_t files)
{
    QDict *answer, *quota;

    do {
        answer = qtest_qmp(d->vm->qts, "{ 'execute': 'qom-get', 'arguments': "
                           "{ 'path': '/machine/peripheral/hot/"
                           "virtio-backend', 'property': 'share' } }");
        quota = qdict_get_qdict(qdict_get_qdict(answer, "return"), "quota");
        ring_check(quota, "expected a quota");
        if (!qdict_get_bool(quota, "counting")) {
            break;
        }
        qobject_unref(answer);
    } while (true);
    ring_check_int("bytes", qdict_get_int(quota, "bytes"), bytes);
    ring_check_int("files", qdict_get_int(quota, "files"), files);
    qobject_unref(answer);
}

static void quota_changes_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    g_autofree char *info = NULL;
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    check_done(fsdev_set(vm, "fs0", "max_files=2,max_bytes=8K"));
    get_quota(d, 4096, 1);
    ring_tmkdir(d, .fid = 0, .name = "d", .mode = 0755);
    ring_tmkdir(d, .fid = 0, .name = "e", .mode = 0755, .err = ENOSPC);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_twrite(d, .fid = 1, .offset = 8191, .data = "x", .count = 1);
    ring_twrite(d, .fid = 1, .offset = 8192, .data = "x", .count = 1,
                .err = ENOSPC);
    get_quota(d, 8192, 2);
    info = qtest_hmp(vm->qts, "info 9p");
    ring_check_contains("info 9p", info,
                        "quota bytes 8192 of 8192, files 2 of 2");
    check_done(fsdev_set(vm, "fs0", "max_files=0,max_bytes=0"));
    ring_tmkdir(d, .fid = 0, .name = "e", .mode = 0755);
    ring_twrite(d, .fid = 1, .offset = 8192, .data = "x", .count = 1);
    check_done(fsdev_set(vm, "fs0", "max_files=3"));
    ring_tmkdir(d, .fid = 0, .name = "g", .mode = 0755, .err = ENOSPC);
}

static void budgets_change_under_the_guest(void)
{
    RingVm *vm = empty_vm();
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    check_done(fsdev_set(vm, "fs0", "max_fids=2"));
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_twalk(d, .fid = 0, .newfid = 2, .err = EMFILE);
    check_done(fsdev_set(vm, "fs0", "max_fids=3,max_locks=1,max_memory=1M,"
                         "max_xattr=1"));
    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_twalk(d, .fid = 0, .newfid = 3, .err = EMFILE);
    check_refused(fsdev_set(vm, "fs0", "max_fids=9,max_memory=5"),
                  "max_memory '5' is too small");
    ring_twalk(d, .fid = 0, .newfid = 3, .err = EMFILE);
    check_done(fsdev_set(vm, "fs0", "max_fids=0"));
    ring_twalk(d, .fid = 0, .newfid = 3);
}

static void path_changes_while_unused(void)
{
    RingVm *vm = empty_vm();
    g_autofree char *other = ring_host_path("other");
    g_autofree char *option = g_strdup_printf("path=%s", other);
    RingDev *d;

    add_scratch(vm);
    ring_host_mkdir("other");
    ring_host_put("other/inside", "", 0);
    d = plug(vm);
    check_refused(fsdev_set(vm, "fs0", option), "a device uses it");
    unplug(d);
    check_done(fsdev_set(vm, "fs0", option));
    d = plug(vm);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "inside" });
}

static void bad_changes_change_nothing(void)
{
    RingVm *vm = empty_vm();
    RingDev *d;

    add_scratch(vm);
    d = plug(vm);
    check_refused(fsdev_set(vm, "fs0", "security_model=none"),
                  "those that can are");
    check_refused(fsdev_set(vm, "fs0", "readonly=perhaps"), "readonly");
    check_refused(fsdev_set(vm, "fs0", "readonly=on,colour=red"), "colour");
    check_refused(fsdev_set(vm, "fs0", "readonly=on,throttling.bps-total=1,"
                            "throttling.bps-read=1"), "throttling");
    check_refused(fsdev_set(vm, "other", "readonly=on"), "fs0");
    ring_tmkdir(d, .fid = 0, .name = "d", .mode = 0755);
}

static void human_monitor_does_the_same(void)
{
    RingVm *vm = empty_vm();
    g_autofree char *added = qtest_hmp(vm->qts, "fsdev_add synth,id=fs0");
    g_autofree char *again = qtest_hmp(vm->qts, "fsdev_add synth,id=fs0");
    g_autofree char *set = qtest_hmp(vm->qts, "fsdev_set fs0 readonly=on");
    g_autofree char *deleted = qtest_hmp(vm->qts, "fsdev_del fs0");
    g_autofree char *none = qtest_hmp(vm->qts, "fsdev_del fs0");

    ring_check_str("fsdev_add", added, "");
    ring_check_contains("a second fsdev_add", again, "fs0");
    ring_check_str("fsdev_set", set, "");
    ring_check_str("fsdev_del", deleted, "");
    ring_check_contains("a second fsdev_del", none, "there is no fsdev");
}

void ring_register_fsdev_tests(void)
{
    ring_add("fsdev/added", added_is_used_and_removed);
    ring_add("fsdev/failed-add", failed_add_leaves_nothing);
    ring_add("fsdev/readonly", readonly_changes_under_the_guest);
    ring_add("fsdev/limits", limits_change_under_the_guest);
    ring_add("fsdev/metadata-limit", metadata_limit_changes_under_the_guest);
    ring_add("fsdev/group", group_shares_its_limits);
    ring_add("fsdev/group-later", group_gets_limits_later);
    ring_add("fsdev/locks", locks_change_under_the_guest);
    ring_add("fsdev/quota", quota_changes_under_the_guest);
    ring_add("fsdev/budgets", budgets_change_under_the_guest);
    ring_add("fsdev/path", path_changes_while_unused);
    ring_add("fsdev/bad-changes", bad_changes_change_nothing);
    ring_add("fsdev/human-monitor", human_monitor_does_the_same);
}
