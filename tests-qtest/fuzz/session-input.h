/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input format of fuzz-session.c, shared with make-seeds.c.
 *
 * The first two bytes are a set of SEED_* flags.  Records follow, which consist
 * of the number of a request, a tag byte, and one byte for each field; or of a
 * CONTROL_* byte and an argument byte.  Missing bytes are read as 0.
 */
#ifndef TESTS_FUZZ_SESSION_INPUT_H
#define TESTS_FUZZ_SESSION_INPUT_H

enum {
    SEED_SLEEPY = 1,            /* calls with FS_WAIT_NEVER: -EAGAIN */
    SEED_REMOTE = 2,            /* files are marked remote */
    SEED_READONLY = 4,
    SEED_FEW = 8,               /* five fids, two xattr fids */
    SEED_NO_START = 16,         /* without Tversion and Tattach at the start */
    SEED_OWN_LOOP = 32,         /* the loop serves this session only */
    SEED_FIBERS = 64,           /* … and has coroutines; the driver asks */
    SEED_OTHERS = 128,          /* other requests always wait to be submitted */
    SEED_MULTIDEVS = 256,       /* times an FsMultidevs */
    SEED_NO_CACHE = 1024,       /* no_cache_hint */
    SEED_DEVS = 2048,           /* "a" and "b/c" are on other devices */
};

/*
 * These are odd, as no request has an odd number.  Larger odd numbers count
 * modulo CONTROL_END.
 */
enum {
    CONTROL_STEP = 1,           /* run and report job number arg */
    CONTROL_RUN = 3,
    CONTROL_REPORT = 5,
    CONTROL_DRAIN = 7,
    /* Reset; then, if arg is even, start a session with dialect arg / 2. */
    CONTROL_RESET = 9,
    CONTROL_RAW = 11,           /* send the arg bytes that follow */
    CONTROL_ROOM = 13,          /* set the size of reply buffers to arg */
    CONTROL_FAIL = 15,          /* the next call of operation arg fails */
    CONTROL_PARK = 17,          /* park all writes if arg is odd */
    CONTROL_SLEEPY = 19,        /* SEED_SLEEPY, if arg is odd */
    CONTROL_FIBER = 21,         /* let fiber number arg go on */
    CONTROL_YIELD = 23,         /* calls in fibers yield if arg is odd */
    CONTROL_PAUSE = 25,         /* guest memory is shut if arg is odd */
    CONTROL_TICK = 27,          /* the timer expires, if one is set */
    CONTROL_LOCKED = 29,        /* the host locks all files if arg is odd */
    CONTROL_REFUSE = 31,        /* there is no thread for job number arg */
    CONTROL_BUSY = 33,          /* how set_busy() answers: BUSY_* */
    CONTROL_BUSY_DONE = 35,     /* … later: 0, or -EBUSY if arg is odd */
    CONTROL_REMOTE = 37,        /* SEED_REMOTE, if arg is odd */
    CONTROL_SHORT = 39,         /* move at most arg bytes; 0: all */
    CONTROL_END = 40,
};
enum { BUSY_YES, BUSY_LATER, BUSY_NO, N_BUSY };


/* The byte of a string or name is an index, modulo the number of strings. */
#define INPUT_STRINGS \
    "a", "b", "c", "d", "user.x", "user.y", "9P2000.L", "", ".", "..", \
    "a/b", "/", "system.x", "long", "longer", "nul", "9P2000.u", "9P2000", \
    "7", "c 1 3"
enum {
    STRING_A, STRING_B, STRING_C, STRING_D, STRING_USER_X, STRING_USER_Y,
    STRING_VERSION, STRING_EMPTY, STRING_DOT, STRING_DOTDOT, STRING_SLASHED,
    STRING_SLASH, STRING_SYSTEM, STRING_255, STRING_256, STRING_NUL,
    STRING_DOTU, STRING_PLAIN, STRING_NUMBER, STRING_DEVICE, N_STRINGS,
};

/* The byte of a number is the number if below 192, else an index. */
#define INPUT_NUMBERS_FROM 192
#define INPUT_NUMBERS \
    4096, 8192, 65536, 65535, 0x7fffffff, 0x80000000, 0xffffffff, \
    0xfffffff4, 0x7fffffffffffffff, 0x8000000000000000, \
    0xffffffffffffffff, 0xfffffffffffffffc, 010644, 020644, 040755, \
    0100644, 0140644, 01000, 02000, 01002, 0x200, 0x7ff, 0x17ff, 512, \
    1024, 500, 1000000000, 1500000000, 0200, 0202, 0200000, 0x1ff, \
    0x02000000, 0x01000000, 0x00800000, 0x00200000, 0x00100000, 0x000c0000, \
    0x800001ed, 0x0fff
enum {
    NUMBER_4096 = INPUT_NUMBERS_FROM, NUMBER_8192, NUMBER_65536,
    NUMBER_FIFO = INPUT_NUMBERS_FROM + 12,
    NUMBER_TRUNC = INPUT_NUMBERS_FROM + 17,
    NUMBER_APPEND = INPUT_NUMBERS_FROM + 18,
    NUMBER_REMOVEDIR = INPUT_NUMBERS_FROM + 20,
    NUMBER_BASIC = INPUT_NUMBERS_FROM + 21,
    NUMBER_500 = INPUT_NUMBERS_FROM + 25,
    NUMBER_SET_ALL = INPUT_NUMBERS_FROM + 31,
    NUMBER_KEEP16 = INPUT_NUMBERS_FROM + 3,
    NUMBER_KEEP32 = INPUT_NUMBERS_FROM + 6,
    NUMBER_KEEP64 = INPUT_NUMBERS_FROM + 10,
    NUMBER_DMDIR = INPUT_NUMBERS_FROM + 5,
    NUMBER_DMSYMLINK = INPUT_NUMBERS_FROM + 32,
    NUMBER_DMLINK, NUMBER_DMDEVICE, NUMBER_DMPIPE, NUMBER_DMSOCKET,
    NUMBER_DMSETID, NUMBER_DMDIR_0755, NUMBER_ALL_BITS,
};

#endif
