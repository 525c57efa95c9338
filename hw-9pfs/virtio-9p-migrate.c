/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration of a mounted virtio-9p device: see virtio-9p-migrate.h.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "fsdev/core/qemu-compat.h"
#include "9p-state.h"
#include "virtio-9p-element.h"
#include "virtio-9p-find.h"
#include "virtio-9p-migrate.h"

/* How long requests may take to end, the loop to come, and locks to be had */
#define SAVE_MS     5000
/* How long to wait for one event before looking at all of them again */
#define STEP_MS     5

struct P9Migrate {
    gint refs;                  /* atomic: of the device, threads and BHs */
    VirtIODevice *vdev;         /* borrowed, as … */
    P9Server *server;           /* … this; NULL once ended */
    FsExport *export;           /* counted */
    P9Loop *loop;               /* counted */
    P9Ring *ring;               /* counted */
    char *mount_tag;
    bool allowed;
    bool stop;                  /* on-lost=stop */
    GByteArray *saved;          /* owned; NULL: nothing … */
    GByteArray *loaded;         /* … as here; not installed yet */

    /* Locks that were released when the state was saved; BQL */
    P9HeldLocks *held;          /* owned; NULL: none */
    bool drop;                  /* they are not to be taken again */
    bool owes_open;             /* p9_ring_resume() when they are taken */
    GThread *thread;            /* releases or takes them; to be joined */
    gint working;               /* atomic: threads that have not ended */
    unsigned failed;            /* locks that it could not take */
};

/* ---- properties ---- */

static bool is_one_of(const char *value, const char *const *names)
{
    return !value || g_strv_contains(names, value);
}

bool p9_migrate_check(const char *migration, const char *on_lost, Error **errp)
{
    static const char *const modes[] = { "auto", "paths", "off", NULL };
    static const char *const rules[] = { "error", "stop", NULL };

    if (!is_one_of(migration, modes)) {
        error_setg(errp, "migration=%s is not valid; allowed are auto, paths "
                   "and off", migration);
        return false;
    }
    if (!is_one_of(on_lost, rules)) {
        error_setg(errp, "on-lost=%s is not valid; allowed are error and stop",
                   on_lost);
        return false;
    }
    return true;
}

bool p9_migrate_is_allowed(const char *migration)
{
    return g_strcmp0(migration, "off") != 0;
}

/* ---- begin and end ---- */

P9Migrate *p9_migrate_new(VirtIODevice *vdev, FsExport *export, P9Loop *loop,
                          P9Ring *ring, P9Server *server, const char *mount_tag,
                          const char *migration, const char *on_lost)
{
    P9Migrate *m = g_new0(P9Migrate, 1);

    m->refs = 1;
    m->vdev = vdev;
    m->server = server;
    m->export = fs_export_ref(export);
    m->loop = p9_loop_ref(loop);
    m->ring = p9_ring_ref(ring);
    m->mount_tag = g_strdup(mount_tag);
    m->allowed = p9_migrate_is_allowed(migration);
    m->stop = !g_strcmp0(on_lost, "stop");
    return m;
}

static void migrate_unref(P9Migrate *m)
{
    if (g_atomic_int_dec_and_test(&m->refs)) {
        fs_export_unref(m->export);
        p9_loop_unref(m->loop);
        p9_ring_unref(m->ring);
        g_free(m->mount_tag);
        g_free(m);
    }
}

typedef struct FreeLocks {
    P9HeldLocks *held;          /* owned */
    P9Loop *loop;               /* counted */
} FreeLocks;

/* Context: the loop. */
static void free_locks_bh(void *opaque)
{
    g_autofree FreeLocks *it = opaque;

    p9_held_locks_free(it->held);
    p9_loop_unref(it->loop);
}

