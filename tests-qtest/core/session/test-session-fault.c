/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions on storage that fails, transfers less than asked for, or does not
 * answer: the local driver below fault.c.  Every test checks that it leaves no
 * descriptor open.
 */
#include "fsdev/core/p9-osdep.h"
#include "lib/fault.h"
#include "fsdev/host/host.h"
#include "lib/client.h"
#include "local/local-env.h"

#define DM_DIR      0x80000000u
#define DM_SYMLINK  0x02000000u
#define DM_PIPE     0x00200000u

typedef struct Env {
    LocalEnv local;
    Client *c;                  /* NULL: the test was skipped */
    Fault *fault;
} Env;

/*
 * Fid 0 is the root, 1 "file" open for reading and writing, 2 "file", 3 "dir",
 * 4 "dir" open.
 */
static void env_fids(Env *env)
{
    Client *c = env->c;
    bool by_hand = c->by_hand;

    c->by_hand = false;
    g_assert_cmpint(client_open(c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 2, "file"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, 3, "dir"), ==, 0);
    g_assert_cmpint(client_open(c, 4, "dir", O_RDONLY), ==, 0);
    c->by_hand = by_hand;
}

static void env_start(Env *env, FsSecurityModel model, ClientKind kind)
{
    *env = (Env) { .local.fixture.model = model };
    local_env_start(&env->local);
    if (!env->local.export) {
        return;
    }
    local_env_put(&env->local, "file", "0123456789");
    local_env_mkdir(&env->local, "dir");
    fs_node_unref(g_steal_pointer(&env->local.root));
    env->fault = fault_over(env->local.export);
    fault_remote(env->fault, true);
    env->c = client_start(g_steal_pointer(&env->local.export), kind);
    env_fids(env);
}

static void env_end(Env *env)
{
    client_free(env->c);
    local_env_end(&env->local);
}
#define ENV __attribute__((cleanup(env_end))) Env

static void fail(Env *env, FaultOp op, int error, unsigned times)
{
    fault_add(env->fault, &(FaultRule) { .op = op, .error = error,
                                         .times = times });
}

static bool exists(Env *env, const char *name)
{
    return local_env_exists(&env->local, name);
}

static unsigned fids(Client *c)
{
    P9SessionInfo info;

    client_info(c, &info);
    return info.fids;
}

/* ---- errors ---- */

/* Send a request that leads to the driver call @op, with env_fids(). */
static Call *send(Client *c, uint16_t tag, FaultOp op)
{
    g_auto(GStrv) parts = g_strsplit("file", "/", -1);
    P9Tmsg walk = client_walk_msg(0, 9, "file", parts);

    switch (op) {
    case FAULT_LOOKUP:
        return client_send(c, P9_TWALK, tag, &walk, NULL);
    case FAULT_GETATTR:
        return SEND(c, tag, getattr, .fid = 2, .request_mask = 0x7ff);
    case FAULT_SETATTR:
        return SEND(c, tag, setattr, .fid = 2, .valid = 1, .mode = 0600);
    case FAULT_STATFS:
        return SEND(c, tag, statfs, .fid = 0);
    case FAULT_CREATE:
        return SEND(c, tag, lcreate, .fid = 3, .name = P9NAME("new"),
                    .mode = 0600, .gid = getegid());
    case FAULT_MKDIR:
        return SEND(c, tag, mkdir, .fid = 0, .name = P9NAME("new"),
                    .mode = 0700, .gid = getegid());
    case FAULT_UNLINK:
        return SEND(c, tag, unlinkat, .dfid = 0, .name = P9NAME("dir"),
                    .flags = 0x200);
    case FAULT_OPEN:
        return SEND(c, tag, lopen, .fid = 2);
    case FAULT_READ:
        return SEND(c, tag, read, .fid = 1, .count = 10);
    case FAULT_WRITE:
        return client_send_write(c, tag, 1, 0, "abc", 3);
    case FAULT_FSYNC:
        return SEND(c, tag, fsync, .fid = 1);
    case FAULT_READDIR:
        return SEND(c, tag, readdir, .fid = 4, .count = 4096);
    case FAULT_RELEASE:
        return SEND(c, tag, clunk, .fid = 1);
    default:
        g_assert_not_reached();
    }
}

