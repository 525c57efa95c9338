/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault injection: see fault.h.
 *
 * The export, its nodes and its files remain those of the driver; only the
 * export's vtable is replaced, by a copy whose entries apply the rules first.
 * So entries that this file does not wrap are called directly, and entries
 * that the driver lacks stay NULL.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/fault.h"

typedef struct ActiveRule {
    FaultRule rule;
    unsigned seen;              /* calls of its operation so far */
    unsigned used;              /* calls that it has acted on */
    unsigned last;              /* value of @seen when it last acted */
} ActiveRule;

struct Fault {
    FsDriver driver;            /* what the export points to */
    const FsDriver *inner;      /* what it pointed to before; borrowed */
    gint remote;                /* atomic */
    GMutex lock;                /* guards the rest */
    GCond changed;
    GArray *rules;              /* of ActiveRule */
    unsigned calls[FAULT_OPS];
    unsigned waiting;           /* calls being held or delayed */
    uint64_t let_go;            /* calls of fault_let_go() so far */
};

static Fault *fault_of(const FsExport *export)
{
    return container_of((FsDriver *)export->driver, Fault, driver);
}

/* ---- rules ---- */

static bool rule_meets(const ActiveRule *active, FaultOp op)
{
    return active->rule.op == op || active->rule.op == FAULT_ANY;
}

/* Whether the next call is one that the rule acts on. */
static bool rule_is_due(const ActiveRule *active)
{
    const FaultRule *rule = &active->rule;

    return active->seen >= rule->skip &&
           (active->seen - rule->skip) % MAX(rule->every, 1) == 0 &&
           (!rule->times || active->used < rule->times);
}

static bool rule_waits(const FaultRule *rule)
{
    return rule->hold || rule->delay_ms;
}

/* The rule that acts on this call, or NULL.  The lock is held. */
static ActiveRule *find_rule(Fault *fault, FaultOp op)
{
    for (unsigned i = 0; i < fault->rules->len; i++) {
        ActiveRule *active = &g_array_index(fault->rules, ActiveRule, i);

        if (rule_meets(active, op) && rule_is_due(active)) {
            return active;
        }
    }
    return NULL;
}

static void count_call(Fault *fault, FaultOp op)
{
    fault->calls[op]++;
    for (unsigned i = 0; i < fault->rules->len; i++) {
        ActiveRule *active = &g_array_index(fault->rules, ActiveRule, i);

        active->seen += rule_meets(active, op);
    }
}

/* The lock is held on entry and return, and released while waiting. */
static void wait_for_end(Fault *fault, const FaultRule *rule)
{
    gint64 end = g_get_monotonic_time() + (gint64)rule->delay_ms * 1000;
    uint64_t before = fault->let_go;
    bool in_time = true;

    fault->waiting++;
    g_cond_broadcast(&fault->changed);
    while (fault->let_go == before && (rule->hold || in_time)) {
        if (rule->hold) {
            g_cond_wait(&fault->changed, &fault->lock);
        } else {
            in_time = g_cond_wait_until(&fault->changed, &fault->lock, end);
        }
    }
    fault->waiting--;
}

/*
 * Apply the rules to a call before the driver is called.  A result < 0 is the
 * call's result.  *@most is lowered to the number of bytes that a read or
 * write may move; it is NULL for other calls.
 */
static int fault_enter(const FsCall *call, const FsExport *export, FaultOp op,
                       size_t *most)
{
    Fault *fault = fault_of(export);
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED =
        g_mutex_locker_new(&fault->lock);
    ActiveRule *active = find_rule(fault, op);
    FaultRule rule;

    if (active && call->wait == FS_WAIT_NEVER && rule_waits(&active->rule)) {
        return -EAGAIN;
    }
    count_call(fault, op);
    if (!active) {
        return 0;
    }
    active->used++;
    active->last = active->seen;
    /* The array may change during the wait. */
    rule = active->rule;
    if (rule_waits(&rule)) {
        wait_for_end(fault, &rule);
    }
    if (most && rule.bytes) {
        *most = MIN(*most, rule.bytes);
    }
    return -rule.error;
}

/*
 * Called with the driver's result @ret, which is returned.  A call that would
 * have had to sleep is made again, so the rules must not count it now.
 */
static ssize_t fault_leave(const FsCall *call, const FsExport *export,
                           FaultOp op, ssize_t ret)
{
    Fault *fault = fault_of(export);

    if (ret != -EAGAIN || call->wait > FS_WAIT_NEVER) {
        return ret;
    }
    g_mutex_lock(&fault->lock);
    fault->calls[op]--;
    for (unsigned i = 0; i < fault->rules->len; i++) {
        ActiveRule *active = &g_array_index(fault->rules, ActiveRule, i);

        if (rule_meets(active, op) && active->seen) {
            active->used -= active->used && active->last == active->seen;
            active->seen--;
        }
    }
    g_mutex_unlock(&fault->lock);
    return ret;
}

/* ---- the calls ---- */

