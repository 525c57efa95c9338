/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The states of a device and the transitions between them, as in the table
 * "Changes of state" of docs/devel/9pfs-internals.rst.
 *
 * During most transitions there are requests in flight: writes to synth's
 * FLUSH file, which only end when they are flushed, and requests that are
 * answered at once.
 */
#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "ring-client.h"

enum {
    IN_FLIGHT = 8,
    ROUNDS = 30,
    /* Registers of a pc's I/O APIC, which can be accessed without harm. */
    REGISTERS = 0xfec00000,
    READY = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
            VIRTIO_CONFIG_S_FEATURES_OK,
};

static void vm_do(RingDev *d, const char *command)
{
    qtest_qmp_assert_success(d->vm->qts, "{'execute': %s}", command);
}

/* Send writes that only end when they are flushed. */
static void park(RingDev *d, RingReq **r)
{
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "FLUSH" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    for (int i = 0; i < IN_FLIGHT; i++) {
        r[i] = ring_send(d, ring_msg(RING_TWRITE, "484B", 1, (uint64_t)0, 1,
                                     "\x01", (size_t)1));
    }
    ring_tgetattr(d, .fid = 0);
}

static void check_parked(RingReq **r, const char *what)
{
    ring_reap(r[0]->dev);
    for (int i = 0; i < IN_FLIGHT; i++) {
        ring_check(!r[i]->done, "%s: expected the parked writes to stay "
                   "parked, number %d came back", what, i);
        ring_req_check_untouched(r[i], what);
    }
}

static void check_flushed(RingDev *d, RingReq **r)
{
    for (int i = 0; i < IN_FLIGHT; i++) {
        ring_tflush(d, .oldtag = r[i]->tag);
        ring_check(r[i]->done, "expected the flushed write back");
    }
}

static RingReq *send_getattr(RingDev *d)
{
    return ring_send(d, ring_msg(RING_TGETATTR, "48", 0, (uint64_t)0x7ff));
}

static void check_new_session(RingDev *d)
{
    RingReq *r[IN_FLIGHT];

    ring_dev_start(d);
    ring_tgetattr(d, .fid = 0, .err = RING_ANY_ERROR);
    ring_mount(d);
    park(d, r);
    check_flushed(d, r);
}

/* ---- running <-> not ready ---- */

/* Requests survive that the driver clears DRIVER_OK and sets it again. */
static void not_ready_and_ready_again(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    park(d, r);
    for (int i = 0; i < ROUNDS; i++) {
        RingReq *get = send_getattr(d);

        d->vdev->bus->set_status(d->vdev, READY);
        d->vdev->bus->set_status(d->vdev, READY |
                                 VIRTIO_CONFIG_S_DRIVER_OK);
        ring_expect_done(get, RING_TGETATTR, 0);
        ring_tgetattr(d, .fid = 0);
    }
    check_parked(r, "while the driver was not ready");
    check_flushed(d, r);
}

/* ---- running <-> stopped ---- */

/* Each request is answered once, however far it was when the VM stopped. */
static void stop_and_cont_under_load(void)
{
    RingDev *d = ring_synth();
    RingReq *parked[IN_FLIGHT];
    RingReq *r[IN_FLIGHT];

    park(d, parked);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < IN_FLIGHT; i++) {
            r[i] = send_getattr(d);
        }
        vm_do(d, "stop");
        ring_reap(d);
        for (int i = 0; i < IN_FLIGHT; i++) {
            if (!r[i]->done) {
                ring_req_check_untouched(r[i], "while the VM is stopped");
            }
        }
        vm_do(d, "cont");
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_expect_done(r[i], RING_TGETATTR, 0);
        }
    }
    check_parked(parked, "after stop and cont");
    check_flushed(d, parked);
}

static void stop_twice(void)
{
    RingDev *d = ring_synth();
    RingReq *r;

    vm_do(d, "stop");
    vm_do(d, "stop");
    r = send_getattr(d);
    vm_do(d, "cont");
    vm_do(d, "cont");
    ring_expect_done(r, RING_TGETATTR, 0);
}

/* ---- -> reset ---- */

static void reset_under_load(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    for (int round = 0; round < ROUNDS; round++) {
        park(d, r);
        for (int i = 0; i < IN_FLIGHT; i++) {
            send_getattr(d);
        }
        ring_dev_reset(d);
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_req_check_untouched(r[i], "after a reset");
        }
        ring_dev_start(d);
        ring_mount(d);
    }
}

