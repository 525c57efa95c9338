/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the state of a session that is loaded.
 *
 * The input is a state, which is loaded into a session on a synth export.  For
 * any input, it is refused with a message, or what it describes is made; then
 * the session can be saved, and what is saved can be loaded.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth.h"
#include "hw/9pfs/9p-state.h"
#include "lib/client.h"
#include "fuzz.h"
#include "must.h"

static FsExport *open_synth(void)
{
    FsConfig config = { .driver = &fs_synth_driver, .id = (char *)"state" };
    FsExport *export = fs_export_open(&config, NULL);

    MUST(export);
    synth_add_test_entries(export);
    return export;
}

static void describe(void *element G_GNUC_UNUSED, GByteArray *to G_GNUC_UNUSED)
{
    MUST(false);                /* no request is in flight */
}

static void save_again(Client *c)
{
    const P9StateOptions options = { .describe = describe };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(P9State) again = NULL;
    g_autofree char *why = NULL;

    MUST(p9_state_save(c->session, &options, bytes, &why) == 0);
    again = p9_state_decode(bytes->data, bytes->len, &why);
    MUST(again && !why);
}

/* There is no transport here that has the buffers of a request. */
static bool has_requests(P9State *state)
{
    unsigned n;

    p9_state_requests(state, &n);
    return n;
}

/* @state is taken over, as it must not outlive the client. */
static void load(P9State *state)
{
    Client *c = client_new(open_synth(), CLIENT_INLINE, NULL);
    g_autofree char *losses = NULL;
    g_autofree char *why = NULL;

    client_pause(c);
    if (p9_state_find(state, c->export, false, &why) == 0) {
        losses = p9_state_losses(state);
        if (p9_state_install(state, c->session, &why) == 0) {
            save_again(c);
        } else {
            MUST(why);
        }
    } else {
        MUST(why);
    }
    p9_state_free(state);
    client_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *own = g_memdup2(data, size);
    g_autofree char *why = NULL;
    g_autoptr(P9State) state = p9_state_decode(own, size, &why);

    MUST(!state == (why != NULL));
    if (state && !has_requests(state)) {
        load(g_steal_pointer(&state));
    }
    return 0;
}
