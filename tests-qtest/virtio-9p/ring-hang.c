/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage that hangs, in each place of an export, under each message.
 *
 * A FUSE server answers some requests and then none.  One message is sent; if
 * it comes to a request that is not answered, the monitor and the device must
 * answer all the same, and after a reset the device must serve what is
 * elsewhere.  The next time the server answers one request more, until the
 * message is answered.  So the message hangs once in each system call in which
 * it can hang.
 */
#include "qemu/osdep.h"
#include "ring-client.h"
#include "ring-hang.h"

enum {
    ROOM = 1024,                /* for the reply to a message */
    /* A message that makes more requests than this hangs in those only. */
    REQUESTS = 8,
    FIDS = 16,                  /* numbers of fids for one tree */
};

/* ---- a message that hangs ---- */

/*
 * Nothing is written to the buffers of @r after it was taken back.  It may have
 * been answered before, if what hangs is the closing of a file.
 */
static void take_back(Hang *h, RingReq *r, const char *how,
                      void (*fn)(Hang *h))
{
    ring_reap(h->d);
    hang_timed(h, how, fn);
    if (!r->done) {
        ring_req_check_untouched(r, how);
    }
}

static void end_by_reset(Hang *h, RingReq *r, unsigned n)
{
    take_back(h, r, "reset", hang_reset);
    if (n == 0) {
        hang_check_serves(h);
    } else {
        hang_check_answers(h);
    }
    ring_req_free(r);
}

static void end_by_unplug(Hang *h, RingReq *r, unsigned n)
{
    take_back(h, r, "unplug", hang_unplug);
    ring_req_free(r);
    ring_dev_close(h->d);
    hang_plug(h);
    hang_check_serves(h);
}

/*
 * Send those messages of a list that make a fid which @m needs, or all if @m is
 * NULL, and wait for replies of any kind.
 */
