/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The set-up of a 9P session: version, attach, the fids that workloads start
 * from, and held fids, which stay in use during the whole run.
 */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include "p9.h"

/*
 * Sends Tversion, attaches FID_ROOT and walks FID_DIR to the directory of the
 * tree's files.
 */
void session_open(Load *load);

/* Opens the tree's first file as FID_FILE. */
void session_open_file(Load *load, uint32_t flags);

/*
 * Walks load->held fids, from FID_HELD on, to the tree's files in turn, with
 * 32 walks in flight.
 */
void session_hold(Load *load);

/*
 * The number of messages for a walk from the root to a file; each has at most
 * 16 names.
 */
unsigned session_walk_parts(const Tree *tree);

/* Builds the @part-th of these messages; @newfid is its result. */
void session_walk_part(Lane *lane, unsigned part, uint32_t newfid,
                       uint32_t file);

/* Checks its reply; returns the last qid. */
uint64_t session_walked_part(Lane *lane, unsigned part);

#endif
