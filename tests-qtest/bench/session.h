/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 9P session up to where work can begin: version, attach, the fids that
 * workloads start from, and fids that are only held.
 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "p9.h"

/* Tversion, Tattach as FID_ROOT, and a walk to the tree's files as FID_DIR. */
void session_open(Load *load);

/* Opens the tree's first file as FID_FILE. */
void session_open_file(Load *load, uint32_t flags);

/*
 * Walks to load->held files, one fid each from FID_HELD on, with 32 walks in
 * flight; the files are taken in turn.
 */
void session_hold(Load *load);

/*
 * Walks from the root to a file takes this many messages, since one has at
 * most 16 names.
 */
unsigned session_walk_parts(const Tree *tree);

/* Builds the @part-th of them, which ends at fid @newfid. */
void session_walk_part(Lane *lane, unsigned part, uint32_t newfid,
                       uint32_t file);

/* Checks its reply; returns the last qid. */
uint64_t session_walked_part(Lane *lane, unsigned part);

#endif
