/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exports with maps of ids, and their objects; see owners-world.h. */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <sys/xattr.h>
#include "fsdev/proxy/proxy.h"
#include "lib/test-call.h"
#include "owners-world.h"

#define MAP "0:100000:65536"
#define VIRTFS_UID "user.virtfs.uid"

const char *const owners_place_names[OWNERS_PLACES] = {
    [OWNERS_PASSTHROUGH] = "passthrough",
    [OWNERS_MAPPED_XATTR] = "mapped-xattr",
    [OWNERS_MAPPED_FILE] = "mapped-file",
    [OWNERS_NONE] = "none",
    [OWNERS_PROXY] = "proxy",
    [OWNERS_HELPER] = "helper",
};

bool owners_place_is_mapped(OwnersPlace place)
{
    return place == OWNERS_MAPPED_XATTR || place == OWNERS_MAPPED_FILE;
}

static FsSecurityModel model_of(OwnersPlace place)
{
    switch (place) {
    case OWNERS_MAPPED_XATTR:
        return FS_SM_MAPPED_XATTR;
    case OWNERS_MAPPED_FILE:
        return FS_SM_MAPPED_FILE;
    case OWNERS_NONE:
        return FS_SM_NONE;
    default:
        return FS_SM_PASSTHROUGH;
    }
}

static char *path_of(const OwnersWorld *w, const char *name)
{
    return g_build_filename(w->fixture.path, name, NULL);
}

/* ---- the export ------------------------------------------------------- */

static void set_maps(FsConfig *config, const char *spec)
{
    g_clear_pointer(&config->users, id_map_unref);
    g_clear_pointer(&config->groups, id_map_unref);
    if (spec) {
        config->users = id_map_new(spec, NULL);
        config->groups = id_map_new(spec, NULL);
    }
}

/* All ids of the guest are those of the host, so only the helper refuses. */
#define TRUSTING "0:0:4294967295"

static FsExport *open_mapped(OwnersWorld *w, bool squash)
{
    const char *map = squash ? MAP "+squash:99" : MAP;
    FsExport *export;

    if (w->place < OWNERS_PROXY) {
        w->plain = local_fixture_open(&w->fixture);
        if (!w->plain) {
            return NULL;
        }
        set_maps(&w->fixture.config, map);
        export = local_fixture_reopen(&w->fixture);
    } else {
        w->proxy = (ProxyFixture) {
            .in_thread = true,
            .options = { .allow_suid = true, .allow_devices = true },
        };
        w->fixture.proxy = &w->proxy;
        if (w->place == OWNERS_HELPER) {
            w->proxy.options.uidmap = w->proxy.options.gidmap = map;
            map = TRUSTING;
        }
        set_maps(&w->fixture.config, map);
        export = local_fixture_open(&w->fixture);
    }
    set_maps(&w->fixture.config, NULL);
    return export;
}

static void own_top(OwnersWorld *w)
{
    const FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID | FS_SET_MODE,
        .uid = OWNERS_BASE, .gid = OWNERS_BASE, .mode = 0777,
    };

    if (owners_place_is_mapped(w->place)) {
        FsNode *root = fs_root(w->plain);

        g_assert_cmpint(fs_setattr(&test_call, root, NULL, &set), ==, 0);
        fs_node_unref(root);
        return;
    }
    g_assert_cmpint(chown(w->fixture.path, set.uid, set.gid), ==, 0);
    g_assert_cmpint(chmod(w->fixture.path, set.mode), ==, 0);
}

bool owners_world_start(OwnersWorld *w, OwnersPlace place, bool squash,
                        const char *version)
{
    FsExport *export;

    *w = (OwnersWorld) {
        .place = place,
        .fixture = {
            .model = model_of(place), .config = { .nested_export = true },
        },
    };
    if (geteuid() != 0) {
        g_test_skip("needs root");
        return false;
    }
    /* QEMU's own rights must not count where only the helper has the map. */
    proxy_ask_always(place == OWNERS_HELPER);
    export = open_mapped(w, squash);
    if (!export) {
        return false;
    }
    own_top(w);
    w->client = client_new(export, CLIENT_INLINE, NULL);
    g_assert_cmpint(client_version(w->client, 65536, version), ==, 0);
    g_assert_cmpint(client_attach(w->client, 0, owners_guest(w, 0)), ==, 0);
    return true;
}

void owners_world_end(OwnersWorld *w)
{
    if (w->client) {
        client_free(w->client);
    }
    if (w->plain) {
        fs_export_unref(w->plain);
    }
    local_fixture_done(&w->fixture);
    proxy_ask_always(false);
}

uint32_t owners_guest(const OwnersWorld *w, uint32_t id)
{
    return w->place == OWNERS_HELPER ? OWNERS_BASE + id : id;
}

/* ---- objects ---------------------------------------------------------- */

