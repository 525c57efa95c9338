/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conformance: attributes and changing them.
 */
#include "fsdev/core/p9-osdep.h"
#include "conformance-int.h"
#include "lib/test-call.h"

#define OTHER_UID 4321
#define OTHER_GID 8765

static int chown_to(FsNode *node, uint32_t valid, uint32_t uid, uint32_t gid)
{
    FsSetattr set = { .valid = valid, .uid = uid, .gid = gid };

    return fs_setattr(&test_call, node, NULL, &set);
}

static void size_of_file(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 0644, "12345");
    FsAttr attr = conf_attr(file);

    g_assert_cmpuint(attr.size, ==, 5);
    g_assert_cmpuint(attr.nlink, ==, 1);
    g_assert_cmpuint(attr.blksize, >, 0);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0644);
    g_assert_cmpint(attr.mtime.tv_sec, >, 0);
}

static void open_file_has_same_attributes(Conf *c)
{
    g_autoptr(FsNode) node = conf_sample_file(c);
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);

    g_assert_cmpuint(conf_file_attr(file).ino, ==, conf_attr(node).ino);
    g_assert_cmphex(conf_file_attr(file).mode, ==, conf_attr(node).mode);
    g_assert_cmpuint(conf_file_attr(file).uid, ==, conf_attr(node).uid);
    g_assert_cmpuint(conf_file_attr(file).size, ==, conf_attr(node).size);
}

static void chmod_keeps_type(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(conf_chmod(file, 0751), 0);
    conf_assert_errno(conf_chmod(dir, 01711), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0751);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 01711);
}

static void chmod_ignores_type_bits(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(conf_chmod(file, S_IFLNK | 0600), 0);
    conf_assert_errno(conf_chmod(dir, S_IFREG | 0700), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0600);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0700);
    conf_assert_errno(conf_chmod(file, 0177777), 0);
    g_assert_cmphex(conf_attr(file).mode & S_IFMT, ==, S_IFREG);
}

static void chmod_to_nothing_and_back(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_chmod(file, 0), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG);
    conf_assert_errno(conf_chmod(file, 0600), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0600);
}

static void chmod_seen_by_open_file(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);

    conf_assert_errno(conf_chmod(file->node, 0444), 0);
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 0444);
    g_assert_cmpint(conf_write(file, "x", 0), ==, 1);
}

static void chown_both(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    g_autoptr(FsNode) dir = conf_sample_dir(c);
    const uint32_t both = FS_SET_UID | FS_SET_GID;

    conf_assert_errno(chown_to(file, both, OTHER_UID, OTHER_GID), 0);
    conf_assert_errno(chown_to(dir, both, OTHER_UID, OTHER_GID), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, OTHER_UID);
    g_assert_cmpuint(conf_attr(file).gid, ==, OTHER_GID);
    g_assert_cmpuint(conf_attr(dir).uid, ==, OTHER_UID);
    g_assert_cmpuint(conf_attr(dir).gid, ==, OTHER_GID);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 0755);
}

static void chown_one(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    uint32_t gid = conf_attr(file).gid;

    conf_assert_errno(chown_to(file, FS_SET_UID, OTHER_UID, 1), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, OTHER_UID);
    g_assert_cmpuint(conf_attr(file).gid, ==, gid);
    conf_assert_errno(chown_to(file, FS_SET_GID, 1, OTHER_GID), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, OTHER_UID);
    g_assert_cmpuint(conf_attr(file).gid, ==, OTHER_GID);
}

static void chown_to_large_ids(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(chown_to(file, FS_SET_UID | FS_SET_GID, 4000000000u,
                               0x80000000u), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, 4000000000u);
    g_assert_cmpuint(conf_attr(file).gid, ==, 0x80000000u);
}

static void chown_of_nobody(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsAttr before = conf_attr(file);

    conf_assert_errno(chown_to(file, FS_SET_UID | FS_SET_GID, UINT32_MAX,
                               UINT32_MAX), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, before.uid);
    g_assert_cmpuint(conf_attr(file).gid, ==, before.gid);
}

