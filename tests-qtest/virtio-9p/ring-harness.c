/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test harness of the virtio-9p ring tests: isolation, deadline, messages.
 *
 * Each test has a child process and a scratch directory.  The parent only
 * forks, waits and reports; the child runs the test body and sends its messages
 * through a pipe.  The child's exit status is the result: 0 passed, EXIT_SKIP
 * skipped, anything else, or a signal, failed.  One thread only.
 */
#include "qemu/osdep.h"
#include <ftw.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include "libqtest.h"
#include "qemu/bswap.h"
#include "ring-harness.h"

enum {
    EXIT_FAIL = 1,
    EXIT_SKIP = 77,
    DEADLINE_SECONDS = 90,
};

typedef struct RingTest {
    void (*fn)(void);
    void (*fn_arg)(const void *arg);
    const void *arg;
} RingTest;

typedef struct RingExit {
    void (*fn)(void *arg);
    void *arg;
    struct RingExit *next;
} RingExit;

static char *scratch;           /* owned; absolute path, NULL between tests */
static int report_fd = -1;      /* the child's end of the pipe */
static RingExit *exit_list;     /* owned; in the child, last added first */

static int remove_entry(const char *path, const struct stat *st, int flag,
                        struct FTW *ftw)
{
    if (flag == FTW_DNR) {
        chmod(path, 0700);
    }
    return remove(path);
}

static void scratch_remove(void)
{
    nftw(scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    g_free(scratch);
    scratch = NULL;
}

static void scratch_make(void)
{
    g_autofree char *cwd = g_get_current_dir();

    scratch = g_build_filename(cwd, "virtio-9p-ring-XXXXXX", NULL);
    if (!g_mkdtemp(scratch)) {
        g_error("cannot make the scratch directory %s: %s", scratch,
                g_strerror(errno));
    }
}

static void report(const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = write(report_fd, text, len);

        if (n <= 0) {
            return;
        }
        text += n;
        len -= n;
    }
}

void ring_fail_at(const char *file, int line, const char *fmt, ...)
{
    g_autofree char *base = g_path_get_basename(file);
    g_autofree char *head = g_strdup_printf("%s:%d: ", base, line);
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    report(head);
    report(text);
    report("\n");
    /* The emulators end with this process: libqtest uses PR_SET_PDEATHSIG. */
    _exit(EXIT_FAIL);
}

void ring_skip(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    report(text);
    _exit(EXIT_SKIP);
}

void ring_note(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    report(text);
    report("\n");
}

void ring_on_exit(void (*fn)(void *arg), void *arg)
{
    RingExit *e = g_new0(RingExit, 1);

    e->fn = fn;
    e->arg = arg;
    e->next = exit_list;
    exit_list = e;
}

static void run_child(const RingTest *test, int fd)
{
    report_fd = fd;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /*
     * Output of GLib and the emulator must not be taken for TAP lines of the
     * parent, in particular "Bail out!".
     */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    alarm(DEADLINE_SECONDS);
    if (test->fn) {
        test->fn();
    } else {
        test->fn_arg(test->arg);
    }
    while (exit_list) {
        RingExit *e = exit_list;

        exit_list = e->next;
        e->fn(e->arg);
        g_free(e);
    }
    _exit(0);
}

static char *read_report(int fd)
{
    GString *text = g_string_new(NULL);
    char buf[512];
    ssize_t n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        g_string_append_len(text, buf, n);
    }
    return g_string_free(text, FALSE);
}

static void print_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (**line) {
            g_test_message("%s", *line);
        }
    }
}

static void judge(int status, const char *text)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIP) {
        g_test_skip(text);
        return;
    }
    print_lines(text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        g_test_message("expected the test to end within %d s, it was still "
                       "waiting", DEADLINE_SECONDS);
    } else if (WIFSIGNALED(status)) {
        g_test_message("expected the test to end by itself, it died of "
                       "signal %d (an assertion, or QEMU went away)",
                       WTERMSIG(status));
    }
    g_test_fail();
}

static void run_test(gconstpointer opaque)
{
    g_autofree char *text = NULL;
    int fds[2];
    int status;
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0) {
        g_error("pipe2: %s", g_strerror(errno));
    }
    scratch_make();
    fflush(NULL);
    pid = fork();
    if (pid < 0) {
        g_error("fork: %s", g_strerror(errno));
    }
    if (pid == 0) {
        close(fds[0]);
        run_child(opaque, fds[1]);
    }
    close(fds[1]);
    text = read_report(fds[0]);
    close(fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        /* again */
    }
    scratch_remove();
    judge(status, text);
}

