/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU process with one virtio-9p device and no running CPU.
 *
 * Owns the process, the guest's memory (a memfd that both processes map), the
 * qtest socket and the eventfd for the device's interrupts.  All of these are
 * descriptors, so there are no files to remove.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <sys/types.h>
#include "helper.h"
#include "qtest.h"

#define MACHINE_RAM_SIZE    (UINT64_C(96) << 20)
#define MACHINE_9P_SLOT     4
#define MACHINE_BELL_SLOT   5
#define MACHINE_BELL_PEER   1   /* the benchmark's ivshmem peer number */

typedef struct MachineOptions {
    const char *binary;     /* path of qemu-system-x86_64 */
    const char *accel;      /* -accel; NULL: qtest, no CPU runs */
    const char *path;       /* folder to export */
    const char *model;      /* security_model= */
    const char *proxy;      /* helper_start()'s @spec; NULL: local */
    const char *multidevs;  /* multidevs=, NULL for the default */
    const char *fsdev;      /* more properties for -fsdev, may be NULL */
    const char *device;     /* more properties for -device, may be NULL */
    char **args;            /* more arguments, NULL or NULL-terminated */
    const char *slow_reads; /* path of slow-read.so, may be NULL */
    uint64_t slow_ns;       /* the duration of a read with slow-read.so */
    bool ioeventfd;         /* the device uses an ioeventfd for kicks */
} MachineOptions;

typedef struct Machine {
    pid_t pid;
    pid_t all[3];           /* QEMU and its helper, if any; ends with 0 */
    Helper helper;
    uint8_t *ram;           /* mapping of guest address 0 */
    int irq_fd;             /* readable after an interrupt */
    Qtest qtest;
} Machine;

/* Starts QEMU and its helper; returns when QEMU answers. */
void machine_start(Machine *m, const MachineOptions *o);

/* Kills them and frees everything. */
void machine_stop(Machine *m);

#endif
