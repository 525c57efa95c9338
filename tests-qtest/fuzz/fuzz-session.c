/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz program for the session: sequences of requests on the in-memory file
 * system.  The input decides when jobs run, in workers and in coroutines, when
 * their ends are reported, when timers expire, and when guest memory is shut.
 *
 * session-input.h defines the format of the input; the rows of the message
 * table say which fields follow.  For any input, every request comes back
 * exactly once, replies stay within their buffers (client.c), Rflush and
 * Rversion come after the replies that must precede them, tables stay within
 * their limits, and nothing is leaked (memfs.c, client.c, LeakSanitizer).
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/client.h"
#include "lib/fibers.h"
#include "lib/locks.h"
#include "fuzz.h"
#include "session-input.h"

#define FIDS 8                  /* fids are 0 to FIDS - 1, or NOFID */
#define MAX_RECORDS 200

static const char *const strings[N_STRINGS] = { INPUT_STRINGS };
static const uint64_t numbers[] = { INPUT_NUMBERS };
static char string_255[256], string_256[257];

typedef struct Sent {
    Call *call;
    bool is_flush, is_version;
    uint16_t oldtag;
    bool checked;
} Sent;

typedef struct Input {
    const uint8_t *bytes;
    size_t size;
    Client *c;
    GArray *sent;               /* of Sent */
    uint8_t payload[65536];
    bool parked;
    bool yields;                /* calls in fibers yield */
    bool paused;
    unsigned most;              /* bytes to read or write at once; 0: all */
} Input;

static uint8_t draw(Input *in)
{
    if (!in->size) {
        return 0;
    }
    in->size--;
    return *in->bytes++;
}

static uint64_t draw_number(Input *in)
{
    uint8_t v = draw(in);

    return v < INPUT_NUMBERS_FROM
           ? v : numbers[(v - INPUT_NUMBERS_FROM) % ARRAY_SIZE(numbers)];
}

static uint32_t draw_fid(Input *in)
{
    uint8_t v = draw(in);

    return v == 0xff ? P9_NOFID : v % FIDS;
}

static P9String draw_string(Input *in)
{
    uint8_t v = draw(in) % N_STRINGS;

    switch (v) {
    case STRING_255:
        return P9STR(string_255);
    case STRING_256:
        return P9STR(string_256);
    case STRING_NUL:
        return (P9String) { "a\0b", 3 };
    default:
        return P9STR(strings[v]);
    }
}

static P9Name draw_name(Input *in)
{
    P9String s = draw_string(in);

    /* A name of 256 bytes does not fit the struct, so it is shortened. */
    return (P9Name) { .s = s.s, .len = MIN(s.len, 255) };
}

static P9Names draw_names(Input *in)
{
    P9Names names = { .n = draw(in) % (P9_MAXWELEM + 1) };

    for (unsigned i = 0; i < names.n; i++) {
        names.name[i] = draw_name(in);
    }
    return names;
}

static P9Data draw_data(Input *in)
{
    uint64_t count = draw_number(in);

    return (P9Data) { .count = MIN(count, sizeof(in->payload)) };
}

static P9Stat draw_stat(Input *in)
{
    P9Stat st = { 0 };

    st.type = draw_number(in);
    if (st.type == UINT16_MAX) {
        /* With other fields that are all ones, nothing is to be changed. */
        st.qid = (P9Qid) { UINT8_MAX, UINT32_MAX, UINT64_MAX };
    }
    st.dev = draw_number(in);
    st.mode = draw_number(in);
    st.atime = draw_number(in);
    st.mtime = draw_number(in);
    st.length = draw_number(in);
    st.name = draw_string(in);
    st.uid = draw_string(in);
    st.gid = draw_string(in);
    st.muid = draw_string(in);
    st.extension = draw_string(in);
    st.n_uid = draw_number(in);
    st.n_gid = draw_number(in);
    st.n_muid = draw_number(in);
    return st;
}

