/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L on the local driver with mapped-xattr: messages about names.
 *
 * Walk, create, mkdir, mknod, symlink, readlink, link, rename, renameat,
 * unlinkat, remove, readdir: their effects on the host, and the names that must
 * be refused.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

static RingDev *local(void)
{
    return ring_local("security_model=mapped-xattr");
}

static void walk_follows_directories(void)
{
    RingDev *d;
    RingRwalk w;

    ring_host_mkdir("a");
    ring_host_mkdir("a/b");
    ring_host_put("a/b/f", "x", 1);
    d = local();
    w = ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a", "b", "f" });
    ring_check_int("number of qids", w.n, 3);
    ring_check_int("qid type of a", w.qid[0].type, RING_QTDIR);
    ring_check_int("qid type of f", w.qid[2].type, RING_QTFILE);
    ring_check_int("size of f", ring_tgetattr(d, .fid = 1).size, 1);
}

static void walk_partial_makes_no_fid(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    d = local();
    ring_check_int("number of qids",
                   ring_twalk(d, .fid = 0, .newfid = 1,
                              .names = { "a", "none", "f" }).n, 1);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void walk_dotdot_goes_up_and_stops_at_the_root(void)
{
    RingDev *d;
    RingQid root;
    RingRwalk w;

    ring_host_mkdir("a");
    d = local();
    root = ring_tgetattr(d, .fid = 0).qid;
    w = ring_twalk(d, .fid = 0, .newfid = 1,
                   .names = { "a", "..", "..", ".." });
    ring_check_int("number of qids", w.n, 4);
    for (int i = 1; i < 4; i++) {
        ring_check_same_qid("'..'", w.qid[i], root);
    }
}

static void walk_into_the_same_fid_moves_it(void)
{
    RingDev *d;
    RingRwalk w;

    ring_host_mkdir("a");
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1);
    w = ring_twalk(d, .fid = 1, .newfid = 1, .names = { "a" });
    ring_check_same_qid("fid 1", ring_tgetattr(d, .fid = 1).qid, w.qid[0]);
}

static void lcreate_makes_a_file(void)
{
    RingDev *d = local();
    RingRlopen o;
    g_autofree char *data = NULL;
    size_t len;

    ring_twalk(d, .fid = 0, .newfid = 1);
    o = ring_tlcreate(d, .fid = 1, .name = "new", .flags = RING_O_RDWR,
                      .mode = 0640, .gid = 77);
    ring_check_int("qid type", o.qid.type, RING_QTFILE);
    ring_twrite(d, .fid = 1, .data = "data", .count = 4);
    data = ring_host_get("new", &len);
    ring_check_int("size on the host", len, 4);
    ring_check_int("user.virtfs.mode",
                   ring_host_xattr32("new", "user.virtfs.mode"),
                   S_IFREG | 0640);
    ring_check_int("user.virtfs.gid",
                   ring_host_xattr32("new", "user.virtfs.gid"), 77);
}

static void lcreate_exclusive_of_an_existing_name_is_eexist(void)
{
    RingDev *d;
    g_autofree char *data = NULL;
    size_t len;

    ring_host_put("f", "keep", 4);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlcreate(d, .fid = 1, .name = "f", .mode = 0600,
                  .flags = RING_O_RDWR | RING_O_CREAT | RING_O_EXCL,
                  .err = EEXIST);
    data = ring_host_get("f", &len);
    ring_check_str("content on the host", data, "keep");
}

static void lcreate_of_an_existing_file_leaves_its_mode(void)
{
    RingDev *d;
    RingAttr before, after;

    ring_host_put("f", "keep", 4);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tsetattr(d, .fid = 1, .mode = 0604, .uid = 9,
                  .valid = RING_SETATTR_MODE | RING_SETATTR_UID);
    before = ring_tgetattr(d, .fid = 1);
    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_tlcreate(d, .fid = 2, .name = "f", .mode = 04777, .gid = 3,
                  .flags = RING_O_RDWR | RING_O_CREAT);
    after = ring_tgetattr(d, .fid = 1);
    ring_check_int("mode", after.mode, before.mode);
    ring_check_int("uid", after.uid, before.uid);
    ring_check_int("gid", after.gid, before.gid);
    ring_check_int("size", after.size, 4);
}

