/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L on the local driver with mapped-xattr, and on the proxy driver:
 * content and attributes.
 *
 * Version, attach, getattr, setattr, open, read, write, fsync, locks, statfs
 * and extended attributes, and their effects on the host.  Messages that make
 * or change names are in ring-names.c.
 */
#include "qemu/osdep.h"
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include "ring-client.h"
#include "ring-proxy.h"

/* Use the proxy driver; for tests that do not check stored values. */
static bool through_helper;

static RingDev *local(void)
{
    return through_helper ? ring_proxy()
                          : ring_local("security_model=mapped-xattr");
}

/* @name as fid 1 */
static void walk1(RingDev *d, const char *name)
{
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { name });
}

static void version_and_attach(void)
{
    RingDev *d = local();
    RingQid root = ring_tattach(d, .fid = 1);

    ring_check_int("qid type of the root", root.type, RING_QTDIR);
    ring_check_same_qid("a second attach", ring_tattach(d, .fid = 2), root);
}

/* A symbolic link that the host made is not a directory to attach to. */
static void attach_never_follows_a_link(void)
{
    g_autofree char *link = ring_host_path("link");
    g_autofree char *inside = ring_host_path("dir/link");
    RingDev *d = local();
    RingQid dir;

    ring_host_mkdir("dir");
    ring_host_mkdir("dir/sub");
    ring_check(!symlink("/", link), "cannot make %s", link);
    ring_check(!symlink("sub", inside), "cannot make %s", inside);
    dir = ring_tattach(d, .fid = 1, .aname = "dir/sub");
    ring_tattach(d, .fid = 2, .aname = "link", .err = ELOOP);
    ring_tattach(d, .fid = 2, .aname = "link/etc", .err = ELOOP);
    ring_tattach(d, .fid = 2, .aname = "dir/link", .err = ELOOP);
    ring_check_same_qid("'..' of the root",
                        ring_twalk(d, .fid = 1, .newfid = 2,
                                   .names = { ".." }).qid[0], dir);
}

static void getattr_shows_host_attributes(void)
{
    RingDev *d;
    RingAttr a;
    struct stat st;

    ring_host_put("f", "hello", 5);
    st = ring_host_stat("f");
    d = local();
    walk1(d, "f");
    a = ring_tgetattr(d, .fid = 1);
    ring_check_int("size", a.size, 5);
    ring_check_int("mode", a.mode, st.st_mode);
    ring_check_int("uid", a.uid, st.st_uid);
    ring_check_int("gid", a.gid, st.st_gid);
    ring_check_int("nlink", a.nlink, 1);
    ring_check_int("blocks", a.blocks, st.st_blocks);
    ring_check_int("mtime", a.mtime, st.st_mtim.tv_sec);
    ring_check_int("mtime nanoseconds", a.mtime_nsec, st.st_mtim.tv_nsec);
    ring_check_int("ctime", a.ctime, st.st_ctim.tv_sec);
    ring_check_int("qid type", a.qid.type, RING_QTFILE);
}

static void qid_version_changes_with_content(void)
{
    RingDev *d;
    uint32_t before, same;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    before = ring_tgetattr(d, .fid = 1).qid.version;
    same = ring_tgetattr(d, .fid = 1).qid.version;
    ring_check_int("qid version of an unchanged file", same, before);
    ring_check(before != 0, "expected a qid version other than 0 (0 turns "
               "the client's cache off), got 0");
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_twrite(d, .fid = 1, .data = "HELLO world", .count = 11);
    ring_check(ring_tgetattr(d, .fid = 1).qid.version != before, "expected "
               "the qid version to change with the content, it stayed %u",
               before);
}

static void read_gives_host_content(void)
{
    RingDev *d;
    char buf[16] = "";

    ring_host_put("f", "hello world", 11);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_check_int("count at offset 6",
                   ring_tread(d, .fid = 1, .offset = 6, .count = 16,
                              .buf = buf), 5);
    ring_check_str("content at offset 6", buf, "world");
    ring_check_int("count at the end",
                   ring_tread(d, .fid = 1, .offset = 11, .count = 16), 0);
    ring_check_int("count beyond the end",
                   ring_tread(d, .fid = 1, .offset = 1 << 20, .count = 16),
                   0);
}

static void write_reaches_the_host(void)
{
    RingDev *d;
    g_autofree char *data = NULL;
    size_t len;

    ring_host_put("f", "hello world", 11);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_check_int("count", ring_twrite(d, .fid = 1, .offset = 6,
                                        .data = "WORLD!", .count = 6), 6);
    data = ring_host_get("f", &len);
    ring_check_int("size on the host", len, 12);
    ring_check_str("content on the host", data, "hello WORLD!");
}