static void chown_root_of_export(Conf *c)
{
    g_autoptr(GPtrArray) entries = NULL;

    conf_assert_errno(chown_to(c->root, FS_SET_UID | FS_SET_GID, OTHER_UID,
                               OTHER_GID), 0);
    conf_assert_errno(conf_chmod(c->root, 01777), 0);
    g_assert_cmpuint(conf_attr(c->root).uid, ==, OTHER_UID);
    g_assert_cmpuint(conf_attr(c->root).gid, ==, OTHER_GID);
    g_assert_cmphex(conf_attr(c->root).mode, ==, S_IFDIR | 01777);
    entries = conf_list(c->root, 0);
    g_assert_cmpuint(entries->len, ==, 2);
}

static void chown_is_no_error(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    uint32_t uid = conf_attr(file).uid;

    conf_assert_errno(chown_to(file, FS_SET_UID, OTHER_UID, 0), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, uid);
}

static void chown_drops_setid(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 06755, NULL);

    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 06755);
    conf_assert_errno(chown_to(file, FS_SET_UID, OTHER_UID, 0), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0755);
}

static void chown_keeps_setgid_of_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_mkdir(c, c->root, "d", 02755);

    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 02755);
    conf_assert_errno(chown_to(dir, FS_SET_UID, OTHER_UID, 0), 0);
    g_assert_cmphex(conf_attr(dir).mode, ==, S_IFDIR | 02755);
}

static void owner_before_mode(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_MODE, .uid = OTHER_UID, .mode = 04711,
    };

    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    g_assert_cmpuint(conf_attr(file).uid, ==, OTHER_UID);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 04711);
}

static void truncate_shorter(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 0600, "0123456789");
    g_autofree char *text = NULL;

    conf_assert_errno(conf_truncate(file, 4), 0);
    g_assert_cmpuint(conf_attr(file).size, ==, 4);
    text = conf_text(file);
    g_assert_cmpstr(text, ==, "0123");
}

static void truncate_longer(Conf *c)
{
    g_autoptr(FsNode) node = conf_file(c, c->root, "f", 0600, "ab");
    g_autoptr(FsFile) file = NULL;
    g_autofree char *text = NULL;
    ssize_t len;

    conf_assert_errno(conf_truncate(node, 10), 0);
    file = conf_open(node, O_RDONLY);
    text = conf_read(file, 0, &len);
    g_assert_cmpint(len, ==, 10);
    g_assert_cmpmem(text, 10, "ab\0\0\0\0\0\0\0\0", 10);
}

static void truncate_open_file(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 3 };

    g_assert_cmpint(conf_write(file, "abcdef", 0), ==, 6);
    conf_assert_errno(conf_chmod(file->node, 0400), 0);
    conf_assert_errno(fs_setattr(&test_call, file->node, file, &set), 0);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 3);
}

static void truncate_by_file_open_to_read(Conf *c)
{
    g_autoptr(FsNode) node = conf_file(c, c->root, "f", 0600, "abcdef");
    g_autoptr(FsFile) file = conf_open(node, O_RDONLY);
    FsSetattr set = { .valid = FS_SET_SIZE, .size = 3 };

    conf_assert_errno(fs_setattr(&test_call, node, file, &set), 0);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 3);
}

static void truncate_directory(Conf *c)
{
    g_autoptr(FsNode) dir = conf_sample_dir(c);

    conf_assert_errno(conf_truncate(dir, 0), -EISDIR);
}

static void truncate_too_far(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);

    conf_assert_errno(conf_truncate(file, UINT64_C(1) << 63), -EINVAL);
    conf_assert_errno(conf_truncate(file, UINT64_MAX), -EINVAL);
    g_assert_cmpuint(conf_attr(file).size, ==, 6);
}

static void truncate_special(Conf *c)
{
    g_autoptr(FsNode) fifo = NULL;

    conf_assert_errno(conf_mknod(c, c->root, "p", S_IFIFO | 0600, 0), 0);
    fifo = conf_lookup(c->root, "p");
    conf_assert_errno(conf_truncate(fifo, 0), -ENXIO);
}

