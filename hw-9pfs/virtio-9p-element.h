/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buffers of a request in flight as bytes, for migration.
 *
 * QEMU has qemu_put_virtqueue_element() and qemu_get_virtqueue_element() for
 * that, but the latter ends QEMU when what it reads is not valid.
 */
#ifndef HW_9PFS_VIRTIO_9P_ELEMENT_H
#define HW_9PFS_VIRTIO_9P_ELEMENT_H

#include "virtio-9p-ring.h"

/** p9_element_describe: append what restore needs to @to.  Any thread. */
void p9_element_describe(void *element, GByteArray *to);
/**
 * p9_element_restore: an element for queue 0 of @vdev; its buffers are mapped.
 *
 * The result is to be given to p9_ring_adopt() or p9_element_free().  NULL with
 * *@why set to a string literal if @bytes describe none.  Context: BQL held.
 */
P9RingElement *p9_element_restore(VirtIODevice *vdev, const uint8_t *bytes,
                                  size_t size, const char **why);
/** p9_element_free: unmap the buffers, and free @e.  Context: BQL held. */
void p9_element_free(VirtIODevice *vdev, P9RingElement *e);

#endif
