/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Starts and stops QEMU.  Single thread.
 *
 * Interrupts do not use qtest: the machine has an ivshmem doorbell device, the
 * benchmark acts as its ivshmem server, and the address of the 9P device's
 * MSI-X message is the doorbell's register.  So an interrupt is one write(2) to
 * an eventfd, as with KVM's irqfd.  QEMU's docs/specs/ivshmem-spec.rst
 * describes the messages of an ivshmem server.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "machine.h"

#define BIOS_SIZE   (64 << 10)      /* the minimum that a PC accepts */
#define HLT         0xf4
#define SHM_SIZE    (64 << 10)      /* the doorbell's memory; never used */

/* Descriptors that are passed to QEMU and closed in this process */
typedef struct Inherited {
    int ram, bios, qtest, bell, proxy;      /* proxy: -1 when there is none */
} Inherited;

static Machine *running;

static void kill_running(void)
{
    if (running) {
        kill(running->pid, SIGKILL);
        if (running->helper.pid) {
            kill(running->helper.pid, SIGKILL);
        }
        running = NULL;
    }
}

static int make_memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, size) < 0) {
        die_errno("cannot make a memfd");
    }
    return fd;
}

/* A CPU, if there is one, starts in it with interrupts disabled and halts. */
static int make_bios(void)
{
    int fd = make_memfd("bench-bios", BIOS_SIZE);
    g_autofree char *halt = g_malloc(BIOS_SIZE);

    memset(halt, HLT, BIOS_SIZE);
    if (pwrite(fd, halt, BIOS_SIZE, 0) != BIOS_SIZE) {
        die_errno("cannot write the firmware");
    }
    return fd;
}

static void make_pair(int *ours, int *theirs)
{
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
        die_errno("socketpair");
    }
    *ours = fd[0];
    *theirs = fd[1];
}

static int make_eventfd(void)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0) {
        die_errno("eventfd");
    }
    return fd;
}

/* One message of an ivshmem server: a number and optionally a descriptor */
static void bell_send(int sock, int64_t number, int fd)
{
    int64_t le = htole64(number);
    struct iovec iov = { &le, sizeof(le) };
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    struct cmsghdr *c;

    if (fd >= 0) {
        msg.msg_control = control.space;
        msg.msg_controllen = sizeof(control.space);
        c = CMSG_FIRSTHDR(&msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
    }
    if (sendmsg(sock, &msg, 0) != sizeof(le)) {
        die_errno("cannot send to the doorbell's socket");
    }
}

/* Sends all messages for a new client; QEMU will read them from the socket. */
static void bell_greet(int sock, int irq_fd)
{
    int shm = make_memfd("bench-doorbell", SHM_SIZE);
    int unused = make_eventfd();

    bell_send(sock, 0, -1);                     /* version of the protocol */
    bell_send(sock, 0, -1);                     /* the client's number */
    bell_send(sock, -1, shm);
    bell_send(sock, MACHINE_BELL_PEER, irq_fd);
    bell_send(sock, 0, unused);                 /* the client's own vector */
    close(shm);
    close(unused);
}

static void add(GPtrArray *args, const char *option, char *value)
{
    g_ptr_array_add(args, g_strdup(option));
    g_ptr_array_add(args, value);
}

/* Old proxies do not have the option multidevs and behave as with "warn". */
static char *fsdev(const MachineOptions *o, const Inherited *fd)
{
    GString *s = g_string_new(NULL);

    if (o->proxy) {
        g_string_append_printf(s, "proxy,id=fs,sock_fd=%d", fd->proxy);
    } else {
        g_string_append_printf(s, "local,id=fs,path=%s,security_model=%s",
                               o->path, o->model);
    }
    if (o->multidevs && !(o->proxy && !strcmp(o->multidevs, "warn"))) {
        g_string_append_printf(s, ",multidevs=%s", o->multidevs);
    }
    if (o->fsdev) {
        g_string_append_printf(s, ",%s", o->fsdev);
    }
    return g_string_free(s, false);
}

static GPtrArray *command_line(const MachineOptions *o, const Inherited *fd)
{
    GPtrArray *a = g_ptr_array_new_with_free_func(g_free);
    unsigned i;

    g_ptr_array_add(a, g_strdup(o->binary));
    g_ptr_array_add(a, g_strdup("-nodefaults"));
    g_ptr_array_add(a, g_strdup("-no-user-config"));
    add(a, "-display", g_strdup("none"));
    add(a, "-accel", g_strdup(o->accel ?: "qtest"));
    add(a, "-machine", g_strdup("pc,usb=off,hpet=off,vmport=off,"
                                "memory-backend=ram"));
    /* Avoids loading an option ROM that no CPU would run. */
    add(a, "-global", g_strdup("apic-common.vapic=off"));
    add(a, "-m", g_strdup_printf("%" PRIu64 "B", MACHINE_RAM_SIZE));
    add(a, "-object",
        g_strdup_printf("memory-backend-file,id=ram,share=on,size=%" PRIu64
                        ",mem-path=/proc/self/fd/%d",
                        MACHINE_RAM_SIZE, fd->ram));
    add(a, "-bios", g_strdup_printf("/proc/self/fd/%d", fd->bios));
    add(a, "-chardev", g_strdup_printf("socket,id=qtest,fd=%d", fd->qtest));
    add(a, "-qtest", g_strdup("chardev:qtest"));
    add(a, "-qtest-log", g_strdup("none"));
    add(a, "-chardev", g_strdup_printf("socket,id=bell,fd=%d", fd->bell));
    add(a, "-device",
        g_strdup_printf("ivshmem-doorbell,chardev=bell,vectors=1,addr=%d",
                        MACHINE_BELL_SLOT));
    for (i = 0; o->args && o->args[i]; i++) {
        g_ptr_array_add(a, g_strdup(o->args[i]));
    }
    add(a, "-fsdev", fsdev(o, fd));
    add(a, "-device",
        g_strdup_printf("virtio-9p-pci,fsdev=fs,mount_tag=bench,addr=%d,"
                        "ioeventfd=%s%s%s", MACHINE_9P_SLOT,
                        o->ioeventfd ? "on" : "off", o->device ? "," : "",
                        o->device ?: ""));
    g_ptr_array_add(a, NULL);
    return a;
}

static void keep_over_exec(int fd)
{
    fcntl(fd, F_SETFD, 0);
}

/* See preload/slow-read.c. */
static void make_reads_slow(const MachineOptions *o)
{
    g_autofree char *ns = g_strdup_printf("%" PRIu64, o->slow_ns);

    setenv("LD_PRELOAD", o->slow_reads, 1);
    setenv("BENCH_SLOW_DIR", o->path, 1);
    setenv("BENCH_SLOW_NS", ns, 1);
}

static G_GNUC_NORETURN void run_qemu(GPtrArray *args, const Inherited *fd,
                                     const MachineOptions *o)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Allows calls.c to attach even if Yama restricts ptrace. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    keep_over_exec(fd->ram);
    keep_over_exec(fd->bios);
    keep_over_exec(fd->qtest);
    keep_over_exec(fd->bell);
    if (fd->proxy >= 0) {
        keep_over_exec(fd->proxy);
    }
    if (o->slow_reads) {
        make_reads_slow(o);
    }
    execv(args->pdata[0], (char **)args->pdata);
    fprintf(stderr, "bench: cannot run %s: %s\n", (char *)args->pdata[0],
            strerror(errno));
    _exit(127);
}

