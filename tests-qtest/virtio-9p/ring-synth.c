/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L on the synth driver: every message at least once.
 *
 * With the qtest accelerator the synth tree has WALK0/…/WALK15, LOPEN, WRITE,
 * FLUSH, ReadDirDir with 100 files and stat/xattr_count.  The tree is fixed, so
 * messages that would change it must be refused, with the errno that QEMU has
 * always returned.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

static void version_is_agreed(void)
{
    RingDev *d = ring_synth();
    RingRversion v = ring_tversion(d, .msize = 16384);

    ring_check_str("Rversion version", v.version, "9P2000.L");
    ring_check_int("Rversion msize", v.msize, 16384);
}

static void attach_gives_directory_qid(void)
{
    RingDev *d = ring_synth();
    RingQid qid = ring_tattach(d, .fid = 7);

    ring_check_int("qid type of the root", qid.type, RING_QTDIR);
}

static void attach_to_a_directory(void)
{
    RingDev *d = ring_synth();
    RingQid qid = ring_tattach(d, .fid = 1, .aname = "/WALK0/WALK1",
                               .uname = "nobody");
    RingRwalk w = ring_twalk(d, .fid = 0, .newfid = 2,
                             .names = { "WALK0", "WALK1" });

    ring_check_same_qid("root attached to", qid, w.qid[1]);
    w = ring_twalk(d, .fid = 1, .newfid = 3, .names = { "..", "WALK2" });
    ring_check_same_qid("'..' of the root", w.qid[0], qid);
    ring_check_int("number of qids", w.n, 2);
    ring_tattach(d, .fid = 4, .aname = "WALK1", .err = ENOENT);
    ring_tattach(d, .fid = 4, .aname = "LOPEN", .err = ENOTDIR);
    ring_tattach(d, .fid = 4, .aname = "WALK0/..", .err = EINVAL);
}

static void walk_of_no_names_clones(void)
{
    RingDev *d = ring_synth();
    RingRwalk w = ring_twalk(d, .fid = 0, .newfid = 1);
    RingQid root = ring_tgetattr(d, .fid = 0).qid;

    ring_check_int("number of qids", w.n, 0);
    ring_check_same_qid("clone of the root",
                        ring_tgetattr(d, .fid = 1).qid, root);
}

static void walk_of_one_name(void)
{
    RingDev *d = ring_synth();
    RingRwalk w = ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WALK0" });

    ring_check_int("number of qids", w.n, 1);
    ring_check_int("qid type of WALK0", w.qid[0].type, RING_QTDIR);
    ring_check_same_qid("fid after the walk",
                        ring_tgetattr(d, .fid = 1).qid, w.qid[0]);
}

static void walk_of_sixteen_names(void)
{
    RingDev *d = ring_synth();
    RingTwalk o = { .fid = 0, .newfid = 1 };
    RingRwalk w;

    for (int i = 0; i < RING_MAXWELEM; i++) {
        o.names[i] = g_strdup_printf("WALK%d", i);
    }
    w = ring_twalk_do(d, o);
    ring_check_int("number of qids", w.n, RING_MAXWELEM);
    for (int i = 1; i < RING_MAXWELEM; i++) {
        ring_check(w.qid[i].path != w.qid[i - 1].path, "expected WALK%d and "
                   "WALK%d to have different qid paths, both have 0x%" PRIx64,
                   i - 1, i, w.qid[i].path);
    }
}

static void walk_that_stops_half_way_makes_no_fid(void)
{
    RingDev *d = ring_synth();
    RingRwalk w = ring_twalk(d, .fid = 0, .newfid = 1,
                             .names = { "WALK0", "missing" });

    ring_check_int("number of qids", w.n, 1);
    ring_tgetattr(d, .fid = 1, .err = ENOENT);
}

