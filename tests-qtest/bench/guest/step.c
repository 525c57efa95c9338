/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in the guest.  "step NAME COMMAND WORDS..." waits for the host's "go" on
 * the second serial port, runs the command and reports how long it took (see
 * boot.h).  "step NAME" only sends NAME to the host.  "step --randread FILE N"
 * is a command to be measured: it reads N blocks of 4 KiB at random offsets.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WIRE        "/dev/ttyS1"
#define BLOCK       4096
#define NS_PER_SEC  1000000000

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

static int open_wire(void)
{
    int fd = open(WIRE, O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios t;

    if (fd < 0 || tcgetattr(fd, &t) < 0) {
        perror(WIRE);
        exit(1);
    }
    cfmakeraw(&t);
    tcsetattr(fd, TCSANOW, &t);
    return fd;
}

static void wait_for_go(int wire)
{
    char c = 0;

    while (c != '\n') {
        if (read(wire, &c, 1) != 1) {
            exit(1);
        }
    }
}

static int run(char **argv)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

static int random_read(const char *path, unsigned long n)
{
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    int fd = open(path, O_RDONLY);
    char block[BLOCK];
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size < BLOCK) {
        perror(path);
        return 1;
    }
    while (n--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if (pread(fd, block, BLOCK, state % (st.st_size / BLOCK) * BLOCK) !=
            BLOCK) {
            perror(path);
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t start, end;
    int wire, status;

    if (argc == 4 && !strcmp(argv[1], "--randread")) {
        return random_read(argv[2], strtoul(argv[3], NULL, 10));
    }
    if (argc < 2) {
        fprintf(stderr, "usage: step NAME [COMMAND WORDS...]\n");
        return 2;
    }
    wire = open_wire();
    if (argc == 2) {
        dprintf(wire, "%s\n", argv[1]);
        tcdrain(wire);
        return 0;
    }
    dprintf(wire, "ready %s\n", argv[1]);
    wait_for_go(wire);
    start = now_ns();
    status = run(argv + 2);
    end = now_ns();
    dprintf(wire, "done %s %" PRIu64 " %d\n", argv[1], end - start, status);
    tcdrain(wire);
    return status != 0;
}
