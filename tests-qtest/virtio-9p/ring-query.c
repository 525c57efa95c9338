/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a running device tells monitors: properties for QMP, "info 9p" for HMP.
 */
#include "qemu/osdep.h"
#include "ring-client.h"
#include "ring-qobject.h"

#define BACKEND "/machine/peripheral/share0/virtio-backend"

static RingDev *start(const char *options)
{
    RingVm *vm;
    RingDev *d;

    ring_host_put("f", "content", 7);
    vm = ring_vm_new("-fsdev local,id=fs0,path=%s,security_model=mapped-xattr%s"
                     " -device virtio-9p-pci,id=share0,fsdev=fs0,"
                     "mount_tag=ring,addr=%d", ring_dir(), options, RING_SLOT);
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    return d;
}

#define PATIENCE_US (20 * 1000000ll)

/* The answer of qom-get; to be unreferenced. */
static QDict *qom_get(RingDev *d, const char *property)
{
    return qtest_qmp(d->vm->qts, "{ 'execute': 'qom-get', 'arguments': "
                     "{ 'path': %s, 'property': %s } }", BACKEND, property);
}

/* On a busy host the device's thread may not answer in time at once. */
static QDict *get_dict(RingDev *d, const char *property)
{
    int64_t end = ring_now() + PATIENCE_US;
    QDict *answer = qom_get(d, property);

    while (!qdict_haskey(answer, "return") && ring_now() < end) {
        qobject_unref(answer);
        answer = qom_get(d, property);
    }
    ring_check(qdict_haskey(answer, "return"), "qom-get %s: expected a value",
               property);
    return answer;
}

static void share_is_described(void)
{
    RingDev *d = start(",readonly=on");
    QDict *answer = get_dict(d, "share");
    const QDict *share = qdict_get_qdict(answer, "return");

    ring_check_str("tag", qdict_get_str(share, "mount-tag"), "ring");
    ring_check_str("fsdev", qdict_get_str(share, "fsdev"), "fs0");
    ring_check_str("path", qdict_get_str(share, "path"), ring_dir());
    ring_check_str("model", qdict_get_str(share, "security-model"),
                   "mapped-xattr");
    ring_check(qdict_get_bool(share, "readonly"), "expected readonly");
    ring_check(qdict_get_int(qdict_get_qdict(share, "usage"),
                             "descriptors-max") > 0,
               "expected a limit of descriptors");
    qobject_unref(answer);
}

