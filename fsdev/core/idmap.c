/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps between the ids of guest and host: see idmap.h.
 *
 * A specification is checked completely when the map is created, so that
 * mapping an id can only fail because the id is outside.  Ranges are searched
 * linearly, as maps have few.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/idmap.h"

#define ID_MAX (UINT32_MAX - 1)     /* UINT32_MAX is ID_NONE */
/* The kernel's limit for a user namespace. */
#define RANGES_MAX 340

#define SQUASH "squash"
#define SYNTAX "GUEST:HOST:COUNT and " SQUASH ":HOST, joined by '+'"

typedef struct IdRange {
    uint32_t guest;
    uint32_t host;
    uint32_t count;
} IdRange;

struct IdMap {
    gint refs;                  /* atomic */
    uint32_t squash;            /* host id; ID_NONE: refuse ids outside */
    bool host_only;             /* of id_map_new_host() */
    unsigned n;
    IdRange range[RANGES_MAX + 1];  /* one more for id_map_new_host() */
};

IdMap *id_map_ref(IdMap *map)
{
    if (map) {
        g_atomic_int_inc(&map->refs);
    }
    return map;
}

void id_map_unref(IdMap *map)
{
    if (map && g_atomic_int_dec_and_test(&map->refs)) {
        g_free(map);
    }
}

/* ---- specifications ---- */

static bool wrong(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Returns false, for the caller to return. */
static bool wrong(GError **error, const char *format, ...)
{
    g_autofree char *why = NULL;
    va_list ap;

    va_start(ap, format);
    why = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "%s; allowed: " SYNTAX, why);
    return false;
}

static bool parse_number(const char *piece, const char *text, uint32_t max,
                         uint32_t *number, GError **error)
{
    uint64_t value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL)) {
        return wrong(error, "'%s' in '%s' is not a number from 0 to %" PRIu32,
                     text, piece, max);
    }
    *number = value;
    return true;
}

static bool parse_squash(IdMap *map, const char *piece, const char *host,
                         GError **error)
{
    if (map->squash != ID_NONE) {
        return wrong(error, "'%s' is a second " SQUASH, piece);
    }
    return parse_number(piece, host, ID_MAX, &map->squash, error);
}

static bool overlap(uint32_t a, uint32_t a_count, uint32_t b, uint32_t b_count)
{
    return a <= b ? b - a < a_count : a - b < b_count;
}

static bool check_range(const IdMap *map, const char *piece,
                        const IdRange *range, GError **error)
{
    if (!range->count) {
        return wrong(error, "the count of '%s' is 0", piece);
    }
    if (range->count - 1 > ID_MAX - MAX(range->guest, range->host)) {
        return wrong(error, "'%s' goes beyond the last id, %" PRIu32, piece,
                     ID_MAX);
    }
    if (map->n == RANGES_MAX) {
        return wrong(error, "'%s' exceeds the limit of %d ranges", piece,
                     RANGES_MAX);
    }
    for (unsigned i = 0; i < map->n; i++) {
        const IdRange *old = &map->range[i];
        bool guest = overlap(range->guest, range->count, old->guest,
                             old->count);

        if (guest || overlap(range->host, range->count, old->host,
                             old->count)) {
            return wrong(error, "'%s' has %s ids that '%" PRIu32 ":%" PRIu32
                         ":%" PRIu32 "' has already", piece,
                         guest ? "guest" : "host", old->guest, old->host,
                         old->count);
        }
    }
    return true;
}

static bool parse_piece(IdMap *map, const char *piece, GError **error)
{
    g_auto(GStrv) words = g_strsplit(piece, ":", -1);
    unsigned n = g_strv_length(words);
    IdRange range;

    if (n == 2 && !strcmp(words[0], SQUASH)) {
        return parse_squash(map, piece, words[1], error);
    }
    if (n != 3) {
        return wrong(error, "'%s' is neither a range nor " SQUASH, piece);
    }
    if (!parse_number(piece, words[0], ID_MAX, &range.guest, error) ||
        !parse_number(piece, words[1], ID_MAX, &range.host, error) ||
        !parse_number(piece, words[2], UINT32_MAX, &range.count, error) ||
        !check_range(map, piece, &range, error)) {
        return false;
    }
    map->range[map->n++] = range;
    return true;
}

