/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small text files in which the model mapped-file stores values.
 *
 * Those of DIR/NAME are in DIR/.virtfs_metadata/NAME, those of the export's
 * root in its .virtfs_metadata_root, as cred-text.h has them.  Anybody with
 * access to the shared tree may have put something else there, so what is found
 * is typed before it is opened, read to a bound and believed only where it
 * makes sense.  It is looked up without crossing a mount point or following a
 * link, so a file server that is mounted or linked to there is never asked and
 * cannot make the caller wait.
 * Context: any thread that may block.
 */
#ifndef FSDEV_CRED_META_H
#define FSDEV_CRED_META_H

#include "fsdev/cred/cred.h"

#define META_DIR ".virtfs_metadata"
#define META_ROOT ".virtfs_metadata_root"

/* What is found under a name. */
typedef struct MetaFile {
    int fd;                     /* owned; path fd, or -1 */
    HostStat st;
    CredValues values;
} MetaFile;

static inline void meta_file_close(MetaFile *file)
{
    host_fd_cleanup(&file->fd);
}
#define META_FILE __attribute__((cleanup(meta_file_close))) MetaFile

/** meta_error: the error for a lookup that has found something else. */
int meta_error(int ret);
/**
 * meta_dir_open: path fd of DIR/.virtfs_metadata.
 *
 * Unless @made is NULL, it is made if there is none, and *@made says whether it
 * was.  -ENOENT if there is none, -EIO if it is not a directory.
 */
int meta_dir_open(int dirfd, bool *made);
/** meta_dir_remove: remove it again if it is empty. */
void meta_dir_remove(int dirfd);
/** meta_stat: of a metadata file; -EIO if it is not a regular file. */
int meta_stat(int pathfd, HostStat *st);
/** meta_read: its values for @obj; there are none if it may not be read. */
int meta_read(const CredObject *obj, int pathfd, CredValues *values);
/**
 * meta_open: set *@file to what @name in @metafd is.  -ENOENT if it does not
 * exist, -EIO if it is not a regular file.
 */
int meta_open(const CredObject *obj, int metafd, const char *name,
              MetaFile *file);
/**
 * meta_take: set *@file to what the path fd @pathfd, which is taken over also
 * on failure, leads to.
 */
int meta_take(const CredObject *obj, int pathfd, MetaFile *file);
/**
 * meta_is_ours: may @file be changed in place?  Only if this model has written
 * it: otherwise a link to another file of the same user could get that file
 * overwritten.
 */
bool meta_is_ours(const MetaFile *file);
/** meta_rewrite: replace the text of @file in place. */
int meta_rewrite(const CredObject *obj, const MetaFile *file,
                 const char *text);
/**
 * meta_make: store @text for a new object.  A reader that opens the file before
 * the text is written finds no values, which is true at that time.  -EEXIST if
 * the name exists already.
 */
int meta_make(int metafd, const char *name, const char *text);
/**
 * meta_replace: replace @name in @metafd by a file with @text atomically, by a
 * temporary file in @tmpfd.
 */
int meta_replace(int tmpfd, int metafd, const char *name, const char *text);

/* A name that is not that of the metadata of a guest's file. */
typedef struct MetaTmp {
    char name[sizeof(".virtfs_tmp-") + 16];
} MetaTmp;
MetaTmp meta_tmp_name(void);

/* cred-meta-names.c: see the functions of these names in CredPolicy. */

int meta_link_begin(CredNames *names);
int meta_link_end(CredNames *names, bool done);
int meta_rename_begin(CredNames *names);
void meta_rename_end(CredNames *names, bool done);
int meta_unlink_begin(CredNames *names);
void meta_unlink_end(CredNames *names, bool done);
int meta_before_rmdir(int dirfd, const char *name);

#endif
