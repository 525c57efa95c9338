/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and replies of the 9P2000.L client of the ring tests.
 *
 * This file puts messages on the ring and checks their replies; the messages
 * themselves are in ring-ops.c.  Single thread.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqos/libqos-malloc.h"
#include "ring-client.h"

/* Split the buffer of r->segs[@first] into segments of at most @split bytes */
static void split_segment(RingReq *r, unsigned first, uint32_t split)
{
    RingSeg whole = g_array_index(r->segs, RingSeg, first);

    g_array_index(r->segs, RingSeg, first).len = MIN(split, whole.len);
    for (uint32_t at = split; at < whole.len; at += split) {
        ring_req_raw(r, whole.addr + at, MIN(split, whole.len - at),
                     whole.in);
    }
}

RingReq *ring_send_shape(RingDev *d, RingMsg *m, RingShape shape)
{
    RingReq *r = ring_req_new(d);
    unsigned in_at;

    if (shape.keep_tag) {
        r->tag = lduw_le_p(m->bytes->data + 5);
    } else {
        r->tag = m->bytes->data[4] == RING_TVERSION ? RING_NOTAG
                                                    : d->next_tag++;
        if (d->next_tag == RING_NOTAG) {
            d->next_tag = 0;
        }
        ring_msg_tag(m, r->tag);
    }
    ring_req_out(r, m->bytes->data, m->bytes->len);
    if (shape.out_split) {
        split_segment(r, 0, shape.out_split);
    }
    in_at = r->segs->len;
    ring_req_in(r, shape.room ? shape.room : RING_REPLY_ROOM);
    if (shape.in_split) {
        split_segment(r, in_at, shape.in_split);
    }
    r->asked = g_strdup(m->text);
    ring_msg_free(m);
    ring_req_queue(r, shape.indirect);
    if (!shape.hold) {
        ring_kick(d);
    }
    return r;
}

RingReq *ring_send(RingDev *d, RingMsg *m)
{
    return ring_send_as(d, m, .room = 0);
}

RingReply *ring_reply(RingReq *r)
{
    RingReply *reply = g_new0(RingReply, 1);
    uint32_t size;

    ring_wait(r);
    reply->asked = g_strdup(r->asked ? r->asked : "request");
    ring_check(r->used_len >= RING_HDR, "%s: expected a reply of at least %d "
               "bytes, the used ring says %u", reply->asked, RING_HDR,
               r->used_len);
    reply->data = g_malloc0(r->used_len);
    reply->size = ring_req_read(r, 0, reply->data, r->used_len);
    size = ring_get32(reply);
    reply->type = ring_get8(reply);
    reply->tag = ring_get16(reply);
    ring_check(size == r->used_len, "%s: expected the size field of %s and "
               "the used length to agree, got %u and %u", reply->asked,
               ring_type_name(reply->type), size, r->used_len);
    ring_check(reply->tag == r->tag, "%s: expected a reply with tag %u, got "
               "%s with tag %u", reply->asked, r->tag,
               ring_type_name(reply->type), reply->tag);
    ring_req_free(r);
    return reply;
}

RingReply *ring_rpc(RingDev *d, RingMsg *m)
{
    return ring_reply(ring_send(d, m));
}

static char *describe(RingReply *reply)
{
    int err;

    if (reply->type != RING_RLERROR) {
        return g_strdup(ring_type_name(reply->type));
    }
    err = ring_get32(reply);
    return g_strdup_printf("Rlerror %d (%s)", err, g_strerror(err));
}

RingReply *ring_expect(RingReply *reply, uint8_t ttype, int err)
{
    g_autofree char *got = NULL;

    if (!err && reply->type == ttype + 1) {
        return reply;
    }
    got = describe(reply);
    if (!err) {
        ring_fail("%s: expected %s, got %s", reply->asked,
                  ring_type_name(ttype + 1), got);
    }
    if (err == RING_ANY_ERROR) {
        ring_check(reply->type == RING_RLERROR, "%s: expected Rlerror, got "
                   "%s", reply->asked, got);
    } else {
        ring_check(reply->type == RING_RLERROR &&
                   ldl_le_p(reply->data + RING_HDR) == err,
                   "%s: expected Rlerror %d (%s), got %s", reply->asked, err,
                   g_strerror(err), got);
    }
    ring_get_end(reply);
    ring_reply_free(reply);
    return NULL;
}

void ring_expect_done(RingReq *r, uint8_t ttype, int err)
{
    RingReply *reply = ring_expect(ring_reply(r), ttype, err);

    if (reply) {
        ring_reply_free(reply);
    }
}

int ring_reply_errno(RingReply *reply)
{
    int err = reply->type == RING_RLERROR ? ring_get32(reply) : 0;

    ring_reply_free(reply);
    return err;
}

void ring_mount(RingDev *d)
{
    ring_tversion(d, .msize = 0);
    ring_tattach(d, .fid = 0);
}

RingDev *ring_synth(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=ring,"
                             "addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

RingDev *ring_local(const char *fsdev_options)
{
    RingVm *vm = ring_vm_new("-fsdev local,id=fs0,path='%s',%s "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=ring,"
                             "addr=%d", ring_dir(), fsdev_options, RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}
