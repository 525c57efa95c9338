/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The qtest protocol, as far as the bench needs it: port and memory access.
 *
 * Owns the text on one end of a socket pair.  A command is a line, its answer
 * another.  qtest_post_writew() leaves its answer in the socket and is for
 * kicks: waiting for it would put the answer's way into every latency.
 */
#ifndef BENCH_QTEST_H
#define BENCH_QTEST_H

#include "util.h"

typedef struct Qtest {
    int fd;             /* owned */
    unsigned unread;    /* answers that nobody has read yet */
    size_t len;         /* bytes in @buf */
    char buf[4096];
} Qtest;

void qtest_init(Qtest *q, int fd);
void qtest_close(Qtest *q);

void qtest_outl(Qtest *q, uint16_t port, uint32_t value);
uint32_t qtest_inl(Qtest *q, uint16_t port);
void qtest_write(Qtest *q, unsigned bytes, uint64_t addr, uint64_t value);
uint64_t qtest_read(Qtest *q, unsigned bytes, uint64_t addr);

/* A 16 bit write whose answer is read later, by any other call here. */
void qtest_post_writew(Qtest *q, uint64_t addr, uint16_t value);

#endif
