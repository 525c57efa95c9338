/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * posix [--model=MODEL] [--cache=CACHE] [--host-user] [--only=BEHAVIOUR]
 *       [--facts] [--list] [DIR]
 *
 * Compares the file system of DIR (default: the working directory) with the
 * rules of POSIX and Linux for a local one.  MODEL is native, passthrough,
 * mapped-xattr, mapped-file or none; CACHE is the client's cache mode; both
 * select the rows of the table of facts.  --host-user: QEMU is not root, so
 * the model none does not keep owners.  Each behaviour runs in its own child
 * process and folder, with a deadline.  It consists of many statements, which
 * are printed and counted; the last line is "N passed, M failed, K skipped".
 * The exit status is 1 if a statement failed, 2 if the suite could not start.
 */
#include "posix.h"

#include <getopt.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

static const struct behaviour *const groups[] = {
    mode_behaviours, owner_behaviours, create_behaviours, remove_behaviours,
    link_behaviours, rename_behaviours, rename_rights_behaviours,
    open_behaviours, size_behaviours, time_behaviours, held_behaviours,
    dir_behaviours, name_behaviours, errno_behaviours, xattr_behaviours,
    map_behaviours,
};

/* In seconds; each takes less than one, or a few under slow emulation. */
enum { DEADLINE = 60 };

static bool host_is_user;
static struct counts *counts;

static const char *why_not(unsigned needs)
{
    if ((needs & NEEDS_ROOT) && geteuid() != 0) {
        return "needs root";
    }
    if ((needs & NEEDS_OWNERS) && model == NONE && host_is_user) {
        return "the model none keeps no owners if QEMU is not root";
    }
    if ((needs & NEEDS_CTIME) && (cache == LOOSE || cache == FSCACHE)) {
        return "this cache mode does not ask the server for times";
    }
    return NULL;
}

static void child(const struct behaviour *b)
{
    umask(0);
    alarm(DEADLINE);
    if (mkdir(b->name, 0777) || chdir(b->name)) {
        check_abort("a folder to work in", strerrorname_np(errno));
        exit(0);
    }
    b->run();
    exit(0);
}

static void run(const struct behaviour *b)
{
    const char *reason = why_not(b->needs);
    char came[64];
    int status;
    pid_t pid;

    check_begin(counts, b->name);
    if (reason) {
        skip(reason);
        return;
    }
    remove_tree(AT_FDCWD, b->name);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        child(b);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        check_abort("a child process", "none");
        return;
    }
    if (WIFSIGNALED(status) || WEXITSTATUS(status)) {
        snprintf(came, sizeof(came), "%s %d",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        check_abort("a proper end", came);
    }
    if (remove_tree(AT_FDCWD, b->name)) {
        check_abort("its folder to be removable", strerrorname_np(errno));
    }
}

static int run_all(const char *only)
{
    const struct behaviour *b;
    bool found = false;
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(groups); i++) {
        for (b = groups[i]; b->name; b++) {
            if (!only || !strcmp(only, b->name)) {
                found = true;
                run(b);
            }
        }
    }
    if (!found) {
        fprintf(stderr, "posix: no behaviour %s\n", only);
        return 2;
    }
    printf("%u passed, %u failed, %u skipped\n", counts->passed,
           counts->failed, counts->skipped);
    return counts->failed ? 1 : 0;
}

static void list(void)
{
    const struct behaviour *b;
    size_t i;

    for (i = 0; i < SIZE_OF_ARRAY(groups); i++) {
        for (b = groups[i]; b->name; b++) {
            puts(b->name);
        }
    }
}

/* The program that a test runs: prints, waits for end of input, prints. */
static int wait_for_end(void)
{
    char c;

    if (write(1, "1", 1) != 1 || read(0, &c, 1) != 0) {
        return 1;
    }
    return write(1, "2", 1) != 1;
}

static void bad_usage(const char *what)
{
    fprintf(stderr, "posix: %s\n", what);
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "model", required_argument, NULL, 'm' },
        { "cache", required_argument, NULL, 'c' },
        { "host-user", no_argument, NULL, 'u' },
        { "only", required_argument, NULL, 'o' },
        { "facts", no_argument, NULL, 'f' },
        { "list", no_argument, NULL, 'l' },
        { "wait", no_argument, NULL, 'w' },
        { NULL, 0, NULL, 0 },
    };
    const char *only = NULL;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'm':
            if (!facts_set_model(optarg)) {
                bad_usage("no such model");
            }
            break;
        case 'c':
            if (!facts_set_cache(optarg)) {
                bad_usage("no such cache mode");
            }
            break;
        case 'u':
            host_is_user = true;
            break;
        case 'o':
            only = optarg;
            break;
        case 'f':
            facts_print();
            return 0;
        case 'l':
            list();
            return 0;
        case 'w':
            return wait_for_end();
        default:
            return 2;
        }
    }
    if (argv[optind] && chdir(argv[optind])) {
        bad_usage("cannot enter the directory");
    }
    facts_set_kernel();
    counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counts == MAP_FAILED) {
        bad_usage("no memory");
    }
    return run_all(only);
}
