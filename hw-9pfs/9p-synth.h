/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names in a synth export, for the qtest client.
 *
 * Only tests include this header.  The driver defines the names.
 */
#ifndef HW_9PFS_9P_SYNTH_H
#define HW_9PFS_9P_SYNTH_H

#include "fsdev/synth/synth-names.h"

#endif
