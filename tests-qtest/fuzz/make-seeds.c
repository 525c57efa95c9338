/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the stored corpus of the fuzz programs: make-seeds DIR replaces the
 * files in DIR/corpus-codec, DIR/corpus-session and DIR/corpus-proxy-*.
 *
 * Codec: every request and reply of the message table, with ordinary fields,
 * with empty ones and with long ones, cut into one or more pieces.  Session:
 * sequences of requests.  Proxy: a sample of each message.
 */
#include "fsdev/core/p9-osdep.h"
#include "proxy/proxy-sample.h"
#include "lib/sample.h"
#include "session-input.h"

static void empty_dir(const char *path)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    g_mkdir_with_parents(path, 0755);
    dir = g_dir_open(path, 0, NULL);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        unlink(file);
    }
}

static void write_seed(const char *dir, const char *name, const void *bytes,
                       size_t size)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autoptr(GError) error = NULL;

    if (!g_file_set_contents(path, bytes, size, &error)) {
        g_error("%s", error->message);
    }
}

static void codec_seed(const char *dir, const SampleRow *row, bool reply,
                       const char *variant, const SampleOptions *options,
                       unsigned n_cuts)
{
    g_autoptr(Sample) s = sample_new(row, reply, options);
    g_autoptr(GByteArray) seed = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("%c%s-%s", reply ? 'R' : 'T',
                                            row->name, variant);
    uint8_t head[2] = { reply, n_cuts };

    g_byte_array_append(seed, head, 2);
    for (unsigned i = 0; i < n_cuts; i++) {
        uint8_t cut[2] = { 3 + 2 * i, 0 };

        g_byte_array_append(seed, cut, 2);
    }
    g_byte_array_append(seed, s->wire->data, s->wire->len);
    write_seed(dir, name, seed->data, seed->len);
}

static void codec_seeds(const char *dir)
{
    SampleOptions empty = { .empty = true };
    SampleOptions most = { .elements = 16, .payload = 300, .nth = 1,
                           .bytes = "..", .n_bytes = 2, .numbers = 100 };

    for (unsigned i = 0; i < 2 * n_sample_rows; i++) {
        const SampleRow *row = &sample_rows[i / 2];

        codec_seed(dir, row, i % 2, "plain", NULL, 0);
        codec_seed(dir, row, i % 2, "empty", &empty, 2);
        codec_seed(dir, row, i % 2, "most", &most, 5);
    }
}

/* ---- sequences of requests ---- */

typedef struct Seed {
    const char *name;
    const uint8_t *bytes;
    size_t size;
} Seed;

#define SEED(name, ...) \
    { name, (const uint8_t[]) { __VA_ARGS__ }, \
      sizeof((const uint8_t[]) { __VA_ARGS__ }) }

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
#define STEP(n) CONTROL_STEP, n
#define RUN(n) CONTROL_RUN, n
#define REPORT(n) CONTROL_REPORT, n

