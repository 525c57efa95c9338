/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading directories: completeness, types, telldir and seekdir, entries that
 * come and go meanwhile.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

#include <dirent.h>
#include <sys/syscall.h>

enum { MANY = 700, SOME = 120, LONG = 200 };

static unsigned char seen[MANY];

/* Name of entry N; with long names a few hundred entries fill any buffer. */
static const char *entry_name(const char *dir, int n, int length)
{
    static char name[300];
    int used = snprintf(name, sizeof(name), "%s/%d-", dir, n);

    memset(name + used, 'n', length);
    name[used + length] = 0;
    return name;
}

static void populate(const char *dir, int count, int length)
{
    int i;

    must(mkdir(dir, 0755));
    for (i = 0; i < count; i++) {
        must(mknod(entry_name(dir, i, length), S_IFREG | 0600, 0));
    }
}

static DIR *must_open(const char *name)
{
    DIR *dir = opendir(name);

    must(dir ? 0 : -1);
    return dir;
}

/* Counts an entry in seen; returns its number, or -1 for "." and "..". */
static int note(const struct dirent *entry)
{
    int n;

    if (sscanf(entry->d_name, "%d-", &n) != 1 || n < 0 || n >= MANY) {
        return -1;
    }
    if (seen[n] < 255) {
        seen[n]++;
    }
    return n;
}

static int read_all(DIR *dir)
{
    struct dirent *entry;
    int count = 0;

    while ((entry = readdir(dir))) {
        note(entry);
        count++;
    }
    return count;
}

/* Returns how many of the first count entries were not seen exactly once. */
static int not_once(int count)
{
    int i, bad = 0;

    for (i = 0; i < count; i++) {
        bad += seen[i] != 1;
    }
    return bad;
}

static void types(void)
{
    static const unsigned char wanted[] = {
        DT_REG, DT_DIR, DT_FIFO, DT_CHR, DT_BLK, DT_SOCK, DT_LNK,
    };
    struct dirent *entry;
    int kind, found = 0, dots = 0;
    DIR *dir;

    for (kind = 0; kind < KINDS; kind++) {
        if (can_make(kind)) {
            must(make_kind(kind, kind_names[kind]));
        }
    }
    dir = must_open(".");
    while ((entry = readdir(dir))) {
        dots += !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
        for (kind = 0; kind < KINDS; kind++) {
            if (strcmp(entry->d_name, kind_names[kind])) {
                continue;
            }
            found++;
            holds(entry->d_type == wanted[kind] || entry->d_type == DT_UNKNOWN,
                  "type of the %s", entry->d_name);
            equal(stat_of(entry->d_name).st_ino, entry->d_ino,
                  "inode of the %s", entry->d_name);
        }
    }
    equal(2, dots, "dot and dot-dot");
    equal(KINDS - (can_make(CHAR) ? 0 : 2), found, "all of them");
    closedir(dir);
}

static void complete(void)
{
    DIR *dir;

    must(mkdir("empty", 0755));
    dir = must_open("empty");
    equal(2, read_all(dir), "an empty one has its dots");
    closedir(dir);
    populate("many", MANY, LONG);
    dir = must_open("many");
    equal(MANY + 2, read_all(dir), "entries of a big one");
    equal(0, not_once(MANY), "each once");
    holds(readdir(dir) == NULL, "the end stays the end");
    closedir(dir);
}

static void rewinding(void)
{
    DIR *dir;
    int i;

    populate("dir", SOME, 10);
    dir = must_open("dir");
    read_all(dir);
    rewinddir(dir);
    memset(seen, 0, sizeof(seen));
    equal(SOME + 2, read_all(dir), "from the end");
    equal(0, not_once(SOME), "each once");
    rewinddir(dir);
    for (i = 0; i < SOME / 2; i++) {
        readdir(dir);
    }
    rewinddir(dir);
    memset(seen, 0, sizeof(seen));
    equal(SOME + 2, read_all(dir), "from the middle");
    make_file("dir/119-new", "");
    rewinddir(dir);
    equal(SOME + 3, read_all(dir), "what is new is seen");
    closedir(dir);
}

static void seeking(void)
{
    long places[SOME + 2];
    char names[SOME + 2][32];
    struct dirent *entry;
    int i, count = 0, wrong = 0;
    DIR *dir;

    populate("dir", SOME, 10);
    dir = must_open("dir");
    for (i = 0; i < SOME + 2; i++) {
        places[i] = telldir(dir);
        entry = readdir(dir);
        must(entry ? 0 : -1);
        snprintf(names[i], sizeof(names[i]), "%.31s", entry->d_name);
        count++;
    }
    holds(readdir(dir) == NULL, "all read");
    for (i = count - 1; i >= 0; i -= 7) {
        seekdir(dir, places[i]);
        entry = readdir(dir);
        wrong += !entry || strcmp(entry->d_name, names[i]);
    }
    equal(0, wrong, "back to each seventh, from the last to the first");
    for (i = 0, wrong = 0; i < count; i += 5) {
        seekdir(dir, places[i]);
        entry = readdir(dir);
        wrong += !entry || strcmp(entry->d_name, names[i]);
    }
    equal(0, wrong, "forward to each fifth");
    closedir(dir);
    dir = must_open("dir");
    seekdir(dir, places[50]);
    entry = readdir(dir);
    holds(entry && !strcmp(entry->d_name, names[50]),
          "a place of another descriptor of the directory");
    memset(seen, 0, sizeof(seen));
    equal(count - 51, read_all(dir), "and all that follow it");
    closedir(dir);
}