static void ask(Hang *h, const HangMessage *list, const HangMessage *m,
                const char *tree, unsigned base)
{
    RingReq *r[16];
    unsigned count = 0;

    for (; list->what; list++) {
        if (!m || hang_needs(m, list)) {
            r[count++] = ring_send_as(h->d, hang_encode(list, tree, base),
                                      .room = ROOM);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        ring_wait(r[i]);
        ring_req_free(r[i]);
    }
}

/* What the guest has before the storage begins to hang; @m as above. */
static void hold_fids(Hang *h, const HangMessage *m, const char *tree,
                      unsigned base)
{
    ask(h, hang_walks, m, tree, base);
    ask(h, h->dotu ? hang_opens_dotu : hang_opens, m, tree, base);
}

static bool hangs_or_is_answered(Hang *h, RingReq *r)
{
    int64_t end = ring_now() + RING_PATIENCE;

    while (!fuse_stand_in_await(h->fuse, 0)) {
        ring_reap(h->d);
        if (r->done) {
            return false;
        }
        ring_check(ring_now() < end, "the message is neither answered, nor "
                   "does it wait for the storage that hangs");
    }
    return true;
}

/* A new tree with the fids that @m needs, or all; the storage hangs there. */
static char *plant(Hang *h, const HangPlace *place, bool dotu,
                   const HangMessage *m)
{
    char *tree = g_strdup_printf("t%u", ++h->trees);

    hang_make_tree(tree, h->model);
    if (place->before) {
        place->before(tree);
    }
    if (dotu != h->dotu) {
        hang_begin_session(h, dotu);
    }
    hold_fids(h, m, tree, h->trees * FIDS);
    if (place->after) {
        place->after(tree);
    }
    return tree;
}

/*
 * Send @m on a new tree, where the storage answers @n requests and then hangs.
 * Returns false if the message is answered.
 */
static bool run_cell(Hang *h, const HangPlace *place, const HangMessage *m,
                     unsigned n,
                     void (*end)(Hang *h, RingReq *r, unsigned n))
{
    g_autofree char *tree = plant(h, place, m->dotu, m);
    RingReq *r;
    bool hung;

    fuse_stand_in_hang_after(h->fuse, n);
    r = ring_send_as(h->d, hang_encode(m, tree, h->trees * FIDS),
                     .room = ROOM);
    hung = h->hangs = hangs_or_is_answered(h, r);
    if (hung) {
        h->hung++;
        hang_check_monitor(h);
        end(h, r, n);
        hang_let_go(h);
    } else {
        ring_req_free(r);
        fuse_stand_in_answer(h->fuse);
    }
    hang_leave_tree(tree);
    return hung;
}

/* The driver never goes to @place, so all messages are answered. */
static void run_not_followed(Hang *h, const HangPlace *place, bool dotu)
{
    g_autofree char *tree = plant(h, place, dotu, NULL);

    fuse_stand_in_hang(h->fuse, 0);
    for (const HangMessage *m = hang_messages; m->what; m++) {
        RingReq *r;

        if (m->dotu != dotu) {
            continue;
        }
        r = ring_send_as(h->d, hang_encode(m, tree, h->trees * FIDS),
                         .room = ROOM);
        ring_check(!hangs_or_is_answered(h, r), "%s: expected the driver not "
                   "to go there, %s hangs", place->name, m->what);
        ring_req_free(r);
    }
    fuse_stand_in_answer(h->fuse);
    hang_leave_tree(tree);
}

static void run_place(Hang *h, const HangPlace *place)
{
    const HangMessage *first = NULL;
    unsigned before = h->hung;

    for (const HangMessage *m = hang_messages; m->what; m++) {
        for (unsigned n = 0; n < REQUESTS; n++) {
            if (!run_cell(h, place, m, n, end_by_reset)) {
                break;
            }
            first = first ?: m;
        }
    }
    ring_note("%s: storage hung %u times", place->name, h->hung - before);
    ring_check(first, "%s: expected messages to hang", place->name);
    run_cell(h, place, first, 0, end_by_unplug);
}

static bool concerns(const HangPlace *place, const char *model)
{
    return !place->mapped_file || !strcmp(model, "mapped-file");
}

/* How long all of it takes when nothing hangs. */
static void measure(Hang *h)
{
    hang_timed(h, "reset", hang_reset);
    hang_check_serves(h);
    hang_check_monitor(h);
    hang_timed(h, "unplug", hang_unplug);
    ring_dev_close(h->d);
    hang_plug(h);
    hang_check_serves(h);
}

static void run_places(const char *model, unsigned from, unsigned to)
{
    Hang h;

    hang_init(&h, model, "share");
    measure(&h);
    for (unsigned i = from; i < to; i++) {
        const HangPlace *place = &hang_places[i];

        if (!concerns(place, model)) {
            continue;
        }
        if (place->not_followed) {
            run_not_followed(&h, place, false);
            run_not_followed(&h, place, true);
        } else {
            run_place(&h, place);
        }
    }
    hang_end(&h);
}

/* Most messages hang there. */
static void whole_tree(const void *model)
{
    run_places(model, 0, 1);
}

static void each_place(const void *model)
{
    run_places(model, 1, hang_n_places);
}

/* ---- many messages that hang ---- */

/* Messages of all kinds hang in all places, as far as they get there. */
static void hang_everywhere(Hang *h)
{
    char tree[32][8];

    ring_check(hang_n_places <= G_N_ELEMENTS(tree), "too many places");
    hang_begin_session(h, false);
    for (unsigned i = 0; i < hang_n_places; i++) {
        const HangPlace *place = &hang_places[i];

        snprintf(tree[i], sizeof(tree[i]), "q%u", i);
        hang_make_tree(tree[i], h->model);
        if (place->before) {
            place->before(tree[i]);
        }
        hold_fids(h, NULL, tree[i], FIDS * (i + 1));
    }
    for (unsigned i = 0; i < hang_n_places; i++) {
        if (hang_places[i].after && concerns(&hang_places[i], h->model)) {
            hang_places[i].after(tree[i]);
        }
    }
    fuse_stand_in_hang(h->fuse, 0);
    for (unsigned i = 0; i < 2; i++) {
        unsigned at = i;

        for (const HangMessage *m = hang_messages; m->what; m++) {
            at = (at + 1) % hang_n_places;
            if (!m->dotu) {
                ring_send_as(h->d, hang_encode(m, tree[at], FIDS * (at + 1)),
                             .indirect = true);
            }
        }
    }
    ring_check(fuse_stand_in_await(h->fuse, RING_PATIENCE / 1000),
               "expected the storage to hang");
    h->hangs = true;
}

static void quit_with_each_message(const void *model)
{
    Hang h, idle;

    hang_init(&h, model, "share");
    idle = h;
    idle.vm = ring_vm_new("-m 512 -fsdev local,id=share,path='%s/share',"
                          "security_model=%s", ring_dir(), h.model);
    hang_plug(&idle);
    hang_check_serves(&idle);
    hang_timed(&idle, "quit", hang_quit);
    h.slowest = idle.slowest;
    hang_everywhere(&h);
    hang_timed(&h, "quit", hang_quit);
    hang_end(&h);
}

enum { MANY = 100 };

static void hang_many(Hang *h, unsigned expected)
{
    fuse_stand_in_answer_next(h->fuse);
    ring_twalk(h->d, .fid = 0, .newfid = 2, .names = { "t", "dir", "file" });
    ring_tlopen(h->d, .fid = 2, .flags = RING_O_RDONLY);
    fuse_stand_in_hang(h->fuse, 0);
    for (unsigned i = 0; i < MANY; i++) {
        ring_send_as(h->d, ring_msg(RING_TREAD, "484", 2, (uint64_t)0, 8),
                     .indirect = true);
    }
    for (unsigned i = 0; i < expected; i++) {
        ring_check(fuse_stand_in_await(h->fuse, RING_PATIENCE / 1000),
                   "expected %u requests to hang, %u do", expected, i);
    }
    h->hangs = true;
}

/*
 * More requests hang than the device has workers (64), and after resets more
 * than it has threads for such requests (256): others are served.
 */
static void more_than_there_are_threads(void)
{
    static const unsigned expected[] = { MANY, MANY, 256 - 2 * MANY, 0 };
    Hang h;

    hang_init(&h, "mapped-xattr", "share");
    hang_make_tree("t", h.model);
    hang_places[0].before("t");
    hang_check_serves(&h);
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        hang_timed(&h, "reset", hang_reset);
        hang_check_serves(&h);
        if (expected[i]) {
            hang_many(&h, expected[i]);
            ring_tfsync(h.d, .fid = 1);
            ring_tmkdir(h.d, .fid = 0, .name = "new", .mode = 0755);
            ring_tunlinkat(h.d, .dir = 0, .name = "new",
                           .flags = RING_AT_REMOVEDIR);
        }
        hang_check_monitor(&h);
    }
    hang_end(&h);
}

