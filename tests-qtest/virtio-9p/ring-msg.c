/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L messages as bytes.
 *
 * This file encodes T-messages and reads replies with bounds checks.  It was
 * written from the description of the protocol, not from the server's tables.
 * Single thread.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "ring-msg.h"

static const char *const request_names[128] = {
    [RING_TSTATFS] = "statfs",
    [RING_TLOPEN] = "lopen",
    [RING_TLCREATE] = "lcreate",
    [RING_TSYMLINK] = "symlink",
    [RING_TMKNOD] = "mknod",
    [RING_TRENAME] = "rename",
    [RING_TREADLINK] = "readlink",
    [RING_TGETATTR] = "getattr",
    [RING_TSETATTR] = "setattr",
    [RING_TXATTRWALK] = "xattrwalk",
    [RING_TXATTRCREATE] = "xattrcreate",
    [RING_TREADDIR] = "readdir",
    [RING_TFSYNC] = "fsync",
    [RING_TLOCK] = "lock",
    [RING_TGETLOCK] = "getlock",
    [RING_TLINK] = "link",
    [RING_TMKDIR] = "mkdir",
    [RING_TRENAMEAT] = "renameat",
    [RING_TUNLINKAT] = "unlinkat",
    [RING_TVERSION] = "version",
    [RING_TAUTH] = "auth",
    [RING_TATTACH] = "attach",
    [RING_TFLUSH] = "flush",
    [RING_TWALK] = "walk",
    [RING_TREAD] = "read",
    [RING_TWRITE] = "write",
    [RING_TCLUNK] = "clunk",
    [RING_TREMOVE] = "remove",
};

const char *ring_type_name(uint8_t type)
{
    static char names[256][16];
    char *name = names[type];

    if (type == RING_RLERROR) {
        return "Rlerror";
    }
    if (type < G_N_ELEMENTS(request_names) && request_names[type]) {
        g_snprintf(name, sizeof(names[0]), "T%s", request_names[type]);
    } else if (type > 0 && type <= G_N_ELEMENTS(request_names) &&
               request_names[type - 1]) {
        g_snprintf(name, sizeof(names[0]), "R%s", request_names[type - 1]);
    } else {
        g_snprintf(name, sizeof(names[0]), "type %u", type);
    }
    return name;
}

static void put_le(GByteArray *b, uint64_t value, unsigned len)
{
    uint64_t le = cpu_to_le64(value);

    g_byte_array_append(b, (const uint8_t *)&le, len);
}

static void put_field(RingMsg *m, GString *text, char kind, va_list *ap)
{
    const char *s;
    const uint8_t *data;
    uint64_t value;
    size_t len;

    switch (kind) {
    case '1':
    case '2':
    case '4':
        value = va_arg(*ap, unsigned);
        put_le(m->bytes, value, kind - '0');
        g_string_append_printf(text, " %" PRIu64, value);
        break;
    case '8':
        value = va_arg(*ap, uint64_t);
        put_le(m->bytes, value, 8);
        g_string_append_printf(text, " 0x%" PRIx64, value);
        break;
    case 's':
        s = va_arg(*ap, const char *);
        s = s ? s : "";
        put_le(m->bytes, strlen(s), 2);
        g_byte_array_append(m->bytes, (const uint8_t *)s, strlen(s));
        g_string_append_printf(text, " \"%.40s\"", s);
        break;
    case 'B':
        data = va_arg(*ap, const void *);
        len = va_arg(*ap, size_t);
        if (len) {
            g_byte_array_append(m->bytes, data, len);
        }
        g_string_append_printf(text, " [%zu bytes]", len);
        break;
    default:
        g_assert_not_reached();
    }
}

RingMsg *ring_msg(uint8_t type, const char *layout, ...)
{
    RingMsg *m = g_new0(RingMsg, 1);
    GString *text = g_string_new(ring_type_name(type));
    va_list ap;

    m->bytes = g_byte_array_new();
    put_le(m->bytes, 0, 4);
    put_le(m->bytes, type, 1);
    put_le(m->bytes, 0, 2);
    va_start(ap, layout);
    for (const char *kind = layout; *kind; kind++) {
        put_field(m, text, *kind, &ap);
    }
    va_end(ap);
    ring_msg_size(m, m->bytes->len);
    m->text = g_string_free(text, FALSE);
    return m;
}

void ring_msg_tag(RingMsg *m, uint16_t tag)
{
    stw_le_p(m->bytes->data + 5, tag);
}

void ring_msg_size(RingMsg *m, uint32_t size)
{
    stl_le_p(m->bytes->data, size);
}

void ring_msg_append(RingMsg *m, const void *data, size_t len)
{
    g_byte_array_append(m->bytes, data, len);
}

void ring_msg_free(RingMsg *m)
{
    g_byte_array_free(m->bytes, TRUE);
    g_free(m->text);
    g_free(m);
}

const void *ring_get_bytes(RingReply *r, uint32_t len)
{
    const void *at = r->data + r->pos;

    ring_check(len <= r->size - r->pos, "%s: expected %s to have %u more "
               "bytes at offset %u, it is %u bytes long", r->asked,
               ring_type_name(r->type), len, r->pos, r->size);
    r->pos += len;
    return at;
}

uint8_t ring_get8(RingReply *r)
{
    return ldub_p(ring_get_bytes(r, 1));
}

uint16_t ring_get16(RingReply *r)
{
    return lduw_le_p(ring_get_bytes(r, 2));
}

uint32_t ring_get32(RingReply *r)
{
    return ldl_le_p(ring_get_bytes(r, 4));
}

uint64_t ring_get64(RingReply *r)
{
    return ldq_le_p(ring_get_bytes(r, 8));
}

RingQid ring_get_qid(RingReply *r)
{
    RingQid qid;

    qid.type = ring_get8(r);
    qid.version = ring_get32(r);
    qid.path = ring_get64(r);
    return qid;
}

char *ring_get_str(RingReply *r)
{
    uint16_t len = ring_get16(r);

    return g_strndup(ring_get_bytes(r, len), len);
}

void ring_get_end(RingReply *r)
{
    ring_check(r->pos == r->size, "%s: expected %s to end after %u bytes, it "
               "has %u", r->asked, ring_type_name(r->type), r->pos, r->size);
}

void ring_reply_free(RingReply *r)
{
    g_free(r->data);
    g_free(r->asked);
    g_free(r);
}

void ring_check_same_qid(const char *what, RingQid got, RingQid want)
{
    ring_check(got.type == want.type && got.path == want.path,
               "%s: expected qid type 0x%02x path 0x%" PRIx64 ", got type "
               "0x%02x path 0x%" PRIx64, what, want.type, want.path,
               got.type, got.path);
}
