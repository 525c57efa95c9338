/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Maps between user and group ids of the guest and of the host: uidmap= and
 * gidmap=.
 *
 * A map is a list of ranges GUEST:HOST:COUNT in which no id occurs twice on
 * either side.  A guest id outside all ranges is refused, or mapped to the host
 * id that squash:HOST specifies.  A host id outside all ranges is shown to the
 * guest as ID_OVERFLOW.  A map is immutable; NULL stands for the map that does
 * not change any id.  Context: any thread, never blocks.
 */
#ifndef FSDEV_IDMAP_H
#define FSDEV_IDMAP_H

#include "fsdev/core/p9-osdep.h"

/*
 * Not an id.  A message that carries it as an owner names no user, like one
 * with an id outside of the map, and an object that has it as its owner on the
 * host belongs to no user of the guest.
 */
#define ID_NONE UINT32_MAX
/* The id shown for a host id that is not mapped; "nobody" and "nogroup". */
#define ID_OVERFLOW 65534

typedef struct IdMap IdMap;

/**
 * id_map_new: parse @spec, a list of ranges separated by '+' or ','.
 *
 * Returns a counted map, or NULL with *@error set to a message that names the
 * wrong part and the syntax.
 */
IdMap *id_map_new(const char *spec, GError **error);
/** id_map_ref, id_map_unref: NULL is allowed. */
IdMap *id_map_ref(IdMap *map);
void id_map_unref(IdMap *map);

/**
 * id_map_new_host: a counted map that changes no id and has the host ids of
 * @map, that of squash:HOST included.
 *
 * For a process that receives ids which were mapped already, and must not trust
 * that.  id_map_to_guest() does not change any id.  NULL for NULL.
 */
IdMap *id_map_new_host(const IdMap *map);

/**
 * id_map_to_host: map *@id.  -EOVERFLOW if it is outside the map, as ID_NONE
 * always is, and there is no squash, as in a Linux file system that is mounted
 * with an id map.
 */
int id_map_to_host(const IdMap *map, uint32_t *id);
/** id_map_to_guest: map *@id, to ID_OVERFLOW if it is outside.  Returns 0. */
int id_map_to_guest(const IdMap *map, uint32_t *id);

/** id_map_has_host: whether id_map_to_host() can result in @id. */
bool id_map_has_host(const IdMap *map, uint32_t id);

/** id_map_is_acl: whether the value of the attribute @xattr contains ids. */
bool id_map_is_acl(const char *xattr);
/**
 * id_map_acl_to_host, id_map_acl_to_guest: map the ids in the value of such an
 * attribute in place.  -EINVAL if it is not an ACL.  After an error some of the
 * ids may have been changed.
 */
int id_map_acl_to_host(const IdMap *users, const IdMap *groups, void *value,
                       size_t size);
int id_map_acl_to_guest(const IdMap *users, const IdMap *groups, void *value,
                        size_t size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(IdMap, id_map_unref)

#endif
