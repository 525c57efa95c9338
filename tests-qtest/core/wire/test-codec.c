/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the codec that run for each request and reply of the table.
 *
 * The expected bytes and values come from sample.c.  Whether the table agrees
 * with the protocol is tested in test-protocol.c.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"
#include "lib/guarded.h"
#include "lib/sample.h"

#define UNTOUCHED 0xaa

typedef struct Case {
    const SampleRow *row;
    bool reply;
} Case;

/* Everything a decode produces. */
typedef struct Decoded {
    int ret;
    P9Header header;
    P9Tmsg t;
    P9Rmsg r;
    P9Arena arena;
} Decoded;

static void decoded_clear(Decoded *d)
{
    p9_arena_destroy(&d->arena);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Decoded, decoded_clear)

static int decode(Decoded *d, bool reply, const struct iovec *iov,
                  unsigned iovcnt)
{
    P9Cursor c;

    p9_cursor_init(&c, iov, iovcnt, SIZE_MAX);
    d->ret = p9_decode_header(&c, &d->header);
    if (d->ret < 0) {
        return d->ret;
    }
    if (reply) {
        d->ret = p9_decode_reply(&c, &d->header, &d->arena, &d->r);
    } else {
        d->ret = p9_decode_request(&c, &d->header, &d->arena, &d->t);
    }
    g_assert_cmpuint(c.pos, <=, d->header.size);
    return d->ret;
}

/* Decode @size bytes behind which no memory can be accessed. */
static int decode_bytes(Decoded *d, bool reply, const uint8_t *bytes,
                        size_t size)
{
    g_autoptr(Guarded) block = guarded_new(bytes, size);
    struct iovec iov = { block->bytes, block->size };

    return decode(d, reply, &iov, 1);
}

static int decode_wire(bool reply, const uint8_t *bytes, size_t size)
{
    g_auto(Decoded) d = { 0 };

    return decode_bytes(&d, reply, bytes, size);
}

static void assert_same(const Case *k, const Sample *s, const Decoded *d)
{
    g_assert_cmpint(d->ret, ==, 0);
    g_assert_cmpuint(d->header.size, ==, s->wire->len);
    g_assert_cmpuint(d->header.type, ==, s->type);
    g_assert_cmphex(d->header.tag, ==, s->tag);
    g_assert_true(k->reply ? k->row->same_r(&s->r, &d->r)
                           : k->row->same_t(&s->t, &d->t));
}

static ssize_t encode(const Case *k, const Sample *s, const struct iovec *iov,
                      unsigned iovcnt, size_t limit)
{
    P9Cursor c;

    p9_cursor_init(&c, iov, iovcnt, limit);
    if (k->reply) {
        return p9_encode_reply(&c, k->row->number, s->tag, &s->r);
    }
    return p9_encode_request(&c, k->row->number, s->tag, &s->t);
}

static void test_decode(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    g_auto(Decoded) d = { 0 };

    decode_bytes(&d, k->reply, s->wire->data, s->wire->len);
    assert_same(k, s, &d);
}

static void test_encode(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    g_autoptr(Guarded) out = guarded_new(NULL, s->wire->len);
    struct iovec iov = { out->bytes, out->size };
    g_auto(Decoded) d = { 0 };

    memset(out->bytes, UNTOUCHED, out->size);
    g_assert_cmpint(encode(k, s, &iov, 1, SIZE_MAX), ==, s->wire->len);
    g_assert_cmpmem(out->bytes, s->fields_end, s->wire->data, s->fields_end);
    for (size_t i = s->fields_end; i < out->size; i++) {
        /* The encoder counts a payload, but does not write it. */
        g_assert_cmphex(out->bytes[i], ==, UNTOUCHED);
    }
    decode(&d, k->reply, &iov, 1);
    assert_same(k, s, &d);
}

/*
 * Every truncation: fewer bytes than the size field says, a short message
 * whose size field is right, and a whole message whose size field cuts off
 * fields.
 */
