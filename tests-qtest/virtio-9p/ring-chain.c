/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor chains: malformed ones and unusual but legal ones.
 *
 * A chain without a usable reply buffer, or whose out part is too short for the
 * message, must put the device into the NEEDS_RESET state before anything is
 * done on the host; after a reset the device works again.  Chains that are only
 * split in unusual ways get a normal answer.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "standard-headers/linux/virtio_ring.h"
#include "ring-client.h"

static RingDev *local(void)
{
    return ring_local("security_model=mapped-xattr");
}

/* Make the fids that messages of these tests use, also after each reset */
static void make_fids(RingDev *d)
{
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "d" });
    ring_twalk(d, .fid = 0, .newfid = 3, .names = { "f" });
    ring_tlopen(d, .fid = 3, .flags = RING_O_RDWR);
    ring_twalk(d, .fid = 0, .newfid = 4);
    ring_tlopen(d, .fid = 4, .flags = RING_O_DIRECTORY);
}

static RingDev *local_with_fids(void)
{
    RingDev *d;

    ring_host_put("f", "content", 7);
    ring_host_mkdir("d");
    d = local();
    make_fids(d);
    return d;
}

static void check_host_unchanged(const char *what)
{
    g_autofree char *list = ring_host_list();
    g_autofree char *data = NULL;
    size_t len;

    ring_check_str(what, list, "d\nf");
    data = ring_host_get("f", &len);
    ring_check_str(what, data, "content");
    ring_check_int(what, ring_host_xattr32("f", "user.virtfs.uid"), -1);
}

/* Send the first @len bytes of @m, with an in part of @room bytes (-1: none) */
static RingReq *send_cut(RingDev *d, const RingMsg *m, uint32_t len, int room)
{
    RingReq *r = ring_req_new(d);

    if (len) {
        ring_req_out(r, m->bytes->data, len);
    }
    if (room >= 0) {
        ring_req_in(r, room);
    }
    r->asked = g_strdup(m->text);
    ring_req_submit(r, false);
    return r;
}

static void expect_broken(RingDev *d, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

static void expect_broken(RingDev *d, const char *fmt, ...)
{
    g_autofree char *why = NULL;
    va_list ap;

    va_start(ap, fmt);
    why = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    ring_wait_broken(d, why);
}

static RingMsg *tmkdir(const char *name)
{
    return ring_msg(RING_TMKDIR, "4s44", 0, name, 0755, 0);
}

static void no_in_part_breaks(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");

    send_cut(d, m, m->bytes->len, -1);
    expect_broken(d, "chain without an in part");
    check_host_unchanged("after a chain without an in part");
}

static void in_part_without_a_header_breaks(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");

    for (int room = 1; room < RING_HDR; room++) {
        RingReq *r = send_cut(d, m, m->bytes->len, room);

        expect_broken(d, "in part of %d bytes", room);
        check_host_unchanged("after an in part without room for a header");
        ring_req_check_untouched(r, "in part without room for a header");
        ring_dev_start(d);
        make_fids(d);
    }
}

static void in_part_too_small_for_the_reply_breaks_first(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");

    /* 7 to 10: no room for an Rlerror; 11 to 19: none for an Rmkdir */
    for (int room = RING_HDR; room < RING_HDR + RING_QID_SIZE; room++) {
        send_cut(d, m, m->bytes->len, room);
        expect_broken(d, "Tmkdir with an in part of %d bytes", room);
        check_host_unchanged("after Tmkdir without room for its reply");
        ring_dev_start(d);
        make_fids(d);
    }
}

static void in_part_of_exact_size_is_enough(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");
    RingReq *r;

    ring_msg_tag(m, 9);
    r = send_cut(d, m, m->bytes->len, RING_HDR + RING_QID_SIZE);
    r->tag = 9;
    ring_expect_done(r, RING_TMKDIR, 0);
    ring_check(ring_host_exists("new"), "expected the directory on the host");
}

static void out_part_without_a_header_breaks(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");

    for (int len = 0; len < RING_HDR; len++) {
        send_cut(d, m, len, RING_REPLY_ROOM);
        expect_broken(d, "out part of %d bytes", len);
        ring_dev_start(d);
        make_fids(d);
    }
    check_host_unchanged("after out parts without a header");
}

static void wrong_size_field_breaks(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");
    uint32_t len = m->bytes->len;
    uint32_t sizes[] = { 0, 6, len + 1, UINT32_MAX };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ring_msg_size(m, sizes[i]);
        send_cut(d, m, len, RING_REPLY_ROOM);
        expect_broken(d, "size field %u in a message of %u bytes", sizes[i],
                      len);
        check_host_unchanged("after a wrong size field");
        ring_dev_start(d);
        make_fids(d);
    }
}