static const Seed seeds[] = {
    SEED("read-write", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
         WRITE(2, 1, 100), READ(3, 1, NUMBER_8192), DRAIN,
         50, 1, 1, 0, CLUNK(4, 1), DRAIN),
    SEED("create-remove", 0, WALK0(0, 1), CREATE(1, STRING_D), DRAIN,
         WRITE(2, 1, 9), REMOVE(3, 1), DRAIN, WALK1(0, 1, STRING_D), DRAIN),
    SEED("directory", SEED_SLEEPY, WALK1(0, 1, STRING_B), DRAIN, OPEN(1, 0),
         DRAIN, READDIR(1, 0, 100), DRAIN, READDIR(1, 2, NUMBER_8192), DRAIN,
         MKDIR(1, 1, STRING_D), DRAIN, CLUNK(1, 1), DRAIN),
    SEED("names", 0, WALK1(0, 1, STRING_B), MKDIR(1, 0, STRING_C),
         16, 1, 0, STRING_D, STRING_A, 0,
         18, 1, 0, STRING_USER_X, NUMBER_FIFO, 0, 0, 0, DRAIN,
         WALK1(0, 2, STRING_A), 70, 1, 1, 2, STRING_D,
         74, 1, 0, STRING_A, 1, STRING_C, DRAIN,
         20, 1, 2, 0, STRING_USER_Y, DRAIN,
         76, 1, 0, STRING_C, NUMBER_REMOVEDIR, DRAIN,
         WALK1(0, 3, STRING_D), 22, 1, 3, DRAIN),
    SEED("attributes", 0, WALK1(0, 1, STRING_A), 24, 1, 1, NUMBER_BASIC,
         26, 1, 1, NUMBER_SET_ALL, 6, 7, 8, 5, 1, 2, 3, 4, DRAIN,
         8, 1, 1, DRAIN, OPEN(1, NUMBER_TRUNC), DRAIN,
         52, 1, 1, 1, 0, 0, 0, 9, STRING_A, 54, 1, 1, 1, 0, 0, 9, STRING_A),
    SEED("xattr", 0, WALK1(0, 1, STRING_A), XATTRCREATE(1, STRING_USER_X, 5),
         WRITE(1, 1, 5), CLUNK(2, 1), DRAIN,
         XATTRWALK(0, 2, STRING_EMPTY), DRAIN, READ(3, 2, 100), CLUNK(1, 2),
         WALK1(0, 1, STRING_A), XATTRWALK(1, 3, STRING_USER_X), DRAIN,
         READ(1, 3, 9), WALK0(1, 4), XATTRCREATE(4, STRING_USER_X, 0),
         CLUNK(1, 4), DRAIN),
    SEED("flush", SEED_SLEEPY, WALK1(0, 1, STRING_A), DRAIN, OPEN(1, 2),
         FLUSH(9, 1), OPEN(1, 2), RUN(0), FLUSH(9, 1), FLUSH(10, 9),
         REPORT(0), DRAIN, READ(2, 1, 50), READ(3, 1, 50), RUN(0),
         CLUNK(4, 1), FLUSH(5, 2), FLUSH(6, 3), FLUSH(7, 4), REPORT(0),
         DRAIN),
    SEED("open-clunk", 0, WALK1(0, 1, STRING_A), OPEN(1, 2), OPEN(1, 0),
         RUN(0), CLUNK(2, 1), WALK1(0, 1, STRING_B), REPORT(0), DRAIN),
    SEED("version", SEED_SLEEPY, MKDIR(1, 0, STRING_C), MKDIR(2, 0, STRING_D),
         RUN(0), FLUSH(3, 1), VERSION, ATTACH(0), VERSION, ATTACH(1),
         REPORT(0), DRAIN, WALK1(1, 2, STRING_B), DRAIN),
    SEED("reset", SEED_REMOTE, WALK1(0, 1, STRING_A), OPEN(1, 2), DRAIN,
         WRITE(1, 1, 100), READ(2, 1, 100), RUN(0), MKDIR(3, 0, STRING_C),
         CLUNK(4, 1), CONTROL_RESET, 0, WALK1(0, 1, STRING_A), DRAIN,
         CONTROL_RESET, 1, WALK0(0, 1), VERSION, ATTACH(0), DRAIN),
    SEED("parked", 0, WALK1(0, 1, STRING_A), OPEN(1, 1), DRAIN,
         CONTROL_PARK, 1, WRITE(2, 1, 3), WRITE(3, 1, 3), DRAIN,
         FLUSH(4, 2), VERSION, DRAIN, ATTACH(0), DRAIN),
    SEED("limits", SEED_FEW, WALK0(0, 1), WALK0(0, 2), WALK0(0, 3),
         WALK0(0, 4), WALK0(0, 5), CLUNK(1, 4), XATTRWALK(0, 4, STRING_EMPTY),
         XATTRWALK(0, 5, STRING_EMPTY), DRAIN, XATTRCREATE(1, STRING_A, 9),
         XATTRCREATE(2, STRING_A, 9), CLUNK(1, 4), CLUNK(1, 1), DRAIN),
    SEED("read-only", SEED_READONLY, WALK1(0, 1, STRING_A), OPEN(1, 1),
         OPEN(1, 0), DRAIN, READ(1, 1, 99), WRITE(1, 1, 9), REMOVE(1, 1),
         DRAIN, MKDIR(1, 0, STRING_C), DRAIN),
    SEED("errors", SEED_SLEEPY, CONTROL_FAIL, 0, WALK1(0, 1, STRING_A),
         DRAIN, WALK1(0, 1, STRING_A), DRAIN, CONTROL_FAIL, 1, OPEN(1, 0),
         DRAIN, CONTROL_SLEEPY, 0, OPEN(1, 2), DRAIN, CONTROL_FAIL, 14,
         WRITE(1, 1, 9), CONTROL_FAIL, 13, READ(1, 1, 9), DRAIN),
    SEED("small-replies", 0, CONTROL_ROOM, 11, WALK1(0, 1, STRING_A),
         CONTROL_ROOM, 22, WALK1(0, 1, STRING_A), DRAIN, CONTROL_ROOM, 15,
         READ(1, 1, 9), CONTROL_ROOM, 7, CLUNK(1, 1), CONTROL_ROOM, 0,
         CONTROL_RAW, 11, 11, 0, 0, 0, 120, 1, 0, 1, 0, 0, 0, DRAIN),
    /* 126 is Twstat: fid, then the 14 numbers and strings of a stat. */
    SEED("dotu", SEED_NO_START, 100, 255, NUMBER_65536, STRING_DOTU,
         ATTACH(0), DRAIN, WALK1(0, 1, STRING_A), 112, 1, 1, 2, DRAIN,
         WRITE(2, 1, 9), READ(3, 1, 99), 124, 4, 1, DRAIN,
         WALK1(0, 2, STRING_B), 112, 1, 2, 0, DRAIN, READ(5, 2, NUMBER_8192),
         DRAIN, WALK0(0, 3), 114, 1, 3, STRING_D, NUMBER_FIFO, 2,
         STRING_EMPTY, DRAIN, 126, 1, 1, 0, 0, 0, 5, 5, 5, STRING_C,
         STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, STRING_EMPTY, 0, 0, 0,
         DRAIN, CLUNK(1, 1), REMOVE(2, 3), DRAIN),
    SEED("plain", 0, CONTROL_RESET, 4, WALK1(0, 1, STRING_A), 112, 1, 1, 16,
         DRAIN, 124, 1, 1, READ(2, 1, 9), 52, 1, 1, 1, 0, 0, 0, 9, STRING_A,
         DRAIN, WALK1(0, 2, STRING_B), DRAIN, 112, 1, 2, 0, DRAIN,
         READ(3, 2, 255), CLUNK(1, 2), DRAIN),
    SEED("locks", SEED_SLEEPY, WALK1(0, 1, STRING_A), WALK1(0, 2, STRING_A),
         DRAIN, OPEN(1, 2), OPEN(2, 2), DRAIN,
         52, 1, 1, 1, 0, 0, 0, 7, STRING_A, DRAIN,
         52, 2, 2, 1, 1, 0, 0, 8, STRING_B, DRAIN,
         54, 3, 2, 1, 0, 0, 8, STRING_B, DRAIN, 52, 4, 2, 0, 1, 5, 9, 8,
         STRING_B, FLUSH(5, 4), DRAIN, 52, 6, 1, 2, 0, 0, 0, 7, STRING_A,
         DRAIN, CLUNK(7, 2), DRAIN),
    SEED("no-session", SEED_NO_START, ATTACH(0), WALK0(0, 1), VERSION,
         WALK0(0, 1), ATTACH(0), DRAIN, 110, 1, 0, 1, 16, 9, 9, 9, 9, 9, 9,
         9, 9, 9, 9, 9, 9, 9, 9, 9, 9, DRAIN),
};

