/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session that is moved to a tree where not everything is as it was: objects
 * that are gone or replaced, and a copy of the tree.
 */
#include "fsdev/core/p9-osdep.h"
#include "session/move.h"

enum { FILE_FID = 1, OPEN_FID, DIR_FID, INNER_FID };

static Client *start(Scratch *scratch)
{
    Client *c;

    scratch_mkdir(scratch, "dir");
    scratch_write(scratch, "dir/inner", "inner");
    scratch_write(scratch, "file", "file");
    scratch_write(scratch, "open", "open");
    c = client_start(move_export(scratch->path), CLIENT_INLINE);
    g_assert_cmpint(client_walk(c, 0, FILE_FID, "file"), ==, 0);
    g_assert_cmpint(client_open(c, OPEN_FID, "open", O_RDWR), ==, 0);
    g_assert_cmpint(client_walk(c, 0, DIR_FID, "dir"), ==, 0);
    g_assert_cmpint(client_walk(c, 0, INNER_FID, "dir/inner"), ==, 0);
    return c;
}

static int attr_of(Client *c, uint32_t fid)
{
    return ASK(c, getattr, .fid = fid, .request_mask = 0x7ff);
}

/* ---- objects that are lost ---- */

/* A lost fid is good for nothing but being clunked. */
static void check_lost(Client *c, uint32_t fid)
{
    g_assert_cmpint(attr_of(c, fid), ==, -ESTALE);
    g_assert_cmpint(client_walk(c, fid, 50, ""), ==, -ESTALE);
    g_assert_cmpint(client_walk(c, fid, 50, "inner"), ==, -ESTALE);
    g_assert_cmpint(ASK(c, lopen, .fid = fid), ==, -ESTALE);
    g_assert_cmpint(client_read(c, fid, 0, 10), ==, -ESTALE);
    g_assert_cmpint(client_write(c, fid, 0, "x", 1), ==, -ESTALE);
    g_assert_cmpint(ASK(c, lock, .fid = fid, .client_id = P9STR("x")), ==,
                    -ESTALE);
    g_assert_cmpint(ASK(c, clunk, .fid = fid), ==, 0);
    g_assert_cmpint(ASK(c, clunk, .fid = fid), ==, -ENOENT);
}

static void test_removed_by_the_host(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    Client *c = start(scratch);
    g_autofree char *losses = NULL;

    scratch_unlink(scratch, "file");
    scratch_rename(scratch, "dir", "other");
    c = move_losing(c, move_export(scratch->path), &losses);
    g_assert_nonnull(strstr(losses, "3 fids"));
    g_assert_cmpint(attr_of(c, OPEN_FID), ==, 0);
    check_lost(c, FILE_FID);
    check_lost(c, DIR_FID);
    /* The fid is clunked although the object cannot be removed. */
    g_assert_cmpint(ASK(c, remove, .fid = INNER_FID), ==, -ESTALE);
    g_assert_cmpint(ASK(c, clunk, .fid = INNER_FID), ==, -ENOENT);
    client_free(c);
}

/* Another object has the name, which must not be taken for the one before. */
static void test_replaced_by_the_host(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    Client *c = start(scratch);
    g_autofree char *losses = NULL;

    scratch_write(scratch, "new", "new");
    scratch_rename(scratch, "new", "open");
    c = move_losing(c, move_export(scratch->path), &losses);
    g_assert_nonnull(strstr(losses, "'open'"));
    check_lost(c, OPEN_FID);
    g_assert_cmpint(attr_of(c, FILE_FID), ==, 0);
    client_free(c);
}

/* A second move does not count once more what is lost. */
static void test_lost_before(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    Client *c = start(scratch);
    g_autofree char *losses = NULL;

    scratch_unlink(scratch, "file");
    c = move_losing(c, move_export(scratch->path), &losses);
    g_assert_nonnull(losses);
    c = move_client(c, move_export(scratch->path));
    check_lost(c, FILE_FID);
    client_free(c);
}

static void test_stop_where_it_is_loaded(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autoptr(Client) c = start(scratch);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    FsExport *export = move_export(scratch->path);
    g_autofree char *why = NULL;
    P9State *state;

    client_pause(c);
    g_assert_cmpint(move_save(c, true, bytes, &why), ==, 0);
    scratch_unlink(scratch, "open");
    state = p9_state_decode(bytes->data, bytes->len, &why);
    g_assert_nonnull(state);
    g_assert_cmpint(p9_state_find(state, export, true, &why), ==, -ESTALE);
    g_assert_nonnull(strstr(why, "'open'"));
    p9_state_free(state);
    fs_export_unref(export);
    client_resume(c);
    g_assert_cmpint(client_write(c, OPEN_FID, 0, "x", 1), ==, 1);
}

