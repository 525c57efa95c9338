/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of each row of the message table: a generated one that pins
 * the fids of the message, and its prepare, run and finish.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-ops.h"
#include "9p-rows.h"

/* pin_<name>(): pin or reserve the fids in the FID and NEWFID fields. */
#define U8(f)
#define U16(f)
#define U32(f)
#define U64(f)
#define STR(f)
#define TEXT(f)
#define NAME(f, dot, dotdot)
#define NAMES(f)
#define DATA(f)
#define STAT(f)
#define OPT_U32(f, absent)
#define OPT_STR(f)
#define FID(f, unknown, states, wrong) \
    if (!ret) { \
        ret = p9_request_pin(req, m->f, unknown, P9_FID_##states, wrong); \
    }
#define NEWFID(f) \
    if (!ret) { \
        ret = p9_fid_reserve(req->session, m->f, &req->newfid); \
    }
#define T(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_fields, r_fields) \
    static int pin_##name(P9Request *req G_GNUC_UNUSED) \
    { \
        const struct P9T##name *m G_GNUC_UNUSED = &req->t.name; \
        int ret = 0; \
        t_fields \
        return ret; \
    }
#include "9p-messages.def"

#define P9_OP_YES(fn) fn
#define P9_OP_NO(fn) NULL
const P9RowOps p9_rows[] = {
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare_, run_, finish_, t, r) \
    [number] = { \
        .pin = pin_##name, \
        .prepare = P9_OP_##prepare_(p9_##name##_prepare), \
        .run = P9_OP_##run_(p9_##name##_run), \
        .finish = P9_OP_##finish_(p9_##name##_finish), \
    },
#include "9p-messages.def"
};
