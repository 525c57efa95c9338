/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of a session, in use and idle.
 *
 * A request serves one message after the other.  Context: event loop.
 */
#ifndef HW_9PFS_9P_REQUEST_POOL_H
#define HW_9PFS_9P_REQUEST_POOL_H

#include "9p-transport.h"

typedef struct P9Session P9Session;

/** p9_request_new: a request for a message of @element.  Never fails. */
P9Request *p9_request_new(P9Session *s, void *element);
/** p9_request_element: what the transport gave to p9_request_new(). */
void *p9_request_element(const P9Request *req);

#endif