/* The source knows that an open file without a name cannot be found. */
static void test_removed_while_open(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    Client *c = start(scratch);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    g_autofree char *losses = NULL;

    g_assert_cmpint(ASK(c, unlinkat, .dfid = 0, .name = P9NAME("open")), ==,
                    0);
    client_pause(c);
    g_assert_cmpint(move_save(c, true, bytes, &why), ==, -EBUSY);
    g_assert_cmpuint(bytes->len, ==, 0);
    g_assert_nonnull(strstr(why, "1 files are open"));
    client_resume(c);
    g_assert_cmpint(client_read(c, OPEN_FID, 0, 10), ==, 4);
    c = move_losing(c, move_export(scratch->path), &losses);
    check_lost(c, OPEN_FID);
    g_assert_cmpint(attr_of(c, FILE_FID), ==, 0);
    client_free(c);
}

/* The name may be that of another process now. */
static void test_lock_is_taken(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    Client *c = start(scratch);
    Client *other = client_start(move_export(scratch->path), CLIENT_INLINE);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *why = NULL;
    P9HeldLocks *locks;
    P9State *state;

    g_assert_cmpint(client_open(other, 1, "open", O_RDWR), ==, 0);
    g_assert_cmpint(ASK(c, lock, .fid = OPEN_FID, .type = P9_LOCK_TYPE_WRLCK,
                        .client_id = P9STR("guest")), ==, 0);
    client_pause(c);
    g_assert_cmpint(move_save(c, true, bytes, &why), ==, 0);
    locks = p9_held_locks_new(c->session);
    p9_held_locks_release(locks);
    g_assert_cmpint(ASK(other, lock, .fid = 1, .type = P9_LOCK_TYPE_WRLCK,
                        .client_id = P9STR("guest")), ==, 0);
    g_assert_cmpuint(p9_held_locks_take(locks), ==, 1);
    p9_held_locks_free(locks);
    state = p9_state_decode(bytes->data, bytes->len, &why);
    g_assert_cmpint(p9_state_find(state, other->export, true, &why), ==,
                    -ESTALE);
    g_assert_nonnull(strstr(why, "locked by others"));
    p9_state_free(state);
    client_free(other);
    client_free(c);
}

/* ---- a copy of the tree ---- */

static uint64_t path_of(Client *c, uint32_t fid)
{
    g_assert_cmpint(attr_of(c, fid), ==, 0);
    return client_last(c)->r.getattr.qid.path;
}

/* Objects that the guest uses stay the inodes that they were. */
static void test_copy(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autoptr(Scratch) copy = scratch_new();
    Client *c = start(scratch);
    uint64_t paths[INNER_FID + 1];

    scratch_mkdir(copy, "dir");
    scratch_write(copy, "dir/inner", "INNER");
    scratch_write(copy, "file", "FILE");
    scratch_write(copy, "open", "OPEN");
    for (unsigned fid = 0; fid <= INNER_FID; fid++) {
        paths[fid] = path_of(c, fid);
    }
    c = move_client(c, move_export(copy->path));
    for (unsigned fid = 0; fid <= INNER_FID; fid++) {
        g_assert_cmpuint(path_of(c, fid), ==, paths[fid]);
    }
    g_assert_cmpint(client_walk(c, 0, 20, "dir/inner"), ==, 0);
    g_assert_cmpuint(path_of(c, 20), ==, paths[INNER_FID]);
    g_assert_cmpint(client_read(c, OPEN_FID, 0, 10), ==, 4);
    client_check_payload(c, "OPEN");
    /* … and stay it when they are moved back. */
    c = move_client(c, move_export(scratch->path));
    for (unsigned fid = 0; fid <= INNER_FID; fid++) {
        g_assert_cmpuint(path_of(c, fid), ==, paths[fid]);
    }
    client_free(c);
}

/* The number of an object of the copy may be that which one of them has. */
static void test_copy_with_equal_numbers(void)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autoptr(Scratch) copy = scratch_new();
    g_autofree char *from = g_build_filename(scratch->path, "file", NULL);
    g_autofree char *to = g_build_filename(copy->path, "same", NULL);
    Client *c = start(scratch);
    uint64_t file = path_of(c, FILE_FID);
    uint64_t same;

    scratch_mkdir(copy, "dir");
    scratch_write(copy, "dir/inner", "INNER");
    scratch_write(copy, "file", "FILE");
    scratch_write(copy, "open", "OPEN");
    g_assert_cmpint(link(from, to), ==, 0);
    c = move_client(c, move_export(copy->path));
    g_assert_cmpuint(path_of(c, FILE_FID), ==, file);
    g_assert_cmpint(client_walk(c, 0, 20, "same"), ==, 0);
    same = path_of(c, 20);
    g_assert_cmpuint(same, !=, file);
    g_assert_cmpint(client_walk(c, 0, 21, "same"), ==, 0);
    g_assert_cmpuint(path_of(c, 21), ==, same);
    client_free(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, fn) g_test_add_func("/state/lost/" name, fn)
    ADD("removed-by-the-host", test_removed_by_the_host);
    ADD("replaced-by-the-host", test_replaced_by_the_host);
    ADD("lost-before", test_lost_before);
    ADD("stop-where-it-is-loaded", test_stop_where_it_is_loaded);
    ADD("removed-while-open", test_removed_while_open);
    ADD("lock-is-taken", test_lock_is_taken);
    ADD("copy", test_copy);
    ADD("copy-with-equal-numbers", test_copy_with_equal_numbers);
#undef ADD
    return g_test_run();
}
