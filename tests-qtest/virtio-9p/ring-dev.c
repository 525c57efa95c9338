/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU under test and its virtio-9p devices: start, find, reset, stop.
 *
 * This file starts and stops the emulators of the running test, and sets up
 * devices by the legacy and the modern PCI interface and by virtio-mmio.  The
 * rings themselves are in ring-queue.c.  Single thread.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "libqtest.h"
#include "libqos/libqos-malloc.h"
#include "libqos/malloc-pc.h"
#include "libqos/pci-pc.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_ids.h"
#include "standard-headers/linux/virtio_pci.h"
#include "standard-headers/linux/virtio_ring.h"
#include "ring-dev.h"
#include "ring-qobject.h"

enum {
    MICROVM_MMIO_BASE = 0xfeb00000,
    MICROVM_MMIO_STRIDE = 512,
    MICROVM_MMIO_COUNT = 24,
    PAGE = 4096,
    PCI_ID_TRANSITIONAL_9P = 0x10091af4,
};

static void vm_at_exit(void *arg)
{
    RingVm *vm = arg;

    if (vm->qts) {
        ring_vm_stop(vm);
    }
    g_free(vm->args);
    g_free(vm);
}

static RingVm *vm_start(const char *machine, const char *args)
{
    RingVm *vm = g_new0(RingVm, 1);

    g_autofree char *pid_file = NULL;
    g_autofree char *pid = NULL;
    int fd = g_file_open_tmp("p9-ring-XXXXXX", &pid_file, NULL);

    ring_check(fd >= 0, "cannot make a file for QEMU's process id");
    close(fd);
    /* libqtest of QEMU 7.2 does not tell the process id. */
    vm->qts = qtest_initf("-nodefaults -pidfile %s -machine %s %s", pid_file,
                          machine, args);
    vm->args = g_strdup(args);
    ring_on_exit(vm_at_exit, vm);
    g_file_get_contents(pid_file, &pid, NULL, NULL);
    unlink(pid_file);
    ring_check(pid && qemu_strtoi(g_strchomp(pid), NULL, 10, &vm->pid) == 0,
               "%s holds no process id", pid_file);
    return vm;
}

/* Is @name that of a dictionary in @list? */
static bool has_name(const QList *list, const char *name)
{
    const QListEntry *entry;
    bool found = false;

    QLIST_FOREACH_ENTRY(list, entry) {
        const QDict *row = qobject_to(QDict, qlist_entry_obj(entry));

        found |= !strcmp(qdict_get_str(row, "name"), name);
    }
    return found;
}

bool ring_device_has(const char *property)
{
    QTestState *qts = qtest_init("-machine none");
    QDict *reply = qtest_qmp(qts, "{'execute': 'device-list-properties',"
                             " 'arguments': {'typename': 'virtio-9p-pci'}}");
    bool found = has_name(qdict_get_qlist(reply, "return"), property);

    qobject_unref(reply);
    qtest_quit(qts);
    return found;
}

bool ring_qemu_has(const char *option, const char *parameter)
{
    QTestState *qts = qtest_init("-machine none");
    QDict *reply = qtest_qmp(qts, "{'execute': 'query-command-line-options',"
                             " 'arguments': {'option': %s}}", option);
    QList *rows = qdict_get_qlist(reply, "return");
    QDict *row = rows ? qobject_to(QDict, qlist_peek(rows)) : NULL;
    bool found = row && has_name(qdict_get_qlist(row, "parameters"), parameter);

    qobject_unref(reply);
    qtest_quit(qts);
    return found;
}

RingVm *ring_vm_new(const char *fmt, ...)
{
    g_autofree char *args = NULL;
    RingVm *vm;
    va_list ap;

    va_start(ap, fmt);
    args = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    vm = vm_start("pc", args);
    pc_alloc_init(&vm->alloc, vm->qts, 0);
    vm->pci = qpci_new_pc(vm->qts, &vm->alloc);
    return vm;
}

RingVm *ring_vm_new_microvm(const char *fmt, ...)
{
    g_autofree char *args = NULL;
    RingVm *vm;
    va_list ap;

    if (!qtest_has_machine("microvm")) {
        ring_skip("this build has no microvm machine");
    }
    va_start(ap, fmt);
    args = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    vm = vm_start("microvm -m 64", args);
    alloc_init(&vm->alloc, 0, 1 << 20, 64 << 20, PAGE);
    return vm;
}

