/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FsCalls of the tests, which differ in how long a driver call may wait
 * and in the user on whose behalf it is made.
 */
#ifndef TESTS_CORE_TEST_CALL_H
#define TESTS_CORE_TEST_CALL_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

#define TEST_NOBODY { .uid = UINT32_MAX, .gid = UINT32_MAX }

/* May wait for anything; used by most tests. */
static const FsCall test_call = {
    .wait = FS_WAIT_ANYTHING, .cred = TEST_NOBODY,
};
/* May wait for local storage only. */
static const FsCall test_call_storage = {
    .wait = FS_WAIT_STORAGE, .cred = TEST_NOBODY,
};
/* May not wait. */
static const FsCall test_call_never = {
    .wait = FS_WAIT_NEVER, .cred = TEST_NOBODY,
};

/* May wait for anything; what it creates belongs to *@who, an FsCred. */
#define CALL_AS(who) (&(FsCall) { .wait = FS_WAIT_ANYTHING, .cred = *(who) })

static inline void test_file_release(FsFile *file)
{
    fs_release(&test_call, file);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsFile, test_file_release)

#endif
