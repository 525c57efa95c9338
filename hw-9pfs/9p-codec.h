/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages as C structs, and their way to and from the wire.
 *
 * Structs, decoders, encoders and printers are generated from
 * 9p-messages.def, for both directions: a server decodes requests and encodes
 * replies, and test clients do the reverse.  The content of a decoded struct
 * can be trusted: counts are within their limits, strings are NUL-terminated
 * private copies, and names are legal path components.
 * Context: any thread; never blocks.
 */
#ifndef HW_9PFS_9P_CODEC_H
#define HW_9PFS_9P_CODEC_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/p9-wire.h"
#include "9p.h"

typedef struct P9Qid {
    uint8_t type;
    uint32_t version;
    uint64_t path;
} P9Qid;

typedef struct P9String {
    const char *s;          /* NUL-terminated, owned by the arena */
    uint16_t len;           /* without the NUL; a TEXT may contain NULs */
} P9String;

/* One legal path component. */
typedef struct P9Name {
    const char *s;          /* NUL-terminated, owned by the arena */
    uint8_t len;
    uint8_t dots;           /* 1: ".", 2: "..", 0: an ordinary name */
} P9Name;

typedef struct P9Names {
    uint16_t n;
    P9Name name[P9_MAXWELEM];
} P9Names;

typedef struct P9Qids {
    uint16_t n;
    P9Qid qid[P9_MAXWELEM];
} P9Qids;

/* Payload, which stays where it is in the guest's buffers. */
typedef struct P9Data {
    uint32_t count;
    uint32_t offset;        /* of the payload in the message */
} P9Data;

/* A directory entry of stat(5), with the fields that 9P2000.u adds. */
typedef struct P9Stat {
    bool plain;             /* 9P2000: without those fields */
    uint16_t type;
    uint32_t dev;
    P9Qid qid;
    uint32_t mode;
    uint32_t atime;
    uint32_t mtime;
    uint64_t length;
    P9String name;
    P9String uid;
    P9String gid;
    P9String muid;
    P9String extension;
    uint32_t n_uid;
    uint32_t n_gid;
    uint32_t n_muid;
} P9Stat;

/* One struct for each message: struct P9Twalk, struct P9Rwalk, … */
#define U8(f) uint8_t f;
#define U16(f) uint16_t f;
#define U32(f) uint32_t f;
#define U64(f) uint64_t f;
#define STR(f) P9String f;
#define TEXT(f) P9String f;
#define NAME(f, dot, dotdot) P9Name f;
#define NAMES(f) P9Names f;
#define FID(f, unknown, states, wrong) uint32_t f;
#define NEWFID(f) uint32_t f;
#define QID(f) P9Qid f;
#define QIDS(f, names) P9Qids f;
#define DATA(f) P9Data f;
#define STAT(f) P9Stat f;
#define OPT_U32(f, absent) uint32_t f;
#define OPT_STR(f) P9String f;
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t, r) \
    struct P9T##name { t }; \
    struct P9R##name { r };
#include "9p-messages.def"

typedef union P9Tmsg {
#define P9_MESSAGE(number, NAME_, name, ...) struct P9T##name name;
#include "9p-messages.def"
} P9Tmsg;

typedef union P9Rmsg {
#define P9_MESSAGE(number, NAME_, name, ...) struct P9R##name name;
#include "9p-messages.def"
} P9Rmsg;

/* Versions of the protocol, as bits: the dialects of a row are a set. */
enum {
    P9_DIALECT_NONE = 0,    /* before Tversion */
    P9_DIALECT_L = 1,       /* 9P2000.L */
    P9_DIALECT_DOTU = 2,    /* 9P2000.u */
    P9_DIALECT_PLAIN = 4,   /* 9P2000 */
    P9_DIALECT_U = P9_DIALECT_DOTU | P9_DIALECT_PLAIN,
    P9_DIALECT_ALL = P9_DIALECT_L | P9_DIALECT_U,
};

enum {
    P9_F_WRITES = 1u << 0,
    P9_F_MUST_RUN = 1u << 1,
    P9_F_GUEST_MEM = 1u << 2,
    P9_F_GATED = 1u << 3,
    P9_F_NO_SESSION = 1u << 4,
    P9_F_YIELDS = 1u << 5,
    P9_F_ALONE = 1u << 6,
    P9_F_META = 1u << 7,
};

/* How long run() must be allowed to wait: see 9p-messages.def. */
typedef enum P9Least {
    P9_LEAST_NONE,
    P9_LEAST_NEVER_FIRST,
    P9_LEAST_NEVER,
    P9_LEAST_STORAGE,
    P9_LEAST_WORKER,
} P9Least;