static void test_truncated(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    g_autofree uint8_t *copy = g_memdup2(s->wire->data, s->wire->len);

    for (size_t len = 0; len < s->wire->len; len++) {
        g_assert_cmpint(decode_wire(k->reply, s->wire->data, len), ==,
                        -EBADMSG);
        sample_set_size(copy, len);
        g_assert_cmpint(decode_wire(k->reply, copy, len), ==, -EBADMSG);
        g_assert_cmpint(decode_wire(k->reply, copy, s->wire->len), ==,
                        len < s->fields_end ? -EBADMSG : 0);
    }
}

/* No field keeps the value that it had before, whatever is decoded. */
static void test_reused(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);

    for (size_t len = P9_HDRSZ; len <= s->wire->len; len++) {
        g_auto(Decoded) fresh = { 0 };
        g_auto(Decoded) reused = { 0 };

        memset(&reused.t, UNTOUCHED, sizeof(reused.t));
        memset(&reused.r, UNTOUCHED, sizeof(reused.r));
        sample_set_size(s->wire->data, len);
        decode_bytes(&fresh, k->reply, s->wire->data, len);
        decode_bytes(&reused, k->reply, s->wire->data, len);
        g_assert_cmpint(reused.ret, ==, fresh.ret);
        g_assert_true(k->reply ? k->row->same_r(&reused.r, &fresh.r)
                               : k->row->same_t(&reused.t, &fresh.t));
    }
}

static void test_size_field(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    size_t len = s->wire->len;
    g_autofree uint8_t *copy = g_malloc0(len + 3);
    const uint32_t wrong[] = { 0, 1, 6, len + 1, INT32_MAX,
                               (uint32_t)INT32_MAX + 1, UINT32_MAX };
    g_auto(Decoded) d = { 0 };

    memcpy(copy, s->wire->data, len);
    for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
        sample_set_size(copy, wrong[i]);
        g_assert_cmpint(decode_wire(k->reply, copy, len), ==, -EBADMSG);
    }
    /* Extra bytes are accepted, whether or not the size field counts them. */
    sample_set_size(copy, len);
    g_assert_cmpint(decode_wire(k->reply, copy, len + 3), ==, 0);
    sample_set_size(copy, len + 3);
    decode_bytes(&d, k->reply, copy, len + 3);
    d.header.size = len;
    assert_same(k, s, &d);
}

static void check_split(const Case *k, const Sample *s, Split *in)
{
    g_autofree uint8_t *joined = NULL;
    g_auto(Decoded) d = { 0 };
    size_t size;

    decode(&d, k->reply, in->iov, in->iovcnt);
    assert_same(k, s, &d);

    /* The payload is in place before the reply is encoded around it. */
    for (unsigned i = 0, at = 0; i < in->iovcnt; i++) {
        for (size_t j = 0; j < in->iov[i].iov_len; j++, at++) {
            if (at < s->fields_end) {
                ((uint8_t *)in->iov[i].iov_base)[j] = UNTOUCHED;
            }
        }
    }
    g_assert_cmpint(encode(k, s, in->iov, in->iovcnt, SIZE_MAX), ==,
                    s->wire->len);
    joined = split_join(in, &size);
    g_assert_cmpmem(joined, size, s->wire->data, s->wire->len);
}

static void test_split(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    size_t len = s->wire->len;
    g_autoptr(Split) bytes = split_new_bytes(s->wire->data, len);

    check_split(k, s, bytes);
    for (size_t cut = 0; cut <= len; cut++) {
        g_autoptr(Split) two = split_new(s->wire->data, len, &cut, 1);

        check_split(k, s, two);
    }
}

static bool is_small(const Sample *s)
{
    return s->wire->len <= 64;
}

static void test_split_pairs(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    size_t len = s->wire->len;

    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            size_t cuts[] = { a, b };
            g_autoptr(Split) three = split_new(s->wire->data, len, cuts, 2);

            check_split(k, s, three);
        }
    }
}

