/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the table as functions, for the requests of a session.
 */
#ifndef HW_9PFS_9P_ROWS_H
#define HW_9PFS_9P_ROWS_H

#include "9p-request-int.h"

/** p9_rows: by message number; see P9Session.rows. */
extern const P9RowOps p9_rows[];

#endif
