/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest: a machine, its queue, and a fixed set of message buffers.
 *
 * A slot is a pair of buffers in guest memory, one message at a time.  Their
 * middle is page aligned, so that a payload starts on a page as it does in a
 * Linux guest.  guest_wait() looks at the ring for a short while, then asks
 * for an interrupt and sleeps: QEMU gets the CPU when it needs it.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <setjmp.h>
#include "machine.h"
#include "vq.h"

#define GUEST_SLOTS     33              /* 32 and one for set-up */
#define GUEST_PAGE      4096
#define GUEST_PAYLOAD   (520 << 10)     /* the largest payload of a message */

typedef enum KickMode {
    KICK_QTEST,         /* a line to the qtest server */
    KICK_EVENTFD,       /* the device's own ioeventfd, taken from QEMU */
} KickMode;

typedef struct GuestOptions {
    KickMode kick;
    unsigned spin_us;   /* how long to look before sleeping */
    bool irq_always;    /* an interrupt for every batch, not only if asleep */
    bool pages;         /* one descriptor a page, as Linux' zero-copy has it */
} GuestOptions;

typedef struct Guest {
    Machine machine;
    Vq vq;
    GuestOptions options;
    uint64_t kick_gpa;
    int kick_fd;            /* KICK_EVENTFD: a duplicate of QEMU's, owned */
    unsigned in_flight;
    jmp_buf *on_death;      /* go there when QEMU is killed; NULL: die */
} Guest;

void guest_start(Guest *g, const MachineOptions *m, const GuestOptions *o);
void guest_stop(Guest *g);

/* GUEST_PAYLOAD bytes with a page before them, in our memory. */
uint8_t *guest_tx(Guest *g, unsigned slot);
uint8_t *guest_rx(Guest *g, unsigned slot);

/*
 * Hands a message over: @tx_len bytes from @tx, room for @rx_len at @rx, both
 * inside the slot's buffers.
 */
void guest_submit(Guest *g, unsigned slot, const uint8_t *tx, size_t tx_len,
                  const uint8_t *rx, size_t rx_len);

/* Tells the device, if it wants to know, of all that was submitted. */
void guest_kick(Guest *g);

/* Waits for an answer; dies when there is none for half a minute. */
void guest_wait(Guest *g);

/* Takes an answer, @len bytes; false when there is none yet. */
bool guest_next(Guest *g, unsigned *slot, uint32_t *len);

#endif
