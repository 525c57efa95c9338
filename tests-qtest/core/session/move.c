/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving the session of a client to another one: see move.h. */
#include "fsdev/core/p9-osdep.h"
#include "session/move.h"

FsExport *move_export(const char *path)
{
    FsConfig config = {
        .driver = &fs_local_driver, .id = (char *)"move", .path = (char *)path,
        .model = FS_SM_NONE, .max_xattr = FS_MAX_XATTR_DEFAULT,
        .max_fids = 2000000,
    };
    g_autoptr(GError) error = NULL;
    FsExport *export = fs_export_open(&config, &error);

    g_assert_no_error(error);
    return export;
}

/* The place of a call is its index in the client that saves. */
static void describe(void *element, GByteArray *to)
{
    Call *call = element;
    guint index;

    g_assert_true(g_ptr_array_find(call->client->calls, call, &index));
    g_byte_array_append(to, (uint8_t *)&index, sizeof(index));
}

int move_save(Client *c, bool refuse_losses, GByteArray *to, char **why)
{
    const P9StateOptions options = {
        .refuse_losses = refuse_losses, .describe = describe,
    };
    int ret = p9_state_save(c->session, &options, to, why);

    while (ret == -EAGAIN && test_exec_step(c->exec)) {
        ret = p9_state_save(c->session, &options, to, why);
    }
    return ret;
}

/* Let all calls be those of @to, which has their memory from now on. */
static void calls_move(Client *from, Client *to)
{
    while (from->calls->len) {
        Call *call = g_ptr_array_steal_index(from->calls, 0);

        call->client = to;
        call->req = NULL;
        g_ptr_array_add(to->calls, call);
    }
    to->pending = from->pending;
    to->returned = from->returned;
    from->pending = 0;
}

static void place_requests(P9State *state, Client *from, Client *to)
{
    P9StateRequest *requests;
    unsigned n;

    if (from != to) {
        calls_move(from, to);
    }
    requests = p9_state_requests(state, &n);
    g_assert_cmpuint(n, ==, to->pending);
    for (unsigned i = 0; i < n; i++) {
        P9StateRequest *req = &requests[i];
        guint index;
        Call *call;

        g_assert_cmpuint(req->place_size, ==, sizeof(index));
        memcpy(&index, req->place, sizeof(index));
        call = g_ptr_array_index(to->calls, index);
        g_assert_cmpint(call->state, ==, CALL_PENDING);
        req->element = call;
        req->out = call->out;
        req->in = call->in;
        req->out_cnt = req->in_cnt = 2;
    }
}

char *move_load(Client *c, const GByteArray *bytes, Client *from)
{
    g_autofree char *why = NULL;
    g_autoptr(P9State) state = p9_state_decode(bytes->data, bytes->len, &why);

    g_assert_cmpstr(why, ==, NULL);
    g_assert_cmpint(p9_state_find(state, c->export, false, &why), ==, 0);
    place_requests(state, from, c);
    g_assert_cmpint(p9_state_install(state, c->session, &why), ==, 0);
    g_assert_cmpstr(why, ==, NULL);
    return p9_state_losses(state);
}

Client *move_losing(Client *from, FsExport *export, char **losses)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    P9HeldLocks *locks;
    Client *to;

    client_pause(from);
    g_assert_cmpint(move_save(from, false, bytes, &why), ==, 0);
    locks = p9_held_locks_new(from->session);
    if (locks) {
        p9_held_locks_release(locks);
        p9_held_locks_free(locks);
    }
    to = client_new(export, CLIENT_INLINE, NULL);
    client_pause(to);
    *losses = move_load(to, bytes, from);
    client_free(from);
    client_resume(to);
    return to;
}

Client *move_client(Client *from, FsExport *export)
{
    g_autofree char *losses = NULL;
    Client *to = move_losing(from, export, &losses);

    g_assert_cmpstr(losses, ==, NULL);
    return to;
}
