/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test harness of the virtio-9p ring tests.
 *
 * Every test runs in a child process of its own, with a scratch directory and
 * a deadline, so an assertion, a QEMU that dies or a server that never answers
 * makes only one test fail.  All functions are called from the single thread of
 * the test program; those named ring_host_* access the scratch directory like a
 * process on the host.
 */
#ifndef VIRTIO_9P_RING_HARNESS_H
#define VIRTIO_9P_RING_HARNESS_H

#include <sys/stat.h>

/*
 * ring_add - register one test.
 * @path: "group/name"; appears as /x86_64/virtio-9p-ring/group/name
 */
void ring_add(const char *path, void (*fn)(void));

/* Like ring_add(); @arg is borrowed and must outlive the run. */
void ring_add_arg(const char *path, void (*fn)(const void *arg),
                  const void *arg);

/* Ends the test as failed, with the message in the TAP output. */
void ring_fail_at(const char *file, int line, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4) __attribute__((noreturn));

/* Ends the test as skipped; the message says what is missing. */
void ring_skip(const char *fmt, ...)
    G_GNUC_PRINTF(1, 2) __attribute__((noreturn));

/* Adds a message to the output of the running test, without failing it. */
void ring_note(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#define ring_fail(...) ring_fail_at(__FILE__, __LINE__, __VA_ARGS__)

#define ring_check(cond, ...)                                           \
    do {                                                                \
        if (!(cond)) {                                                  \
            ring_fail(__VA_ARGS__);                                     \
        }                                                               \
    } while (0)

#define ring_check_int(what, got, want)                                 \
    ring_check_int_at(__FILE__, __LINE__, (what), (got), (want))

#define ring_check_str(what, got, want)                                 \
    ring_check_str_at(__FILE__, __LINE__, (what), (got), (want))

#define ring_check_contains(what, text, part)                           \
    ring_check_contains_at(__FILE__, __LINE__, (what), (text), (part))

void ring_check_int_at(const char *file, int line, const char *what,
                       long long got, long long want);
void ring_check_str_at(const char *file, int line, const char *what,
                       const char *got, const char *want);
void ring_check_contains_at(const char *file, int line, const char *what,
                            const char *text, const char *part);

/*
 * ring_on_exit - run @fn(@arg) when the test body has returned normally.
 * Used to stop the emulators and to check their exit status.
 */
void ring_on_exit(void (*fn)(void *arg), void *arg);

/* Microseconds since an arbitrary start, for bounds on elapsed time. */
int64_t ring_now(void);

/* Microseconds to wait for an event: much more than needed, for slow hosts. */
#define RING_PATIENCE (20 * 1000 * 1000)

/* Absolute path of this test's scratch directory; valid for the whole test. */
const char *ring_dir(void);

/* "<scratch>/<name>"; the result is freed by the caller. */
char *ring_host_path(const char *name);

void ring_host_put(const char *name, const void *data, size_t len);
void ring_host_mkdir(const char *name);
/* The *@len bytes of a file, to be freed; fails the test if there is none */
char *ring_host_get(const char *name, size_t *len);
bool ring_host_exists(const char *name);
/* lstat(2); fails the test if there is no such file */
struct stat ring_host_stat(const char *name);
/* A 32-bit little-endian extended attribute, or -1 if it is not there */
int64_t ring_host_xattr32(const char *name, const char *attr);
/*
 * The type of lock that keeps the host from a write lock on the file, F_UNLCK
 * if there is none.  Skips the test if the host has no such locks.
 */
short ring_host_lock(const char *name);
/* Names below the scratch directory, sorted, one per line */
char *ring_host_list(void);

/* Registers the tests of one topic file; called by main() only. */
void ring_register_attack_tests(void);
void ring_register_device_tests(void);
void ring_register_plug_tests(void);
void ring_register_options_tests(void);
void ring_register_virtfs_tests(void);
void ring_register_synth_tests(void);
void ring_register_local_tests(void);
void ring_register_proxy_tests(void);
void ring_register_names_tests(void);
void ring_register_chain_tests(void);
void ring_register_limits_tests(void);
void ring_register_flush_tests(void);
void ring_register_hang_tests(void);
void ring_register_load_tests(void);
void ring_register_lock_tests(void);
void ring_register_migrate_tests(void);
void ring_register_loop_tests(void);
void ring_register_resources_tests(void);
void ring_register_session_tests(void);
void ring_register_state_tests(void);
void ring_register_readonly_tests(void);
void ring_register_fsdev_tests(void);
void ring_register_query_tests(void);
void ring_register_registers_tests(void);
void ring_register_fuzz_tests(void);

#endif
