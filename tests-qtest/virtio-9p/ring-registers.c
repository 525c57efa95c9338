/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to the registers of a device that has requests in flight, as in the
 * table "Registers of a running device" of docs/devel/9pfs-internals.rst.
 *
 * A vCPU can write any register at any time, while the thread of the device
 * uses the queue.  What describes the queue and the features stays as it is
 * until a reset, and the requests are answered.  Other registers may stop the
 * device, but it serves again after a reset.
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "standard-headers/linux/virtio_ring.h"
#include "ring-client.h"

enum {
    IN_FLIGHT = 16,
    ROUNDS = 40,
    WRITES = 8,                 /* of a register in each round */
    RUNNING = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
              VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK,
};

typedef void Writer(RingDev *d, unsigned n);

/* ---- a modern PCI device ---- */

#define COMMON(field) offsetof(struct virtio_pci_common_cfg, field)

static void write16(RingDev *d, unsigned offset, uint16_t value)
{
    qpci_io_writew(d->pci->pdev, d->pci->bar,
                   d->pci->common_cfg_offset + offset, value);
}

static void write32(RingDev *d, unsigned offset, uint32_t value)
{
    qpci_io_writel(d->pci->pdev, d->pci->bar,
                   d->pci->common_cfg_offset + offset, value);
}

static void queue_size(RingDev *d, unsigned n)
{
    static const uint16_t sizes[] = {
        1024, 2, 0, 256, 1, UINT16_MAX, 127, 32768,
    };

    write16(d, COMMON(queue_size), sizes[n % ARRAY_SIZE(sizes)]);
}

static void queue_place(RingDev *d, unsigned n)
{
    write32(d, COMMON(queue_desc_lo), n * 0x1000);
    write32(d, COMMON(queue_avail_hi), n % 2);
    write32(d, COMMON(queue_used_lo), ~0u - n);
    write16(d, COMMON(queue_enable), 1);
}

static void queue_size_and_enable(RingDev *d, unsigned n)
{
    queue_size(d, n);
    write16(d, COMMON(queue_enable), 1);
}

/* Features can be written only after FEATURES_OK was cleared. */
static void features(RingDev *d, unsigned n)
{
    uint32_t bits = d->features ^ (1u << VIRTIO_RING_F_EVENT_IDX) ^
                    (n % 2 << VIRTIO_RING_F_INDIRECT_DESC);

    d->vdev->bus->set_status(d->vdev, RUNNING & ~VIRTIO_CONFIG_S_FEATURES_OK);
    write32(d, COMMON(guest_feature_select), 0);
    write32(d, COMMON(guest_feature), bits);
    write32(d, COMMON(guest_feature_select), 1);
    write32(d, COMMON(guest_feature), n);
    d->vdev->bus->set_status(d->vdev, RUNNING);
}

static void vectors(RingDev *d, unsigned n)
{
    write16(d, COMMON(msix_config), n % 4);
    write16(d, COMMON(queue_msix_vector), n % 5 ? n % 3 : UINT16_MAX);
}

static void other_queues(RingDev *d, unsigned n)
{
    write16(d, COMMON(queue_select), 1 + n);
    queue_place(d, n);
    write16(d, COMMON(queue_size), 256);
    write16(d, VIRTIO_PCI_COMMON_Q_RESET, 1);
    write16(d, COMMON(queue_select), 0);
}

static void base_addresses(RingDev *d, unsigned n)
{
    unsigned reg = PCI_BASE_ADDRESS_0 + 4 * (n % 6);
    uint32_t was = qpci_config_readl(d->pci->pdev, reg);

    qpci_config_writel(d->pci->pdev, reg, ~0u);
    qpci_config_writel(d->pci->pdev, reg, was);
}

static void bus_master(RingDev *d, unsigned n)
{
    uint16_t command = qpci_config_readw(d->pci->pdev, PCI_COMMAND);

    qpci_config_writew(d->pci->pdev, PCI_COMMAND,
                       command ^ PCI_COMMAND_MASTER);
}

static void status(RingDev *d, unsigned n)
{
    d->vdev->bus->set_status(d->vdev, 1 + n * 37 % 255);
}

static void queue_reset(RingDev *d, unsigned n)
{
    write16(d, VIRTIO_PCI_COMMON_Q_RESET, 1);
    queue_size_and_enable(d, n);
}

/* ---- a legacy PCI device ---- */

static void legacy_features(RingDev *d, unsigned n)
{
    qpci_io_writel(d->pci->pdev, d->pci->bar, VIRTIO_PCI_GUEST_FEATURES,
                   d->features ^ (1u << VIRTIO_RING_F_EVENT_IDX) ^ n % 2);
}

/* 0 is a reset of the device. */
static void legacy_queue_place(RingDev *d, unsigned n)
{
    qpci_io_writel(d->pci->pdev, d->pci->bar, VIRTIO_PCI_QUEUE_PFN, 1 + n * 7);
}

static void legacy_status(RingDev *d, unsigned n)
{
    d->vdev->bus->set_status(d->vdev, 1 + n * 37 % 255);
}

/* ---- virtio-mmio ---- */

