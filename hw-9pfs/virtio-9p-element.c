/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffers of a request in flight as bytes: see virtio-9p-element.h.
 *
 * index[4] ndescs[4] out_num[4] in_num[4], and for each buffer, first those of
 * the message, addr[8] len[4]; little-endian
 */
#include "qemu/osdep.h"
#include "fsdev/core/p9-wire.h"
#include "fsdev/core/qemu-compat.h"
#include "virtio-9p-element.h"

#define HEAD_SIZE   16
#define BUFFER_SIZE 12

/* ---- to bytes ---- */

static void put_u32(GByteArray *to, uint32_t v)
{
    v = cpu_to_le32(v);
    g_byte_array_append(to, (uint8_t *)&v, sizeof(v));
}

static void put_buffer(GByteArray *to, hwaddr addr, size_t len)
{
    uint64_t v = cpu_to_le64(addr);

    g_byte_array_append(to, (uint8_t *)&v, sizeof(v));
    put_u32(to, len);
}

void p9_element_describe(void *element, GByteArray *to)
{
    const VirtQueueElement *elem = &((P9RingElement *)element)->elem;

    put_u32(to, elem->index);
    put_u32(to, elem->ndescs);
    put_u32(to, elem->out_num);
    put_u32(to, elem->in_num);
    for (unsigned i = 0; i < elem->out_num; i++) {
        put_buffer(to, elem->out_addr[i], elem->out_sg[i].iov_len);
    }
    for (unsigned i = 0; i < elem->in_num; i++) {
        put_buffer(to, elem->in_addr[i], elem->in_sg[i].iov_len);
    }
}

/* ---- from bytes ---- */

/* In one piece with its arrays, as virtqueue_pop() allocates it */
static P9RingElement *element_new(unsigned out_num, unsigned in_num)
{
    unsigned n = out_num + in_num;
    size_t addr_at = ROUND_UP(sizeof(P9RingElement), sizeof(hwaddr));
    size_t sg_at = addr_at + n * sizeof(hwaddr);
    P9RingElement *e = g_malloc0(sg_at + n * sizeof(struct iovec));
    VirtQueueElement *elem = &e->elem;

    elem->out_num = out_num;
    elem->in_num = in_num;
    elem->out_addr = (hwaddr *)((char *)e + addr_at);
    elem->in_addr = elem->out_addr + out_num;
    elem->out_sg = (struct iovec *)((char *)e + sg_at);
    elem->in_sg = elem->out_sg + out_num;
    return e;
}

static void unmap(VirtIODevice *vdev, struct iovec *iov, unsigned n,
                  DMADirection direction)
{
    for (unsigned i = 0; i < n && iov[i].iov_base; i++) {
        dma_memory_unmap(vdev->dma_as, iov[i].iov_base, iov[i].iov_len,
                         direction, 0);
    }
}

void p9_element_free(VirtIODevice *vdev, P9RingElement *e)
{
    unmap(vdev, e->elem.out_sg, e->elem.out_num, DMA_DIRECTION_TO_DEVICE);
    unmap(vdev, e->elem.in_sg, e->elem.in_num, DMA_DIRECTION_FROM_DEVICE);
    g_free(e);
}

/* Like virtqueue_pop(), this refuses what is not RAM if @vdev does. */
static bool map(VirtIODevice *vdev, P9Cursor *c, hwaddr *addr,
                struct iovec *iov, unsigned n, DMADirection direction)
{
    MemTxAttrs attrs = MEMTXATTRS_UNSPECIFIED;

    attrs.memory = vdev->ram_only;
    for (unsigned i = 0; i < n; i++) {
        dma_addr_t want, len;

        addr[i] = p9_get_u64(c);
        want = len = p9_get_u32(c);
        if (!want) {
            return false;
        }
        iov[i].iov_base = dma_memory_map(vdev->dma_as, addr[i], &len,
                                         direction, attrs);
        iov[i].iov_len = len;
        if (!iov[i].iov_base || len != want) {
            return false;
        }
    }
    return true;
}

P9RingElement *p9_element_restore(VirtIODevice *vdev, const uint8_t *bytes,
                                  size_t size, const char **why)
{
    const struct iovec all = { .iov_base = (void *)bytes, .iov_len = size };
    unsigned most = virtio_queue_get_num(vdev, 0);
    uint32_t index, ndescs, out_num, in_num;
    P9RingElement *e;
    P9Cursor c;

    p9_cursor_init(&c, &all, 1, size);
    index = p9_get_u32(&c);
    ndescs = p9_get_u32(&c);
    out_num = p9_get_u32(&c);
    in_num = p9_get_u32(&c);
    if (c.failed || index >= most || !ndescs || ndescs > most ||
        out_num > VIRTQUEUE_MAX_SIZE || in_num > VIRTQUEUE_MAX_SIZE ||
        size != HEAD_SIZE + BUFFER_SIZE * (size_t)(out_num + in_num)) {
        *why = "a request in flight is not valid";
        return NULL;
    }
    e = element_new(out_num, in_num);
    e->elem.index = index;
    e->elem.ndescs = ndescs;
    if (!map(vdev, &c, e->elem.out_addr, e->elem.out_sg, out_num,
             DMA_DIRECTION_TO_DEVICE) ||
        !map(vdev, &c, e->elem.in_addr, e->elem.in_sg, in_num,
             DMA_DIRECTION_FROM_DEVICE)) {
        p9_element_free(vdev, e);
        *why = "a buffer of a request in flight is not in the guest's memory";
        return NULL;
    }
    return e;
}
