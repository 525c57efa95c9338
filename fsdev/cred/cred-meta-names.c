/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metadata files of the model mapped-file while names change: see cred-meta.h.
 *
 * What may fail is done before the host's call, where it can be taken back, or
 * fails a call that can be taken back itself, as a new link can.
 * Called by the local driver under its lock, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred-meta.h"

static void names_close(CredNames *names)
{
    host_fd_cleanup(&names->newmetafd);
    host_fd_cleanup(&names->metafd);
    names->metafd = names->newmetafd = -1;
}

/* Remove the folders that were made for what has failed. */
static void names_tidy(const CredNames *names)
{
    if (names->made_new) {
        meta_dir_remove(names->newdirfd);
    }
    if (names->made) {
        meta_dir_remove(names->dirfd);
    }
}

static int open_dir(int dirfd, bool *made, int *metafd)
{
    int fd = meta_dir_open(dirfd, made);

    *metafd = MAX(fd, -1);
    return fd == -ENOENT ? 0 : MIN(fd, 0);
}

/* ---- links ------------------------------------------------------------ */

/* This process may not write there. */
static bool is_refused(int ret)
{
    return ret == -EACCES || ret == -EPERM || ret == -EROFS;
}

/*
 * All names of a file share one metadata file, so that a change by one name is
 * seen by the others, and by those that remain when one is removed.  A file
 * without values gets an empty one.  Where that may not be made, the names have
 * values of their own, as those have that the host has made.
 */
static int share_values(CredNames *names)
{
    int ret = names->metafd < 0 ? open_dir(names->dirfd, &names->made,
                                           &names->metafd) : 0;

    if (ret == 0 && !host_has_name(names->metafd, names->name)) {
        ret = meta_make(names->metafd, names->name, "");
        names->made_values = ret == 0;
    }
    return ret == -EEXIST || is_refused(ret) ? 0 : ret;
}

int meta_link_begin(CredNames *names)
{
    bool held = names->held_fd > 0;
    int ret = held ? 0 : open_dir(names->dirfd, NULL, &names->metafd);

    if (ret == 0 && !held) {
        ret = share_values(names);
    }
    if (ret == 0 && (names->metafd >= 0 || held)) {
        ret = open_dir(names->newdirfd, &names->made_new, &names->newmetafd);
    } else if (ret == 0) {
        ret = open_dir(names->newdirfd, NULL, &names->newmetafd);
    }
    if (ret < 0) {
        meta_link_end(names, false);
    }
    return ret;
}

static int link_values(const CredNames *names)
{
    int ret = 0;

    if (names->held_fd > 0) {
        ret = host_link(names->held_fd, names->newmetafd, names->newname);
    } else if (names->metafd >= 0) {
        ret = NEG_ERRNO(linkat(names->metafd, names->name, names->newmetafd,
                               names->newname, 0));
    }
    return ret == -ENOENT ? 0 : ret;
}

int meta_link_end(CredNames *names, bool done)
{
    int ret = 0;

    if (done && names->newmetafd >= 0) {
        /* Those of an earlier file must not become those of the new name. */
        unlinkat(names->newmetafd, names->newname, 0);
        ret = link_values(names);
    }
    if (!done || ret < 0) {
        if (names->made_values) {
            unlinkat(names->metafd, names->name, 0);
        }
        names_tidy(names);
    }
    names_close(names);
    return ret;
}

/* ---- renames ---------------------------------------------------------- */

