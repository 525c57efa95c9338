/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credential policy: how a security model stores owner, mode, device number,
 * symbolic links and special files.
 *
 * One CredPolicy object a model; the local driver calls it and knows no model
 * itself.  On-disk formats are those of QEMU's 9pfs, byte for byte.  A
 * CredObject names a host object by path fd and, for formats kept beside the
 * file, by its directory and component.  Context: any thread, may block.
 */
#ifndef FSDEV_CRED_H
#define FSDEV_CRED_H

#include "fsdev/fsdriver.h"
#include "fsdev/host.h"

typedef struct CredObject {
    int fd;                 /* path fd of the object, or a real descriptor */
    bool fd_is_path;
    int dirfd;              /* path fd of its directory, -1 for the root */
    const char *name;       /* component in dirfd, NULL for the root */
    uint32_t host_type;     /* S_IFMT bits on the host */
} CredObject;

/* Values to store; the valid bits say which (FS_SET_MODE, _UID, _GID). */
typedef struct CredValues {
    uint32_t valid;
    bool has_rdev;
    uint32_t uid;
    uint32_t gid;
    uint32_t mode;          /* type bits included in the mapped models */
    uint64_t rdev;
} CredValues;

typedef struct CredPolicy {
    /* Links, devices, FIFOs and sockets are kept as regular files. */
    bool fake_special;
    /* Overlay stored values on attributes that came from the host. */
    int (*load)(const FsExport *export, const CredObject *obj, FsAttr *attr);
    /* Store what valid says. */
    int (*store)(const FsExport *export, const CredObject *obj,
                 const CredValues *values);
    /*
     * Follow link, unlink and rename for formats kept beside the file.
     * before_*: may refuse; after_*: called when the host call succeeded.
     * NULL where the model keeps nothing beside the file.
     */
    int (*linked)(const FsExport *export, int dirfd, const char *name,
                  int newdirfd, const char *newname);
    int (*before_rmdir)(const FsExport *export, int dirfd, const char *name);
    void (*unlinked)(const FsExport *export, int dirfd, const char *name);
    int (*renamed)(const FsExport *export, int dirfd, const char *name,
                   int newdirfd, const char *newname);
    /* A component the guest must neither see nor use.  NULL: none. */
    bool (*hidden)(const char *name);
} CredPolicy;

extern const CredPolicy cred_passthrough;
extern const CredPolicy cred_none;
extern const CredPolicy cred_mapped_xattr;
extern const CredPolicy cred_mapped_file;

#endif