static void truncate_link(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    char target[16];

    conf_assert_errno(conf_symlink(c, c->root, "l", "target"), 0);
    link = conf_lookup(c->root, "l");
    conf_assert_errno(conf_truncate(link, 0), -ELOOP);
    g_assert_cmpint(fs_readlink(&test_call, link, target, sizeof(target)), ==,
                    6);
}

static void truncate_drops_setid(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 06755, "abc");

    conf_assert_errno(conf_chmod(file, 06755), 0);
    conf_assert_errno(conf_truncate(file, 1), 0);
    g_assert_cmphex(conf_attr(file).mode, ==, S_IFREG | 0755);
}

static void times_to_the_nanosecond(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = {
        .valid = FS_SET_ATIME | FS_SET_MTIME,
        .atime = { 1000000001, 123456789 },
        .mtime = { 1200000002, 987654321 },
    };
    FsAttr attr;

    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    attr = conf_attr(file);
    g_assert_cmpint(attr.atime.tv_sec, ==, 1000000001);
    g_assert_cmpint(attr.atime.tv_nsec, ==, 123456789);
    g_assert_cmpint(attr.mtime.tv_sec, ==, 1200000002);
    g_assert_cmpint(attr.mtime.tv_nsec, ==, 987654321);
}

/*
 * Times before 1970, where the seconds are negative but the nanoseconds are
 * not, and times whose seconds need more than 31 or 32 bits.  The latter are
 * left out where time_t has 32 bits.
 */
static void times_of_any_age(Conf *c)
{
    static const struct {
        int64_t sec;
        long nsec;
    } times[] = {
        { -1, 999999999 }, { -86401, 750000000 }, { 0, 1 },
        { 2147483648, 5 }, { 4102444800, 123456789 },
        { 4294967296, 999999999 },
    };
    g_autoptr(FsNode) file = conf_sample_file(c);

    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        const struct timespec time = { times[i].sec, times[i].nsec };
        const FsSetattr set = {
            .valid = FS_SET_ATIME | FS_SET_MTIME,
            .atime = time, .mtime = time,
        };
        FsAttr attr;

        if (time.tv_sec != times[i].sec) {
            continue;
        }
        conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
        attr = conf_attr(file);
        g_assert_cmpint(attr.atime.tv_sec, ==, times[i].sec);
        g_assert_cmpint(attr.atime.tv_nsec, ==, times[i].nsec);
        g_assert_cmpint(attr.mtime.tv_sec, ==, times[i].sec);
        g_assert_cmpint(attr.mtime.tv_nsec, ==, times[i].nsec);
    }
}

static void times_one_at_a_time(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = {
        .valid = FS_SET_ATIME | FS_SET_MTIME,
        .atime = { .tv_sec = 1000 }, .mtime = { .tv_sec = 2000 },
    };

    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    set = (FsSetattr) { .valid = FS_SET_MTIME, .mtime = { .tv_sec = 3000 } };
    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    g_assert_cmpint(conf_attr(file).atime.tv_sec, ==, 1000);
    g_assert_cmpint(conf_attr(file).mtime.tv_sec, ==, 3000);
    set = (FsSetattr) {
        .valid = FS_SET_ATIME, .atime = { .tv_nsec = UTIME_NOW },
    };
    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    g_assert_cmpint(conf_attr(file).atime.tv_sec, >, 1000000000);
    g_assert_cmpint(conf_attr(file).mtime.tv_sec, ==, 3000);
}

static void times_of_link(Conf *c)
{
    g_autoptr(FsNode) link = NULL;
    FsSetattr set = { .valid = FS_SET_MTIME, .mtime = { .tv_sec = 77 } };

    conf_assert_errno(conf_symlink(c, c->root, "l", "nowhere"), 0);
    link = conf_lookup(c->root, "l");
    conf_assert_errno(fs_setattr(&test_call, link, NULL, &set), 0);
    g_assert_cmpint(conf_attr(link).mtime.tv_sec, ==, 77);
}

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

