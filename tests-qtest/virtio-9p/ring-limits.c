/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Well-framed messages with values that no client should send.
 *
 * Unknown types, fids that are in use, counts and offsets at the limits of
 * their range, extended attributes written in pieces: each gets a certain errno
 * or a harmless answer, and the device continues to work.
 */
#include "qemu/osdep.h"
#include <sys/xattr.h>
#include "ring-client.h"

static RingDev *local(void)
{
    return ring_local("security_model=mapped-xattr");
}

/* File f as fid 1, not opened */
static RingDev *local_with_file(void)
{
    RingDev *d;

    ring_host_put("f", "content", 7);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    return d;
}

static bool is_request_of_9p2000_l(int type)
{
    static const uint8_t types[] = {
        RING_TSTATFS, RING_TLOPEN, RING_TLCREATE, RING_TSYMLINK, RING_TMKNOD,
        RING_TRENAME, RING_TREADLINK, RING_TGETATTR, RING_TSETATTR,
        RING_TXATTRWALK, RING_TXATTRCREATE, RING_TREADDIR, RING_TFSYNC,
        RING_TLOCK, RING_TGETLOCK, RING_TLINK, RING_TMKDIR, RING_TRENAMEAT,
        RING_TUNLINKAT, RING_TVERSION, RING_TATTACH, RING_TFLUSH, RING_TWALK,
        RING_TREAD, RING_TWRITE, RING_TCLUNK, RING_TREMOVE,
    };

    return memchr(types, type, sizeof(types)) != NULL;
}

static void other_types_are_eopnotsupp(void)
{
    RingDev *d = ring_synth();
    static const uint8_t body[64];

    for (int type = 0; type < 256; type++) {
        if (is_request_of_9p2000_l(type)) {
            continue;
        }
        ring_expect_done(ring_send(d, ring_msg(type, "B", body,
                                               sizeof(body))),
                         type, EOPNOTSUPP);
    }
    ring_tgetattr(d, .fid = 0);
}

static void other_types_without_a_body_are_eopnotsupp(void)
{
    RingDev *d = ring_synth();

    for (int type = 0; type < 256; type++) {
        if (!is_request_of_9p2000_l(type)) {
            ring_expect_done(ring_send(d, ring_msg(type, "")), type,
                             EOPNOTSUPP);
        }
    }
    ring_tgetattr(d, .fid = 0);
}

static void fid_in_use_is_einval_as_a_new_fid(void)
{
    RingDev *d = local_with_file();

    ring_twalk(d, .fid = 0, .newfid = 1, .err = EINVAL);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" }, .err = EINVAL);
    ring_tattach(d, .fid = 1, .err = EINVAL);
    ring_tattach(d, .fid = 0, .err = EINVAL);
    ring_txattrwalk(d, .fid = 1, .newfid = 0, .name = "", .err = EINVAL);
    ring_check_int("size through the old fid", ring_tgetattr(d,
                   .fid = 1).size, 7);
}

static void nofid_is_einval_as_a_new_fid(void)
{
    RingDev *d = local_with_file();

    ring_twalk(d, .fid = 0, .newfid = RING_NOFID, .err = EINVAL);
    ring_tattach(d, .fid = RING_NOFID, .err = EINVAL);
    ring_txattrwalk(d, .fid = 1, .newfid = RING_NOFID, .name = "",
                    .err = EINVAL);
    ring_tgetattr(d, .fid = RING_NOFID, .err = ENOENT);
}

