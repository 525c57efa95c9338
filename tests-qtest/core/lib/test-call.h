/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FsCalls of the tests, which differ in how long a driver call may wait.
 */
#ifndef TESTS_CORE_TEST_CALL_H
#define TESTS_CORE_TEST_CALL_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

/* May wait for anything; used by most tests. */
static const FsCall test_call = { .wait = FS_WAIT_ANYTHING };
/* May wait for local storage only. */
static const FsCall test_call_storage = { .wait = FS_WAIT_STORAGE };
/* May not wait. */
static const FsCall test_call_never = { .wait = FS_WAIT_NEVER };

static inline void test_file_release(FsFile *file)
{
    fs_release(&test_call, file);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsFile, test_file_release)

#endif