/*
 * Repeat the change until the ctime is later than @from: the timestamps of a
 * file system only advance every few milliseconds.
 */
static void until_ctime_moves(FsNode *file, const FsSetattr *set,
                              struct timespec from)
{
    gint64 deadline = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;

    do {
        conf_assert_errno(fs_setattr(&test_call, file, NULL, set), 0);
        if (later(conf_attr(file).ctime, from)) {
            return;
        }
    } while (g_get_monotonic_time() < deadline);
    g_error("expected the ctime to advance within 5 s, it did not");
}

static void ctime_alone(Conf *c)
{
    g_autoptr(FsNode) file = conf_file(c, c->root, "f", 04755, NULL);
    FsSetattr set = { .valid = FS_SET_CTIME };
    FsAttr before = conf_attr(file), after;

    until_ctime_moves(file, &set, before.ctime);
    after = conf_attr(file);
    g_assert_cmphex(after.mode, ==, before.mode);
    g_assert_cmpint(after.mtime.tv_sec, ==, before.mtime.tv_sec);
    g_assert_cmpint(after.mtime.tv_nsec, ==, before.mtime.tv_nsec);
    g_assert_cmpint(after.atime.tv_sec, ==, before.atime.tv_sec);
    g_assert_cmpint(after.atime.tv_nsec, ==, before.atime.tv_nsec);
}

static void chmod_moves_ctime(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = { .valid = FS_SET_MODE, .mode = 0700 };

    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    /* Also if it is the mode that the file has already. */
    until_ctime_moves(file, &set, conf_attr(file).ctime);
}

static void all_at_once(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_SIZE | FS_SET_ATIME | FS_SET_MTIME |
                 FS_SET_CTIME,
        .mode = 0711, .size = 2,
        .atime = { .tv_sec = 11 }, .mtime = { .tv_sec = 22 },
    };
    FsAttr attr;

    conf_assert_errno(fs_setattr(&test_call, file, NULL, &set), 0);
    attr = conf_attr(file);
    g_assert_cmphex(attr.mode, ==, S_IFREG | 0711);
    g_assert_cmpuint(attr.size, ==, 2);
    g_assert_cmpint(attr.atime.tv_sec, ==, 11);
    g_assert_cmpint(attr.mtime.tv_sec, ==, 22);
}

static void unlinked_file_changes(Conf *c)
{
    g_autoptr(FsFile) file = conf_create(c, c->root, "f", O_RDWR, 0600);
    FsSetattr set = {
        .valid = FS_SET_MODE | FS_SET_SIZE, .mode = 0640, .size = 9,
    };

    conf_assert_errno(fs_unlink(&test_call, c->root, "f", false), 0);
    conf_assert_errno(fs_setattr(&test_call, file->node, file, &set), 0);
    g_assert_cmphex(conf_file_attr(file).mode, ==, S_IFREG | 0640);
    g_assert_cmpuint(conf_file_attr(file).size, ==, 9);
}

static void root_keeps_mode(Conf *c)
{
    conf_assert_errno(conf_chmod(c->root, 0755), 0);
    g_assert_cmphex(conf_attr(c->root).mode, ==, S_IFDIR | 0755);
    conf_assert_errno(conf_chmod(c->root, 0700), 0);
    g_assert_cmphex(conf_attr(c->root).mode, ==, S_IFDIR | 0700);
}