static void walk_of_seventeen_names_is_einval(void)
{
    RingDev *d = ring_synth();
    RingTwalk o = { .fid = 0, .newfid = 1, .err = EINVAL };

    for (int i = 0; i <= RING_MAXWELEM; i++) {
        o.names[i] = "..";
    }
    ring_twalk_do(d, o);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void walk_that_says_65535_names_does_nothing(void)
{
    RingDev *d = ring_synth();
    RingReq *r = ring_send(d, ring_msg(RING_TWALK, "442s", 0, 1, 65535, "x"));

    /* Too many names, or a message without them: both are right. */
    if (ring_wait_done_or_broken(r)) {
        ring_expect_done(r, RING_TWALK, EINVAL);
    } else {
        ring_dev_start(d);
        ring_mount(d);
    }
    ring_tclunk(d, .fid = 1, .err = ENOENT);
    ring_tgetattr(d, .fid = 0);
}

static void huge_read_is_cut_to_msize(void)
{
    enum { SEGS = 20, SEG_LEN = 256 << 20, BASE = 256 << 20 };
    g_autofree char *path = ring_host_path("sparse");
    RingVm *vm;
    RingDev *d;
    RingReq *r;
    RingMsg *m;
    int64_t start;

    ring_host_put("sparse", "", 0);
    ring_check(truncate(path, 5ll << 30) == 0, "host: truncate: %s",
               g_strerror(errno));
    vm = ring_vm_new("-m 768 -fsdev local,id=fs0,path='%s',"
                     "security_model=mapped-xattr -device virtio-9p-pci,"
                     "fsdev=fs0,mount_tag=ring,addr=%d", ring_dir(),
                     RING_SLOT);
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "sparse" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    m = ring_msg(RING_TREAD, "484", 1, (uint64_t)0, UINT32_MAX);
    ring_msg_tag(m, 3);
    r = ring_req_new(d);
    r->tag = 3;
    ring_req_out(r, m->bytes->data, m->bytes->len);
    for (int i = 0; i < SEGS; i++) {
        ring_req_raw(r, BASE, SEG_LEN, true);
    }
    start = ring_now();
    ring_req_submit(r, false);
    ring_wait(r);
    ring_check(r->used_len <= RING_MSIZE, "Tread of 4 GiB with msize %d: "
               "expected a reply of at most that, got %u bytes", RING_MSIZE,
               r->used_len);
    ring_check(ring_now() - start < 2000 * 1000, "Tread of 4 GiB: expected "
               "an answer at once, it took %" PRId64 " ms",
               (ring_now() - start) / 1000);
    ring_expect_done(r, RING_TREAD, 0);
}

static void huge_write_is_refused(void)
{
    enum { SEGS = 16, SEG_LEN = 256 << 20, BASE = 256 << 20 };
    RingVm *vm;
    RingDev *d;
    RingReq *r;
    RingMsg *m;

    ring_host_put("f", "", 0);
    vm = ring_vm_new("-m 768 -fsdev local,id=fs0,path='%s',"
                     "security_model=mapped-xattr -device virtio-9p-pci,"
                     "fsdev=fs0,mount_tag=ring,addr=%d", ring_dir(),
                     RING_SLOT);
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    m = ring_msg(RING_TWRITE, "484", 1, (uint64_t)0, UINT32_MAX - 15);
    ring_msg_tag(m, 3);
    r = ring_req_new(d);
    r->tag = 3;
    ring_req_out(r, m->bytes->data, m->bytes->len);
    for (int i = 0; i < SEGS; i++) {
        ring_req_raw(r, BASE, SEG_LEN, false);
    }
    ring_req_in(r, 64);
    ring_req_submit(r, false);
    ring_expect_done(r, RING_TWRITE, EINVAL);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 0);
}

static void read_larger_than_its_buffer_is_cut(void)
{
    RingDev *d = local_with_file();
    RingReq *r;

    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    r = ring_send_as(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 7),
                     .room = RING_HDR + 4 + 3);
    /* The reply is short, or the device needs a reset. */
    if (ring_wait_done_or_broken(r)) {
        RingReply *reply = ring_expect(ring_reply(r), RING_TREAD, 0);

        ring_check_int("bytes read", ring_get32(reply), 3);
    }
}

static void read_offset_beyond_int64_is_einval(void)
{
    RingDev *d = local_with_file();

    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_tread(d, .fid = 1, .offset = 1ull << 63, .count = 1, .err = EINVAL);
    ring_tread(d, .fid = 1, .offset = UINT64_MAX, .count = 1, .err = EINVAL);
    ring_twrite(d, .fid = 1, .offset = 1ull << 63, .data = "x", .count = 1,
                .err = EINVAL);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 7);
}

static void readdir_count_below_an_entry_is_einval(void)
{
    RingDev *d = local_with_file();

    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_tlopen(d, .fid = 2, .flags = RING_O_DIRECTORY);
    for (uint32_t count = 0; count < 25; count++) {
        ring_treaddir(d, .fid = 2, .count = count, .err = EINVAL);
    }
}

