/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each system call of each request fails in turn, in each security model: with
 * two of the errors that it can have or, if P9_FAIL_ALL is set, with each.  A
 * request that fails has changed nothing, one that has changed something does
 * not fail: the tree on the host is compared with that from before, or with
 * that after a request of which no call failed.  What may differ is said in
 * failing-world.h; the times of directories always may.  After each request no
 * descriptor and no name is left over, and the export shows the guest the same
 * as one that has nothing in its caches.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/resource.h>
#include "conformance/conformance.h"
#include "fsdev/local/local.h"
#include "lib/fail-call.h"
#include "failing-requests.h"

/* More calls in one request would be a mistake of their own. */
#define MAX_CALLS 200

typedef struct Case {
    const FailingRequest *request;
    World world;
    bool proxy;
    bool planted;               /* the tree and the fids are as they should */
    bool fids;                  /* these are there */
    unsigned names;             /* nodes with the fids, before the request */
    char *before;               /* owned; on the host */
    char *before_allowed;       /* the same without what may change */
    char *done;                 /* owned; after the request has succeeded */
    unsigned failures;
    unsigned requests;
} Case;

/* ---- before a request ------------------------------------------------- */

static void open_fid(World *w, uint32_t fid, int flags)
{
    static const uint8_t modes[] = { 0, 1, 2 };

    if (!strcmp(w->dialect, "9P2000.u")) {
        g_assert_cmpint(ASK(w->c, open, .fid = fid, .mode = modes[flags]), ==,
                        0);
    } else {
        g_assert_cmpint(ASK(w->c, lopen, .fid = fid, .flags = flags), ==, 0);
    }
}

static void make_fids(Case *t)
{
    for (unsigned i = 0; i < REQUEST_FIDS; i++) {
        const char *path = t->request->fid[i].path;

        if (!path) {
            continue;
        }
        g_assert_cmpint(client_walk(t->world.c, 0, i + 1, path), ==, 0);
        if (t->request->fid[i].flags != NOT_OPEN) {
            open_fid(&t->world, i + 1, t->request->fid[i].flags);
        }
    }
    t->fids = true;
}

static void drop_fids(Case *t)
{
    for (unsigned i = 0; i < REQUEST_FIDS; i++) {
        if (t->request->fid[i].path) {
            /* The request may have clunked it. */
            ASK(t->world.c, clunk, .fid = i + 1);
        }
    }
    t->fids = false;
}

static unsigned names_of(Case *t)
{
    NodeTableStats stats;

    node_table_stats(local_table(t->world.export), &stats);
    return stats.names;
}

static void set_up(Case *t)
{
    World *w = &t->world;

    if (!t->planted) {
        if (t->fids) {
            drop_fids(t);
        }
        world_plant(w);
    }
    if (!t->fids) {
        make_fids(t);
    }
    if (!t->planted) {
        if (t->request->prepare) {
            t->request->prepare(w);
        }
        g_free(t->before);
        g_free(t->before_allowed);
        t->before = world_on_host(w, 0);
        t->before_allowed = world_on_host(w, t->request->without);
        t->planted = true;
    }
    t->names = names_of(t);
}

/* ---- after it --------------------------------------------------------- */

static void complain(Case *t, const FailedCall *failed, int ret,
                     const char *what, const char *wanted, const char *got)
{
    const char *call = failed && failed->name ? failed->name : "none";

    g_test_message("%s, result %d, call %u failed: %s, error %s", what, ret,
                   failed ? failed->count : 0, call,
                   failed ? g_strerror(failed->error) : "none");
    if (wanted) {
        g_auto(GStrv) w = g_strsplit(wanted, "\n", -1);
        g_auto(GStrv) g = g_strsplit(got, "\n", -1);

        for (unsigned i = 0; w[i]; i++) {
            if (!g_strv_contains((const char *const *)g, w[i])) {
                g_test_message("- %s", w[i]);
            }
        }
        for (unsigned i = 0; g[i]; i++) {
            if (!g_strv_contains((const char *const *)w, g[i])) {
                g_test_message("+ %s", g[i]);
            }
        }
    }
    t->failures++;
    g_test_fail();
}

