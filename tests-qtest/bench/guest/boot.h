/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boots a Linux guest and measures each step that the guest runs.
 *
 * The guest's second serial port is connected to a socket of the benchmark.
 * Before each step the guest sends "ready NAME" and waits for "go"; after the
 * step it sends "done NAME NANOSECONDS STATUS".  The host measures from "go" to
 * "done".  The benchmark fails on any other message or after a timeout.
 */
#ifndef BENCH_GUEST_BOOT_H
#define BENCH_GUEST_BOOT_H

#include <sys/types.h>
#include "../util.h"

typedef struct BootOptions {
    const char *binary;
    const char *kernel, *initrd;
    const char *share;          /* folder to export */
    const char *model;          /* security_model= */
    const char *mount;          /* more mount options for the guest */
    const char *device;         /* more properties for -device, or NULL */
    char **args;                /* more arguments, or NULL */
    bool quick;                 /* shorter steps in the guest */
} BootOptions;

/* The results of a step */
typedef struct BootStep {
    char *name;                 /* owned */
    double guest_ms;            /* by the guest's clock */
    double cpu_ms;              /* of all threads except the virtual CPU */
    GHashTable *threads;        /* name -> double *, ms: threads alive at end */
} BootStep;

/* Boots, runs all steps and waits for QEMU; returns an array of BootStep *. */
GPtrArray *boot_run(const BootOptions *o);

#endif
