/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage that hangs for ever, planted in every place that the local driver
 * passes on its way.
 *
 * A call that may wait for local storage alone, or not at all, must not reach
 * it: the stand-in counts what does.  Every entry of the driver is called for
 * every place, each time on a tree of its own, with the descriptors of its
 * nodes at hand and evicted.  And while a thread that may wait hangs there,
 * others go on with what is elsewhere.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "fsdev/host/host.h"
#include "fsdev/local/local.h"
#include "lib/test-call.h"
#include "hang-tree.h"

enum { PATIENCE_MS = 5000 };

static const char *cannot_mount;

/* ---- what is called --------------------------------------------------- */

static int take_all(void *opaque, const FsDirent *entry)
{
    return 0;
}

static void evict(HangTree *t)
{
    while (node_fd_reclaim(local_table(t->export))) {
        /* more may be closed */
    }
}

typedef void CallFn(HangTree *t, const FsCall *call);

/* On behalf of a user whose files need another owner than they get. */
static const FsCall call_never = {
    .wait = FS_WAIT_NEVER, .cred = { 1, 1 },
};
static const FsCall call_storage = {
    .wait = FS_WAIT_STORAGE, .cred = { 1, 1 },
};

/* Any result is accepted. */
static bool note(HangTree *t, ssize_t ret)
{
    t->refused += ret == -EAGAIN;
    return ret >= 0;
}

static void try_lookup(HangTree *t, const FsCall *call, FsNode *dir,
                       const char *name)
{
    FsNode *node = NULL;
    FsAttr attr;

    if (note(t, fs_lookup(call, dir, name, &node, &attr))) {
        note(t, fs_getattr(call, node, NULL, 0, &attr));
        fs_node_unref(node);
    }
}

static void call_lookup(HangTree *t, const FsCall *call)
{
    try_lookup(t, call, t->d, "file");
    try_lookup(t, call, t->d, "link");
    try_lookup(t, call, t->root, "dir");
}

static void call_lookup_mounted(HangTree *t, const FsCall *call)
{
    try_lookup(t, call, t->d, "m");
}

static void call_getattr(HangTree *t, const FsCall *call)
{
    FsAttr attr;

    note(t, fs_getattr(call, t->f, NULL, 0, &attr));
    note(t, fs_getattr(call, t->f, t->opened, 0, &attr));
    note(t, fs_getattr(call, t->d, NULL, 0, &attr));
    note(t, fs_getattr(call, t->d, t->listed, 0, &attr));
    note(t, fs_getattr(call, t->root, NULL, 0, &attr));
}

static void try_setattr(HangTree *t, const FsCall *call, FsNode *node,
                        FsFile *file, uint32_t valid)
{
    FsSetattr set = { .valid = valid, .mode = 0700, .uid = 1, .gid = 1,
                      .size = 3 };

    note(t, fs_setattr(call, node, file, &set));
}

static void call_setattr(HangTree *t, const FsCall *call)
{
    try_setattr(t, call, t->f, NULL, FS_SET_MODE | FS_SET_UID);
    try_setattr(t, call, t->f, NULL, FS_SET_SIZE);
    try_setattr(t, call, t->f, t->opened, FS_SET_SIZE | FS_SET_MODE);
    try_setattr(t, call, t->d, NULL, FS_SET_MODE | FS_SET_MTIME);
    try_setattr(t, call, t->root, NULL, FS_SET_MODE);
    try_setattr(t, call, t->f, NULL, FS_SET_CTIME);
}

static void call_readlink(HangTree *t, const FsCall *call)
{
    char buf[64];

    note(t, fs_readlink(call, t->l, buf, sizeof(buf)));
    note(t, fs_readlink(call, t->f, buf, sizeof(buf)));
}

static void call_statfs(HangTree *t, const FsCall *call)
{
    struct statfs st;

    note(t, fs_statfs(call, t->d, &st));
    note(t, fs_statfs(call, t->f, &st));
}