static void reset_while_stopped(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];
    RingReq *get;

    park(d, r);
    vm_do(d, "stop");
    get = send_getattr(d);
    ring_dev_reset(d);
    vm_do(d, "cont");
    check_new_session(d);
    ring_req_check_untouched(get, "request from before a reset");
}

/* The driver starts the device again before the VM continues. */
static void reset_and_start_while_stopped(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];
    RingReq *version;

    park(d, r);
    vm_do(d, "stop");
    ring_dev_reset(d);
    ring_dev_start(d);
    version = ring_send(d, ring_msg(RING_TVERSION, "4s", RING_MSIZE,
                                    "9P2000.L"));
    ring_reap(d);
    ring_req_check_untouched(version, "while the VM is stopped");
    vm_do(d, "cont");
    ring_expect_done(version, RING_TVERSION, 0);
    ring_mount(d);
}

static void system_reset_while_stopped(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    park(d, r);
    vm_do(d, "stop");
    ring_vm_reset(d->vm);
    vm_do(d, "cont");
    qvirtio_pci_device_enable(d->pci);
    check_new_session(d);
}

static void reset_twice(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    park(d, r);
    ring_dev_reset(d);
    ring_dev_reset(d);
    check_new_session(d);
}

/* A reset of the only queue ends the session as well. */
static void queue_reset(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    ring_check(d->features & (1ull << VIRTIO_F_RING_RESET),
               "expected the device to offer the reset of a queue");
    for (int round = 0; round < ROUNDS; round++) {
        park(d, r);
        send_getattr(d);
        ring_dev_reset_queue(d);
        ring_check(!ring_dev_broken(d), "expected the device to survive a "
                   "reset of its queue, it is broken");
        ring_tgetattr(d, .fid = 0, .err = RING_ANY_ERROR);
        ring_mount(d);
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_req_check_untouched(r[i], "after a reset of the queue");
        }
    }
    check_new_session(d);
}

/* ---- -> unplugged ---- */

static void unplug_under_load(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");

    for (int round = 0; round < 10; round++) {
        RingDev *d = ring_dev_plug(vm);
        RingReq *r[IN_FLIGHT];

        ring_dev_start(d);
        ring_mount(d);
        park(d, r);
        for (int i = 0; i < IN_FLIGHT; i++) {
            send_getattr(d);
        }
        ring_dev_unplug(d);
        for (int i = 0; i < IN_FLIGHT; i++) {
            ring_req_check_untouched(r[i], "after unplug");
        }
        ring_dev_close(d);
    }
}

static void unplug_before_the_driver_is_ready(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");

    for (int round = 0; round < 3; round++) {
        RingDev *d = ring_dev_plug(vm);

        ring_dev_unplug(d);
        ring_dev_close(d);
    }
}

static void plug_and_unplug_while_stopped(void)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0");
    RingDev *d = ring_dev_plug(vm);
    RingReq *r[IN_FLIGHT];

    ring_dev_start(d);
    ring_mount(d);
    park(d, r);
    vm_do(d, "stop");
    ring_dev_unplug(d);
    ring_dev_close(d);
    d = ring_dev_plug(vm);
    vm_do(d, "cont");
    check_new_session(d);
}

static void quit_while_stopped(void)
{
    RingDev *d = ring_synth();
    RingReq *r[IN_FLIGHT];

    park(d, r);
    vm_do(d, "stop");
    send_getattr(d);
    ring_vm_stop(d->vm);
}

/* ---- -> broken: a ring or a buffer that is not RAM ---- */

