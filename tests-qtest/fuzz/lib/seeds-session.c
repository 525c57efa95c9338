/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corpus of fuzz-session.c: sequences of requests.
 */
#include "fsdev/core/p9-osdep.h"
#include "fuzz/session-input.h"
#include "seeds.h"

#define SESSION(name, flags, ...) \
    SEED(name, (flags) & 0xff, (flags) >> 8, __VA_ARGS__)

/* Records of session-input.h: number, tag, a byte for each field. */
#define VERSION 100, 255, NUMBER_65536, STRING_VERSION
#define ATTACH(fid) 104, 1, fid, 255, STRING_EMPTY, STRING_EMPTY, 0
#define WALK1(fid, newfid, name) 110, 1, fid, newfid, 1, name
#define WALK0(fid, newfid) 110, 1, fid, newfid, 0
#define OPEN(fid, flags) 12, 1, fid, flags
#define CREATE(fid, name) 14, 1, fid, name, 2, 0, 0
#define READ(tag, fid, count) 116, tag, fid, 0, count
#define WRITE(tag, fid, count) 118, tag, fid, 0, count
#define CLUNK(tag, fid) 120, tag, fid
#define REMOVE(tag, fid) 122, tag, fid
#define FLUSH(tag, oldtag) 108, tag, oldtag
#define MKDIR(tag, fid, name) 72, tag, fid, name, 0, 0
#define READDIR(fid, offset, count) 40, 1, fid, offset, count
#define XATTRWALK(fid, newfid, name) 30, 1, fid, newfid, name
#define XATTRCREATE(fid, name, size) 32, 1, fid, name, size, 0
#define DRAIN CONTROL_DRAIN, 0
/* For CONTROL_FAIL, as in memfs.h. */
#define MEM_OPS_LOOKUP 0
#define MEM_OPS_GETATTR 1
#define MEM_OPS_OPEN 12
#define STEP(n) CONTROL_STEP, n
#define RUN(n) CONTROL_RUN, n
#define REPORT(n) CONTROL_REPORT, n

#define TCREATE(fid, name, perm, mode, extension) \
    114, 1, fid, name, perm, mode, extension
#define WSTAT(fid, ...) 126, 1, fid, __VA_ARGS__
/* Twstat: type, dev, mode, atime, mtime, length, name, …, n_uid, … */
#define KEEP32 NUMBER_KEEP32
#define KEEP_REST \
    STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, KEEP32, KEEP32, \
    KEEP32
#define STAT(fid) 124, 9, fid
#define SEED_LATE (SEED_NO_START | SEED_SLEEPY)
#define DOTU 100, 255, NUMBER_65536, STRING_DOTU, ATTACH(0), DRAIN
#define LOCK(tag, fid, type, flags, process) \
    52, tag, fid, type, flags, 0, 0, process, STRING_A

