/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between the proxy driver and its helper, as structs and as bytes.
 *
 * Encoders and decoders are generated from proxy-messages.def.  Neither side
 * trusts the other: decoding returns -EBADMSG for a message whose layout is not
 * exactly that of its row, and -EINVAL for a request with an invalid field
 * value.  A decoded struct points into the bytes of the message, which must be
 * a private copy.  Context: any thread; never blocks.
 */
#ifndef FSDEV_PROXY_PROTO_H
#define FSDEV_PROXY_PROTO_H

#include "fsdev/core/fsdriver.h"

enum {
    PROXY_VERSION = 2,
    PROXY_ROOT_ID = 0,          /* stands for the exported directory */
    PROXY_XATTR_MAX = 65536,    /* the kernel's limit for values and lists */
    PROXY_SMALL_MAX = 8192,     /* limit of a request without PROXY_F_BIG */
    PROXY_MESSAGE_MAX = PROXY_XATTR_MAX + PROXY_SMALL_MAX,
    PROXY_FDS_MAX = 2,
    PROXY_IDENTITY_SIZE = 20,   /* see IDENTIFY */
    PROXY_FORGOTTEN_SIZE = 12,  /* see FORGET */
    PROXY_ERRNO_MAX = 4095,     /* as in the kernel */
};

typedef struct ProxyText {
    const char *s;              /* NUL-terminated */
    uint32_t len;
} ProxyText;

typedef struct ProxyBlob {
    const void *data;
    uint32_t len;
} ProxyBlob;

#define U32(f) uint32_t f;
#define U64(f) uint64_t f;
#define NAME(f) ProxyText f;
#define TEXT(f) ProxyText f;
#define BLOB(f) ProxyBlob f;
#define ATTR(f) FsAttr f;
#define CHANGE(f) FsSetattr f;
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define PROXY_MESSAGE(number, NAME_, name, fds, flags, t, r) \
    struct ProxyT##name { t }; \
    struct ProxyR##name { r };
#include "proxy-messages.def"

typedef union ProxyRequest {
#define PROXY_MESSAGE(number, NAME_, name, ...) struct ProxyT##name name;
#include "proxy-messages.def"
} ProxyRequest;

typedef union ProxyReply {
#define PROXY_MESSAGE(number, NAME_, name, ...) struct ProxyR##name name;
#include "proxy-messages.def"
} ProxyReply;

typedef enum ProxyType {
#define PROXY_MESSAGE(number, NAME_, ...) PROXY_##NAME_ = number,
#include "proxy-messages.def"
} ProxyType;

enum {
    /*
     * Nothing is mounted below the directory, and no later mount will become
     * visible to the helper.
     */
    PROXY_HELLO_NO_MOUNTS = 1u << 0,
};

enum {
    PROXY_F_ONE_WAY = 1u << 0,
    PROXY_F_BIG = 1u << 1,
    PROXY_F_WRITES = 1u << 2,
    PROXY_F_TAKES_FD = 1u << 3,
};

/* A row of the table, without the fields. */
typedef struct ProxyMessageInfo {
    const char *name;
    uint8_t fds;
    uint8_t flags;              /* PROXY_F_* */
} ProxyMessageInfo;

/** proxy_message_info: NULL for an unknown message number. */
const ProxyMessageInfo *proxy_message_info(uint32_t type);

/**
 * proxy_encode_request, proxy_encode_reply: encode into @size bytes at @buf.
 *
 * Return the length, or -EMSGSIZE.  If @error (an errno) is set, the reply has
 * no fields and @r may be NULL.
 */
ssize_t proxy_encode_request(void *buf, size_t size, uint32_t tag,
                             ProxyType type, const ProxyRequest *t);
ssize_t proxy_encode_reply(void *buf, size_t size, uint32_t tag,
                           ProxyType type, uint32_t error,
                           const ProxyReply *r);

/**
 * proxy_decode_request: decode the request that is all @len bytes at @buf.
 *
 * @tag and @type are set unless -EBADMSG is returned.
 */
int proxy_decode_request(const void *buf, size_t len, uint32_t *tag,
                         ProxyType *type, ProxyRequest *t);
/** proxy_decode_tag: the tag of a reply; the receiver finds its type by it. */
int proxy_decode_tag(const void *buf, size_t len, uint32_t *tag);
/**
 * proxy_decode_reply: set *@error to the errno in the reply, or to 0 and *@r to
 * the fields.
 */
int proxy_decode_reply(const void *buf, size_t len, ProxyType type,
                       uint32_t *error, ProxyReply *r);

/** proxy_put_forgotten, proxy_get_forgotten: element @n of FORGET. */
void proxy_put_forgotten(void *forgotten, size_t n, uint64_t id,
                         uint32_t count);
void proxy_get_forgotten(const ProxyBlob *forgotten, size_t n, uint64_t *id,
                         uint32_t *count);
/** proxy_put_identity, proxy_get_identity: element @n of IDENTIFY's reply. */
void proxy_put_identity(void *identities, size_t n, uint64_t dev,
                        uint64_t ino, uint32_t mode);
void proxy_get_identity(const ProxyBlob *identities, size_t n, uint64_t *dev,
                        uint64_t *ino, uint32_t *mode);

#endif