struct raw_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    unsigned char type;
    char name[];
};

/*
 * Calls getdents64(2) with a buffer for a few entries, so that the client keeps
 * some for the next call; notes the entries and returns their number.
 */
static int read_few(int fd)
{
    static char buffer[2048] __attribute__((aligned(8)));
    struct raw_entry *entry;
    int n, count = 0;
    long at, got;

    must(got = syscall(SYS_getdents64, fd, buffer, sizeof(buffer)));
    for (at = 0; at < got; at += entry->length, count++) {
        entry = (struct raw_entry *)(buffer + at);
        if (sscanf(entry->name, "%d-", &n) == 1 && n >= 0 && n < MANY) {
            seen[n]++;
        }
    }
    return count;
}

static void small_buffer(void)
{
    int fd, count, total = 0;

    populate("dir", MANY, LONG);
    must(fd = open("dir", O_RDONLY | O_DIRECTORY));
    while ((count = read_few(fd)) > 0) {
        total += count;
    }
    equal(MANY + 2, total, "all entries");
    equal(0, not_once(MANY), "each once");
    must(lseek(fd, 0, SEEK_SET));
    read_few(fd);
    must(lseek(fd, 0, SEEK_SET));
    memset(seen, 0, sizeof(seen));
    while (read_few(fd) > 0) {
        continue;
    }
    if (!unsure(SEEK_IN_DIRECTORY)) {
        holds(not_once(MANY) == 0, "each once after a seek in the middle");
    }
    close(fd);
}

static void seeking_in_big(void)
{
    DIR *dir;
    int i;

    populate("dir", MANY, LONG);
    dir = must_open("dir");
    read_all(dir);
    rewinddir(dir);
    memset(seen, 0, sizeof(seen));
    equal(MANY + 2, read_all(dir), "after rewinddir at the end");
    equal(0, not_once(MANY), "each once");
    rewinddir(dir);
    for (i = 0; i < MANY / 4; i++) {
        readdir(dir);
    }
    rewinddir(dir);
    memset(seen, 0, sizeof(seen));
    read_all(dir);
    if (!unsure(SEEK_IN_DIRECTORY)) {
        holds(not_once(MANY) == 0, "each once after rewinddir in the middle");
    }
    closedir(dir);
}

static void removing_while_reading(void)
{
    struct dirent *entry;
    char path[300];
    int removed = 0;
    DIR *dir;

    populate("dir", MANY, LONG);
    dir = must_open("dir");
    while ((entry = readdir(dir))) {
        if (note(entry) >= 0) {
            snprintf(path, sizeof(path), "dir/%s", entry->d_name);
            removed += unlink(path) == 0;
        }
    }
    equal(MANY, removed, "each is met and removed");
    equal(0, not_once(MANY), "each once");
    closedir(dir);
    succeeds(rmdir("dir"), "nothing is left");
}

static void changing_while_reading(void)
{
    struct dirent *entry;
    int n, count = 0, bad = 0;
    DIR *dir;

    populate("dir", MANY, LONG);
    dir = must_open("dir");
    while ((entry = readdir(dir))) {
        n = note(entry);
        /* Remove each even entry when its odd neighbour is returned. */
        if (n >= 0 && n % 2) {
            unlink(entry_name("dir", n - 1, LONG));
        }
        if (n >= 0 && n < 20 && count < 20) {
            count++;
            snprintf(entry->d_name, sizeof(entry->d_name), "dir/new%d", count);
            make_file(entry->d_name, "");
        }
    }
    for (n = 1; n < MANY; n += 2) {
        bad += seen[n] != 1;
    }
    equal(0, bad, "those that stay are met once");
    for (n = 0, bad = 0; n < MANY; n += 2) {
        bad += seen[n] > 1;
    }
    equal(0, bad, "those that leave are met at most once");
    rewinddir(dir);
    memset(seen, 0, sizeof(seen));
    equal(MANY / 2 + count + 2, read_all(dir), "read again: the new state");
    closedir(dir);
}

static void renaming_while_reading(void)
{
    struct dirent *entry;
    char from[300], to[310];
    int n, bad = 0;
    DIR *dir;

    populate("dir", SOME, 10);
    must(mkdir("there", 0755));
    dir = must_open("dir");
    while ((entry = readdir(dir))) {
        if (note(entry) >= 0) {
            snprintf(from, sizeof(from), "dir/%s", entry->d_name);
            snprintf(to, sizeof(to), "there/%s", entry->d_name);
            bad += rename(from, to) != 0;
        }
    }
    equal(0, bad, "all could be moved away");
    closedir(dir);
    memset(seen, 0, sizeof(seen));
    dir = must_open("there");
    equal(SOME + 2, read_all(dir), "all are there");
    for (n = 0, bad = 0; n < SOME; n++) {
        bad += seen[n] != 1;
    }
    equal(0, bad, "each once");
    closedir(dir);
}

const struct behaviour dir_behaviours[] = {
    { "readdir-types", types, 0 },
    { "readdir-complete", complete, 0 },
    { "readdir-rewind", rewinding, 0 },
    { "readdir-seek", seeking, 0 },
    { "readdir-big", seeking_in_big, 0 },
    { "readdir-small-buffer", small_buffer, 0 },
    { "readdir-removing", removing_while_reading, 0 },
    { "readdir-changing", changing_while_reading, 0 },
    { "readdir-renaming", renaming_while_reading, 0 },
    { NULL, NULL, 0 },
};