static void size_field_may_leave_out_the_payload(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = ring_msg(RING_TWRITE, "484", 3, (uint64_t)0, 7);
    g_autofree char *data = NULL;
    size_t len;

    /* Linux before 2018 did not count the payload of a zero-copy Twrite. */
    ring_check_int("size of the Twrite header", m->bytes->len, 23);
    ring_msg_append(m, "CONTENT", 7);
    ring_expect_done(ring_send(d, m), RING_TWRITE, 0);
    data = ring_host_get("f", &len);
    ring_check_str("content on the host", data, "CONTENT");
}

static void string_longer_than_the_message_breaks(void)
{
    RingDev *d = local_with_fids();
    static const uint8_t bad_string[] = { 0xff, 0xff, 'a', 'b', 'c' };
    RingMsg *bad[] = {
        ring_msg(RING_TVERSION, "4B", RING_MSIZE, bad_string, (size_t)5),
        ring_msg(RING_TATTACH, "44B", 9, RING_NOFID, bad_string, (size_t)5),
        ring_msg(RING_TWALK, "442B", 0, 9, 1, bad_string, (size_t)5),
        ring_msg(RING_TMKDIR, "4B", 0, bad_string, (size_t)5),
        ring_msg(RING_TLCREATE, "4B", 2, bad_string, (size_t)5),
        ring_msg(RING_TUNLINKAT, "4B", 0, bad_string, (size_t)5),
        ring_msg(RING_TXATTRWALK, "44B", 1, 9, bad_string, (size_t)5),
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        send_cut(d, bad[i], bad[i]->bytes->len, RING_REPLY_ROOM);
        expect_broken(d, "%s with a string of 65535 bytes", bad[i]->text);
        ring_dev_start(d);
        make_fids(d);
    }
    check_host_unchanged("after strings longer than their message");
}

static void write_count_beyond_the_data_breaks(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = ring_msg(RING_TWRITE, "484B", 3, (uint64_t)0, 8, "NEWDATA",
                          (size_t)7);

    send_cut(d, m, m->bytes->len, RING_REPLY_ROOM);
    expect_broken(d, "Twrite of 8 bytes with 7 there");
    check_host_unchanged("after a Twrite without its data");
}

static void descriptor_loop_breaks(void)
{
    RingDev *d = local_with_fids();
    RingReq *r = ring_req_new(d);
    uint16_t id = d->free_desc[d->nfree - 1];

    ring_req_out(r, "x", 1);
    ring_req_in(r, 64);
    ring_req_queue(r, false);
    /* The second descriptor leads back to the first. */
    qtest_writew(d->vm->qts, d->queue.vq.desc + 16 * id + 14, id);
    ring_kick(d);
    expect_broken(d, "descriptor loop");
}

static void broken_device_stays_broken_until_reset(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");
    RingReq *later;

    send_cut(d, m, 3, 64);
    expect_broken(d, "out part of 3 bytes");
    later = send_cut(d, m, m->bytes->len, RING_REPLY_ROOM);
    d->vdev->bus->virtqueue_kick(d->vdev, &d->queue.vq);
    qtest_qmp_assert_success(d->vm->qts, "{'execute': 'query-status'}");
    ring_reap(d);
    ring_check(!later->done, "expected no answer while the device is broken");
    check_host_unchanged("after a request to a broken device");
    ring_dev_start(d);
    make_fids(d);
    ring_tmkdir(d, .fid = 0, .name = "new", .mode = 0755);
}

