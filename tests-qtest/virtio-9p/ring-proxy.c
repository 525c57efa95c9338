/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver in QEMU: a helper that dies, does not answer or is replaced.
 *
 * A request that waits for the helper must not hold up the main loop, a reset
 * or an unplug.  The tests of ring-local.c also run with the proxy driver.
 */
#include "qemu/osdep.h"
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "ring-proxy.h"

enum {
    AT_ONCE = 2 * 1000 * 1000,      /* microseconds */
};

static GPid helper;                 /* running; 0: none */

static void helper_end(void *arg)
{
    if (helper) {
        kill(helper, SIGKILL);
        waitpid(helper, NULL, 0);
        helper = 0;
    }
}

const char *ring_helper_socket(void)
{
    static char *path;

    /* Outside the export, where the guest does not see it. */
    path = path ?: g_strdup_printf("%s.socket", ring_dir());
    return path;
}

static void remove_socket(void *arg)
{
    unlink(ring_helper_socket());
}

/* Ends the helper also if the test fails and so exits at once. */
static void end_with_the_test(gpointer opaque)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The helper sets the owner and mode of the socket last. */
static bool helper_is_ready(void)
{
    struct stat st;

    return lstat(ring_helper_socket(), &st) == 0 && (st.st_mode & 0600);
}

/* Starts the helper with further arguments, which end with NULL. */
static void helper_spawn(const char *const *words)
{
    const char *program = g_getenv("VIRTFS_PROXY_HELPER");
    const char *argv[16] = { program, "-n", "-p", ring_dir() };
    g_autoptr(GError) error = NULL;
    size_t n = 4;

    if (!program || geteuid() != 0) {
        ring_skip("needs root, and VIRTFS_PROXY_HELPER in the environment");
    }
    while (*words) {
        argv[n++] = *words++;
    }
    if (!helper) {
        ring_on_exit(remove_socket, NULL);
        ring_on_exit(helper_end, NULL);
    }
    g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD |
                  G_SPAWN_LEAVE_DESCRIPTORS_OPEN, end_with_the_test, NULL,
                  &helper, &error);
    g_assert_no_error(error);
}

GPid ring_helper_start(void)
{
    const char *words[] = {
        "-s", ring_helper_socket(), "-u", "0", "-g", "0", "--allow-suid", NULL,
    };
    int64_t start = ring_now();

    unlink(ring_helper_socket());
    helper_spawn(words);
    while (!helper_is_ready()) {
        if (waitpid(helper, NULL, WNOHANG) != 0) {
            helper = 0;
            ring_skip("the helper cannot set up its sandbox here");
        }
        ring_check(ring_now() - start < RING_PATIENCE, "expected the helper "
                   "to make its socket");
        g_usleep(1000);
    }
    return helper;
}

static RingVm *proxy_vm(const char *device)
{
    return ring_vm_new("-fsdev proxy,id=fs0,socket='%s' %s",
                       ring_helper_socket(), device);
}

RingDev *ring_proxy(void)
{
    RingDev *d;

    ring_helper_start();
    d = ring_dev_open(proxy_vm("-device virtio-9p-pci,fsdev=fs0,"
                               "mount_tag=ring,addr=4"), RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static void helper_kill(void)
{
    kill(helper, SIGKILL);
    waitpid(helper, NULL, 0);
}

/* Stops the helper, so that it does not answer requests. */
static void helper_stop(void)
{
    int status;

    kill(helper, SIGSTOP);
    waitpid(helper, &status, WUNTRACED);
}

/* A request that needs the helper */
static RingReq *send_mkdir(RingDev *d)
{
    return ring_send(d, ring_msg(RING_TMKDIR, "4s44", 0, "new", 0700, 0));
}

static void check_at_once(const char *what, int64_t start)
{
    int64_t took = ring_now() - start;

    ring_check(took < AT_ONCE, "%s while the helper is stopped: expected less "
               "than %d ms, it took %" PRId64 " ms", what, AT_ONCE / 1000,
               took / 1000);
}

static void killed_helper_is_eio(void)
{
    RingDev *d;
    RingReq *r;

    ring_host_put("f", "hello", 5);
    d = ring_proxy();
    helper_stop();
    r = send_mkdir(d);
    helper_kill();
    ring_expect_done(r, RING_TMKDIR, EIO);
    ring_tmkdir(d, .fid = 0, .name = "other", .mode = 0700, .err = EIO);
    /* Requests that do not need the helper still work. */
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tgetattr(d, .fid = 1);
}

static void another_helper_after_a_reset(void)
{
    char buf[8] = "";
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = ring_proxy();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    helper_kill();
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR, .err = EIO);
    ring_helper_start();
    ring_dev_reset(d);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 5,
                                            .buf = buf), 5);
    ring_check_str("content", buf, "hello");
}

/*
 * With a new helper the guest can go on, after its requests in between have
 * failed.
 */
static void another_helper_without_a_reset(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = ring_proxy();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    helper_kill();
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR, .err = EIO);
    ring_helper_start();
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_tmkdir(d, .fid = 0, .name = "new", .mode = 0700);
}