static void readdir_never_cuts_an_entry(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "ReadDirDir" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    for (uint32_t count = 38; count < 140; count++) {
        GArray *e = ring_treaddir(d, .fid = 1, .count = count);

        ring_check(e->len >= 1, "Treaddir of %u bytes at the start: expected "
                   "an entry, got none", count);
        g_array_free(e, TRUE);
    }
}

static void readdir_offset_garbage_is_harmless(void)
{
    static const uint64_t offsets[] = {
        1ull << 63, UINT64_MAX, 0x123456789abcdefull, 3, UINT32_MAX,
    };
    RingDev *d = local_with_file();

    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_tlopen(d, .fid = 2, .flags = RING_O_DIRECTORY);
    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        RingReply *r = ring_rpc(d, ring_msg(RING_TREADDIR, "484", 2,
                                            offsets[i], 4096));
        uint8_t type = r->type;
        int err = ring_reply_errno(r);

        ring_check(type == RING_TREADDIR + 1 || err == EINVAL, "Treaddir at "
                   "0x%" PRIx64 ": expected entries or EINVAL, got %s %d",
                   offsets[i], ring_type_name(type), err);
    }
    ring_check(ring_treaddir(d, .fid = 2, .count = 4096)->len == 3,
               "expected 3 entries when reading from the start again");
}

static void readdir_of_a_file_is_refused(void)
{
    RingDev *d = local_with_file();

    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_treaddir(d, .fid = 1, .count = 4096, .err = RING_ANY_ERROR);
}

static void lock_values_out_of_range_are_harmless(void)
{
    static const RingTlock locks[] = {
        { .type = 255 }, { .type = 3 },
        { .start = UINT64_MAX, .length = UINT64_MAX },
        { .start = 1, .length = UINT64_MAX },
        { .start = 1ull << 63, .length = 1ull << 63 },
    };
    RingDev *d = local_with_file();

    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    for (unsigned i = 0; i < G_N_ELEMENTS(locks); i++) {
        const RingTlock *l = &locks[i];
        RingReply *r = ring_rpc(d, ring_msg(RING_TLOCK, "414884s", 1, l->type,
                                            0, l->start, l->length, 1, "g"));
        uint8_t type = r->type;
        int err = ring_reply_errno(r);

        ring_check(type == RING_TLOCK + 1 || err == EINVAL, "Tlock %u: "
                   "expected Rlock or EINVAL, got %s %d", i,
                   ring_type_name(type), err);
    }
    ring_tlock(d, .fid = 1, .flags = 0xff, .client_id = "g", .err = EINVAL);
}

static void setattr_mode_keeps_the_type(void)
{
    RingDev *d = local_with_file();

    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_MODE, .mode = 0177777);
    ring_check_int("mode", ring_tgetattr(d, .fid = 1).mode, S_IFREG | 07777);
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_MODE,
                  .mode = S_IFLNK | 0644);
    ring_check_int("mode", ring_tgetattr(d, .fid = 1).mode, S_IFREG | 0644);
}

static void setattr_nsec_out_of_range_is_einval(void)
{
    RingDev *d = local_with_file();
    struct stat before = ring_host_stat("f");

    ring_tsetattr(d, .fid = 1, .mtime = 1, .mtime_nsec = 1ull << 63,
                  .valid = RING_SETATTR_MTIME | RING_SETATTR_MTIME_SET,
                  .err = EINVAL);
    ring_check_int("mtime on the host", ring_host_stat("f").st_mtim.tv_sec,
                   before.st_mtim.tv_sec);
}

static void setattr_size_out_of_range_is_refused(void)
{
    RingDev *d = local_with_file();

    ring_tsetattr(d, .fid = 1, .size = 1ull << 63,
                  .valid = RING_SETATTR_SIZE, .err = EINVAL);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 7);
}

static void xattr_write_beyond_the_size_is_enospc(void)
{
    static const uint64_t offsets[] = {
        9, 1, 1ull << 31, UINT32_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 4,
    };
    RingDev *d = local_with_file();

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 8);
    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        RingReply *r = ring_rpc(d, ring_msg(RING_TWRITE, "484B", 1,
                                            offsets[i], 8, "12345678",
                                            (size_t)8));
        uint8_t type = r->type;
        int err = ring_reply_errno(r);

        /* Seven bytes fit from offset 1 on, and may be written. */
        ring_check((type == RING_RLERROR && err == ENOSPC) || offsets[i] == 1,
                   "Twrite at 0x%" PRIx64 " of an 8-byte attribute: expected "
                   "ENOSPC, got %s %d", offsets[i], ring_type_name(type),
                   err);
    }
}

