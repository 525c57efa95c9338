/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every message that brings in an id, with ids inside and outside of the maps
 * of the export, in each driver and security model; and objects that would get
 * the owner of QEMU itself.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "lib/test-call.h"
#include "owners-world.h"

#define ACL_ACCESS "system.posix_acl_access"
#define CAPABILITY "security.capability"

/* Returns 0 or -errno; what it makes is called "new". */
typedef int Bring(OwnersWorld *w, uint32_t id);

static int attach(OwnersWorld *w, uint32_t id)
{
    return client_attach(w->client, 3, id);
}

/* A file gets the user that has attached. */
static int create_as(OwnersWorld *w, uint32_t id)
{
    int ret = client_attach(w->client, 3, id);

    return ret < 0 ? ret : ASK(w->client, lcreate, .fid = 3,
                               .name = P9NAME("new"), .flags = O_RDWR,
                               .mode = 06755, .gid = owners_guest(w, 7));
}

static int create(OwnersWorld *w, uint32_t id)
{
    int ret = client_walk(w->client, 0, 1, "");

    return ret < 0 ? ret : ASK(w->client, lcreate, .fid = 1,
                               .name = P9NAME("new"), .flags = O_RDWR,
                               .mode = 06755, .gid = id);
}

static int make_dir(OwnersWorld *w, uint32_t id)
{
    return ASK(w->client, mkdir, .fid = 0, .name = P9NAME("new"), .mode = 06755,
               .gid = id);
}

static int make_fifo(OwnersWorld *w, uint32_t id)
{
    return ASK(w->client, mknod, .fid = 0, .name = P9NAME("new"),
               .mode = S_IFIFO | 06755, .gid = id);
}

static int make_link(OwnersWorld *w, uint32_t id)
{
    return ASK(w->client, symlink, .fid = 0, .name = P9NAME("new"),
               .target = P9STR("x"), .gid = id);
}

static int set_owner(OwnersWorld *w, uint32_t id)
{
    int ret = client_walk(w->client, 0, 1, "mine");

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1, .valid = 2 | 1,
                               .uid = id, .mode = 04755);
}

static int set_group(OwnersWorld *w, uint32_t id)
{
    int ret = client_walk(w->client, 0, 1, "mine");

    return ret < 0 ? ret : ASK(w->client, setattr, .fid = 1, .valid = 4 | 1,
                               .gid = id, .mode = 02755);
}

static int set_attribute(OwnersWorld *w, const char *name, const void *value,
                         size_t size)
{
    int ret = client_walk(w->client, 0, 1, "mine");

    return ret < 0 ? ret : client_set_xattr(w->client, 1, name, value, size, 0);
}

/* An ACL with one entry that has an id: @tag 2 is a user, 8 a group. */
static int set_acl(OwnersWorld *w, uint8_t tag, uint32_t id)
{
    uint8_t acl[] = {
        2, 0, 0, 0,
        0x01, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x04, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0x10, 0, 6, 0, 0xff, 0xff, 0xff, 0xff,
        0x20, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,
        0, 0, 0, 0, 0, 0, 0, 0,
    };
    /* Entries are in the order of their tags. */
    size_t at = tag == 2 ? 12 : 20;

    memmove(acl + at + 8, acl + at, sizeof(acl) - at - 8);
    acl[at] = tag;
    acl[at + 2] = 6;
    id = cpu_to_le32(id);
    memcpy(acl + at + 4, &id, sizeof(id));
    return set_attribute(w, ACL_ACCESS, acl, sizeof(acl));
}

static int set_acl_user(OwnersWorld *w, uint32_t id)
{
    return set_acl(w, 2, id);
}

static int set_acl_group(OwnersWorld *w, uint32_t id)
{
    return set_acl(w, 8, id);
}

/* Revision 3, effective, CAP_CHOWN for the name space whose root is @id. */
static int set_capability(OwnersWorld *w, uint32_t id)
{
    uint32_t value[6] = { cpu_to_le32(0x03000001), cpu_to_le32(1) };

    value[5] = cpu_to_le32(id);
    return set_attribute(w, CAPABILITY, value, sizeof(value));
}

static int set_stored_user(OwnersWorld *w, uint32_t id)
{
    id = cpu_to_le32(id);
    return set_attribute(w, "user.virtfs.uid", &id, sizeof(id));
}

