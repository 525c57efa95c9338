/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU under test and a virtio-9p device in it, used at descriptor level.
 *
 * RingVm is one emulator process, RingDev one device with its request ring
 * (split or packed), RingReq one descriptor chain of any shape.  Like a guest's
 * driver, these functions obey notification suppression, so a device that fails
 * to request a kick fails the test.  Single thread; everything is stopped when
 * the test ends.
 */
#ifndef VIRTIO_9P_RING_DEV_H
#define VIRTIO_9P_RING_DEV_H

#include "libqtest.h"
#include "libqos/virtio-pci.h"
#include "libqos/virtio-mmio.h"
#include "ring-harness.h"

enum {
    RING_SLOT = 4,              /* the default PCI slot */
    RING_MAX = 1024,            /* largest queue that QEMU offers */
    RING_REPLY_ROOM = 8192,     /* the default size of an in part */
};

typedef struct RingVm {
    QTestState *qts;
    int pid;                    /* of QEMU */
    QGuestAllocator alloc;
    QPCIBus *pci;               /* owned; NULL on a machine without PCI */
    char *args;                 /* owned: as given to ring_vm_new() */
    bool step_clock;            /* advance virtual time while waiting */
} RingVm;

typedef struct RingDev RingDev;

typedef struct RingSeg {
    uint64_t addr;              /* guest physical */
    uint32_t len;               /* bytes */
    bool in;                    /* written by the device */
    bool own;                   /* freed with the request */
} RingSeg;

typedef struct RingReq {
    RingDev *dev;               /* borrowed */
    GArray *segs;               /* owned; of RingSeg */
    uint64_t table;             /* indirect table, 0 if none */
    uint16_t id;                /* head descriptor, or packed buffer id */
    uint16_t ndesc;             /* number of ring slots used */
    uint16_t tag;               /* 9P tag of the message */
    char *asked;                /* owned; the message in words, or NULL */
    bool done;                  /* seen in the used ring */
    uint32_t used_len;          /* length in the used ring */
    unsigned order;             /* 0 for the device's first completion */
} RingReq;

struct RingDev {
    RingVm *vm;                 /* borrowed */
    QVirtioPCIDevice *pci;      /* owned; NULL for virtio-mmio */
    QVirtioMMIODevice *mmio;    /* owned; NULL for PCI */
    QVirtioDevice *vdev;        /* borrowed from one of the two */
    uint64_t refuse_features;   /* bits the driver does not accept */
    uint64_t features;          /* negotiated by ring_dev_start() */
    QVirtQueuePCI queue;        /* addresses, size, notify offset */
    uint16_t want_size;         /* queue size to set, 0 = the device's */
    bool packed;
    uint16_t free_desc[RING_MAX]; /* split ring: first @nfree are free */
    uint16_t nfree;             /* free ring slots */
    uint16_t avail_idx;         /* split: next index; packed: next slot */
    uint16_t kicked_idx;        /* avail_idx at the last kick */
    uint16_t used_idx;
    bool avail_wrap;
    bool used_wrap;
    RingReq *slot[RING_MAX];    /* borrowed; in flight, by id */
    unsigned completed;         /* requests seen in the used ring */
    uint32_t msize;             /* negotiated; 0 before Tversion */
    uint16_t next_tag;
};

/*
 * ring_vm_new - start a pc machine with the qtest accelerator.
 * The format gives further command line arguments.  The harness stops QEMU, and
 * fails the test if it does not end cleanly.
 */
RingVm *ring_vm_new(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* Like ring_vm_new(), with a microvm; skips the test if the build lacks it. */
RingVm *ring_vm_new_microvm(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* Does virtio-9p-pci of this QEMU have @property? */
bool ring_device_has(const char *property);
/* Does this QEMU have @option with @parameter, as in -run-with user=? */
bool ring_qemu_has(const char *option, const char *parameter);

/* Memory of QEMU in KiB, by a name of /proc/PID/status such as "VmRSS" */
uint64_t ring_vm_memory(RingVm *vm, const char *name);

/* Resets the machine and waits until QEMU has; libqtest of 7.2 cannot. */
void ring_vm_reset(RingVm *vm);

/*
 * What the human monitor prints, to be freed.  Asks again if the thread of a
 * device does not answer in time, as on a busy host.
 */
char *ring_vm_hmp(RingVm *vm, const char *command);

/* Stops QEMU now; fails the test if it has died or exits with an error. */
void ring_vm_stop(RingVm *vm);

/*
 * ring_dev_open - find the virtio-9p function in PCI slot @slot.
 * Not started: use ring_dev_start().
 */
RingDev *ring_dev_open(RingVm *vm, int slot);

/* The only virtio-9p function on the PCI bus, in whatever slot */
RingDev *ring_dev_find(RingVm *vm);

/* The first virtio-mmio transport that holds a 9p device. */
RingDev *ring_dev_open_mmio(RingVm *vm);

/*
 * ring_dev_plug - plug a device "hot" for the fsdev fs0 into RING_SLOT.
 * As from ring_dev_open().  ring_dev_unplug() removes it; @d stays valid.
 */
RingDev *ring_dev_plug(RingVm *vm);
void ring_dev_unplug(RingDev *d);

/* Frees @d after its device was unplugged; its requests stay valid. */
void ring_dev_close(RingDev *d);

/* Reset, negotiate features, set up the ring, DRIVER_OK.  Repeatable. */
void ring_dev_start(RingDev *d);

/* Writes status 0.  Requests in flight are forgotten, but not freed. */
void ring_dev_reset(RingDev *d);

/* Resets only the queue, and sets it up again.  As above. */
void ring_dev_reset_queue(RingDev *d);

uint8_t ring_dev_status(RingDev *d);
/* True if the device needs a reset (modern devices only) */
bool ring_dev_broken(RingDev *d);

/* An empty chain.  Segments are added in order, then it is submitted. */
RingReq *ring_req_new(RingDev *d);
/* A segment for the device to read, with a copy of @data; its address */
uint64_t ring_req_out(RingReq *r, const void *data, uint32_t len);
/* A segment for the device to write, filled with 0xa5; its address */
uint64_t ring_req_in(RingReq *r, uint32_t len);
/* A segment at an address of the caller's choice */
void ring_req_raw(RingReq *r, uint64_t addr, uint32_t len, bool in);
/* Puts the chain on the ring, as an indirect table if @indirect; no kick */
void ring_req_queue(RingReq *r, bool indirect);
/* ring_req_queue() and ring_kick() */
void ring_req_submit(RingReq *r, bool indirect);
/* Copies at most @len bytes from offset @from of the in part */
size_t ring_req_read(RingReq *r, size_t from, void *buf, size_t len);
/* Total size of the in part in bytes */
size_t ring_req_room(RingReq *r);
/* Fails the test if the device has written to the in part */
void ring_req_check_untouched(RingReq *r, const char *what);
/* Frees a request and its memory, also after a reset */
void ring_req_free(RingReq *r);

/* Notifies the device of queued chains, unless it suppresses this. */
void ring_kick(RingDev *d);
/* Takes completions from the used ring; returns their number */
unsigned ring_reap(RingDev *d);
/* Waits for one request; fails the test if the device breaks or stalls */
void ring_wait(RingReq *r);
/* Waits until ring_dev_broken(); @why completes the failure message */
void ring_wait_broken(RingDev *d, const char *why);
/* Waits until @r is done (true) or the device is broken (false) */
bool ring_wait_done_or_broken(RingReq *r);
/* True if the device raised its queue interrupt since the last call */
bool ring_interrupt(RingDev *d);

#endif
