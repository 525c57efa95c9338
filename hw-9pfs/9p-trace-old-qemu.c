/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace events by the names of QEMU's own 9pfs: see 9p-trace-old.h.
 *
 * Messages that it has no event for have none here either.
 */
#include "qemu/osdep.h"
#include "9p-trace-old.h"
#include "trace.h"

/*
 * A row names the message and the event.  BOTH: there is an event for the reply
 * as well.
 */
#define OLD_EVENTS(BOTH, ONE) \
    BOTH(VERSION, VERSION, version); \
    BOTH(ATTACH, ATTACH, attach); \
    BOTH(STAT, STAT, stat); \
    BOTH(GETATTR, GETATTR, getattr); \
    BOTH(WALK, WALK, walk); \
    BOTH(OPEN, OPEN, open); \
    BOTH(LCREATE, LCREATE, lcreate); \
    BOTH(READ, READ, read); \
    BOTH(READDIR, READDIR, readdir); \
    BOTH(WRITE, WRITE, write); \
    BOTH(CREATE, CREATE, create); \
    BOTH(SYMLINK, SYMLINK, symlink); \
    BOTH(MKNOD, MKNOD, mknod); \
    BOTH(LOCK, LOCK, lock); \
    BOTH(GETLOCK, GETLOCK, getlock); \
    BOTH(MKDIR, MKDIR, mkdir); \
    BOTH(XATTRWALK, XATTRWALK, xattrwalk); \
    BOTH(READLINK, READLINK, readlink); \
    BOTH(SETATTR, SETATTR, setattr); \
    BOTH(LOPEN, OPEN, open); \
    ONE(FSYNC, FSYNC, fsync); \
    ONE(CLUNK, CLUNK, clunk); \
    ONE(FLUSH, FLUSH, flush); \
    ONE(LINK, LINK, link); \
    ONE(REMOVE, REMOVE, remove); \
    ONE(WSTAT, WSTAT, wstat); \
    ONE(XATTRCREATE, XATTRCREATE, xattrcreate)

#define NOTHING(message, NAME, name) ((void)0)

/* What each of the functions below does for a row, with its arguments. */

#define REQUEST_ON(message, NAME, name) \
    do { \
        if (info->number == P9_T##message) { \
            on = trace_event_get_state_backends(TRACE_V9FS_##NAME); \
        } \
    } while (0)

#define REQUEST(message, NAME, name) \
    do { \
        if (info->number == P9_T##message) { \
            trace_v9fs_##name(tag, info->number, fields); \
        } \
    } while (0)

#define REPLY_ON(message, NAME, name) \
    do { \
        if (info->number == P9_T##message) { \
            on = trace_event_get_state_backends(TRACE_V9FS_##NAME##_RETURN); \
        } \
    } while (0)

#define REPLY(message, NAME, name) \
    do { \
        if (info->number == P9_T##message) { \
            trace_v9fs_##name##_return(tag, id, fields); \
        } \
    } while (0)

bool p9_trace_old_request_on(const P9MessageInfo *info)
{
    bool on = false;

    OLD_EVENTS(REQUEST_ON, REQUEST_ON);
    return on;
}

void p9_trace_old_request(uint16_t tag, const P9MessageInfo *info,
                          const char *fields)
{
    OLD_EVENTS(REQUEST, REQUEST);
}

bool p9_trace_old_reply_on(const P9MessageInfo *info, int result)
{
    bool on = false;

    if (result < 0) {
        on = result == -ECANCELED
             ? trace_event_get_state_backends(TRACE_V9FS_RCANCEL)
             : trace_event_get_state_backends(TRACE_V9FS_RERROR);
    } else if (info) {
        OLD_EVENTS(REPLY_ON, NOTHING);
    }
    return on;
}

void p9_trace_old_reply(uint16_t tag, const P9MessageInfo *info, int result,
                        const char *fields)
{
    uint8_t id = info ? info->number : 0;

    if (result == -ECANCELED) {
        trace_v9fs_rcancel(tag, id);
    } else if (result < 0) {
        trace_v9fs_rerror(tag, id, -result);
    } else if (info) {
        OLD_EVENTS(REPLY, NOTHING);
    }
}
