/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A state that is damaged, or that an attacker wrote: it is refused with a
 * message, or what it describes is made, and nothing is leaked.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/move.h"

typedef struct World {
    Scratch *scratch;
    GByteArray *bytes;          /* a state with one of each kind; owned */
} World;

static void full_session(Client *c)
{
    g_assert_cmpint(client_walk(c, 0, 1, "dir/inner"), ==, 0);
    g_assert_cmpint(client_open(c, 2, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_open(c, 3, "dir", O_RDONLY), ==, 0);
    g_assert_cmpint(client_attach_to(c, 4, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 5, "file"), ==, 0);
    g_assert_cmpint(ASK(c, xattrcreate, .fid = 5, .name = P9STR("user.x"),
                        .size = 9), ==, 0);
    g_assert_cmpint(client_write(c, 5, 0, "abc", 3), ==, 3);
    g_assert_cmpint(ASK(c, lock, .fid = 2, .type = P9_LOCK_TYPE_WRLCK,
                        .length = 3, .client_id = P9STR("guest")), ==, 0);
}

static World world_start(bool in_flight)
{
    World w = { .scratch = scratch_new(), .bytes = g_byte_array_new() };
    g_autofree char *why = NULL;
    Client *c;

    scratch_mkdir(w.scratch, "dir");
    scratch_write(w.scratch, "dir/inner", "inner");
    scratch_write(w.scratch, "file", "0123456789");
    c = client_start(move_export(w.scratch->path), CLIENT_INLINE);
    full_session(c);
    client_pause(c);
    if (in_flight) {
        SEND(c, 9, getattr, .fid = 0);
    }
    g_assert_cmpint(move_save(c, true, w.bytes, &why), ==, 0);
    client_free(c);
    return w;
}

static void world_end(World *w)
{
    g_byte_array_unref(w->bytes);
    scratch_free(w->scratch);
}

/* No transport has the buffers of requests of a damaged state. */
static bool has_requests(P9State *state)
{
    unsigned n;

    p9_state_requests(state, &n);
    return n;
}

static void load(World *w, const GByteArray *bytes)
{
    g_autofree char *why = NULL;
    P9State *state = p9_state_decode(bytes->data, bytes->len, &why);
    Client *c;
    int ret;

    g_assert_true(!state == (why != NULL));
    if (!state) {
        return;
    }
    c = client_new(move_export(w->scratch->path), CLIENT_INLINE, NULL);
    client_pause(c);
    ret = p9_state_find(state, c->export, false, &why);
    if (ret == 0 && !has_requests(state)) {
        ret = p9_state_install(state, c->session, &why);
    }
    g_assert_true(ret == 0 || why);
    p9_state_free(state);
    client_free(c);
}

static void test_cut_short(void)
{
    World w = world_start(true);

    for (guint size = 0; size < w.bytes->len; size++) {
        g_autofree char *why = NULL;
        g_autofree uint8_t *part = g_memdup2(w.bytes->data, size);

        g_assert_null(p9_state_decode(part, size, &why));
        g_assert_nonnull(why);
    }
    world_end(&w);
}

static void test_too_long(void)
{
    World w = world_start(true);
    g_autofree char *why = NULL;

    g_byte_array_append(w.bytes, (const uint8_t *)"", 1);
    g_assert_null(p9_state_decode(w.bytes->data, w.bytes->len, &why));
    g_assert_nonnull(strstr(why, "damaged"));
    world_end(&w);
}

/* Each byte is replaced by each of a few others. */
static void each_byte(bool in_flight)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
    World w = world_start(in_flight);

    for (guint at = 0; at < w.bytes->len; at++) {
        uint8_t was = w.bytes->data[at];

        for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
            w.bytes->data[at] = values[i];
            load(&w, w.bytes);
            w.bytes->data[at] = was ^ 1u << i;
            load(&w, w.bytes);
        }
        w.bytes->data[at] = was;
    }
    world_end(&w);
}

static void test_each_byte(void)
{
    each_byte(false);
}

static void test_each_byte_in_flight(void)
{
    each_byte(true);
}

static void test_another_version(void)
{
    World w = world_start(true);
    g_autofree char *why = NULL;

    w.bytes->data[0] = 2;
    g_assert_null(p9_state_decode(w.bytes->data, w.bytes->len, &why));
    g_assert_cmpstr(why, ==, "the state of the 9p session has version 2; this "
                    "QEMU knows version 1");
    world_end(&w);
}

/* More fids than the export may have */
static void test_too_many_fids(void)
{
    World w = world_start(true);
    FsExport *large = move_export(w.scratch->path);
    FsConfig config = large->config;
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;
    FsExport *small;
    P9State *state;
    Client *c;

    config.max_fids = 3;
    small = fs_export_open(&config, &error);
    g_assert_no_error(error);
    c = client_new(small, CLIENT_INLINE, NULL);
    client_pause(c);
    state = p9_state_decode(w.bytes->data, w.bytes->len, &why);
    g_assert_nonnull(state);
    if (p9_state_find(state, small, false, &why) == 0) {
        g_assert_cmpint(p9_state_install(state, c->session, &why), ==,
                        -EMFILE);
    }
    g_assert_nonnull(why);
    p9_state_free(state);
    client_free(c);
    fs_export_unref(large);
    world_end(&w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add_func("/state/damaged/" name, fn)
    ADD("cut-short", test_cut_short);
    ADD("too-long", test_too_long);
    ADD("each-byte", test_each_byte);
    ADD("each-byte-in-flight", test_each_byte_in_flight);
    ADD("another-version", test_another_version);
    ADD("too-many-fids", test_too_many_fids);
#undef ADD
    return g_test_run();
}