static void try_create(HangTree *t, const FsCall *call, const char *name,
                       int flags)
{
    FsNode *node = NULL;
    FsFile *file = NULL;
    FsAttr attr;

    if (note(t, fs_create(call, t->d, name, flags, 0644, &node, &file,
                          &attr))) {
        fs_release(&test_call, file);
        fs_node_unref(node);
    }
}

static void call_create(HangTree *t, const FsCall *call)
{
    try_create(t, call, "new", O_RDWR | O_EXCL);
    try_create(t, call, "file", O_RDWR);
    try_create(t, call, "g", O_RDWR | O_TRUNC);
    try_create(t, call, "m", O_RDWR);
    try_create(t, call, "m", O_RDWR | O_EXCL);
}

static void call_make(HangTree *t, const FsCall *call)
{
    static const char *const names[] = { "new", "m", "file" };
    FsAttr attr;

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *dir = g_strconcat(names[i], i ? "" : "1", NULL);
        g_autofree char *pipe = g_strconcat(names[i], i ? "" : "2", NULL);
        g_autofree char *link = g_strconcat(names[i], i ? "" : "3", NULL);
        g_autofree char *hard = g_strconcat(names[i], i ? "" : "4", NULL);

        note(t, fs_mkdir(call, t->d, dir, 0755, &attr));
        note(t, fs_mknod(call, t->d, pipe, S_IFIFO | 0644, 0, &attr));
        note(t, fs_symlink(call, t->d, link, "f", &attr));
        note(t, fs_link(call, t->f, t->d, hard));
    }
}

static void call_make_whiteout(HangTree *t, const FsCall *call)
{
    FsAttr attr;

    note(t, fs_mknod(call, t->d, "white", S_IFCHR | 0, 0, &attr));
    note(t, fs_rename(call, t->d, "white", t->d, "whiter"));
    note(t, fs_link(call, t->f, t->d, "hard"));
}

static void call_unlink(HangTree *t, const FsCall *call)
{
    note(t, fs_unlink(call, t->d, "file", false));
    note(t, fs_unlink(call, t->d, "m", false));
    note(t, fs_unlink(call, t->d, "m", true));
    note(t, fs_unlink(call, t->root, "dir", true));
}

static void call_rename(HangTree *t, const FsCall *call)
{
    note(t, fs_rename(call, t->d, "m", t->d, "n"));
    note(t, fs_rename(call, t->d, "file", t->d, "m"));
    note(t, fs_rename(call, t->d, "n", t->d, "m"));
    note(t, fs_rename(call, t->d, "file", t->d, "g"));
    note(t, fs_rename(call, t->d, "g", t->root, "f"));
    note(t, fs_rename(call, t->root, "dir", t->root, "e"));
}

static void try_open(HangTree *t, const FsCall *call, FsNode *node, int flags)
{
    FsFile *file = NULL;
    FsAttr attr;

    if (note(t, fs_open_attr(call, node, flags, &file, &attr))) {
        fs_release(&test_call, file);
    }
}

static void call_open(HangTree *t, const FsCall *call)
{
    try_open(t, call, t->f, O_RDONLY);
    try_open(t, call, t->f, O_RDWR | O_TRUNC);
    try_open(t, call, t->d, O_RDONLY);
    try_open(t, call, t->root, O_RDONLY);
}

static void call_io(HangTree *t, const FsCall *call)
{
    char buf[8] = "text";
    struct iovec iov = { buf, 4 };

    note(t, fs_read(call, t->opened, &iov, 1, 0));
    note(t, fs_write(call, t->opened, &iov, 1, 0));
    note(t, fs_fsync(call, t->opened, false));
    if (note(t, fs_release(call, t->opened))) {
        t->opened = NULL;
    }
}

static void call_readdir(HangTree *t, const FsCall *call)
{
    note(t, fs_readdir(call, t->listed, 0, 0, take_all, NULL));
    note(t, fs_readdir(call, t->listed, 0, FS_READDIR_DEV, take_all, NULL));
}

