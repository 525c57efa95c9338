/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stored corpus of fuzz-state.c: states of sessions on a synth export, one
 * for each kind of what there can be.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth.h"
#include "hw/9pfs/9p-state.h"
#include "lib/client.h"
#include "seeds.h"

static Client *synth_client(void)
{
    FsConfig config = {
        .driver = &fs_synth_driver, .id = (char *)"state", .max_xattr = 16,
    };
    FsExport *export = fs_export_open(&config, NULL);

    synth_add_test_entries(export);
    return client_start(export, CLIENT_INLINE);
}

static void describe(void *element G_GNUC_UNUSED, GByteArray *to)
{
    g_byte_array_append(to, (const uint8_t *)"place", 5);
}

static void write_state(const char *dir, const char *name, Client *c)
{
    const P9StateOptions options = { .describe = describe };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;

    client_pause(c);
    if (p9_state_save(c->session, &options, bytes, &why) < 0) {
        g_error("%s: %s", name, why);
    }
    seed_write(dir, name, bytes->data, bytes->len);
    client_resume(c);
}

void seeds_state(const char *dir)
{
    Client *c = synth_client();

    write_state(dir, "root", c);
    client_walk(c, 0, 1, "WALK0/WALK1/WALK2");
    write_state(dir, "idle", c);
    client_open(c, 2, "WRITE", O_WRONLY);
    client_open(c, 3, "ReadDirDir", O_RDONLY);
    write_state(dir, "open", c);
    client_walk(c, 0, 4, "WRITE");
    ASK(c, xattrcreate, .fid = 4, .name = P9STR("user.x"), .size = 5);
    client_write(c, 4, 0, "ab", 2);
    ASK(c, xattrwalk, .fid = 0, .newfid = 5, .name = P9STR(""));
    write_state(dir, "xattrs", c);
    client_attach_to(c, 6, "WALK0");
    write_state(dir, "below", c);
    client_open(c, 7, "FLUSH", O_WRONLY);
    client_send_write(c, 9, 7, 0, "\1", 1);
    write_state(dir, "in-flight", c);
    ASK(c, flush, .oldtag = 9);
    client_version(c, 8192, "9P2000.u");
    client_attach(c, 0, 1000);
    client_walk(c, 0, 1, "ReadDirDir");
    ASK(c, open, .fid = 1);
    client_read(c, 1, 0, 1000);
    write_state(dir, "dotu", c);
    client_free(c);
}