/* Calls without payload: apply the rules, then call the driver. */
#define FAULT_CALL(type, NAME, entry, object, params, args) \
    static type fault_##entry params \
    { \
        FsExport *export = object->export; \
        int ret = fault_enter(call, export, FAULT_##NAME, NULL); \
        return ret < 0 ? ret \
                       : fault_leave(call, export, FAULT_##NAME, \
                                     fault_of(export)->inner->entry args); \
    }

FAULT_CALL(int, LOOKUP, lookup, dir,
           (const FsCall *call, FsNode *dir, const char *name, FsNode **node,
            FsAttr *attr),
           (call, dir, name, node, attr))
FAULT_CALL(int, GETATTR, getattr, node,
           (const FsCall *call, FsNode *node, FsFile *file, unsigned flags,
            FsAttr *attr),
           (call, node, file, flags, attr))
FAULT_CALL(int, SETATTR, setattr, node,
           (const FsCall *call, FsNode *node, FsFile *file,
            const FsSetattr *set),
           (call, node, file, set))
FAULT_CALL(ssize_t, READLINK, readlink, node,
           (const FsCall *call, FsNode *node, char *buf, size_t size),
           (call, node, buf, size))
FAULT_CALL(int, STATFS, statfs, node,
           (const FsCall *call, FsNode *node, struct statfs *st),
           (call, node, st))
FAULT_CALL(int, MKDIR, mkdir, dir,
           (const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
            FsAttr *attr),
           (call, dir, name, mode, attr))
FAULT_CALL(int, MKNOD, mknod, dir,
           (const FsCall *call, FsNode *dir, const char *name, uint32_t mode,
            uint64_t rdev, FsAttr *attr),
           (call, dir, name, mode, rdev, attr))
FAULT_CALL(int, SYMLINK, symlink, dir,
           (const FsCall *call, FsNode *dir, const char *name,
            const char *target, FsAttr *attr),
           (call, dir, name, target, attr))
FAULT_CALL(int, LINK, link, node,
           (const FsCall *call, FsNode *node, FsNode *dir, const char *name),
           (call, node, dir, name))
FAULT_CALL(int, UNLINK, unlink, dir,
           (const FsCall *call, FsNode *dir, const char *name, bool is_dir),
           (call, dir, name, is_dir))
FAULT_CALL(int, RENAME, rename, dir,
           (const FsCall *call, FsNode *dir, const char *name, FsNode *newdir,
            const char *newname),
           (call, dir, name, newdir, newname))
FAULT_CALL(int, FSYNC, fsync, file->node,
           (const FsCall *call, FsFile *file, bool datasync),
           (call, file, datasync))
FAULT_CALL(int, READDIR, readdir, file->node,
           (const FsCall *call, FsFile *file, uint64_t cookie, unsigned flags,
            FsDirSink *sink, void *opaque),
           (call, file, cookie, flags, sink, opaque))
FAULT_CALL(ssize_t, GETXATTR, getxattr, node,
           (const FsCall *call, FsNode *node, const char *name, void *buf,
            size_t size),
           (call, node, name, buf, size))
FAULT_CALL(ssize_t, LISTXATTR, listxattr, node,
           (const FsCall *call, FsNode *node, char *buf, size_t size),
           (call, node, buf, size))
FAULT_CALL(int, SETXATTR, setxattr, node,
           (const FsCall *call, FsNode *node, const char *name,
            const void *value, size_t size, int flags),
           (call, node, name, value, size, flags))
FAULT_CALL(int, REMOVEXATTR, removexattr, node,
           (const FsCall *call, FsNode *node, const char *name),
           (call, node, name))
FAULT_CALL(int, LOCKER_OPEN, locker_open, file->node,
           (const FsCall *call, FsFile *file, bool may_write,
            FsLocker **locker),
           (call, file, may_write, locker))
FAULT_CALL(int, LOCK, lock, locker,
           (const FsCall *call, FsLocker *locker, const FsLock *lock),
           (call, locker, lock))
FAULT_CALL(int, GETLOCK, getlock, locker,
           (const FsCall *call, FsLocker *locker, FsLock *lock),
           (call, locker, lock))

/* Calls that open a file also set its field "remote". */

static int opened(Fault *fault, int ret, FsFile **file)
{
    if (ret == 0 && g_atomic_int_get(&fault->remote)) {
        (*file)->remote = true;
    }
    return ret;
}

static int fault_create(const FsCall *call, FsNode *dir, const char *name,
                        int flags, uint32_t mode, FsNode **node, FsFile **file,
                        FsAttr *attr)
{
    Fault *fault = fault_of(dir->export);
    int ret = fault_enter(call, dir->export, FAULT_CREATE, NULL);

    return ret < 0 ? ret
                   : opened(fault,
                            fault->inner->create(call, dir, name, flags, mode,
                                                 node, file, attr),
                            file);
}

static int fault_open(const FsCall *call, FsNode *node, int flags,
                      FsFile **file)
{
    Fault *fault = fault_of(node->export);
    int ret = fault_enter(call, node->export, FAULT_OPEN, NULL);

    return ret < 0 ? ret
                   : opened(fault, fault->inner->open(call, node, flags, file),
                            file);
}

/* Calls that release something can be delayed, but cannot fail. */

static const FsCall patient = { .wait = FS_WAIT_ANYTHING };

static void fault_release(FsFile *file)
{
    FsExport *export = file->node->export;

    fault_enter(&patient, export, FAULT_RELEASE, NULL);
    fault_of(export)->inner->release(file);
}

static void fault_locker_close(FsLocker *locker)
{
    FsExport *export = locker->export;

    fault_enter(&patient, export, FAULT_LOCKER_CLOSE, NULL);
    fault_of(export)->inner->locker_close(locker);
}

/* ---- payload ---- */

typedef struct Transfer {
    const FsCall *call;
    FsFile *file;
    const struct iovec *iov;
    int iovcnt;
    uint64_t offset;
} Transfer;

typedef ssize_t FaultIo(const FsCall *call, FsFile *file,
                        const struct iovec *iov, int iovcnt, uint64_t offset);

static ssize_t fault_transfer(const Transfer *t, FaultOp op, FaultIo *inner)
{
    g_autofree struct iovec *iov = g_new(struct iovec, t->iovcnt);
    FsExport *export = t->file->node->export;
    size_t most = SSIZE_MAX;
    int ret = fault_enter(t->call, export, op, &most);
    int n;

    if (ret < 0) {
        return ret;
    }
    for (n = 0; n < t->iovcnt && most; n++) {
        iov[n] = t->iov[n];
        iov[n].iov_len = MIN(iov[n].iov_len, most);
        most -= iov[n].iov_len;
    }
    return fault_leave(t->call, export, op,
                       inner(t->call, t->file, iov, n, t->offset));
}

static ssize_t fault_read(const FsCall *call, FsFile *file,
                          const struct iovec *iov, int iovcnt, uint64_t offset)
{
    const Transfer t = { call, file, iov, iovcnt, offset };

    return fault_transfer(&t, FAULT_READ,
                          fault_of(file->node->export)->inner->read);
}

static ssize_t fault_write(const FsCall *call, FsFile *file,
                           const struct iovec *iov, int iovcnt, uint64_t offset)
{
    const Transfer t = { call, file, iov, iovcnt, offset };

    return fault_transfer(&t, FAULT_WRITE,
                          fault_of(file->node->export)->inner->write);
}

/* ---- what tests call ---- */

static void fault_close_export(FsExport *export)
{
    Fault *fault = fault_of(export);

    assert(fault->waiting == 0);
    fault->inner->close_export(export);
    g_array_unref(fault->rules);
    g_cond_clear(&fault->changed);
    g_mutex_clear(&fault->lock);
    g_free(fault);
}

Fault *fault_over(FsExport *export)
{
    Fault *fault = g_new0(Fault, 1);

    fault->inner = export->driver;
    fault->driver = *export->driver;
    fault->driver.name = "fault";
    fault->driver.close_export = fault_close_export;
    /* Without this entry open and getattr are called, which have rules. */
    fault->driver.open_attr = NULL;
#define FAULT_ENTRY(NAME, entry) \
    if (fault->inner->entry) { \
        fault->driver.entry = fault_##entry; \
    }
    FAULT_CALLS(FAULT_ENTRY)
#undef FAULT_ENTRY
    g_mutex_init(&fault->lock);
    g_cond_init(&fault->changed);
    fault->rules = g_array_new(FALSE, FALSE, sizeof(ActiveRule));
    export->driver = &fault->driver;
    return fault;
}

void fault_add(Fault *fault, const FaultRule *rule)
{
    ActiveRule active = { .rule = *rule };

    g_mutex_lock(&fault->lock);
    g_array_append_val(fault->rules, active);
    g_mutex_unlock(&fault->lock);
    /* Attributes remembered before this rule must not be used any more. */
    fs_change_note();
}

void fault_clear(Fault *fault)
{
    g_mutex_lock(&fault->lock);
    g_array_set_size(fault->rules, 0);
    g_mutex_unlock(&fault->lock);
}

void fault_let_go(Fault *fault)
{
    g_mutex_lock(&fault->lock);
    g_array_set_size(fault->rules, 0);
    fault->let_go++;
    g_cond_broadcast(&fault->changed);
    g_mutex_unlock(&fault->lock);
}

void fault_remote(Fault *fault, bool remote)
{
    g_atomic_int_set(&fault->remote, remote);
}

void fault_await_waiting(Fault *fault, unsigned n)
{
    g_mutex_lock(&fault->lock);
    while (fault->waiting < n) {
        g_cond_wait(&fault->changed, &fault->lock);
    }
    g_mutex_unlock(&fault->lock);
}

unsigned fault_calls(Fault *fault, FaultOp op)
{
    unsigned n;

    g_mutex_lock(&fault->lock);
    n = fault->calls[op];
    g_mutex_unlock(&fault->lock);
    return n;
}