void machine_start(Machine *m, const MachineOptions *o)
{
    static bool registered;
    g_autoptr(GPtrArray) args = NULL;
    Inherited fd;
    int qtest, bell;

    if (!registered) {
        registered = true;
        atexit(kill_running);
    }
    fd.ram = make_memfd("bench-ram", MACHINE_RAM_SIZE);
    fd.bios = make_bios();
    make_pair(&qtest, &fd.qtest);
    make_pair(&bell, &fd.bell);
    m->helper = (Helper) { .sock = -1 };
    if (o->proxy) {
        helper_start(&m->helper, o->proxy, o->path);
    }
    fd.proxy = m->helper.sock;
    m->irq_fd = make_eventfd();
    bell_greet(bell, m->irq_fd);

    m->ram = mmap(NULL, MACHINE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd.ram, 0);
    if (m->ram == MAP_FAILED) {
        die_errno("cannot map the guest's memory");
    }
    args = command_line(o, &fd);
    m->pid = fork();
    if (m->pid < 0) {
        die_errno("fork");
    }
    if (m->pid == 0) {
        run_qemu(args, &fd, o);
    }
    running = m;
    m->all[0] = m->pid;
    m->all[1] = m->helper.pid;
    m->all[2] = 0;
    close(fd.ram);
    close(fd.bios);
    close(fd.qtest);
    close(fd.bell);
    if (fd.proxy >= 0) {
        close(fd.proxy);
    }
    qtest_init(&m->qtest, qtest);
    /* The reply to any command means that the machine is complete. */
    qtest_read(&m->qtest, 4, 0);
    /* The doorbell device keeps working without its server. */
    close(bell);
}

void machine_stop(Machine *m)
{
    running = NULL;
    kill(m->pid, SIGKILL);
    while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR) {
        continue;
    }
    if (m->helper.pid) {
        helper_stop(&m->helper);
    }
    qtest_close(&m->qtest);
    close(m->irq_fd);
    munmap(m->ram, MACHINE_RAM_SIZE);
}
