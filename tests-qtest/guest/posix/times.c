/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * utimensat(2), futimens(3) and the times that other calls change: values far
 * from today, nanoseconds, permissions.  Part of the POSIX suite; see posix.h.
 */
#include "posix.h"

static int set_both(const char *name, struct timespec atime,
                    struct timespec mtime, int flags)
{
    const struct timespec times[2] = { atime, mtime };

    return utimensat(AT_FDCWD, name, times, flags);
}

static const struct timespec now_time = { 0, UTIME_NOW };
static const struct timespec omitted = { 0, UTIME_OMIT };

static struct timespec at(long long seconds)
{
    return (struct timespec){ seconds, 0 };
}

static void values(void)
{
    static const long long seconds[] = {
        0, 1, 981173106, INT32_MAX, INT32_MAX + 1ll, UINT32_MAX,
        UINT32_MAX + 1ll, 10000000000, -1, -86400, INT32_MIN,
    };
    struct stat st;
    size_t i;

    make_file("file", "");
    for (i = 0; i < SIZE_OF_ARRAY(seconds); i++) {
        succeeds(set_both("file", at(seconds[i]), at(seconds[i]), 0),
                 "set to %lld", seconds[i]);
        st = stat_of("file");
        if (seconds[i] < 0) {
            differs(TIME_BEFORE_1970_SET);
        }
        equal(seconds[i], st.st_mtime, "modification time");
        if (seconds[i] < 0) {
            differs(TIME_BEFORE_1970_SET);
        }
        equal(seconds[i], st.st_atime, "access time");
    }
}

static void nanoseconds(void)
{
    static const long parts[] = { 1, 500000000, 999999999 };
    struct stat st;
    size_t i;

    make_file("file", "");
    for (i = 0; i < SIZE_OF_ARRAY(parts); i++) {
        must(set_both("file", (struct timespec){ 1000, parts[i] },
                      (struct timespec){ 4000000000, parts[i] }, 0));
        st = stat_of("file");
        equal(1000, st.st_atime, "seconds of the access time");
        equal(4000000000, st.st_mtime, "seconds of the modification time");
        differs(NANOSECONDS_SET);
        equal(parts[i], st.st_atim.tv_nsec, "%ld ns of the access time",
              parts[i]);
        differs(NANOSECONDS_SET);
        equal(parts[i], st.st_mtim.tv_nsec, "%ld ns of the modification time",
              parts[i]);
    }
}

static void one_of_two(void)
{
    struct stat st;

    make_file("file", "");
    must(set_both("file", at(1000), at(2000), 0));
    succeeds(set_both("file", omitted, at(3000), 0), "only one");
    st = stat_of("file");
    equal(1000, st.st_atime, "access time left alone");
    equal(3000, st.st_mtime, "modification time set");
    succeeds(set_both("file", at(4000), omitted, 0), "only the other");
    st = stat_of("file");
    equal(4000, st.st_atime, "access time set");
    equal(3000, st.st_mtime, "modification time left alone");
    succeeds(set_both("file", omitted, omitted, 0), "neither");
    succeeds(set_both("file", now_time, at(5000), 0), "one to now");
    st = stat_of("file");
    holds(st.st_atime > 1000000000, "access time of now");
    equal(5000, st.st_mtime, "modification time set beside");
    succeeds(utimensat(AT_FDCWD, "file", NULL, 0), "both to now");
    holds(stat_of("file").st_mtime > 1000000000, "modification time of now");
    fails(EINVAL, set_both("file", (struct timespec){ 0, 1000000000 }, omitted,
                           0), "a second of nanoseconds");
    fails(ENOENT, set_both("none", at(1), at(1), 0), "of nothing");
    fails(EINVAL, set_both("file", at(1), at(1), 0x4000), "odd flags");
}

