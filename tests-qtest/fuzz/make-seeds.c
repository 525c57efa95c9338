/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the stored corpora of the fuzz programs: make-seeds DIR replaces the
 * files in the folders DIR/corpus-*.  Folders in these are left alone: they
 * hold inputs that the programs have found.
 *
 * Codec: every request and reply of the message table, with ordinary fields,
 * with empty ones and with long ones, cut into one or more pieces.  Messages of
 * the proxy: a sample of each.  The others: lib/seeds-*.c.
 */
#include "fsdev/core/p9-osdep.h"
#include "proxy/proxy-sample.h"
#include "lib/sample.h"
#include "lib/seeds.h"

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

void seed_write(const char *dir, const char *name, const void *bytes,
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
    seed_write(dir, name, seed->data, seed->len);
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

static void request_seeds(const char *dir)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        g_autoptr(GByteArray) request = proxy_sample_request(*type);

        seed_write(dir, proxy_message_info(*type)->name, request->data,
                   request->len);
    }
}

static void reply_seeds(const char *dir)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        g_autoptr(GByteArray) reply = proxy_sample_reply(*type);
        const guint8 number = *type;

        g_byte_array_prepend(reply, &number, 1);
        seed_write(dir, proxy_message_info(*type)->name, reply->data,
                   reply->len);
    }
}

/* See the comment at the top of fuzz-threads.c. */
static void threads_seeds(const char *dir)
{
    static const uint8_t bytes[] = {
        0, 1, 1, 0, 6, 10, 3, 0, 1, 0, 0, 1, 2, 7, 11, 3, 1,
    };

    for (unsigned flags = 0; flags < 32; flags += 3) {
        g_autofree char *name = g_strdup_printf("flags-%u", flags);
        g_autofree uint8_t *seed = g_memdup2(bytes, sizeof(bytes));

        seed[0] = flags;
        seed_write(dir, name, seed, sizeof(bytes));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *folder;
        void (*fill)(const char *dir);
    } corpora[] = {
        { "corpus-codec", codec_seeds },
        { "corpus-session", seeds_session },
        { "corpus-proxy-request", request_seeds },
        { "corpus-proxy-reply", reply_seeds },
        { "corpus-local", seeds_local },
        { "corpus-proxy", seeds_proxy },
        { "corpus-synth", seeds_synth },
        { "corpus-helper", seeds_helper },
        { "corpus-parse", seeds_parse },
        { "corpus-state", seeds_state },
        { "corpus-threads", threads_seeds },
    };

    if (argc != 2) {
        fprintf(stderr, "usage: make-seeds DIR\n");
        return 2;
    }
    for (size_t i = 0; i < ARRAY_SIZE(corpora); i++) {
        g_autofree char *dir = g_build_filename(argv[1], corpora[i].folder,
                                                NULL);

        empty_dir(dir);
        corpora[i].fill(dir);
    }
    return 0;
}
