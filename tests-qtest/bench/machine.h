/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU process with one virtio-9p device and no running CPU.
 *
 * Owns the process, the guest's memory (a memfd that both sides map), the
 * qtest socket and the eventfd by which the device interrupts us.  Nothing is
 * left behind: all of it lives in descriptors.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <sys/types.h>
#include "helper.h"
#include "qtest.h"

#define MACHINE_RAM_SIZE    (UINT64_C(96) << 20)
#define MACHINE_9P_SLOT     4
#define MACHINE_BELL_SLOT   5
#define MACHINE_BELL_PEER   1   /* our number among the doorbell's peers */

typedef struct MachineOptions {
    const char *binary;     /* path of qemu-system-x86_64 */
    const char *accel;      /* -accel, NULL: qtest, without any CPU */
    const char *path;       /* folder to export */
    const char *model;      /* security_model= */
    const char *proxy;      /* export it by this helper, may be NULL */
    const char *multidevs;  /* multidevs=, NULL for the default */
    const char *fsdev;      /* more properties for -fsdev, may be NULL */
    const char *device;     /* more properties for -device, may be NULL */
    char **args;            /* more arguments, NULL or NULL-terminated */
    const char *slow_reads; /* object that makes them slow, may be NULL */
    uint64_t slow_ns;       /* … by so much */
    bool ioeventfd;         /* the device listens to an eventfd for kicks */
} MachineOptions;

typedef struct Machine {
    pid_t pid;
    pid_t all[3];           /* it and its helper, if any; ends with 0 */
    Helper helper;
    uint8_t *ram;           /* guest address 0 */
    int irq_fd;             /* readable after an interrupt */
    Qtest qtest;
} Machine;

/* Starts QEMU and its helper; returns when it answers. */
void machine_start(Machine *m, const MachineOptions *o);

/* Ends them and frees everything. */
void machine_stop(Machine *m);

#endif
