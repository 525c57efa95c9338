/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of mapped-file: the names of its files on the host.
 */
#ifndef TESTS_CORE_METADATA_NAMES_H
#define TESTS_CORE_METADATA_NAMES_H

#include "local-env.h"

/* The initial value of a LocalEnv. */
#define MAPPED { .fixture = { .model = FS_SM_MAPPED_FILE } }
#define DIR_NAME ".virtfs_metadata"
#define ROOT_NAME ".virtfs_metadata_root"
/* Where the values of the string literal NAME are */
#define META(name) DIR_NAME "/" name

#endif
