/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's side of virtio 1.2, sections 3.1 and 4.1, over qtest.
 * Single thread; called by guest.c once for each machine.
 */
#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include "pci.h"
#include "virtio.h"

#define BAR_BASE        UINT64_C(0xe0000000)
#define BELL_DOORBELL   12      /* register of the ivshmem device */

#define WANTED_FEATURES (UINT64_C(1) << VIRTIO_F_VERSION_1 | \
                         UINT64_C(1) << VIRTIO_RING_F_INDIRECT_DESC | \
                         UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)

#define COMMON(field) offsetof(struct virtio_pci_common_cfg, field)

/* The guest address of structure @type; *@cap is its capability's offset. */
static uint64_t find_structure(PciDevice *d, unsigned type, unsigned *cap)
{
    unsigned at = 0;
    unsigned bar;

    while ((at = pci_capability(d, PCI_CAP_ID_VNDR, at))) {
        if (pci_read(d, 1, at + VIRTIO_PCI_CAP_CFG_TYPE) == type) {
            bar = pci_read(d, 1, at + VIRTIO_PCI_CAP_BAR);
            *cap = at;
            return d->bar[bar] + pci_read(d, 4, at + VIRTIO_PCI_CAP_OFFSET);
        }
    }
    die("the virtio-9p device has no structure of type %u", type);
}

static void negotiate(Qtest *q, uint64_t common)
{
    uint64_t offered = 0;
    unsigned i;

    for (i = 0; i < 2; i++) {
        qtest_write(q, 4, common + COMMON(device_feature_select), i);
        offered |= qtest_read(q, 4, common + COMMON(device_feature)) << 32 * i;
    }
    if (~offered & WANTED_FEATURES) {
        die("the device offers the features 0x%" PRIx64 ", expected at least "
            "0x%" PRIx64, offered, (uint64_t)WANTED_FEATURES);
    }
    for (i = 0; i < 2; i++) {
        qtest_write(q, 4, common + COMMON(guest_feature_select), i);
        qtest_write(q, 4, common + COMMON(guest_feature),
                    (uint32_t)(WANTED_FEATURES >> 32 * i));
    }
}

/* Makes vector 0 of @d a write to the doorbell that signals the benchmark. */
static void aim_interrupt(PciDevice *d, const PciDevice *bell)
{
    unsigned cap = pci_capability(d, PCI_CAP_ID_MSIX, 0);
    uint64_t doorbell = bell->bar[0] + BELL_DOORBELL;
    uint32_t table;
    uint64_t entry;

    if (!cap) {
        die("the virtio-9p device has no MSI-X");
    }
    table = pci_read(d, 4, cap + PCI_MSIX_TABLE);
    entry = d->bar[table & PCI_MSIX_TABLE_BIR] +
            (table & PCI_MSIX_TABLE_OFFSET);
    qtest_write(d->qtest, 4, entry + PCI_MSIX_ENTRY_LOWER_ADDR,
                (uint32_t)doorbell);
    qtest_write(d->qtest, 4, entry + PCI_MSIX_ENTRY_UPPER_ADDR,
                doorbell >> 32);
    qtest_write(d->qtest, 4, entry + PCI_MSIX_ENTRY_DATA,
                MACHINE_BELL_PEER << 16);
    qtest_write(d->qtest, 4, entry + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
    pci_write(d, 2, cap + PCI_MSIX_FLAGS, PCI_MSIX_FLAGS_ENABLE);
}

static void write_address(Qtest *q, uint64_t reg, uint64_t addr)
{
    qtest_write(q, 4, reg, (uint32_t)addr);
    qtest_write(q, 4, reg + 4, addr >> 32);
}

static void set_status(Qtest *q, uint64_t common, uint8_t status)
{
    uint8_t now;

    qtest_write(q, 1, common + COMMON(device_status), status);
    now = qtest_read(q, 1, common + COMMON(device_status));
    if (now != status) {
        die("device status: expected 0x%x, got 0x%x", status, now);
    }
}

uint64_t virtio_start(Machine *m, Vq *vq, uint64_t ring_gpa)
{
    Qtest *q = &m->qtest;
    uint64_t next_bar = BAR_BASE;
    uint64_t common, notify;
    unsigned cap, size, offset;
    PciDevice d, bell;
    uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

    pci_init(&bell, q, MACHINE_BELL_SLOT, &next_bar);
    pci_init(&d, q, MACHINE_9P_SLOT, &next_bar);
    common = find_structure(&d, VIRTIO_PCI_CAP_COMMON_CFG, &cap);
    notify = find_structure(&d, VIRTIO_PCI_CAP_NOTIFY_CFG, &cap);

    set_status(q, common, 0);
    set_status(q, common, status);
    negotiate(q, common);
    status |= VIRTIO_CONFIG_S_FEATURES_OK;
    set_status(q, common, status);

    aim_interrupt(&d, &bell);
    qtest_write(q, 2, common + COMMON(queue_select), 0);
    size = qtest_read(q, 2, common + COMMON(queue_size));
    vq_init(vq, m->ram, ring_gpa, size);
    qtest_write(q, 2, common + COMMON(queue_msix_vector), 0);
    write_address(q, common + COMMON(queue_desc_lo), vq->desc_gpa);
    write_address(q, common + COMMON(queue_avail_lo), vq->avail_gpa);
    write_address(q, common + COMMON(queue_used_lo), vq->used_gpa);
    offset = qtest_read(q, 2, common + COMMON(queue_notify_off));
    qtest_write(q, 2, common + COMMON(queue_enable), 1);
    set_status(q, common, status | VIRTIO_CONFIG_S_DRIVER_OK);
    return notify + (uint64_t)offset *
           pci_read(&d, 4, cap + sizeof(struct virtio_pci_cap));
}