/* The watch of stored values makes two descriptors when it is used first. */
static unsigned spare_fds(const Case *t)
{
    return t->world.env.fixture.model == FS_SM_MAPPED_FILE ? 2 : 0;
}

static void check_guest(Case *t, const FailedCall *failed, int ret)
{
    g_autoptr(FsExport) fresh = NULL;
    g_autofree char *cached = world_in_guest(t->world.export);
    g_autofree char *wanted = NULL;

    if (t->proxy) {
        return;                 /* its helper serves one export only */
    }
    fresh = local_fixture_reopen(&t->world.env.fixture);
    wanted = world_in_guest(fresh);
    if (strcmp(cached, wanted)) {
        complain(t, failed, ret, "the caches are wrong", wanted, cached);
    }
}

static void check_unchanged(Case *t, const FailedCall *failed, int ret)
{
    g_autofree char *now = world_on_host(&t->world, t->request->without);

    if (strcmp(now, t->before_allowed)) {
        complain(t, failed, ret, "it failed, but has changed something",
                 t->before_allowed, now);
        t->planted = false;
    } else if (t->request->without && !t->planted) {
        return;
    }
    if (t->request->without) {
        g_autofree char *all = world_on_host(&t->world, 0);

        /* What was allowed to change is put back. */
        t->planted = t->planted && !strcmp(all, t->before);
    }
}

static void check_done(Case *t, const FailedCall *failed)
{
    g_autofree char *now = world_on_host(&t->world, WORLD_NO_GARBAGE);

    if (strcmp(now, t->done)) {
        complain(t, failed, 0, "it succeeded, but has not done all", t->done,
                 now);
    }
    if (!t->request->reads) {
        t->planted = false;
    }
}

static void check_left_over(Case *t, const FailedCall *failed, int ret)
{
    unsigned fds;

    if (t->planted && !t->request->clunks && names_of(t) != t->names) {
        complain(t, failed, ret, "names are left over", NULL, NULL);
    }
    if (t->request->clunks || !t->planted) {
        drop_fids(t);
        /* The proxy's helper closes its own after it has answered. */
        fds = t->proxy ? 0 : conformance_count_fds();
        if (fds > t->world.fds + spare_fds(t)) {
            complain(t, failed, ret, "descriptors are left over", NULL, NULL);
            t->world.fds = fds;
        }
    }
}

/* ---- one request ------------------------------------------------------ */

static FailedCall ask(Case *t, unsigned nth, unsigned which, int *ret)
{
    FailedCall failed;

    set_up(t);
    fail_calls_arm(nth, which);
    *ret = t->request->ask(&t->world);
    failed = fail_calls_disarm();
    t->requests++;
    if (*ret < 0) {
        check_unchanged(t, &failed, *ret);
    } else {
        check_done(t, &failed);
    }
    if (which == 0) {
        check_guest(t, &failed, *ret);
    }
    check_left_over(t, &failed, *ret);
    return failed;
}

/* What the request does when no call fails. */
static void ask_without_failure(Case *t)
{
    FailedCall none = { 0 };
    int ret;

    set_up(t);
    ret = t->request->ask(&t->world);
    g_assert_cmpint(ret, ==, 0);
    t->done = world_on_host(&t->world, WORLD_NO_GARBAGE);
    check_guest(t, &none, ret);
    t->planted = t->request->reads;
    check_left_over(t, &none, ret);
}

/* All take a minute, and much more on a busy machine. */
static bool all_errors(void)
{
    return getenv("P9_FAIL_ALL");
}

