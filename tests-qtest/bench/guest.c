/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers, kicks and waiting.  Single thread; called by lane.c.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "guest.h"
#include "ioeventfd.h"
#include "virtio.h"

#define RING_GPA        (UINT64_C(2) << 20)
#define TABLES_GPA      (UINT64_C(3) << 20)
#define BUFFERS_GPA     (UINT64_C(4) << 20)

/* Descriptors of one request: a header and its pages in each direction */
#define TABLE_ENTRIES   (2 * (2 + GUEST_PAYLOAD / GUEST_PAGE))
#define BUFFER_SIZE     (GUEST_PAGE + GUEST_PAYLOAD)

#define TIMEOUT_MS      30000
#define PROBE_MS        200

G_STATIC_ASSERT(BUFFERS_GPA + 2 * UINT64_C(1) * GUEST_SLOTS * BUFFER_SIZE <=
                MACHINE_RAM_SIZE);
G_STATIC_ASSERT(GUEST_SLOTS * TABLE_ENTRIES * sizeof(struct vring_desc) <=
                BUFFERS_GPA - TABLES_GPA);

uint8_t *guest_tx(Guest *g, unsigned slot)
{
    return g->machine.ram + BUFFERS_GPA + (uint64_t)2 * slot * BUFFER_SIZE +
           GUEST_PAGE;
}

uint8_t *guest_rx(Guest *g, unsigned slot)
{
    return guest_tx(g, slot) + BUFFER_SIZE;
}

static uint64_t table_gpa(unsigned slot)
{
    return TABLES_GPA +
           (uint64_t)slot * TABLE_ENTRIES * sizeof(struct vring_desc);
}

static unsigned add_buffer(Guest *g, struct vring_desc *table, unsigned n,
                           const uint8_t *buf, size_t len, uint16_t flags)
{
    uint64_t gpa = buf - g->machine.ram;
    size_t part;

    while (len) {
        part = len;
        if (g->options.pages) {
            part = MIN(len, GUEST_PAGE - gpa % GUEST_PAGE);
        }
        table[n] = (struct vring_desc) {
            .addr = gpa,
            .len = part,
            .flags = flags | VRING_DESC_F_NEXT,
            .next = n + 1,
        };
        n++;
        gpa += part;
        len -= part;
    }
    return n;
}

void guest_submit(Guest *g, unsigned slot, const uint8_t *tx, size_t tx_len,
                  const uint8_t *rx, size_t rx_len)
{
    struct vring_desc *table = (void *)(g->machine.ram + table_gpa(slot));
    unsigned n;

    n = add_buffer(g, table, 0, tx, tx_len, 0);
    n = add_buffer(g, table, n, rx, rx_len, VRING_DESC_F_WRITE);
    table[n - 1].flags &= ~VRING_DESC_F_NEXT;
    vq_submit(&g->vq, slot, table_gpa(slot), n);
    g->in_flight++;
}

void guest_kick(Guest *g)
{
    uint64_t one = 1;

    if (!vq_kick_wanted(&g->vq)) {
        return;
    }
    if (g->kick_fd < 0) {
        qtest_post_writew(&g->machine.qtest, g->kick_gpa, 0);
    } else if (write(g->kick_fd, &one, sizeof(one)) != sizeof(one)) {
        die_errno("cannot kick");
    }
}

static bool spin(Guest *g)
{
    uint64_t end = now_ns() + g->options.spin_us * UINT64_C(1000);
    unsigned i;

    do {
        for (i = 0; i < 64; i++) {
            if (vq_ready(&g->vq)) {
                return true;
            }
            __builtin_ia32_pause();
        }
    } while (now_ns() < end);
    return vq_ready(&g->vq);
}

static G_GNUC_NORETURN void report_death(Guest *g)
{
    siginfo_t info = { 0 };

    /* WNOWAIT leaves the process for the waitpid() of guest_stop(). */
    waitid(P_PID, g->machine.pid, &info, WEXITED | WNOWAIT);
    if (info.si_code == CLD_EXITED) {
        die("QEMU exited with status %d", info.si_status);
    }
    if (g->on_death) {
        longjmp(*g->on_death, 1);
    }
    die("QEMU was killed by signal %d", info.si_status);
}