#define U8(f) m->f = draw_number(in);
#define U16(f) U8(f)
#define U32(f) U8(f)
#define U64(f) U8(f)
#define STR(f) m->f = draw_string(in);
#define TEXT(f) STR(f)
#define NAME(f, dot, dotdot) m->f = draw_name(in);
#define NAMES(f) m->f = draw_names(in);
#define FID(f, unknown, states, wrong) m->f = draw_fid(in);
#define NEWFID(f) m->f = draw_fid(in);
#define QID(f)
#define QIDS(f, names)
#define DATA(f) m->f = draw_data(in);
#define STAT(f) m->f = draw_stat(in);
#define OPT_U32(f, absent) U32(f)
#define OPT_STR(f) STR(f)
#define T(...) __VA_ARGS__
#define P9_MESSAGE(number, NAME_, name, dialects, least, flags, \
                   prepare, run, finish, t_, r_) \
    static void draw_T##name(Input *in, P9Tmsg *t) \
    { \
        struct P9T##name *m = &t->name; \
        t_ \
    }
#include "hw/9pfs/9p-messages.def"

static bool draw_message(Input *in, uint8_t type, P9Tmsg *t)
{
    switch (type) {
#define P9_MESSAGE(number, NAME_, name, ...) \
    case number: \
        draw_T##name(in, t); \
        return true;
#include "hw/9pfs/9p-messages.def"
    }
    return false;
}

static void send_message(Input *in, uint8_t type)
{
    uint8_t tag = draw(in);
    P9Tmsg t = { 0 };
    Sent sent = { 0 };

    if (!draw_message(in, type, &t)) {
        return;
    }
    if (type == P9_TWALK && !(t.walk.newfid & ~0xffu)) {
        t.walk.newfid %= FIDS;
    }
    sent.is_flush = type == P9_TFLUSH;
    sent.is_version = type == P9_TVERSION;
    sent.oldtag = type == P9_TFLUSH ? t.flush.oldtag : 0;
    sent.call = client_send(in->c, type, tag, &t,
                            type == P9_TWRITE ? in->payload : NULL);
    g_array_append_val(in->sent, sent);
}

/* ---- what must hold ---- */

static void check_order(Input *in, Sent *later, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const Call *call = g_array_index(in->sent, Sent, i).call;

        if (later->is_version || call->tag == later->oldtag) {
            g_assert_cmpint(call->state, !=, CALL_PENDING);
            g_assert_cmpuint(call->order, <, later->call->order);
        }
    }
    later->checked = true;
}

static void check(Input *in)
{
    const FsConfig *config = &in->c->export->config;
    P9SessionInfo info;

    for (unsigned i = 0; i < in->sent->len; i++) {
        Sent *s = &g_array_index(in->sent, Sent, i);

        if ((s->is_flush || s->is_version) && !s->checked &&
            s->call->state == CALL_ANSWERED && !s->call->error) {
            check_order(in, s, i);
        }
    }
    client_info(in->c, &info);
    g_assert_cmpuint(info.active, <=, in->c->pending);
    g_assert_cmpuint(info.fids, <=, config->max_fids);
    g_assert_cmpuint(info.used[FS_BUDGET_XATTRS], <=, config->max_xattr);
    /* Each request makes at most one fid, as does the Tattach at the start. */
    g_assert_cmpuint(info.fids, <=, in->sent->len + 1);
    g_assert_true(info.msize == 0 ||
                  (info.msize >= P9_MIN_MSIZE &&
                   info.msize <= in->c->limits.max_msize));
}

/* When no job is left, only parked requests may be unanswered. */
static void check_drained(Input *in)
{
    if (in->paused) {
        return;
    }
    for (unsigned i = 0; i < in->c->calls->len; i++) {
        Call *call = in->c->calls->pdata[i];

        g_assert_true(call->state != CALL_PENDING || client_is_parked(call));
    }
}

/* ---- records ---- */

static int on_call(void *opaque, const MemCall *call)
{
    const Input *in = opaque;
    bool moves = call->op == MEM_READ || call->op == MEM_WRITE;

    if (in->yields && call->wait != FS_WAIT_NEVER) {
        fibers_yield();
    }
    if (call->op == MEM_WRITE && in->parked) {
        return call->wait == FS_WAIT_NEVER && (in->c->calls->len & 1)
               ? -EAGAIN
               : -EINPROGRESS;
    }
    return moves ? in->most : 0;
}

