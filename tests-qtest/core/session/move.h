/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving the session of a client to another one, as a migration does, for
 * tests.  The guest's memory goes along: what the client lends stays the same.
 */
#ifndef TESTS_CORE_MOVE_H
#define TESTS_CORE_MOVE_H

#include "lib/client.h"
#include "lib/scratch.h"
#include "hw/9pfs/9p-state.h"

/** move_export: an export of @path by the local driver, as a plain user. */
FsExport *move_export(const char *path);
/** move_save: p9_state_save() of @c, whose guest memory is shut. */
int move_save(Client *c, bool refuse_losses, GByteArray *to, char **why);
/**
 * move_load: make @bytes the session of @c, whose guest memory is shut.
 *
 * The calls in it are taken from @from.  Fails the test unless it succeeds;
 * returns what is lost, or NULL.
 */
char *move_load(Client *c, const GByteArray *bytes, Client *from);
/**
 * move_client: move the session of @from, which is freed, to a new client on
 * @export.  Fails the test if anything is lost.
 */
Client *move_client(Client *from, FsExport *export);
/** move_losing: the same; *@losses is what is lost, or NULL. */
Client *move_losing(Client *from, FsExport *export, char **losses);

#endif
