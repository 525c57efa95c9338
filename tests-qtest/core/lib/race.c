/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A race against a process of the host; see race.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "race.h"

#define DEFAULT_SECONDS 0.3
#define LEAST_EXCHANGES 100
#define PATIENCE        60.0

struct Race {
    char *a, *b;
    GThread *thread;
    gint stop;
    gint exchanges;
    gint64 start;
    double seconds;
};

/* ATTACK_SECONDS, or 0 */
static double asked_seconds(void)
{
    const char *text = g_getenv("ATTACK_SECONDS");

    return text ? g_ascii_strtod(text, NULL) : 0;
}

static gpointer exchange_thread(gpointer opaque)
{
    Race *race = opaque;

    while (!g_atomic_int_get(&race->stop)) {
        if (renameat2(AT_FDCWD, race->a, AT_FDCWD, race->b,
                      RENAME_EXCHANGE) == 0) {
            g_atomic_int_inc(&race->exchanges);
        }
    }
    return NULL;
}

Race *race_begin(const char *a, const char *b)
{
    Race *race = g_new0(Race, 1);

    race->a = g_strdup(a);
    race->b = g_strdup(b);
    race->seconds = asked_seconds() ?: DEFAULT_SECONDS;
    race->start = g_get_monotonic_time();
    race->thread = g_thread_new("exchange", exchange_thread, race);
    return race;
}

bool race_until(Race *race, bool seen)
{
    double now = (g_get_monotonic_time() - race->start) / 1e6;
    bool enough = g_atomic_int_get(&race->exchanges) >= LEAST_EXCHANGES;

    if (now > race->seconds + PATIENCE) {
        g_error("expected a race within %g s, came %d exchanges", PATIENCE,
                g_atomic_int_get(&race->exchanges));
    }
    return now < race->seconds || !enough || !seen;
}

bool race_goes_on(Race *race)
{
    return race_until(race, true);
}

void race_end(Race *race)
{
    g_atomic_int_set(&race->stop, 1);
    g_thread_join(race->thread);
    g_free(race->a);
    g_free(race->b);
    g_free(race);
}

unsigned race_rounds(unsigned rounds)
{
    return rounds * MAX(1, asked_seconds());
}