/* The session may have been freed by its owner, but not by its locks. */
static void free_locks(P9Migrate *m)
{
    FreeLocks *it;

    m->drop = false;
    if (m->held) {
        it = g_new(FreeLocks, 1);
        it->held = g_steal_pointer(&m->held);
        it->loop = p9_loop_ref(m->loop);
        aio_bh_schedule_oneshot(p9_loop_context(m->loop), free_locks_bh, it);
    }
}

/* ---- locks ---- */

static void step(P9Migrate *m);

static void join(P9Migrate *m)
{
    if (m->thread) {
        g_thread_join(g_steal_pointer(&m->thread));
    }
}

/* The locks are as they were, as far as possible. */
static void taken(P9Migrate *m)
{
    join(m);
    if (m->failed) {
        warn_report("9p mount tag '%s': %u locks of the guest were taken by "
                    "others after its state was saved", m->mount_tag,
                    m->failed);
    }
    m->failed = 0;
    free_locks(m);
    m->owes_open = false;
    p9_ring_resume(m->ring);
    if (m->server) {
        p9_server_resume(m->server);
    }
}

static void taken_bh(void *opaque)
{
    P9Migrate *m = opaque;

    if (m->owes_open && !g_atomic_int_get(&m->working)) {
        taken(m);
    }
    migrate_unref(m);
}

static void *release_thread(void *opaque)
{
    P9Migrate *m = opaque;

    p9_held_locks_release(m->held);
    g_atomic_int_add(&m->working, -1);
    migrate_unref(m);
    return NULL;
}

/* @before, which may be NULL, has to end first. */
typedef struct Take {
    P9Migrate *m;               /* counted, also for taken_bh() */
    GThread *before;
} Take;

static void *take_thread(void *opaque)
{
    g_autofree Take *take = opaque;
    P9Migrate *m = take->m;

    if (take->before) {
        g_thread_join(take->before);
    }
    m->failed = p9_held_locks_take(m->held);
    g_atomic_int_add(&m->working, -1);
    aio_bh_schedule_oneshot(qemu_get_aio_context(), taken_bh, m);
    return NULL;
}

/* Wait until the thread has ended; false if it takes too long. */
static bool await_thread(P9Migrate *m, int64_t end)
{
    while (g_atomic_int_get(&m->working)) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        step(m);
    }
    join(m);
    return true;
}

static int release_locks(P9Migrate *m, int64_t end)
{
    g_atomic_int_inc(&m->working);
    g_atomic_int_inc(&m->refs);
    m->thread = g_thread_try_new("9p-locks", release_thread, m, NULL);
    if (!m->thread) {
        g_atomic_int_add(&m->working, -1);
        migrate_unref(m);
        free_locks(m);
        return -EAGAIN;
    }
    return await_thread(m, end) ? 0 : -ETIMEDOUT;
}

/* Begin to take the locks again.  False if there is no need, or no thread. */
static bool begin_to_take(P9Migrate *m)
{
    Take *take = g_new(Take, 1);

    take->m = m;
    take->before = g_steal_pointer(&m->thread);
    g_atomic_int_inc(&m->working);
    g_atomic_int_inc(&m->refs);
    m->thread = g_thread_try_new("9p-locks", take_thread, take, NULL);
    if (m->thread) {
        return true;
    }
    g_atomic_int_add(&m->working, -1);
    m->thread = take->before;
    migrate_unref(m);
    g_free(take);
    return false;
}

bool p9_migrate_resume(P9Migrate *m)
{
    if (!m->held || m->owes_open) {
        return true;            /* or another p9_ring_resume() is to come */
    }
    if (m->drop) {
        if (!g_atomic_int_get(&m->working)) {
            join(m);
            free_locks(m);
        }
        return true;
    }
    if (begin_to_take(m)) {
        m->owes_open = true;
        return false;
    }
    warn_report("9p mount tag '%s': the process can start no more threads, so "
                "the guest's locks are lost", m->mount_tag);
    return true;
}

void p9_migrate_reset(P9Migrate *m)
{
    m->drop = m->held != NULL;
}