static void mkdir_makes_a_directory(void)
{
    RingDev *d = local();
    RingQid qid = ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0750);

    ring_check_int("qid type", qid.type, RING_QTDIR);
    ring_check(S_ISDIR(ring_host_stat("dir").st_mode), "expected a directory "
               "on the host, got mode 0%o", ring_host_stat("dir").st_mode);
    ring_check_int("user.virtfs.mode",
                   ring_host_xattr32("dir", "user.virtfs.mode"),
                   S_IFDIR | 0750);
    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0750, .err = EEXIST);
}

static void mknod_makes_a_file_that_says_device(void)
{
    RingDev *d = local();
    RingAttr a;

    ring_tmknod(d, .fid = 0, .name = "dev", .mode = S_IFCHR | 0600,
                .major = 1, .minor = 3);
    ring_check(S_ISREG(ring_host_stat("dev").st_mode), "expected a regular "
               "file on the host, got mode 0%o",
               ring_host_stat("dev").st_mode);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "dev" });
    a = ring_tgetattr(d, .fid = 1);
    ring_check_int("mode for the guest", a.mode, S_IFCHR | 0600);
    ring_check_int("rdev for the guest", a.rdev, makedev(1, 3));
}

static void symlink_and_readlink(void)
{
    RingDev *d = local();
    RingQid qid = ring_tsymlink(d, .fid = 0, .name = "sl",
                                .target = "../over/there");
    g_autofree char *target = NULL;

    ring_check_int("qid type", qid.type, RING_QTSYMLINK);
    ring_check(S_ISREG(ring_host_stat("sl").st_mode), "expected a regular "
               "file on the host (mapped-xattr), got mode 0%o",
               ring_host_stat("sl").st_mode);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "sl" });
    target = ring_treadlink(d, .fid = 1);
    ring_check_str("target", target, "../over/there");
}

static void readlink_of_a_host_symlink(void)
{
    RingDev *d;
    g_autofree char *path = ring_host_path("sl");
    g_autofree char *target = NULL;

    ring_check(symlink("/nowhere", path) == 0, "host: symlink failed");
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "sl" });
    target = ring_treadlink(d, .fid = 1);
    ring_check_str("target", target, "/nowhere");
}

static void link_makes_a_second_name(void)
{
    RingDev *d;

    ring_host_put("f", "x", 1);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlink(d, .dir = 0, .fid = 1, .name = "g");
    ring_check_int("inode on the host", ring_host_stat("g").st_ino,
                   ring_host_stat("f").st_ino);
    ring_check_int("nlink", ring_tgetattr(d, .fid = 1).nlink, 2);
}

static void rename_moves_and_the_fid_follows(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    ring_host_put("f", "x", 1);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "a" });
    ring_trename(d, .fid = 1, .dir = 2, .name = "g");
    ring_check(!ring_host_exists("f"), "expected the old name to be gone");
    ring_check(ring_host_exists("a/g"), "expected a/g on the host");
    ring_check_int("size through the fid", ring_tgetattr(d, .fid = 1).size,
                   1);
}

static void renameat_keeps_fids_below_a_directory(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    ring_host_mkdir("a/b");
    ring_host_put("a/b/f", "xy", 2);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a", "b", "f" });
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "a" });
    ring_trenameat(d, .dir = 0, .name = "a", .newdir = 0, .newname = "z");
    ring_check(ring_host_exists("z/b/f"), "expected z/b/f on the host");
    ring_check_int("size through the fid below",
                   ring_tgetattr(d, .fid = 1).size, 2);
    ring_tmkdir(d, .fid = 2, .name = "c", .mode = 0755);
    ring_check(ring_host_exists("z/c"), "expected a directory made through "
               "the renamed one as z/c");
}

static void rename_keeps_fids_below_a_directory(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    ring_host_mkdir("a/b");
    ring_host_put("a/b/f", "xy", 2);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a", "b", "f" });
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "a" });
    ring_trename(d, .fid = 2, .dir = 0, .name = "z");
    ring_check_int("size through the fid below",
                   ring_tgetattr(d, .fid = 1).size, 2);
}

