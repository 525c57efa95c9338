/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boots a guest and measures its steps: see boot.h.  Single thread. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "boot.h"

#define DEADLINE_MS     (15 * 60 * 1000)
#define LINE_MAX_BYTES  200
#define NS_PER_MS       1e6

typedef struct Boot {
    pid_t pid;
    int wire;
    FILE *lines;                /* reads from the wire */
    GPtrArray *steps;
} Boot;

/* CPU time at one moment, in nanoseconds */
typedef struct Mark {
    uint64_t process;
    GHashTable *threads;        /* name -> uint64_t *, sum of these threads */
} Mark;

static pid_t running;

static void kill_running(void)
{
    if (running) {
        kill(running, SIGKILL);
        running = 0;
    }
}

/* ---- CPU time ---- */

static uint64_t process_ns(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t) < 0) {
        die("no CPU clock of process %d", pid);
    }
    return t.tv_sec * NS_PER_SEC + t.tv_nsec;
}

/* The first field of a thread's schedstat: nanoseconds on a CPU. */
static void add_thread(GHashTable *threads, const char *folder,
                       const char *thread)
{
    g_autofree char *comm = g_build_filename(folder, thread, "comm", NULL);
    g_autofree char *stat = g_build_filename(folder, thread, "schedstat",
                                             NULL);
    g_autofree char *text = NULL;
    char *name = NULL;
    uint64_t *sum;

    if (!g_file_get_contents(comm, &name, NULL, NULL) ||
        !g_file_get_contents(stat, &text, NULL, NULL)) {
        g_free(name);
        return;                 /* the thread has just exited */
    }
    g_strchomp(name);
    sum = g_hash_table_lookup(threads, name);
    if (sum) {
        g_free(name);
    } else {
        sum = g_new0(uint64_t, 1);
        g_hash_table_insert(threads, name, sum);
    }
    *sum += strtoull(text, NULL, 10);
}

static Mark mark_now(pid_t pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    Mark mark = { .process = process_ns(pid) };
    const char *name;

    mark.threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         g_free);
    while (dir && (name = g_dir_read_name(dir))) {
        add_thread(mark.threads, folder, name);
    }
    return mark;
}

/* -name debug-threads=on calls these threads "CPU 0/TCG". */
static bool is_vcpu(const char *name)
{
    return g_str_has_prefix(name, "CPU ");
}

/* Stores the CPU time used since @before in @step; frees @before. */
static void measure(pid_t pid, Mark before, BootStep *step)
{
    Mark now = mark_now(pid);
    double cpu = now.process - before.process;
    GHashTableIter it;
    gpointer name, value;
    bool vcpu = false;

    step->threads = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          g_free);
    g_hash_table_iter_init(&it, now.threads);
    while (g_hash_table_iter_next(&it, &name, &value)) {
        const uint64_t *old = g_hash_table_lookup(before.threads, name);
        /*
         * Some threads of this name may have exited: their time is only in
         * cpu_ms.
         */
        double used = *(uint64_t *)value - MIN(old ? *old : 0,
                                               *(uint64_t *)value);

        if (is_vcpu(name)) {
            vcpu = true;
            cpu -= used;
        } else {
            used /= NS_PER_MS;
            g_hash_table_insert(step->threads, g_strdup(name),
                                g_memdup2(&used, sizeof(used)));
        }
    }
    if (!vcpu) {
        die("QEMU has no thread \"CPU 0\" whose CPU time could be subtracted");
    }
    step->cpu_ms = MAX(cpu, 0) / NS_PER_MS;
    g_hash_table_destroy(now.threads);
    g_hash_table_destroy(before.threads);
}

/* ---- the wire ---- */

/* One line without its newline; NULL if QEMU has exited. */
static char *next_line(Boot *boot)
{
    char line[LINE_MAX_BYTES];
    struct pollfd p = { .fd = boot->wire, .events = POLLIN };

    stop_if_asked();
    if (poll(&p, 1, DEADLINE_MS) <= 0) {
        die("the guest sent nothing for %d s", DEADLINE_MS / 1000);
    }
    if (!fgets(line, sizeof(line), boot->lines)) {
        return NULL;
    }
    return g_strchomp(g_strdup(line));
}

