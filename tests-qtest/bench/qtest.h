/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client for the part of the qtest protocol that the benchmark needs: access
 * to ports and memory.
 *
 * A command is one line, its reply is another one.  qtest_post_writew() is for
 * kicks and does not wait for its reply, because the time for that would be
 * included in every latency.
 */
#ifndef BENCH_QTEST_H
#define BENCH_QTEST_H

#include "util.h"

typedef struct Qtest {
    int fd;             /* owned */
    unsigned unread;    /* number of outstanding replies */
    size_t len;         /* bytes in @buf */
    char buf[4096];
} Qtest;

void qtest_init(Qtest *q, int fd);
void qtest_close(Qtest *q);

void qtest_outl(Qtest *q, uint16_t port, uint32_t value);
uint32_t qtest_inl(Qtest *q, uint16_t port);
void qtest_write(Qtest *q, unsigned bytes, uint64_t addr, uint64_t value);
uint64_t qtest_read(Qtest *q, unsigned bytes, uint64_t addr);

/* A 16-bit write whose reply is read later, by the next command. */
void qtest_post_writew(Qtest *q, uint64_t addr, uint16_t value);

#endif