static const Seed seeds[] = {
    SESSION("read-write", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
            WRITE(2, 1, 100), READ(3, 1, NUMBER_8192), DRAIN,
            50, 1, 1, 0, CLUNK(4, 1), DRAIN),
    SESSION("create-remove", 0, WALK0(0, 1), CREATE(1, STRING_D), DRAIN,
            WRITE(2, 1, 9), REMOVE(3, 1), DRAIN, WALK1(0, 1, STRING_D), DRAIN),
    SESSION("directory", SEED_SLEEPY, WALK1(0, 1, STRING_B), DRAIN, OPEN(1, 0),
            DRAIN, READDIR(1, 0, 100), DRAIN, READDIR(1, 2, NUMBER_8192), DRAIN,
            MKDIR(1, 1, STRING_D), DRAIN, CLUNK(1, 1), DRAIN),
    SESSION("names", 0, WALK1(0, 1, STRING_B), MKDIR(1, 0, STRING_C),
            16, 1, 0, STRING_D, STRING_A, 0,
            18, 1, 0, STRING_USER_X, NUMBER_FIFO, 0, 0, 0, DRAIN,
            WALK1(0, 2, STRING_A), 70, 1, 1, 2, STRING_D,
            74, 1, 0, STRING_A, 1, STRING_C, DRAIN,
            20, 1, 2, 0, STRING_USER_Y, DRAIN,
            76, 1, 0, STRING_C, NUMBER_REMOVEDIR, DRAIN,
            WALK1(0, 3, STRING_D), 22, 1, 3, DRAIN),
    SESSION("attributes", 0, WALK1(0, 1, STRING_A), 24, 1, 1, NUMBER_BASIC,
            26, 1, 1, NUMBER_SET_ALL, 6, 7, 8, 5, 1, 2, 3, 4, DRAIN,
            8, 1, 1, DRAIN, OPEN(1, NUMBER_TRUNC), DRAIN,
            52, 1, 1, 1, 0, 0, 0, 9, STRING_A, 54, 1, 1, 1, 0, 0, 9, STRING_A),
    SESSION("xattr", 0, WALK1(0, 1, STRING_A), XATTRCREATE(1, STRING_USER_X, 5),
            WRITE(1, 1, 5), CLUNK(2, 1), DRAIN,
            XATTRWALK(0, 2, STRING_EMPTY), DRAIN, READ(3, 2, 100), CLUNK(1, 2),
            WALK1(0, 1, STRING_A), XATTRWALK(1, 3, STRING_USER_X), DRAIN,
            READ(1, 3, 9), WALK0(1, 4), XATTRCREATE(4, STRING_USER_X, 0),
            CLUNK(1, 4), DRAIN),
    SESSION("flush", SEED_SLEEPY, WALK1(0, 1, STRING_A), DRAIN, OPEN(1, 2),
            FLUSH(9, 1), OPEN(1, 2), RUN(0), FLUSH(9, 1), FLUSH(10, 9),
            REPORT(0), DRAIN, READ(2, 1, 50), READ(3, 1, 50), RUN(0),
            CLUNK(4, 1), FLUSH(5, 2), FLUSH(6, 3), FLUSH(7, 4), REPORT(0),
            DRAIN),
    SESSION("open-clunk", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), OPEN(1, 0),
            RUN(0), CLUNK(2, 1), WALK1(0, 1, STRING_B), REPORT(0), DRAIN),
    SESSION("version", SEED_SLEEPY, MKDIR(1, 0, STRING_C),
            MKDIR(2, 0, STRING_D), RUN(0), FLUSH(3, 1), VERSION, ATTACH(0),
            VERSION, ATTACH(1),
            REPORT(0), DRAIN, WALK1(1, 2, STRING_B), DRAIN),
    SESSION("reset", SEED_REMOTE, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
            WRITE(1, 1, 100), READ(2, 1, 100), RUN(0), MKDIR(3, 0, STRING_C),
            CLUNK(4, 1), CONTROL_RESET, 0, WALK1(0, 1, STRING_A), DRAIN,
            CONTROL_RESET, 1, WALK0(0, 1), VERSION, ATTACH(0), DRAIN),
    SESSION("parked", 0, WALK1(0, 1, STRING_A), OPEN(1, 1), DRAIN,
            CONTROL_PARK, 1, WRITE(2, 1, 3), WRITE(3, 1, 3), DRAIN,
            FLUSH(4, 2), VERSION, DRAIN, ATTACH(0), DRAIN),
    SESSION("limits", SEED_FEW, WALK0(0, 1), WALK0(0, 2), WALK0(0, 3),
            WALK0(0, 4), WALK0(0, 5), CLUNK(1, 4),
            XATTRWALK(0, 4, STRING_EMPTY),
            XATTRWALK(0, 5, STRING_EMPTY), DRAIN, XATTRCREATE(1, STRING_A, 9),
            XATTRCREATE(2, STRING_A, 9), CLUNK(1, 4), CLUNK(1, 1), DRAIN),
    SESSION("read-only", SEED_READONLY, WALK1(0, 1, STRING_A), OPEN(1, 1),
            OPEN(1, 0), DRAIN, READ(1, 1, 99), WRITE(1, 1, 9), REMOVE(1, 1),
            DRAIN, MKDIR(1, 0, STRING_C), DRAIN),
    SESSION("errors", SEED_SLEEPY, CONTROL_FAIL, 0, WALK1(0, 1, STRING_A),
            DRAIN, WALK1(0, 1, STRING_A), DRAIN, CONTROL_FAIL, 1, OPEN(1, 0),
            DRAIN, CONTROL_SLEEPY, 0, OPEN(1, 2), DRAIN, CONTROL_FAIL, 14,
            WRITE(1, 1, 9), CONTROL_FAIL, 13, READ(1, 1, 9), DRAIN),
    SESSION("small-replies", 0, CONTROL_ROOM, 11, WALK1(0, 1, STRING_A),
            CONTROL_ROOM, 22, WALK1(0, 1, STRING_A), DRAIN, CONTROL_ROOM, 15,
            READ(1, 1, 9), CONTROL_ROOM, 7, CLUNK(1, 1), CONTROL_ROOM, 0,
            CONTROL_RAW, 11, 11, 0, 0, 0, 120, 1, 0, 1, 0, 0, 0, DRAIN),
    /* 126 is Twstat: fid, then the 14 numbers and strings of a stat. */
    SESSION("dotu", SEED_NO_START, 100, 255, NUMBER_65536, STRING_DOTU,
            ATTACH(0), DRAIN, WALK1(0, 1, STRING_A), 112, 1, 1, 2, DRAIN,
            WRITE(2, 1, 9), READ(3, 1, 99), 124, 4, 1, DRAIN,
            WALK1(0, 2, STRING_B), 112, 1, 2, 0, DRAIN, READ(5, 2, NUMBER_8192),
            DRAIN, WALK0(0, 3), 114, 1, 3, STRING_D, NUMBER_FIFO, 2,
            STRING_EMPTY, DRAIN, 126, 1, 1, 0, 0, 0, 5, 5, 5, STRING_C,
            STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, 0, 0, 0,
            DRAIN, CLUNK(1, 1), REMOVE(2, 3), DRAIN),
    SESSION("plain", 0, CONTROL_RESET, 4, WALK1(0, 1, STRING_A), 112, 1, 1, 16,
            DRAIN, 124, 1, 1, READ(2, 1, 9), 52, 1, 1, 1, 0, 0, 0, 9, STRING_A,
            DRAIN, WALK1(0, 2, STRING_B), DRAIN, 112, 1, 2, 0, DRAIN,
            READ(3, 2, 255), CLUNK(1, 2), DRAIN),
    SESSION("locks", SEED_SLEEPY, WALK1(0, 1, STRING_A), WALK1(0, 2, STRING_A),
            DRAIN, OPEN(1, 2), OPEN(2, 2), DRAIN,
            52, 1, 1, 1, 0, 0, 0, 7, STRING_A, DRAIN,
            52, 2, 2, 1, 1, 0, 0, 8, STRING_B, DRAIN,
            54, 3, 2, 1, 0, 0, 8, STRING_B, DRAIN, 52, 4, 2, 0, 1, 5, 9, 8,
            STRING_B, FLUSH(5, 4), DRAIN, 52, 6, 1, 2, 0, 0, 0, 7, STRING_A,
            DRAIN, CLUNK(7, 2), DRAIN),
    SESSION("dotu-create", SEED_NO_START, DOTU, WALK0(0, 1),
            TCREATE(1, STRING_D, NUMBER_DMDIR_0755, 0, STRING_EMPTY), DRAIN,
            WALK0(0, 2), TCREATE(2, STRING_C, NUMBER_DMSYMLINK, 0, STRING_A),
            DRAIN, WALK0(0, 3),
            TCREATE(3, STRING_USER_X, NUMBER_DMLINK, 0, STRING_NUMBER), DRAIN,
            WALK1(0, 7, STRING_A), WALK0(0, 3), DRAIN,
            TCREATE(3, STRING_USER_X, NUMBER_DMLINK, 0, STRING_NUMBER), DRAIN,
            WALK0(0, 4), TCREATE(4, STRING_USER_Y, NUMBER_DMDEVICE, 2,
                                 STRING_DEVICE), DRAIN, STAT(4), DRAIN,
            WALK0(0, 5), TCREATE(5, STRING_VERSION, NUMBER_DMPIPE, 2,
                                 STRING_EMPTY), DRAIN, STAT(5),
            WALK0(0, 6), TCREATE(6, STRING_DOTU, NUMBER_DMSOCKET, 2,
                                 STRING_EMPTY), DRAIN, STAT(6), STAT(2), DRAIN,
            TCREATE(0, STRING_A, NUMBER_DMDEVICE, 2, STRING_A),
            TCREATE(0, STRING_SLASH, 0, 2, STRING_A), DRAIN, WALK0(0, 3),
            112, 1, 3, 0, DRAIN, READ(1, 3, NUMBER_8192), DRAIN),
    SESSION("dotu-create-fails", SEED_LATE, DOTU, WALK0(0, 1), CONTROL_FAIL,
            0, TCREATE(1, STRING_D, NUMBER_DMDIR, 0, STRING_EMPTY), DRAIN,
            CONTROL_SLEEPY, 0, WALK0(0, 2), CONTROL_FAIL, MEM_OPS_OPEN,
            TCREATE(2, STRING_C, NUMBER_DMDIR, 0, STRING_EMPTY), DRAIN,
            WALK0(0, 3), TCREATE(3, STRING_USER_X, NUMBER_DMSYMLINK, 0,
                                 STRING_EMPTY), DRAIN, CONTROL_PARK, 1,
            TCREATE(3, STRING_USER_X, 5, 1, STRING_EMPTY), DRAIN,
            WRITE(1, 3, 5), FLUSH(3, 1), DRAIN),
    SESSION("wstat", SEED_NO_START, DOTU,
            WALK1(0, 1, STRING_A), 112, 1, 1, 2, DRAIN,
            WSTAT(1, NUMBER_KEEP16, KEEP32, KEEP32, KEEP32, KEEP32,
                  NUMBER_KEEP64, STRING_EMPTY, KEEP_REST), DRAIN,
            WSTAT(1, 0, 0, 5, 7, 8, 9, STRING_D, KEEP_REST), DRAIN,
            WSTAT(1, 0, 0, KEEP32, 7, KEEP32, NUMBER_KEEP64, STRING_EMPTY,
                  STRING_A, STRING_A, STRING_A, STRING_A, 5, 6, 7), DRAIN,
            WSTAT(1, 0, 0, NUMBER_DMDIR, KEEP32, KEEP32, NUMBER_KEEP64,
                  STRING_EMPTY, KEEP_REST), DRAIN,
            WSTAT(1, 0, 0, KEEP32, KEEP32, KEEP32, NUMBER_KEEP64 - 1,
                  STRING_EMPTY, KEEP_REST),
            WSTAT(0, 0, 0, KEEP32, KEEP32, KEEP32, NUMBER_KEEP64, STRING_A,
                  KEEP_REST), WSTAT(1, 0, 0, KEEP32, KEEP32, KEEP32,
                  NUMBER_KEEP64, STRING_SLASHED, KEEP_REST), DRAIN,
            WSTAT(1, 0, 0, KEEP32, KEEP32, KEEP32, NUMBER_KEEP64,
                  STRING_EMPTY, KEEP_REST), DRAIN),
    SESSION("stat-fails", SEED_NO_START, DOTU,
            112, 1, 0, 0, DRAIN, CONTROL_FAIL,
            MEM_OPS_GETATTR, READ(1, 0, NUMBER_8192), DRAIN, CONTROL_FAIL,
            MEM_OPS_LOOKUP, READ(1, 0, NUMBER_8192), DRAIN, STAT(7), DRAIN),
    SESSION("devices", SEED_DEVS, WALK1(0, 1, STRING_A), DRAIN,
            110, 1, 0, 2, 2, STRING_B, STRING_C, DRAIN, 24, 1, 1, NUMBER_BASIC,
            24, 1, 2, NUMBER_ALL_BITS, DRAIN, OPEN(0, 0), DRAIN,
            READDIR(0, 0, NUMBER_8192), DRAIN),
    SESSION("devices-forbid", SEED_DEVS | SEED_MULTIDEVS, 110, 1, 0, 2, 2,
            STRING_B, STRING_C, DRAIN, WALK1(0, 1, STRING_A), DRAIN,
            OPEN(0, 0), DRAIN, READDIR(0, 0, NUMBER_8192), DRAIN),
    SESSION("devices-warn", SEED_DEVS | 2 * SEED_MULTIDEVS | SEED_NO_CACHE,
            WALK1(0, 1, STRING_A), DRAIN, OPEN(0, 0), DRAIN,
            READDIR(0, 0, NUMBER_8192), DRAIN),
    SESSION("below", 0, 104, 1, 1, 255, STRING_EMPTY, STRING_B, 0, DRAIN,
            WALK1(1, 2, STRING_DOTDOT), WALK1(1, 3, STRING_C),
            WALK1(3, 4, STRING_DOTDOT), DRAIN, 74, 1, 0, STRING_B, 0, STRING_D,
            WALK1(3, 4, STRING_DOTDOT), 104, 1, 5, 255, STRING_EMPTY,
            STRING_SLASHED, 0, 104, 1, 5, 255, STRING_EMPTY, STRING_A, 0,
            DRAIN),
    SESSION("own-loop", SEED_OWN_LOOP, WALK1(0, 1, STRING_A), OPEN(1, 2),
            WRITE(2, 1, 9), READ(3, 1, 99), MKDIR(4, 0, STRING_C), 50, 1, 1, 0,
            DRAIN, 24, 1, 1, NUMBER_BASIC, CLUNK(1, 1), DRAIN),
    SESSION("own-loop-crowded", SEED_OWN_LOOP | SEED_OTHERS | SEED_SLEEPY,
            WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN, WRITE(2, 1, 192),
            READ(3, 1, 193), READ(4, 1, 194), DRAIN, FLUSH(5, 4), DRAIN),
    SESSION("fibers", SEED_FIBERS | SEED_SLEEPY, CONTROL_YIELD, 1,
            WALK1(0, 1, STRING_A), WALK1(0, 2, STRING_B), MKDIR(3, 0, STRING_D),
            CONTROL_FIBER, 1, CONTROL_FIBER, 0, FLUSH(5, 3), CONTROL_FIBER, 2,
            DRAIN, OPEN(1, 2), CONTROL_FIBER, 0, DRAIN, MKDIR(1, 0, STRING_C),
            CONTROL_RESET, 0, CONTROL_FIBER, 0, DRAIN),
    SESSION("fibers-version", SEED_FIBERS | SEED_SLEEPY, CONTROL_YIELD, 1,
            MKDIR(1, 0, STRING_C), MKDIR(2, 0, STRING_D), VERSION, ATTACH(0),
            CONTROL_FIBER, 0, CONTROL_FIBER, 1, DRAIN, CONTROL_FAIL, 7,
            MKDIR(1, 0, STRING_C), DRAIN),
    SESSION("pause", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
            CONTROL_SLEEPY, 1, WRITE(2, 1, 9), READ(3, 1, 99), CONTROL_PAUSE,
            1, MKDIR(4, 0, STRING_C), CONTROL_RUN, 0, CONTROL_REPORT, 0, DRAIN,
            FLUSH(5, 3), CONTROL_PAUSE, 0, DRAIN, CONTROL_PAUSE, 1,
            READ(1, 1, 9), CONTROL_RAW, 2, 1, 1, CONTROL_RESET, 0, DRAIN),
    SESSION("pause-remote", SEED_REMOTE | SEED_SLEEPY, WALK1(0, 1, STRING_A),
            DRAIN, OPEN(1, 2), DRAIN, READ(3, 1, 99), WRITE(2, 1, 9),
            CONTROL_PAUSE, 1, DRAIN, CONTROL_PAUSE, 0, DRAIN, OPEN(0, 0),
            DRAIN, READDIR(0, 0, NUMBER_8192), CONTROL_PAUSE, 1, DRAIN,
            VERSION, CONTROL_PAUSE, 0, DRAIN),
    SESSION("lock-waits", 0, WALK1(0, 1, STRING_A), WALK1(0, 2, STRING_A),
            OPEN(1, 2), OPEN(2, 2), DRAIN, LOCK(1, 1, 1, 0, 7), DRAIN,
            LOCK(2, 2, 1, 1, 8), LOCK(3, 2, 0, 1, 9), LOCK(4, 2, 1, 0, 8),
            DRAIN, CONTROL_TICK, 0, DRAIN, FLUSH(5, 3), LOCK(6, 1, 2, 0, 7),
            DRAIN, CONTROL_TICK, 0, DRAIN, CONTROL_LOCKED, 1,
            LOCK(7, 1, 1, 1, 7), DRAIN, CONTROL_TICK, 0, DRAIN, CLUNK(8, 1),
            54, 9, 2, 1, 0, 0, 8, STRING_B, DRAIN, CONTROL_LOCKED, 0,
            CONTROL_TICK, 0, DRAIN, 54, 9, 2, 1, 0, 0, 8, STRING_B,
            LOCK(1, 2, 3, 0, 1), LOCK(1, 2, 1, 200, 1), DRAIN),
    SESSION("refused", SEED_SLEEPY, WALK1(0, 1, STRING_A), CONTROL_REFUSE, 0,
            MKDIR(1, 0, STRING_C), CONTROL_REFUSE, 0, WALK0(0, 1), OPEN(1, 0),
            CONTROL_REFUSE, 0, DRAIN, CLUNK(1, 1), CONTROL_REFUSE, 0, DRAIN),
    SESSION("busy", SEED_NO_START, VERSION, CONTROL_BUSY, BUSY_LATER,
            ATTACH(0), ATTACH(1), FLUSH(5, 1), CONTROL_BUSY_DONE, 0, DRAIN,
            CLUNK(1, 0), CLUNK(1, 1), DRAIN, CONTROL_BUSY, BUSY_NO, ATTACH(0),
            DRAIN, CONTROL_BUSY, BUSY_LATER, ATTACH(0), CONTROL_BUSY_DONE, 1,
            DRAIN, ATTACH(0), CONTROL_RESET, 1, CONTROL_BUSY_DONE, 0, VERSION,
            CONTROL_BUSY, BUSY_YES, ATTACH(0), DRAIN),
    SESSION("short", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
            CONTROL_SHORT, 3, WRITE(1, 1, 100), READ(2, 1, 100), DRAIN,
            CONTROL_REMOTE, 1, WALK1(0, 2, STRING_A), OPEN(2, 2), DRAIN,
            WRITE(1, 2, 100), READ(2, 2, 100), DRAIN),
    SESSION("xattr-fails", 0, WALK1(0, 1, STRING_A), CONTROL_FAIL, 18,
            XATTRWALK(1, 2, STRING_USER_X), DRAIN,
            XATTRCREATE(1, STRING_USER_X, NUMBER_65536), DRAIN,
            XATTRWALK(1, 3, STRING_SYSTEM), DRAIN, 32, 1, 1, STRING_USER_Y, 9,
            4, DRAIN, XATTRCREATE(1, STRING_USER_Y, 9), WRITE(1, 1, 50),
            WRITE(1, 1, 9), READ(2, 1, 9), DRAIN, CONTROL_FAIL, 20,
            CLUNK(1, 1), DRAIN),
    SESSION("times", 0, WALK1(0, 1, STRING_A), 26, 1, 1, 0x30, 0, 0, 0, 0, 0,
            NUMBER_KEEP64, 0, 0, 26, 1, 1, NUMBER_SET_ALL, 0, 0, 0, 0, 0,
            NUMBER_KEEP32, 0, 0, 26, 1, 1, 8, 0, 0, 0, NUMBER_KEEP64, 0, 0, 0,
            0, 26, 1, 1, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, DRAIN, CONTROL_FAIL, 1,
            24, 1, 1, NUMBER_ALL_BITS, DRAIN),
    SESSION("no-session", SEED_NO_START, ATTACH(0), WALK0(0, 1), VERSION,
            WALK0(0, 1), ATTACH(0), DRAIN, 110, 1, 0, 1, 16, 9, 9, 9, 9, 9, 9,
            9, 9, 9, 9, 9, 9, 9, 9, 9, 9, DRAIN),
};

void seeds_session(const char *dir)
{
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        seed_write(dir, seeds[i].name, seeds[i].bytes, seeds[i].size);
    }
}