static void walk_of_missing_name_is_enoent(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "missing" },
               .err = ENOENT);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void walk_dotdot_at_the_root_stays(void)
{
    RingDev *d = ring_synth();
    RingQid root = ring_tattach(d, .fid = 1);
    RingRwalk w = ring_twalk(d, .fid = 0, .newfid = 2, .names = { ".." });

    ring_check_int("number of qids", w.n, 1);
    ring_check_same_qid("'..' of the root", w.qid[0], root);
}

static void open_then_write_answers_full_count(void)
{
    RingDev *d = ring_synth();
    g_autofree char *data = g_malloc0(4096);

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WRITE" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_check_int("bytes written",
                   ring_twrite(d, .fid = 1, .data = data, .count = 4096),
                   4096);
}

static void open_ignores_permission_bits(void)
{
    RingDev *d = ring_synth();
    RingRlopen o;

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_check_int("mode bits of LOPEN",
                   ring_tgetattr(d, .fid = 1).mode & 0777, 0);
    o = ring_tlopen(d, .fid = 1, .flags = RING_O_WRONLY);
    ring_check_int("qid type of LOPEN", o.qid.type, RING_QTFILE);
}

static void read_shows_open_xattr_fids(void)
{
    RingDev *d = ring_synth();
    uint64_t count = 99;

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "stat", "xattr_count" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "WRITE" });
    ring_check_int("bytes read",
                   ring_tread(d, .fid = 1, .count = 8, .buf = &count), 8);
    ring_check_int("xattr fids before", count, 0);
    ring_txattrcreate(d, .fid = 2, .name = "user.test", .size = 4);
    ring_tread(d, .fid = 1, .count = 8, .buf = &count);
    ring_check_int("xattr fids while one is open", count, 1);
    ring_twrite(d, .fid = 2, .data = "abcd", .count = 4);
    ring_tclunk(d, .fid = 2);
    ring_tread(d, .fid = 1, .count = 8, .buf = &count);
    ring_check_int("xattr fids after clunk", count, 0);
}

static void clunk_frees_the_fid_number(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tclunk(d, .fid = 1);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
    ring_twalk(d, .fid = 0, .newfid = 1);
}

static void getattr_of_root_is_a_directory(void)
{
    RingDev *d = ring_synth();
    RingAttr a = ring_tgetattr(d, .fid = 0);

    ring_check_int("valid bits", a.valid & RING_GETATTR_BASIC,
                   RING_GETATTR_BASIC);
    ring_check_int("file type", a.mode & S_IFMT, S_IFDIR);
    ring_check_int("qid type", a.qid.type, RING_QTDIR);
}

static void readdir_gives_every_entry_once(void)
{
    RingDev *d = ring_synth();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    uint64_t offset = 0;
    unsigned n;

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "ReadDirDir" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_DIRECTORY);
    do {
        GArray *part = ring_treaddir(d, .fid = 1, .offset = offset,
                                     .count = 500);

        n = part->len;
        for (unsigned i = 0; i < n; i++) {
            RingDirent *e = &g_array_index(part, RingDirent, i);

            ring_check(g_hash_table_add(seen, g_strdup(e->name)),
                       "expected each entry once, got \"%s\" again", e->name);
            offset = e->offset;
        }
        g_array_free(part, TRUE);
    } while (n);
    ring_check_int("number of entries", g_hash_table_size(seen), 102);
    for (int i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("ReadDirFile%d", i);

        ring_check(g_hash_table_contains(seen, name), "expected \"%s\" among "
                   "the entries, it is missing", name);
    }
    ring_check(g_hash_table_contains(seen, ".") &&
               g_hash_table_contains(seen, ".."),
               "expected \".\" and \"..\" among the entries");
}

static void statfs_has_name_limit_and_block_size(void)
{
    RingDev *d = ring_synth();
    RingRstatfs s = ring_tstatfs(d, .fid = 0);

    ring_check(s.bsize > 0, "expected a block size, got 0");
    ring_check(s.namelen > 0, "expected a name limit, got 0");
}

