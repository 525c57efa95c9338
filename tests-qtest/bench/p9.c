/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encodes requests and decodes replies.  Single thread; called by step
 * functions and by session.c.
 */
#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "p9.h"

#define REPLY_ROOM      4096    /* Linux' buffer size for short replies */
#define TWRITE_HDRSZ    23      /* size type tag fid offset count */
#define GETATTR_BASIC   UINT64_C(0x7ff)

void p9_wrong(const Lane *lane, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    die("step %u of operation %" PRIu64 ", request type %u: %s", lane->step,
        lane->op, lane->tx[4], what);
}

/* --- requests ------------------------------------------------------------ */

static void put(Lane *lane, uint64_t value, unsigned bytes)
{
    uint64_t le = htole64(value);

    memcpy(lane->tx_at, &le, bytes);
    lane->tx_at += bytes;
}

static void put_string(Lane *lane, const char *s)
{
    size_t len = strlen(s);

    put(lane, len, 2);
    memcpy(lane->tx_at, s, len);
    lane->tx_at += len;
}

/* Writes the size field; called again if the request grows. */
static void finish(Lane *lane)
{
    uint32_t le = htole32(lane->tx_at - lane->tx);

    memcpy(lane->tx, &le, sizeof(le));
}

static void begin_at(Lane *lane, uint8_t *tx, uint8_t type)
{
    lane->tx = lane->tx_at = tx;
    lane->rx = guest_rx(lane->load->guest, lane->id);
    lane->rx_room = REPLY_ROOM;
    put(lane, 0, 4);
    put(lane, type, 1);
    put(lane, lane->id, 2);
}

static void begin(Lane *lane, uint8_t type)
{
    begin_at(lane, guest_tx(lane->load->guest, lane->id), type);
}

static void begin_fid(Lane *lane, uint8_t type, uint32_t fid)
{
    begin(lane, type);
    put(lane, fid, 4);
}

void p9_tversion(Lane *lane, uint32_t msize)
{
    begin(lane, P9_TVERSION);
    memset(lane->tx + 5, 0xff, 2);      /* NOTAG */
    put(lane, msize, 4);
    put_string(lane, "9P2000.L");
    finish(lane);
}

void p9_tattach(Lane *lane, uint32_t fid)
{
    begin_fid(lane, P9_TATTACH, fid);
    put(lane, P9_NOFID, 4);
    put_string(lane, "");
    put_string(lane, "");
    put(lane, 0, 4);
    finish(lane);
}

void p9_tflush(Lane *lane, uint16_t oldtag)
{
    begin(lane, P9_TFLUSH);
    put(lane, oldtag, 2);
    finish(lane);
}

void p9_tclunk(Lane *lane, uint32_t fid)
{
    begin_fid(lane, P9_TCLUNK, fid);
    finish(lane);
}

void p9_tgetattr(Lane *lane, uint32_t fid)
{
    begin_fid(lane, P9_TGETATTR, fid);
    put(lane, GETATTR_BASIC, 8);
    finish(lane);
}

void p9_tlopen(Lane *lane, uint32_t fid, uint32_t flags)
{
    begin_fid(lane, P9_TLOPEN, fid);
    put(lane, flags, 4);
    finish(lane);
}

void p9_tlcreate(Lane *lane, uint32_t fid, const char *name, uint32_t flags,
                 uint32_t mode, uint32_t gid)
{
    begin_fid(lane, P9_TLCREATE, fid);
    put_string(lane, name);
    put(lane, flags, 4);
    put(lane, mode, 4);
    put(lane, gid, 4);
    finish(lane);
}

/* The payload of the reply starts on a page boundary. */
static void io_request(Lane *lane, uint8_t type, uint32_t fid,
                       uint64_t offset, uint32_t count)
{
    begin_fid(lane, type, fid);
    put(lane, offset, 8);
    put(lane, count, 4);
    finish(lane);
    lane->rx -= P9_IO_HDRSZ;
    lane->rx_room = P9_IO_HDRSZ + count;
}

