/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pattern BYTES: writes BYTES bytes to standard output, which are the same in
 * each run and do not repeat: 64-bit values of a multiplicative generator.  So
 * guest and host can create the same large file without copying it.  For the
 * tests.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static uint64_t block[16384];
    uint64_t state = 0x9e3779b97f4a7c15;
    long long left = argc > 1 ? atoll(argv[1]) : 0;
    size_t i, want;
    ssize_t done;
    char *p;

    while (left > 0) {
        for (i = 0; i < sizeof(block) / sizeof(block[0]); i++) {
            state = state * 0x5851f42d4c957f2d + 1;
            block[i] = state;
        }
        want = left < (long long)sizeof(block) ? (size_t)left : sizeof(block);
        left -= want;
        for (p = (char *)block; want > 0; p += done, want -= done) {
            done = write(1, p, want);
            if (done <= 0) {
                perror("pattern");
                return 1;
            }
        }
    }
    return 0;
}