static void call_xattr(HangTree *t, const FsCall *call)
{
    char buf[64];

    note(t, fs_setxattr(call, t->f, "user.x", "x", 1, 0));
    note(t, fs_setxattr(call, t->d, "security.x", "x", 1, 0));
    note(t, fs_getxattr(call, t->f, "user.x", buf, sizeof(buf)));
    note(t, fs_listxattr(call, t->f, buf, sizeof(buf)));
    note(t, fs_listxattr(call, t->d, buf, sizeof(buf)));
    note(t, fs_removexattr(call, t->f, "user.x"));
}

static void call_lock(HangTree *t, const FsCall *call)
{
    FsLock lock = { .type = F_WRLCK, .length = 1 };
    FsLocker *locker = NULL;

    note(t, fs_lock(call, t->locker, &lock));
    note(t, fs_getlock(call, t->locker, &lock));
    if (note(t, fs_locker_open(call, t->opened, &locker))) {
        fs_locker_close(locker);
    }
}

static void call_forget(HangTree *t, const FsCall *call)
{
    char name[NAME_MAX + 1];
    FsNode *dir;

    if (fs_locate(t->f, &dir, name) == 0) {
        fs_node_unref(dir);
    }
    fs_node_unref(fs_parent(t->f));
    g_clear_pointer(&t->l, fs_node_unref);
}

static const struct {
    const char *name;
    CallFn *fn;
} calls[] = {
    { "lookup", call_lookup },
    { "lookup of a mount point", call_lookup_mounted },
    { "getattr", call_getattr },
    { "setattr", call_setattr },
    { "readlink", call_readlink },
    { "statfs", call_statfs },
    { "open", call_open },
    { "readdir", call_readdir },
    { "xattr", call_xattr },
    { "lock", call_lock },
    { "create", call_create },
    { "mkdir, mknod, symlink, link", call_make },
    { "mknod of a whiteout", call_make_whiteout },
    { "read, write, fsync, release", call_io },
    { "rename", call_rename },
    { "unlink", call_unlink },
    { "unref", call_forget },
};

/* ---- in a thread, which has to come back ------------------------------ */

typedef struct Watched {
    HangTree *t;
    CallFn *fn;
    const FsCall *call;
    GMutex lock;
    GCond ended;
    bool has_ended;
} Watched;

static void *run_watched(void *opaque)
{
    Watched *w = opaque;

    w->fn(w->t, w->call);
    g_mutex_lock(&w->lock);
    w->has_ended = true;
    g_cond_signal(&w->ended);
    g_mutex_unlock(&w->lock);
    return NULL;
}

static bool await_end(Watched *w)
{
    int64_t deadline = g_get_monotonic_time() + PATIENCE_MS * 1000;
    bool ended;

    g_mutex_lock(&w->lock);
    while (!w->has_ended &&
           g_cond_wait_until(&w->ended, &w->lock, deadline)) {
        /* again */
    }
    ended = w->has_ended;
    g_mutex_unlock(&w->lock);
    return ended;
}

typedef struct Variant {
    const char *name;
    const FsCall *call;
    bool evicted;
} Variant;

static const Variant variants[] = {
    { "not at all", &call_never, false },
    { "not at all, evicted", &call_never, true },
    { "for local storage", &call_storage, false },
    { "for local storage, evicted", &call_storage, true },
};

/* Let the thread go, as a process that dies waits for it. */
static void G_GNUC_NORETURN fail_hung(HangTree *t, const char *name,
                                      const Variant *v)
{
    uint32_t opcode = fuse_stand_in_await(t->fuse, 0);

    fuse_stand_in_answer(t->fuse);
    g_clear_pointer(&t->automount, automount_free);
    g_error("%s hangs in %s; it may wait %s", name,
            opcode ? fuse_stand_in_opcode_name(opcode) : "an automount",
            v->name);
}

