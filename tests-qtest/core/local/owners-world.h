/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exports with maps of ids, and objects with owners inside and outside of the
 * maps, for test-owners.c.
 *
 * There may be one at a time, see local-fixture.h.
 */
#ifndef TESTS_CORE_OWNERS_WORLD_H
#define TESTS_CORE_OWNERS_WORLD_H

#include "lib/client.h"
#include "local/local-fixture.h"

/* The guest's ids 0 to 65535 are these of the host. */
#define OWNERS_BASE 100000u
#define OWNERS_COUNT 65536u
#define OWNERS_SQUASH 99u
/* Ids of the guest, and of the host, that are not mapped. */
#define OWNERS_NOT_GUEST 70000u
#define OWNERS_NOT_HOST 70u

/* Who enforces the map, and where owners are stored. */
typedef enum OwnersPlace {
    OWNERS_PASSTHROUGH,
    OWNERS_MAPPED_XATTR,
    OWNERS_MAPPED_FILE,
    OWNERS_NONE,
    OWNERS_PROXY,               /* the proxy driver */
    OWNERS_HELPER,              /* the helper; QEMU trusts all ids */
    OWNERS_PLACES,
} OwnersPlace;

typedef struct OwnersWorld {
    OwnersPlace place;
    LocalFixture fixture;
    ProxyFixture proxy;
    FsExport *plain;            /* without maps; NULL for a proxy */
    Client *client;             /* fid 0: attached as the guest's root */
} OwnersWorld;

extern const char *const owners_place_names[OWNERS_PLACES];

/** owners_place_is_mapped: are owners stored as attributes? */
bool owners_place_is_mapped(OwnersPlace place);

/**
 * owners_world_start: false after g_test_skip().  @version is that of the
 * session.
 */
bool owners_world_start(OwnersWorld *w, OwnersPlace place, bool squash,
                        const char *version);
void owners_world_end(OwnersWorld *w);
#define OWNERS_WORLD \
    __attribute__((cleanup(owners_world_end))) OwnersWorld

/** owners_guest: the id for the guest's id @id, which the map includes. */
uint32_t owners_guest(const OwnersWorld *w, uint32_t id);

typedef struct OwnersObject {
    uint32_t uid;               /* on the host */
    uint32_t gid;
    uint32_t mode;              /* with the type S_IFREG or S_IFDIR */
} OwnersObject;

/** owners_put: make @name on the host.  A directory contains a file "in". */
void owners_put(OwnersWorld *w, const char *name, const OwnersObject *what);
/** owners_remove: remove all objects, on the host. */
void owners_clear(OwnersWorld *w);
/**
 * owners_snapshot: a text that differs after any change of the names, contents,
 * attributes and extended attributes in the exported directory.
 */
char *owners_snapshot(OwnersWorld *w);
/** owners_of: owner and mode of @name, as an export without maps shows them. */
OwnersObject owners_of(OwnersWorld *w, const char *name);
bool owners_exists(const OwnersWorld *w, const char *name);

#endif
