/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up, with a reason.  Called from anywhere in the bench's one thread;
 * exit() runs the handlers that end QEMU and remove the trees.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "util.h"

void die(const char *format, ...)
{
    va_list ap;

    fflush(stdout);
    fprintf(stderr, "bench: ");
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    exit(1);
}

void die_errno(const char *format, ...)
{
    const char *reason = strerror(errno);
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    die("%s: %s", what, reason);
}