static void lock_is_granted_on_an_open_file(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDWR);
    ring_check_int("Rlock status",
                   ring_tlock(d, .fid = 1, .type = RING_LOCK_WRLCK,
                              .proc_id = 1, .client_id = "g"),
                   RING_LOCK_SUCCESS);
    ring_check_int("Rgetlock type",
                   ring_tgetlock(d, .fid = 1, .type = RING_LOCK_WRLCK,
                                 .proc_id = 1, .client_id = "g").type,
                   RING_LOCK_UNLCK);
}

static void lock_on_an_unopened_fid_is_ebadf(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_tlock(d, .fid = 1, .client_id = "g", .err = EBADF);
    ring_tgetlock(d, .fid = 1, .client_id = "g", .err = EBADF);
}

static void making_names_is_refused(void)
{
    RingDev *d = ring_synth();

    ring_tmkdir(d, .fid = 0, .name = "d", .mode = 0755, .err = EPERM);
    ring_tmknod(d, .fid = 0, .name = "n", .mode = S_IFREG | 0644,
                .err = EPERM);
    ring_tsymlink(d, .fid = 0, .name = "s", .target = "t", .err = EPERM);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_tlink(d, .dir = 0, .fid = 1, .name = "l", .err = EPERM);
    ring_twalk(d, .fid = 0, .newfid = 2);
    ring_tlcreate(d, .fid = 2, .name = "f", .flags = RING_O_RDWR,
                  .mode = 0644, .err = ENOSYS);
}

static void changing_names_is_refused(void)
{
    RingDev *d = ring_synth();

    ring_tunlinkat(d, .dir = 0, .name = "LOPEN", .err = RING_ANY_ERROR);
    ring_trenameat(d, .dir = 0, .name = "LOPEN", .newdir = 0, .newname = "x",
                   .err = RING_ANY_ERROR);
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_trename(d, .fid = 1, .dir = 0, .name = "x", .err = RING_ANY_ERROR);
    ring_tremove(d, .fid = 1, .err = RING_ANY_ERROR);
    ring_twalk(d, .fid = 0, .newfid = 2, .names = { "LOPEN" });
}

static void remove_clunks_even_when_refused(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_tremove(d, .fid = 1, .err = RING_ANY_ERROR);
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void setattr_is_refused(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_MODE, .mode = 0600,
                  .err = EPERM);
    ring_tsetattr(d, .fid = 1, .valid = RING_SETATTR_SIZE, .size = 1,
                  .err = ENOSYS);
}

static void readlink_of_a_file_is_einval(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "LOPEN" });
    ring_treadlink(d, .fid = 1, .err = EINVAL);
}

static void fsync_of_an_unopened_fid_is_ebadf(void)
{
    RingDev *d = ring_synth();

    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "WRITE" });
    ring_tfsync(d, .fid = 1, .err = EBADF);
}

static void getxattr_says_there_is_none(void)
{
    RingDev *d = ring_synth();
    int err = ring_reply_errno(ring_rpc(d, ring_msg(RING_TXATTRWALK, "44s", 0,
                                                    1, "user.none")));

    /* Linux takes both for "no such attribute", and any other for EIO. */
    ring_check(err == ENODATA || err == EOPNOTSUPP, "Txattrwalk: expected "
               "ENODATA or EOPNOTSUPP, got %d (%s)", err, g_strerror(err));
    ring_tclunk(d, .fid = 1, .err = ENOENT);
}

