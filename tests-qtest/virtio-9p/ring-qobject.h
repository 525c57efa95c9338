/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's dictionaries and lists, whose headers QEMU 10.0 has moved.
 */
#ifndef RING_QOBJECT_H
#define RING_QOBJECT_H

#if __has_include("qobject/qdict.h")
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#else
#include "qapi/qmp/qdict.h"
#include "qapi/qmp/qlist.h"
#endif

#endif
