/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One boot of a Linux guest that tells what it does.
 *
 * The guest's second serial port is a socket of ours.  It says "ready NAME"
 * and waits for "go" before each step, and "done NAME NANOSECONDS STATUS" when
 * the step has ended; so each is measured from the moment before to the one
 * after.  Anything else that comes, or nothing for long, ends the bench.
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
    const char *mount;          /* more mount options, told to the guest */
    const char *device;         /* more properties for -device, or NULL */
    char **args;                /* more arguments, or NULL */
    bool quick;                 /* told to the guest */
} BootOptions;

/* What a step took. */
typedef struct BootStep {
    char *name;                 /* owned */
    double guest_ms;            /* by the guest's clock */
    double cpu_ms;              /* of all threads but the virtual CPU's */
    GHashTable *threads;        /* name -> double *: those still there, ms */
} BootStep;

/* Boots, takes all steps, waits for the end; of BootStep. */
GPtrArray *boot_run(const BootOptions *o);

#endif