static void write_with_append_goes_to_the_end(void)
{
    RingDev *d;
    g_autofree char *data = NULL;
    size_t len;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY | RING_O_APPEND);
    ring_twrite(d, .fid = 1, .offset = 0, .data = "!!", .count = 2);
    data = ring_host_get("f", &len);
    ring_check_str("content on the host", data, "hello!!");
}

static void open_with_truncate_empties_the_file(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY | RING_O_TRUNC);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 0);
}

static void read_of_a_write_only_fid_is_refused(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_tread(d, .fid = 1, .count = 5, .err = RING_ANY_ERROR);
}

static void read_of_an_unopened_fid_is_einval(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    ring_tread(d, .fid = 1, .count = 5, .err = EINVAL);
    ring_twrite(d, .fid = 1, .data = "x", .count = 1, .err = EINVAL);
}

static void open_twice_is_einval(void)
{
    RingDev *d;

    ring_host_put("f", "hello", 5);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY, .err = EINVAL);
}

static void open_of_a_fifo_is_enxio(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("p");

    ring_check(mkfifo(path, 0666) == 0, "host: cannot make a FIFO");
    d = local();
    walk1(d, "p");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY, .err = ENXIO);
}

static void large_io_round_trip(void)
{
    RingDev *d;
    enum { LEN = 64 * 1024 };
    g_autofree uint8_t *data = g_malloc(LEN);
    g_autofree uint8_t *back = g_malloc0(LEN);
    g_autofree char *host = NULL;
    size_t len;

    for (int i = 0; i < LEN; i++) {
        data[i] = i * 7 + (i >> 8);
    }
    ring_host_put("f", "", 0);
    d = local();
    ring_tversion(d, .msize = LEN + RING_IOHDR);
    ring_tattach(d, .fid = 0);
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("bytes written",
                   ring_twrite(d, .fid = 1, .data = data, .count = LEN), LEN);
    host = ring_host_get("f", &len);
    ring_check(len == LEN && memcmp(host, data, LEN) == 0,
               "expected the %d bytes written on the host, got %zu others",
               LEN, len);
    ring_check_int("bytes read",
                   ring_tread(d, .fid = 1, .count = LEN, .buf = back), LEN);
    ring_check(memcmp(back, data, LEN) == 0, "expected to read back what was "
               "written");
}

static void fsync_of_an_open_file(void)
{
    RingDev *d;

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_twrite(d, .fid = 1, .data = "x", .count = 1);
    ring_tfsync(d, .fid = 1, .datasync = 0);
    ring_tfsync(d, .fid = 1, .datasync = 1);
}

static void fsync_of_an_open_directory(void)
{
    RingDev *d = local();

    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    ring_tfsync(d, .fid = 1);
}

static void locks_are_granted(void)
{
    RingDev *d;
    RingTlock got;

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("Rlock status",
                   ring_tlock(d, .fid = 1, .type = RING_LOCK_WRLCK,
                              .start = 10, .length = 20, .proc_id = 7,
                              .client_id = "guest"), RING_LOCK_SUCCESS);
    got = ring_tgetlock(d, .fid = 1, .type = RING_LOCK_RDLCK, .start = 10,
                        .length = 20, .proc_id = 7, .client_id = "guest");
    ring_check_int("Rgetlock type", got.type, RING_LOCK_UNLCK);
    ring_check_int("Rgetlock start", got.start, 10);
    ring_check_int("Rgetlock length", got.length, 20);
}

static void statfs_is_the_hosts(void)
{
    RingDev *d = local();
    RingRstatfs s = ring_tstatfs(d, .fid = 0);
    struct statvfs host;

    ring_check(statvfs(ring_dir(), &host) == 0, "host: statvfs failed");
    ring_check_int("blocks", s.blocks * s.bsize,
                   host.f_blocks * host.f_frsize);
    ring_check_int("files", s.files, host.f_files);
    ring_check_int("name limit", s.namelen, host.f_namemax);
}

static void setattr_size_truncates_on_the_host(void)
{
    RingDev *d;

    ring_host_put("f", "hello world", 11);
    d = local();
    walk1(d, "f");
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_SIZE, .size = 5);
    ring_check_int("size on the host", ring_host_stat("f").st_size, 5);
    ring_check_int("size for the guest", ring_tgetattr(d, .fid = 1).size, 5);
}