static void ask_with_failures(Case *t)
{
    FailedCall failed;
    int ret = 0;

    for (unsigned nth = 0;; nth++) {
        g_assert_cmpuint(nth, <, MAX_CALLS);
        failed = ask(t, nth, 0, &ret);
        if (!failed.name) {
            break;
        }
        if (failed.errors > 1 && !all_errors()) {
            ask(t, nth, 1 + nth % (failed.errors - 1), &ret);
            continue;
        }
        for (unsigned which = 1; which < failed.errors; which++) {
            ask(t, nth, which, &ret);
        }
    }
    g_assert_cmpint(ret, ==, 0);
}

static void run(gconstpointer opaque)
{
    const Case *row = opaque;
    Case t = *row;
    World *w = &t.world;
    ProxyFixture proxy = {
        .in_thread = true,
        .options = { .allow_suid = true, .allow_devices = true },
        .owner = { 1000, 1001 },
    };

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    w->dialect = t.request->dotu ? "9P2000.u" : "9P2000.L";
    w->env.fixture.proxy = t.proxy ? &proxy : NULL;
    w->env.fixture.config.nested_export = true;
    w->env.fixture.as_user = w->env.fixture.model == FS_SM_NONE;
    if (world_open(w)) {
        ask_without_failure(&t);
        ask_with_failures(&t);
        g_test_message("%u requests, %u failures", t.requests, t.failures);
    }
    g_free(t.before);
    g_free(t.before_allowed);
    g_free(t.done);
    if (t.fids) {
        drop_fids(&t);
    }
    world_close(w);
}

/* ---- the cases -------------------------------------------------------- */

static void add(const FailingRequest *request, FsSecurityModel model,
                bool proxy)
{
    g_autofree char *path = g_strdup_printf("/failing-calls/%s%s/%s/%s",
                                            request->dotu ? "u/" : "",
                                            request->message, request->what,
                                            proxy ? "proxy" :
                                            local_model_name(model));
    Case *row = g_new0(Case, 1);

    row->request = request;
    row->world.env.fixture.model = model;
    row->proxy = proxy;
    g_test_add_data_func_full(path, row, run, g_free);
}

static void add_all(const FailingRequest *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned models = requests[i].models ?: LOCAL_ALL | LOCAL_PROXY;

        for (unsigned model = 0; model <= FS_SM_NONE; model++) {
            if (models & (1u << model)) {
                add(&requests[i], model, false);
            }
        }
        if (models & LOCAL_PROXY) {
            add(&requests[i], FS_SM_PASSTHROUGH, true);
        }
    }
}

static bool is_in(const FailingRequest *requests, size_t count,
                  const char *message)
{
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(requests[i].message, message)) {
            return true;
        }
    }
    return false;
}

/* These make no system calls of their own. */
static bool makes_none(const char *message)
{
    return !strcmp(message, "version") || !strcmp(message, "flush");
}

static void each_message_is_tested(void)
{
    static const char *const messages[] = {
#define P9_MESSAGE(number, NAME_, name, ...) #name,
#include "hw/9pfs/9p-messages.def"
    };

    for (size_t i = 0; i < ARRAY_SIZE(messages); i++) {
        if (!is_in(failing_requests, failing_request_count, messages[i]) &&
            !is_in(failing_dotu_requests, failing_dotu_request_count,
                   messages[i]) && !makes_none(messages[i])) {
            g_test_message("T%s", messages[i]);
            g_test_fail();
        }
    }
}

static void skip_all(void)
{
    g_test_skip("no system call can be made to fail here");
}

int main(int argc, char **argv)
{
    /* Each export looks at all descriptors that there can be. */
    const struct rlimit few = { 256, 256 };
    const char *what;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &few), ==, 0);
    g_assert_cmpint(host_init(&what), ==, 0);
    g_test_add_func("/failing-calls/each-message", each_message_is_tested);
    if (!fail_calls_start()) {
        g_test_add_func("/failing-calls/none", skip_all);
        return g_test_run();
    }
    add_all(failing_requests, failing_request_count);
    add_all(failing_dotu_requests, failing_dotu_request_count);
    return g_test_run();
}