static const FaultOp sent[] = {
    FAULT_LOOKUP, FAULT_GETATTR, FAULT_SETATTR, FAULT_STATFS, FAULT_OPEN,
    FAULT_READ, FAULT_WRITE, FAULT_FSYNC, FAULT_READDIR, FAULT_CREATE,
    FAULT_MKDIR, FAULT_UNLINK,
};

static int ask(Client *c, FaultOp op)
{
    Call *call = send(c, 7, op);

    client_wait(call);
    g_assert_cmpint(call->state, ==, CALL_ANSWERED);
    return -call->error;
}

/*
 * Each call fails with the injected errno, changes nothing, and works when
 * repeated.
 */
static void test_errors(gconstpointer model)
{
    ENV env;

    env_start(&env, GPOINTER_TO_INT(model), CLIENT_INLINE);
    if (!env.c) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
        unsigned before = fids(env.c);

        fail(&env, sent[i], EIO, 1);
        g_assert_cmpint(ask(env.c, sent[i]), ==, -EIO);
        g_assert_cmpuint(fids(env.c), ==, before);
        g_assert_true(exists(&env, "dir"));
        g_assert_false(exists(&env, "new"));
        g_assert_false(exists(&env, "dir/new"));
        g_assert_cmpuint(local_env_stat(&env.local, "file").st_size, ==, 10);
        if (sent[i] == FAULT_CREATE && geteuid() != 0) {
            continue;           /* only root may make a file of root's */
        }
        if (sent[i] == FAULT_MKDIR || sent[i] == FAULT_UNLINK) {
            continue;           /* the first needs root; "dir" is not empty */
        }
        g_assert_cmpint(ask(env.c, sent[i]), ==, 0);
        if (sent[i] == FAULT_CREATE) {
            g_assert_true(exists(&env, "dir/new"));
            unlink(local_env_path(&env.local, "dir/new"));
        }
    }
}

/* Tclunk is answered and releases the file, whatever failed before. */
static void test_clunk_after_errors(gconstpointer model)
{
    unsigned released;
    ENV env;

    env_start(&env, GPOINTER_TO_INT(model), CLIENT_INLINE);
    if (!env.c) {
        return;
    }
    fail(&env, FAULT_ANY, EIO, 0);
    released = fault_calls(env.fault, FAULT_RELEASE);
    g_assert_cmpint(ask(env.c, FAULT_READ), ==, -EIO);
    g_assert_cmpint(ask(env.c, FAULT_WRITE), ==, -EIO);
    g_assert_cmpint(ask(env.c, FAULT_FSYNC), ==, -EIO);
    g_assert_cmpint(ask(env.c, FAULT_READDIR), ==, -EIO);
    g_assert_cmpint(ASK(env.c, clunk, .fid = 1), ==, 0);
    g_assert_cmpint(ASK(env.c, clunk, .fid = 4), ==, 0);
    test_exec_drain(env.c->exec);
    g_assert_cmpuint(fault_calls(env.fault, FAULT_RELEASE), ==, released + 2);
    g_assert_cmpuint(fids(env.c), ==, 3);
    /* The numbers of these fids can be used again. */
    fault_clear(env.fault);
    g_assert_cmpint(client_open(env.c, 1, "file", O_RDWR), ==, 0);
    g_assert_cmpint(client_read(env.c, 1, 0, 100), ==, 10);
}

/* ---- short reads and writes ---- */

static void test_short(gconstpointer model)
{
    g_autofree char *text = NULL;
    ENV env;

    env_start(&env, GPOINTER_TO_INT(model), CLIENT_INLINE);
    if (!env.c) {
        return;
    }
    fault_add(env.fault, &(FaultRule) { .op = FAULT_READ, .bytes = 3 });
    fault_add(env.fault, &(FaultRule) { .op = FAULT_WRITE, .bytes = 1 });
    g_assert_cmpint(client_read(env.c, 1, 0, 100), ==, 10);
    g_assert_cmpint(memcmp(client_last(env.c)->reply->data + 11, "0123456789",
                           10), ==, 0);
    g_assert_cmpint(client_write(env.c, 1, 4, "abcde", 5), ==, 5);
    text = local_env_text(&env.local, "file");
    g_assert_cmpstr(text, ==, "0123abcde9");
}