/* Sleeps until there is a reply; returns false if there is none within @ms. */
static bool sleep_until_ready(Guest *g, int ms)
{
    struct pollfd polls[] = {
        { .fd = g->machine.irq_fd, .events = POLLIN },
        /* No requested event: poll() only reports that QEMU closed it. */
        { .fd = g->machine.qtest.fd },
    };
    uint64_t count;
    int n;

    vq_arm(&g->vq);
    while (!vq_ready(&g->vq)) {
        n = poll(polls, G_N_ELEMENTS(polls), ms);
        if (n < 0) {
            if (errno != EINTR) {
                die_errno("poll");
            }
            stop_if_asked();
            continue;
        }
        if (n == 0) {
            return vq_ready(&g->vq);
        }
        if (polls[1].revents) {
            report_death(g);
        }
        if (polls[0].revents &&
            read(g->machine.irq_fd, &count, sizeof(count)) < 0) {
            die_errno("cannot read the interrupt");
        }
    }
    return true;
}

void guest_wait(Guest *g)
{
    stop_if_asked();
    if (!spin(g) && !sleep_until_ready(g, TIMEOUT_MS)) {
        die("no reply for %d s, %u requests in flight", TIMEOUT_MS / 1000,
            g->in_flight);
    }
    if (!g->options.irq_always) {
        vq_disarm(&g->vq);
    }
}

bool guest_next(Guest *g, unsigned *slot, uint32_t *len)
{
    if (!vq_reap(&g->vq, slot, len)) {
        return false;
    }
    if (*slot >= GUEST_SLOTS) {
        die("the device returned descriptor %u, expected one of 0 to %d",
            *slot, GUEST_SLOTS - 1);
    }
    if (g->options.irq_always) {
        vq_arm(&g->vq);
    } else {
        vq_disarm(&g->vq);
    }
    g->in_flight--;
    return true;
}

/*
 * The device's ioeventfd is one of the eventfds that QEMU created when the
 * driver set DRIVER_OK.  To find it, submit a request and try which eventfd
 * leads to a reply.
 */
static void find_kick_fd(Guest *g, GArray *before)
{
    g_autoptr(GArray) candidates =
        ioeventfd_new_ones(g->machine.pid, before);
    uint8_t *tx = guest_tx(g, 0);
    unsigned i, slot;
    uint32_t len;

    memcpy(tx, "\x09\0\0\0\x6c\xff\x7f\xfe\x7f", 9);    /* Tflush */
    guest_submit(g, 0, tx, 9, guest_rx(g, 0), GUEST_PAGE);
    for (i = 0; i < candidates->len && g->kick_fd < 0; i++) {
        g->kick_fd = ioeventfd_take(g->machine.pid,
                                    g_array_index(candidates, int, i));
        guest_kick(g);
        if (!sleep_until_ready(g, PROBE_MS)) {
            close(g->kick_fd);
            g->kick_fd = -1;
            g->vq.kick_idx = g->vq.avail_idx - 1;
        }
    }
    if (g->kick_fd < 0 || !guest_next(g, &slot, &len)) {
        die("none of the %u new eventfds of QEMU kicks the device",
            candidates->len);
    }
}

void guest_start(Guest *g, const MachineOptions *m, const GuestOptions *o)
{
    MachineOptions options = *m;
    g_autoptr(GArray) before = NULL;

    memset(g, 0, sizeof(*g));
    g->options = *o;
    g->kick_fd = -1;
    options.ioeventfd = o->kick == KICK_EVENTFD;
    machine_start(&g->machine, &options);
    memset(g->machine.ram + BUFFERS_GPA, 0,
           (size_t)2 * GUEST_SLOTS * BUFFER_SIZE);

    before = ioeventfd_new_ones(g->machine.pid, NULL);
    g->kick_gpa = virtio_start(&g->machine, &g->vq, RING_GPA);
    if (o->kick == KICK_EVENTFD) {
        find_kick_fd(g, before);
    }
}

void guest_stop(Guest *g)
{
    if (g->kick_fd >= 0) {
        close(g->kick_fd);
    }
    machine_stop(&g->machine);
}
