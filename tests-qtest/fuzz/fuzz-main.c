/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main program for fuzz programs without libFuzzer.
 *
 * It knows the arguments of libFuzzer that run-tests.sh passes: it runs every
 * file of the given folders, then mutations of them until -max_total_time is
 * over.  The input under test is kept in a file; to reproduce a finding, pass
 * that file.  Mutations are random, without coverage feedback.
 */
#include "fsdev/core/p9-osdep.h"
#include "fuzz.h"

static GPtrArray *inputs;       /* of GBytes */
static size_t max_len = 4096;
static long seconds = 60;
static const char *prefix = "./";
static int current = -1;        /* file that holds the input under test */

static void load(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autofree char *bytes = NULL;
    const char *name;
    gsize size;

    if (!dir) {
        if (g_file_get_contents(path, &bytes, &size, NULL)) {
            g_ptr_array_add(inputs, g_bytes_new(bytes, size));
        }
        return;
    }
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        load(file);
    }
}

static void parse(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = strchr(argv[i], '=');

        if (argv[i][0] != '-') {
            load(argv[i]);
        } else if (g_str_has_prefix(argv[i], "-max_total_time=")) {
            seconds = atol(value + 1);
        } else if (g_str_has_prefix(argv[i], "-max_len=")) {
            max_len = atol(value + 1);
        } else if (g_str_has_prefix(argv[i], "-artifact_prefix=")) {
            prefix = value + 1;
        }
    }
}

static void run(const uint8_t *data, size_t size)
{
    /* A heap block of exactly this size, so that reading past it is noticed. */
    g_autofree uint8_t *copy = g_memdup2(data, size);

    if (pwrite(current, data, size, 0) != (ssize_t)size ||
        ftruncate(current, size) < 0) {
        g_error("cannot keep the input: %s", g_strerror(errno));
    }
    alarm(10);
    LLVMFuzzerTestOneInput(copy, size);
}

static GBytes *pick(GRand *random)
{
    return inputs->pdata[g_rand_int_range(random, 0, inputs->len)];
}

/*
 * One change: append a piece of another input, flip a bit, set a byte to a
 * special value, or remove, double or replace a piece.
 */
static void mutate(GRand *random, GByteArray *input)
{
    static const uint8_t corners[] = { 0, 1, 0x7f, 0x80, 0xfe, 0xff, 16, 17 };
    guint at = input->len ? g_rand_int_range(random, 0, input->len) : 0;
    guint n = 1 + g_rand_int_range(random, 0, 16);
    gsize size;
    const guint8 *other = g_bytes_get_data(pick(random), &size);

    switch (g_rand_int_range(random, 0, input->len ? 6 : 1)) {
    case 0:
        g_byte_array_append(input, other, MIN(size, 4 * n));
        break;
    case 1:
        input->data[at] ^= 1 << g_rand_int_range(random, 0, 8);
        break;
    case 2:
        input->data[at] = corners[g_rand_int_range(random, 0, 8)];
        break;
    case 3:
        g_byte_array_remove_range(input, at, MIN(n, input->len - at));
        break;
    case 4:
        n = MIN(n, input->len - at);
        g_byte_array_set_size(input, input->len + n);
        memmove(input->data + at + n, input->data + at, input->len - n - at);
        break;
    case 5:
        n = MIN(MIN(n, input->len - at), size);
        memcpy(input->data + at, other, n);
        break;
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GRand) random = g_rand_new();
    g_autofree char *path = NULL;
    unsigned long runs = 0;
    gint64 end;

    inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    parse(argc, argv);
    path = g_strdup_printf("%sinput", prefix);
    current = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (current < 0) {
        g_error("%s: %s", path, g_strerror(errno));
    }
    fprintf(stderr, "%u inputs, %ld s, the input under test is in %s\n",
            inputs->len, seconds, path);
    for (; runs < inputs->len; runs++) {
        gsize size;
        const guint8 *data = g_bytes_get_data(inputs->pdata[runs], &size);

        run(data, size);
    }
    end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    while (inputs->len && g_get_monotonic_time() < end) {
        g_autoptr(GByteArray) input = g_byte_array_new();
        gsize size;
        const guint8 *data = g_bytes_get_data(pick(random), &size);

        g_byte_array_append(input, data, size);
        for (int i = g_rand_int_range(random, 0, 5); i >= 0; i--) {
            mutate(random, input);
        }
        run(input->data, MIN(input->len, max_len));
        runs++;
    }
    fprintf(stderr, "stat::number_of_executed_units: %lu\n", runs);
    close(current);
    unlink(path);
    g_ptr_array_unref(inputs);
    return 0;
}
