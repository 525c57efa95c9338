/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The statements of the POSIX suite: each prints one line, "ok BEHAVIOUR:
 * WHAT" or "not ok BEHAVIOUR: WHAT - expected X, came Y", and is counted in
 * memory that main.c shares with the child which runs the behaviour.  For a
 * statement with a row in the table of facts, the line has the reason.
 * Single-threaded; called from that child only.
 */
#include "posix.h"

#include <stdarg.h>

static struct counts *counts;
static const char *behaviour;
static int pending_fact = -1;

void check_begin(struct counts *shared, const char *name)
{
    counts = shared;
    behaviour = name;
}

void check_abort(const char *expected, const char *came)
{
    printf("not ok %s - expected %s, came %s\n", behaviour, expected, came);
    counts->failed++;
    fflush(stdout);
}

void differs(enum fact fact)
{
    pending_fact = fact;
}

/* Takes the row of the next statement; NULL if there is none that applies. */
static const char *take_fact(long long *wanted)
{
    int fact = pending_fact;

    pending_fact = -1;
    return fact < 0 ? NULL : fact_applies(fact, wanted);
}

static void verdict(bool good, const char *wanted, const char *came,
                    const char *reason, const char *what, va_list args)
{
    printf("%s %s: ", good ? "ok" : "not ok", behaviour);
    vprintf(what, args);
    if (!good) {
        printf(" - expected %s, came %s", wanted, came);
    }
    if (reason) {
        printf(" # differs: %s", reason);
    }
    putchar('\n');
    fflush(stdout);
    if (good) {
        counts->passed++;
    } else {
        counts->failed++;
    }
}

static const char *error_name(long long error)
{
    static char number[2][32];
    static int turn;
    const char *name = error > 0 ? strerrorname_np(error) : "success";

    if (!name) {
        name = number[turn ^= 1];
        snprintf(number[turn], sizeof(number[turn]), "error %lld", error);
    }
    return name;
}

static void call_ends(long long wanted, long long came, const char *what,
                      va_list args)
{
    const char *reason = take_fact(&wanted);

    verdict(wanted == came, error_name(wanted), error_name(came), reason,
            what, args);
}

void succeeds(long ret, const char *what, ...)
{
    int came = ret == -1 ? errno : 0;
    va_list args;

    va_start(args, what);
    call_ends(0, came, what, args);
    va_end(args);
}

void fails(int error, long ret, const char *what, ...)
{
    int came = ret == -1 ? errno : 0;
    va_list args;

    va_start(args, what);
    call_ends(error, came, what, args);
    va_end(args);
}

static void numbers(const char *format, long long wanted, long long came,
                    const char *what, va_list args)
{
    const char *reason = take_fact(&wanted);
    char want[32], have[32];

    if (*format == 'o') {
        snprintf(want, sizeof(want), "%04llo", wanted);
        snprintf(have, sizeof(have), "%04llo", came);
    } else {
        snprintf(want, sizeof(want), "%lld", wanted);
        snprintf(have, sizeof(have), "%lld", came);
    }
    verdict(wanted == came, want, have, reason, what, args);
}

void equal(long long wanted, long long came, const char *what, ...)
{
    va_list args;

    va_start(args, what);
    numbers("d", wanted, came, what, args);
    va_end(args);
}

void equal_octal(unsigned wanted, unsigned came, const char *what, ...)
{
    va_list args;

    va_start(args, what);
    numbers("o", wanted, came, what, args);
    va_end(args);
}

void same_text(const char *wanted, const char *came, const char *what, ...)
{
    va_list args;

    va_start(args, what);
    verdict(!strcmp(wanted, came), wanted, came, NULL, what, args);
    va_end(args);
}

void holds(bool truth, const char *what, ...)
{
    va_list args;

    va_start(args, what);
    numbers("d", 1, truth, what, args);
    va_end(args);
}

void skip(const char *reason)
{
    printf("ok %s # SKIP %s\n", behaviour, reason);
    fflush(stdout);
    counts->skipped++;
}

long must_succeed(long ret, const char *call, const char *file, int line)
{
    char expected[256];

    if (ret == -1) {
        const char *came = error_name(errno);

        snprintf(expected, sizeof(expected), "success of %s (%s:%d)", call,
                 file, line);
        check_abort(expected, came);
        exit(0);
    }
    return ret;
}