/* Whatever it answers, it must not have come to what hangs. */
static void run_call(HangTree *t, const char *name, CallFn *fn,
                     const Variant *v)
{
    unsigned before = fuse_stand_in_requests(t->fuse);
    Watched w = { .t = t, .fn = fn, .call = v->call };
    GThread *thread = g_thread_new("call", run_watched, &w);
    unsigned requests;

    if (!await_end(&w)) {
        fail_hung(t, name, v);
    }
    g_thread_join(thread);
    requests = fuse_stand_in_requests(t->fuse) - before;
    if (requests || (t->automount && automount_triggered(t->automount))) {
        g_test_message("%s, which may wait %s, made %u requests", name,
                       v->name, requests);
        g_test_fail();
    }
}

static bool plant(HangTree *t, const HangPlace *place)
{
    hang_tree_files(t);
    if (place->before) {
        place->before(t);
    }
    hang_tree_hold(t);
    hang_tree_look_again(t);
    if (!place->before && t->env->fixture.model == FS_SM_MAPPED_FILE &&
        host_features()->mountinfo) {
        g_assert_cmpuint(cred_watch_entries(local_export(t->export)->watch),
                         ==, 3);
    }
    if (place->after) {
        place->after(t);
    }
    return !place->automount || t->automount;
}

static bool run_variant(LocalEnv *env, FuseStandIn *fuse, const char *path,
                        const HangPlace *place, const Variant *v)
{
    HangTree t = {
        .env = env, .fuse = fuse, .fuse_path = path,
        .path = g_strdup(local_env_path(env, "tree")),
    };
    bool planted;

    g_assert_cmpint(mkdir(t.path, 0700), ==, 0);
    planted = plant(&t, place);
    if (planted) {
        fuse_stand_in_hang(fuse, 0);
    }
    for (size_t i = 0; i < ARRAY_SIZE(calls) && planted; i++) {
        if (v->evicted) {
            evict(&t);
        }
        run_call(&t, calls[i].name, calls[i].fn, v);
        if (place->nowhere && v->call->wait == FS_WAIT_STORAGE && t.refused) {
            g_error("%s is refused when nothing hangs", calls[i].name);
        }
    }
    fuse_stand_in_answer(fuse);
    hang_tree_end(&t);
    return planted;
}

static void run_place(LocalEnv *env, const HangPlace *place)
{
    const char *why = cannot_mount;
    const char *path = env->fixture.outside;
    g_autoptr(FuseStandIn) fuse = why ? NULL : fuse_stand_in_new(path, &why);

    if (!fuse) {
        g_test_skip(why);
        return;
    }
    if (!local_is_plain_fs(&env->fixture)) {
        g_test_skip("the folder for tests is on no local file system");
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        if (!run_variant(env, fuse, path, place, &variants[i])) {
            g_test_skip("there is no autofs here");
            return;
        }
    }
}

typedef struct Case {
    FsSecurityModel model;
    const HangPlace *place;
} Case;

static void test_place(gconstpointer opaque)
{
    const Case *c = opaque;
    LOCAL_ENV env = { .fixture = { .model = c->model } };

    local_env_start(&env);
    if (env.export) {
        run_place(&env, c->place);
    }
}

static void add_place(const HangPlace *place, FsSecurityModel model)
{
    g_autofree char *path = g_strdup_printf("/local-hang/%s/%s", place->name,
                                            local_model_name(model));
    Case *c = g_new(Case, 1);

    *c = (Case) { model, place };
    g_test_add_data_func_full(path, c, test_place, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cannot_mount = fuse_stand_in_separate();
    for (size_t i = 0; i < n_hang_places; i++) {
        for (unsigned model = 0; model <= FS_SM_NONE; model++) {
            if (!hang_places[i].mapped_file || model == FS_SM_MAPPED_FILE) {
                add_place(&hang_places[i], model);
            }
        }
    }
    return g_test_run();
}
