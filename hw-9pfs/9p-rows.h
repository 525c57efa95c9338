/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of the functions of the rows of the message table.
 */
#ifndef HW_9PFS_9P_ROWS_H
#define HW_9PFS_9P_ROWS_H

#include "9p-request-int.h"

/** p9_rows: by message number, for P9Session.rows. */
extern const P9RowOps p9_rows[];

#endif