uint64_t ring_vm_memory(RingVm *vm, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", vm->pid);
    g_autofree char *key = g_strdup_printf("\n%s:", name);
    g_autofree char *text = NULL;
    const char *line;
    uint64_t kib;

    ring_check(g_file_get_contents(path, &text, NULL, NULL), "cannot read %s",
               path);
    line = strstr(text, key);
    ring_check(line, "no %s in %s", name, path);
    ring_check(qemu_strtou64(line + strlen(key), &line, 10, &kib) == 0,
               "no number of %s in %s", name, path);
    return kib;
}

void ring_vm_reset(RingVm *vm)
{
    qtest_qmp_assert_success(vm->qts, "{'execute': 'system_reset'}");
    qtest_qmp_eventwait(vm->qts, "RESET");
}

char *ring_vm_hmp(RingVm *vm, const char *command)
{
    int64_t end = ring_now() + 20 * 1000000ll;
    char *text = qtest_hmp(vm->qts, "%s", command);

    while (strstr(text, "has not answered") && ring_now() < end) {
        g_free(text);
        text = qtest_hmp(vm->qts, "%s", command);
    }
    return text;
}

void ring_vm_stop(RingVm *vm)
{
    qtest_quit(vm->qts);
    vm->qts = NULL;
    if (vm->pci) {
        qpci_free_pc(vm->pci);
        vm->pci = NULL;
    }
    alloc_destroy(&vm->alloc);
}

RingDev *ring_dev_open(RingVm *vm, int slot)
{
    QPCIAddress addr = { .devfn = QPCI_DEVFN(slot, 0) };
    RingDev *d = g_new0(RingDev, 1);

    d->vm = vm;
    d->pci = virtio_pci_new(vm->pci, &addr);
    ring_check(d->pci, "expected a PCI function in slot %d, found none", slot);
    ring_check_int("virtio device type", d->pci->vdev.device_type,
                   VIRTIO_ID_9P);
    qvirtio_pci_device_enable(d->pci);
    d->vdev = &d->pci->vdev;
    return d;
}

RingDev *ring_dev_plug(RingVm *vm)
{
    g_autofree char *slot = g_strdup_printf("%d", RING_SLOT);

    qtest_qmp_assert_success(vm->qts, "{'execute': 'device_add', 'arguments':"
                             " {'driver': 'virtio-9p-pci', 'id': 'hot', "
                             "'fsdev': 'fs0', 'mount_tag': 'ring', "
                             "'addr': %s}}", slot);
    return ring_dev_open(vm, RING_SLOT);
}

void ring_dev_unplug(RingDev *d)
{
    qpci_unplug_acpi_device_test(d->vm->qts, "hot", RING_SLOT);
}

RingDev *ring_dev_find(RingVm *vm)
{
    int found = -1;

    for (int slot = 0; slot < 32; slot++) {
        QPCIDevice *pci = qpci_device_find(vm->pci, QPCI_DEVFN(slot, 0));

        if (pci && qpci_config_readl(pci, 0) == PCI_ID_TRANSITIONAL_9P) {
            ring_check(found < 0, "expected one virtio-9p function, found "
                       "them in slots %d and %d", found, slot);
            found = slot;
        }
        g_free(pci);
    }
    ring_check(found >= 0, "expected a virtio-9p function, found none");
    return ring_dev_open(vm, found);
}

RingDev *ring_dev_open_mmio(RingVm *vm)
{
    RingDev *d = g_new0(RingDev, 1);

    d->vm = vm;
    d->mmio = g_new0(QVirtioMMIODevice, 1);
    for (int i = 0; i < MICROVM_MMIO_COUNT; i++) {
        uint64_t addr = MICROVM_MMIO_BASE + i * MICROVM_MMIO_STRIDE;

        if (qtest_readl(vm->qts, addr + QVIRTIO_MMIO_DEVICE_ID) ==
            VIRTIO_ID_9P) {
            qvirtio_mmio_init_device(d->mmio, vm->qts, addr, PAGE);
            d->vdev = &d->mmio->vdev;
            return d;
        }
    }
    ring_fail("expected a virtio-9p device on one of %d virtio-mmio "
              "transports, found none", MICROVM_MMIO_COUNT);
}

void ring_dev_close(RingDev *d)
{
    if (d->pci) {
        qvirtio_pci_device_disable(d->pci);
        g_free(d->pci->pdev);
        g_free(d->pci);
    }
    g_free(d->mmio);
    g_free(d);
}

static bool dev_modern(RingDev *d)
{
    return d->features & (1ull << VIRTIO_F_VERSION_1);
}

