/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One of each of the proxy's messages, with a value of its own in every field.
 */
#ifndef TESTS_CORE_PROXY_SAMPLE_H
#define TESTS_CORE_PROXY_SAMPLE_H

#include "fsdev/proxy/proxy-proto.h"

/* As bytes, owned by the caller; the tag is 0x01020304. */
GByteArray *proxy_sample_request(ProxyType type);
GByteArray *proxy_sample_reply(ProxyType type);
/** proxy_sample_types: numbers of all messages, ended by 0. */
extern const ProxyType proxy_sample_types[];

#define PROXY_SAMPLE_TAG 0x01020304

#endif
