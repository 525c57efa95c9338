/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between the proxy driver and its helper, as structs and as bytes.
 *
 * Both directions are generated from proxy-messages.def.  Neither side trusts
 * the other: a message that is not exactly what its row says is -EBADMSG, one
 * with a field that nobody may send is -EINVAL.  A decoded struct points into
 * the message's bytes, which have to be a private copy.  Context: any thread;
 * never blocks.
 */
#ifndef FSDEV_PROXY_PROTO_H
#define FSDEV_PROXY_PROTO_H

#include "fsdev/core/fsdriver.h"

enum {
    PROXY_VERSION = 2,
    PROXY_ROOT_ID = 0,          /* stands for the exported directory */
    PROXY_XATTR_MAX = 65536,    /* the kernel's bound for values and lists */
    PROXY_SMALL_MAX = 8192,     /* all but a few requests are shorter */
    PROXY_MESSAGE_MAX = PROXY_XATTR_MAX + PROXY_SMALL_MAX,
    PROXY_FDS_MAX = 2,
    PROXY_IDENTITY_SIZE = 20,   /* see IDENTIFY */
    PROXY_FORGOTTEN_SIZE = 12,  /* see FORGET */
    PROXY_ERRNO_MAX = 4095,     /* the kernel's own */
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
    /* Nothing is mounted below the directory, nor ever will be for us. */
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

/** proxy_message_info: NULL for a number that is no message. */
const ProxyMessageInfo *proxy_message_info(uint32_t type);

/**
 * proxy_encode_request, proxy_encode_reply: into @size bytes at @buf.
 *
 * Return the length, or -EMSGSIZE.  With @error, which is an errno, a reply
 * has no fields and @r may be NULL.
 */
ssize_t proxy_encode_request(void *buf, size_t size, uint32_t tag,
                             ProxyType type, const ProxyRequest *t);
ssize_t proxy_encode_reply(void *buf, size_t size, uint32_t tag,
                           ProxyType type, uint32_t error,
                           const ProxyReply *r);

/**
 * proxy_decode_request: all @len bytes at @buf.
 *
 * @tag and @type are set unless -EBADMSG is returned.
 */
int proxy_decode_request(const void *buf, size_t len, uint32_t *tag,
                         ProxyType *type, ProxyRequest *t);
/** proxy_decode_tag: of a reply, whose type its receiver knows by the tag. */
int proxy_decode_tag(const void *buf, size_t len, uint32_t *tag);
/**
 * proxy_decode_reply: @error is set to the errno that it carries, 0 for none;
 * only then @r is set.
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