/* Give the values of the file to be replaced a temporary name. */
static int put_aside(CredNames *names)
{
    MetaTmp tmp = meta_tmp_name();

    G_STATIC_ASSERT(sizeof(names->aside) >= sizeof(tmp.name));
    if (renameat(names->newmetafd, names->newname, names->newmetafd,
                 tmp.name) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    memcpy(names->aside, tmp.name, sizeof(tmp.name));
    return 0;
}

static int move_values(CredNames *names)
{
    if (renameat(names->metafd, names->name, names->newmetafd,
                 names->newname) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    names->moved = true;
    return 0;
}

/* Open the folder for the new name, which is made if there are values. */
static int open_new_dir(CredNames *names)
{
    int ret = open_dir(names->newdirfd, NULL, &names->newmetafd);
    HOST_FD fd = -1;

    if (ret < 0 || names->newmetafd >= 0 || names->metafd < 0) {
        return ret;
    }
    fd = host_lookup(names->metafd, names->name, HOST_NO_XDEV);
    if (fd < 0) {
        return fd == -ENOENT ? 0 : meta_error(fd);
    }
    return open_dir(names->newdirfd, &names->made_new, &names->newmetafd);
}

/*
 * The values change their places before the file does, because a file that was
 * replaced cannot be given back.
 */
int meta_rename_begin(CredNames *names)
{
    int ret = open_dir(names->dirfd, NULL, &names->metafd);

    if (ret == 0) {
        ret = open_new_dir(names);
    }
    if (ret == 0 && names->newmetafd >= 0) {
        ret = put_aside(names);
    }
    if (ret == 0 && names->metafd >= 0 && names->newmetafd >= 0) {
        ret = move_values(names);
    }
    if (ret < 0) {
        meta_rename_end(names, false);
    }
    return ret;
}

void meta_rename_end(CredNames *names, bool done)
{
    if (done && *names->aside) {
        unlinkat(names->newmetafd, names->aside, 0);
    } else if (!done) {
        if (names->moved) {
            renameat(names->newmetafd, names->newname, names->metafd,
                     names->name);
        }
        if (*names->aside) {
            renameat(names->newmetafd, names->aside, names->newmetafd,
                     names->newname);
        }
        names_tidy(names);
    }
    names_close(names);
}

/* ---- removals --------------------------------------------------------- */

/*
 * The folder is opened before, because a shortage of descriptors must not leave
 * the values of the name to a later file.  Other errors do not keep the guest
 * from removing the file.
 */
int meta_unlink_begin(CredNames *names)
{
    int ret = open_dir(names->dirfd, NULL, &names->metafd);

    return ret == -EMFILE || ret == -ENFILE || ret == -ENOMEM ? ret : 0;
}

void meta_unlink_end(CredNames *names, bool done)
{
    if (done && names->metafd >= 0) {
        unlinkat(names->metafd, names->name, 0);
    }
    names_close(names);
}

/* ---- directories ------------------------------------------------------ */

typedef int EntryFn(int dirfd, const struct dirent *entry);

/* Call @fn for each entry of @pathfd but "." and ".." until it fails. */
static int each_entry(int pathfd, EntryFn *fn)
{
    HOST_FD fd = host_reopen(pathfd, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    struct dirent *entry;
    DIR *dir;
    int ret = 0;

    if (fd < 0) {
        return fd;
    }
    dir = fdopendir(fd);
    if (!dir) {
        return -errno;
    }
    fd = -1;
    while (ret == 0 && (errno = 0, entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            ret = fn(dirfd(dir), entry);
        }
    }
    if (ret == 0) {
        ret = -errno;
    }
    closedir(dir);
    return ret;
}

static int refuse_all_but_meta(int dirfd, const struct dirent *entry)
{
    return strcmp(entry->d_name, META_DIR) ? -ENOTEMPTY : 0;
}

static int refuse_dirs(int dirfd, const struct dirent *entry)
{
    return entry->d_type == DT_DIR ? -ENOTEMPTY : 0;
}

static int remove_entry(int dirfd, const struct dirent *entry)
{
    return unlinkat(dirfd, entry->d_name, 0) < 0 && errno != ENOENT
           ? -errno : 0;
}

/*
 * If a directory has no entry but the metadata directory, all metadata in it is
 * of names that were removed.  Nothing is changed before this has been checked.
 */
int meta_before_rmdir(int dirfd, const char *name)
{
    HOST_FD fd = host_lookup(dirfd, name, HOST_NO_XDEV);
    HOST_FD metafd = -1;
    HostStat st;
    int ret;

    if (fd < 0) {
        /* The error that the host returns for a mount point. */
        return fd == -EXDEV ? -EBUSY : fd;
    }
    ret = host_stat(fd, &st);
    if (ret < 0) {
        return ret;
    }
    if (!S_ISDIR(st.mode)) {
        return 0;
    }
    metafd = meta_dir_open(fd, NULL);
    if (metafd < 0) {
        return metafd == -ENOENT ? 0 : metafd;
    }
    ret = each_entry(fd, refuse_all_but_meta);
    if (ret == 0) {
        ret = each_entry(metafd, refuse_dirs);
    }
    if (ret == 0) {
        ret = each_entry(metafd, remove_entry);
    }
    if (ret == 0 && unlinkat(fd, META_DIR, AT_REMOVEDIR) < 0) {
        ret = -errno;
    }
    return ret;
}