static void drain(Input *in)
{
    bool stepped;

    do {
        stepped = fibers_step(0);
        stepped |= test_exec_step(in->c->exec);
    } while (stepped);
}

static void pause_or_resume(Input *in, bool pause)
{
    if (in->paused != pause) {
        in->paused = pause;
        (pause ? client_pause : client_resume)(in->c);
    }
}

/* Tversion and Tattach, which the input does not delay. */
static void start(Input *in, unsigned dialect)
{
    static const char *const versions[] = {
        "9P2000.L", "9P2000.u", "9P2000",
    };
    Client *c = in->c;
    size_t room = c->in_bytes;
    int refuse_busy = c->refuse_busy;

    c->in_bytes = 0;
    c->refuse_busy = 0;
    in->yields = false;
    SEND(c, P9_NOTAG, version, .msize = 65536,
         .version = P9STR(versions[dialect % ARRAY_SIZE(versions)]));
    drain(in);
    SEND(c, 0, attach, .fid = 0, .afid = P9_NOFID, .uname = P9STR(""),
         .aname = P9STR(""), .n_uname = 0);
    drain(in);
    c->in_bytes = room;
    c->refuse_busy = refuse_busy;
}

static void send_raw(Input *in, uint8_t size)
{
    uint8_t *bytes = g_malloc0(MAX(size, 1));
    Sent sent = { 0 };

    for (unsigned i = 0; i < size; i++) {
        bytes[i] = draw(in);
    }
    sent.call = client_send_bytes(in->c, bytes, size,
                                  in->c->in_bytes ? in->c->in_bytes : 4096);
    g_array_append_val(in->sent, sent);
    g_free(bytes);
}

/* What concerns jobs.  False if @kind is something else. */
static bool control_jobs(Input *in, uint8_t kind, uint8_t arg)
{
    Client *c = in->c;
    unsigned jobs = test_exec_jobs(c->exec);
    P9Job *job = jobs ? test_exec_nth(c->exec, arg % jobs) : NULL;

    switch (kind) {
    case CONTROL_STEP:
        if (job) {
            test_exec_run(c->exec, job);
            test_exec_report(c->exec, job);
        }
        return true;
    case CONTROL_RUN:
        if (job) {
            test_exec_run(c->exec, job);
        }
        return true;
    case CONTROL_REPORT:
        if (job) {
            test_exec_report(c->exec, job);
        }
        return true;
    case CONTROL_REFUSE:
        if (job) {
            test_exec_refuse(c->exec, job);
        }
        return true;
    case CONTROL_FIBER:
        fibers_step(arg);
        return true;
    case CONTROL_DRAIN:
        drain(in);
        check_drained(in);
        return true;
    }
    return false;
}

/* What the transport does. */
static bool control_transport(Input *in, uint8_t kind, uint8_t arg)
{
    static const int busy[N_BUSY] = {
        [BUSY_LATER] = -EINPROGRESS, [BUSY_NO] = -EBUSY,
    };
    Client *c = in->c;

    switch (kind) {
    case CONTROL_RESET:
        pause_or_resume(in, false);
        client_reset(c);
        g_assert_cmpuint(c->pending, ==, 0);
        if (!(arg & 1)) {
            start(in, arg / 2);
        }
        return true;
    case CONTROL_RAW:
        send_raw(in, arg);
        return true;
    case CONTROL_ROOM:
        c->in_bytes = MIN(arg < INPUT_NUMBERS_FROM ? arg : 8192, 8192);
        return true;
    case CONTROL_PAUSE:
        pause_or_resume(in, arg & 1);
        return true;
    case CONTROL_TICK:
        if (c->timer) {
            client_tick(c);
        }
        return true;
    case CONTROL_BUSY:
        c->refuse_busy = busy[arg % N_BUSY];
        return true;
    case CONTROL_BUSY_DONE:
        p9_session_busy_done(c->session, arg & 1 ? -EBUSY : 0);
        return true;
    }
    return false;
}

