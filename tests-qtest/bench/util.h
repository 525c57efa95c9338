/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Utilities: fatal errors, the clock, random numbers.  The benchmark has one
 * thread.  It exits with a message and status 1 on any error, because the
 * results of an incorrect run would be misleading.
 */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <glib.h>

#define NS_PER_SEC UINT64_C(1000000000)

/* Prints "bench: ..." to stderr, cleans up and exits with status 1. */
void die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* As die(), with the text of errno at the end. */
void die_errno(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

/* Makes stop_if_asked() exit after SIGINT or SIGTERM. */
void stop_on_signals(void);
void stop_if_asked(void);

/* Writes @text to the file @path, which is replaced, and prints a message. */
void write_results(const char *path, const char *text);

/* Monotonic time in nanoseconds. */
static inline uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/*
 * The next number of a sequence that is the same in every run, so that both
 * binaries get the same requests (xorshift64*).  @state must not be 0.
 */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * UINT64_C(0x2545f4914f6cdd1d);
}

#endif
