/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for what is read from files, attributes and options: texts of
 * metadata files, ACLs and other attributes with ids, maps of ids, lists of
 * mounts, names that fold to those of metadata, rules of xattrs=.
 *
 * The first byte chooses the parser, the rest is its text.  For any input,
 * nothing is read beyond the text, and what a parser has accepted keeps the
 * properties that its callers rely on.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-ids.h"
#include "fsdev/core/fs-xattrs.h"
#include "fsdev/cred/cred-fold.h"
#include "fsdev/cred/cred-text.h"
#include "fsdev/host/host-fs.h"
#include "lib/input.h"
#include "parse-input.h"
#include "fuzz.h"
#include "must.h"

static char *copy_text(const Input *in)
{
    return g_strndup((const char *)in->bytes, in->size);
}

/* What was read is written in a form that means the same. */
static void parse_metadata(Input *in)
{
    g_autofree char *text = copy_text(in);
    g_autofree char *again = NULL;
    CredValues a, b;

    cred_text_parse(text, &a);
    again = cred_text_format(&a);
    cred_text_parse(again, &b);
    MUST(a.valid == b.valid && a.has_rdev == b.has_rdev &&
         a.whiteouts == b.whiteouts);
    MUST(!(a.valid & FS_SET_UID) || (a.uid == b.uid && a.uid != UINT32_MAX));
    MUST(!(a.valid & FS_SET_GID) || (a.gid == b.gid && a.gid != UINT32_MAX));
    MUST(!(a.valid & FS_SET_MODE) || a.mode == b.mode);
    MUST(!a.has_rdev || a.rdev == b.rdev);
}

/* An id of the guest becomes one of the host's ids, and itself again. */
static void check_map(const IdMap *map, uint32_t guest)
{
    uint32_t host = guest;
    uint32_t back;

    if (id_map_to_host(map, &host) < 0) {
        return;
    }
    MUST(guest != ID_NONE || host != ID_NONE);
    MUST(host != ID_NONE && id_map_has_host(map, host));
    back = host;
    MUST(id_map_to_guest(map, &back) == 0);
    if (back != ID_OVERFLOW && back != guest) {
        /* Squashed to the host's id of another guest. */
        uint32_t other = back;

        MUST(id_map_to_host(map, &other) == 0 && other == host);
    }
}

static void parse_map(Input *in)
{
    static const uint32_t ids[] = {
        0, 1, 5, 1000, 65534, 65535, 65536, 100000, UINT32_MAX - 1, UINT32_MAX,
    };
    g_autofree char *text = copy_text(in);
    g_autoptr(GError) error = NULL;
    g_autoptr(IdMap) map = id_map_new(text, &error);
    g_autoptr(IdMap) host = id_map_new_host(map);

    MUST(!map == !!error && !map == !host);
    for (size_t i = 0; map && i < ARRAY_SIZE(ids); i++) {
        uint32_t id = ids[i];
        bool known = id_map_to_host(host, &id) == 0;

        MUST(known == id_map_has_host(map, ids[i]));
        MUST(!known || id == ids[i]);
        check_map(map, ids[i]);
    }
}

static void parse_mounts(Input *in)
{
    g_autofree char *text = copy_text(in);
    HostMounts *mounts = host_mounts_parse(text);
    GHashTableIter iter;
    GHashTable *set;
    gpointer name;

    for (uint64_t id = 0; mounts && id < 64; id++) {
        set = host_mounts_in(mounts, id);
        if (set) {
            g_hash_table_iter_init(&iter, set);
            while (g_hash_table_iter_next(&iter, &name, NULL)) {
                MUST(!strchr(name, '/'));
            }
        }
    }
    host_mounts_put(mounts);
}

/* Ids in an attribute: its size stays, and only ids of the map remain. */
static void parse_xattr(Input *in)
{
    static const char *const specs[] = {
        "0:100000:65536", "0:100000:10+20:5:3+squash:7", "5:5:1",
    };
    g_autoptr(IdMap) users = NULL;
    g_autoptr(IdMap) groups = NULL;
    FsConfig config = { .model = input_below(in, FS_SM_NONE + 1) };
    const char *name = input_xattr(in);
    uint8_t which = input_byte(in);
    g_autofree void *value = g_memdup2(in->bytes, in->size);
    g_autofree void *mapped = NULL;
    size_t mapped_size = in->size;
    int ret;

    if (which & 1) {
        config.users = users = id_map_new(specs[which / 4 % 3], NULL);
    }
    if (which & 2) {
        config.groups = groups = id_map_new(specs[which / 16 % 3], NULL);
    }
    ret = fs_xattr_to_host(&config, name, in->bytes, &mapped_size,
                           &mapped);
    MUST(ret == 0 || ret == -EINVAL || ret == -EOVERFLOW);
    MUST(ret == 0 || !mapped);
    if (mapped) {
        ret = fs_xattr_to_guest(&config, name, mapped, mapped_size);
        MUST(ret == 0);
    }
    ret = fs_xattr_to_guest(&config, name, value, in->size);
    MUST(ret == 0 || ret == -EINVAL || ret == -ENODATA);
}

static void parse_name(Input *in)
{
    g_autofree char *name = copy_text(in);
    bool hidden = cred_mapped_file.hidden(name);

    MUST(!strcmp(name, ".virtfs_metadata") <= hidden);
    MUST(cred_folds_to(name, ".virtfs_metadata") <= hidden);
    MUST(!cred_passthrough.hidden && !cred_none.hidden);
}

/* No rule makes more of a user attribute than the model does. */
static void check_rules(const FsXattrRules *rules)
{
    static const char *const names[] = {
        "user.virtfs.uid", "user.", "system.posix_acl_access", "security",
        "trusted", "system.other", "",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        FsXattrAction action = fs_xattr_action(rules, names[i]);

        MUST(action == FS_XATTR_MODEL || action == FS_XATTR_DENY);
    }
    MUST(!fs_xattr_rules_need_admin(rules) ||
         fs_xattr_rules_have(rules, FS_XATTR_ALLOW));
}

/* What is left of a list of names is allowed, and is left by another call. */
static void parse_rules(Input *in)
{
    g_autofree char *text = copy_text(in);
    g_autoptr(GError) error = NULL;
    g_autoptr(FsXattrRules) rules = fs_xattr_rules_new(text, &error);
    size_t used = MIN(strlen(text) + 1, in->size);
    g_autofree char *list = g_memdup2(in->bytes + used, in->size - used);
    size_t len;

    MUST(!rules == !!error);
    if (!rules) {
        return;
    }
    check_rules(rules);
    len = fs_xattr_filter(rules, list, in->size - used);
    MUST(len <= in->size - used);
    MUST(fs_xattr_filter(rules, list, len) == len);
    for (size_t at = 0; at < len;) {
        g_autofree char *name = g_strndup(list + at, len - at);
        FsXattrAction action = fs_xattr_action(rules, name);

        MUST(action != FS_XATTR_DENY && action != FS_XATTR_PREFIX);
        MUST(action == FS_XATTR_ALLOW || !fs_xattr_is_privileged(name));
        at += strlen(name) + 1;
    }
}

static void (*const parsers[N_PARSE])(Input *in) = {
    [PARSE_METADATA] = parse_metadata,
    [PARSE_MAP] = parse_map,
    [PARSE_MOUNTS] = parse_mounts,
    [PARSE_XATTR] = parse_xattr,
    [PARSE_NAME] = parse_name,
    [PARSE_RULES] = parse_rules,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Input in = { data, size };

    parsers[input_below(&in, N_PARSE)](&in);
    return 0;
}