static void xattr_read_beyond_the_size_is_empty(void)
{
    static const uint64_t offsets[] = {
        8, 9, 1ull << 31, UINT32_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 4,
    };
    g_autofree char *path = ring_host_path("f");
    RingDev *d = local_with_file();

    ring_check(lsetxattr(path, "user.x", "12345678", 8, 0) == 0,
               "host: setxattr: %s", g_strerror(errno));
    ring_txattrwalk(d, .fid = 1, .newfid = 2, .name = "user.x");
    for (unsigned i = 0; i < G_N_ELEMENTS(offsets); i++) {
        ring_check_int("bytes read", ring_tread(d, .fid = 2, .count = 8,
                       .offset = offsets[i]), 0);
    }
}

static void xattr_that_is_incomplete_is_not_stored(void)
{
    RingDev *d = local_with_file();
    g_autofree char *path = ring_host_path("f");

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 4);
    ring_twrite(d, .fid = 1, .data = "ab", .count = 2);
    ring_tclunk(d, .fid = 1, .err = EINVAL);
    ring_check_int("length on the host", lgetxattr(path, "user.x", NULL, 0),
                   -1);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void xattr_written_twice_in_one_place_is_incomplete(void)
{
    RingDev *d = local_with_file();
    g_autofree char *path = ring_host_path("f");

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 4);
    ring_twrite(d, .fid = 1, .data = "ab", .count = 2);
    ring_twrite(d, .fid = 1, .data = "cd", .count = 2);
    ring_tclunk(d, .fid = 1, .err = EINVAL);
    ring_check_int("length on the host", lgetxattr(path, "user.x", NULL, 0),
                   -1);
}

static void xattr_of_too_large_a_size_is_e2big(void)
{
    RingDev *d = local_with_file();

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 65537,
                      .err = E2BIG);
    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = UINT64_MAX,
                      .err = E2BIG);
    ring_check_int("size through the fid", ring_tgetattr(d, .fid = 1).size,
                   7);
}

static void xattrcreate_twice_is_einval(void)
{
    RingDev *d = local_with_file();

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 4);
    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 4,
                      .err = EINVAL);
}

static void xattr_value_cannot_be_read_before_it_is_written(void)
{
    RingDev *d = local_with_file();
    RingReply *r;

    ring_txattrcreate(d, .fid = 1, .name = "user.x", .size = 4096);
    r = ring_rpc(d, ring_msg(RING_TREAD, "484", 1, (uint64_t)0, 4096));
    if (r->type == RING_RLERROR) {
        return;
    }
    r = ring_expect(r, RING_TREAD, 0);
    for (uint32_t left = ring_get32(r); left > 0; left--) {
        ring_check_int("byte of a value never written", ring_get8(r), 0);
    }
}

static void xattr_opened_to_read_cannot_be_written(void)
{
    RingDev *d = local_with_file();
    int err;

    ring_txattrwalk(d, .fid = 1, .newfid = 2, .name = "");
    err = ring_reply_errno(ring_rpc(d, ring_msg(RING_TWRITE, "484B", 2,
                                                (uint64_t)0, 0, "",
                                                (size_t)0)));
    ring_check(err == EBADF || err == EINVAL, "Twrite to a Txattrwalk fid: "
               "expected EBADF or EINVAL, got %d (%s)", err, g_strerror(err));
}

static void readlink_of_what_is_no_link_is_einval(void)
{
    RingDev *d = local_with_file();

    ring_treadlink(d, .fid = 1, .err = EINVAL);
    ring_treadlink(d, .fid = 0, .err = EINVAL);
    ring_tmknod(d, .fid = 0, .name = "p", .mode = S_IFIFO | 0600);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "p" });
    ring_treadlink(d, .fid = 2, .err = EINVAL);
}

