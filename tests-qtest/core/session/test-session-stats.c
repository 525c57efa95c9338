/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session counts, and what it tells about itself at one moment.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-inspect.h"
#include "session/flight.h"

static const P9StatsRow *row(Client *c, uint8_t type)
{
    return &p9_session_stats(c->session)->row[type / 2];
}

static size_t errors(Client *c, int error)
{
    return p9_session_stats(c->session)->errors[error];
}

static size_t sum(const size_t times[P9_STATS_BUCKETS])
{
    size_t n = 0;

    for (unsigned i = 0; i < P9_STATS_BUCKETS; i++) {
        n += times[i];
    }
    return n;
}

/* Requests, errors and bytes of both messages, by type. */
static void test_counts(void)
{
    g_autoptr(Client) c = client_start_files();
    size_t before = row(c, P9_TGETATTR)->requests;
    size_t in = row(c, P9_TGETATTR)->bytes_in;
    size_t out = row(c, P9_TGETATTR)->bytes_out;

    g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 1), ==, 0);
    g_assert_cmpint(ASK(c, getattr, .fid = 77, .request_mask = 1), ==, -ENOENT);
    g_assert_cmpuint(row(c, P9_TGETATTR)->requests, ==, before + 2);
    g_assert_cmpuint(row(c, P9_TGETATTR)->failed, ==, 1);
    g_assert_cmpuint(errors(c, ENOENT), ==, 1);
    /* size[4] type[1] tag[2] fid[4] mask[8]; Rgetattr and Rlerror */
    g_assert_cmpuint(row(c, P9_TGETATTR)->bytes_in, ==, in + 2 * 19);
    g_assert_cmpuint(row(c, P9_TGETATTR)->bytes_out, ==, out + 160 + 11);
    g_assert_cmpuint(row(c, P9_TSTATFS)->requests, ==, 0);
}

/* A message of no known type has a row of its own. */
static void test_unknown(void)
{
    static const uint8_t bytes[] = { 7, 0, 0, 0, 250, 1, 0 };
    g_autoptr(Client) c = client_start_files();

    client_wait(client_send_bytes(c, bytes, sizeof(bytes), 64));
    g_assert_cmpuint(p9_session_stats(c->session)->unknown.requests, ==, 1);
    g_assert_cmpuint(errors(c, EOPNOTSUPP), ==, 1);
}

/*
 * One in P9_STATS_SAMPLE of the requests that the loop answers at once is
 * timed, and stands for all of them.
 */
static void test_sampled(void)
{
    g_autoptr(Client) c = client_start_files();
    size_t before = sum(row(c, P9_TGETATTR)->times[P9_STATS_TOTAL]);

    for (unsigned i = 0; i < 10 * P9_STATS_SAMPLE; i++) {
        g_assert_cmpint(ASK(c, getattr, .fid = 1, .request_mask = 1), ==, 0);
    }
    for (unsigned i = 0; i < P9_STATS_TIMES; i++) {
        g_assert_cmpuint(sum(row(c, P9_TGETATTR)->times[i]), ==,
                         before + 10 * P9_STATS_SAMPLE);
    }
}

/* Each request that leaves the loop is timed, and its place is counted. */
static void test_worker(void)
{
    g_autoptr(Client) c = flight_start();
    size_t before = row(c, P9_TMKDIR)->place[P9_STATS_WORKER];
    size_t timed = sum(row(c, P9_TMKDIR)->times[P9_STATS_TOTAL]);

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *name = g_strdup_printf("d%u", i);
        Call *mkdir = flight_mkdir(c, i, name);

        g_assert_true(client_is_job(mkdir));
        client_run(mkdir);
        client_report(mkdir);
        flight_answered(mkdir, 0);
    }
    g_assert_cmpuint(row(c, P9_TMKDIR)->place[P9_STATS_WORKER], ==,
                     before + 3);
    for (unsigned i = 0; i < P9_STATS_TIMES; i++) {
        g_assert_cmpuint(sum(row(c, P9_TMKDIR)->times[i]), ==, timed + 3);
    }
}

/* A request that is flushed was not answered. */
static void test_flushed(void)
{
    g_autoptr(Client) c = flight_start();
    size_t before = row(c, P9_TMKDIR)->requests;
    Call *mkdir = flight_mkdir(c, 1, "d");

    flight_answered(SEND(c, 2, flush, .oldtag = 1), 0);
    g_assert_cmpint(mkdir->state, ==, CALL_FLUSHED);
    g_assert_cmpuint(row(c, P9_TMKDIR)->requests, ==, before);
    g_assert_cmpuint(p9_session_stats(c->session)->flushed, ==, 1);
    test_exec_drain(c->exec);
}

/* Counts survive Tversion and a reset. */
static void test_survives_reset(void)
{
    g_autoptr(Client) c = client_start_files();
    size_t before = row(c, P9_TATTACH)->requests;

    client_reset(c);
    g_assert_cmpuint(row(c, P9_TATTACH)->requests, ==, before);
}