/* The main loop has to answer the monitor, even if it serves the device. */
static void broken_message_before_another(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = tmkdir("new");

    for (unsigned size = 3; size < 12; size++) {
        for (unsigned i = 0; i < 3; i++) {
            RingReq *r = ring_req_new(d);

            ring_req_out(r, m->bytes->data, i ? m->bytes->len : size);
            ring_req_in(r, RING_REPLY_ROOM);
            ring_req_queue(r, false);
        }
        ring_kick(d);
        qtest_qmp_assert_success(d->vm->qts, "{'execute': 'query-status'}");
        expect_broken(d, "out part of %u bytes before others", size);
        ring_dev_start(d);
        make_fids(d);
    }
    check_host_unchanged("after requests behind a broken one");
}

/* A valid message of each type, to be cut at every byte */
typedef struct CutCase {
    const char *name;
    RingMsg *(*make)(void);
} CutCase;

#define CUT(NAME, type, ...)                                        \
    static RingMsg *cut_##NAME(void)                                \
    {                                                               \
        return ring_msg(type, __VA_ARGS__);                         \
    }
CUT(version, RING_TVERSION, "4s", RING_MSIZE, "9P2000.L")
CUT(attach, RING_TATTACH, "44ss4", 9, RING_NOFID, "u", "a", 0)
CUT(flush, RING_TFLUSH, "2", 5)
CUT(walk, RING_TWALK, "442ss", 0, 9, 2, "d", "..")
CUT(read, RING_TREAD, "484", 3, (uint64_t)0, 5)
CUT(write, RING_TWRITE, "484B", 3, (uint64_t)0, 4, "DATA", (size_t)4)
CUT(clunk, RING_TCLUNK, "4", 2)
CUT(remove, RING_TREMOVE, "4", 2)
CUT(statfs, RING_TSTATFS, "4", 0)
CUT(lopen, RING_TLOPEN, "44", 1, RING_O_RDWR | RING_O_TRUNC)
CUT(lcreate, RING_TLCREATE, "4s444", 2, "new", RING_O_RDWR, 0644, 0)
CUT(symlink, RING_TSYMLINK, "4ss4", 0, "new", "target", 0)
CUT(mknod, RING_TMKNOD, "4s4444", 0, "new", S_IFREG | 0644, 0, 0, 0)
CUT(rename, RING_TRENAME, "44s", 1, 2, "new")
CUT(readlink, RING_TREADLINK, "4", 1)
CUT(getattr, RING_TGETATTR, "48", 1, (uint64_t)RING_GETATTR_BASIC)
CUT(setattr, RING_TSETATTR, "4444488888", 1,
    RING_SETATTR_UID | RING_SETATTR_SIZE, 0, 5, 5, (uint64_t)0, (uint64_t)0,
    (uint64_t)0, (uint64_t)0, (uint64_t)0)
CUT(xattrwalk, RING_TXATTRWALK, "44s", 1, 9, "user.x")
CUT(xattrcreate, RING_TXATTRCREATE, "4s84", 1, "user.x", (uint64_t)4, 0)
CUT(readdir, RING_TREADDIR, "484", 4, (uint64_t)0, 512)
CUT(fsync, RING_TFSYNC, "44", 3, 0)
CUT(lock, RING_TLOCK, "414884s", 3, RING_LOCK_WRLCK, 0, (uint64_t)0,
    (uint64_t)0, 1, "g")
CUT(getlock, RING_TGETLOCK, "41884s", 3, RING_LOCK_WRLCK, (uint64_t)0,
    (uint64_t)0, 1, "g")
CUT(link, RING_TLINK, "44s", 0, 1, "new")
CUT(mkdir, RING_TMKDIR, "4s44", 0, "new", 0755, 0)
CUT(renameat, RING_TRENAMEAT, "4s4s", 0, "f", 0, "new")
CUT(unlinkat, RING_TUNLINKAT, "4s4", 0, "f", 0)

