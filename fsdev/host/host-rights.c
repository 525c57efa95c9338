/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this process may do on the host: see host-rights.h. */
#include "fsdev/core/p9-osdep.h"
#include <linux/capability.h>
#include <sys/syscall.h>
#include "fsdev/host/host-rights.h"

bool host_may_chown(void)
{
    struct __user_cap_header_struct header = {
        .version = _LINUX_CAPABILITY_VERSION_3,
    };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    return syscall(SYS_capget, &header, data) == 0 &&
           (data[CAP_TO_INDEX(CAP_CHOWN)].effective & CAP_TO_MASK(CAP_CHOWN));
}
