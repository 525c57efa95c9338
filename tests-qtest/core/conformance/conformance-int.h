/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the conformance suite: the rows of the table, and
 * functions that make, find and inspect objects.  Unless they return an errno,
 * these fail the test when they fail.
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

/* Compare a result; both errnos are printed as text when they differ. */
#define conf_assert_errno(call, wanted) \
    conf_check_errno(__FILE__, __LINE__, #call, (call), (wanted))
void conf_check_errno(const char *file, int line, const char *what,
                      ssize_t got, ssize_t wanted);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)

/*
 * A directory and a file for the test: made in the root, or, if the tree cannot
 * be changed, those that the subject names.
 */
FsNode *conf_sample_dir(Conf *c);
FsNode *conf_sample_file(Conf *c);

FsNode *conf_lookup(FsNode *dir, const char *name);
/* The result of fs_lookup(). */
int conf_try_lookup(FsNode *dir, const char *name);
FsNode *conf_mkdir(Conf *c, FsNode *dir, const char *name, uint32_t mode);
/* A regular file of @mode holding @text (NULL: empty), not open. */
FsNode *conf_file(Conf *c, FsNode *dir, const char *name, uint32_t mode,
                  const char *text);
/* The same, but empty and open with @flags. */
FsFile *conf_create(Conf *c, FsNode *dir, const char *name, int flags,
                    uint32_t mode);
/* The result of fs_create(). */
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
/*
 * Up to 4095 bytes from @offset as a string.  *@ret, if not NULL, is the result
 * of fs_read(), which must not fail otherwise.
 */
char *conf_read(FsFile *file, uint64_t offset, ssize_t *ret);
/* The contents of @node, which is opened for this. */
char *conf_text(FsNode *node);
int conf_chmod(FsNode *node, uint32_t mode);
int conf_truncate(FsNode *node, uint64_t size);

/* A directory entry as passed to the sink. */
typedef struct ConfEntry {
    char *name;
    FsDirent dirent;            /* .name is not valid */
} ConfEntry;
/* The entries from @cookie on, at most @max of them (0: all); of ConfEntry. */
GPtrArray *conf_entries(FsFile *file, uint64_t cookie, unsigned flags,
                        unsigned max);
GPtrArray *conf_list(FsNode *dir, unsigned flags);
const ConfEntry *conf_find_entry(const GPtrArray *entries, const char *name);

#endif