void p9_migrate_end(P9Migrate *m)
{
    m->server = NULL;
    m->vdev = NULL;
    p9_migrate_forget(m);
    /* A thread that still works on them leaves them allocated. */
    if (!g_atomic_int_get(&m->working)) {
        join(m);
        free_locks(m);
    }
    migrate_unref(m);
}

/* ---- waiting for the loop ---- */

/*
 * Let others get on.  The BQL must not be held on to while the loop waits for
 * it: what the loop wants it for has been done when the VM stopped.
 */
static void step(P9Migrate *m)
{
    if (p9_loop_is_main(m->loop)) {
        aio_poll(qemu_get_aio_context(), false);
    }
    if (p9_ring_wants_bql(m->ring)) {
        bql_unlock();
        g_usleep(1000);
        bql_lock();
    } else {
        g_usleep(1000);
    }
}

/* p9_server_call(), with patience */
static bool call(P9Migrate *m, void (*fn)(P9Session *s, void *opaque),
                 void *opaque, int64_t end)
{
    while (!p9_server_call(m->server, fn, opaque, STEP_MS)) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        step(m);
    }
    return true;
}

static int64_t time_in(unsigned ms)
{
    return g_get_monotonic_time() + (int64_t)ms * 1000;
}

/* ---- saving ---- */

typedef struct Save {
    P9StateOptions options;
    bool release;               /* its locks */
    GByteArray *bytes;          /* owned; NULL: there is nothing to save */
    P9HeldLocks *held;          /* owned */
    int ret;
    char *why;                  /* owned */
} Save;

static void save(P9Session *s, void *opaque)
{
    Save *to = opaque;

    if (!p9_state_needed(s)) {
        to->ret = 0;
        return;
    }
    to->bytes = g_byte_array_new();
    to->ret = p9_state_save(s, &to->options, to->bytes, &to->why);
    if (to->ret < 0) {
        g_clear_pointer(&to->bytes, g_byte_array_unref);
    } else if (to->release) {
        to->held = p9_held_locks_new(s);
    }
}

static int save_all(P9Migrate *m, Save *to)
{
    int64_t end = time_in(SAVE_MS);

    if (!p9_guest_is_shut(p9_ring_guest(m->ring))) {
        to->why = g_strdup("the VM is running");
        return -EBUSY;
    }
    if (!await_thread(m, end)) {
        to->why = g_strdup("locks are still being taken");
        return -ETIMEDOUT;
    }
    /* What a save before this one released belongs to the state as well. */
    if (m->held && !m->owes_open && !m->drop) {
        m->failed = p9_held_locks_take(m->held);
    }
    if (m->owes_open) {
        taken(m);
    } else {
        free_locks(m);
    }
    do {
        if (!call(m, save, to, end)) {
            to->why = g_strdup("the device's thread is held up by the host's "
                               "storage");
            return -ETIMEDOUT;
        }
        if (to->ret != -EAGAIN) {
            break;
        }
        step(m);
    } while (g_get_monotonic_time() < end);
    if (to->ret == -EAGAIN) {
        to->why = g_strdup("requests do not end; the host's storage may have "
                           "stopped answering");
    }
    if (to->held) {
        m->held = to->held;
        if (release_locks(m, end) < 0) {
            to->why = g_strdup("locks cannot be released");
            return -EAGAIN;
        }
    }
    return to->ret;
}

int p9_migrate_save(P9Migrate *m)
{
    Save to = {
        .options = {
            .refuse_losses = m->stop,
            .describe = p9_element_describe,
        },
        /* For a snapshot, the locks stay here. */
        .release = runstate_check(RUN_STATE_FINISH_MIGRATE),
        .ret = -EAGAIN,
    };
    int ret;

    p9_migrate_forget(m);
    if (!m->allowed) {
        return 0;               /* a blocker keeps it from being mounted */
    }
    ret = save_all(m, &to);
    if (ret < 0) {
        error_report("9p mount tag '%s' cannot be saved: %s", m->mount_tag,
                     to.why);
        if (to.bytes) {
            g_byte_array_unref(to.bytes);
        }
    } else {
        m->saved = to.bytes;
    }
    g_free(to.why);
    return ret;
}

