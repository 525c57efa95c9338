/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for what the proxy driver decodes.
 *
 * Input: a byte that is the type of a request, then the reply to it.  For any
 * input, decoding must not read outside the reply, and encoding an accepted
 * reply must yield the same bytes.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-proto.h"
#include "fuzz.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *msg = size ? g_memdup2(data + 1, size - 1) : NULL;
    g_autofree char *again = g_malloc(size + 1);
    uint32_t error = 0;
    uint32_t tag = 0;
    ProxyReply r;
    int ret;

    if (!size || !proxy_message_info(data[0])) {
        return 0;
    }
    size--;
    ret = proxy_decode_reply(msg, size, data[0], &error, &r);
    MUST(ret == 0 || ret == -EBADMSG);
    if (ret != 0) {
        return 0;
    }
    MUST(error <= PROXY_ERRNO_MAX);
    MUST(proxy_decode_tag(msg, size, &tag) == 0);
    MUST(proxy_encode_reply(again, size, tag, data[0], error, &r) ==
         (ssize_t)size);
    MUST(!memcmp(again, data + 1, size));
    return 0;
}