static void mmio_queue(RingDev *d, unsigned n)
{
    static const struct {
        unsigned offset;
        uint32_t value;
    } writes[] = {
        { QVIRTIO_MMIO_QUEUE_NUM, 1024 }, { QVIRTIO_MMIO_QUEUE_NUM, 1 },
        { QVIRTIO_MMIO_QUEUE_ALIGN, 16 }, { QVIRTIO_MMIO_QUEUE_ALIGN, 65536 },
        { QVIRTIO_MMIO_QUEUE_PFN, 5 }, { QVIRTIO_MMIO_QUEUE_PFN, ~0u },
        { QVIRTIO_MMIO_GUEST_FEATURES, 0 },
        { QVIRTIO_MMIO_GUEST_FEATURES, 1u << VIRTIO_RING_F_EVENT_IDX },
    };

    n %= ARRAY_SIZE(writes);
    qtest_writel(d->vm->qts, d->mmio->addr + writes[n].offset,
                 writes[n].value);
}

/* ---- the tests ---- */

static void send_all(RingDev *d, RingReq **r)
{
    for (int i = 0; i < IN_FLIGHT; i++) {
        r[i] = ring_send(d, ring_msg(RING_TGETATTR, "48", 0,
                                     (uint64_t)0x7ff));
    }
}

/* The driver may not write this, so it has no effect. */
static void write_without_effect(RingDev *d, Writer *writer)
{
    RingReq *r[IN_FLIGHT];

    for (unsigned round = 0; round < ROUNDS; round++) {
        send_all(d, r);
        for (unsigned i = 0; i < WRITES; i++) {
            writer(d, round + i);
        }
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_expect_done(r[i], RING_TGETATTR, 0);
        }
    }
    ring_check(!ring_dev_broken(d), "expected the device to be as it was");
}

/* This may stop the device, up to the next reset. */
static void write_before_reset(RingDev *d, Writer *writer)
{
    RingReq *r[IN_FLIGHT];

    for (unsigned round = 0; round < ROUNDS; round++) {
        send_all(d, r);
        for (unsigned i = 0; i < WRITES; i++) {
            writer(d, round + i);
        }
        ring_dev_reset(d);
        qvirtio_pci_device_enable(d->pci);
        ring_dev_start(d);
        ring_mount(d);
    }
}

static RingDev *device(const char *properties)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d%s", RING_SLOT,
                             properties);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

#define MODERN(name, effect) \
    static void modern_##name(void) \
    { \
        write_##effect(device(""), name); \
    }
#define PACKED(name, effect) \
    static void packed_##name(void) \
    { \
        write_##effect(device(",packed=on"), name); \
    }
#define LEGACY(name, effect) \
    static void test_##name(void) \
    { \
        write_##effect(device(",disable-modern=on"), name); \
    }

MODERN(queue_size, without_effect)
MODERN(queue_place, without_effect)
MODERN(queue_size_and_enable, without_effect)
MODERN(features, without_effect)
MODERN(vectors, without_effect)
MODERN(other_queues, without_effect)
MODERN(base_addresses, without_effect)
MODERN(bus_master, before_reset)
MODERN(status, before_reset)
MODERN(queue_reset, before_reset)
PACKED(queue_size_and_enable, without_effect)
PACKED(features, without_effect)
LEGACY(legacy_features, without_effect)
LEGACY(legacy_queue_place, without_effect)
LEGACY(legacy_status, before_reset)

static void mmio_queue_registers(void)
{
    RingVm *vm = ring_vm_new_microvm("-fsdev synth,id=fs0 -device "
                                     "virtio-9p-device,fsdev=fs0,"
                                     "mount_tag=ring");
    RingDev *d = ring_dev_open_mmio(vm);

    ring_dev_start(d);
    ring_mount(d);
    write_without_effect(d, mmio_queue);
}

/* The memory that the rings are in stays, but all of it is mapped anew. */
static void memory_is_plugged(void)
{
    RingVm *vm = ring_vm_new("-m 128M,slots=8,maxmem=1G -fsdev synth,id=fs0 "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=ring,"
                             "addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);
    RingReq *r[IN_FLIGHT];

    ring_dev_start(d);
    ring_mount(d);
    for (int slot = 0; slot < 8; slot++) {
        send_all(d, r);
        qtest_qmp_assert_success(vm->qts, "{'execute': 'object-add', "
                                 "'arguments': {'qom-type': "
                                 "'memory-backend-ram', 'id': %s, "
                                 "'size': 33554432}}",
                                 (char[]) { 'm', '0' + slot, 0 });
        qtest_qmp_assert_success(vm->qts, "{'execute': 'device_add', "
                                 "'arguments': {'driver': 'pc-dimm', "
                                 "'id': %s, 'memdev': %s}}",
                                 (char[]) { 'd', '0' + slot, 0 },
                                 (char[]) { 'm', '0' + slot, 0 });
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_expect_done(r[i], RING_TGETATTR, 0);
        }
    }
}

void ring_register_registers_tests(void)
{
#define ADD(name, fn) ring_add("registers/" name, fn)
    ADD("queue-size", modern_queue_size);
    ADD("queue-place", modern_queue_place);
    ADD("queue-size-and-enable", modern_queue_size_and_enable);
    ADD("features", modern_features);
    ADD("vectors", modern_vectors);
    ADD("other-queues", modern_other_queues);
    ADD("base-addresses", modern_base_addresses);
    ADD("bus-master", modern_bus_master);
    ADD("status", modern_status);
    ADD("queue-reset", modern_queue_reset);
    ADD("packed-queue-size-and-enable", packed_queue_size_and_enable);
    ADD("packed-features", packed_features);
    ADD("legacy-features", test_legacy_features);
    ADD("legacy-queue-place", test_legacy_queue_place);
    ADD("legacy-status", test_legacy_status);
    ADD("mmio-queue", mmio_queue_registers);
    ADD("memory-is-plugged", memory_is_plugged);
#undef ADD
}