/* What serves the device, which is not always what was asked for. */
static void served_by_is_what_serves(void)
{
    static const struct {
        const char *options, *served_by;
    } rows[] = {
        { "own-thread=on", "own thread" },
        { "own-thread=off", "main loop" },
        { "iothread=io0", "iothread" },
        { "iothread=io0,iommu_platform=on,disable-legacy=on", "main loop" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        RingVm *vm = ring_vm_new("-object iothread,id=io0 -fsdev synth,id=fs0 "
                                 "-device virtio-9p-pci,id=share0,fsdev=fs0,"
                                 "mount_tag=ring,%s", rows[i].options);
        RingDev d = { .vm = vm };
        QDict *answer = get_dict(&d, "share");

        ring_check_str(rows[i].options,
                       qdict_get_str(qdict_get_qdict(answer, "return"),
                                     "served-by"), rows[i].served_by);
        qobject_unref(answer);
        ring_vm_stop(vm);
    }
}

static void session_follows_the_guest(void)
{
    RingDev *d = start("");
    QDict *answer = get_dict(d, "session");
    const QDict *session = qdict_get_qdict(answer, "return");

    ring_check_str("dialect", qdict_get_str(session, "dialect"), "9P2000.L");
    ring_check_int("msize", qdict_get_int(session, "msize"), RING_MSIZE);
    ring_check_int("fids", qdict_get_int(session, "fids"), 1);
    qobject_unref(answer);

    ring_dev_reset(d);
    answer = get_dict(d, "session");
    session = qdict_get_qdict(answer, "return");
    ring_check_str("dialect after a reset", qdict_get_str(session, "dialect"),
                   "none");
    ring_check_int("fids after a reset", qdict_get_int(session, "fids"), 0);
    qobject_unref(answer);
}

static void statistics_count_messages_and_errors(void)
{
    RingDev *d = start("");
    const QDict *statistics, *messages;
    QDict *answer;

    for (unsigned i = 0; i < 100; i++) {
        ring_tgetattr(d, .fid = 0);
    }
    ring_tgetattr(d, .fid = 9, .err = ENOENT);
    answer = get_dict(d, "statistics");
    statistics = qdict_get_qdict(answer, "return");
    messages = qdict_get_qdict(statistics, "messages");
    ring_check_int("Tgetattr", qdict_get_int(qdict_get_qdict(
                       messages, "getattr"), "requests"), 101);
    ring_check_int("Tgetattr that failed", qdict_get_int(qdict_get_qdict(
                       messages, "getattr"), "failed"), 1);
    ring_check(!qdict_haskey(messages, "mkdir"), "Tmkdir was never sent");
    ring_check_int("ENOENT", qdict_get_int(qdict_get_qdict(
                       statistics, "errors"), g_strerror(ENOENT)), 1);
    qobject_unref(answer);
}

static void requests_in_flight_have_an_age_and_a_path(void)
{
    RingDev *d = start(",throttling.iops-total=1");
    const QDict *request;
    QDict *answer;
    RingReq *r;

    d->vm->step_clock = true;
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_tread(d, .fid = 1, .count = 7);
    r = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    ring_tgetattr(d, .fid = 0);     /* after it, the read has been handled */
    ring_check(!r->done, "the second read should be throttled");

    answer = get_dict(d, "requests");
    ring_check_int("requests", qlist_size(qdict_get_qlist(answer, "return")),
                   1);
    request = qobject_to(QDict, qlist_peek(qdict_get_qlist(answer, "return")));
    ring_check_str("message", qdict_get_str(request, "message"), "read");
    ring_check_str("state", qdict_get_str(request, "state"), "throttled");
    ring_check_str("path", qdict_get_str(request, "path"), "/f");
    ring_check(qdict_get_int(request, "age-us") > 0, "expected an age");
    qobject_unref(answer);
}

static void fids_have_a_path(void)
{
    RingDev *d = start("");
    const QListEntry *e;
    bool found = false;
    QDict *answer;

    ring_twalk(d, .fid = 0, .newfid = 5, .names = { "f" });
    answer = get_dict(d, "fids");
    QLIST_FOREACH_ENTRY(qdict_get_qlist(answer, "return"), e) {
        const QDict *fid = qobject_to(QDict, qlist_entry_obj(e));

        found |= qdict_get_int(fid, "fid") == 5 &&
                 !strcmp(qdict_get_str(fid, "path"), "/f");
    }
    ring_check(found, "fid 5 should be /f");
    qobject_unref(answer);
}

static void monitor_prints_them(void)
{
    RingDev *d = start("");
    static const struct {
        const char *command, *expect;
    } rows[] = {
        { "info 9p", "ring: fsdev fs0, local " },
        { "info 9p share0", "getattr" },
        { "info 9p ring", "served by: " },
        { "info 9p share0 fids", "fid          0" },
        { "info 9p share0 requests", "no requests" },
        { "info 9p share0 locks", "no locks" },
        { "info 9p share0 latency", "running" },
        { "info 9p share0 colours", "allowed: fids, requests, locks, latency" },
        { "info 9p other", "there is no 9p device" },
    };

    ring_tgetattr(d, .fid = 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = ring_vm_hmp(d->vm, rows[i].command);

        ring_check_contains(rows[i].command, text, rows[i].expect);
    }
}

/* One reading of 9p-top as JSON, to be freed; skips the test without it. */
static char *read_top(const char *socket)
{
    const char *script = g_getenv("P9_TOP_SCRIPT");
    const char *argv[] = { "python3", script, "--json", "--count=1", socket,
                           NULL };
    g_autofree char *errors = NULL;
    char *text = NULL;
    int status;

    if (!script) {
        ring_skip("P9_TOP_SCRIPT does not name the script");
    }
    ring_check(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH,
                            NULL, NULL, &text, &errors, &status, NULL),
               "9p-top could not be started");
    ring_check(status == 0, "9p-top failed: %s", errors);
    return text;
}

static void top_finds_the_devices(void)
{
    g_autofree char *socket = ring_host_path("top.qmp");
    g_autofree char *text = NULL;
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -fsdev synth,id=fs1 "
                             "-device virtio-9p-pci,id=share0,fsdev=fs0,"
                             "mount_tag=one,addr=%d "
                             "-device virtio-9p-pci,fsdev=fs1,mount_tag=two "
                             "-qmp unix:%s,server=on,wait=off", RING_SLOT,
                             socket);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    text = read_top(socket);
    ring_check_contains("the device with an id", text,
                        "\"mount-tag\": \"one\"");
    ring_check_contains("the device without an id", text,
                        "\"mount-tag\": \"two\"");
    ring_check_contains("its messages", text, "\"message\": \"attach\"");
}

static void monitor_without_devices(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");
    g_autofree char *text = qtest_hmp(vm->qts, "info 9p");

    ring_check_contains("info 9p", text, "no 9p devices");
}

void ring_register_query_tests(void)
{
    ring_add("query/share", share_is_described);
    ring_add("query/served-by", served_by_is_what_serves);
    ring_add("query/session", session_follows_the_guest);
    ring_add("query/statistics", statistics_count_messages_and_errors);
    ring_add("query/requests", requests_in_flight_have_an_age_and_a_path);
    ring_add("query/fids", fids_have_a_path);
    ring_add("query/monitor", monitor_prints_them);
    ring_add("query/top", top_finds_the_devices);
    ring_add("query/no-devices", monitor_without_devices);
}
