/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving a VM to another QEMU, and snapshots: see ring-move.h.
 */
#include "qemu/osdep.h"
#include <sys/wait.h>
#include "libqtest.h"
#include "ring-move.h"
#include "ring-qobject.h"

/* The member @key of the reply to a command without arguments; to be freed */
static char *ask(QTestState *qts, const char *command, const char *key)
{
    QDict *reply = qtest_qmp(qts, "{'execute': %s}", command);
    QDict *info = qdict_get_qdict(reply, "return");
    char *value = g_strdup(info ? qdict_get_try_str(info, key) : NULL);

    qobject_unref(reply);
    return value ?: g_strdup("none");
}

/* Waits until the migration has ended; whether it was completed */
static bool await_migration(QTestState *qts)
{
    int64_t end = ring_now() + RING_PATIENCE;

    for (;;) {
        g_autofree char *status = ask(qts, "query-migrate", "status");

        if (!strcmp(status, "completed") || !strcmp(status, "failed")) {
            return !strcmp(status, "completed");
        }
        ring_check(ring_now() < end, "expected the migration to end, it is "
                   "'%s'", status);
        g_usleep(1000);
    }
}

static void await_running(QTestState *qts)
{
    int64_t end = ring_now() + RING_PATIENCE;

    for (;;) {
        g_autofree char *status = ask(qts, "query-status", "status");

        if (!strcmp(status, "running")) {
            return;
        }
        ring_check(ring_now() < end, "expected the VM to run, it is '%s'",
                   status);
        g_usleep(1000);
    }
}

static void start_migration(QTestState *qts, const char *uri)
{
    qtest_qmp_assert_success(qts, "{'execute': 'migrate', 'arguments': "
                             "{'uri': %s}}", uri);
}

static char *socket_uri(void)
{
    g_autofree char *path = ring_host_path("migration.sock");

    unlink(path);
    return g_strconcat("unix:", path, NULL);
}

static QTestState *target_start(const char *args, const char *uri)
{
    return qtest_initf("-nodefaults -machine pc %s -incoming %s", args, uri);
}

/*
 * Waits until @target, the only one that does, has ended with an error.  It is
 * not reaped here, for which libqtest of 7.2 would wait a second time.
 */
static void end_failed(QTestState *target)
{
    siginfo_t info;

    ring_check(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0,
               "there is no target");
    qtest_set_expected_status(target, EXIT_FAILURE);
    qtest_quit(target);
}

void ring_vm_migrate(RingVm *vm)
{
    g_autofree char *uri = socket_uri();
    QTestState *source = vm->qts;
    QTestState *target = target_start(vm->args, uri);

    start_migration(source, uri);
    ring_check(await_migration(source), "the migration failed");
    await_running(target);
    qtest_quit(source);
    vm->qts = target;
    vm->pci->qts = target;
}

/* The source may or may not have noticed. */
static void go_on(RingVm *vm)
{
    g_autofree char *status = NULL;

    await_migration(vm->qts);
    status = ask(vm->qts, "query-status", "status");
    if (!strcmp(status, "postmigrate")) {
        qtest_qmp_assert_success(vm->qts, "{'execute': 'cont'}");
    }
    await_running(vm->qts);
}

void ring_vm_fail_to_load(RingVm *vm, const char *args, const char *why)
{
    g_autofree char *uri = socket_uri();
    g_autofree char *path = ring_host_path("target.log");
    g_autofree char *log = NULL;
    QTestState *target;
    int old = dup(STDERR_FILENO);
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND, 0600);

    dup2(fd, STDERR_FILENO);
    target = target_start(args, uri);
    dup2(old, STDERR_FILENO);
    close(fd);
    close(old);
    start_migration(vm->qts, uri);
    end_failed(target);
    ring_check(g_file_get_contents(path, &log, NULL, NULL), "no log");
    ring_check_contains("the message", log, why);
    go_on(vm);
}

void ring_vm_fail_to_save(RingVm *vm)
{
    g_autofree char *uri = socket_uri();
    QTestState *target = target_start(vm->args, uri);

    start_migration(vm->qts, uri);
    ring_check(!await_migration(vm->qts), "expected the migration to fail");
    await_running(vm->qts);
    end_failed(target);
}

GByteArray *ring_vm_state(RingVm *vm)
{
    g_autofree char *path = ring_host_path("state");
    /* QEMU 7.2 cannot migrate to a file by itself. */
    g_autofree char *uri = g_strdup_printf("exec:cat >'%s'", path);
    char *text;
    gsize size;

    start_migration(vm->qts, uri);
    ring_check(await_migration(vm->qts), "the migration failed");
    ring_check(g_file_get_contents(path, &text, &size, NULL), "no state");
    unlink(path);
    go_on(vm);
    return g_byte_array_new_take((guint8 *)text, size);
}

/* ---- snapshots ---- */

static void await_job(RingVm *vm)
{
    int64_t end = ring_now() + RING_PATIENCE;
    bool concluded = false;

    while (!concluded) {
        QDict *reply = qtest_qmp(vm->qts, "{'execute': 'query-jobs'}");
        QList *jobs = qdict_get_qlist(reply, "return");
        QDict *job = qobject_to(QDict, qlist_peek(jobs));

        concluded = job && !strcmp(qdict_get_str(job, "status"), "concluded");
        ring_check(!concluded || !qdict_get_try_str(job, "error"),
                   "the job failed: %s", qdict_get_try_str(job, "error"));
        qobject_unref(reply);
        ring_check(ring_now() < end, "expected the job to end");
        g_usleep(1000);
    }
    qtest_qmp_assert_success(vm->qts, "{'execute': 'job-dismiss', 'arguments': "
                             "{'id': 'job'}}");
}

void ring_vm_add_disk(RingVm *vm)
{
    g_autofree char *path = ring_host_path("disk.qcow2");

    qtest_qmp_assert_success(vm->qts, "{'execute': 'blockdev-create', "
                             "'arguments': {'job-id': 'job', 'options': "
                             "{'driver': 'file', 'filename': %s, 'size': 0}}}",
                             path);
    await_job(vm);
    qtest_qmp_assert_success(vm->qts, "{'execute': 'blockdev-add', "
                             "'arguments': {'driver': 'file', 'filename': %s, "
                             "'node-name': 'file'}}", path);
    qtest_qmp_assert_success(vm->qts, "{'execute': 'blockdev-create', "
                             "'arguments': {'job-id': 'job', 'options': "
                             "{'driver': 'qcow2', 'file': 'file', "
                             "'size': 65536}}}");
    await_job(vm);
    qtest_qmp_assert_success(vm->qts, "{'execute': 'blockdev-add', "
                             "'arguments': {'driver': 'qcow2', 'file': 'file', "
                             "'node-name': 'disk'}}");
}

static void snapshot(RingVm *vm, const char *command, const char *tag)
{
    qtest_qmp_assert_success(vm->qts, "{'execute': %s, 'arguments': "
                             "{'job-id': 'job', 'tag': %s, 'vmstate': 'disk', "
                             "'devices': ['disk']}}", command, tag);
    await_job(vm);
    await_running(vm->qts);
}

void ring_vm_save(RingVm *vm, const char *tag)
{
    snapshot(vm, "snapshot-save", tag);
}

void ring_vm_load(RingVm *vm, const char *tag)
{
    snapshot(vm, "snapshot-load", tag);
}
