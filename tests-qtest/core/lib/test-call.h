/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The FsCalls that tests make: how long a call may wait.
 */
#ifndef TESTS_CORE_TEST_CALL_H
#define TESTS_CORE_TEST_CALL_H

#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver.h"

/* For anything: what most tests use. */
static const FsCall test_call = { .wait = FS_WAIT_ANYTHING };
/* For local storage only. */
static const FsCall test_call_storage = { .wait = FS_WAIT_STORAGE };
/* Not at all. */
static const FsCall test_call_never = { .wait = FS_WAIT_NEVER };

static inline void test_file_release(FsFile *file)
{
    fs_release(&test_call, file);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsFile, test_file_release)

#endif
