/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device: realize errors, configuration space, front ends.
 *
 * Errors are caused by device_add over QMP, so their text is what a management
 * program sees; afterwards a correct device_add must work.
 */
#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_9p.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_ring.h"
#include "ring-client.h"
#include "ring-qobject.h"

#define TAG_31 "1234567890123456789012345678901"

enum {
    TAG_MAX = 31,               /* bytes; QEMU has always refused more */
};

static RingVm *vm_with_synth(void)
{
    return ring_vm_new("-fsdev synth,id=fs0");
}

/* The error text of device_add, freed by the caller; NULL for success */
static char *device_add(RingVm *vm, const char *arguments)
{
    QDict *response;
    char *text = NULL;

    qtest_qmp_send_raw(vm->qts, "{'execute': 'device_add', 'arguments': "
                       "{%s}}", arguments);
    response = qtest_qmp_receive(vm->qts);
    if (qdict_haskey(response, "error")) {
        text = g_strdup(qdict_get_str(qdict_get_qdict(response, "error"),
                                      "desc"));
    }
    qobject_unref(response);
    return text;
}

static void check_accepted(RingVm *vm, const char *arguments)
{
    g_autofree char *error = device_add(vm, arguments);

    ring_check(!error, "device_add %s: expected success, got \"%s\"",
               arguments, error);
}

/* device_add fails with a text that contains @part and leaves nothing behind */
static void check_refused(const char *arguments, const char *part)
{
    RingVm *vm = vm_with_synth();

    for (int i = 0; i < 3; i++) {
        g_autofree char *error = device_add(vm, arguments);

        ring_check_contains(arguments, error, part);
    }
    check_accepted(vm, "'driver': 'virtio-9p-pci', 'id': 'd', 'addr': '4', "
                       "'fsdev': 'fs0', 'mount_tag': 'ring'");
}

static void unknown_fsdev_is_named(void)
{
    check_refused("'driver': 'virtio-9p-pci', 'id': 'd', 'fsdev': 'nosuch', "
                  "'mount_tag': 't'", "nosuch");
}

static void missing_fsdev_is_named(void)
{
    check_refused("'driver': 'virtio-9p-pci', 'id': 'd', 'mount_tag': 't'",
                  "fsdev");
}

static void missing_tag_is_named(void)
{
    check_refused("'driver': 'virtio-9p-pci', 'id': 'd', 'fsdev': 'fs0'",
                  "mount_tag");
}

static void empty_tag_is_refused(void)
{
    check_refused("'driver': 'virtio-9p-pci', 'id': 'd', 'fsdev': 'fs0', "
                  "'mount_tag': ''", "mount_tag");
}

static void tag_of_32_bytes_is_refused(void)
{
    check_refused("'driver': 'virtio-9p-pci', 'id': 'd', 'fsdev': 'fs0', "
                  "'mount_tag': '" TAG_31 "2'", TAG_31);
}

static void tag_of_255_bytes_is_refused(void)
{
    g_autofree char *tag = g_strnfill(255, 't');
    g_autofree char *args = g_strdup_printf("'driver': 'virtio-9p-pci', "
                                            "'id': 'd', 'fsdev': 'fs0', "
                                            "'mount_tag': '%s'", tag);

    check_refused(args, "31");
}

static void duplicate_id_is_refused(void)
{
    RingVm *vm = vm_with_synth();
    const char *args = "'driver': 'virtio-9p-pci', 'id': 'd', "
                       "'fsdev': 'fs0', 'mount_tag': 'ring'";
    g_autofree char *error = NULL;

    check_accepted(vm, args);
    error = device_add(vm, args);
    ring_check_contains("second device_add", error, "'d'");
}

static void check_config(RingDev *d, const char *tag)
{
    size_t len = strlen(tag);

    ring_check(d->features & (1ull << VIRTIO_9P_MOUNT_TAG), "expected feature "
               "VIRTIO_9P_MOUNT_TAG, got features 0x%" PRIx64, d->features);
    ring_check_int("tag length", qvirtio_config_readw(d->vdev, 0), len);
    ring_check_int("tag length, first byte (little endian)",
                   qvirtio_config_readb(d->vdev, 0), len);
    for (size_t i = 0; i < len; i++) {
        ring_check_int("byte of the tag", qvirtio_config_readb(d->vdev,
                       2 + i), (uint8_t)tag[i]);
    }
    /* Reads outside the configuration space yield ones: its size is exact. */
    ring_check_int("byte behind the tag", qvirtio_config_readb(d->vdev,
                   2 + len), 0xff);
}

