/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session: version negotiation, what Tversion drops, and limits.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

enum {
    /* Two descriptors are for the headers, each other one is for a page. */
    MSIZE_MAX = (RING_MAX - 2) * 4096,
    MSIZE_MIN = 4096,
};

/* A started device, before Tversion */
static RingDev *silent_synth(const char *fsdev_options)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0%s -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d",
                             fsdev_options, RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    return d;
}

static void attach_before_version_is_refused(void)
{
    RingDev *d = silent_synth("");

    ring_tattach(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_twalk(d, .fid = 0, .newfid = 1, .err = RING_ANY_ERROR);
    ring_tversion(d, .msize = 0);
    ring_tgetattr(d, .fid = 0, .err = ENOENT);
    ring_tattach(d, .fid = 0);
}

static void every_message_before_version_is_refused(void)
{
    RingDev *d = silent_synth("");

    ring_tgetattr(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_tclunk(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_tstatfs(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_tread(d, .fid = 0, .count = 1, .err = RING_ANY_ERROR);
    ring_tmkdir(d, .fid = 0, .name = "d", .err = RING_ANY_ERROR);
}

static void unknown_version_is_answered_unknown(void)
{
    static const char *const versions[] = {
        "", "9P", "9P2000.X", "9P2000.LL", "unknown",
    };
    RingDev *d = silent_synth("");

    for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
        RingRversion v = ring_tversion(d, .version = versions[i]);

        ring_check_str("Rversion version", v.version, "unknown");
        ring_tattach(d, .fid = 0, .err = RING_ANY_ERROR);
    }
}

static void version_with_nul_is_unknown(void)
{
    RingDev *d = silent_synth("");
    RingReply *r = ring_rpc(d, ring_msg(RING_TVERSION, "42B", RING_MSIZE, 11,
                                        "9P2000.L\0xy", (size_t)11));
    g_autofree char *version = NULL;

    r = ring_expect(r, RING_TVERSION, 0);
    ring_get32(r);
    version = ring_get_str(r);
    ring_check_str("version for \"9P2000.L\\0xy\"", version, "unknown");
}

static void version_of_64k_is_unknown(void)
{
    RingDev *d = silent_synth("");
    g_autofree char *text = g_strnfill(65535, '9');
    RingRversion v = ring_tversion(d, .version = text);

    ring_check_str("Rversion version", v.version, "unknown");
}

static void unknown_version_ends_the_session(void)
{
    RingDev *d = ring_synth();

    ring_tversion(d, .version = "9P2000.X");
    ring_tgetattr(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_tattach(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_mount(d);
    ring_tgetattr(d, .fid = 0);
}

static void msize_of_4096_is_accepted(void)
{
    RingDev *d = silent_synth("");

    ring_check_int("msize", ring_tversion(d, .msize = MSIZE_MIN).msize,
                   MSIZE_MIN);
}

static void msize_below_4096_is_emsgsize(void)
{
    static const uint32_t sizes[] = { 0, 1, 7, 4095 };
    RingDev *d = silent_synth("");

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ring_expect_done(ring_send(d, ring_msg(RING_TVERSION, "4s", sizes[i],
                                               "9P2000.L")),
                         RING_TVERSION, EMSGSIZE);
        ring_tattach(d, .fid = 0, .err = RING_ANY_ERROR);
    }
}

static void msize_is_clamped_to_what_a_chain_can_hold(void)
{
    static const uint32_t sizes[] = {
        MSIZE_MAX + 1, 0x7fffffff, 0x80000000, 0xffffffff,
    };
    RingDev *d = silent_synth("");

    ring_check_int("msize", ring_tversion(d, .msize = MSIZE_MAX).msize,
                   MSIZE_MAX);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ring_check_int("msize", ring_tversion(d, .msize = sizes[i]).msize,
                       MSIZE_MAX);
        ring_tattach(d, .fid = 0);
        ring_tgetattr(d, .fid = 0);
    }
}

static void msize_bounds_what_read_returns(void)
{
    RingDev *d;
    g_autofree char *data = g_strnfill(20000, 'r');
    RingReply *r;
    uint32_t count;

    ring_host_put("f", data, 20000);
    d = ring_local("security_model=mapped-xattr");
    ring_tversion(d, .msize = MSIZE_MIN);
    ring_tattach(d, .fid = 0);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    r = ring_reply(ring_send_as(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0,
                                            20000), .room = 32768));
    r = ring_expect(r, RING_TREAD, 0);
    count = ring_get32(r);
    ring_check(r->size <= MSIZE_MIN && count > 0, "Tread of 20000 bytes with "
               "msize %d: expected a short reply of at most that, got %u "
               "bytes with %u of data", MSIZE_MIN, r->size, count);
}

static void write_larger_than_msize_is_einval(void)
{
    RingDev *d;
    g_autofree char *data = g_strnfill(8000, 'w');

    ring_host_put("f", "", 0);
    d = ring_local("security_model=mapped-xattr");
    ring_tversion(d, .msize = MSIZE_MIN);
    ring_tattach(d, .fid = 0);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_twrite(d, .fid = 1, .data = data, .count = 8000, .err = EINVAL);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 0);
    ring_check_int("count of a write that fits",
                   ring_twrite(d, .fid = 1, .data = data,
                               .count = MSIZE_MIN - RING_IOHDR),
                   MSIZE_MIN - RING_IOHDR);
}

static void version_drops_all_fids(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WRITE" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_tversion(d, .msize = 0);
    ring_tgetattr(d, .fid = 0, .err = ENOENT);
    ring_tgetattr(d, .fid = 1, .err = ENOENT);
    ring_tattach(d, .fid = 1);
    ring_tgetattr(d, .fid = 1);
}

static void version_takes_parked_requests_with_it(void)
{
    RingDev *d = ring_synth();
    RingReq *w[8];
    RingReq *v;

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    for (int i = 0; i < 8; i++) {
        w[i] = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1,
                                     "\x01", (size_t)1));
    }
    ring_tgetattr(d, .fid = 0);
    v = ring_send(d, ring_msg(RING_TVERSION, "4s", RING_MSIZE, "9P2000.L"));
    ring_wait(v);
    for (int i = 0; i < 8; i++) {
        ring_check(w[i]->done && w[i]->order < v->order, "expected the parked "
                   "write %d back before Rversion", i);
        ring_check_int("used length of a dropped request", w[i]->used_len, 0);
        ring_req_check_untouched(w[i], "dropped request");
    }
    ring_expect_done(v, RING_TVERSION, 0);
}