static int set_stored_group(OwnersWorld *w, uint32_t id)
{
    id = cpu_to_le32(id);
    return set_attribute(w, "user.virtfs.gid", &id, sizeof(id));
}

enum { P = 1 << OWNERS_PASSTHROUGH, X = 1 << OWNERS_MAPPED_XATTR,
       F = 1 << OWNERS_MAPPED_FILE, N = 1 << OWNERS_NONE,
       Q = 1 << OWNERS_PROXY, H = 1 << OWNERS_HELPER,
       ALL = P | X | F | N | Q | H };

static const struct {
    const char *name;
    Bring *bring;
    unsigned places;            /* where there is such an attribute */
    bool acl;
    bool xattr;
    bool harmless;              /* the absence of an id changes nothing */
} brings[] = {
    /* The helper sees the user only when something is created. */
    { "attach", attach, ALL & ~H, .harmless = true },
    { "create-as", create_as, ALL },
    { "create", create, ALL },
    { "mkdir", make_dir, ALL },
    { "mknod", make_fifo, ALL },
    { "symlink", make_link, ALL },
    { "setattr-uid", set_owner, ALL, .harmless = true },
    { "setattr-gid", set_group, ALL, .harmless = true },
    { "acl-user", set_acl_user, ALL & ~N, .acl = true, .xattr = true },
    { "acl-group", set_acl_group, ALL & ~N, .acl = true, .xattr = true },
    { "capability", set_capability, X | F, .xattr = true },
    { "stored-uid", set_stored_user, P | F | N, .xattr = true },
    { "stored-gid", set_stored_group, P | F | N, .xattr = true },
};

static const OwnersObject mine = {
    OWNERS_BASE, OWNERS_BASE, S_IFREG | 0600,
};

static bool possible(size_t row, OwnersPlace place)
{
    return (brings[row].places & (1u << place)) &&
           (!brings[row].xattr || local_can_user_xattr()) &&
           (!brings[row].acl || local_can_acl());
}

/* Nothing in the export belongs to an id that is not mapped. */
static void check_owner(OwnersWorld *w, const char *name)
{
    OwnersObject got;

    if (!owners_exists(w, name)) {
        return;
    }
    got = owners_of(w, name);
    if (got.uid != OWNERS_SQUASH) {
        g_assert_cmpuint(got.uid - OWNERS_BASE, <, OWNERS_COUNT);
    }
    if (got.gid != OWNERS_SQUASH) {
        g_assert_cmpuint(got.gid - OWNERS_BASE, <, OWNERS_COUNT);
    }
}

static void check_bring(OwnersWorld *w, size_t row, uint32_t id, int want)
{
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    int ret;

    owners_put(w, "mine", &mine);
    before = owners_snapshot(w);
    ret = brings[row].bring(w, id);
    if (ret != want) {
        g_error("%s, id %u: %d, expected %d", brings[row].name, id, ret, want);
    }
    check_owner(w, "mine");
    check_owner(w, "new");
    if (want < 0) {
        after = owners_snapshot(w);
        g_assert_cmpstr(after, ==, before);
    }
    for (uint32_t fid = 1; fid <= 3; fid++) {
        ASK(w->client, clunk, .fid = fid);
    }
    owners_clear(w);
}

static void check_all(OwnersPlace place, bool squash)
{
    const int outside = squash ? 0 : -EOVERFLOW;
    /* Where the helper has the map, QEMU refuses what is not an id. */
    const int none = place == OWNERS_HELPER ? -EOVERFLOW : outside;
    OWNERS_WORLD w = { 0 };

    if (!owners_world_start(&w, place, squash, "9P2000.L")) {
        return;
    }
    for (size_t row = 0; row < ARRAY_SIZE(brings); row++) {
        if (!possible(row, place)) {
            continue;
        }
        check_bring(&w, row, owners_guest(&w, 7), 0);
        check_bring(&w, row, ID_NONE, brings[row].harmless ? 0 : none);
        if (place != OWNERS_HELPER) {
            check_bring(&w, row, OWNERS_NOT_GUEST, outside);
            continue;
        }
        /* Ids of the host, whose root is not mapped. */
        check_bring(&w, row, OWNERS_NOT_HOST, -EOVERFLOW);
        check_bring(&w, row, 0, -EOVERFLOW);
        check_bring(&w, row, OWNERS_SQUASH, outside);
    }
}

