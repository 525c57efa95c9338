/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The conformance suite on the local driver: every security model, as root and
 * as a user, with all features of the kernel and without the optional ones.
 *
 * Also, threads that work on the same few names at the same time.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "conformance/conformance.h"
#include "local-fixture.h"
#include "lib/storm.h"

/* For each model, user and kernel; these must stay valid during the run. */
static struct {
    LocalFixture fixture;
    ConformanceSubject subject;
    char prefix[64];
} subjects[4 * 2 * 2];

static void add_subject(unsigned n, FsSecurityModel model, bool as_user,
                        bool bare)
{
    LocalFixture *fixture = &subjects[n].fixture;
    ConformanceSubject *subject = &subjects[n].subject;
    bool root = geteuid() == 0 && !as_user;

    fixture->model = model;
    fixture->as_user = as_user;
    fixture->bare = bare;
    snprintf(subjects[n].prefix, sizeof(subjects[n].prefix),
             "/local/%s/%s/%s", local_model_name(model),
             root ? "as-root" : "as-user", bare ? "old-kernel" : "this-kernel");
    *subject = local_fixture_subject(fixture, subjects[n].prefix);
    conformance_add(subject);
}

static void test_threads(gconstpointer opaque)
{
    LocalFixture fixture = { .model = GPOINTER_TO_INT(opaque) };
    unsigned fds = conformance_count_fds();
    FsExport *export = local_fixture_open(&fixture);

    if (!export) {
        return;
    }
    storm_run(export);
    fs_export_unref(export);
    local_fixture_done(&fixture);
    g_assert_cmpuint(conformance_count_fds(), ==, fds);
}

int main(int argc, char **argv)
{
    const FsSecurityModel models[] = {
        FS_SM_PASSTHROUGH, FS_SM_MAPPED_XATTR, FS_SM_MAPPED_FILE, FS_SM_NONE,
    };
    const char *what;
    unsigned n = 0;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    /* Opens descriptors that stay open, before a test counts descriptors. */
    g_assert_cmpint(host_init(&what), ==, 0);
    for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
        for (int bare = 0; bare < 2; bare++) {
            add_subject(n++, models[i], false, bare);
            if (geteuid() == 0) {
                add_subject(n++, models[i], true, bare);
            }
        }
    }
    g_test_add_data_func("/local/threads/passthrough",
                         GINT_TO_POINTER(FS_SM_PASSTHROUGH), test_threads);
    g_test_add_data_func("/local/threads/mapped-xattr",
                         GINT_TO_POINTER(FS_SM_MAPPED_XATTR), test_threads);
    g_test_add_data_func("/local/threads/mapped-file",
                         GINT_TO_POINTER(FS_SM_MAPPED_FILE), test_threads);
    g_test_add_data_func("/local/threads/none",
                         GINT_TO_POINTER(FS_SM_NONE), test_threads);
    return g_test_run();
}