static void test_percentile(void)
{
    size_t times[P9_STATS_BUCKETS] = { 0 };

    g_assert_cmpuint(p9_stats_percentile(times, 50), ==, 0);
    times[0] = 1;
    g_assert_cmpuint(p9_stats_percentile(times, 50), ==, 1);
    times[3] = 98;
    times[10] = 1;
    g_assert_cmpuint(p9_stats_percentile(times, 50), ==, 8);
    g_assert_cmpuint(p9_stats_percentile(times, 99), ==, 8);
    g_assert_cmpuint(p9_stats_percentile(times, 100), ==, 1024);
}

/* The requests in flight, with their age and the path they are about. */
static void test_inspect_requests(void)
{
    g_autoptr(Client) c = flight_start();
    Call *mkdir = flight_mkdir(c, 21, "d");
    g_autoptr(P9Inspection) seen =
        p9_session_inspect(c->session, P9_INSPECT_REQUESTS);
    const P9SeenRequest *req;

    g_assert_cmpuint(seen->requests->len, ==, 1);
    req = &g_array_index(seen->requests, P9SeenRequest, 0);
    g_assert_cmpuint(req->tag, ==, 21);
    g_assert_cmpstr(req->info->name, ==, "mkdir");
    g_assert_cmpstr(req->state, ==, "running");
    g_assert_cmpstr(req->path, ==, "/dir");
    g_assert_cmpuint(req->age_ns, >, 0);
    g_assert_cmpuint(seen->fids->len, ==, 0);
    test_exec_drain(c->exec);
    flight_answered(mkdir, 0);
}

static void test_inspect_fids(void)
{
    g_autoptr(Client) c = client_start_files();
    g_autoptr(P9Inspection) seen = NULL;
    const P9SeenFid *fids;

    g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = O_RDONLY), ==, 0);
    seen = p9_session_inspect(c->session, P9_INSPECT_FIDS);
    fids = (P9SeenFid *)seen->fids->data;
    g_assert_cmpuint(seen->fids->len, ==, 3);
    g_assert_cmpuint(seen->info.fids, ==, 3);
    g_assert_cmpuint(fids[0].number, ==, 0);
    g_assert_cmpstr(fids[0].path, ==, "/");
    g_assert_cmpstr(fids[0].state, ==, "idle");
    g_assert_cmpstr(fids[1].path, ==, "/file");
    g_assert_cmpstr(fids[1].state, ==, "file");
}

/* The list is cut; the number of fids is not. */
static void test_inspect_many(void)
{
    g_autoptr(Client) c = client_start_files();
    g_autoptr(P9Inspection) seen = NULL;

    for (unsigned i = 10; i < 10 + 2 * P9_INSPECT_MAX; i++) {
        g_assert_cmpint(client_walk(c, 0, i, ""), ==, 0);
    }
    seen = p9_session_inspect(c->session, P9_INSPECT_FIDS);
    g_assert_cmpuint(seen->fids->len, ==, P9_INSPECT_MAX);
    g_assert_cmpuint(seen->info.fids, ==, 3 + 2 * P9_INSPECT_MAX);
}

static void test_inspect_locks(void)
{
    g_autoptr(Client) c = client_start_files();
    g_autoptr(P9Inspection) seen = NULL;
    const P9SeenOwner *owner;

    g_assert_cmpint(ASK(c, lopen, .fid = 1, .flags = O_RDWR), ==, 0);
    g_assert_cmpint(ASK(c, lock, .fid = 1, .type = P9_LOCK_TYPE_WRLCK,
                        .proc_id = 7, .client_id = P9STR("guest")), ==, 0);
    seen = p9_session_inspect(c->session, P9_INSPECT_OWNERS);
    g_assert_cmpuint(seen->owners->len, ==, 1);
    owner = &g_array_index(seen->owners, P9SeenOwner, 0);
    g_assert_cmpstr(owner->client_id, ==, "guest");
    g_assert_cmpuint(owner->proc_id, ==, 7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/stats/counts", test_counts);
    g_test_add_func("/session/stats/unknown", test_unknown);
    g_test_add_func("/session/stats/sampled", test_sampled);
    g_test_add_func("/session/stats/worker", test_worker);
    g_test_add_func("/session/stats/flushed", test_flushed);
    g_test_add_func("/session/stats/survives-reset", test_survives_reset);
    g_test_add_func("/session/stats/percentile", test_percentile);
    g_test_add_func("/session/inspect/requests", test_inspect_requests);
    g_test_add_func("/session/inspect/fids", test_inspect_fids);
    g_test_add_func("/session/inspect/many", test_inspect_many);
    g_test_add_func("/session/inspect/locks", test_inspect_locks);
    return g_test_run();
}