static void setattr_mode_and_owner_go_to_xattrs(void)
{
    RingDev *d;
    struct stat before;
    RingAttr a;

    ring_host_put("f", "", 0);
    before = ring_host_stat("f");
    d = local();
    walk1(d, "f");
    ring_tsetattr(d, .fid = 1, .mode = 04751, .uid = 1234, .gid = 5678,
                  .valid = RING_SETATTR_MODE | RING_SETATTR_UID |
                           RING_SETATTR_GID);
    a = ring_tgetattr(d, .fid = 1);
    ring_check_int("mode for the guest", a.mode, S_IFREG | 04751);
    ring_check_int("uid for the guest", a.uid, 1234);
    ring_check_int("gid for the guest", a.gid, 5678);
    ring_check_int("user.virtfs.uid", ring_host_xattr32("f",
                   "user.virtfs.uid"), 1234);
    ring_check_int("user.virtfs.gid", ring_host_xattr32("f",
                   "user.virtfs.gid"), 5678);
    ring_check_int("permissions in user.virtfs.mode", ring_host_xattr32("f",
                   "user.virtfs.mode") & 07777, 04751);
    ring_check_int("mode on the host", ring_host_stat("f").st_mode,
                   before.st_mode);
    ring_check_int("owner on the host", ring_host_stat("f").st_uid,
                   before.st_uid);
}

static void setattr_times_reach_the_host(void)
{
    RingDev *d;
    struct stat st;

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_tsetattr(d, .fid = 1, .atime = 1000, .atime_nsec = 11,
                  .mtime = 2000, .mtime_nsec = 22,
                  .valid = RING_SETATTR_ATIME | RING_SETATTR_ATIME_SET |
                           RING_SETATTR_MTIME | RING_SETATTR_MTIME_SET);
    st = ring_host_stat("f");
    ring_check_int("atime", st.st_atim.tv_sec, 1000);
    ring_check_int("atime nanoseconds", st.st_atim.tv_nsec, 11);
    ring_check_int("mtime", st.st_mtim.tv_sec, 2000);
    ring_check_int("mtime nanoseconds", st.st_mtim.tv_nsec, 22);
}

static void xattr_is_stored_at_clunk(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("f");
    char value[8] = "";

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_txattrcreate(d, .fid = 1, .name = "user.colour", .size = 4);
    ring_twrite(d, .fid = 1, .data = "blue", .count = 4);
    ring_check_int("attribute before the clunk",
                   lgetxattr(path, "user.colour", value, 8), -1);
    ring_tclunk(d, .fid = 1);
    ring_check_int("length on the host",
                   lgetxattr(path, "user.colour", value, 8), 4);
    ring_check_str("value on the host", value, "blue");
}

/* This is how Linux sends removexattr(2) */
static void xattr_replaced_by_nothing_is_removed(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("f");

    ring_host_put("f", "", 0);
    ring_check(lsetxattr(path, "user.colour", "blue", 4, 0) == 0,
               "host: setxattr: %s", g_strerror(errno));
    d = local();
    walk1(d, "f");
    ring_txattrcreate(d, .fid = 1, .name = "user.colour", .size = 0,
                      .flags = XATTR_REPLACE);
    ring_tclunk(d, .fid = 1);
    ring_check_int("length on the host",
                   lgetxattr(path, "user.colour", NULL, 0), -1);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_txattrcreate(d, .fid = 1, .name = "user.colour", .size = 0,
                      .flags = XATTR_REPLACE);
    ring_tclunk(d, .fid = 1, .err = ENODATA);
}

/* This is how Linux sends setxattr(2) of an empty value */
static void xattr_may_be_empty(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("f");

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_txattrcreate(d, .fid = 1, .name = "user.colour", .size = 0);
    ring_tclunk(d, .fid = 1);
    ring_check_int("length on the host",
                   lgetxattr(path, "user.colour", NULL, 0), 0);
}

static void xattr_is_read_through_a_new_fid(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("f");
    char value[8] = "";

    ring_host_put("f", "", 0);
    ring_check(lsetxattr(path, "user.colour", "green", 5, 0) == 0,
               "host: setxattr: %s", g_strerror(errno));
    d = local();
    walk1(d, "f");
    ring_check_int("size", ring_txattrwalk(d, .fid = 1, .newfid = 2,
                                           .name = "user.colour"), 5);
    ring_check_int("bytes read", ring_tread(d, .fid = 2, .count = 8,
                                            .buf = value), 5);
    ring_check_str("value", value, "green");
    ring_tclunk(d, .fid = 2);
}

static void xattr_list_hides_the_mapping(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("f");
    char list[256] = "";
    uint64_t size;

    ring_host_put("f", "", 0);
    ring_check(lsetxattr(path, "user.colour", "green", 5, 0) == 0,
               "host: setxattr: %s", g_strerror(errno));
    d = local();
    walk1(d, "f");
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_UID, .uid = 5);
    ring_check(ring_host_xattr32("f", "user.virtfs.uid") == 5,
               "expected the owner in user.virtfs.uid on the host");
    size = ring_txattrwalk(d, .fid = 1, .newfid = 2, .name = "");
    ring_check_int("size of the list", size, sizeof("user.colour"));
    ring_tread(d, .fid = 2, .count = 256, .buf = list);
    ring_check_str("the list", list, "user.colour");
}