static void test_brings(gconstpointer place)
{
    check_all(GPOINTER_TO_UINT(place), false);
}

static void test_squashed(gconstpointer place)
{
    check_all(GPOINTER_TO_UINT(place), true);
}

/* ---- what is shown ---------------------------------------------------- */

/* A capability for a name space that the guest cannot have counts as none. */
static void test_foreign_capability(void)
{
    uint32_t value[6] = { cpu_to_le32(0x03000001), cpu_to_le32(1) };
    OWNERS_WORLD w = { 0 };
    g_autofree char *path = NULL;

    if (!local_can_user_xattr()) {
        g_test_skip("the temporary directory has no user.* attributes");
        return;
    }
    if (!owners_world_start(&w, OWNERS_MAPPED_XATTR, false, "9P2000.L")) {
        return;
    }
    owners_put(&w, "mine", &mine);
    path = g_build_filename(w.fixture.path, "mine", NULL);
    for (unsigned mapped = 0; mapped <= 1; mapped++) {
        value[5] = cpu_to_le32(mapped ? OWNERS_BASE + 7 : OWNERS_NOT_HOST);
        g_assert_cmpint(setxattr(path, "user.virtfs." CAPABILITY, value,
                                 sizeof(value), 0), ==, 0);
        g_assert_cmpint(client_walk(w.client, 0, 1, "mine"), ==, 0);
        g_assert_cmpint(ASK(w.client, xattrwalk, .fid = 1, .newfid = 2,
                            .name = P9STR(CAPABILITY)), ==,
                        mapped ? 0 : -ENODATA);
        if (mapped) {
            value[5] = cpu_to_le32(7);
            g_assert_cmpint(client_read(w.client, 2, 0, 64), ==,
                            sizeof(value));
            g_assert_cmpmem(client_last(w.client)->reply->data + P9_IO_HDRSZ,
                            sizeof(value), value, sizeof(value));
        }
        ASK(w.client, clunk, .fid = 1);
        ASK(w.client, clunk, .fid = 2);
    }
}

/* ---- QEMU's own owner ------------------------------------------------- */

/* An export of the model none by a user who cannot give files away. */
static int create_as_user(const char *users, const char *groups)
{
    LocalFixture fixture = {
        .model = FS_SM_NONE, .as_user = true,
        .config = {
            .users = id_map_new(users, NULL),
            .groups = id_map_new(groups, NULL),
        },
    };
    FsExport *export = local_fixture_open(&fixture);
    const FsCred cred = { .uid = 0, .gid = 0 };
    g_autofree char *path = NULL;
    FsNode *root;
    FsNode *node;
    FsFile *file;
    FsAttr attr;
    int ret;

    root = fs_root(export);
    path = g_build_filename(fixture.path, "new", NULL);
    ret = fs_create(CALL_AS(&cred), root, "new", O_RDWR, 06755, &node, &file,
                    &attr);
    if (ret == 0) {
        fs_release(&test_call, file);
        fs_node_unref(node);
    } else {
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        g_assert_cmpint(fs_mkdir(CALL_AS(&cred), root, "new", 0700, &attr), ==,
                        ret);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        g_assert_cmpint(fs_symlink(CALL_AS(&cred), root, "new", "x", &attr), ==,
                        ret);
        g_assert_cmpint(access(path, F_OK), <, 0);
    }
    fs_node_unref(root);
    fs_export_unref(export);
    local_fixture_done(&fixture);
    id_map_unref(fixture.config.users);
    id_map_unref(fixture.config.groups);
    return ret;
}

/*
 * In the model none an owner that cannot be set stays that of QEMU, which is
 * checked like any other: the directory is of the same user, 65534.
 */
static void test_none_keeps_owner(void)
{
    if (geteuid() != 0) {
        g_test_skip("only root can change to another user");
        return;
    }
    g_assert_cmpint(create_as_user("0:100:1+1:65534:1", "0:100:1+1:65534:1"),
                    ==, 0);
    /* The directory is not the guest's to write. */
    g_assert_cmpint(create_as_user("0:100:1", "0:100:1"), ==, -EACCES);
}

