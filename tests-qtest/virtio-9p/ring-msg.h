/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L messages as bytes: encoder, decoder, numbers.
 *
 * This is deliberately independent of the server's codec, so that it reveals
 * errors in that.  A RingMsg is a T-message, and may be made invalid; a
 * RingReply is a received R-message with a read position, which is checked.
 * Single thread.
 */
#ifndef VIRTIO_9P_RING_MSG_H
#define VIRTIO_9P_RING_MSG_H

#include "ring-harness.h"

/* T-message numbers; the reply is the next number */
enum {
    RING_RLERROR = 7,
    RING_TSTATFS = 8,
    RING_TLOPEN = 12,
    RING_TLCREATE = 14,
    RING_TSYMLINK = 16,
    RING_TMKNOD = 18,
    RING_TRENAME = 20,
    RING_TREADLINK = 22,
    RING_TGETATTR = 24,
    RING_TSETATTR = 26,
    RING_TXATTRWALK = 30,
    RING_TXATTRCREATE = 32,
    RING_TREADDIR = 40,
    RING_TFSYNC = 50,
    RING_TLOCK = 52,
    RING_TGETLOCK = 54,
    RING_TLINK = 70,
    RING_TMKDIR = 72,
    RING_TRENAMEAT = 74,
    RING_TUNLINKAT = 76,
    RING_TVERSION = 100,
    RING_TAUTH = 102,
    RING_TATTACH = 104,
    RING_TFLUSH = 108,
    RING_TWALK = 110,
    RING_TREAD = 116,
    RING_TWRITE = 118,
    RING_TCLUNK = 120,
    RING_TREMOVE = 122,
};

enum {
    RING_HDR = 7,               /* size[4] type[1] tag[2] */
    RING_QID_SIZE = 13,
    RING_NOTAG = 0xffff,
    RING_MAXWELEM = 16,
    RING_QTDIR = 0x80,
    RING_QTSYMLINK = 0x02,
    RING_QTFILE = 0x00,
    RING_GETATTR_BASIC = 0x7ff,
    RING_SETATTR_MODE = 0x001,
    RING_SETATTR_UID = 0x002,
    RING_SETATTR_GID = 0x004,
    RING_SETATTR_SIZE = 0x008,
    RING_SETATTR_ATIME = 0x010,
    RING_SETATTR_MTIME = 0x020,
    RING_SETATTR_CTIME = 0x040,
    RING_SETATTR_ATIME_SET = 0x080,
    RING_SETATTR_MTIME_SET = 0x100,
    RING_AT_REMOVEDIR = 0x200,
    RING_LOCK_RDLCK = 0,
    RING_LOCK_WRLCK = 1,
    RING_LOCK_UNLCK = 2,
    RING_LOCK_BLOCK = 1,        /* flag of Tlock */
    RING_LOCK_SUCCESS = 0,
    RING_LOCK_BLOCKED = 1,
};

#define RING_NOFID 0xffffffffu

/* Open flags on the wire: Linux's generic numbers, as on most hosts */
enum {
    RING_O_RDONLY = 0,
    RING_O_WRONLY = 1,
    RING_O_RDWR = 2,
    RING_O_CREAT = 0100,
    RING_O_EXCL = 0200,
    RING_O_TRUNC = 01000,
    RING_O_APPEND = 02000,
    RING_O_DIRECTORY = 0200000,
};

typedef struct RingQid {
    uint8_t type;
    uint32_t version;
    uint64_t path;
} RingQid;

typedef struct RingMsg {
    GByteArray *bytes;          /* owned; complete with header */
    char *text;                 /* owned; for failure messages */
} RingMsg;

typedef struct RingReply {
    uint8_t *data;              /* owned; @size bytes, header included */
    uint32_t size;
    uint32_t pos;               /* next byte to read */
    uint8_t type;
    uint16_t tag;
    char *asked;                /* owned; the T-message in words */
} RingReply;

/*
 * ring_msg - encode a T-message.
 * @layout: one letter per field: 1, 2, 4, 8: a number of that many bytes,
 *          s: a string (const char *), B: bytes (const void *, size_t)
 * Numbers are passed as unsigned (1, 2, 4) or uint64_t (8).  The tag is 0 until
 * ring_msg_tag(); the size field is right until the message is changed.
 */
RingMsg *ring_msg(uint8_t type, const char *layout, ...);

/* Sets the tag in the header. */
void ring_msg_tag(RingMsg *m, uint16_t tag);
/* Overwrites the size field with a value of the test's choice. */
void ring_msg_size(RingMsg *m, uint32_t size);
/* Appends to the body without touching the size field. */
void ring_msg_append(RingMsg *m, const void *data, size_t len);
void ring_msg_free(RingMsg *m);

/* "Twalk", "Rgetattr", "Rlerror" or "type 77"; static storage */
const char *ring_type_name(uint8_t type);

/* Readers fail the test when the reply is too short for the field. */
uint8_t ring_get8(RingReply *r);
uint16_t ring_get16(RingReply *r);
uint32_t ring_get32(RingReply *r);
uint64_t ring_get64(RingReply *r);
RingQid ring_get_qid(RingReply *r);
/* A NUL-terminated copy, to be freed */
char *ring_get_str(RingReply *r);
/* Borrowed pointer to @len bytes inside the reply */
const void *ring_get_bytes(RingReply *r, uint32_t len);
/* Fails the test if bytes are left over */
void ring_get_end(RingReply *r);
void ring_reply_free(RingReply *r);

/* Fails the test unless both qids denote the same object */
void ring_check_same_qid(const char *what, RingQid got, RingQid want);

#endif