static RingDev *open_with_tag(const char *tag)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag='%s',addr=%d", tag,
                             RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    return d;
}

static void config_has_the_tag(void)
{
    check_config(open_with_tag("ring"), "ring");
}

static void config_of_a_tag_of_31_bytes(void)
{
    ring_check_int("length of the longest tag", strlen(TAG_31), TAG_MAX);
    check_config(open_with_tag(TAG_31), TAG_31);
}

static void config_of_a_tag_of_one_byte(void)
{
    check_config(open_with_tag("x"), "x");
}

static void config_survives_a_reset(void)
{
    RingDev *d = open_with_tag("ring");

    ring_dev_reset(d);
    ring_dev_start(d);
    check_config(d, "ring");
}

static void config_is_read_only(void)
{
    RingDev *d = open_with_tag("ring");

    qpci_io_writeb(d->pci->pdev, d->pci->bar, d->pci->device_cfg_offset + 2,
                   'R');
    qpci_io_writeb(d->pci->pdev, d->pci->bar, d->pci->device_cfg_offset,
                   200);
    check_config(d, "ring");
}

/* A -device option for a 9p function */
typedef struct FrontCase {
    const char *name;
    const char *device;
    uint16_t pci_device_id;
    bool legacy;                /* driven through the legacy interface */
} FrontCase;

static const FrontCase fronts[] = {
    { "virtio-9p-pci", "virtio-9p-pci", 0x1009, false },
    { "virtio-9p-pci-transitional", "virtio-9p-pci-transitional", 0x1009,
      false },
    { "virtio-9p-pci-non-transitional", "virtio-9p-pci-non-transitional",
      0x1049, false },
    { "virtio-9p-alias", "virtio-9p", 0x1009, false },
    { "legacy-interface", "virtio-9p-pci,disable-modern=on", 0x1009, true },
    { "modern-only", "virtio-9p-pci,disable-legacy=on", 0x1049, false },
    { "without-ioeventfd", "virtio-9p-pci,ioeventfd=off", 0x1009, false },
    { "without-indirect", "virtio-9p-pci,indirect_desc=off", 0x1009, false },
    { "without-event-idx", "virtio-9p-pci,event_idx=off", 0x1009, false },
    { "with-iommu-platform",
      "virtio-9p-pci,iommu_platform=on,disable-legacy=on", 0x1049, false },
};

/* A short session, with a request that is parked and flushed */
static void smoke(RingDev *d)
{
    RingReq *w;

    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0", "WALK1" });
    ring_check_int("qid type", ring_tgetattr(d, .fid = 1).qid.type,
                   RING_QTDIR);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 2, .flags = RING_O_WRONLY);
    w = ring_send(d, ring_msg(RING_TWRITE, "484B", 2, (uint64_t)0, 1, "\x01",
                              (size_t)1));
    ring_tflush(d, .oldtag = w->tag);
    ring_check(w->done, "expected the flushed write back");
}

static void front_works(const void *arg)
{
    const FrontCase *c = arg;
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device %s,fsdev=fs0,"
                             "mount_tag=ring,addr=%d", c->device, RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_check_int("PCI device id", qpci_config_readw(d->pci->pdev, 2),
                   c->pci_device_id);
    for (int round = 0; round < 2; round++) {
        ring_dev_start(d);
        ring_check_int("virtio 1 negotiated",
                       !!(d->features & (1ull << VIRTIO_F_VERSION_1)),
                       !c->legacy);
        check_config(d, "ring");
        smoke(d);
        ring_dev_reset(d);
    }
}

static void front_virtio_mmio(void)
{
    RingVm *vm = ring_vm_new_microvm("-fsdev synth,id=fs0 -device "
                                     "virtio-9p-device,fsdev=fs0,"
                                     "mount_tag=ring");
    RingDev *d = ring_dev_open_mmio(vm);

    for (int round = 0; round < 2; round++) {
        ring_dev_start(d);
        check_config(d, "ring");
        smoke(d);
        ring_dev_reset(d);
    }
}