static void take_step(Boot *boot, const char *name)
{
    BootStep *step = g_new0(BootStep, 1);
    Mark before = mark_now(boot->pid);
    g_autofree char *line = NULL;
    g_auto(GStrv) word = NULL;

    step->name = g_strdup(name);
    if (write(boot->wire, "go\n", 3) != 3) {
        die_errno("the guest's serial port");
    }
    line = next_line(boot);
    measure(boot->pid, before, step);
    word = g_strsplit(line ?: "nothing", " ", -1);
    if (g_strv_length(word) != 4 || strcmp(word[0], "done") ||
        strcmp(word[1], name)) {
        die("step %s: expected \"done\", got \"%s\"", name, line ?: "");
    }
    if (strcmp(word[3], "0")) {
        die("step %s failed in the guest with status %s", name, word[3]);
    }
    step->guest_ms = g_ascii_strtoull(word[2], NULL, 10) / NS_PER_MS;
    g_ptr_array_add(boot->steps, step);
}

static void converse(Boot *boot)
{
    char *line;

    while ((line = next_line(boot))) {
        if (g_str_has_prefix(line, "ready ")) {
            take_step(boot, line + strlen("ready "));
        } else if (!strcmp(line, "end")) {
            g_free(line);
            return;
        } else {
            die("expected \"ready\" or \"end\", got \"%s\"", line);
        }
        g_free(line);
    }
    die("QEMU exited after %u steps", boot->steps->len);
}

/* ---- QEMU ---- */

static void add(GPtrArray *args, const char *option, char *value)
{
    g_ptr_array_add(args, g_strdup(option));
    g_ptr_array_add(args, value);
}

static GPtrArray *command_line(const BootOptions *o, int wire)
{
    GPtrArray *a = g_ptr_array_new_with_free_func(g_free);
    unsigned i;

    g_ptr_array_add(a, g_strdup(o->binary));
    g_ptr_array_add(a, g_strdup("-nodefaults"));
    g_ptr_array_add(a, g_strdup("-no-user-config"));
    g_ptr_array_add(a, g_strdup("-no-reboot"));
    add(a, "-name", g_strdup("bench,debug-threads=on"));
    add(a, "-display", g_strdup("none"));
    add(a, "-machine", g_strdup("pc"));
    add(a, "-accel", g_strdup("tcg"));
    add(a, "-m", g_strdup("1G"));
    for (i = 0; o->args && o->args[i]; i++) {
        g_ptr_array_add(a, g_strdup(o->args[i]));
    }
    add(a, "-kernel", g_strdup(o->kernel));
    add(a, "-initrd", g_strdup(o->initrd));
    add(a, "-append",
        g_strdup_printf("console=ttyS0 panic=-1 quiet mitigations=off "
                        "bench.mount=%s%s", o->mount,
                        o->quick ? " bench.quick=yes" : ""));
    add(a, "-chardev", g_strdup("stdio,id=console,signal=off"));
    add(a, "-serial", g_strdup("chardev:console"));
    add(a, "-chardev", g_strdup_printf("socket,id=wire,fd=%d", wire));
    add(a, "-serial", g_strdup("chardev:wire"));
    add(a, "-fsdev",
        g_strdup_printf("local,id=fs,path=%s,security_model=%s", o->share,
                        o->model));
    add(a, "-device",
        g_strdup_printf("virtio-9p-pci,fsdev=fs,mount_tag=bench%s%s",
                        o->device ? "," : "", o->device ?: ""));
    g_ptr_array_add(a, NULL);
    return a;
}

/* The console goes to stderr: it shows why a guest does not boot. */
static G_GNUC_NORETURN void run_qemu(GPtrArray *args, int wire)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    fcntl(wire, F_SETFD, 0);
    execv(args->pdata[0], (char **)args->pdata);
    fprintf(stderr, "bench: cannot run %s: %s\n", (char *)args->pdata[0],
            strerror(errno));
    _exit(127);
}

GPtrArray *boot_run(const BootOptions *o)
{
    static bool registered;
    g_autoptr(GPtrArray) args = NULL;
    Boot boot = { .steps = g_ptr_array_new() };
    int wire[2], status;

    if (!registered) {
        registered = true;
        atexit(kill_running);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, wire) < 0) {
        die_errno("socketpair");
    }
    args = command_line(o, wire[1]);
    boot.pid = fork();
    if (boot.pid < 0) {
        die_errno("fork");
    }
    if (boot.pid == 0) {
        run_qemu(args, wire[1]);
    }
    running = boot.pid;
    close(wire[1]);
    boot.wire = wire[0];
    boot.lines = fdopen(wire[0], "r");
    setvbuf(boot.lines, NULL, _IONBF, 0);
    converse(&boot);
    while (waitpid(boot.pid, &status, 0) < 0 && errno == EINTR) {
        stop_if_asked();
    }
    running = 0;
    fclose(boot.lines);
    if (status) {
        die("%s exited with wait status 0x%x", o->binary, status);
    }
    return boot.steps;
}
