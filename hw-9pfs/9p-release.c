/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing files and lockers in another thread: see 9p-release.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-release.h"

typedef struct Release {
    P9Job job;
    P9Session *session;         /* counted */
    FsFile *file;               /* owned; may be NULL */
    FsLocker *locker;           /* owned; may be NULL */
    void (*closed)(P9Session *s);
} Release;

/* Context: worker, or a thread for jobs that are apart. */
static void release_run(P9Job *job)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };
    Release *release = container_of(job, Release, job);

    fs_release(&call, release->file);
    fs_locker_close(release->locker);
}

static void release_done(P9Job *job)
{
    Release *release = container_of(job, Release, job);

    if (job->refused) {
        /* The process cannot start a thread, but must not lose descriptors. */
        release_run(job);
    }
    if (release->closed) {
        release->closed(release->session);
    }
    p9_session_unref(release->session);
    g_free(release);
}

static void release_submit(const Release *what)
{
    Release *release = g_new(Release, 1);
    P9Session *s = what->session;

    *release = *what;
    release->job.run = release_run;
    release->job.done = release_done;
    p9_session_ref(s);
    s->exec->submit(s->exec, &release->job);
}

void p9_release_file(P9Session *s, FsFile *file)
{
    bool apart = file->remote ||
                 fs_node_reach(file->node) == FS_WAIT_ANYTHING;

    release_submit(&(Release) { .job.apart = apart, .session = s,
                                .file = file });
}

void p9_release_locker(P9Session *s, FsLocker *locker,
                       void (*closed)(P9Session *s))
{
    release_submit(&(Release) { .job.apart = locker->remote, .session = s,
                                .locker = locker, .closed = closed });
}