static void unlinkat_removes_a_file_or_a_directory(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    ring_host_put("f", "x", 1);
    d = local();
    ring_tunlinkat(d, .dir = 0, .name = "a", .err = EISDIR);
    ring_tunlinkat(d, .dir = 0, .name = "f", .flags = RING_AT_REMOVEDIR,
                   .err = ENOTDIR);
    ring_tunlinkat(d, .dir = 0, .name = "f");
    ring_tunlinkat(d, .dir = 0, .name = "a", .flags = RING_AT_REMOVEDIR);
    ring_check(!ring_host_exists("f"), "expected f to be gone");
    ring_check(!ring_host_exists("a"), "expected a to be gone");
    ring_tunlinkat(d, .dir = 0, .name = "f", .err = ENOENT);
}

static void unlinkat_of_a_full_directory_is_enotempty(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    ring_host_put("a/f", "x", 1);
    d = local();
    ring_tunlinkat(d, .dir = 0, .name = "a", .flags = RING_AT_REMOVEDIR,
                   .err = ENOTEMPTY);
    ring_check(ring_host_exists("a/f"), "expected a/f to stay");
}

static void remove_takes_the_name_and_the_fid(void)
{
    RingDev *d;

    ring_host_put("f", "x", 1);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tremove(d, .fid = 1);
    ring_check(!ring_host_exists("f"), "expected f to be gone");
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void remove_of_the_root_is_refused(void)
{
    RingDev *d = local();
    int err;

    ring_twalk(d, .fid = 0, .newfid = 1);
    err = ring_reply_errno(ring_rpc(d, ring_msg(RING_TREMOVE, "4", 1)));
    ring_check(err == EINVAL || err == EBUSY, "Tremove of the root: expected "
               "EINVAL or EBUSY, got %d (%s)", err, g_strerror(err));
    ring_check(S_ISDIR(ring_host_stat("").st_mode), "expected the export to "
               "still exist");
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void readdir_lists_the_directory(void)
{
    RingDev *d;
    GArray *entries;
    unsigned found = 0;

    ring_host_mkdir("a");
    ring_host_mkdir("a/sub");
    ring_host_put("a/file", "x", 1);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    entries = ring_treaddir(d, .fid = 1, .count = 4096);
    ring_check_int("number of entries", entries->len, 4);
    for (unsigned i = 0; i < entries->len; i++) {
        RingDirent *e = &g_array_index(entries, RingDirent, i);
        g_autofree char *path = g_strdup_printf("a/%s", e->name);

        if (!strcmp(e->name, "sub")) {
            ring_check(e->type == DT_DIR || e->type == DT_UNKNOWN,
                       "d_type of sub: expected DT_DIR or DT_UNKNOWN, got "
                       "%u", e->type);
            found++;
        } else if (!strcmp(e->name, "file")) {
            ring_twalk(d, .fid = 0, .newfid = 2, .names = { "a", "file" });
            ring_check_int("qid path of file", e->qid.path,
                           ring_tgetattr(d, .fid = 2).qid.path);
            found++;
        }
        ring_check(ring_host_exists(path), "expected only names of the host, "
                   "got \"%s\"", e->name);
    }
    ring_check_int("entries sub and file", found, 2);
}

static void readdir_restarts_at_offset_zero(void)
{
    RingDev *d;
    GArray *first, *again;

    ring_host_put("f1", "", 0);
    ring_host_put("f2", "", 0);
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    first = ring_treaddir(d, .fid = 1, .count = 4096);
    again = ring_treaddir(d, .fid = 1, .offset = 0, .count = 4096);
    ring_check_int("number of entries", again->len, first->len);
    for (unsigned i = 0; i < first->len; i++) {
        ring_check_str("entry", g_array_index(again, RingDirent, i).name,
                       g_array_index(first, RingDirent, i).name);
    }
}

static void names_with_dots_are_refused(void)
{
    RingDev *d;

    ring_host_mkdir("a");
    d = local();
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "a" });
    ring_tmkdir(d, .fid = 1, .name = "..", .err = EEXIST);
    ring_tmkdir(d, .fid = 1, .name = ".", .err = EEXIST);
    ring_tunlinkat(d, .dir = 1, .name = ".", .flags = RING_AT_REMOVEDIR,
                   .err = EINVAL);
    ring_tunlinkat(d, .dir = 1, .name = "..", .flags = RING_AT_REMOVEDIR,
                   .err = ENOTEMPTY);
    ring_trenameat(d, .dir = 0, .name = "a", .newdir = 0, .newname = "..",
                   .err = EISDIR);
    ring_check(ring_host_exists("a"), "expected a to stay");
}