/* Each change fails; the errno may be any. */
static void no_change_allowed(Conf *c)
{
    g_autoptr(FsNode) file = conf_sample_file(c);
    FsSetattr set = { .valid = FS_SET_MODE, .mode = 0 };
    FsAttr before = conf_attr(file), attr;
    const FsCred *owner = &c->subject->owner;

    g_assert_cmpint(fs_setattr(&test_call, file, NULL, &set), <, 0);
    g_assert_cmpint(conf_try_create(c, c->root, "new", O_RDWR, 0600), <, 0);
    g_assert_cmpint(fs_mkdir(CALL_AS(owner), c->root, "new", 0700, &attr), <,
                    0);
    g_assert_cmpint(fs_mknod(CALL_AS(owner), c->root, "new", S_IFIFO, 0, &attr),
                    <, 0);
    g_assert_cmpint(fs_symlink(CALL_AS(owner), c->root, "new", "x", &attr), <,
                    0);
    g_assert_cmpint(fs_link(&test_call, file, c->root, "new"), <, 0);
    g_assert_cmpint(fs_setxattr(&test_call, file, "user.x", "y", 1, 0), <, 0);
    g_assert_cmpint(fs_removexattr(&test_call, file, "user.x"), <, 0);
    g_assert_cmpint(fs_rename(&test_call, c->root, c->subject->sample_file,
                              c->root, "new"),
                    <, 0);
    g_assert_cmpint(fs_unlink(&test_call, c->root, c->subject->sample_file,
                              false),
                    <, 0);
    g_assert_cmpint(fs_unlink(&test_call, c->root, c->subject->sample_dir,
                              true),
                    <, 0);
    conf_assert_errno(conf_try_lookup(c->root, "new"), -ENOENT);
    g_assert_cmphex(conf_attr(file).mode, ==, before.mode);
}

const ConformanceTest conformance_attr[] = {
    { "getattr-of-file", CONF_WRITE, size_of_file },
    { "getattr-of-open-file", 0, open_file_has_same_attributes },
    { "chmod-keeps-type", CONF_WRITE, chmod_keeps_type },
    { "chmod-ignores-type-bits", CONF_WRITE, chmod_ignores_type_bits },
    { "chmod-to-nothing-and-back", CONF_WRITE, chmod_to_nothing_and_back },
    { "chmod-seen-by-open-file", CONF_WRITE, chmod_seen_by_open_file },
    { "chmod-moves-ctime", CONF_WRITE, chmod_moves_ctime },
    { "chmod-of-root", CONF_WRITE, root_keeps_mode },
    { "chown", CONF_ANY_OWNER, chown_both },
    { "chown-one-id", CONF_ANY_OWNER, chown_one },
    { "chown-large-ids", CONF_ANY_OWNER, chown_to_large_ids },
    { "chown-neither-id", CONF_WRITE, chown_of_nobody },
    { "chown-of-root", CONF_ANY_OWNER, chown_root_of_export },
    { "chown-drops-setid", CONF_ANY_OWNER | CONF_SETID, chown_drops_setid },
    { "chown-keeps-setgid-of-directory", CONF_ANY_OWNER | CONF_SETID,
      chown_keeps_setgid_of_directory },
    { "chown-that-is-lost", CONF_OWNER_LOST, chown_is_no_error },
    { "setattr-owner-before-mode", CONF_ANY_OWNER | CONF_SETID,
      owner_before_mode },
    { "truncate-shorter", CONF_WRITE, truncate_shorter },
    { "truncate-longer", CONF_WRITE, truncate_longer },
    { "truncate-open-file", CONF_WRITE, truncate_open_file },
    { "truncate-by-file-open-to-read", CONF_WRITE,
      truncate_by_file_open_to_read },
    { "truncate-directory", CONF_WRITE, truncate_directory },
    { "truncate-too-far", CONF_WRITE, truncate_too_far },
    { "truncate-special", CONF_FIFO, truncate_special },
    { "truncate-link", CONF_SYMLINK, truncate_link },
    { "truncate-drops-setid", CONF_SETID, truncate_drops_setid },
    { "utimens", CONF_WRITE, times_to_the_nanosecond },
    { "utimens-any-age", CONF_WRITE, times_of_any_age },
    { "utimens-one-at-a-time", CONF_WRITE, times_one_at_a_time },
    { "utimens-of-link", CONF_SYMLINK, times_of_link },
    { "ctime-alone", CONF_SETID, ctime_alone },
    { "setattr-all-at-once", CONF_WRITE, all_at_once },
    { "setattr-of-unlinked", CONF_WRITE, unlinked_file_changes },
    { "read-only-tree", CONF_READ_ONLY, no_change_allowed },
    { NULL }
};