void p9_tread(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count)
{
    io_request(lane, P9_TREAD, fid, offset, count);
}

void p9_treaddir(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count)
{
    io_request(lane, P9_TREADDIR, fid, offset, count);
}

void p9_tunlinkat(Lane *lane, uint32_t fid, const char *name)
{
    begin_fid(lane, P9_TUNLINKAT, fid);
    put_string(lane, name);
    put(lane, 0, 4);
    finish(lane);
}

void p9_trenameat(Lane *lane, uint32_t fid, const char *from, const char *to)
{
    begin_fid(lane, P9_TRENAMEAT, fid);
    put_string(lane, from);
    put(lane, fid, 4);
    put_string(lane, to);
    finish(lane);
}

void p9_txattrwalk(Lane *lane, uint32_t fid, uint32_t newfid, const char *name)
{
    begin_fid(lane, P9_TXATTRWALK, fid);
    put(lane, newfid, 4);
    put_string(lane, name);
    finish(lane);
}

void p9_twalk(Lane *lane, uint32_t fid, uint32_t newfid)
{
    begin_fid(lane, P9_TWALK, fid);
    put(lane, newfid, 4);
    put(lane, 0, 2);
    finish(lane);
}

void p9_twalk_name(Lane *lane, const char *name)
{
    lane->tx[P9_HDRSZ + 8]++;           /* at most P9_MAXWELEM */
    put_string(lane, name);
    finish(lane);
}

uint8_t *p9_payload(Lane *lane)
{
    return guest_tx(lane->load->guest, lane->id);
}

void p9_twrite(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count)
{
    begin_at(lane, p9_payload(lane) - TWRITE_HDRSZ, P9_TWRITE);
    put(lane, fid, 4);
    put(lane, offset, 8);
    put(lane, count, 4);
    lane->tx_at += count;
    finish(lane);
}

/* --- replies ------------------------------------------------------------- */

static const uint8_t *take(Lane *lane, uint32_t bytes)
{
    const uint8_t *p = lane->rx + lane->at;

    if (bytes > lane->reply_len - lane->at) {
        p9_wrong(lane, "the reply ends after %u bytes, expected %u more",
                 lane->reply_len, bytes - (lane->reply_len - lane->at));
    }
    lane->at += bytes;
    return p;
}

static uint64_t get(Lane *lane, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, take(lane, bytes), bytes);
    return le64toh(value);
}

static void expect(Lane *lane, uint8_t type, uint16_t tag)
{
    uint32_t size = get(lane, 4);
    uint8_t came = get(lane, 1);
    uint16_t came_tag = get(lane, 2);

    if (size != lane->reply_len) {
        p9_wrong(lane, "the size field is %u, but the ring has %u bytes", size,
                 lane->reply_len);
    }
    if (came_tag != tag) {
        p9_wrong(lane, "expected tag %u, got %u", tag, came_tag);
    }
    if (came == P9_RLERROR) {
        p9_wrong(lane, "expected a reply of type %u, got the error \"%s\"",
                 type, g_strerror(get(lane, 4)));
    }
    if (came != type) {
        p9_wrong(lane, "expected a reply of type %u, got %u", type, came);
    }
}

static void expect_end(Lane *lane)
{
    if (lane->at != lane->reply_len) {
        p9_wrong(lane, "expected a reply of %u bytes, got %u", lane->at,
                 lane->reply_len);
    }
}

static uint64_t get_qid(Lane *lane, uint8_t *type)
{
    uint8_t t = get(lane, 1);

    get(lane, 4);
    if (type) {
        *type = t;
    }
    return get(lane, 8);
}

void p9_rempty(Lane *lane, uint8_t type)
{
    expect(lane, type, lane->id);
    expect_end(lane);
}