#define ROW(NAME) { #NAME, cut_##NAME }
static const CutCase cut_cases[] = {
    ROW(version), ROW(attach), ROW(flush), ROW(walk), ROW(read), ROW(write),
    ROW(clunk), ROW(remove), ROW(statfs), ROW(lopen), ROW(lcreate),
    ROW(symlink), ROW(mknod), ROW(rename), ROW(readlink), ROW(getattr),
    ROW(setattr), ROW(xattrwalk), ROW(xattrcreate), ROW(readdir), ROW(fsync),
    ROW(lock), ROW(getlock), ROW(link), ROW(mkdir), ROW(renameat),
    ROW(unlinkat),
};

/* With the size field of the whole message, and of what is sent */
static void cut_at_every_byte_breaks(const void *arg)
{
    const CutCase *c = arg;
    RingDev *d = local_with_fids();
    RingMsg *m = c->make();
    uint32_t whole = m->bytes->len;

    for (uint32_t len = 1; len < whole; len++) {
        for (int fit = 0; fit < 2; fit++) {
            ring_msg_size(m, fit ? len : whole);
            send_cut(d, m, len, RING_REPLY_ROOM);
            expect_broken(d, "%s cut to %u of %u bytes, size field %u",
                          m->text, len, whole, fit ? len : whole);
            ring_dev_start(d);
            make_fids(d);
        }
    }
    check_host_unchanged(m->text);
}

static void every_byte_in_its_own_descriptor(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = ring_msg(RING_TGETATTR, "48", 1,
                          (uint64_t)RING_GETATTR_BASIC);
    RingReply *r = ring_reply(ring_send_as(d, m, .out_split = 1,
                                           .in_split = 1, .room = 160));

    r = ring_expect(r, RING_TGETATTR, 0);
    ring_check_int("valid bits", ring_get64(r) & RING_GETATTR_BASIC,
                   RING_GETATTR_BASIC);
}

static void chain_as_long_as_the_ring(void)
{
    RingDev *d = local_with_fids();
    g_autofree char *data = g_strnfill(1000, 'w');
    g_autofree char *host = NULL;
    RingMsg *m = ring_msg(RING_TWRITE, "484B", 3, (uint64_t)0, 1000, data,
                          (size_t)1000);
    size_t len;

    /* 1023 descriptors of one byte for the message, and one for the reply */
    ring_expect_done(ring_send_as(d, m, .out_split = 1), RING_TWRITE, 0);
    host = ring_host_get("f", &len);
    ring_check_str("content on the host", host, data);
}

static void indirect_chain_of_single_bytes(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = ring_msg(RING_TWALK, "442s", 0, 9, 1, "f");

    ring_check(d->features & (1ull << VIRTIO_RING_F_INDIRECT_DESC),
               "expected the device to offer indirect descriptors");
    ring_expect_done(ring_send_as(d, m, .out_split = 1, .in_split = 3,
                                  .room = 300, .indirect = true),
                     RING_TWALK, 0);
}

static void in_and_out_part_in_the_same_memory(void)
{
    RingDev *d = local_with_fids();
    RingMsg *m = ring_msg(RING_TGETATTR, "48", 1,
                          (uint64_t)RING_GETATTR_BASIC);
    RingReq *r = ring_req_new(d);
    uint64_t addr;

    ring_msg_tag(m, 5);
    r->tag = 5;
    addr = ring_req_out(r, m->bytes->data, m->bytes->len);
    ring_req_raw(r, addr, 512, true);
    ring_req_submit(r, false);
    ring_expect_done(r, RING_TGETATTR, 0);
}

static RingDev *synth_with(const char *device_options)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d,%s",
                             RING_SLOT, device_options);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static void bursts_are_answered(RingDev *d, unsigned n, int rounds)
{
    g_autofree RingReq **r = g_new0(RingReq *, n);

    for (int round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < n; i++) {
            r[i] = ring_send_as(d, ring_msg(RING_TGETATTR, "48", 0,
                                            (uint64_t)RING_GETATTR_BASIC),
                                .room = 256, .indirect = i % 2,
                                .hold = true);
        }
        ring_kick(d);
        for (unsigned i = 0; i < n; i++) {
            ring_expect_done(r[i], RING_TGETATTR, 0);
        }
    }
}

