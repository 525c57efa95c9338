/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest: a machine, its queue, and a fixed set of message buffers.
 *
 * A slot is a pair of buffers in guest memory for one message at a time.  The
 * payload in them starts on a page boundary, as in a Linux guest.  guest_wait()
 * polls the ring for a short time, then enables the interrupt and sleeps, so
 * that QEMU can have the CPU.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <setjmp.h>
#include "machine.h"
#include "vq.h"

#define GUEST_SLOTS     33              /* 32, and one for the set-up */
#define GUEST_PAGE      4096
#define GUEST_PAYLOAD   (520 << 10)     /* the largest payload of a message */

typedef enum KickMode {
    KICK_QTEST,         /* a qtest command */
    KICK_EVENTFD,       /* the device's ioeventfd, duplicated from QEMU */
} KickMode;

typedef struct GuestOptions {
    KickMode kick;
    unsigned spin_us;   /* how long to poll the ring before sleeping */
    bool irq_always;    /* request interrupts even when not sleeping */
    bool pages;         /* a descriptor per page, as Linux does for zero-copy */
} GuestOptions;

typedef struct Guest {
    Machine machine;
    Vq vq;
    GuestOptions options;
    uint64_t kick_gpa;
    int kick_fd;            /* KICK_EVENTFD: duplicate of QEMU's, owned */
    unsigned in_flight;
    jmp_buf *on_death;      /* jump there if QEMU is killed; NULL: die() */
} Guest;

void guest_start(Guest *g, const MachineOptions *m, const GuestOptions *o);
void guest_stop(Guest *g);

/* The payload area: GUEST_PAYLOAD bytes, with a page for headers before it */
uint8_t *guest_tx(Guest *g, unsigned slot);
uint8_t *guest_rx(Guest *g, unsigned slot);

/*
 * Submits a message of @tx_len bytes at @tx with room for a reply of @rx_len
 * bytes at @rx; both are inside the slot's buffers.
 */
void guest_submit(Guest *g, unsigned slot, const uint8_t *tx, size_t tx_len,
                  const uint8_t *rx, size_t rx_len);

/* Notifies the device of the submitted messages, if it asked for that. */
void guest_kick(Guest *g);

/* Waits for a reply; exits with an error if there is none for 30 seconds. */
void guest_wait(Guest *g);

/* Takes a reply of *@len bytes for *@slot; returns false if there is none. */
bool guest_next(Guest *g, unsigned *slot, uint32_t *len);

#endif
