/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver under a filter of system calls, such as that of a
 * container, which refuses a call that the driver can do without.  The errors
 * are those of seccomp profiles: EPERM and ENOSYS.
 */
#include "fsdev/core/p9-osdep.h"
#include "local-env.h"
#include "lib/test-call.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static const struct {
    const char *name;
    int number;
} optional_calls[] = {
    { "preadv2", SYS_preadv2 },
    { "renameat2", SYS_renameat2 },
    { "sync_file_range", SYS_sync_file_range },
};

static void refuse(int number, int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K,
                 SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = { ARRAY_SIZE(filter), filter };

    g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
    g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), ==, 0);
}

/* On an event loop, which goes to a worker after -EAGAIN, and in a worker. */
static void read_back(FsFile *file, const char *text)
{
    char buf[8] = "";
    struct iovec iov = { buf, sizeof(buf) };
    ssize_t ret = fs_read(&test_call_never, file, &iov, 1, 0);

    if (ret == -EAGAIN) {
        ret = fs_read(&test_call, file, &iov, 1, 0);
    }
    g_assert_cmpint(ret, ==, strlen(text));
    g_assert_cmpmem(buf, ret, text, strlen(text));
}

static void write_text(FsFile *file, const char *text)
{
    struct iovec iov = { (char *)text, strlen(text) };

    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==,
                    strlen(text));
}

/* What a guest does with a file: nothing of it may fail. */
static void use_files(LocalEnv *env)
{
    g_autoptr(FsNode) dir = local_env_made_dir(env, "dir", 0755);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsNode) moved = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, "f",
                              O_RDWR | O_EXCL, 0640, &node, &file, &attr),
                    ==, 0);
    write_text(file, "text");
    read_back(file, "text");
    g_assert_cmpint(fs_rename(&test_call, env->root, "f", dir, "g"), ==, 0);
    read_back(file, "text");
    g_assert_cmpint(fs_lookup(&test_call, dir, "g", &moved, &attr), ==, 0);
    g_assert_true(moved == node);
    g_assert_cmpuint(attr.uid, ==, local_env_cred.uid);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0640);
    g_assert_cmpint(fs_unlink(&test_call, dir, "g", false), ==, 0);
    g_assert_cmpint(fs_unlink(&test_call, env->root, "dir", true), ==, 0);
}

typedef struct Without {
    LocalEnv *env;
    unsigned call;              /* index into optional_calls */
    int error;
} Without;

static void *use_files_without(void *opaque)
{
    const Without *without = opaque;

    refuse(optional_calls[without->call].number, without->error);
    use_files(without->env);
    return NULL;
}

/* A filter is in force in the thread that installs it. */
static void test_optional_calls(LocalEnv *env)
{
    const int errors[] = { EPERM, ENOSYS };

    for (unsigned i = 0; i < ARRAY_SIZE(optional_calls); i++) {
        for (unsigned e = 0; e < ARRAY_SIZE(errors); e++) {
            Without without = { env, i, errors[e] };

            g_test_message("%s: %s", optional_calls[i].name,
                           g_strerror(errors[e]));
            g_thread_join(g_thread_new("filtered", use_files_without,
                                       &without));
        }
    }
}

static const LocalEnvTest tests[] = {
    { "optional-calls", LOCAL_ALL, test_optional_calls },
    { "optional-calls-tmpfs", LOCAL_ALL, test_optional_calls,
      .tmpfs = "size=1m" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(0);
    local_separate_mounts();
    local_env_add("/local-refused", tests, ARRAY_SIZE(tests));
    return g_test_run();
}