/* What the file system does. */
static void control_files(Input *in, uint8_t kind, uint8_t arg)
{
    static const int errors[] = { EIO, ENOSPC, EMFILE, ENOENT, ESTALE };
    FsExport *export = in->c->export;

    switch (kind) {
    case CONTROL_FAIL:
        memfs_fail(export, arg % MEM_OPS,
                   errors[arg / MEM_OPS % ARRAY_SIZE(errors)], 1);
        break;
    case CONTROL_PARK:
        in->parked = arg & 1;
        break;
    case CONTROL_SLEEPY:
        memfs_sleepy(export, arg & 1);
        break;
    case CONTROL_YIELD:
        in->yields = arg & 1;
        break;
    case CONTROL_LOCKED:
        locks_of_host(arg & 1);
        break;
    case CONTROL_REMOTE:
        memfs_remote(export, arg & 1);
        break;
    case CONTROL_SHORT:
        in->most = arg;
        break;
    }
}

static void control(Input *in, uint8_t kind, uint8_t arg)
{
    if (!control_jobs(in, kind, arg) && !control_transport(in, kind, arg)) {
        control_files(in, kind, arg);
    }
}

static void set_dev(FsExport *export, const char *path, uint64_t dev)
{
    FsNode *node = memfs_node(export, path);

    memfs_set_dev(node, dev);
    fs_node_unref(node);
}

static void input_open(Input *in, uint16_t flags)
{
    FsConfig config = {
        .multidevs = flags / SEED_MULTIDEVS % (FS_MULTIDEVS_WARN + 1),
        .no_cache_hint = flags & SEED_NO_CACHE,
        .max_xattr = flags & SEED_FEW ? 2 : 100,
        .max_fids = flags & SEED_FEW ? 5 : 100,
        .readonly = flags & SEED_READONLY,
    };
    P9Limits limits = {
        .max_msize = 128 * 1024,
        .own_loop = flags & (SEED_OWN_LOOP | SEED_FIBERS),
    };
    FsExport *export = memfs_open_config(&config);

    memfs_add(export, "a", "contents of a");
    memfs_add(export, "b", NULL);
    memfs_add(export, "b/a", "contents of b/a");
    memfs_add(export, "b/c", NULL);
    if (flags & SEED_DEVS) {
        set_dev(export, "a", 7);
        set_dev(export, "b/c", 8);
    }
    memfs_sleepy(export, flags & SEED_SLEEPY);
    memfs_remote(export, flags & SEED_REMOTE);
    memfs_set_hook(export, on_call, in);
    locks_over(export, flags & SEED_FIBERS);
    in->c = client_new(export, CLIENT_STEPPED, &limits);
    in->c->more = flags & SEED_OTHERS;
    if (flags & SEED_FIBERS) {
        fibers_offer(in->c->exec);
    }
    if (!(flags & SEED_NO_START)) {
        start(in, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Input state;
    Input *in = &state;
    uint16_t flags;

    memset(string_255, 'l', 255);
    memset(string_256, 'l', 256);
    in->bytes = data;
    in->size = size;
    in->parked = in->yields = in->paused = false;
    in->most = 0;
    in->sent = g_array_new(FALSE, FALSE, sizeof(Sent));
    memset(in->payload, 'p', sizeof(in->payload));
    flags = draw(in);
    flags |= draw(in) << 8;
    input_open(in, flags);
    for (unsigned i = 0; i < MAX_RECORDS && in->size; i++) {
        uint8_t kind = draw(in);

        if (kind & 1) {
            control(in, kind % CONTROL_END, draw(in));
        } else {
            send_message(in, kind);
        }
        check(in);
    }
    pause_or_resume(in, false);
    client_end(in->c);
    fibers_drain();
    client_free(in->c);
    g_assert_cmpuint(locks_count(), ==, 0);
    g_array_unref(in->sent);
    return 0;
}
