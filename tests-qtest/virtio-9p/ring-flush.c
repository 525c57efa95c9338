/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tflush: order in the used ring, and what is flushed.
 *
 * A write to the synth file FLUSH whose first byte is not 0 stays in flight
 * until it is flushed.  Then its descriptor must come back first, with length
 * 0, and Rflush at the same time, as a client may look for Rflush as soon as it
 * sees the descriptor.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

static RingDev *synth_with_flush_file(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    return d;
}

static RingMsg *blocking_write(void)
{
    return ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1, "\x01",
                    (size_t)1);
}

static RingMsg *tflush(uint16_t oldtag)
{
    return ring_msg(RING_TFLUSH, "2", oldtag);
}

/* When a later request is answered, @r has been handled and is parked */
static void check_parked(RingDev *d, RingReq *r)
{
    ring_tgetattr(d, .fid = 0);
    ring_check(!r->done, "expected the write to FLUSH to stay in flight, it "
               "was completed with %u bytes", r->used_len);
}

static void check_flushed(RingReq *r)
{
    ring_check(r->done, "expected the flushed request back before Rflush");
    ring_check_int("used length of the flushed request", r->used_len, 0);
    ring_req_check_untouched(r, "flushed request");
}

static void unknown_tag_is_answered(void)
{
    RingDev *d = ring_synth();

    ring_tflush(d, .oldtag = 12345);
    ring_tflush(d, .oldtag = RING_NOTAG);
}

static void own_tag_is_answered(void)
{
    RingDev *d = ring_synth();
    RingMsg *m = tflush(77);

    ring_msg_tag(m, 77);
    ring_expect_done(ring_send_as(d, m, .keep_tag = true), RING_TFLUSH, 0);
}

static void completed_request_is_answered(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *r = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1,
                                       "\0", (size_t)1));
    uint16_t tag = r->tag;

    ring_expect_done(r, RING_TWRITE, 0);
    ring_tflush(d, .oldtag = tag);
}

static void blocked_write_comes_back_first_with_length_0(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());
    RingReq *f;

    check_parked(d, w);
    f = ring_send(d, tflush(w->tag));
    ring_wait(f);
    check_flushed(w);
    ring_check(w->order < f->order, "expected the write before Rflush in the "
               "used ring, it came after it");
    ring_expect_done(f, RING_TFLUSH, 0);
}

static void rflush_is_there_with_the_flushed_request(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());
    RingReq *f;
    uint8_t reply[RING_HDR];

    check_parked(d, w);
    f = ring_send(d, tflush(w->tag));
    ring_wait(w);
    /* Do not wait any more: both must become visible at the same time. */
    ring_req_read(f, 0, reply, sizeof(reply));
    ring_check_int("type in the buffer of Rflush", reply[4], RING_TFLUSH + 1);
    ring_reap(d);
    ring_check(f->done, "expected Rflush in the used ring with the flushed "
               "request, it was not there yet");
}

static void write_and_flush_in_one_kick(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send_as(d, blocking_write(), .hold = true);
    RingReq *f = ring_send_as(d, tflush(w->tag), .hold = true);

    ring_kick(d);
    ring_wait(f);
    ring_check(w->done, "expected the write back before Rflush");
    ring_check_int("used length of the flushed request", w->used_len, 0);
    ring_check(w->order < f->order, "expected the write before Rflush");
    ring_expect_done(f, RING_TFLUSH, 0);
}

static void completing_write_is_answered_before_rflush(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send_as(d, ring_msg(RING_TWRITE, "484B", 1,
                                          (uint64_t)0, 1, "\0", (size_t)1),
                              .hold = true);
    RingReq *f = ring_send_as(d, tflush(w->tag), .hold = true);

    ring_kick(d);
    ring_wait(f);
    ring_check(w->done, "expected the write back before Rflush");
    ring_check(w->order < f->order, "expected the write before Rflush");
    /* The write may or may not have been flushed. */
    if (w->used_len) {
        ring_expect_done(w, RING_TWRITE, 0);
    }
    ring_expect_done(f, RING_TFLUSH, 0);
}

static void flush_of_a_flush(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());
    RingReq *f1, *f2;

    check_parked(d, w);
    f1 = ring_send_as(d, tflush(w->tag), .hold = true);
    f2 = ring_send_as(d, tflush(f1->tag), .hold = true);
    ring_kick(d);
    ring_wait(f2);
    check_flushed(w);
    ring_check(f1->done, "expected the answer to the first Tflush before that "
               "to the second");
    ring_check(w->order < f1->order && f1->order < f2->order,
               "expected write, first and second Tflush in this order, got "
               "places %u, %u, %u", w->order, f1->order, f2->order);
    ring_expect_done(f1, RING_TFLUSH, 0);
    ring_expect_done(f2, RING_TFLUSH, 0);
}