static void every_type(void)
{
    const char *name;
    struct stat st;
    int kind;

    for (kind = 0; kind < KINDS; kind++) {
        name = kind_names[kind];
        if (can_make(kind)) {
            must(make_kind(kind, name));
            succeeds(set_both(name, at(1111), at(2222), AT_SYMLINK_NOFOLLOW),
                     "of a %s", name);
            st = stat_of(name);
            equal(1111, st.st_atime, "access time of a %s", name);
            equal(2222, st.st_mtime, "modification time of a %s", name);
        }
    }
}

static void links(void)
{
    const struct timespec both[] = { at(50), at(60) };
    int fd;

    make_file("file", "");
    must(symlink("file", "link"));
    must(set_both("link", at(10), at(20), AT_SYMLINK_NOFOLLOW));
    succeeds(set_both("link", at(30), at(40), 0), "through a link");
    equal(40, stat_of("file").st_mtime, "its target's time");
    equal(20, stat_of("link").st_mtime, "the link's own stays");
    must(fd = open("file", O_RDONLY));
    succeeds(futimens(fd, both), "by descriptor");
    equal(60, stat_of("file").st_mtime, "time by descriptor");
    close(fd);
}

static void who_may(void)
{
    make_file("file", "");
    must(chown("file", USER, GROUP));
    must(chmod("file", 0666));
    succeeds(AS(USER, GROUP, set_both("file", at(1), at(2), 0)), "the owner");
    fails(EPERM, AS(OTHER, GROUP, set_both("file", at(3), at(4), 0)),
          "any time, by one who may only write");
    equal(2, stat_of("file").st_mtime, "nothing changed");
    succeeds(AS(OTHER, GROUP, utimensat(AT_FDCWD, "file", NULL, 0)),
             "now, by one who may write");
    fails(EPERM, AS(OTHER, GROUP, set_both("file", now_time, omitted, 0)),
          "one of them, by one who may only write");
    must(chmod("file", 0644));
    fails(EACCES, AS(OTHER, GROUP, utimensat(AT_FDCWD, "file", NULL, 0)),
          "now, by one who may not write");
    must(chmod("file", 0));
    succeeds(AS(USER, GROUP, utimensat(AT_FDCWD, "file", NULL, 0)),
             "now, by the owner of a closed file");
    succeeds(set_both("file", at(7), at(8), 0), "root");
}

static int write_one(const char *name)
{
    int fd = open(name, O_WRONLY);
    ssize_t done = write(fd, "x", 1);

    close(fd);
    return done == 1 ? 0 : -1;
}

static void moved_by_others(void)
{
    make_file("file", "text");
    make_dir("dir", 0755);
    equal(1, MOVES(st_mtim, "file", write_one("file")),
          "modification time by a write");
    equal(1, MOVES(st_ctim, "file", write_one("file")),
          "status change time by a write");
    equal(0, MOVES(st_mtim, "file", text_of("file") ? 0 : -1),
          "modification time by a read");
    equal(0, MOVES(st_ctim, "dir", faccessat(AT_FDCWD, "dir", R_OK, 0)),
          "status change time of a look");
    equal(1, MOVES(st_ctim, "file", set_both("file", at(1), at(1), 0)),
          "status change time by setting times");
    equal(1, MOVES(st_ctim, "file", rename("file", "dir/file") ? -1 :
                   rename("dir/file", "file")), "status change time by rename");
    equal(1, MOVES(st_mtim, "dir", mkdir("dir/sub", 0755)),
          "a directory's modification time by mkdir");
    equal(1, MOVES(st_mtim, "dir", rmdir("dir/sub")),
          "a directory's modification time by rmdir");
}

const struct behaviour time_behaviours[] = {
    { "times-values", values, 0 },
    { "times-nanoseconds", nanoseconds, 0 },
    { "times-one-of-two", one_of_two, 0 },
    { "times-types", every_type, 0 },
    { "times-links", links, 0 },
    { "times-rights", who_may, NEEDS_ROOT | NEEDS_OWNERS },
    { "times-moved", moved_by_others, NEEDS_CTIME },
    { NULL, NULL, 0 },
};
