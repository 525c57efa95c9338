/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fatal errors.  Called from anywhere in the benchmark's only thread; exit()
 * runs the handlers that kill QEMU and remove the trees.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "util.h"

static volatile sig_atomic_t asked_to_stop;

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

static void note_signal(int sig)
{
    asked_to_stop = sig;
}

void stop_on_signals(void)
{
    struct sigaction action = { .sa_handler = note_signal };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void stop_if_asked(void)
{
    if (asked_to_stop) {
        die("stopped by signal %d", (int)asked_to_stop);
    }
}

void write_results(const char *path, const char *text)
{
    g_autoptr(GError) err = NULL;

    if (!g_file_set_contents(path, text, -1, &err)) {
        die("cannot write %s: %s", path, err->message);
    }
    printf("all figures are in %s\n", path);
}
