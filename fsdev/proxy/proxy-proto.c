/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoders and decoders of the proxy's messages, expanded from the table.
 *
 * Each expansion of proxy-messages.def defines one static function for each
 * message, in which a field of the row becomes one statement.  Only get_name()
 * and get_text() decide what a name and a text may contain.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/p9-wire.h"
#include "fsdev/proxy/proxy-proto.h"

typedef struct Packet {
    P9Cursor c;
    struct iovec iov;           /* the whole packet, which c reads or writes */
    bool refused;               /* a field has an invalid value */
} Packet;

static void packet_init(Packet *p, const void *buf, size_t size)
{
    *p = (Packet) { .iov = { (void *)buf, size } };
    p9_cursor_init(&p->c, &p->iov, 1, size);
}

/* ---- fields ----------------------------------------------------------- */

static void put_blob(Packet *p, ProxyBlob blob)
{
    p9_put_u32(&p->c, blob.len);
    p9_put_bytes(&p->c, blob.data, blob.len);
}

static ProxyBlob get_blob(Packet *p)
{
    ProxyBlob blob = { .len = p9_get_u32(&p->c) };

    blob.data = (const char *)p->iov.iov_base + p->c.pos;
    p9_skip(&p->c, blob.len);
    return p->c.failed ? (ProxyBlob) { .data = "" } : blob;
}

/* A NUL is sent too, so that the receiver need not copy the text. */
static void put_text(Packet *p, ProxyText text)
{
    put_blob(p, (ProxyBlob) { text.s, text.len });
    p9_put_bytes(&p->c, "", 1);
}

static ProxyText get_text(Packet *p)
{
    ProxyBlob blob = get_blob(p);

    if (p9_get_u8(&p->c) != '\0') {
        p->c.failed = true;
    }
    if (p->c.failed) {
        return (ProxyText) { .s = "" };
    }
    p->refused |= memchr(blob.data, '\0', blob.len) != NULL;
    return (ProxyText) { blob.data, blob.len };
}

static ProxyText get_name(Packet *p)
{
    ProxyText name = get_text(p);

    p->refused |= !name.len || name.len > NAME_MAX || strchr(name.s, '/') ||
                  !strcmp(name.s, ".") || !strcmp(name.s, "..");
    return name;
}

static void put_time(Packet *p, struct timespec time)
{
    p9_put_u64(&p->c, time.tv_sec);
    p9_put_u32(&p->c, time.tv_nsec);
}

static struct timespec get_time(Packet *p)
{
    struct timespec time = { .tv_sec = p9_seconds(p9_get_u64(&p->c)) };

    time.tv_nsec = p9_get_u32(&p->c);
    return time;
}

static void put_attr(Packet *p, const FsAttr *attr)
{
    p9_put_u32(&p->c, attr->valid);
    p9_put_u32(&p->c, attr->mode);
    p9_put_u32(&p->c, attr->uid);
    p9_put_u32(&p->c, attr->gid);
    p9_put_u64(&p->c, attr->nlink);
    p9_put_u64(&p->c, attr->dev);
    p9_put_u64(&p->c, attr->ino);
    p9_put_u64(&p->c, attr->rdev);
    p9_put_u64(&p->c, attr->size);
    p9_put_u64(&p->c, attr->blocks);
    p9_put_u32(&p->c, attr->blksize);
    put_time(p, attr->atime);
    put_time(p, attr->mtime);
    put_time(p, attr->ctime);
    put_time(p, attr->btime);
}

static FsAttr get_attr(Packet *p)
{
    FsAttr attr = { .valid = p9_get_u32(&p->c) };

    attr.mode = p9_get_u32(&p->c);
    attr.uid = p9_get_u32(&p->c);
    attr.gid = p9_get_u32(&p->c);
    attr.nlink = p9_get_u64(&p->c);
    attr.dev = p9_get_u64(&p->c);
    attr.ino = p9_get_u64(&p->c);
    attr.rdev = p9_get_u64(&p->c);
    attr.size = p9_get_u64(&p->c);
    attr.blocks = p9_get_u64(&p->c);
    attr.blksize = p9_get_u32(&p->c);
    attr.atime = get_time(p);
    attr.mtime = get_time(p);
    attr.ctime = get_time(p);
    attr.btime = get_time(p);
    return attr;
}

