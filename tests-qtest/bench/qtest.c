/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends commands to QEMU's qtest server and reads the replies.  Single thread;
 * called by pci.c and virtio.c for the set-up and by guest.c for each kick.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "qtest.h"

/* QEMU must never block on a full socket, which has room for many more. */
#define UNREAD_MAX 256

void qtest_init(Qtest *q, int fd)
{
    memset(q, 0, sizeof(*q));
    q->fd = fd;
}

void qtest_close(Qtest *q)
{
    close(q->fd);
    q->fd = -1;
}

static void send_line(Qtest *q, const char *line, size_t len)
{
    ssize_t n;

    do {
        n = send(q->fd, line, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)len) {
        die_errno("cannot send to QEMU's qtest socket (did QEMU exit?)");
    }
    q->unread++;
}

/* Reads one line without its newline into @line. */
static void read_line(Qtest *q, char *line, size_t size)
{
    char *end;
    ssize_t n;
    size_t len;

    while (!(end = memchr(q->buf, '\n', q->len))) {
        if (q->len == sizeof(q->buf)) {
            die("QEMU sent a qtest line of more than %zu bytes", q->len);
        }
        n = recv(q->fd, q->buf + q->len, sizeof(q->buf) - q->len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            die("QEMU closed its qtest socket; see its messages above");
        }
        q->len += n;
    }
    len = end - q->buf;
    if (len >= size) {
        die("QEMU sent a qtest line of %zu bytes", len);
    }
    memcpy(line, q->buf, len);
    line[len] = '\0';
    q->len -= len + 1;
    memmove(q->buf, end + 1, q->len);
    q->unread--;
}

/* Reads all outstanding replies; returns the value of the last one. */
static uint64_t last_answer(Qtest *q)
{
    char line[128];

    do {
        read_line(q, line, sizeof(line));
        if (strncmp(line, "OK", 2)) {
            die("qtest: expected \"OK\", got \"%s\"", line);
        }
    } while (q->unread);
    return strtoull(line + 2, NULL, 0);
}

static uint64_t command(Qtest *q, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static uint64_t command(Qtest *q, const char *format, ...)
{
    char line[128];
    va_list ap;
    int len;

    va_start(ap, format);
    len = vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    send_line(q, line, len);
    return last_answer(q);
}

void qtest_outl(Qtest *q, uint16_t port, uint32_t value)
{
    command(q, "outl 0x%x 0x%x\n", port, value);
}

uint32_t qtest_inl(Qtest *q, uint16_t port)
{
    return command(q, "inl 0x%x\n", port);
}

static char width(unsigned bytes)
{
    return bytes == 1 ? 'b' : bytes == 2 ? 'w' : bytes == 4 ? 'l' : 'q';
}

void qtest_write(Qtest *q, unsigned bytes, uint64_t addr, uint64_t value)
{
    command(q, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", width(bytes), addr,
            value);
}

uint64_t qtest_read(Qtest *q, unsigned bytes, uint64_t addr)
{
    return command(q, "read%c 0x%" PRIx64 "\n", width(bytes), addr);
}

void qtest_post_writew(Qtest *q, uint64_t addr, uint16_t value)
{
    char line[64];
    int len = snprintf(line, sizeof(line), "writew 0x%" PRIx64 " 0x%x\n",
                       addr, value);

    send_line(q, line, len);
    if (q->unread >= UNREAD_MAX) {
        last_answer(q);
    }
}
