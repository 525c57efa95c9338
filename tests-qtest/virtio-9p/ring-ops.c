/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function for each 9P2000.L message: send it, wait, check and decode the
 * reply.
 *
 * This file knows the order of the fields of every message.  See ring-client.h
 * for the form with named arguments that tests use.  Single thread.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "ring-client.h"

static RingReply *call(RingDev *d, uint8_t type, int err, RingMsg *m)
{
    return ring_expect(ring_rpc(d, m), type, err);
}

static void call_empty(RingDev *d, uint8_t type, int err, RingMsg *m)
{
    RingReply *r = call(d, type, err, m);

    if (r) {
        ring_get_end(r);
        ring_reply_free(r);
    }
}

static RingQid call_qid(RingDev *d, uint8_t type, int err, RingMsg *m)
{
    RingReply *r = call(d, type, err, m);
    RingQid qid = { 0 };

    if (r) {
        qid = ring_get_qid(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return qid;
}

static RingRlopen call_open(RingDev *d, uint8_t type, int err, RingMsg *m)
{
    RingReply *r = call(d, type, err, m);
    RingRlopen res = { 0 };

    if (r) {
        res.qid = ring_get_qid(r);
        res.iounit = ring_get32(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return res;
}

RingRversion ring_tversion_do(RingDev *d, RingTversion o)
{
    RingRversion res = { 0 };
    RingReply *r = call(d, RING_TVERSION, o.err,
                        ring_msg(RING_TVERSION, "4s",
                                 o.msize ? o.msize : RING_MSIZE,
                                 o.version ? o.version : "9P2000.L"));

    if (r) {
        g_autofree char *version = NULL;

        res.msize = ring_get32(r);
        version = ring_get_str(r);
        g_strlcpy(res.version, version, sizeof(res.version));
        ring_get_end(r);
        ring_reply_free(r);
        d->msize = res.msize;
    }
    return res;
}

RingQid ring_tattach_do(RingDev *d, RingTattach o)
{
    return call_qid(d, RING_TATTACH, o.err,
                    ring_msg(RING_TATTACH, "44ss4", o.fid, RING_NOFID,
                             o.uname, o.aname, o.n_uname));
}

RingRwalk ring_twalk_do(RingDev *d, RingTwalk o)
{
    RingMsg *m = NULL;
    GByteArray *names = g_byte_array_new();
    RingRwalk res = { 0 };
    RingReply *r;
    unsigned n = 0;

    for (; n < G_N_ELEMENTS(o.names) && o.names[n]; n++) {
        uint16_t len = cpu_to_le16(strlen(o.names[n]));

        g_byte_array_append(names, (uint8_t *)&len, 2);
        g_byte_array_append(names, (const uint8_t *)o.names[n],
                            strlen(o.names[n]));
    }
    m = ring_msg(RING_TWALK, "442B", o.fid, o.newfid, n, names->data,
                 (size_t)names->len);
    g_byte_array_free(names, TRUE);
    r = call(d, RING_TWALK, o.err, m);
    if (r) {
        res.n = ring_get16(r);
        ring_check(res.n <= n, "%s: expected at most %u qids, got %u",
                   r->asked, n, res.n);
        for (unsigned i = 0; i < res.n; i++) {
            res.qid[i] = ring_get_qid(r);
        }
        ring_get_end(r);
        ring_reply_free(r);
    }
    return res;
}

RingRlopen ring_tlopen_do(RingDev *d, RingTlopen o)
{
    return call_open(d, RING_TLOPEN, o.err,
                     ring_msg(RING_TLOPEN, "44", o.fid, o.flags));
}

RingRlopen ring_tlcreate_do(RingDev *d, RingTcreate o)
{
    return call_open(d, RING_TLCREATE, o.err,
                     ring_msg(RING_TLCREATE, "4s444", o.fid, o.name, o.flags,
                              o.mode, o.gid));
}

RingQid ring_tsymlink_do(RingDev *d, RingTcreate o)
{
    return call_qid(d, RING_TSYMLINK, o.err,
                    ring_msg(RING_TSYMLINK, "4ss4", o.fid, o.name, o.target,
                             o.gid));
}

RingQid ring_tmknod_do(RingDev *d, RingTcreate o)
{
    return call_qid(d, RING_TMKNOD, o.err,
                    ring_msg(RING_TMKNOD, "4s4444", o.fid, o.name, o.mode,
                             o.major, o.minor, o.gid));
}

RingQid ring_tmkdir_do(RingDev *d, RingTcreate o)
{
    return call_qid(d, RING_TMKDIR, o.err,
                    ring_msg(RING_TMKDIR, "4s44", o.fid, o.name, o.mode,
                             o.gid));
}

uint32_t ring_tread_do(RingDev *d, RingTio o)
{
    RingMsg *m = ring_msg(RING_TREAD, "484", o.fid, o.offset, o.count);
    uint32_t room = MAX(RING_REPLY_ROOM, MIN(o.count, d->msize) + RING_IOHDR);
    RingReply *r = ring_expect(ring_reply(ring_send_as(d, m, .room = room)),
                               RING_TREAD, o.err);
    uint32_t count = 0;

    if (r) {
        const void *data;

        count = ring_get32(r);
        ring_check(count <= o.count, "%s: expected at most %u bytes, got %u",
                   r->asked, o.count, count);
        data = ring_get_bytes(r, count);
        ring_get_end(r);
        if (o.buf) {
            memcpy(o.buf, data, count);
        }
        ring_reply_free(r);
    }
    return count;
}

static uint32_t call_count(RingDev *d, uint8_t type, int err, RingMsg *m)
{
    RingReply *r = call(d, type, err, m);
    uint32_t count = 0;

    if (r) {
        count = ring_get32(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return count;
}

uint32_t ring_twrite_do(RingDev *d, RingTio o)
{
    return call_count(d, RING_TWRITE, o.err,
                      ring_msg(RING_TWRITE, "484B", o.fid, o.offset, o.count,
                               o.data, (size_t)o.count));
}

void ring_tclunk_do(RingDev *d, RingTfid o)
{
    call_empty(d, RING_TCLUNK, o.err, ring_msg(RING_TCLUNK, "4", o.fid));
}

void ring_tremove_do(RingDev *d, RingTfid o)
{
    call_empty(d, RING_TREMOVE, o.err, ring_msg(RING_TREMOVE, "4", o.fid));
}

char *ring_treadlink_do(RingDev *d, RingTfid o)
{
    RingReply *r = call(d, RING_TREADLINK, o.err,
                        ring_msg(RING_TREADLINK, "4", o.fid));
    char *target = NULL;

    if (r) {
        target = ring_get_str(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return target;
}

RingRstatfs ring_tstatfs_do(RingDev *d, RingTfid o)
{
    RingReply *r = call(d, RING_TSTATFS, o.err,
                        ring_msg(RING_TSTATFS, "4", o.fid));
    RingRstatfs s = { 0 };

    if (r) {
        s.type = ring_get32(r);
        s.bsize = ring_get32(r);
        s.blocks = ring_get64(r);
        s.bfree = ring_get64(r);
        s.bavail = ring_get64(r);
        s.files = ring_get64(r);
        s.ffree = ring_get64(r);
        s.fsid = ring_get64(r);
        s.namelen = ring_get32(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return s;
}

RingAttr ring_tgetattr_do(RingDev *d, RingTgetattr o)
{
    RingReply *r = call(d, RING_TGETATTR, o.err,
                        ring_msg(RING_TGETATTR, "48", o.fid,
                                 o.mask ? o.mask
                                        : (uint64_t)RING_GETATTR_BASIC));
    RingAttr a = { 0 };

    if (!r) {
        return a;
    }
    a.valid = ring_get64(r);
    a.qid = ring_get_qid(r);
    a.mode = ring_get32(r);
    a.uid = ring_get32(r);
    a.gid = ring_get32(r);
    a.nlink = ring_get64(r);
    a.rdev = ring_get64(r);
    a.size = ring_get64(r);
    a.blksize = ring_get64(r);
    a.blocks = ring_get64(r);
    a.atime = ring_get64(r);
    a.atime_nsec = ring_get64(r);
    a.mtime = ring_get64(r);
    a.mtime_nsec = ring_get64(r);
    a.ctime = ring_get64(r);
    a.ctime_nsec = ring_get64(r);
    /* btime, gen and data_version: reserved, not applied by Linux */
    ring_get_bytes(r, 4 * 8);
    ring_get_end(r);
    ring_reply_free(r);
    return a;
}

void ring_tsetattr_do(RingDev *d, RingTsetattr o)
{
    call_empty(d, RING_TSETATTR, o.err,
               ring_msg(RING_TSETATTR, "4444488888", o.fid, o.valid, o.mode,
                        o.uid, o.gid, o.size, o.atime, o.atime_nsec, o.mtime,
                        o.mtime_nsec));
}

uint64_t ring_txattrwalk_do(RingDev *d, RingTxattr o)
{
    RingReply *r = call(d, RING_TXATTRWALK, o.err,
                        ring_msg(RING_TXATTRWALK, "44s", o.fid, o.newfid,
                                 o.name));
    uint64_t size = 0;

    if (r) {
        size = ring_get64(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return size;
}

void ring_txattrcreate_do(RingDev *d, RingTxattr o)
{
    call_empty(d, RING_TXATTRCREATE, o.err,
               ring_msg(RING_TXATTRCREATE, "4s84", o.fid, o.name, o.size,
                        o.flags));
}

static void free_dirent(gpointer opaque)
{
    RingDirent *e = opaque;

    g_free(e->name);
}

GArray *ring_treaddir_do(RingDev *d, RingTreaddir o)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(RingDirent));
    RingReply *r = call(d, RING_TREADDIR, o.err,
                        ring_msg(RING_TREADDIR, "484", o.fid, o.offset,
                                 o.count));
    uint32_t count;

    g_array_set_clear_func(entries, free_dirent);
    if (!r) {
        return entries;
    }
    count = ring_get32(r);
    ring_check(count <= o.count, "%s: expected at most %u bytes, got %u",
               r->asked, o.count, count);
    ring_check(count == r->size - r->pos, "%s: expected %u bytes of entries, "
               "the reply has %u", r->asked, count, r->size - r->pos);
    while (r->pos < r->size) {
        RingDirent e;

        e.qid = ring_get_qid(r);
        e.offset = ring_get64(r);
        e.type = ring_get8(r);
        e.name = ring_get_str(r);
        g_array_append_val(entries, e);
    }
    ring_reply_free(r);
    return entries;
}

void ring_tfsync_do(RingDev *d, RingTfsync o)
{
    call_empty(d, RING_TFSYNC, o.err,
               ring_msg(RING_TFSYNC, "44", o.fid, o.datasync));
}

uint8_t ring_tlock_do(RingDev *d, RingTlock o)
{
    RingReply *r = call(d, RING_TLOCK, o.err,
                        ring_msg(RING_TLOCK, "414884s", o.fid, o.type,
                                 o.flags, o.start, o.length, o.proc_id,
                                 o.client_id));
    uint8_t status = 0xff;

    if (r) {
        status = ring_get8(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return status;
}

RingTlock ring_tgetlock_do(RingDev *d, RingTlock o)
{
    RingReply *r = call(d, RING_TGETLOCK, o.err,
                        ring_msg(RING_TGETLOCK, "41884s", o.fid, o.type,
                                 o.start, o.length, o.proc_id, o.client_id));
    RingTlock res = { 0 };

    if (r) {
        g_autofree char *client_id = NULL;

        res.type = ring_get8(r);
        res.start = ring_get64(r);
        res.length = ring_get64(r);
        res.proc_id = ring_get32(r);
        client_id = ring_get_str(r);
        ring_get_end(r);
        ring_reply_free(r);
    }
    return res;
}

void ring_tlink_do(RingDev *d, RingTname o)
{
    call_empty(d, RING_TLINK, o.err,
               ring_msg(RING_TLINK, "44s", o.dir, o.fid, o.name));
}

void ring_trename_do(RingDev *d, RingTname o)
{
    call_empty(d, RING_TRENAME, o.err,
               ring_msg(RING_TRENAME, "44s", o.fid, o.dir, o.name));
}

void ring_trenameat_do(RingDev *d, RingTname o)
{
    call_empty(d, RING_TRENAMEAT, o.err,
               ring_msg(RING_TRENAMEAT, "4s4s", o.dir, o.name, o.newdir,
                        o.newname));
}

void ring_tunlinkat_do(RingDev *d, RingTname o)
{
    call_empty(d, RING_TUNLINKAT, o.err,
               ring_msg(RING_TUNLINKAT, "4s4", o.dir, o.name, o.flags));
}

void ring_tflush_do(RingDev *d, RingTflush o)
{
    call_empty(d, RING_TFLUSH, o.err, ring_msg(RING_TFLUSH, "2", o.oldtag));
}