IdMap *id_map_new(const char *spec, GError **error)
{
    g_autoptr(IdMap) map = g_new0(IdMap, 1);
    g_auto(GStrv) pieces = g_strsplit_set(spec, "+,", -1);

    map->refs = 1;
    map->squash = ID_NONE;
    if (!*spec) {
        wrong(error, "it is empty");
        return NULL;
    }
    for (char **piece = pieces; *piece; piece++) {
        if (!parse_piece(map, *piece, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&map);
}

IdMap *id_map_new_host(const IdMap *map)
{
    IdMap *host;

    if (!map) {
        return NULL;
    }
    host = g_new0(IdMap, 1);
    host->refs = 1;
    host->squash = ID_NONE;
    host->host_only = true;
    for (unsigned i = 0; i < map->n; i++) {
        host->range[i] = map->range[i];
        host->range[i].guest = map->range[i].host;
    }
    host->n = map->n;
    if (map->squash != ID_NONE && !id_map_has_host(host, map->squash)) {
        host->range[host->n++] = (IdRange) { map->squash, map->squash, 1 };
    }
    return host;
}

/* ---- ids ---- */

int id_map_to_host(const IdMap *map, uint32_t *id)
{
    if (!map) {
        return 0;
    }
    for (unsigned i = 0; i < map->n; i++) {
        const IdRange *range = &map->range[i];

        if (*id >= range->guest && *id - range->guest < range->count) {
            *id = range->host + (*id - range->guest);
            return 0;
        }
    }
    if (map->squash == ID_NONE) {
        return -EOVERFLOW;
    }
    *id = map->squash;
    return 0;
}

int id_map_to_guest(const IdMap *map, uint32_t *id)
{
    if (!map || map->host_only) {
        return 0;
    }
    for (unsigned i = 0; i < map->n; i++) {
        const IdRange *range = &map->range[i];

        if (*id >= range->host && *id - range->host < range->count) {
            *id = range->guest + (*id - range->host);
            return 0;
        }
    }
    *id = ID_OVERFLOW;
    return 0;
}

/* Is @id the host id of squash:HOST? */
static bool id_map_squashes(const IdMap *map, uint32_t id)
{
    return map->squash != ID_NONE && map->squash == id;
}

bool id_map_has_host(const IdMap *map, uint32_t id)
{
    bool has = !map || id_map_squashes(map, id);

    for (unsigned i = 0; map && i < map->n && !has; i++) {
        const IdRange *range = &map->range[i];

        has = id >= range->host && id - range->host < range->count;
    }
    return has;
}

/* ---- access control lists ---- */

/*
 * The value of system.posix_acl_*: a version and the entries, little-endian
 * (linux/posix_acl_xattr.h).  The id is used in two kinds of entries only.
 */
#define ACL_VERSION 2
#define ACL_TAG_USER 0x02
#define ACL_TAG_GROUP 0x08
#define ACL_HEADER_SZ 4

typedef struct AclEntry {
    uint16_t tag;
    uint16_t rights;
    uint32_t id;
} AclEntry;

bool id_map_is_acl(const char *xattr)
{
    return !strcmp(xattr, "system.posix_acl_access") ||
           !strcmp(xattr, "system.posix_acl_default");
}

typedef int MapId(const IdMap *map, uint32_t *id);

static int map_acl(const IdMap *users, const IdMap *groups, MapId *map_id,
                   uint8_t *value, size_t size)
{
    uint32_t version;

    if (size < ACL_HEADER_SZ || (size - ACL_HEADER_SZ) % sizeof(AclEntry)) {
        return -EINVAL;
    }
    memcpy(&version, value, sizeof(version));
    if (le32_to_cpu(version) != ACL_VERSION) {
        return -EINVAL;
    }
    for (size_t at = ACL_HEADER_SZ; at < size; at += sizeof(AclEntry)) {
        AclEntry entry;
        uint32_t id;
        uint16_t tag;
        int ret;

        memcpy(&entry, value + at, sizeof(entry));
        tag = le16_to_cpu(entry.tag);
        if (tag != ACL_TAG_USER && tag != ACL_TAG_GROUP) {
            continue;
        }
        id = le32_to_cpu(entry.id);
        ret = map_id(tag == ACL_TAG_USER ? users : groups, &id);
        if (ret < 0) {
            return ret;
        }
        entry.id = cpu_to_le32(id);
        memcpy(value + at, &entry, sizeof(entry));
    }
    return 0;
}

int id_map_acl_to_host(const IdMap *users, const IdMap *groups, void *value,
                       size_t size)
{
    return map_acl(users, groups, id_map_to_host, value, size);
}

int id_map_acl_to_guest(const IdMap *users, const IdMap *groups, void *value,
                        size_t size)
{
    return map_acl(users, groups, id_map_to_guest, value, size);
}
