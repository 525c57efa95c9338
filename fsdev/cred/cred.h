/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credential policy: how a security model stores owner, mode, device number,
 * symbolic links and special files.
 *
 * There is one CredPolicy for each model; the local driver depends on no model.
 * The formats on disk are those of QEMU's 9pfs, byte for byte.  A
 * CredObject names a host object by path fd and, for formats kept beside the
 * file, by its directory and component.  What is beside the file is on the
 * same mount as the directory: a model waits for no other file system, and it
 * follows no symbolic link.  The caller keeps two changes of one export from
 * running at once, and loads from seeing half of one.
 * Context: any thread, may block.
 */
#ifndef FSDEV_CRED_H
#define FSDEV_CRED_H

#include "fsdev/core/fsdriver.h"
#include "fsdev/host/host.h"

/* The identity of a directory of the host. */
typedef struct CredDir {
    uint64_t dev;
    uint64_t ino;               /* 0: not known */
    uint64_t mnt_id;
} CredDir;

typedef struct CredObject {
    int fd;                 /* path fd of the object, or a real descriptor */
    bool fd_is_path;
    bool nameless;          /* has no name, so nothing is beside it */
    bool fresh;             /* new: values under its name are of another file */
    bool brief;             /* -EAGAIN instead of waiting for a lease */
    bool held;              /* values beside it are changed in place */
    int held_fd;            /* without a name: where they are; 0: nowhere */
    int dirfd;              /* path fd of its directory, -1 for the root */
    CredDir dir;            /* of dirfd, or the root itself; may be unknown */
    const char *name;       /* component in dirfd, NULL for the root */
    uint32_t host_type;     /* S_IFMT bits on the host */
} CredObject;

/* Values to store; the valid bits say which (FS_SET_MODE, _UID, _GID). */
typedef struct CredValues {
    uint32_t valid;
    bool has_rdev;
    bool whiteouts;         /* a directory with whiteouts; local-whiteout.c */
    uint8_t hidden_links;   /* in the CredCache: see CredPolicy */
    uint32_t uid;
    uint32_t gid;
    uint32_t mode;          /* type bits included in the mapped models */
    uint64_t rdev;
} CredValues;

/* Names whose values change with them, and what was done so far. */
typedef struct CredNames {
    int dirfd;                  /* borrowed path fds */
    const char *name;
    int newdirfd;               /* the new name of a link or rename */
    const char *newname;
    int held_fd;                /* of a link to what has no name; see above */
    int metafd;                 /* owned; where the values are, or -1 */
    int newmetafd;
    bool made;                  /* these were made for it */
    bool made_new;
    bool made_values;           /* as was a file for them */
    bool moved;                 /* the values have the new name */
    char aside[32];             /* where those of the replaced file are */
} CredNames;

typedef struct CredPolicy {
    /* Links, devices, FIFOs and sockets are stored as regular files. */
    bool fake_special;
    /* An owner that cannot be set is left as it is, without an error. */
    bool owner_optional;
    /* Values are stored beside the file, by dirfd and name of a CredObject. */
    bool beside;
    /*
     * Returns a path fd of the inode that holds the values of @obj, which the
     * caller closes, and sets *@st to its attributes.  -ENOENT when nothing is
     * stored.  NULL: values are in the object's own inode.
     */
    int (*holder)(const CredObject *obj, const FsAttr *attr, HostStat *st);
    /*
     * Returns a path fd of the directory that contains the inode from holder(),
     * and sets *@st to its attributes.  -ENOENT when there is none, or when
     * holder() depends on more than these two.  NULL if holder is.
     */
    int (*folder)(const CredObject *obj, HostStat *st);
    /*
     * Reads the values stored for @obj, whose attributes on the host are @attr.
     * @holder is the result of holder(), or -1 if there is no such function.
     */
    int (*load)(const CredObject *obj, const FsAttr *attr, int holder,
                CredValues *values);
    /*
     * Store the values that valid selects.  If one of several cannot be stored,
     * those before it are restored to *@before: what load() has returned, or
     * the inode's own values in models that store nothing.  NULL: a new object,
     * which the caller removes then.
     */
    int (*store)(const CredObject *obj, const CredValues *values,
                 const CredValues *before);
    /*
     * Take a store() of the values that @valid selects back, as far as that is
     * possible.  A value that is not valid in *@before is removed.
     */
    void (*restore)(const CredObject *obj, const CredValues *before,
                    uint32_t valid);
    /*
     * The following functions keep the values in step with the host's names;
     * NULL in models that store nothing beside the file.  Each pair surrounds
     * the host's call; a begin that fails has changed nothing and needs no end.
     * @done: the host's call has succeeded.  Only link_end() may fail then, and
     * the caller removes the new name.
     */
    int (*link_begin)(CredNames *names);
    int (*link_end)(CredNames *names, bool done);
    int (*rename_begin)(CredNames *names);
    void (*rename_end)(CredNames *names, bool done);
    int (*unlink_begin)(CredNames *names);
    void (*unlink_end)(CredNames *names, bool done);
    /* Make the directory removable, or fail and leave it unchanged. */
    int (*before_rmdir)(int dirfd, const char *name);
    /* Remove the values of a name that was removed. */
    void (*remove_values)(int dirfd, const char *name);
    /*
     * How many of the links of the directory @fd are those of subdirectories
     * that the guest must not see, or -errno.  NULL: none.
     */
    int (*hidden_links)(int fd);
    /* Whether the guest must not see or use a name.  NULL: no name. */
    bool (*hidden)(const char *name);
} CredPolicy;

extern const CredPolicy cred_passthrough;
extern const CredPolicy cred_none;
extern const CredPolicy cred_mapped_xattr;
extern const CredPolicy cred_mapped_file;

/**
 * cred_overlay: replace values in @attr by stored @values, for mapped models.
 *
 * A stored type is used only for a regular file of the host, which may stand
 * for any type but a directory.  Other objects have their own type, so a real
 * symbolic link remains one whatever is stored for it.
 */
static inline void cred_overlay(FsAttr *attr, const CredValues *values)
{
    uint32_t host = attr->mode & S_IFMT;
    uint32_t type = values->mode & S_IFMT;

    if (values->valid & FS_SET_UID) {
        attr->uid = values->uid;
    }
    if (values->valid & FS_SET_GID) {
        attr->gid = values->gid;
    }
    if (values->valid & FS_SET_MODE) {
        bool known = S_ISREG(type) || S_ISLNK(type) || S_ISFIFO(type) ||
                     S_ISCHR(type) || S_ISBLK(type) || S_ISSOCK(type);

        attr->mode = (values->mode & 07777) |
                     (host == S_IFREG && known ? type : host);
    }
    if (values->has_rdev && host == S_IFREG &&
        (S_ISCHR(attr->mode) || S_ISBLK(attr->mode))) {
        attr->rdev = values->rdev;
    }
}

#endif