/* Bytes moved before an error are reported; the next call gets the error. */
static void test_error_after_some(gconstpointer model)
{
    static const FaultOp ops[] = { FAULT_READ, FAULT_WRITE };
    g_autofree char *text = NULL;
    ENV env;

    env_start(&env, GPOINTER_TO_INT(model), CLIENT_INLINE);
    if (!env.c) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
        fault_add(env.fault, &(FaultRule) { .op = ops[i], .bytes = 3,
                                            .times = 2 });
        fail(&env, ops[i], ENOSPC, 0);
    }
    g_assert_cmpint(client_read(env.c, 1, 0, 100), ==, 6);
    g_assert_cmpint(client_read(env.c, 1, 6, 100), ==, -ENOSPC);
    g_assert_cmpint(client_write(env.c, 1, 0, "abcdefgh", 8), ==, 6);
    g_assert_cmpint(client_write(env.c, 1, 6, "gh", 2), ==, -ENOSPC);
    text = local_env_text(&env.local, "file");
    g_assert_cmpstr(text, ==, "abcdef6789");
}

/* ---- creation that fails half way ---- */

static int create(Client *c, uint32_t perm, const char *extension)
{
    int ret = client_walk(c, 0, 9, "");

    return ret < 0 ? ret : ASK(c, create, .fid = 9, .name = P9NAME("new"),
                               .perm = perm, .extension = P9STR(extension));
}

/*
 * A Tcreate of 9P2000.u makes an object, walks to it and opens it.  When a
 * later step fails, the object is removed again, and the fid is still the
 * directory.
 */
static void test_create_half_way(gconstpointer model)
{
    static const struct {
        uint32_t perm;
        const char *extension;
        FaultOp step;
    } cases[] = {
        { DM_DIR | 0755, "", FAULT_MKDIR },
        { DM_DIR | 0755, "", FAULT_LOOKUP },
        { DM_DIR | 0755, "", FAULT_OPEN },
        { DM_DIR | 0755, "", FAULT_GETATTR },
        { DM_SYMLINK | 0777, "there", FAULT_SYMLINK },
        { DM_SYMLINK | 0777, "there", FAULT_LOOKUP },
        { DM_PIPE | 0600, "", FAULT_MKNOD },
        { DM_PIPE | 0600, "", FAULT_LOOKUP },
        { 0600, "", FAULT_CREATE },
    };
    ENV env;

    env_start(&env, GPOINTER_TO_INT(model), CLIENT_INLINE);
    if (!env.c) {
        return;
    }
    g_assert_cmpint(client_version(env.c, 65536, "9P2000.u"), ==, 0);
    g_assert_cmpint(client_attach(env.c, 0, geteuid()), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        fail(&env, cases[i].step, EIO, 1);
        g_assert_cmpint(create(env.c, cases[i].perm, cases[i].extension), ==,
                        -EIO);
        g_assert_false(exists(&env, "new"));
        g_assert_false(exists(&env, ".virtfs_metadata/new"));
        g_assert_cmpint(ASK(env.c, stat, .fid = 9), ==, 0);
        g_assert_cmphex(client_last(env.c)->r.stat.stat.mode & DM_DIR, ==,
                        DM_DIR);
        g_assert_cmpint(ASK(env.c, clunk, .fid = 9), ==, 0);
        /* The same Tcreate succeeds when repeated. */
        g_assert_cmpint(create(env.c, cases[i].perm, cases[i].extension), ==,
                        0);
        g_assert_true(exists(&env, "new"));
        g_assert_cmpint(ASK(env.c, remove, .fid = 9), ==, 0);
    }
}

/* ---- storage that does not answer ---- */

/* Calls that can hang and whose requests send() can make in any order. */
static const FaultOp hanging[] = {
    FAULT_LOOKUP, FAULT_GETATTR, FAULT_SETATTR, FAULT_STATFS, FAULT_OPEN,
    FAULT_READ, FAULT_WRITE, FAULT_FSYNC, FAULT_READDIR, FAULT_RELEASE,
};

/* Send a request whose driver call does not return. */
static Call *hang(Env *env, FaultOp op)
{
    Call *call;

    fault_add(env->fault, &(FaultRule) { .op = op, .hold = true, .times = 1 });
    call = send(env->c, 1, op);
    fault_await_waiting(env->fault, 1);
    g_assert_cmpint(call->state, ==, CALL_PENDING);
    return call;
}

static void end_hang(Env *env)
{
    fault_let_go(env->fault);
    test_exec_drain(env->c->exec);
    g_assert_cmpuint(env->c->pending, ==, 0);
}

