/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the conformance suite share: the table's rows, and short
 * ways to make, find and look at things that fail the test when they fail.
 */
#ifndef TESTS_CORE_CONFORMANCE_INT_H
#define TESTS_CORE_CONFORMANCE_INT_H

#include <sys/xattr.h>
#include "conformance.h"

/* The export under test; one at a time. */
typedef struct Conf {
    const ConformanceSubject *subject;
    FsExport *export;
    FsNode *root;
} Conf;

typedef struct ConformanceTest {
    const char *name;
    unsigned needs;             /* CONF_* */
    void (*run)(Conf *c);
} ConformanceTest;

/* The tables, ended by a row without name. */
extern const ConformanceTest conformance_nodes[];
extern const ConformanceTest conformance_attr[];
extern const ConformanceTest conformance_open[];
extern const ConformanceTest conformance_io[];
extern const ConformanceTest conformance_dir[];
extern const ConformanceTest conformance_links[];
extern const ConformanceTest conformance_rename[];
extern const ConformanceTest conformance_xattr[];

/* Results, with the errno's name of both sides when they differ. */
#define conf_assert_errno(call, wanted) \
    conf_check_errno(__FILE__, __LINE__, #call, (call), (wanted))
void conf_check_errno(const char *file, int line, const char *what,
                      ssize_t got, ssize_t wanted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsFile, fs_release)

/* A directory and a file to look at: made, or what the tree offers. */
FsNode *conf_sample_dir(Conf *c);
FsNode *conf_sample_file(Conf *c);

FsNode *conf_lookup(FsNode *dir, const char *name);
/* fs_lookup() for its result alone. */
int conf_try_lookup(FsNode *dir, const char *name);
FsNode *conf_mkdir(Conf *c, FsNode *dir, const char *name, uint32_t mode);
/* A regular file of @mode holding @text (NULL: empty), not open. */
FsNode *conf_file(Conf *c, FsNode *dir, const char *name, uint32_t mode,
                  const char *text);
/* The same, left open with @flags. */
FsFile *conf_create(Conf *c, FsNode *dir, const char *name, int flags,
                    uint32_t mode);
/* fs_create() for its result alone. */
int conf_try_create(Conf *c, FsNode *dir, const char *name, int flags,
                    uint32_t mode);
FsFile *conf_open(FsNode *node, int flags);
int conf_try_open(FsNode *node, int flags);
int conf_symlink(Conf *c, FsNode *dir, const char *name, const char *target);
int conf_mknod(Conf *c, FsNode *dir, const char *name, uint32_t mode,
               uint64_t rdev);
FsAttr conf_attr(FsNode *node);
FsAttr conf_file_attr(FsFile *file);
ssize_t conf_write(FsFile *file, const char *text, uint64_t offset);
/* Up to 4095 bytes from @offset as a string; -errno in *@ret if not NULL. */
char *conf_read(FsFile *file, uint64_t offset, ssize_t *ret);
/* The whole text of @node, opened for it. */
char *conf_text(FsNode *node);
int conf_chmod(FsNode *node, uint32_t mode);
int conf_truncate(FsNode *node, uint64_t size);

/* An entry as the sink got it. */
typedef struct ConfEntry {
    char *name;
    FsDirent dirent;            /* .name is not valid */
} ConfEntry;
/* All entries from @cookie on, at most @max (0: all); of ConfEntry. */
GPtrArray *conf_entries(FsFile *file, uint64_t cookie, unsigned flags,
                        unsigned max);
GPtrArray *conf_list(FsNode *dir, unsigned flags);
const ConfEntry *conf_find_entry(const GPtrArray *entries, const char *name);

#endif