static FsNode *node_at(FsNode *dir, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

/* The mapped models store an owner; the others have it in the inode. */
static void store_owner(FsNode *node, const OwnersObject *what)
{
    const FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID | FS_SET_MODE,
        .uid = what->uid, .gid = what->gid, .mode = what->mode & 07777,
    };

    g_assert_cmpint(fs_setattr(&test_call, node, NULL, &set), ==, 0);
}

/* An id that the driver would not store. */
static void store_no_user(const char *path)
{
    const uint8_t none[] = { 0xff, 0xff, 0xff, 0xff };

    g_assert_cmpint(setxattr(path, VIRTFS_UID, none, sizeof(none), 0), ==, 0);
}

static const OwnersObject inner = {
    OWNERS_BASE, OWNERS_BASE, S_IFREG | 0600,
};

static void store_owners(OwnersWorld *w, const char *name,
                         const OwnersObject *what)
{
    g_autofree char *path = path_of(w, name);
    FsNode *root = fs_root(w->plain);
    FsNode *node = node_at(root, name);
    FsNode *in = S_ISDIR(what->mode) ? node_at(node, "in") : NULL;

    if (in) {
        store_owner(in, &inner);
    }
    store_owner(node, what);
    if (what->uid == ID_NONE) {
        store_no_user(path);
    }
    fs_node_unref(in);
    fs_node_unref(node);
    fs_node_unref(root);
}

static void put_text(const char *path)
{
    g_assert_true(g_file_set_contents(path, "text", 4, NULL));
}

void owners_put(OwnersWorld *w, const char *name, const OwnersObject *what)
{
    g_autofree char *path = path_of(w, name);
    g_autofree char *in = g_build_filename(path, "in", NULL);
    bool is_dir = S_ISDIR(what->mode);

    if (is_dir) {
        g_assert_cmpint(mkdir(path, 0755), ==, 0);
        put_text(in);
    } else {
        put_text(path);
    }
    if (owners_place_is_mapped(w->place)) {
        store_owners(w, name, what);
        return;
    }
    if (is_dir) {
        g_assert_cmpint(chown(in, inner.uid, inner.gid), ==, 0);
    }
    g_assert_cmpint(chown(path, what->uid, what->gid), ==, 0);
    g_assert_cmpint(chmod(path, what->mode & 07777), ==, 0);
}

static int remove_below(const char *path, const struct stat *st, int type,
                        struct FTW *ftw)
{
    bool metadata = strstr(path, ".virtfs_metadata_root");

    return ftw->level && !metadata ? remove(path) : 0;
}

void owners_clear(OwnersWorld *w)
{
    nftw(w->fixture.path, remove_below, 16, FTW_DEPTH | FTW_PHYS);
}

static GString *snapshot;

static int add_to_snapshot(const char *path, const struct stat *st, int type,
                           struct FTW *ftw)
{
    g_autofree char *text = NULL;
    char list[1024];
    ssize_t n;

    g_string_append_printf(snapshot, "%s %o %u:%u", path, st->st_mode,
                           st->st_uid, st->st_gid);
    if (S_ISREG(st->st_mode)) {
        g_file_get_contents(path, &text, NULL, NULL);
        g_string_append_printf(snapshot, " links %u time %ld '%s'",
                               (unsigned)st->st_nlink, (long)st->st_mtime,
                               text);
    }
    n = llistxattr(path, list, sizeof(list));
    for (ssize_t at = 0; at < n; at += strlen(list + at) + 1) {
        uint8_t value[256];
        ssize_t len = lgetxattr(path, list + at, value, sizeof(value));

        g_string_append_printf(snapshot, " %s=", list + at);
        for (ssize_t i = 0; i < len; i++) {
            g_string_append_printf(snapshot, "%02x", value[i]);
        }
    }
    g_string_append_c(snapshot, '\n');
    return 0;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *owners_snapshot(OwnersWorld *w)
{
    g_auto(GStrv) lines = NULL;

    snapshot = g_string_new(NULL);
    nftw(w->fixture.path, add_to_snapshot, 16, FTW_PHYS);
    lines = g_strsplit(snapshot->str, "\n", -1);
    g_string_free(snapshot, true);
    qsort(lines, g_strv_length(lines), sizeof(*lines), by_text);
    return g_strjoinv("\n", lines);
}

OwnersObject owners_of(OwnersWorld *w, const char *name)
{
    g_autofree char *path = path_of(w, name);
    struct stat st;
    FsNode *root;
    FsNode *node;
    FsAttr attr;

    if (!w->plain) {
        g_assert_cmpint(lstat(path, &st), ==, 0);
        return (OwnersObject) { st.st_uid, st.st_gid, st.st_mode };
    }
    root = fs_root(w->plain);
    g_assert_cmpint(fs_lookup(&test_call, root, name, &node, &attr), ==, 0);
    fs_node_unref(node);
    fs_node_unref(root);
    return (OwnersObject) { attr.uid, attr.gid, attr.mode };
}

bool owners_exists(const OwnersWorld *w, const char *name)
{
    g_autofree char *path = path_of(w, name);
    struct stat st;

    return lstat(path, &st) == 0;
}
