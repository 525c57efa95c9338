/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM with an export that can hang, and what has to answer then: see
 * ring-hang.h.
 *
 * What is measured is how long a callback of the device, or a command of the
 * monitor, takes as the guest or the user sees it: QEMU's main loop executes
 * both and does nothing else meanwhile.  The time for which the threads of QEMU
 * and of the test had to wait for a CPU, because the host is loaded, does not
 * count, as it says nothing about the device.
 */
#include "qemu/osdep.h"
#include "ring-client.h"
#include "ring-hang.h"

enum {
    LIMIT_US = 200 * 1000,
    /*
     * A host may be slow for other reasons, when nothing hangs as well.  Then
     * the limit is this many times the slowest call of that time.
     */
    SLOW_HOST = 4,
};

void hang_plug(Hang *h)
{
    g_autofree char *slot = g_strdup_printf("%d", RING_SLOT);

    qtest_qmp_assert_success(h->vm->qts, "{'execute': 'device_add', "
                             "'arguments': {'driver': 'virtio-9p-pci', "
                             "'id': 'hot', 'fsdev': %s, 'mount_tag': 'ring', "
                             "'addr': %s}}", h->fsdev, slot);
    h->d = ring_dev_open(h->vm, RING_SLOT);
}

static void mount_fuse(Hang *h)
{
    g_autofree char *fuse = ring_host_path("fuse");
    const char *why;

    h->fuse = fuse_stand_in_new(fuse, &why);
    if (!h->fuse) {
        ring_skip("%s", why);
    }
}

void hang_init(Hang *h, const char *model, const char *fsdev)
{
    const char *why = fuse_stand_in_separate();

    *h = (Hang) { .model = model, .fsdev = fsdev };
    if (why) {
        ring_skip("%s", why);
    }
    ring_host_mkdir("fuse");
    ring_host_mkdir("share");
    ring_host_put("share/f", "content", 7);
    mount_fuse(h);
    h->vm = ring_vm_new("-m 512 -fsdev local,id=share,path='%s/share',"
                        "security_model=%s "
                        "-fsdev local,id=fuse,path='%s/fuse',"
                        "security_model=%s", ring_dir(), model, ring_dir(),
                        model);
    hang_plug(h);
    ring_dev_start(h->d);
}

void hang_end(Hang *h)
{
    ring_note("the longest wait was %" PRId64 " us", h->longest);
    /* QEMU ends when its threads have come back. */
    fuse_stand_in_answer(h->fuse);
    ring_vm_stop(h->vm);
    fuse_stand_in_free(h->fuse);
}

/* ---- what must not wait ---- */

/* How long a thread has waited for a CPU, in microseconds. */
static int64_t cpu_wait_of(const char *thread)
{
    g_autofree char *path = g_strconcat(thread, "/schedstat", NULL);
    g_autofree char *text = NULL;
    uint64_t wait = 0;

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        sscanf(text, "%*u %" SCNu64, &wait);
    }
    return wait / 1000;
}

/* The same for the test, and for QEMU and its threads. */
static int64_t cpu_wait(Hang *h)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", h->vm->pid);
    GDir *dir = g_dir_open(tasks, 0, NULL);
    int64_t sum = cpu_wait_of("/proc/self");
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *task = g_build_filename(tasks, name, NULL);

        sum += cpu_wait_of(task);
    }
    if (dir) {
        g_dir_close(dir);
    }
    return sum;
}

void hang_timed(Hang *h, const char *what, void (*fn)(Hang *h))
{
    int64_t waited = h->hangs ? cpu_wait(h) : 0;
    int64_t start = ring_now(), took;

    fn(h);
    took = ring_now() - start;
    if (!h->hangs) {
        h->slowest = MAX(h->slowest, took);
        return;
    }
    /* The threads of a process that has quit are not there any more. */
    waited = MAX(cpu_wait(h) - waited, 0);
    h->longest = MAX(h->longest, took - waited);
    ring_check(took - waited < LIMIT_US || took < SLOW_HOST * h->slowest,
               "%s took %" PRId64 " us while storage hung, %" PRId64 " us of "
               "them to get a CPU; when nothing hung, the slowest call took %"
               PRId64 " us", what, took, waited, h->slowest);
}

static void monitor(Hang *h, const char *command)
{
    qtest_qmp_assert_success(h->vm->qts, "{'execute': %s}", command);
}

static void query(Hang *h)
{
    monitor(h, "query-status");
}

static void stop(Hang *h)
{
    monitor(h, "stop");
}

static void cont(Hang *h)
{
    monitor(h, "cont");
}

void hang_reset(Hang *h)
{
    ring_dev_reset(h->d);
}

void hang_unplug(Hang *h)
{
    qpci_unplug_acpi_device_test(h->vm->qts, "hot", RING_SLOT);
}

/* The process is a zombie while threads are left that cannot be killed. */
void hang_quit(Hang *h)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", h->vm->pid);
    int64_t end = ring_now() + RING_PATIENCE;
    bool gone = false;

    qtest_qmp_send(h->vm->qts, "{'execute': 'quit'}");
    while (!gone) {
        g_autofree char *stat = NULL;

        ring_check(ring_now() < end, "expected QEMU to quit");
        gone = !g_file_get_contents(path, &stat, NULL, NULL) ||
               strstr(stat, ") Z ");
    }
}

void hang_check_monitor(Hang *h)
{
    hang_timed(h, "query-status", query);
    hang_timed(h, "stop", stop);
    hang_timed(h, "cont", cont);
}

/* The guest starts the device again and looks at what is elsewhere. */
void hang_check_answers(Hang *h)
{
    h->dotu = false;
    ring_dev_start(h->d);
    ring_mount(h->d);
    ring_twalk(h->d, .fid = 0, .newfid = 1, .names = { "f" });
}

/* It uses that, too. */
void hang_check_serves(Hang *h)
{
    hang_check_answers(h);
    ring_tlopen(h->d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("bytes read", ring_tread(h->d, .fid = 1, .count = 7), 7);
    ring_tfsync(h->d, .fid = 1);
    ring_tmkdir(h->d, .fid = 0, .name = "new", .mode = 0755);
    ring_tunlinkat(h->d, .dir = 0, .name = "new",
                   .flags = RING_AT_REMOVEDIR);
}

/* Instead of the one that there is. */
void hang_begin_session(Hang *h, bool dotu)
{
    h->dotu = dotu;
    ring_tversion(h->d, .version = dotu ? "9P2000.u" : "9P2000.L");
    ring_tattach(h->d, .fid = 0);
}

/* What was left behind may make more requests, but to the old server. */
void hang_let_go(Hang *h)
{
    h->hangs = false;
    fuse_stand_in_answer(h->fuse);
    fuse_stand_in_free(h->fuse);
    mount_fuse(h);
}