static RingDev *synth_with(const char *options)
{
    RingVm *vm = ring_vm_new("-fsdev synth,id=fs0 -device virtio-9p-pci,"
                             "fsdev=fs0,mount_tag=ring,addr=%d,%s", RING_SLOT,
                             options);
    RingDev *d = ring_dev_open(vm, RING_SLOT);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

/* Send a Tgetattr whose reply buffer is at the registers of a device. */
static RingReq *send_to_registers(RingDev *d)
{
    RingMsg *m = ring_msg(RING_TGETATTR, "48", 0, (uint64_t)0x7ff);
    RingReq *r = ring_req_new(d);

    ring_msg_tag(m, 7);
    r->tag = 7;
    ring_req_out(r, m->bytes->data, m->bytes->len);
    ring_req_raw(r, REGISTERS, 512, true);
    ring_req_submit(r, false);
    return r;
}

/*
 * Accessing registers takes the BQL.  A thread must not need it for that,
 * because code that resets the device waits for such accesses with the BQL
 * held.
 */
static void registers_as_a_buffer_break_a_thread(void)
{
    RingDev *d = synth_with("own-thread=on");

    for (int i = 0; i < 3; i++) {
        send_to_registers(d);
        ring_wait_broken(d, "reply to registers");
        check_new_session(d);
    }
    for (int i = 0; i < ROUNDS; i++) {
        send_to_registers(d);
        ring_dev_reset(d);
        ring_dev_start(d);
        ring_mount(d);
    }
}

static void registers_as_a_table_break_a_thread(void)
{
    RingDev *d = synth_with("own-thread=on");
    RingReq *r = ring_req_new(d);

    ring_req_raw(r, REGISTERS, 64, false);
    ring_req_queue(r, false);
    /* Turn the only descriptor into one of an indirect table. */
    qtest_writew(d->vm->qts, d->queue.vq.desc + 16 * r->id + 12,
                 4 /* VRING_DESC_F_INDIRECT */);
    ring_kick(d);
    ring_wait_broken(d, "descriptor table in registers");
    check_new_session(d);
}

static void registers_as_a_ring_break_a_thread(void)
{
    static const unsigned parts[] = {
        VIRTIO_PCI_COMMON_Q_DESCLO, VIRTIO_PCI_COMMON_Q_AVAILLO,
        VIRTIO_PCI_COMMON_Q_USEDLO,
    };
    RingDev *d = synth_with("own-thread=on");
    uint64_t common = d->pci->common_cfg_offset;

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        /* A queue in use stays where it is. */
        qpci_io_writew(d->pci->pdev, d->pci->bar,
                       common + VIRTIO_PCI_COMMON_Q_RESET, 1);
        qpci_io_writel(d->pci->pdev, d->pci->bar, common + parts[i],
                       REGISTERS);
        qpci_io_writew(d->pci->pdev, d->pci->bar,
                       common + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
        ring_wait_broken(d, "ring in registers");
        check_new_session(d);
    }
}

/* Behind an IOMMU the device works in the main loop, which holds the BQL. */
static void registers_as_a_buffer_behind_an_iommu(void)
{
    RingDev *d = synth_with("iommu_platform=on,disable-legacy=on");
    RingReq *r;

    for (int i = 0; i < 3; i++) {
        r = send_to_registers(d);
        ring_wait(r);
        ring_tgetattr(d, .fid = 0);
    }
    send_to_registers(d);
    ring_dev_reset(d);
    check_new_session(d);
}

void ring_register_state_tests(void)
{
#define ADD(name, fn) ring_add("life-cycle/" name, fn)
    ADD("not-ready-and-ready-again", not_ready_and_ready_again);
    ADD("stop-and-cont-under-load", stop_and_cont_under_load);
    ADD("stop-twice", stop_twice);
    ADD("reset-under-load", reset_under_load);
    ADD("reset-while-stopped", reset_while_stopped);
    ADD("reset-and-start-while-stopped", reset_and_start_while_stopped);
    ADD("system-reset-while-stopped", system_reset_while_stopped);
    ADD("reset-twice", reset_twice);
    ADD("queue-reset", queue_reset);
    ADD("unplug-under-load", unplug_under_load);
    ADD("unplug-before-the-driver-is-ready",
        unplug_before_the_driver_is_ready);
    ADD("plug-and-unplug-while-stopped", plug_and_unplug_while_stopped);
    ADD("quit-while-stopped", quit_while_stopped);
    ADD("registers-as-a-buffer-break-a-thread",
        registers_as_a_buffer_break_a_thread);
    ADD("registers-as-a-table-break-a-thread",
        registers_as_a_table_break_a_thread);
    ADD("registers-as-a-ring-break-a-thread",
        registers_as_a_ring_break_a_thread);
    ADD("registers-as-a-buffer-behind-an-iommu",
        registers_as_a_buffer_behind_an_iommu);
#undef ADD
}
