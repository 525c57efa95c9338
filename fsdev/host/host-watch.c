/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches of inodes and mounts: see host-watch.h.
 *
 * Used by the models that store values beside files, from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"
#include "fsdev/host/host-watch.h"

#include <poll.h>
#include <sys/inotify.h>

struct HostWatch {
    int events;                 /* owned inotify descriptor */
    int mounts;                 /* owned; /proc/self/mountinfo */
};

static const uint32_t masks[] = {
    [HOST_WATCH_FILE] = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVE_SELF |
                        IN_DELETE_SELF,
    [HOST_WATCH_PLACE] = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF,
};

HostWatch *host_watch_new(void)
{
    int mountinfo = host_mountinfo_fd();
    HOST_FD mounts = -1;
    HOST_FD events = -1;
    HostWatch *watch;

    if (mountinfo < 0) {
        return NULL;
    }
    /* Each open file reports a change once, so it is not to be shared. */
    mounts = host_reopen(mountinfo, O_RDONLY);
    if (mounts < 0) {
        return NULL;
    }
    events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (events < 0) {
        return NULL;
    }
    watch = g_new0(HostWatch, 1);
    watch->events = host_fd_steal(&events);
    watch->mounts = host_fd_steal(&mounts);
    return watch;
}

void host_watch_free(HostWatch *watch)
{
    if (watch) {
        close(watch->events);
        close(watch->mounts);
        g_free(watch);
    }
}

int host_watch_add(HostWatch *watch, int fd, HostWatchKind kind)
{
    char path[sizeof(PROC_FD_DIR "/") + sizeof(((ProcName *)0)->entry)];
    ProcName name;

    /*
     * This path leads to the inode itself, but the call cannot start from the
     * open /proc/self/fd.  Another root may be a directory that guests write.
     */
    if (!host_root_is_kept()) {
        return -ENOENT;
    }
    proc_name(&name, fd);
    snprintf(path, sizeof(path), PROC_FD_DIR "/%s", name.entry);
    return NEG_ERRNO(inotify_add_watch(watch->events, path,
                                       masks[kind] | IN_ONESHOT));
}

void host_watch_remove(HostWatch *watch, int mark)
{
    inotify_rm_watch(watch->events, mark);
}

/* Take what is in the queue.  Returns whether reports were lost. */
static bool take_events(HostWatch *watch, void (*gone)(void *opaque, int mark),
                        void *opaque)
{
    union {
        struct inotify_event event;
        char bytes[4096];
    } buf;
    bool lost = false;
    ssize_t len;

    do {
        len = NEG_ERRNO(read(watch->events, &buf, sizeof(buf)));
        for (ssize_t at = 0; at < len;) {
            const struct inotify_event *event =
                (const struct inotify_event *)(buf.bytes + at);

            if (event->mask & IN_Q_OVERFLOW) {
                lost = true;
            } else {
                gone(opaque, event->wd);
            }
            at += sizeof(*event) + event->len;
        }
        /* Marks are on inodes themselves, so no event has a name. */
    } while (len == sizeof(buf));
    return lost;
}

bool host_watch_check(HostWatch *watch, void (*gone)(void *opaque, int mark),
                      void *opaque)
{
    struct pollfd fds[] = {
        { .fd = watch->events, .events = POLLIN },
        { .fd = watch->mounts, .events = POLLPRI },
    };
    bool all = false;
    int ret = NEG_ERRNO(poll(fds, ARRAY_SIZE(fds), 0));

    if (ret <= 0) {
        return ret < 0;
    }
    if (fds[0].revents) {
        all = take_events(watch, gone, opaque);
    }
    return all || fds[1].revents;
}
