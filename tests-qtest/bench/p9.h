/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L messages: builds requests in a lane's buffer and parses replies.
 *
 * Each p9_t*() writes a complete request and sets the size of the reply buffer.
 * Each p9_r*() parses one complete reply.  It exits with an error if the reply
 * has another type or size than expected.  The code follows the protocol's
 * description and uses only the constants of 9p.h, so that it is independent of
 * the server's.
 */
#ifndef BENCH_P9_H
#define BENCH_P9_H

#include "9p.h"
#include "lane.h"

/* Requests. */
void p9_tversion(Lane *lane, uint32_t msize);
void p9_tattach(Lane *lane, uint32_t fid);
void p9_tflush(Lane *lane, uint16_t oldtag);
void p9_tclunk(Lane *lane, uint32_t fid);
void p9_tgetattr(Lane *lane, uint32_t fid);
void p9_tlopen(Lane *lane, uint32_t fid, uint32_t flags);
void p9_tlcreate(Lane *lane, uint32_t fid, const char *name, uint32_t flags,
                 uint32_t mode, uint32_t gid);
void p9_tread(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count);
void p9_treaddir(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count);
void p9_tunlinkat(Lane *lane, uint32_t fid, const char *name);
void p9_trenameat(Lane *lane, uint32_t fid, const char *from, const char *to);
void p9_txattrwalk(Lane *lane, uint32_t fid, uint32_t newfid,
                   const char *name);

/* Begins a Twalk; p9_twalk_name() adds a name.  The request is always valid. */
void p9_twalk(Lane *lane, uint32_t fid, uint32_t newfid);
void p9_twalk_name(Lane *lane, const char *name);

/* The payload must be written to p9_payload() before p9_twrite(). */
uint8_t *p9_payload(Lane *lane);
void p9_twrite(Lane *lane, uint32_t fid, uint64_t offset, uint32_t count);

/* Replies. */
typedef struct P9Attr {
    uint64_t qid;
    uint8_t qid_type;
    uint32_t mode, uid, gid;
    uint64_t nlink, size;
} P9Attr;

typedef struct P9Dirent {
    uint64_t qid, offset;
    const char *name;       /* not terminated */
    uint16_t name_len;
} P9Dirent;

/* A reply of type @type without fields */
void p9_rempty(Lane *lane, uint8_t type);

uint32_t p9_rversion(Lane *lane);
uint64_t p9_rattach(Lane *lane);

/* Checks that all @names were found; returns the path of the last qid. */
uint64_t p9_rwalk(Lane *lane, unsigned names);

void p9_rgetattr(Lane *lane, P9Attr *attr);
uint64_t p9_rlopen(Lane *lane, uint8_t type);
uint32_t p9_rwrite(Lane *lane);
uint64_t p9_rxattrwalk(Lane *lane);

/* Returns the size of the payload and sets *@data to it. */
uint32_t p9_rread(Lane *lane, const uint8_t **data);

/* Begins an Rreaddir; p9_dirent() returns its entries, and false at the end. */
uint32_t p9_rreaddir(Lane *lane);
bool p9_dirent(Lane *lane, P9Dirent *entry);

/* Exits with an error that includes the request with the wrong reply. */
void p9_wrong(const Lane *lane, const char *format, ...)
    G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;

#endif