/* Have the storage hang in a Tgetattr or Tattach of the root. */
static void hang_root(Hang *h, RingMsg *m)
{
    RingReq *r;

    fuse_stand_in_hang(h->fuse, 0);
    r = ring_send(h->d, m);
    ring_check(hangs_or_is_answered(h, r), "expected the export to hang");
    h->hangs = true;
    hang_check_monitor(h);
}

/* A new session waits for the root of an export that hangs. */
static void whole_export(const void *model)
{
    Hang h;

    hang_init(&h, model, "fuse");
    hang_check_monitor(&h);
    hang_timed(&h, "reset", hang_reset);
    ring_dev_start(h.d);
    hang_begin_session(&h, false);
    hang_root(&h, ring_msg(RING_TGETATTR, "48", 0,
                           (uint64_t)RING_GETATTR_BASIC));
    for (unsigned i = 0; i < 3; i++) {
        hang_timed(&h, "reset", hang_reset);
        ring_dev_start(h.d);
        ring_tversion(h.d, .msize = 0);
        hang_root(&h, ring_msg(RING_TATTACH, "44ss4", 0, RING_NOFID, "", "",
                               0));
    }
    hang_timed(&h, "unplug", hang_unplug);
    ring_dev_close(h.d);
    /* The device opens its export, so that must not hang. */
    fuse_stand_in_answer(h.fuse);
    hang_plug(&h);
    ring_dev_start(h.d);
    hang_begin_session(&h, false);
    hang_end(&h);
}

void ring_register_hang_tests(void)
{
    static const struct {
        const char *name;
        void (*fn)(const void *model);
    } tests[] = {
        { "whole-tree", whole_tree },
        { "each-place", each_place },
        { "whole-export", whole_export },
        { "quit", quit_with_each_message },
    };
    static const char *const models[] = {
        "passthrough", "mapped-xattr", "mapped-file", "none",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(models); j++) {
            g_autofree char *name = g_strdup_printf("hang/%s/%s",
                                                    tests[i].name, models[j]);

            ring_add_arg(name, tests[i].fn, models[j]);
        }
    }
    ring_add("hang/more-than-there-are-threads", more_than_there_are_threads);
}