/* A row of the message table, without its functions. */
typedef struct P9MessageInfo {
    const char *name;       /* "walk" */
    uint8_t number;         /* of the request; the reply's is one more */
    uint8_t dialects;       /* P9_DIALECT_* */
    uint16_t flags;         /* P9_F_* */
    P9Least least;
    uint16_t min_reply;     /* bytes of the shortest reply, header included */
    uint16_t request_size;  /* of struct P9T<name> */
    uint16_t reply_size;    /* of struct P9R<name> */
} P9MessageInfo;

/** p9_message_info: NULL if @type is not the number of a request. */
const P9MessageInfo *p9_message_info(uint8_t type);
/**
 * p9_min_reply: the length of the shortest reply that answers all of the
 * request @t, including its header.  @type must be known to p9_message_info().
 */
size_t p9_min_reply(uint8_t type, const P9Tmsg *t);

/*
 * Memory for the strings of one request.  The first chunk is kept for the next
 * request.  Strings that do not fit in it get chunks of their own, which
 * p9_arena_reset() frees.
 */
typedef struct P9Arena {
    char *chunk;
    size_t used;
    GSList *extra;
    size_t extra_bytes;         /* of what does not fit in the chunk */
} P9Arena;

void *p9_arena_alloc(P9Arena *arena, size_t size);
/** p9_arena_reset: free everything that was allocated in @arena. */
void p9_arena_reset(P9Arena *arena);
void p9_arena_destroy(P9Arena *arena);

typedef struct P9Header {
    uint32_t size;
    uint8_t type;
    uint16_t tag;
    bool plain;             /* plain 9P2000; set by the decoder's caller */
} P9Header;

/**
 * p9_name_check: is @name one legal path component?
 *
 * Returns 0, or -EINVAL, -ENOENT or -ENAMETOOLONG.  For "." it returns -@dot,
 * for ".." -@dotdot.
 */
int p9_name_check(const P9String *name, int dot, int dotdot);

/**
 * p9_decode_header: decode the header of the message at the start of @c.
 *
 * Returns 0, or -EBADMSG if @c holds fewer than 7 bytes or if the size field is
 * less than 7 or more than @c holds.
 */
int p9_decode_header(P9Cursor *c, P9Header *header);

/**
 * p9_decode_request: decode the body of a request, after its header.
 *
 * All of the struct of the message in *@t is set, whatever is returned.
 * Here and below, the type must be known to p9_message_info().  The fields end
 * at @header->size.  A payload may extend to the end of @c, because old Linux
 * clients count only the fields in the size of a zero-copy write.
 *
 * Returns 0; -EBADMSG if the framing is broken; any other -errno if the framing
 * is correct but the value of a field is not acceptable.  In the last case only
 * the fields of *@t before that field may be used.
 */
int p9_decode_request(P9Cursor *c, const P9Header *header, P9Arena *arena,
                      P9Tmsg *t);
/** p9_decode_reply: decode the body of a reply, in a client. */
int p9_decode_reply(P9Cursor *c, const P9Header *header, P9Arena *arena,
                    P9Rmsg *r);

/**
 * p9_encode_reply: encode header and body of the reply to request @type.
 *
 * A payload is counted but not written, because it is already in place.
 * Returns the size of the message, or -EMSGSIZE if @c is too small for it.  In
 * that case nothing was written beyond the end of @c, and the caller may encode
 * another message at the start of the buffer.
 */
ssize_t p9_encode_reply(P9Cursor *c, uint8_t type, uint16_t tag,
                        const P9Rmsg *r);
/** p9_encode_rlerror: @error is a positive Linux errno. */
ssize_t p9_encode_rlerror(P9Cursor *c, uint16_t tag, uint32_t error);
/**
 * p9_encode_rerror: an Rerror of 9P2000.u, or of plain 9P2000, which has no
 * error number.
 *
 * @text is left out if there is no room for it.
 */
ssize_t p9_encode_rerror(P9Cursor *c, uint16_t tag, uint32_t error,
                         const char *text, bool plain);
/** p9_encode_request: like p9_encode_reply(), for clients. */
ssize_t p9_encode_request(P9Cursor *c, uint8_t type, uint16_t tag,
                          const P9Tmsg *t);

/** p9_put_qid: a qid in a payload that the session builds (Rreaddir). */
void p9_put_qid(P9Cursor *c, const P9Qid *qid);
P9Qid p9_get_qid(P9Cursor *c);
/** p9_put_stat: one entry of a directory, p9_stat_size() bytes long. */
void p9_put_stat(P9Cursor *c, const P9Stat *stat);
size_t p9_stat_size(const P9Stat *stat);

/** p9_print_request, p9_print_reply: like " fid 3 offset 0 count 4096". */
void p9_print_request(GString *to, uint8_t type, const P9Tmsg *t);
void p9_print_reply(GString *to, uint8_t type, const P9Rmsg *r);

#endif