static void negotiate(RingDev *d)
{
    uint64_t offered = qvirtio_get_features(d->vdev);

    d->features = offered & ~(QVIRTIO_F_BAD_FEATURE | d->refuse_features);
    qvirtio_set_features(d->vdev, d->features);
    d->packed = d->features & (1ull << VIRTIO_F_RING_PACKED);
}

/* Access registers that the queue set-up of libqos writes otherwise. */
static void write_common(RingDev *d, unsigned offset, uint16_t value)
{
    qpci_io_writew(d->pci->pdev, d->pci->bar,
                   d->pci->common_cfg_offset + offset, value);
}

static uint16_t read_common(RingDev *d, unsigned offset)
{
    return qpci_io_readw(d->pci->pdev, d->pci->bar,
                         d->pci->common_cfg_offset + offset);
}

static void queue_place(RingDev *d)
{
    QVirtQueue *vq = &d->queue.vq;
    uint32_t bytes = qvring_size(vq->size, PAGE);

    vq->align = PAGE;
    vq->desc = guest_alloc(&d->vm->alloc, bytes);
    vq->avail = vq->desc + 16 * vq->size;
    vq->used = QEMU_ALIGN_UP(vq->avail + 2 * (3 + vq->size), PAGE);
    qtest_memset(d->vm->qts, vq->desc, 0, bytes);
}

static void queue_setup(RingDev *d)
{
    const QVirtioBus *bus = d->vdev->bus;
    QVirtQueue *vq = &d->queue.vq;

    memset(&d->queue, 0, sizeof(d->queue));
    vq->vdev = d->vdev;
    bus->queue_select(d->vdev, 0);
    vq->size = bus->get_queue_size(d->vdev);
    ring_check(vq->size > 0 && vq->size <= RING_MAX,
               "expected a queue of 1 to %d entries, got %u", RING_MAX,
               vq->size);
    if (d->want_size) {
        vq->size = d->want_size;
    }
    queue_place(d);
    if (d->mmio) {
        qtest_writel(d->vm->qts, d->mmio->addr + QVIRTIO_MMIO_QUEUE_ALIGN,
                     PAGE);
        qtest_writel(d->vm->qts, d->mmio->addr + QVIRTIO_MMIO_QUEUE_NUM,
                     vq->size);
        bus->set_queue_address(d->vdev, vq);
        return;
    }
    if (!dev_modern(d)) {
        bus->set_queue_address(d->vdev, vq);
        return;
    }
    write_common(d, offsetof(struct virtio_pci_common_cfg, queue_size),
                 vq->size);
    bus->set_queue_address(d->vdev, vq);
    d->queue.notify_offset = d->pci->notify_cfg_offset +
        d->pci->notify_off_multiplier *
        read_common(d, offsetof(struct virtio_pci_common_cfg,
                                queue_notify_off));
    write_common(d, offsetof(struct virtio_pci_common_cfg, queue_enable), 1);
}

static void forget_requests(RingDev *d)
{
    memset(d->slot, 0, sizeof(d->slot));
    d->nfree = 0;
    for (int i = d->queue.vq.size; i > 0; i--) {
        d->free_desc[d->nfree++] = i - 1;
    }
    d->avail_idx = 0;
    d->kicked_idx = 0;
    d->used_idx = 0;
    d->avail_wrap = true;
    d->used_wrap = true;
    d->completed = 0;
    d->msize = 0;
}

void ring_dev_start(RingDev *d)
{
    qvirtio_start_device(d->vdev);
    negotiate(d);
    queue_setup(d);
    forget_requests(d);
    qvirtio_set_driver_ok(d->vdev);
}

void ring_dev_reset(RingDev *d)
{
    d->vdev->bus->set_status(d->vdev, 0);
    ring_check_int("device status after a reset", ring_dev_status(d), 0);
    forget_requests(d);
}

void ring_dev_reset_queue(RingDev *d)
{
    d->vdev->bus->queue_select(d->vdev, 0);
    write_common(d, VIRTIO_PCI_COMMON_Q_RESET, 1);
    queue_setup(d);
    forget_requests(d);
}

uint8_t ring_dev_status(RingDev *d)
{
    return d->vdev->bus->get_status(d->vdev);
}

bool ring_dev_broken(RingDev *d)
{
    return ring_dev_status(d) & VIRTIO_CONFIG_S_NEEDS_RESET;
}

bool ring_interrupt(RingDev *d)
{
    return d->vdev->bus->get_queue_isr_status(d->vdev, &d->queue.vq);
}