static void session_seeds(const char *dir)
{
    for (size_t i = 0; i < ARRAY_SIZE(seeds); i++) {
        write_seed(dir, seeds[i].name, seeds[i].bytes, seeds[i].size);
    }
}

static void proxy_seeds(const char *requests, const char *replies)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        const char *name = proxy_message_info(*type)->name;
        g_autoptr(GByteArray) request = proxy_sample_request(*type);
        g_autoptr(GByteArray) reply = proxy_sample_reply(*type);
        const guint8 number = *type;

        write_seed(requests, name, request->data, request->len);
        g_byte_array_prepend(reply, &number, 1);
        write_seed(replies, name, reply->data, reply->len);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *codec = NULL;
    g_autofree char *session = NULL;
    g_autofree char *requests = NULL;
    g_autofree char *replies = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: make-seeds DIR\n");
        return 2;
    }
    codec = g_build_filename(argv[1], "corpus-codec", NULL);
    session = g_build_filename(argv[1], "corpus-session", NULL);
    requests = g_build_filename(argv[1], "corpus-proxy-request", NULL);
    replies = g_build_filename(argv[1], "corpus-proxy-reply", NULL);
    empty_dir(codec);
    empty_dir(session);
    empty_dir(requests);
    empty_dir(replies);
    codec_seeds(codec);
    session_seeds(session);
    proxy_seeds(requests, replies);
    return 0;
}