/* Other requests are served; a Tflush of the hanging one waits for its end. */
static void test_flush_while_hanging(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        Call *call, *flush;
        ENV env;

        env_start(&env, FS_SM_NONE, CLIENT_THREADS);
        call = hang(&env, hanging[i]);
        g_assert_cmpint(ASK(env.c, getattr, .fid = 3, .request_mask = 0x7ff),
                        ==, 0);
        g_assert_cmpint(client_open(env.c, 20, "file", O_RDONLY), ==, 0);
        g_assert_cmpint(client_read(env.c, 20, 0, 100), ==, 10);
        flush = SEND(env.c, 2, flush, .oldtag = 1);
        g_assert_cmpint(flush->state, ==, CALL_PENDING);
        g_assert_cmpint(call->state, ==, CALL_PENDING);
        end_hang(&env);
        g_assert_cmpint(call->state, ==, CALL_ANSWERED);
        g_assert_cmpint(call->error, ==, 0);
        g_assert_cmpint(flush->state, ==, CALL_ANSWERED);
        g_assert_cmpuint(call->order, <, flush->order);
    }
}

static void test_version_while_hanging(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        Call *call, *version;
        ENV env;

        env_start(&env, FS_SM_NONE, CLIENT_THREADS);
        call = hang(&env, hanging[i]);
        version = SEND(env.c, P9_NOTAG, version, .msize = 8192,
                       .version = P9STR("9P2000.L"));
        g_assert_cmpint(version->state, ==, CALL_PENDING);
        end_hang(&env);
        g_assert_cmpint(call->state, ==, CALL_ANSWERED);
        g_assert_cmpint(version->state, ==, CALL_ANSWERED);
        g_assert_cmpuint(call->order, <, version->order);
        g_assert_cmpuint(fids(env.c), ==, 0);
        g_assert_cmpint(client_attach(env.c, 0, 0), ==, 0);
    }
}

/* A reset does not wait for the call: the session serves before it returns. */
static void test_reset_while_hanging(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        Call *call;
        ENV env;

        env_start(&env, FS_SM_NONE, CLIENT_THREADS);
        call = hang(&env, hanging[i]);
        client_reset(env.c);
        g_assert_cmpint(call->state, ==, CALL_DROPPED);
        g_assert_cmpint(client_version(env.c, 65536, "9P2000.L"), ==, 0);
        g_assert_cmpint(client_attach(env.c, 0, 0), ==, 0);
        env_fids(&env);
        g_assert_cmpint(client_read(env.c, 1, 0, 100), ==, 10);
        end_hang(&env);
        g_assert_cmpuint(fids(env.c), ==, 5);
    }
}

/* Freeing the session, as when the device is unplugged, does not wait. */
static void test_free_while_hanging(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(hanging); i++) {
        Call *call;
        ENV env;

        env_start(&env, FS_SM_NONE, CLIENT_THREADS);
        call = hang(&env, hanging[i]);
        client_end(env.c);
        g_assert_cmpint(call->state, ==, CALL_DROPPED);
        end_hang(&env);
    }
}

static void add_by_model(const char *path, GTestDataFunc test)
{
    for (unsigned model = 0; model <= FS_SM_NONE; model++) {
        g_autofree char *name = g_strdup_printf("%s/%s", path,
                                                local_model_name(model));

        g_test_add_data_func(name, GINT_TO_POINTER(model), test);
    }
}

int main(int argc, char **argv)
{
    const char *what;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* Opens descriptors that stay open, before a test counts descriptors. */
    g_assert_cmpint(host_init(&what), ==, 0);
    add_by_model("/session/fault/errors", test_errors);
    add_by_model("/session/fault/clunk-after-errors", test_clunk_after_errors);
    add_by_model("/session/fault/short", test_short);
    add_by_model("/session/fault/error-after-some", test_error_after_some);
    add_by_model("/session/fault/create-half-way", test_create_half_way);
    g_test_add_func("/session/fault/threads/flush", test_flush_while_hanging);
    g_test_add_func("/session/fault/threads/version",
                    test_version_while_hanging);
    g_test_add_func("/session/fault/threads/reset", test_reset_while_hanging);
    g_test_add_func("/session/fault/threads/free", test_free_while_hanging);
    return g_test_run();
}
