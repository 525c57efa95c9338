/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample of each message of the proxy; see proxy-sample.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "proxy-sample.h"

const ProxyType proxy_sample_types[] = {
#define PROXY_MESSAGE(number, ...) number,
#include "fsdev/proxy/proxy-messages.def"
    0
};

/* A function, because the order in which initializers run is not defined. */
static uint32_t next(void)
{
    static uint32_t last;

    return ++last;
}

static struct timespec some_time(void)
{
    return (struct timespec) { .tv_sec = next(), .tv_nsec = next() };
}

static FsAttr some_attr(void)
{
    return (FsAttr) {
        .valid = FS_ATTR_BTIME, .mode = S_IFREG | 0640, .uid = next(),
        .gid = next(), .nlink = next(), .dev = next(), .ino = next(),
        .rdev = next(), .size = next(), .blocks = next(), .blksize = next(),
        .atime = some_time(), .mtime = some_time(), .ctime = some_time(),
        .btime = some_time(),
    };
}

static FsSetattr some_change(void)
{
    return (FsSetattr) {
        .valid = FS_SET_MODE | FS_SET_SIZE, .mode = 0751, .uid = next(),
        .gid = next(), .size = next(), .atime = some_time(),
        .mtime = some_time(),
    };
}

#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define U32(f) m->f = next();
#define U64(f) m->f = UINT64_C(0x100000000) * next();
#define NAME(f) m->f = (ProxyText) { "a name", 6 };
#define TEXT(f) m->f = (ProxyText) { "some/text", 9 };
#define BLOB(f) m->f = (ProxyBlob) { "by\0tes", 6 };
#define ATTR(f) m->f = some_attr();
#define CHANGE(f) m->f = some_change();
#define PROXY_MESSAGE(number, NAME_, name, fds, flags, t, r) \
    static void fill_T##name(ProxyRequest *request) \
    { \
        struct ProxyT##name *m G_GNUC_UNUSED = &request->name; \
        t \
    } \
    static void fill_R##name(ProxyReply *reply) \
    { \
        struct ProxyR##name *m G_GNUC_UNUSED = &reply->name; \
        r \
    }
#include "fsdev/proxy/proxy-messages.def"

static GByteArray *to_array(const char *buf, ssize_t len)
{
    GByteArray *bytes = g_byte_array_new();

    g_assert_cmpint(len, >, 0);
    return g_byte_array_append(bytes, (const guint8 *)buf, len);
}

GByteArray *proxy_sample_request(ProxyType type)
{
    char buf[PROXY_SMALL_MAX];
    ProxyRequest t;

    switch (type) {
#define PROXY_MESSAGE(number, NAME_, name, ...) \
    case number: \
        fill_T##name(&t); \
        break;
#include "fsdev/proxy/proxy-messages.def"
    }
    return to_array(buf, proxy_encode_request(buf, sizeof(buf),
                                              PROXY_SAMPLE_TAG, type, &t));
}

GByteArray *proxy_sample_reply(ProxyType type)
{
    char buf[PROXY_SMALL_MAX];
    ProxyReply r;

    switch (type) {
#define PROXY_MESSAGE(number, NAME_, name, ...) \
    case number: \
        fill_R##name(&r); \
        break;
#include "fsdev/proxy/proxy-messages.def"
    }
    return to_array(buf, proxy_encode_reply(buf, sizeof(buf),
                                            PROXY_SAMPLE_TAG, type, 0, &r));
}