static void two_flushes_of_one_request(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());
    RingReq *f1, *f2;

    check_parked(d, w);
    f1 = ring_send_as(d, tflush(w->tag), .hold = true);
    f2 = ring_send_as(d, tflush(w->tag), .hold = true);
    ring_kick(d);
    ring_expect_done(f1, RING_TFLUSH, 0);
    ring_expect_done(f2, RING_TFLUSH, 0);
    check_flushed(w);
}

static void equal_tags_are_all_flushed(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w[3];
    RingReq *f;

    for (int i = 0; i < 3; i++) {
        RingMsg *m = blocking_write();

        ring_msg_tag(m, 500);
        w[i] = ring_send_as(d, m, .keep_tag = true);
        check_parked(d, w[i]);
    }
    f = ring_send(d, tflush(500));
    ring_wait(f);
    for (int i = 0; i < 3; i++) {
        check_flushed(w[i]);
    }
    ring_expect_done(f, RING_TFLUSH, 0);
}

static void other_requests_are_left_alone(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w1 = ring_send(d, blocking_write());
    RingReq *w2 = ring_send(d, blocking_write());

    check_parked(d, w2);
    ring_tflush(d, .oldtag = w1->tag);
    check_flushed(w1);
    check_parked(d, w2);
    ring_tflush(d, .oldtag = w2->tag);
    check_flushed(w2);
}

static void flushed_fid_can_be_used_and_clunked(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());

    check_parked(d, w);
    ring_tflush(d, .oldtag = w->tag);
    ring_check_int("count of the next write",
                   ring_twrite(d, .fid = 1, .data = "\0", .count = 1), 1);
    ring_tclunk(d, .fid = 1);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void throttled_read_is_flushed_at_once(void)
{
    RingDev *d;
    enum { READS = 7 };
    RingReq *r[READS];
    int64_t start;

    ring_host_put("f", "content", 7);
    d = ring_local("security_model=mapped-xattr,throttling.iops-total=1");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    start = ring_now();
    for (int i = 0; i < READS; i++) {
        r[i] = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    }
    for (int i = READS - 1; i > 0; i--) {
        ring_tflush(d, .oldtag = r[i]->tag);
        ring_check(r[i]->done, "expected the flushed read back before "
                   "Rflush");
    }
    ring_check(ring_now() - start < 2000 * 1000, "expected %d waiting reads "
               "to be flushed at once, it took %" PRId64 " ms", READS - 1,
               (ring_now() - start) / 1000);
    ring_tclunk(d, .fid = 1);
}

static void clunk_waits_for_no_flushed_request(void)
{
    RingDev *d = synth_with_flush_file();
    RingReq *w = ring_send(d, blocking_write());
    RingReq *c, *f;

    check_parked(d, w);
    c = ring_send(d, ring_msg(RING_TCLUNK, "4", 1));
    f = ring_send(d, tflush(w->tag));
    ring_expect_done(f, RING_TFLUSH, 0);
    ring_expect_done(c, RING_TCLUNK, 0);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

void ring_register_flush_tests(void)
{
#define ADD(name, fn) ring_add("flush/" name, fn)
    ADD("unknown-tag-is-answered", unknown_tag_is_answered);
    ADD("own-tag-is-answered", own_tag_is_answered);
    ADD("completed-request-is-answered", completed_request_is_answered);
    ADD("blocked-write-comes-back-first-with-length-0",
        blocked_write_comes_back_first_with_length_0);
    ADD("rflush-is-there-with-the-flushed-request",
        rflush_is_there_with_the_flushed_request);
    ADD("write-and-flush-in-one-kick", write_and_flush_in_one_kick);
    ADD("completing-write-is-answered-before-rflush",
        completing_write_is_answered_before_rflush);
    ADD("flush-of-a-flush", flush_of_a_flush);
    ADD("two-flushes-of-one-request", two_flushes_of_one_request);
    ADD("equal-tags-are-all-flushed", equal_tags_are_all_flushed);
    ADD("other-requests-are-left-alone", other_requests_are_left_alone);
    ADD("flushed-fid-can-be-used-and-clunked",
        flushed_fid_can_be_used_and_clunked);
    ADD("throttled-read-is-flushed-at-once",
        throttled_read_is_flushed_at_once);
    ADD("clunk-waits-for-no-flushed-request",
        clunk_waits_for_no_flushed_request);
#undef ADD
}