/* Encoding stops at the end of the buffer and at the cursor's limit. */
static void test_small_buffer(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    size_t len = s->wire->len;
    g_autofree uint8_t *wide = g_malloc(len);

    for (size_t room = 0; room < len; room++) {
        g_autoptr(Guarded) out = guarded_new(NULL, room);
        struct iovec iov = { out->bytes, room };
        struct iovec wide_iov = { wide, len };
        P9Cursor c;

        g_assert_cmpint(encode(k, s, &iov, 1, SIZE_MAX), ==, -EMSGSIZE);

        memset(wide, UNTOUCHED, len);
        g_assert_cmpint(encode(k, s, &wide_iov, 1, room), ==, -EMSGSIZE);
        for (size_t i = room; i < len; i++) {
            g_assert_cmphex(wide[i], ==, UNTOUCHED);
        }

        /* A message that fits can be encoded into the same buffer. */
        p9_cursor_init(&c, &iov, 1, SIZE_MAX);
        g_assert_cmpint(p9_encode_rlerror(&c, 7, EIO), ==,
                        room < P9_RLERROR_SZ ? -EMSGSIZE : P9_RLERROR_SZ);
    }
}

static void test_min_reply(const void *data)
{
    const Case *k = data;
    SampleOptions smallest = { .empty = true };
    g_autoptr(Sample) s = sample_new(k->row, true, &smallest);
    g_autoptr(Guarded) out = guarded_new(NULL, s->wire->len);
    struct iovec iov = { out->bytes, out->size };

    g_assert_cmpint(encode(k, s, &iov, 1, SIZE_MAX), ==,
                    p9_message_info(k->row->number)->min_reply);
}

static void check_printed(const Case *k, const SampleOptions *options)
{
    g_autoptr(Sample) s = sample_new(k->row, k->reply, options);
    GString *text = g_string_new("x");
    g_autofree char *all = NULL;

    if (k->reply) {
        p9_print_reply(text, k->row->number, &s->r);
    } else {
        p9_print_request(text, k->row->number, &s->t);
    }
    all = g_string_free(text, FALSE);
    for (unsigned i = 0; i < s->fields->len; i++) {
        const Field *field = &g_array_index(s->fields, Field, i);
        g_autofree char *wanted = NULL;

        wanted = g_strdup_printf(" %s ", field->kind == FIELD_DATA
                                 ? "count" : field->name);
        if (!strstr(all, wanted)) {
            g_test_message("no \"%s\" in \"%s\"", wanted, all);
            g_test_fail();
        }
    }
    /* The text is one line, whatever bytes the guest's strings contain. */
    for (const char *p = all; *p; p++) {
        g_assert_true(g_ascii_isprint(*p));
    }
}

static void test_print(const void *data)
{
    const Case *k = data;
    SampleOptions nasty = {
        .bytes = "a\n\"b\"\\\x01\xff", .n_bytes = 8,
    };
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);

    check_printed(k, NULL);
    for (nasty.nth = 1; nasty.nth <= s->strings; nasty.nth++) {
        check_printed(k, &nasty);
    }
}

static bool has_strings(const Sample *s)
{
    return s->strings;
}

/* A string that claims more bytes than the message has. */
static void test_string_past_end(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);

    for (unsigned i = 0; i < s->strings; i++) {
        size_t at = g_array_index(s->string_at, size_t, i);
        g_autofree uint8_t *copy = g_memdup2(s->wire->data, s->wire->len);
        size_t past = s->wire->len - at - 2 + 1;
        const size_t lengths[] = { past, past + 1, 32767, 32768, 65535 };

        for (unsigned j = 0; j < ARRAY_SIZE(lengths); j++) {
            copy[at] = lengths[j];
            copy[at + 1] = lengths[j] >> 8;
            g_assert_cmpint(decode_wire(k->reply, copy, s->wire->len), ==,
                            -EBADMSG);
        }
    }
}

/* The field that the @nth string of a message belongs to. */
static Field rules_of(const Sample *s, unsigned nth)
{
    size_t at = g_array_index(s->string_at, size_t, nth - 1);
    Field rules = { 0 };

    for (unsigned i = 0; i < s->fields->len; i++) {
        const Field *field = &g_array_index(s->fields, Field, i);

        if (field->offset <= at) {
            rules = *field;
        }
    }
    return rules;
}