static void packed_ring(void)
{
    RingDev *d = synth_with("packed=on");

    ring_check(d->packed, "expected the device to offer a packed ring");
    /* Use more slots than the ring has, so that both wrap counters change. */
    bursts_are_answered(d, 100, 16);
}

static void in_order_ring(void)
{
    RingDev *d;

    if (!ring_device_has("in_order")) {
        ring_skip("virtio devices of this QEMU do not have in_order=");
    }
    d = synth_with("in_order=on");
    bursts_are_answered(d, 100, 3);
}

static void ring_of_sixteen_entries(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    d->want_size = 16;
    ring_dev_start(d);
    ring_mount(d);
    bursts_are_answered(d, 10, 5);
}

static void request_changed_in_flight_is_not_read_again(void)
{
    RingDev *d;
    RingReq *r[2];
    RingReply *reply;
    uint32_t count;

    ring_host_put("f", "content", 7);
    d = ring_local("security_model=mapped-xattr,throttling.iops-total=2");
    d->vm->step_clock = true;
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    for (int i = 0; i < 2; i++) {
        r[i] = ring_send(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 4));
    }
    ring_expect_done(r[0], RING_TREAD, 0);
    /* The second is throttled: change its tag, fid and count in memory. */
    qtest_memset(d->vm->qts, g_array_index(r[1]->segs, RingSeg, 0).addr + 5,
                 0xff, 18);
    reply = ring_expect(ring_reply(r[1]), RING_TREAD, 0);
    count = ring_get32(reply);
    ring_check_int("bytes read", count, 4);
    ring_check(memcmp(ring_get_bytes(reply, count), "cont", 4) == 0,
               "expected the 4 bytes of the original request");
}

void ring_register_chain_tests(void)
{
#define ADD(name, fn) ring_add("chain/" name, fn)
    ADD("no-in-part-breaks", no_in_part_breaks);
    ADD("in-part-without-a-header-breaks", in_part_without_a_header_breaks);
    ADD("in-part-too-small-for-the-reply-breaks-first",
        in_part_too_small_for_the_reply_breaks_first);
    ADD("in-part-of-exact-size-is-enough", in_part_of_exact_size_is_enough);
    ADD("out-part-without-a-header-breaks", out_part_without_a_header_breaks);
    ADD("wrong-size-field-breaks", wrong_size_field_breaks);
    ADD("size-field-may-leave-out-the-payload",
        size_field_may_leave_out_the_payload);
    ADD("string-longer-than-the-message-breaks",
        string_longer_than_the_message_breaks);
    ADD("write-count-beyond-the-data-breaks",
        write_count_beyond_the_data_breaks);
    ADD("descriptor-loop-breaks", descriptor_loop_breaks);
    ADD("broken-device-stays-broken-until-reset",
        broken_device_stays_broken_until_reset);
    for (unsigned i = 0; i < G_N_ELEMENTS(cut_cases); i++) {
        g_autofree char *path = g_strdup_printf("chain/cut-at-every-byte/%s",
                                                cut_cases[i].name);

        ring_add_arg(path, cut_at_every_byte_breaks, &cut_cases[i]);
    }
    ADD("broken-message-before-another", broken_message_before_another);
    ADD("every-byte-in-its-own-descriptor", every_byte_in_its_own_descriptor);
    ADD("chain-as-long-as-the-ring", chain_as_long_as_the_ring);
    ADD("indirect-chain-of-single-bytes", indirect_chain_of_single_bytes);
    ADD("in-and-out-part-in-the-same-memory",
        in_and_out_part_in_the_same_memory);
    ADD("packed-ring", packed_ring);
    ADD("in-order-ring", in_order_ring);
    ADD("ring-of-sixteen-entries", ring_of_sixteen_entries);
    ADD("request-changed-in-flight-is-not-read-again",
        request_changed_in_flight_is_not_read_again);
#undef ADD
}
