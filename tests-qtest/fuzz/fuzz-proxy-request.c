/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for what virtfs-proxy-helper decodes.
 *
 * Input: a request.  For any input, decoding must not read outside it.  An
 * accepted request must be legal, and encoding it must yield the same bytes.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-proto.h"
#include "fuzz.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *msg = g_memdup2(data, size);
    g_autofree char *again = g_malloc(size + 1);
    ProxyRequest t;
    ProxyType type;
    uint32_t tag;
    int ret = proxy_decode_request(msg, size, &tag, &type, &t);

    MUST(ret == 0 || ret == -EBADMSG || ret == -EINVAL);
    if (ret != 0) {
        return 0;
    }
    MUST(proxy_message_info(type));
    MUST(proxy_encode_request(again, size, tag, type, &t) == (ssize_t)size);
    MUST(!memcmp(again, data, size));
    MUST(proxy_encode_request(again, size - 1, tag, type, &t) == -EMSGSIZE);
    if (type == PROXY_LOOKUP) {
        MUST(strlen(t.lookup.name.s) == t.lookup.name.len);
        MUST(t.lookup.name.len > 0 && t.lookup.name.len <= NAME_MAX);
        MUST(!strchr(t.lookup.name.s, '/'));
        MUST(strcmp(t.lookup.name.s, ".") && strcmp(t.lookup.name.s, ".."));
    }
    return 0;
}