/* The same in a directory that the guest owns and QEMU can write. */
static void test_none_keeps_no_owner(void)
{
    LocalFixture fixture = { .model = FS_SM_NONE, .as_user = true };
    const FsCred cred = { .uid = 0, .gid = 0 };
    FsExport *plain;
    FsExport *export;
    FsNode *root;
    FsNode *node;
    FsFile *file;
    FsAttr attr;

    plain = local_fixture_open(&fixture);
    if (!plain) {
        return;
    }
    g_assert_cmpint(seteuid(0), ==, 0);
    g_assert_cmpint(chown(fixture.path, 100, 100), ==, 0);
    g_assert_cmpint(chmod(fixture.path, 0777), ==, 0);
    g_assert_cmpint(seteuid(65534), ==, 0);
    fixture.config.users = id_map_new("0:100:1", NULL);
    fixture.config.groups = id_map_new("0:100:1", NULL);
    export = local_fixture_reopen(&fixture);
    root = fs_root(export);
    g_assert_cmpint(fs_create(CALL_AS(&cred), root, "new", O_RDWR, 06755, &node,
                              &file, &attr), ==, -EOVERFLOW);
    g_assert_cmpint(fs_mkdir(CALL_AS(&cred), root, "new", 06755, &attr), ==,
                    -EOVERFLOW);
    g_assert_cmpint(fs_mknod(CALL_AS(&cred), root, "new", S_IFIFO | 0600, 0,
                             &attr), ==, -EOVERFLOW);
    g_assert_cmpint(fs_symlink(CALL_AS(&cred), root, "new", "x", &attr), ==,
                    -EOVERFLOW);
    g_assert_cmpint(fs_lookup(&test_call, root, "new", &node, &attr), ==,
                    -ENOENT);
    fs_node_unref(root);
    fs_export_unref(export);
    fs_export_unref(plain);
    g_clear_pointer(&fixture.config.users, id_map_unref);
    g_clear_pointer(&fixture.config.groups, id_map_unref);
    local_fixture_done(&fixture);
}

/* ---- locks ------------------------------------------------------------ */

/* A lock for writing needs the right to write, so it stays in the guest. */
static void test_lock(gconstpointer opaque)
{
    static const OwnersObject public = {
        OWNERS_NOT_HOST, OWNERS_NOT_HOST, S_IFREG | 0666,
    };
    struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    OWNERS_WORLD w = { 0 };

    if (!owners_world_start(&w, GPOINTER_TO_UINT(opaque), false, "9P2000.L")) {
        return;
    }
    for (unsigned foreign = 0; foreign <= 1; foreign++) {
        g_autofree char *path = g_build_filename(w.fixture.path, "o", NULL);
        int fd;

        owners_put(&w, "o", foreign ? &public : &mine);
        g_assert_cmpint(client_open(w.client, 1, "o", O_RDONLY), ==, 0);
        ASK(w.client, lock, .fid = 1, .type = P9_LOCK_TYPE_WRLCK, .proc_id = 1,
            .client_id = P9STR("c"));
        fd = open(path, O_RDWR | O_CLOEXEC);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(fcntl(fd, F_OFD_SETLK, &fl), ==, foreign ? 0 : -1);
        close(fd);
        g_assert_cmpint(ASK(w.client, clunk, .fid = 1), ==, 0);
        owners_clear(&w);
    }
}

static void add(const char *name, OwnersPlace place, GTestDataFunc run)
{
    g_autofree char *path = g_strdup_printf("/owners-ids/%s/%s", name,
                                            owners_place_names[place]);

    g_test_add_data_func(path, GUINT_TO_POINTER(place), run);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    umask(022);
    for (unsigned place = 0; place < OWNERS_PLACES; place++) {
        add("brings", place, test_brings);
        add("squashed", place, test_squashed);
        add("lock", place, test_lock);
    }
    g_test_add_func("/owners-ids/foreign-capability", test_foreign_capability);
    g_test_add_func("/owners-ids/none/keeps-owner", test_none_keeps_owner);
    g_test_add_func("/owners-ids/none/keeps-no-owner",
                    test_none_keeps_no_owner);
    return g_test_run();
}