uint32_t p9_rversion(Lane *lane)
{
    static const char dialect[] = "9P2000.L";
    uint32_t msize;
    uint16_t len;

    expect(lane, P9_RVERSION, P9_NOTAG);
    msize = get(lane, 4);
    len = get(lane, 2);
    if (len != strlen(dialect) || memcmp(take(lane, len), dialect, len)) {
        p9_wrong(lane, "the server does not support %s", dialect);
    }
    expect_end(lane);
    return msize;
}

static uint64_t one_qid(Lane *lane, uint8_t type, uint8_t *qid_type)
{
    expect(lane, type, lane->id);
    return get_qid(lane, qid_type);
}

uint64_t p9_rattach(Lane *lane)
{
    uint8_t type;
    uint64_t qid = one_qid(lane, P9_RATTACH, &type);

    if (type != P9_QTDIR) {
        p9_wrong(lane, "the root's qid type: expected 0x%x, got 0x%x",
                 P9_QTDIR, type);
    }
    expect_end(lane);
    return qid;
}

uint64_t p9_rwalk(Lane *lane, unsigned names)
{
    uint64_t qid = 0;
    unsigned n, i;

    expect(lane, P9_RWALK, lane->id);
    n = get(lane, 2);
    if (n != names) {
        p9_wrong(lane, "a walk of %u names found %u", names, n);
    }
    for (i = 0; i < n; i++) {
        qid = get_qid(lane, NULL);
    }
    expect_end(lane);
    return qid;
}

void p9_rgetattr(Lane *lane, P9Attr *attr)
{
    uint64_t valid;

    expect(lane, P9_RGETATTR, lane->id);
    valid = get(lane, 8);
    if ((valid & GETATTR_BASIC) != GETATTR_BASIC) {
        p9_wrong(lane, "valid attributes: expected 0x%" PRIx64
                 ", got 0x%" PRIx64, GETATTR_BASIC, valid);
    }
    attr->qid = get_qid(lane, &attr->qid_type);
    attr->mode = get(lane, 4);
    attr->uid = get(lane, 4);
    attr->gid = get(lane, 4);
    attr->nlink = get(lane, 8);
    get(lane, 8);               /* rdev */
    attr->size = get(lane, 8);
    take(lane, 12 * 8);         /* block size and count, times, gen, version */
    expect_end(lane);
}

uint64_t p9_rlopen(Lane *lane, uint8_t type)
{
    uint64_t qid = one_qid(lane, type, NULL);

    get(lane, 4);               /* iounit */
    expect_end(lane);
    return qid;
}

uint32_t p9_rwrite(Lane *lane)
{
    uint32_t count;

    expect(lane, P9_RWRITE, lane->id);
    count = get(lane, 4);
    expect_end(lane);
    return count;
}

uint64_t p9_rxattrwalk(Lane *lane)
{
    uint64_t size;

    expect(lane, P9_RXATTRWALK, lane->id);
    size = get(lane, 8);
    expect_end(lane);
    return size;
}

uint32_t p9_rread(Lane *lane, const uint8_t **data)
{
    uint32_t count;

    expect(lane, P9_RREAD, lane->id);
    count = get(lane, 4);
    *data = take(lane, count);
    expect_end(lane);
    return count;
}

uint32_t p9_rreaddir(Lane *lane)
{
    uint32_t count;

    expect(lane, P9_RREADDIR, lane->id);
    count = get(lane, 4);
    if (count != lane->reply_len - lane->at) {
        p9_wrong(lane, "Rreaddir of %u bytes has count %u", lane->reply_len,
                 count);
    }
    return count;
}

bool p9_dirent(Lane *lane, P9Dirent *entry)
{
    if (lane->at == lane->reply_len) {
        return false;
    }
    entry->qid = get_qid(lane, NULL);
    entry->offset = get(lane, 8);
    get(lane, 1);
    entry->name_len = get(lane, 2);
    entry->name = (const char *)take(lane, entry->name_len);
    return true;
}