static void check_string(const Case *k, unsigned nth, const char *bytes,
                         size_t n_bytes, int expected)
{
    SampleOptions options = {
        .nth = nth, .bytes = bytes, .n_bytes = n_bytes,
    };
    g_autoptr(Sample) s = sample_new(k->row, k->reply, &options);
    g_auto(Decoded) d = { 0 };

    decode_bytes(&d, k->reply, s->wire->data, s->wire->len);
    if (d.ret != expected) {
        g_test_message("string %u of %zu bytes starting \"%.20s\": expected "
                       "%d, got %d", nth, n_bytes, bytes, expected, d.ret);
        g_test_fail();
    }
    if (!d.ret) {
        assert_same(k, s, &d);
    }
}

static void test_strings(const void *data)
{
    const Case *k = data;
    g_autoptr(Sample) s = sample_new(k->row, k->reply, NULL);
    g_autofree char *longest = g_strnfill(65535, 'x');

    for (unsigned nth = 1; nth <= s->strings; nth++) {
        Field rules = rules_of(s, nth);
        bool text = rules.kind == FIELD_TEXT;
        bool string = text || rules.kind == FIELD_STR ||
                      rules.kind == FIELD_STAT;
        int nul = text ? 0 : -EINVAL;
        int slash = string ? 0 : -ENOENT;
        int too_long = string ? 0 : -ENAMETOOLONG;

        check_string(k, nth, "", 0, string ? 0 : -ENOENT);
        check_string(k, nth, "/", 1, slash);
        check_string(k, nth, "a/b", 3, slash);
        check_string(k, nth, "/etc", 4, slash);
        check_string(k, nth, "a/", 2, slash);
        check_string(k, nth, "../x", 4, slash);
        check_string(k, nth, ".", 1, -rules.dot);
        check_string(k, nth, "..", 2, -rules.dotdot);
        check_string(k, nth, "...", 3, 0);
        check_string(k, nth, ".x", 2, 0);
        check_string(k, nth, "..x", 3, 0);
        check_string(k, nth, "a\0b", 3, nul);
        check_string(k, nth, "\0", 1, nul);
        check_string(k, nth, "a\0/../../etc", 12, nul);
        check_string(k, nth, "a\0", 2, nul);
        check_string(k, nth, "\xff\xfe\x80", 3, 0);
        check_string(k, nth, " \n\t\x01\x7f", 5, 0);
        check_string(k, nth, longest, 254, 0);
        check_string(k, nth, longest, 255, 0);
        check_string(k, nth, longest, 256, too_long);
        check_string(k, nth, longest, 65535, too_long);
    }
}

/* The message's list of names or qids, which may have 16 elements; or NULL. */
static const Field *find_list(const Sample *s)
{
    for (unsigned i = 0; i < s->fields->len; i++) {
        const Field *field = &g_array_index(s->fields, Field, i);

        if (field->kind == FIELD_NAMES || field->kind == FIELD_QIDS) {
            return field;
        }
    }
    return NULL;
}

static bool has_list(const Sample *s)
{
    return find_list(s);
}

static void test_elements(const void *data)
{
    const Case *k = data;
    SampleOptions none = { .empty = true };
    g_autoptr(Sample) empty = sample_new(k->row, k->reply, &none);
    const Field *list = find_list(empty);

    g_assert_cmpint(decode_wire(k->reply, empty->wire->data,
                                empty->wire->len), ==, 0);
    for (unsigned n = 1; n <= 20; n++) {
        SampleOptions options = { .elements = n };
        g_autoptr(Sample) s = sample_new(k->row, k->reply, &options);
        g_auto(Decoded) d = { 0 };

        decode_bytes(&d, k->reply, s->wire->data, s->wire->len);
        g_assert_cmpint(d.ret, ==, n > 16 ? -EINVAL : 0);
        if (n <= 16) {
            assert_same(k, s, &d);
        }
        s->wire->data[list->offset] = 0xff;
        s->wire->data[list->offset + 1] = 0xff;
        g_assert_cmpint(decode_wire(k->reply, s->wire->data, s->wire->len),
                        ==, -EINVAL);
    }
}

