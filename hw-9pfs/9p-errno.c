/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Host errno values and the numbers on the wire: see 9p-errno.h.
 *
 * Values up to 34 are the same on every Linux architecture.  The table lists
 * the higher ones that file systems return.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-errno.h"

#define P9_ERRNO_MAX 4095       /* the highest error number of Linux */
#define P9_EIO       5

static const struct {
    int host;
    uint32_t wire;
} errno_map[] = {
    { EDEADLK, 35 },
    { ENAMETOOLONG, 36 },
    { ENOLCK, 37 },
    { ENOSYS, 38 },
    { ENOTEMPTY, 39 },
    { ELOOP, 40 },
    { ENODATA, 61 },
    { ETIME, 62 },
    { ENOLINK, 67 },
    { EPROTO, 71 },
    { EBADMSG, 74 },
    { EOVERFLOW, 75 },
    { EILSEQ, 84 },
    { EUSERS, 87 },
    { EMSGSIZE, 90 },
    { EOPNOTSUPP, 95 },
    { ENETUNREACH, 101 },
    { ECONNRESET, 104 },
    { ENOBUFS, 105 },
    { ETIMEDOUT, 110 },
    { ECONNREFUSED, 111 },
    { EHOSTDOWN, 112 },
    { EHOSTUNREACH, 113 },
    { EALREADY, 114 },
    { EINPROGRESS, 115 },
    { ESTALE, 116 },
    { EUCLEAN, 117 },
    { EREMOTEIO, 121 },
    { EDQUOT, 122 },
    { ENOMEDIUM, 123 },
    { ECANCELED, 125 },
    { EKEYEXPIRED, 127 },
};

uint32_t p9_errno_to_wire(int error)
{
    for (size_t i = 0; i < ARRAY_SIZE(errno_map); i++) {
        if (errno_map[i].host == error) {
            return errno_map[i].wire;
        }
    }
    /* With any other number the client would fail with EPROTO. */
    return error > 0 && error <= P9_ERRNO_MAX ? error : P9_EIO;
}
