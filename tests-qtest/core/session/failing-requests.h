/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of test-failing-calls: at least one for each message, and for
 * each thing that it can do.
 */
#ifndef TESTS_CORE_FAILING_REQUESTS_H
#define TESTS_CORE_FAILING_REQUESTS_H

#include "failing-world.h"

enum {
    NOT_OPEN = -1,
    REQUEST_FIDS = 2,
};

typedef struct FailingRequest {
    const char *message;        /* its name in 9p-messages.def */
    const char *what;
    bool dotu;                  /* in 9P2000.u */
    unsigned models;            /* LOCAL_*; 0: all and the proxy */
    /* Fids 1 and 2, walked to before the request and opened by flags. */
    struct {
        const char *path;
        int flags;
    } fid[REQUEST_FIDS];
    /* Done once all fids are there; may be NULL. */
    void (*prepare)(World *w);
    int (*ask)(World *w);
    bool reads;                 /* changes nothing */
    bool clunks;                /* the fids are gone afterwards */
    unsigned without;           /* WORLD_*: what may change after a failure */
} FailingRequest;

extern const FailingRequest failing_requests[];
extern const size_t failing_request_count;
extern const FailingRequest failing_dotu_requests[];
extern const size_t failing_dotu_request_count;

#endif