static void unknown_fid_has_the_errno_of_its_message(void)
{
    RingDev *d = ring_synth();

    ring_tstatfs(d, .fid = 99, .err = ENOENT);
    ring_tlopen(d, .fid = 99, .err = ENOENT);
    ring_tlcreate(d, .fid = 99, .name = "f", .err = ENOENT);
    ring_tsymlink(d, .fid = 99, .name = "s", .target = "t", .err = EINVAL);
    ring_tmknod(d, .fid = 99, .name = "n", .err = ENOENT);
    ring_tmkdir(d, .fid = 99, .name = "d", .err = ENOENT);
    ring_trename(d, .fid = 99, .dir = 0, .name = "r", .err = ENOENT);
    ring_treadlink(d, .fid = 99, .err = ENOENT);
    ring_tgetattr(d, .fid = 99, .err = ENOENT);
    ring_tsetattr(d, .fid = 99, .err = EINVAL);
    ring_txattrwalk(d, .fid = 99, .newfid = 1, .name = "n", .err = ENOENT);
    ring_txattrcreate(d, .fid = 99, .name = "n", .size = 1, .err = EINVAL);
    ring_treaddir(d, .fid = 99, .count = 512, .err = EINVAL);
    ring_tfsync(d, .fid = 99, .err = ENOENT);
    ring_tlock(d, .fid = 99, .client_id = "g", .err = ENOENT);
    ring_tgetlock(d, .fid = 99, .client_id = "g", .err = ENOENT);
    ring_tlink(d, .dir = 99, .fid = 0, .name = "l", .err = ENOENT);
    ring_tunlinkat(d, .dir = 99, .name = "u", .err = EINVAL);
    ring_twalk(d, .fid = 99, .newfid = 1, .err = ENOENT);
    ring_tread(d, .fid = 99, .count = 1, .err = EINVAL);
    ring_twrite(d, .fid = 99, .data = "x", .count = 1, .err = EINVAL);
    ring_tclunk(d, .fid = 99, .err = ENOENT);
    ring_tremove(d, .fid = 99, .err = EINVAL);
}

void ring_register_synth_tests(void)
{
#define ADD(name, fn) ring_add("synth/" name, fn)
    ADD("version-is-agreed", version_is_agreed);
    ADD("attach-gives-directory-qid", attach_gives_directory_qid);
    ADD("attach-to-a-directory", attach_to_a_directory);
    ADD("walk-of-no-names-clones", walk_of_no_names_clones);
    ADD("walk-of-one-name", walk_of_one_name);
    ADD("walk-of-sixteen-names", walk_of_sixteen_names);
    ADD("walk-that-stops-half-way-makes-no-fid",
        walk_that_stops_half_way_makes_no_fid);
    ADD("walk-of-missing-name-is-enoent", walk_of_missing_name_is_enoent);
    ADD("walk-dotdot-at-the-root-stays", walk_dotdot_at_the_root_stays);
    ADD("open-then-write-answers-full-count",
        open_then_write_answers_full_count);
    ADD("open-ignores-permission-bits", open_ignores_permission_bits);
    ADD("read-shows-open-xattr-fids", read_shows_open_xattr_fids);
    ADD("clunk-frees-the-fid-number", clunk_frees_the_fid_number);
    ADD("getattr-of-root-is-a-directory", getattr_of_root_is_a_directory);
    ADD("readdir-gives-every-entry-once", readdir_gives_every_entry_once);
    ADD("statfs-has-name-limit-and-block-size",
        statfs_has_name_limit_and_block_size);
    ADD("lock-is-granted-on-an-open-file", lock_is_granted_on_an_open_file);
    ADD("lock-on-an-unopened-fid-is-ebadf", lock_on_an_unopened_fid_is_ebadf);
    ADD("making-names-is-refused", making_names_is_refused);
    ADD("changing-names-is-refused", changing_names_is_refused);
    ADD("remove-clunks-even-when-refused", remove_clunks_even_when_refused);
    ADD("setattr-is-refused", setattr_is_refused);
    ADD("readlink-of-a-file-is-einval", readlink_of_a_file_is_einval);
    ADD("fsync-of-an-unopened-fid-is-ebadf",
        fsync_of_an_unopened_fid_is_ebadf);
    ADD("getxattr-says-there-is-none", getxattr_says_there_is_none);
    ADD("unknown-fid-has-the-errno-of-its-message",
        unknown_fid_has_the_errno_of_its_message);
#undef ADD
}
