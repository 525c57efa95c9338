/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the proxy's messages: decoding and encoding again yields the same
 * bytes, and only complete messages are accepted.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/guarded.h"
#include "proxy-sample.h"

/*
 * Decode @len bytes followed by memory that cannot be accessed; on success
 * append the message, encoded again, to @again.
 */
static int decode(const GByteArray *bytes, size_t len, ProxyType *type,
                  bool reply, GByteArray *again)
{
    g_autoptr(Guarded) room = guarded_new(bytes->data, len);
    char buf[PROXY_SMALL_MAX];
    uint32_t error = 0;
    uint32_t tag = 0;
    ProxyRequest t;
    ProxyReply r;
    ssize_t size = 0;
    int ret;

    if (reply) {
        ret = proxy_decode_reply(room->bytes, len, *type, &error, &r);
        g_assert_cmpint(proxy_decode_tag(room->bytes, len, &tag), ==,
                        len < 4 ? -EBADMSG : 0);
    } else {
        ret = proxy_decode_request(room->bytes, len, &tag, type, &t);
    }
    if (ret == 0 && again) {
        g_assert_cmphex(tag, ==, PROXY_SAMPLE_TAG);
        size = reply ? proxy_encode_reply(buf, sizeof(buf), tag, *type, error,
                                          &r)
                     : proxy_encode_request(buf, sizeof(buf), tag, *type, &t);
        g_assert_cmpint(size, >, 0);
        g_byte_array_append(again, (guint8 *)buf, size);
    }
    return ret;
}

static void check_one(ProxyType type, bool reply)
{
    g_autoptr(GByteArray) bytes = reply ? proxy_sample_reply(type)
                                        : proxy_sample_request(type);
    g_autoptr(GByteArray) again = g_byte_array_new();
    ProxyType seen = type;

    g_assert_cmpint(decode(bytes, bytes->len, &seen, reply, again), ==, 0);
    g_assert_cmpint(seen, ==, type);
    g_assert_cmpmem(again->data, again->len, bytes->data, bytes->len);
    for (size_t len = 0; len < bytes->len; len++) {
        seen = type;
        g_assert_cmpint(decode(bytes, len, &seen, reply, NULL), ==, -EBADMSG);
    }
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    seen = type;
    g_assert_cmpint(decode(bytes, bytes->len, &seen, reply, NULL), ==,
                    -EBADMSG);
}

static void test_requests(void)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        check_one(*type, false);
    }
}

static void test_replies(void)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        check_one(*type, true);
    }
}

static void test_errors(void)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        char buf[64];
        ssize_t len = proxy_encode_reply(buf, sizeof(buf), 7, *type, EPERM,
                                         NULL);
        uint32_t error = 0;
        ProxyReply r;

        g_assert_cmpint(len, ==, 8);
        g_assert_cmpint(proxy_decode_reply(buf, len, *type, &error, &r), ==,
                        0);
        g_assert_cmpuint(error, ==, EPERM);
    }
}

static void test_too_small_a_buffer(void)
{
    for (const ProxyType *type = proxy_sample_types; *type; type++) {
        g_autoptr(GByteArray) bytes = proxy_sample_request(*type);
        ProxyType seen;
        ProxyRequest t;
        uint32_t tag;

        g_assert_cmpint(proxy_decode_request(bytes->data, bytes->len, &tag,
                                             &seen, &t), ==, 0);
        for (size_t size = 0; size < bytes->len; size++) {
            g_autoptr(Guarded) room = guarded_new(NULL, size);

            g_assert_cmpint(proxy_encode_request(room->bytes, size, 1,
                                                 seen, &t), ==, -EMSGSIZE);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proxy-proto/requests", test_requests);
    g_test_add_func("/proxy-proto/replies", test_replies);
    g_test_add_func("/proxy-proto/errors", test_errors);
    g_test_add_func("/proxy-proto/too-small-a-buffer",
                    test_too_small_a_buffer);
    return g_test_run();
}