const GByteArray *p9_migrate_saved(P9Migrate *m)
{
    return m->saved;
}

void p9_migrate_forget(P9Migrate *m)
{
    g_clear_pointer(&m->saved, g_byte_array_unref);
    g_clear_pointer(&m->loaded, g_byte_array_unref);
}

void p9_migrate_set_loaded(P9Migrate *m, GByteArray *bytes)
{
    p9_migrate_forget(m);
    m->loaded = bytes;
}

/* ---- loading ---- */

/* Map the buffers of all requests.  What was adopted stays so on failure. */
static int adopt_requests(P9Migrate *m, P9State *state, char **why)
{
    P9StateRequest *requests;
    unsigned n;

    requests = p9_state_requests(state, &n);
    for (unsigned i = 0; i < n; i++) {
        P9StateRequest *req = &requests[i];
        const char *problem = "a request in flight is there twice";
        P9RingElement *e = p9_element_restore(m->vdev, req->place,
                                              req->place_size, &problem);

        if (e && !p9_ring_adopt(m->ring, e)) {
            p9_element_free(m->vdev, e);
            e = NULL;
        }
        if (!e) {
            *why = g_strdup(problem);
            return -EINVAL;
        }
        req->element = e;
        req->out = e->elem.out_sg;
        req->out_cnt = e->elem.out_num;
        req->in = e->elem.in_sg;
        req->in_cnt = e->elem.in_num;
    }
    return 0;
}

typedef struct Install {
    P9State *state;
    unsigned generation;
    int ret;
    char *why;                  /* owned */
} Install;

static void install(P9Session *s, void *opaque)
{
    Install *it = opaque;

    p9_session_reset(s, it->generation);
    it->ret = p9_state_install(it->state, s, &it->why);
    if (it->ret < 0) {
        p9_session_reset(s, it->generation);
    }
}

static int load(P9Migrate *m, const GByteArray *bytes, char **why)
{
    P9State *state = p9_state_decode(bytes->data, bytes->len, why);
    g_autofree char *losses = NULL;
    Install it = { .ret = -ETIMEDOUT };
    int ret;

    if (!state) {
        return -EINVAL;
    }
    ret = p9_find_objects(m->export, m->stop, &state, why);
    if (ret < 0) {
        return ret;
    }
    losses = p9_state_losses(state);
    ret = adopt_requests(m, state, why);
    if (ret == 0) {
        it.state = state;
        it.generation = p9_guest_generation(p9_ring_guest(m->ring));
        if (!call(m, install, &it, time_in(SAVE_MS))) {
            it.why = g_strdup("the device's thread is held up by the host's "
                              "storage");
        }
        ret = it.ret;
        *why = it.why;
    }
    p9_state_free(state);
    if (ret == 0 && losses) {
        warn_report("9p mount tag '%s': %s", m->mount_tag, losses);
    }
    return ret;
}

int p9_migrate_load(P9Migrate *m)
{
    g_autoptr(GByteArray) bytes = g_steal_pointer(&m->loaded);
    g_autofree char *why = NULL;
    int ret = -EINVAL;

    if (!bytes) {
        return 0;
    }
    if (!m->allowed) {
        why = g_strdup("migration=off");
    } else if (!p9_guest_is_shut(p9_ring_guest(m->ring))) {
        why = g_strdup("the VM is running");
    } else {
        ret = load(m, bytes, &why);
    }
    if (ret < 0) {
        error_report("9p mount tag '%s' cannot be loaded: %s", m->mount_tag,
                     why);
        return -EINVAL;
    }
    /* What the guest queued before it was stopped has not been noticed here. */
    p9_server_look(m->server);
    return 0;
}
