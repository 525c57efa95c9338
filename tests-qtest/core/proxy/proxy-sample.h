/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A sample of each message of the proxy, whose numbers all have different
 * values.
 */
#ifndef TESTS_CORE_PROXY_SAMPLE_H
#define TESTS_CORE_PROXY_SAMPLE_H

#include "fsdev/proxy/proxy-proto.h"

/* The encoded message, owned by the caller; its tag is PROXY_SAMPLE_TAG. */
GByteArray *proxy_sample_request(ProxyType type);
GByteArray *proxy_sample_reply(ProxyType type);
/** proxy_sample_types: numbers of all messages, ended by 0. */
extern const ProxyType proxy_sample_types[];

#define PROXY_SAMPLE_TAG 0x01020304

#endif
