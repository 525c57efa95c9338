/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ids of users and groups as the guest has them and as the host has them:
 * uidmap= and gidmap=.
 *
 * A map is a list of ranges, GUEST:HOST:COUNT each, in which no id occurs
 * twice on either side.  A guest id outside them is refused, or becomes the
 * one host id that squash:HOST names.  A host id outside them is shown as
 * nobody's.  A map never changes once made; NULL stands for the map that
 * changes nothing.  Context: any thread, never blocks.
 */
#ifndef FSDEV_IDMAP_H
#define FSDEV_IDMAP_H

#include "fsdev/core/p9-osdep.h"

/* No id at all: "leave alone" to those who set owners.  Never mapped. */
#define ID_NONE UINT32_MAX
/* What the guest sees of owners that it has no id for; nobody, nogroup. */
#define ID_OVERFLOW 65534

typedef struct IdMap IdMap;

/**
 * id_map_new: from pieces joined by '+' or ','.
 *
 * Returns a counted map, or NULL with *@error naming the piece that is wrong
 * and what would be right.
 */
IdMap *id_map_new(const char *spec, GError **error);
/** id_map_ref, id_map_unref: NULL is allowed. */
IdMap *id_map_ref(IdMap *map);
void id_map_unref(IdMap *map);

/**
 * id_map_to_host: -EOVERFLOW when the guest's *@id has no place on the host,
 * as in a Linux file system mounted with an id map.
 */
int id_map_to_host(const IdMap *map, uint32_t *id);
/** id_map_to_guest: 0 always; ID_OVERFLOW for a host id outside the map. */
int id_map_to_guest(const IdMap *map, uint32_t *id);

/** id_map_has_host: may the host's @id come of id_map_to_host()? */
bool id_map_has_host(const IdMap *map, uint32_t id);

/** id_map_is_acl: is @xattr one whose value has ids in it? */
bool id_map_is_acl(const char *xattr);
/**
 * id_map_acl_to_host, id_map_acl_to_guest: the ids in the value of such an
 * attribute, in place.  -EINVAL when it is no ACL; it may be half done then.
 */
int id_map_acl_to_host(const IdMap *users, const IdMap *groups, void *value,
                       size_t size);
int id_map_acl_to_guest(const IdMap *users, const IdMap *groups, void *value,
                        size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdMap, id_map_unref)

#endif