/* Each event loop may receive answers to requests of the other one. */
static void two_devices_on_one_connection(void)
{
    RingDev *d[2];
    RingVm *vm;

    ring_helper_start();
    vm = proxy_vm("-device virtio-9p-pci,fsdev=fs0,mount_tag=one,addr=4 "
                  "-device virtio-9p-pci,fsdev=fs0,mount_tag=two,addr=5");
    for (int i = 0; i < 2; i++) {
        d[i] = ring_dev_open(vm, 4 + i);
        ring_dev_start(d[i]);
        ring_mount(d[i]);
    }
    for (int n = 0; n < 50; n++) {
        RingReq *r[2][8];

        for (int k = 0; k < 16; k++) {
            g_autofree char *name = g_strdup_printf("%d-%d", n, k);

            r[k % 2][k / 2] = ring_send(d[k % 2],
                ring_msg(RING_TMKDIR, "4s44", 0, name, 0700, 0));
        }
        for (int k = 0; k < 16; k++) {
            ring_expect_done(r[k % 2][k / 2], RING_TMKDIR, 0);
        }
        ring_dev_reset(d[n % 2]);
        ring_tmkdir(d[1 - n % 2], .fid = 0, .name = "again", .mode = 0700);
        ring_tunlinkat(d[1 - n % 2], .dir = 0, .name = "again",
                       .flags = RING_AT_REMOVEDIR);
        ring_dev_start(d[n % 2]);
        ring_mount(d[n % 2]);
    }
}

static void reset_while_the_helper_is_silent(void)
{
    RingDev *d;
    RingReq *r;
    int64_t start;

    ring_host_put("f", "hello", 5);
    d = ring_proxy();
    helper_stop();
    r = send_mkdir(d);
    start = ring_now();
    qtest_qmp_assert_success(d->vm->qts, "{ 'execute': 'query-status' }");
    check_at_once("QMP", start);
    start = ring_now();
    ring_dev_reset(d);
    check_at_once("reset", start);
    ring_check(!r->done, "expected no answer");
    ring_dev_start(d);
    ring_mount(d);
    kill(helper, SIGCONT);
    ring_tmkdir(d, .fid = 0, .name = "after", .mode = 0700);
}

static void unplug_while_the_helper_is_silent(void)
{
    RingVm *vm;
    RingDev *d;
    int64_t start;

    ring_host_put("f", "hello", 5);
    ring_helper_start();
    vm = proxy_vm("-device virtio-9p-pci,fsdev=fs0,mount_tag=ring,addr=4,"
                  "id=hot");
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    helper_stop();
    send_mkdir(d);
    start = ring_now();
    qpci_unplug_acpi_device_test(vm->qts, "hot", RING_SLOT);
    check_at_once("unplug", start);
    ring_dev_close(d);
    kill(helper, SIGCONT);
}

/*
 * With the seccomp filter that libvirt uses, which kills QEMU for a forbidden
 * system call.
 */
static void works_in_the_sandbox(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    ring_helper_start();
    d = ring_dev_open(proxy_vm("-sandbox on,obsolete=deny,"
                               "elevateprivileges=deny,spawn=deny,"
                               "resourcecontrol=deny "
                               "-device virtio-9p-pci,fsdev=fs0,"
                               "mount_tag=ring,addr=4"), RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_twrite(d, .fid = 1, .data = "HELLO", .count = 5);
    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_tlcreate(d, .fid = 2, .name = "new", .mode = 0640, .gid = 7);
    ring_check_int("mode on the host", ring_host_stat("new").st_mode,
                   S_IFREG | 0640);
    ring_check_int("group on the host", ring_host_stat("new").st_gid, 7);
}

/* QEMU and the helper inherit the two ends of a connection. */
static void inherited_connection(void)
{
    g_autofree char *number = NULL;
    const char *words[] = { "-f", NULL, NULL };
    RingVm *vm;
    RingDev *d;
    int fds[2];

    ring_host_put("f", "hello", 5);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), ==, 0);
    words[1] = number = g_strdup_printf("%d", fds[1]);
    /* The helper must not inherit QEMU's end: it would never see it closed. */
    fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    helper_spawn(words);
    fcntl(fds[0], F_SETFD, 0);
    close(fds[1]);
    vm = ring_vm_new("-fsdev proxy,id=fs0,sock_fd=%d -device virtio-9p-pci,"
                     "fsdev=fs0,mount_tag=ring,addr=4", fds[0]);
    close(fds[0]);
    d = ring_dev_open(vm, RING_SLOT);
    ring_dev_start(d);
    ring_mount(d);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 8), 5);
}

void ring_register_proxy_tests(void)
{
#define ADD(name, fn) ring_add("proxy-helper/" name, fn)
    ADD("works-in-the-sandbox", works_in_the_sandbox);
    ADD("inherited-connection", inherited_connection);
    ADD("killed-is-eio", killed_helper_is_eio);
    ADD("another-one-after-a-reset", another_helper_after_a_reset);
    ADD("another-one-without-a-reset", another_helper_without_a_reset);
    ADD("two-devices-on-one-connection", two_devices_on_one_connection);
    ADD("reset-while-silent", reset_while_the_helper_is_silent);
    ADD("unplug-while-silent", unplug_while_the_helper_is_silent);
#undef ADD
}