static void empty_strings_are_harmless(void)
{
    RingDev *d = local_with_file();

    ring_tattach(d, .fid = 5, .uname = "", .aname = "");
    /* The mapped models make this link; for a real one the host says ENOENT. */
    ring_reply_free(ring_rpc(d, ring_msg(RING_TSYMLINK, "4ss4", 0, "s", "",
                                         0)));
    ring_txattrcreate(d, .fid = 5, .name = "", .size = 0);
    ring_tclunk(d, .fid = 5, .err = RING_ANY_ERROR);
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_tlock(d, .fid = 1, .client_id = "");
}

static void equal_tags_in_flight_are_both_served(void)
{
    RingDev *d = ring_synth();
    RingReq *r[3];

    for (int i = 0; i < 3; i++) {
        RingMsg *m = ring_msg(RING_TGETATTR, "48", 0,
                              (uint64_t)RING_GETATTR_BASIC);

        ring_msg_tag(m, i < 2 ? 42 : RING_NOTAG);
        r[i] = ring_send_as(d, m, .keep_tag = true, .hold = true);
    }
    ring_kick(d);
    for (int i = 0; i < 3; i++) {
        ring_expect_done(r[i], RING_TGETATTR, 0);
    }
}

void ring_register_limits_tests(void)
{
#define ADD(fn, name) ring_add("limits/" name, fn)
    ADD(other_types_are_eopnotsupp, "other-types-are-eopnotsupp");
    ADD(other_types_without_a_body_are_eopnotsupp,
        "other-types-without-a-body-are-eopnotsupp");
    ADD(fid_in_use_is_einval_as_a_new_fid,
        "fid-in-use-is-einval-as-a-new-fid");
    ADD(nofid_is_einval_as_a_new_fid, "nofid-is-einval-as-a-new-fid");
    ADD(walk_of_seventeen_names_is_einval,
        "walk-of-seventeen-names-is-einval");
    ADD(walk_that_says_65535_names_does_nothing,
        "walk-that-says-65535-names-does-nothing");
    ADD(huge_read_is_cut_to_msize, "huge-read-is-cut-to-msize");
    ADD(huge_write_is_refused, "huge-write-is-refused");
    ADD(read_larger_than_its_buffer_is_cut,
        "read-larger-than-its-buffer-is-cut");
    ADD(read_offset_beyond_int64_is_einval,
        "read-offset-beyond-int64-is-einval");
    ADD(readdir_count_below_an_entry_is_einval,
        "readdir-count-below-an-entry-is-einval");
    ADD(readdir_never_cuts_an_entry, "readdir-never-cuts-an-entry");
    ADD(readdir_offset_garbage_is_harmless,
        "readdir-offset-garbage-is-harmless");
    ADD(readdir_of_a_file_is_refused, "readdir-of-a-file-is-refused");
    ADD(lock_values_out_of_range_are_harmless,
        "lock-values-out-of-range-are-harmless");
    ADD(setattr_mode_keeps_the_type, "setattr-mode-keeps-the-type");
    ADD(setattr_nsec_out_of_range_is_einval,
        "setattr-nsec-out-of-range-is-einval");
    ADD(setattr_size_out_of_range_is_refused,
        "setattr-size-out-of-range-is-refused");
    ADD(xattr_write_beyond_the_size_is_enospc,
        "xattr-write-beyond-the-size-is-enospc");
    ADD(xattr_read_beyond_the_size_is_empty,
        "xattr-read-beyond-the-size-is-empty");
    ADD(xattr_that_is_incomplete_is_not_stored,
        "xattr-that-is-incomplete-is-not-stored");
    ADD(xattr_written_twice_in_one_place_is_incomplete,
        "xattr-written-twice-in-one-place-is-incomplete");
    ADD(xattr_of_too_large_a_size_is_e2big,
        "xattr-of-too-large-a-size-is-e2big");
    ADD(xattrcreate_twice_is_einval, "xattrcreate-twice-is-einval");
    ADD(xattr_value_cannot_be_read_before_it_is_written,
        "xattr-value-cannot-be-read-before-it-is-written");
    ADD(xattr_opened_to_read_cannot_be_written,
        "xattr-opened-to-read-cannot-be-written");
    ADD(readlink_of_what_is_no_link_is_einval,
        "readlink-of-what-is-no-link-is-einval");
    ADD(empty_strings_are_harmless, "empty-strings-are-harmless");
    ADD(equal_tags_in_flight_are_both_served,
        "equal-tags-in-flight-are-both-served");
#undef ADD
}