static void front_with_msix(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d", RING_SLOT);
    RingDev *d = ring_dev_open(vm, RING_SLOT);
    int64_t end;

    qpci_msix_enable(d->pci->pdev);
    ring_dev_start(d);
    qvirtqueue_pci_msix_setup(d->pci, &d->queue, &vm->alloc, 1);
    d->queue.msix_data = 0x12345678;
    qpci_io_writel(d->pci->pdev, d->pci->pdev->msix_table_bar,
                   d->pci->pdev->msix_table_off + 16 + 8,
                   d->queue.msix_data);
    smoke(d);
    end = ring_now() + RING_PATIENCE;
    while (!ring_interrupt(d)) {
        ring_check(ring_now() < end, "expected a message-signalled interrupt, "
                   "got none");
    }
}

static void several_devices(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -fsdev local,id=fs1,"
                             "path='%s',security_model=none "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=one,"
                             "addr=4 -device virtio-9p-pci,fsdev=fs1,"
                             "mount_tag=two,addr=5", ring_dir());
    RingDev *one = ring_dev_open(vm, 4);
    RingDev *two = ring_dev_open(vm, 5);

    ring_host_put("f", "x", 1);
    ring_dev_start(one);
    ring_dev_start(two);
    check_config(one, "one");
    check_config(two, "two");
    ring_mount(one);
    ring_mount(two);
    ring_twalk(one, .fid = 0, .newfid = 1, .names = { "WALK0" });
    ring_twalk(two, .fid = 0, .newfid = 1, .names = { "f" });
    ring_twalk(one, .fid = 0, .newfid = 2, .names = { "f" }, .err = ENOENT);
    ring_dev_reset(one);
    ring_check_int("size through the other device",
                   ring_tgetattr(two, .fid = 1).size, 1);
}

static void two_devices_on_one_fsdev(void)
{
    RingVm *vm = ring_vm_new("-fsdev local,id=fs0,path='%s',"
                             "security_model=mapped-xattr "
                             "-device virtio-9p-pci,fsdev=fs0,mount_tag=one,"
                             "addr=4 -device virtio-9p-pci,fsdev=fs0,"
                             "mount_tag=two,addr=5", ring_dir());
    RingDev *one = ring_dev_open(vm, 4);
    RingDev *two = ring_dev_open(vm, 5);

    ring_dev_start(one);
    ring_dev_start(two);
    ring_mount(one);
    ring_mount(two);
    ring_tmkdir(one, .fid = 0, .name = "dir", .mode = 0755);
    ring_twalk(two, .fid = 0, .newfid = 1, .names = { "dir" });
    ring_tversion(one, .msize = 0);
    ring_check_int("qid type through the other device",
                   ring_tgetattr(two, .fid = 1).qid.type, RING_QTDIR);
    ring_tunlinkat(two, .dir = 0, .name = "dir",
                   .flags = RING_AT_REMOVEDIR);
}

void ring_register_device_tests(void)
{
#define ADD(name, fn) ring_add("device/" name, fn)
    ADD("realize/unknown-fsdev-is-named", unknown_fsdev_is_named);
    ADD("realize/missing-fsdev-is-named", missing_fsdev_is_named);
    ADD("realize/missing-tag-is-named", missing_tag_is_named);
    ADD("realize/empty-tag-is-refused", empty_tag_is_refused);
    ADD("realize/tag-of-32-bytes-is-refused", tag_of_32_bytes_is_refused);
    ADD("realize/tag-of-255-bytes-is-refused", tag_of_255_bytes_is_refused);
    ADD("realize/duplicate-id-is-refused", duplicate_id_is_refused);
    ADD("config/has-the-tag", config_has_the_tag);
    ADD("config/tag-of-31-bytes", config_of_a_tag_of_31_bytes);
    ADD("config/tag-of-one-byte", config_of_a_tag_of_one_byte);
    ADD("config/survives-a-reset", config_survives_a_reset);
    ADD("config/is-read-only", config_is_read_only);
    for (unsigned i = 0; i < G_N_ELEMENTS(fronts); i++) {
        g_autofree char *path = g_strdup_printf("device/front/%s",
                                                fronts[i].name);

        ring_add_arg(path, front_works, &fronts[i]);
    }
    ADD("front/virtio-mmio", front_virtio_mmio);
    ADD("front/with-msix", front_with_msix);
    ADD("several-devices", several_devices);
    ADD("two-devices-on-one-fsdev", two_devices_on_one_fsdev);
#undef ADD
}