static void xattr_that_is_missing_is_enodata(void)
{
    RingDev *d;

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_txattrwalk(d, .fid = 1, .newfid = 2, .name = "user.none",
                    .err = ENODATA);
    ring_tclunk(d, .fid = 2, .err = ENOENT);
}

static void unlinked_open_file_still_works(void)
{
    RingDev *d;
    char buf[8] = "";

    ring_host_put("f", "", 0);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_tunlinkat(d, .dir = 0, .name = "f");
    ring_check(!ring_host_exists("f"), "expected the name to be gone");
    ring_twrite(d, .fid = 1, .data = "abc", .count = 3);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 8,
                                            .buf = buf), 3);
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_SIZE, .size = 2001);
    ring_check_int("size", ring_tgetattr(d, .fid = 1).size, 2001);
    ring_check_int("nlink", ring_tgetattr(d, .fid = 1).nlink, 0);
}

static void open_fid_keeps_its_file_when_the_host_replaces_it(void)
{
    RingDev *d;
    char buf[8] = "";

    ring_host_put("f", "old", 3);
    d = local();
    walk1(d, "f");
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_host_put("f", "newer", 5);
    ring_check_int("bytes read", ring_tread(d, .fid = 1, .count = 8,
                                            .buf = buf), 3);
    ring_check_str("content", buf, "old");
    ring_check_int("size", ring_tgetattr(d, .fid = 1).size, 3);
}

typedef struct Row {
    const char *name;
    void (*run)(void);
} Row;

static void run_through_helper(const void *row)
{
    /* Only in the process of this test. */
    through_helper = true;
    ((const Row *)row)->run();
}

void ring_register_local_tests(void)
{
    static const Row both[] = {
        { "version-and-attach", version_and_attach },
        { "attach-never-follows-a-link", attach_never_follows_a_link },
        { "getattr-shows-host-attributes", getattr_shows_host_attributes },
        { "qid-version-changes-with-content",
          qid_version_changes_with_content },
        { "read-gives-host-content", read_gives_host_content },
        { "write-reaches-the-host", write_reaches_the_host },
        { "write-with-append-goes-to-the-end",
          write_with_append_goes_to_the_end },
        { "open-with-truncate-empties-the-file",
          open_with_truncate_empties_the_file },
        { "read-of-a-write-only-fid-is-refused",
          read_of_a_write_only_fid_is_refused },
        { "read-of-an-unopened-fid-is-einval",
          read_of_an_unopened_fid_is_einval },
        { "open-twice-is-einval", open_twice_is_einval },
        { "open-of-a-fifo-is-enxio", open_of_a_fifo_is_enxio },
        { "large-io-round-trip", large_io_round_trip },
        { "fsync-of-an-open-file", fsync_of_an_open_file },
        { "fsync-of-an-open-directory", fsync_of_an_open_directory },
        { "locks-are-granted", locks_are_granted },
        { "statfs-is-the-hosts", statfs_is_the_hosts },
        { "setattr-size-truncates-on-the-host",
          setattr_size_truncates_on_the_host },
        { "setattr-times-reach-the-host", setattr_times_reach_the_host },
        { "xattr-is-stored-at-clunk", xattr_is_stored_at_clunk },
        { "xattr-replaced-by-nothing-is-removed",
          xattr_replaced_by_nothing_is_removed },
        { "xattr-may-be-empty", xattr_may_be_empty },
        { "xattr-is-read-through-a-new-fid", xattr_is_read_through_a_new_fid },
        { "xattr-that-is-missing-is-enodata",
          xattr_that_is_missing_is_enodata },
        { "unlinked-open-file-still-works", unlinked_open_file_still_works },
        { "open-fid-keeps-its-file-when-the-host-replaces-it",
          open_fid_keeps_its_file_when_the_host_replaces_it },
    };

#define ADD(name, fn) ring_add("local/" name, fn)
    ADD("setattr-mode-and-owner-go-to-xattrs",
        setattr_mode_and_owner_go_to_xattrs);
    ADD("xattr-list-hides-the-mapping", xattr_list_hides_the_mapping);
#undef ADD
    for (size_t i = 0; i < G_N_ELEMENTS(both); i++) {
        g_autofree char *local_path = g_strdup_printf("local/%s",
                                                      both[i].name);
        g_autofree char *proxy_path = g_strdup_printf("proxy/%s",
                                                      both[i].name);

        ring_add(local_path, both[i].run);
        ring_add_arg(proxy_path, run_through_helper, &both[i]);
    }
}
