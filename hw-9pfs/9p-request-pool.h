/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The requests of a session, those in use and idle ones.
 *
 * A request is used again for another message.  Context: event loop.
 */
#ifndef HW_9PFS_9P_REQUEST_POOL_H
#define HW_9PFS_9P_REQUEST_POOL_H

#include "9p-transport.h"

typedef struct P9Session P9Session;

/** p9_request_new: a request for the message in @element.  Never fails. */
P9Request *p9_request_new(P9Session *s, void *element);
/** p9_request_element: the element that p9_request_new() was called with. */
void *p9_request_element(const P9Request *req);

#endif
