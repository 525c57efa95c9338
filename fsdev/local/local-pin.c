/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Path fds that are pinned for a scope, and opening their objects: see local.h
 * and local-int.h.  Context: any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

int local_pin_fd(const FsCall *call, LocalPin *pin, Name *name)
{
    int fd = name_fd_get(call, name);

    if (fd < 0) {
        return fd;
    }
    *pin = (LocalPin) { .name = name, .fd = fd };
    return 0;
}

int local_pin_at_hand(LocalPin *pin, Name *name)
{
    const FsCall call = { .wait = FS_WAIT_NEVER };

    return local_pin_fd(&call, pin, name);
}

int local_pin(const FsCall *call, LocalPin *pin, Name *name)
{
    if (!fs_call_may_wait(call, local_node_reach(local_export_of(name),
                                                 name_node(name)))) {
        return -EAGAIN;
    }
    return local_pin_fd(call, pin, name);
}

void local_unpin(LocalPin *pin)
{
    if (pin->name) {
        name_fd_put(pin->name);
    }
}

int local_reopen(const FsCall *call, int pathfd, int flags)
{
    return fs_call_may_block(call) ? host_reopen(pathfd, flags)
                                   : host_reopen_brief(pathfd, flags);
}