static void version_leaves_no_late_reply(void)
{
    RingDev *d;
    RingReq *r[6];
    RingReq *v;

    ring_host_put("f", "content", 7);
    d = ring_local("security_model=mapped-xattr,throttling.iops-total=1");
    d->vm->step_clock = true;
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    for (int i = 0; i < 6; i++) {
        r[i] = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7));
    }
    v = ring_send(d, ring_msg(RING_TVERSION, "4s", RING_MSIZE, "9P2000.L"));
    ring_expect_done(v, RING_TVERSION, 0);
    for (int i = 0; i < 6; i++) {
        ring_check(r[i]->done, "expected read %d of the old session back "
                   "before Rversion", i);
    }
    /*
     * When a throttled read of the new session is answered, the old ones would
     * have been.
     */
    ring_tattach(d, .fid = 0);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_tread(d, .fid = 1, .count = 7);
}

static void several_attaches_are_independent(void)
{
    RingDev *d = ring_synth();
    RingQid root = ring_tgetattr(d, .fid = 0).qid;

    ring_check_same_qid("second attach", ring_tattach(d, .fid = 1), root);
    ring_tclunk(d, .fid = 0);
    ring_tgetattr(d, .fid = 1);
    ring_twalk(d, .fid = 1, .newfid = 2, .names = { "WALK0" });
}

static uint64_t open_xattr_fids(RingDev *d, uint32_t stat_fid)
{
    uint64_t count = 0;

    ring_tread(d, .fid = stat_fid, .count = 8, .buf = &count);
    return count;
}