static void put_change(Packet *p, const FsSetattr *set)
{
    p9_put_u32(&p->c, set->valid);
    p9_put_u32(&p->c, set->mode);
    p9_put_u32(&p->c, set->uid);
    p9_put_u32(&p->c, set->gid);
    p9_put_u64(&p->c, set->size);
    put_time(p, set->atime);
    put_time(p, set->mtime);
}

static FsSetattr get_change(Packet *p)
{
    const uint32_t known = FS_SET_MODE | FS_SET_UID | FS_SET_GID |
                           FS_SET_SIZE | FS_SET_ATIME | FS_SET_MTIME |
                           FS_SET_CTIME;
    FsSetattr set = { .valid = p9_get_u32(&p->c) };

    set.mode = p9_get_u32(&p->c);
    set.uid = p9_get_u32(&p->c);
    set.gid = p9_get_u32(&p->c);
    set.size = p9_get_u64(&p->c);
    set.atime = get_time(p);
    set.mtime = get_time(p);
    p->refused |= (set.valid & ~known) || (set.mode & ~07777u);
    return set;
}

/* ---- messages --------------------------------------------------------- */

/* A message without fields uses neither argument. */
#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__

#define U32(f) p9_put_u32(&p->c, m->f);
#define U64(f) p9_put_u64(&p->c, m->f);
#define NAME(f) put_text(p, m->f);
#define TEXT(f) put_text(p, m->f);
#define BLOB(f) put_blob(p, m->f);
#define ATTR(f) put_attr(p, &m->f);
#define CHANGE(f) put_change(p, &m->f);
#define PROXY_MESSAGE(number, NAME_, name, fds, flags, t, r) \
    static void put_T##name(Packet *p, const ProxyRequest *request) \
    { \
        const struct ProxyT##name *m G_GNUC_UNUSED = &request->name; \
        t \
    } \
    static void put_R##name(Packet *p, const ProxyReply *reply) \
    { \
        const struct ProxyR##name *m G_GNUC_UNUSED = &reply->name; \
        r \
    }
#include "proxy-messages.def"

#define T(...) __VA_ARGS__
#define R(...) __VA_ARGS__
#define U32(f) m->f = p9_get_u32(&p->c);
#define U64(f) m->f = p9_get_u64(&p->c);
#define NAME(f) m->f = get_name(p);
#define TEXT(f) m->f = get_text(p);
#define BLOB(f) m->f = get_blob(p);
#define ATTR(f) m->f = get_attr(p);
#define CHANGE(f) m->f = get_change(p);
#define PROXY_MESSAGE(number, NAME_, name, fds, flags, t, r) \
    static void get_T##name(Packet *p, ProxyRequest *request) \
    { \
        struct ProxyT##name *m G_GNUC_UNUSED = &request->name; \
        t \
    } \
    static void get_R##name(Packet *p, ProxyReply *reply) \
    { \
        struct ProxyR##name *m G_GNUC_UNUSED = &reply->name; \
        r \
    }
#include "proxy-messages.def"

typedef struct Row {
    ProxyMessageInfo info;
    void (*put_request)(Packet *p, const ProxyRequest *request);
    void (*put_reply)(Packet *p, const ProxyReply *reply);
    void (*get_request)(Packet *p, ProxyRequest *request);
    void (*get_reply)(Packet *p, ProxyReply *reply);
} Row;