static bool has_payload(const Sample *s)
{
    return s->fields_end != s->wire->len;
}

/*
 * A payload's count must not exceed the bytes present.  Old Linux clients
 * leave the payload out of the size field; that is accepted.
 */
static void test_payload(const void *data)
{
    const Case *k = data;
    SampleOptions options = { .payload = 100 };
    g_autoptr(Sample) s = sample_new(k->row, k->reply, &options);
    const Field *last;
    uint8_t *count;

    last = &g_array_index(s->fields, Field, s->fields->len - 1);
    g_assert_cmpint(last->kind, ==, FIELD_DATA);
    count = s->wire->data + last->offset;
    for (size_t size = s->fields_end; size <= s->wire->len; size++) {
        g_auto(Decoded) d = { 0 };

        sample_set_size(s->wire->data, size);
        decode_bytes(&d, k->reply, s->wire->data, s->wire->len);
        d.header.size = s->wire->len;
        assert_same(k, s, &d);

        count[0] = 101;
        g_assert_cmpint(decode_wire(k->reply, s->wire->data, s->wire->len),
                        ==, -EBADMSG);
        count[3] = 0xff;
        g_assert_cmpint(decode_wire(k->reply, s->wire->data, s->wire->len),
                        ==, -EBADMSG);
        count[0] = 100;
        count[3] = 0;
    }
}

/*
 * A message with a string of the largest size, then a small one, many times
 * with the same arena.
 */
static void test_large_then_small(void)
{
    g_autofree char *longest = g_strnfill(65535, 'y');
    SampleOptions options = { .nth = 2, .bytes = longest, .n_bytes = 65535 };
    g_autoptr(Sample) large = NULL;
    g_autoptr(Sample) small = NULL;
    Case k = { 0 };
    g_auto(Decoded) d = { 0 };

    for (unsigned i = 0; i < n_sample_rows; i++) {
        if (sample_rows[i].number == P9_TATTACH) {
            k.row = &sample_rows[i];
        }
    }
    large = sample_new(k.row, false, &options);
    small = sample_new(k.row, false, NULL);
    for (unsigned i = 0; i < 100; i++) {
        p9_arena_reset(&d.arena);
        decode_bytes(&d, false, large->wire->data, large->wire->len);
        assert_same(&k, large, &d);
        p9_arena_reset(&d.arena);
        decode_bytes(&d, false, small->wire->data, small->wire->len);
        assert_same(&k, small, &d);
    }
}

typedef struct Property {
    const char *name;
    void (*test)(const void *data);
    bool (*concerns)(const Sample *s);  /* NULL: every message */
} Property;

static bool is_reply(const Sample *s)
{
    return s->reply;
}

static const Property properties[] = {
    { "decode", test_decode },
    { "encode", test_encode },
    { "truncated", test_truncated },
    { "reused", test_reused },
    { "size-field", test_size_field },
    { "split", test_split },
    { "split-pairs", test_split_pairs, is_small },
    { "small-buffer", test_small_buffer },
    { "min-reply", test_min_reply, is_reply },
    { "print", test_print },
    { "string-past-end", test_string_past_end, has_strings },
    { "strings", test_strings, has_strings },
    { "elements", test_elements, has_list },
    { "payload", test_payload, has_payload },
};

static void add_message(const SampleRow *row, bool reply)
{
    g_autoptr(Sample) s = sample_new(row, reply, NULL);
    Case k = { row, reply };

    for (unsigned i = 0; i < ARRAY_SIZE(properties); i++) {
        g_autofree char *path = NULL;

        if (properties[i].concerns && !properties[i].concerns(s)) {
            continue;
        }
        path = g_strdup_printf("/codec/%c%s/%s", reply ? 'R' : 'T', row->name,
                               properties[i].name);
        g_test_add_data_func_full(path, g_memdup2(&k, sizeof(k)),
                                  properties[i].test, g_free);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < n_sample_rows; i++) {
        add_message(&sample_rows[i], false);
        add_message(&sample_rows[i], true);
    }
    g_test_add_func("/codec/large-then-small", test_large_then_small);
    return g_test_run();
}