static void add_test(const char *path, const RingTest *test)
{
    g_autofree char *full = g_strdup_printf("virtio-9p-ring/%s", path);

    qtest_add_data_func_full(full, g_memdup2(test, sizeof(*test)), run_test,
                             g_free);
}

void ring_add(const char *path, void (*fn)(void))
{
    RingTest test = { .fn = fn };

    add_test(path, &test);
}

void ring_add_arg(const char *path, void (*fn)(const void *arg),
                  const void *arg)
{
    RingTest test = { .fn_arg = fn, .arg = arg };

    add_test(path, &test);
}

void ring_check_int_at(const char *file, int line, const char *what,
                       long long got, long long want)
{
    if (got != want) {
        ring_fail_at(file, line, "%s: expected %lld (0x%llx), got %lld "
                     "(0x%llx)", what, want, want, got, got);
    }
}

void ring_check_str_at(const char *file, int line, const char *what,
                       const char *got, const char *want)
{
    if (g_strcmp0(got, want) != 0) {
        ring_fail_at(file, line, "%s: expected \"%s\", got \"%s\"", what,
                     want, got ? got : "(none)");
    }
}

void ring_check_contains_at(const char *file, int line, const char *what,
                            const char *text, const char *part)
{
    if (!text || !strstr(text, part)) {
        ring_fail_at(file, line, "%s: expected a text with \"%s\" in it, "
                     "got \"%s\"", what, part, text ? text : "(none)");
    }
}

int64_t ring_now(void)
{
    return g_get_monotonic_time();
}

const char *ring_dir(void)
{
    return scratch;
}

char *ring_host_path(const char *name)
{
    return g_build_filename(scratch, name, NULL);
}

void ring_host_put(const char *name, const void *data, size_t len)
{
    g_autofree char *path = ring_host_path(name);
    g_autoptr(GError) err = NULL;

    ring_check(g_file_set_contents(path, data, len, &err),
               "host: cannot write %s: %s", name, err->message);
}

void ring_host_mkdir(const char *name)
{
    g_autofree char *path = ring_host_path(name);

    ring_check(mkdir(path, 0755) == 0, "host: cannot make directory %s: %s",
               name, g_strerror(errno));
}

char *ring_host_get(const char *name, size_t *len)
{
    g_autofree char *path = ring_host_path(name);
    g_autoptr(GError) err = NULL;
    char *data = NULL;

    ring_check(g_file_get_contents(path, &data, len, &err),
               "host: expected to read %s, got: %s", name, err->message);
    return data;
}

short ring_host_lock(const char *name)
{
    g_autofree char *path = ring_host_path(name);
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int fd = open(path, O_RDWR);
    int ret = fcntl(fd, F_OFD_GETLK, &range);

    if (ret < 0 && errno == EINVAL) {
        ring_skip("the host has no open file description locks");
    }
    ring_check(ret == 0, "F_OFD_GETLK: %s", strerror(errno));
    close(fd);
    return range.l_type;
}

bool ring_host_exists(const char *name)
{
    g_autofree char *path = ring_host_path(name);
    struct stat st;

    return lstat(path, &st) == 0;
}

struct stat ring_host_stat(const char *name)
{
    g_autofree char *path = ring_host_path(name);
    struct stat st;

    ring_check(lstat(path, &st) == 0, "host: expected %s to exist, got: %s",
               name, g_strerror(errno));
    return st;
}

int64_t ring_host_xattr32(const char *name, const char *attr)
{
    g_autofree char *path = ring_host_path(name);
    uint32_t value;

    if (lgetxattr(path, attr, &value, sizeof(value)) != sizeof(value)) {
        return -1;
    }
    return le32_to_cpu(value);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *listing;      /* owned by ring_host_list() while it runs */

static int list_entry(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    if (ftw->level > 0) {
        g_ptr_array_add(listing, g_strdup(path + strlen(scratch) + 1));
    }
    return 0;
}

char *ring_host_list(void)
{
    char *text;

    listing = g_ptr_array_new_with_free_func(g_free);
    nftw(scratch, list_entry, 16, FTW_PHYS);
    g_ptr_array_sort(listing, compare_names);
    g_ptr_array_add(listing, NULL);
    text = g_strjoinv("\n", (char **)listing->pdata);
    g_ptr_array_free(listing, TRUE);
    return text;
}