static void names_with_slashes_are_enoent(void)
{
    RingDev *d = local();

    ring_tmkdir(d, .fid = 0, .name = "../x", .err = ENOENT);
    ring_tmkdir(d, .fid = 0, .name = "/tmp", .err = ENOENT);
    ring_tmkdir(d, .fid = 0, .name = "a/b", .err = ENOENT);
    ring_tmkdir(d, .fid = 0, .name = "", .err = ENOENT);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "../x" }, .err = ENOENT);
}

static void names_with_nul_are_einval(void)
{
    RingDev *d = local();
    g_autofree char *after = NULL;
    static const char name[] = "n\0z";

    ring_check_int("Tmkdir errno", ring_reply_errno(ring_rpc(d,
                   ring_msg(RING_TMKDIR, "42B44", 0, 3, name, (size_t)3, 0755,
                            0))), EINVAL);
    after = ring_host_list();
    ring_check_str("names on the host", after, "");
}

static void names_that_are_too_long_are_refused(void)
{
    RingDev *d = local();
    g_autofree char *name = g_strnfill(256, 'n');

    ring_tmkdir(d, .fid = 0, .name = name, .mode = 0755, .err = ENAMETOOLONG);
    name[255] = 0;
    ring_tmkdir(d, .fid = 0, .name = name, .mode = 0755);
    ring_check(ring_host_exists(name), "expected a name of 255 bytes on the "
               "host");
}

static void names_of_any_bytes_round_trip(void)
{
    RingDev *d = local();
    static const char name[] = "\x01\n \xff\xc0\x80~";

    ring_tmkdir(d, .fid = 0, .name = name, .mode = 0755);
    ring_check(ring_host_exists(name), "expected the name byte for byte on "
               "the host");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { name });
}

void ring_register_names_tests(void)
{
#define ADD(name, fn) ring_add("names/" name, fn)
    ADD("walk-follows-directories", walk_follows_directories);
    ADD("walk-partial-makes-no-fid", walk_partial_makes_no_fid);
    ADD("walk-dotdot-goes-up-and-stops-at-the-root",
        walk_dotdot_goes_up_and_stops_at_the_root);
    ADD("walk-into-the-same-fid-moves-it", walk_into_the_same_fid_moves_it);
    ADD("lcreate-makes-a-file", lcreate_makes_a_file);
    ADD("lcreate-exclusive-of-an-existing-name-is-eexist",
        lcreate_exclusive_of_an_existing_name_is_eexist);
    ADD("lcreate-of-an-existing-file-leaves-its-mode",
        lcreate_of_an_existing_file_leaves_its_mode);
    ADD("mkdir-makes-a-directory", mkdir_makes_a_directory);
    ADD("mknod-makes-a-file-that-says-device",
        mknod_makes_a_file_that_says_device);
    ADD("symlink-and-readlink", symlink_and_readlink);
    ADD("readlink-of-a-host-symlink", readlink_of_a_host_symlink);
    ADD("link-makes-a-second-name", link_makes_a_second_name);
    ADD("rename-moves-and-the-fid-follows", rename_moves_and_the_fid_follows);
    ADD("renameat-keeps-fids-below-a-directory",
        renameat_keeps_fids_below_a_directory);
    ADD("rename-keeps-fids-below-a-directory",
        rename_keeps_fids_below_a_directory);
    ADD("unlinkat-removes-a-file-or-a-directory",
        unlinkat_removes_a_file_or_a_directory);
    ADD("unlinkat-of-a-full-directory-is-enotempty",
        unlinkat_of_a_full_directory_is_enotempty);
    ADD("remove-takes-the-name-and-the-fid",
        remove_takes_the_name_and_the_fid);
    ADD("remove-of-the-root-is-refused", remove_of_the_root_is_refused);
    ADD("readdir-lists-the-directory", readdir_lists_the_directory);
    ADD("readdir-restarts-at-offset-zero", readdir_restarts_at_offset_zero);
    ADD("names-with-dots-are-refused", names_with_dots_are_refused);
    ADD("names-with-slashes-are-enoent", names_with_slashes_are_enoent);
    ADD("names-with-nul-are-einval", names_with_nul_are_einval);
    ADD("names-that-are-too-long-are-refused",
        names_that_are_too_long_are_refused);
    ADD("names-of-any-bytes-round-trip", names_of_any_bytes_round_trip);
#undef ADD
}