static const Row rows[] = {
#define PROXY_MESSAGE(number, NAME_, name_, fds_, flags_, t, r) \
    [number] = { \
        .info = { .name = #name_, .fds = fds_, .flags = flags_ }, \
        .put_request = put_T##name_, .put_reply = put_R##name_, \
        .get_request = get_T##name_, .get_reply = get_R##name_, \
    },
#include "proxy-messages.def"
};

static const Row *find_row(uint32_t type)
{
    return type < ARRAY_SIZE(rows) && rows[type].info.name ? &rows[type] : NULL;
}

const ProxyMessageInfo *proxy_message_info(uint32_t type)
{
    const Row *row = find_row(type);

    return row ? &row->info : NULL;
}

ssize_t proxy_encode_request(void *buf, size_t size, uint32_t tag,
                             ProxyType type, const ProxyRequest *t)
{
    Packet p;

    packet_init(&p, buf, size);
    p9_put_u32(&p.c, tag);
    p9_put_u32(&p.c, type);
    find_row(type)->put_request(&p, t);
    return p.c.failed ? -EMSGSIZE : (ssize_t)p.c.pos;
}

ssize_t proxy_encode_reply(void *buf, size_t size, uint32_t tag,
                           ProxyType type, uint32_t error, const ProxyReply *r)
{
    Packet p;

    packet_init(&p, buf, size);
    p9_put_u32(&p.c, tag);
    p9_put_u32(&p.c, error);
    if (!error) {
        find_row(type)->put_reply(&p, r);
    }
    return p.c.failed ? -EMSGSIZE : (ssize_t)p.c.pos;
}

/* Whether the fields use up the packet: bytes left over are an error. */
static bool is_whole(const Packet *p)
{
    return !p->c.failed && p->c.pos == p->c.limit;
}

int proxy_decode_request(const void *buf, size_t len, uint32_t *tag,
                         ProxyType *type, ProxyRequest *t)
{
    const Row *row;
    uint32_t number;
    uint32_t about;
    Packet p;

    packet_init(&p, buf, len);
    about = p9_get_u32(&p.c);
    number = p9_get_u32(&p.c);
    row = find_row(number);
    if (!row) {
        return -EBADMSG;
    }
    row->get_request(&p, t);
    if (!is_whole(&p)) {
        return -EBADMSG;
    }
    *tag = about;
    *type = number;
    return p.refused ? -EINVAL : 0;
}

int proxy_decode_tag(const void *buf, size_t len, uint32_t *tag)
{
    uint32_t value;
    Packet p;

    packet_init(&p, buf, len);
    value = p9_get_u32(&p.c);
    if (p.c.failed) {
        return -EBADMSG;
    }
    *tag = value;
    return 0;
}

int proxy_decode_reply(const void *buf, size_t len, ProxyType type,
                       uint32_t *error, ProxyReply *r)
{
    uint32_t number;
    Packet p;

    packet_init(&p, buf, len);
    p9_skip(&p.c, sizeof(uint32_t));
    number = p9_get_u32(&p.c);
    if (!number) {
        find_row(type)->get_reply(&p, r);
    }
    if (!is_whole(&p) || p.refused || number > PROXY_ERRNO_MAX) {
        return -EBADMSG;
    }
    *error = number;
    return 0;
}

void proxy_put_forgotten(void *forgotten, size_t n, uint64_t id,
                         uint32_t count)
{
    Packet p;

    packet_init(&p, (char *)forgotten + n * PROXY_FORGOTTEN_SIZE,
                PROXY_FORGOTTEN_SIZE);
    p9_put_u64(&p.c, id);
    p9_put_u32(&p.c, count);
}

void proxy_get_forgotten(const ProxyBlob *forgotten, size_t n, uint64_t *id,
                         uint32_t *count)
{
    Packet p;

    packet_init(&p, (const char *)forgotten->data + n * PROXY_FORGOTTEN_SIZE,
                PROXY_FORGOTTEN_SIZE);
    *id = p9_get_u64(&p.c);
    *count = p9_get_u32(&p.c);
}

void proxy_put_identity(void *identities, size_t n, uint64_t dev,
                        uint64_t ino, uint32_t mode)
{
    Packet p;

    packet_init(&p, (char *)identities + n * PROXY_IDENTITY_SIZE,
                PROXY_IDENTITY_SIZE);
    p9_put_u64(&p.c, dev);
    p9_put_u64(&p.c, ino);
    p9_put_u32(&p.c, mode);
}

void proxy_get_identity(const ProxyBlob *identities, size_t n, uint64_t *dev,
                        uint64_t *ino, uint32_t *mode)
{
    Packet p;

    packet_init(&p, (const char *)identities->data + n * PROXY_IDENTITY_SIZE,
                PROXY_IDENTITY_SIZE);
    *dev = p9_get_u64(&p.c);
    *ino = p9_get_u64(&p.c);
    *mode = p9_get_u32(&p.c);
}
