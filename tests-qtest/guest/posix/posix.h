/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Declarations shared by the files of the POSIX suite: statements, which check
 * the results of a behaviour, the facts that depend on the mount, and tools.
 * All functions are called in the child process that main.c starts for one
 * behaviour, with an empty directory of mode 0777 as working directory; there
 * are no threads.  Each statement is counted and printed.
 */
#ifndef GUEST_POSIX_H
#define GUEST_POSIX_H

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define SIZE_OF_ARRAY(a) (sizeof(a) / sizeof((a)[0]))

/* Ids of users that do not exist; OTHER has no group in common with USER. */
enum { USER = 65534, GROUP = 65533, OTHER = 65532, OTHER_GROUP = 65531 };

/* Requirements of a behaviour, which is skipped if they are not met. */
enum {
    NEEDS_ROOT = 1,     /* root, mostly to become other users */
    NEEDS_OWNERS = 2,   /* a mount that keeps owners */
    NEEDS_CTIME = 4,    /* attributes from the file system itself */
};

struct behaviour {
    const char *name;
    void (*run)(void);
    unsigned needs;
};

/* Each array ends with a row without a name. */
extern const struct behaviour mode_behaviours[];
extern const struct behaviour owner_behaviours[];
extern const struct behaviour create_behaviours[];
extern const struct behaviour remove_behaviours[];
extern const struct behaviour link_behaviours[];
extern const struct behaviour rename_behaviours[];
extern const struct behaviour rename_rights_behaviours[];
extern const struct behaviour open_behaviours[];
extern const struct behaviour size_behaviours[];
extern const struct behaviour time_behaviours[];
extern const struct behaviour held_behaviours[];
extern const struct behaviour dir_behaviours[];
extern const struct behaviour name_behaviours[];
extern const struct behaviour errno_behaviours[];
extern const struct behaviour xattr_behaviours[];
extern const struct behaviour map_behaviours[];

/* --- facts.c: differences of the mount --- */

enum fact {
    RENAME_FLAGS, UNNAMED_FILE, PREALLOCATION, PUNCHED_HOLE,
    SHARED_WRITABLE_MAP, SHARED_MAP_OF_WRITABLE, NANOSECONDS_SET,
    TIME_BEFORE_1970_SET, SETID_KEPT_BY_ROOT, SETID_KEPT_BY_ROOT_CUTTING,
    SGID_KEPT_BY_ROOT, SGID_KEPT_BY_ROOT_PROXY, SEEK_TO_DATA, SEEK_TO_HOLE,
    METADATA_NAME, TRUSTED_XATTR, TRUSTED_XATTR_ABSENT, MODEL_XATTR,
    MODEL_XATTR_ABSENT, METADATA_NAME_CASE, BLOCKS_OF_HOLES,
    NOATIME_KEPT, SEEK_IN_DIRECTORY, FACT_COUNT
};

enum model { NATIVE, PASSTHROUGH, MAPPED_XATTR, MAPPED_FILE, NONE, PROXY };
enum cache { CACHE_NONE, READAHEAD, MMAP, LOOSE, FSCACHE };

extern enum model model;
extern enum cache cache;

bool facts_set_model(const char *name);
bool facts_set_cache(const char *name);
void facts_set_kernel(void);
void facts_print(void);
/* Returns the reason and sets the value if the fact applies; else NULL. */
const char *fact_applies(enum fact fact, long long *instead);
/* Whether the fact applies to some clients only: then check nothing. */
bool unsure(enum fact fact);

/* --- check.c: statements --- */

#define PRINTF(n) __attribute__((format(printf, n, n + 1)))

/*
 * Names the row of the next statement in the table of facts.  If the row
 * applies to this mount, the expected result is its value: an errno, 0 for
 * success, or a number.
 */
void differs(enum fact fact);
void succeeds(long ret, const char *what, ...) PRINTF(2);
void fails(int error, long ret, const char *what, ...) PRINTF(3);
void equal(long long wanted, long long came, const char *what, ...) PRINTF(3);
void equal_octal(unsigned wanted, unsigned came, const char *what, ...)
    PRINTF(3);
void same_text(const char *wanted, const char *came, const char *what, ...)
    PRINTF(3);
void holds(bool truth, const char *what, ...) PRINTF(2);
void skip(const char *reason);

/* A step that is not a statement; if it fails the behaviour is aborted. */
#define must(call) must_succeed((call), #call, __FILE__, __LINE__)
long must_succeed(long ret, const char *call, const char *file, int line);

struct counts {
    unsigned passed, failed, skipped;
};

void check_begin(struct counts *shared, const char *behaviour);
void check_abort(const char *expected, const char *came);

/* --- tools.c --- */

/* Makes one call as another user without supplementary groups. */
#define AS(uid, gid, call) (as_user(uid, gid, gid), as_root(call))
/* The same with one supplementary group. */
#define AS_MEMBER(uid, gid, more, call) (as_user(uid, gid, more), as_root(call))
void as_user(uid_t uid, gid_t gid, gid_t more);
long as_root(long ret);

enum kind { REGULAR, DIRECTORY, FIFO, CHAR, BLOCK, SOCKET, SYMLINK, KINDS };
extern const char *const kind_names[KINDS];
extern const mode_t kind_types[KINDS];
/* Creates a file of that kind, mode 0644; a symlink points to "nowhere". */
int make_kind(enum kind kind, const char *name);
/* Whether a file of that kind can be created: on some mounts devices cannot. */
bool can_make(enum kind kind);

void make_file(const char *name, const char *text);
void make_dir(const char *name, mode_t mode);
/* The type of a file, or 0 if it does not exist. */
mode_t type_of(const char *name);
struct stat stat_of(const char *name);      /* lstat */
struct stat fstat_of(int fd);
mode_t mode_of(const char *name);           /* 07777 only */
bool exists(const char *name);
/* Returns up to 255 bytes of a file, in a static buffer. */
const char *text_of(const char *name);
const char *text_at(int fd, off_t offset);
/* Removes a whole tree; returns 0 or -1. */
int remove_tree(int at, const char *name);

/* Waits until the clock for the times of files has advanced. */
void tick(void);
bool later(struct timespec a, struct timespec b);

/* Whether the call changes that time of a file; -1 if the call fails. */
#define MOVES(field, name, call) ({ \
        struct timespec before_ = stat_of(name).field; \
        tick(); \
        (call) == -1 ? -1 : (int)later(stat_of(name).field, before_); })

#endif