static void max_xattr_is_enforced_and_given_back(void)
{
    RingDev *d = silent_synth(",max_xattr=2");

    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 9, .names = { "stat", "xattr_count" });
    ring_tlopen(d, .fid = 9, .flags = RING_O_RDONLY);
    for (int fid = 1; fid <= 3; fid++) {
        ring_twalk(d, .fid = 0, .newfid = fid, .names = { "WRITE" });
        ring_txattrcreate(d, .fid = fid, .name = "user.t", .size = 4,
                          .err = fid == 3 ? ENOSPC : 0);
    }
    ring_check_int("open xattr fids", open_xattr_fids(d, 9), 2);
    for (int fid = 1; fid <= 2; fid++) {
        ring_twrite(d, .fid = fid, .data = "data", .count = 4);
        ring_tclunk(d, .fid = fid);
    }
    ring_check_int("open xattr fids after clunk", open_xattr_fids(d, 9), 0);
    ring_txattrcreate(d, .fid = 3, .name = "user.t", .size = 4);
}

static void max_xattr_counts_start_anew_with_a_session(void)
{
    RingDev *d = silent_synth(",max_xattr=2");

    for (int session = 0; session < 3; session++) {
        ring_mount(d);
        for (int fid = 1; fid <= 2; fid++) {
            ring_twalk(d, .fid = 0, .newfid = fid, .names = { "WRITE" });
            ring_txattrcreate(d, .fid = fid, .name = "user.t", .size = 4);
        }
    }
}

static void max_xattr_of_zero_is_no_limit(void)
{
    RingDev *d = silent_synth(",max_xattr=0");

    ring_mount(d);
    for (int fid = 1; fid <= 1100; fid++) {
        ring_twalk(d, .fid = 0, .newfid = fid, .names = { "WRITE" });
        ring_txattrcreate(d, .fid = fid, .name = "user.t", .size = 4);
    }
}

static void max_xattr_also_limits_reading(void)
{
    RingDev *d;

    ring_host_put("f", "", 0);
    d = ring_local("security_model=mapped-xattr,max_xattr=2");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_txattrwalk(d, .fid = 1, .newfid = 2, .name = "");
    ring_txattrwalk(d, .fid = 1, .newfid = 3, .name = "");
    ring_txattrwalk(d, .fid = 1, .newfid = 4, .name = "", .err = ENOSPC);
    ring_tclunk(d, .fid = 2);
    ring_txattrwalk(d, .fid = 1, .newfid = 4, .name = "");
}

void ring_register_session_tests(void)
{
#define ADD(name, fn) ring_add("session/" name, fn)
    ADD("attach-before-version-is-refused", attach_before_version_is_refused);
    ADD("every-message-before-version-is-refused",
        every_message_before_version_is_refused);
    ADD("unknown-version-is-answered-unknown",
        unknown_version_is_answered_unknown);
    ADD("version-with-nul-is-unknown", version_with_nul_is_unknown);
    ADD("version-of-64k-is-unknown", version_of_64k_is_unknown);
    ADD("unknown-version-ends-the-session", unknown_version_ends_the_session);
    ADD("msize-of-4096-is-accepted", msize_of_4096_is_accepted);
    ADD("msize-below-4096-is-emsgsize", msize_below_4096_is_emsgsize);
    ADD("msize-is-clamped-to-what-a-chain-can-hold",
        msize_is_clamped_to_what_a_chain_can_hold);
    ADD("msize-bounds-what-read-returns", msize_bounds_what_read_returns);
    ADD("write-larger-than-msize-is-einval",
        write_larger_than_msize_is_einval);
    ADD("version-drops-all-fids", version_drops_all_fids);
    ADD("version-takes-parked-requests-with-it",
        version_takes_parked_requests_with_it);
    ADD("version-leaves-no-late-reply", version_leaves_no_late_reply);
    ADD("several-attaches-are-independent", several_attaches_are_independent);
    ADD("max-xattr-is-enforced-and-given-back",
        max_xattr_is_enforced_and_given_back);
    ADD("max-xattr-counts-start-anew-with-a-session",
        max_xattr_counts_start_anew_with_a_session);
    ADD("max-xattr-of-zero-is-no-limit", max_xattr_of_zero_is_no_limit);
    ADD("max-xattr-also-limits-reading", max_xattr_also_limits_reading);
#undef ADD
}
