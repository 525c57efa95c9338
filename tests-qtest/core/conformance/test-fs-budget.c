/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can make QEMU keep is counted, refused over the limit, and a
 * limit that is met is reported once a minute.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-warn.h"
#include "lib/warnings.h"

#define THREADS 4
#define ROUNDS  20000

static void test_limits(void)
{
    FsExport export = { .config = { .max_fids = 3, .max_xattr = 0 } };
    FsBudget budget;

    fs_limits_set(&export.limits, &export.config);
    fs_budget_init(&budget, &export);
    warnings_collect();
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 2));
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_FIDS, 2));
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_FIDS, G_MAXSIZE));
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 0));
    g_assert_cmpuint(fs_budget_used(&budget, FS_BUDGET_FIDS), ==, 3);
    fs_budget_refund(&budget, FS_BUDGET_FIDS, 3);
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 3));
    /* 0 is no limit for max_xattr, and the default for others. */
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_XATTRS, 1 << 20));
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_LOCKS,
                                   FS_MAX_LOCKS_DEFAULT));
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_LOCKS, 1));
    warnings_end();
    fs_warn_forget(&export);
}

/* The report names the export, the limit and the option. */
static void test_report(void)
{
    char id[] = "exp1";
    FsExport export = {
        .config = { .id = id, .max_fids = 10, .max_locks = 5 },
    };
    FsBudget budget;

    fs_limits_set(&export.limits, &export.config);
    fs_budget_init(&budget, &export);
    warnings_collect();
    for (unsigned i = 0; i < 1000; i++) {
        fs_budget_charge(&budget, FS_BUDGET_FIDS, 1);
    }
    g_assert_cmpuint(warnings_with("9p: "), ==, 1);
    g_assert_cmpuint(warnings_with("export 'exp1': the guest has met the limit "
                                   "of 10 fids; the option max_fids"), ==, 1);

    /* Another item has a report of its own. */
    warnings_collect();
    for (unsigned i = 0; i < 1000; i++) {
        fs_budget_charge(&budget, FS_BUDGET_LOCKS, 1);
        fs_budget_charge(&budget, FS_BUDGET_FIDS, 1);
    }
    g_assert_cmpuint(warnings_with("9p: "), ==, 1);
    g_assert_cmpuint(warnings_with("max_locks"), ==, 1);
    warnings_end();
    fs_warn_forget(&export);
}

/* Each item that can be refused has a text of one line. */
static void test_texts(void)
{
    FsExport export = { .config = { .max_xattr = 7 } };
    FsBudget budget;

    fs_limits_set(&export.limits, &export.config);
    fs_budget_init(&budget, &export);
    for (unsigned i = 0; i < FS_BUDGET_ITEMS; i++) {
        warnings_collect();
        fs_budget_report(&budget, i);
        fs_budget_report(&budget, i);
        g_assert_cmpuint(warnings_with("9p: "), ==, i != FS_BUDGET_DIRS);
        g_assert_cmpuint(warnings_with("(null)"), ==, 0);
    }
    warnings_end();
    fs_warn_forget(&export);
}

/* A limit that changes holds for what comes; what is in use stays. */
static void test_changes(void)
{
    FsExport export = { .config = { .max_fids = 3 } };
    FsBudget budget;

    fs_limits_set(&export.limits, &export.config);
    fs_budget_init(&budget, &export);
    warnings_collect();
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 3));
    export.config.max_fids = 4;
    fs_limits_set(&export.limits, &export.config);
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    export.config.max_fids = 1;
    fs_limits_set(&export.limits, &export.config);
    fs_budget_refund(&budget, FS_BUDGET_FIDS, 3);
    g_assert_false(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    fs_budget_refund(&budget, FS_BUDGET_FIDS, 1);
    g_assert_true(fs_budget_charge(&budget, FS_BUDGET_FIDS, 1));
    warnings_end();
    fs_warn_forget(&export);
}

static void *charge_and_refund(void *opaque)
{
    FsBudget *budget = opaque;
    unsigned done = 0;

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (fs_budget_charge(budget, FS_BUDGET_FIDS, 2)) {
            g_assert_cmpuint(fs_budget_used(budget, FS_BUDGET_FIDS), >=, 2);
            fs_budget_refund(budget, FS_BUDGET_FIDS, 2);
            done++;
        }
    }
    return GUINT_TO_POINTER(done);
}

static void test_threads(void)
{
    FsExport export = { .config = { .max_fids = 3 } };
    GThread *threads[THREADS];
    FsBudget budget;
    unsigned done = 0;

    fs_limits_set(&export.limits, &export.config);
    fs_budget_init(&budget, &export);
    warnings_collect();
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = g_thread_new("charge", charge_and_refund, &budget);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        done += GPOINTER_TO_UINT(g_thread_join(threads[i]));
    }
    g_assert_cmpuint(done, >, 0);
    g_assert_cmpuint(fs_budget_used(&budget, FS_BUDGET_FIDS), ==, 0);
    g_assert_cmpuint(warnings_with("9p: "), <=, 1);
    warnings_end();
    fs_warn_forget(&export);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fs-budget/limits", test_limits);
    g_test_add_func("/fs-budget/report", test_report);
    g_test_add_func("/fs-budget/texts", test_texts);
    g_test_add_func("/fs-budget/changes", test_changes);
    g_test_add_func("/fs-budget/threads/charge-and-refund", test_threads);
    return g_test_run();
}
