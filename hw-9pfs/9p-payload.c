/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload of a request or of its reply: see 9p-payload.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-payload.h"

/* Remove what was transferred from the request's own iovec. */
static void payload_advance(P9Request *req, size_t n)
{
    req->done += n;
    while (n) {
        struct iovec *iov = &req->kept.iov[req->iov_at];
        size_t len = MIN(n, iov->iov_len);

        iov->iov_base = (char *)iov->iov_base + len;
        iov->iov_len -= len;
        n -= len;
        if (!iov->iov_len) {
            req->iov_at++;
        }
    }
}

static void payload_set(P9Request *req, const struct iovec *iov,
                        unsigned iov_cnt, size_t offset, size_t bytes)
{
    if (req->kept.iov_size < iov_cnt) {
        req->kept.iov = g_renew(struct iovec, req->kept.iov, iov_cnt);
        req->kept.iov_size = iov_cnt;
    }
    req->iov_cnt = p9_iov_slice(req->kept.iov, iov, iov_cnt, offset, bytes);
    req->iov_at = 0;
}

static bool charge(P9Request *req, FsBudgetItem item, size_t bytes)
{
    if (!fs_budget_charge(&req->session->budget, item, bytes)) {
        return false;
    }
    req->bounce_item = item;
    req->bounce_bytes = bytes;
    return true;
}

static void bounce_new(P9Request *req, uint32_t count)
{
    struct iovec iov = { .iov_len = count };

    iov.iov_base = req->bounce = g_malloc(MAX(count, 1));
    payload_set(req, &iov, 1, 0, count);
}

/*
 * A buffer of *@count bytes, and *@beside bytes for other purposes.  If the
 * budget does not allow that, the request is cut, as all of them could wait for
 * the same storage until it answers again.
 */
int p9_payload_collect(P9Request *req, uint32_t *count, uint32_t *beside)
{
    if (!charge(req, FS_BUDGET_MEMORY, (size_t)*count + *beside)) {
        uint32_t piece = *beside ? FS_BUDGET_PIECE / 2 : FS_BUDGET_PIECE;

        *count = MIN(*count, piece);
        *beside = MIN(*beside, piece);
        if (!charge(req, FS_BUDGET_PIECES, *count + *beside)) {
            return -ENOMEM;
        }
    }
    bounce_new(req, *count);
    return 0;
}

int p9_payload_expect(P9Request *req, uint32_t *count)
{
    uint32_t none = 0;

    if (req->file[0]->remote) {
        return p9_payload_collect(req, count, &none);
    }
    payload_set(req, req->in, req->in_cnt, P9_IO_HDRSZ, *count);
    return 0;
}

void p9_payload_cursor(const P9Request *req, P9Cursor *c)
{
    p9_cursor_init(c, req->kept.iov, req->iov_cnt, SIZE_MAX);
}

void p9_payload_deliver(P9Request *req, uint32_t count)
{
    req->to_deliver = req->bounce ? count : 0;
}

/*
 * What is appended must not be cut, since another process could append between
 * the parts.  ENOMEM is an error that write(2) has on other storage, too, and
 * unlike EAGAIN it does not make a program wait for a file to become writable.
 */
static int accept_whole(P9Request *req, uint32_t count)
{
    if (!charge(req, FS_BUDGET_MEMORY, count) &&
        !charge(req, FS_BUDGET_PIECES, count)) {
        return -ENOMEM;
    }
    bounce_new(req, count);
    return 0;
}

int p9_payload_accept(P9Request *req, P9Data *data)
{
    uint32_t none = 0;
    int ret = 0;

    if (req->file[0]->remote) {
        ret = req->file[0]->appends
              ? accept_whole(req, data->count)
              : p9_payload_collect(req, &data->count, &none);
        req->to_fetch = *data;
    } else {
        payload_set(req, req->out, req->out_cnt, data->offset, data->count);
    }
    return ret;
}

/* ---- inside guest memory ---- */

static int guest_enter(P9Request *req, P9GuestEntry *entry)
{
    assert(req->info->flags & P9_F_GUEST_MEM);
    switch (p9_guest_enter(req->session->guest, req->generation, entry)) {
    case P9_GUEST_IN:
        return 0;
    case P9_GUEST_SHUT:
        return P9_SHUT;
    default:
        return -ECANCELED;
    }
}

int p9_payload_put(P9Request *req, const void *bytes, uint32_t count)
{
    P9GuestEntry entry;
    int ret = guest_enter(req, &entry);
    P9Cursor c;

    if (!ret) {
        p9_cursor_init(&c, req->in, req->in_cnt, req->in_bytes);
        p9_skip(&c, P9_IO_HDRSZ);
        p9_put_bytes(&c, bytes, count);
        p9_guest_leave(&entry);
    }
    return ret;
}

int p9_payload_get(P9Request *req, const P9Data *data, void *bytes,
                   uint32_t count)
{
    P9GuestEntry entry;
    int ret = guest_enter(req, &entry);
    P9Cursor c;

    if (!ret) {
        p9_cursor_init(&c, req->out, req->out_cnt, SIZE_MAX);
        p9_skip(&c, data->offset);
        p9_get_bytes(&c, bytes, count);
        p9_guest_leave(&entry);
    }
    return ret;
}

int p9_payload_enter(P9Request *req, P9GuestEntry *entry)
{
    int ret = 0;

    if (!req->bounce) {
        return guest_enter(req, entry);
    }
    entry->guest = NULL;
    if (req->to_fetch.count) {
        ret = p9_payload_get(req, &req->to_fetch, req->bounce,
                             req->to_fetch.count);
        req->to_fetch.count = ret ? req->to_fetch.count : 0;
    }
    return ret;
}

void p9_payload_leave(P9GuestEntry *entry)
{
    if (entry->guest) {
        p9_guest_leave(entry);
    }
}

static int transfer(P9Request *req, const FsCall *call, P9PayloadIo *io,
                    uint64_t offset, uint32_t count)
{
    ssize_t ret;

    while (req->done < count) {
        ret = io(call, req->file[0], req->kept.iov + req->iov_at,
                 req->iov_cnt - req->iov_at, offset + req->done);
        if (ret == -EINPROGRESS || fs_call_refused(call, ret)) {
            return ret;
        }
        if (ret < 0 && !req->done) {
            return ret;
        }
        if (ret <= 0) {
            break;
        }
        payload_advance(req, ret);
    }
    return 0;
}

int p9_payload_transfer(P9Request *req, const FsCall *call, P9PayloadIo *io,
                        uint64_t offset, uint32_t count)
{
    P9GuestEntry entry;
    int ret = p9_payload_enter(req, &entry);

    if (!ret) {
        ret = transfer(req, call, io, offset, count);
        p9_payload_leave(&entry);
    }
    return ret;
}
