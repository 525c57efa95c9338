/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite on the proxy driver: as root with the helper in a
 * thread, and as a user without access to the files, with a helper that root
 * runs.  Also, threads that use the helper at the same time.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/core/idmap.h"
#include "conformance/conformance.h"
#include "helper/helper-run.h"
#include "local/local-fixture.h"
#include "lib/storm.h"
#include "lib/test-call.h"

static unsigned caps_of(const ProxyFixture *proxy)
{
    unsigned caps = CONF_WRITE | CONF_SYMLINK | CONF_HARD_LINK | CONF_FIFO;
    bool root = geteuid() == 0;

    caps |= root ? CONF_ANY_OWNER : 0;
    caps |= proxy->options.allow_suid ? CONF_SETID : 0;
    /* When a user without privileges writes, the kernel drops this bit. */
    caps |= root && proxy->in_thread ? CONF_SGID_MARK : 0;
    caps |= root && proxy->options.allow_devices && local_can_mknod()
            ? CONF_DEVICE : 0;
    caps |= local_can_user_xattr() ? CONF_USER_XATTR : 0;
    caps |= local_can_acl() ? CONF_ACL : 0;
    return caps;
}

static FsExport *open_with_helper(void *fixture)
{
    return helper_run_possible() ? local_fixture_open(fixture) : NULL;
}

static struct {
    const char *prefix;
    bool in_thread;
    bool program;
    bool stream;
    bool as_user;
    bool bare;
    bool allow;
    ProxyFixture proxy;
    LocalFixture fixture;
    ConformanceSubject subject;
} subjects[] = {
    { "/proxy/user", .as_user = true, .allow = true },
    { "/proxy/user-default", .as_user = true },
    { "/proxy/user-old-kernel", .as_user = true, .allow = true, .bare = true },
    { "/proxy/helper", .program = true, .as_user = true, .allow = true },
    { "/proxy/helper-stream", .program = true, .stream = true,
      .as_user = true, .allow = true },
    { "/proxy/same-process", .in_thread = true, .allow = true },
    { "/proxy/same-process-old-kernel", .in_thread = true, .allow = true,
      .bare = true },
};

static void add_subject(size_t n)
{
    ProxyFixture *proxy = &subjects[n].proxy;
    ConformanceSubject *subject = &subjects[n].subject;
    bool root = geteuid() == 0;

    proxy->in_thread = subjects[n].in_thread;
    proxy->stream = subjects[n].stream;
    proxy->program = subjects[n].program;
    proxy->options.allow_suid = subjects[n].allow;
    proxy->options.allow_devices = subjects[n].allow;
    proxy->owner = root ? (FsCred) { 1000, 1001 }
                        : (FsCred) { geteuid(), getegid() };
    subjects[n].fixture = (LocalFixture) {
        .model = FS_SM_PASSTHROUGH, .proxy = proxy,
        .as_user = root && subjects[n].as_user, .bare = subjects[n].bare,
    };
    *subject = (ConformanceSubject) {
        .prefix = subjects[n].prefix,
        .caps = caps_of(proxy),
        .owner = proxy->owner,
        .maker = geteuid(),
        .opaque = &subjects[n].fixture,
        .open = proxy->program ? open_with_helper : local_fixture_open,
        .done = local_fixture_done,
    };
    conformance_add(subject);
}

/* ---- maps of ids ------------------------------------------------------ */

/*
 * The id maps are options of the driver, or come from the helper; in both cases
 * requests to the helper have host ids.
 */
static void test_id_map(gconstpointer by_helper)
{
    g_autoptr(IdMap) users = id_map_new("0:1000:1+5:70000:5", NULL);
    g_autoptr(IdMap) groups = id_map_new("0:1001:1+5:80000:5", NULL);
    ProxyFixture proxy = { .in_thread = true, .owner = { 1000, 1001 } };
    LocalFixture fixture = { .model = FS_SM_PASSTHROUGH, .proxy = &proxy };
    g_autofree char *path = NULL;
    FsCred cred = { .uid = 0, .gid = 0 };
    FsSetattr set = {
        .valid = FS_SET_UID | FS_SET_GID, .uid = 6, .gid = 7,
    };
    FsNode *node = NULL;
    FsNode *root;
    FsFile *file = NULL;
    FsExport *export;
    FsAttr attr;
    struct stat st;

    if (geteuid() != 0) {
        g_test_skip("needs root");
        return;
    }
    if (by_helper) {
        proxy.options.uidmap = "0:1000:1+5:70000:5";
        proxy.options.gidmap = "0:1001:1+5:80000:5";
    } else {
        fixture.config.users = id_map_ref(users);
        fixture.config.groups = id_map_ref(groups);
    }
    export = local_fixture_open(&fixture);
    root = fs_root(export);
    path = g_build_filename(fixture.path, "file", NULL);
    g_assert_cmpint(fs_create(CALL_AS(&cred), root, "file", O_RDWR, 0600, &node,
                              &file, &attr),
                    ==, 0);
    g_assert_cmpuint(attr.uid, ==, 0);
    g_assert_cmpuint(attr.gid, ==, 0);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 1000);
    g_assert_cmpuint(st.st_gid, ==, 1001);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, 0);
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmpuint(st.st_uid, ==, 70001);
    g_assert_cmpuint(st.st_gid, ==, 80002);
    g_assert_cmpint(fs_getattr(&test_call, node, file, 0, &attr), ==, 0);
    g_assert_cmpuint(attr.uid, ==, 6);
    g_assert_cmpuint(attr.gid, ==, 7);
    set.uid = 1000;
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, -EOVERFLOW);
    fs_release(&test_call, file);
    fs_node_unref(node);
    fs_node_unref(root);
    fs_export_unref(export);
    g_clear_pointer(&fixture.config.users, id_map_unref);
    g_clear_pointer(&fixture.config.groups, id_map_unref);
    local_fixture_done(&fixture);
}

/* ---- threads ---------------------------------------------------------- */

static void test_threads(gconstpointer stream)
{
    ProxyFixture proxy = {
        .in_thread = true, .stream = stream != NULL,
        .owner = { geteuid(), getegid() },
    };
    LocalFixture fixture = { .model = FS_SM_PASSTHROUGH, .proxy = &proxy };
    unsigned fds = conformance_count_fds();
    FsExport *export = local_fixture_open(&fixture);

    if (export) {
        storm_run(export);
        fs_export_unref(export);
    }
    local_fixture_done(&fixture);
    g_assert_cmpuint(conformance_count_fds(), ==, fds);
}

int main(int argc, char **argv)
{
    const char *what;

    proxy_fixture_main(argc, argv);
    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* Opens descriptors that stay open, before a test counts descriptors. */
    g_assert_cmpint(host_init(&what), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(subjects); i++) {
        add_subject(i);
    }
    g_test_add_data_func("/proxy/id-map", NULL, test_id_map);
    g_test_add_data_func("/proxy/id-map-of-helper", "yes", test_id_map);
    g_test_add_data_func("/proxy/threads/same-names", NULL, test_threads);
    g_test_add_data_func("/proxy/threads/same-names-stream", "yes",
                         test_threads);
    return g_test_run();
}
