/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Security model mapped-file: values that the guest has set are stored in small
 * text files beside the host files.
 *
 * The values of DIR/NAME are in DIR/.virtfs_metadata/NAME, those of the
 * export's root in its .virtfs_metadata_root, as cred-text.h has them.
 * Anybody with access to the shared tree may have put something else there, so
 * what is found is typed before it is opened, read to a bound and believed
 * only where it makes sense.  It is looked up without crossing a mount point
 * or following a link, so a file server that is mounted or linked to there is
 * never asked and cannot make the caller wait.
 * Called by the local driver under its lock, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred.h"
#include "fsdev/cred/cred-fold.h"
#include "fsdev/cred/cred-text.h"

#define META_DIR ".virtfs_metadata"
#define META_ROOT ".virtfs_metadata_root"
/* Four lines have less than 100 bytes; other programs may add more. */
#define META_MAX_BYTES 4096

/* ---- metadata files --------------------------------------------------- */

/* Another object has the name of a metadata directory or file. */
static int meta_error(int ret)
{
    return ret == -ENOTDIR || ret == -ELOOP || ret == -EXDEV ? -EIO : ret;
}

/* Correct the mode of a new metadata directory, which an ACL may change. */
static int meta_dir_made(int metafd)
{
    HostStat st;
    int ret = host_stat(metafd, &st);

    if (ret == 0 && (st.mode & 07777) != 0700) {
        ret = host_chmod(metafd, 0700);
    }
    return ret;
}

/*
 * Path fd of DIR/.virtfs_metadata, which is created if @make.  -ENOENT if there
 * is none, -EIO if it is not a directory.
 */
static int meta_dir_open(int dirfd, bool make)
{
    const unsigned flags = HOST_DIRECTORY | HOST_NO_XDEV;
    HOST_FD fd = host_lookup(dirfd, META_DIR, flags);
    bool made = false;
    int ret;

    if (fd == -ENOENT && make) {
        made = mkdirat(dirfd, META_DIR, 0700) == 0;
        if (!made && errno != EEXIST) {
            return -errno;
        }
        fd = host_lookup(dirfd, META_DIR, flags);
    }
    if (fd < 0) {
        return meta_error(fd);
    }
    ret = made ? meta_dir_made(fd) : 0;
    return ret < 0 ? ret : host_fd_steal(&fd);
}

/* The attributes of a metadata file; -EIO if it is not a regular file. */
static int meta_stat(int pathfd, HostStat *st)
{
    int ret = host_stat(pathfd, st);

    return ret == 0 && !S_ISREG(st->mode) ? -EIO : ret;
}

static int meta_reopen(const CredObject *obj, int pathfd, int flags)
{
    return obj->brief ? host_reopen_brief(pathfd, flags)
                      : host_reopen(pathfd, flags);
}

/* Read its values; there are none if it may not be read. */
static int meta_read(const CredObject *obj, int pathfd, CredValues *values)
{
    char text[META_MAX_BYTES + 1];
    HOST_FD fd = meta_reopen(obj, pathfd, O_RDONLY | O_NOATIME);
    ssize_t len;

    if (fd < 0) {
        return fd == -EACCES || fd == -EPERM ? 0 : fd;
    }
    len = NEG_ERRNO(pread(fd, text, META_MAX_BYTES, 0));
    if (len < 0) {
        return len;
    }
    text[len] = '\0';
    cred_text_parse(text, values);
    return 0;
}

/*
 * Returns a path fd of @name in @metafd and sets *@values and *@st.  -ENOENT if
 * it does not exist, -EIO if it is not a regular file.
 */
static int meta_open(const CredObject *obj, int metafd, const char *name,
                     CredValues *values, HostStat *st)
{
    HOST_FD pathfd = host_lookup(metafd, name, HOST_NO_XDEV);
    int ret;

    if (pathfd < 0) {
        return meta_error(pathfd);
    }
    ret = meta_stat(pathfd, st);
    if (ret == 0) {
        ret = meta_read(obj, pathfd, values);
    }
    return ret < 0 ? ret : host_fd_steal(&pathfd);
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t done = NEG_ERRNO(write(fd, text, len));

        if (done <= 0) {
            return done < 0 ? done : -EIO;
        }
        text += done;
        len -= done;
    }
    return 0;
}

/*
 * Hard links of a file share one metadata file.  Replacing it would separate
 * the values of one name from the others, so it is changed in place.  The new
 * text is padded to the old length with empty lines, which every reader skips,
 * and truncated afterwards: no reader sees an old line after the new ones.
 */
static int meta_write_shared(const CredObject *obj, int pathfd,
                             const char *text, const HostStat *st)
{
    g_autofree char *padded = NULL;
    size_t len = strlen(text);
    size_t size = MAX(len, (size_t)st->size);
    HOST_FD fd = meta_reopen(obj, pathfd, O_WRONLY);
    int ret;

    if (fd < 0) {
        return fd;
    }
    padded = g_malloc(size);
    memset(padded, '\n', size);
    memcpy(padded, text, len);
    ret = write_all(fd, padded, size);
    return ret < 0 ? ret : NEG_ERRNO(ftruncate(fd, len));
}

/* Write @text to the new file @fd. */
static int meta_fill(int fd, const char *text)
{
    /* The mode is part of the format; the umask may have reduced it. */
    return fchmod(fd, 0600) < 0 ? -errno : write_all(fd, text, strlen(text));
}

/*
 * Store values for a new object.  A reader that opens the file before the text
 * is written finds no values, which is true at that time.  -EEXIST if the name
 * exists already.
 */
static int meta_make(int metafd, const char *name, const char *text)
{
    HOST_FD fd = host_create(metafd, name, O_WRONLY, 0600);
    int ret;

    if (fd < 0) {
        return fd;
    }
    ret = meta_fill(fd, text);
    if (ret < 0) {
        unlinkat(metafd, name, 0);
    }
    return ret;
}

/*
 * Replace @name in @metafd by a file with @text atomically, by a temporary file
 * in @tmpfd.  Its name has a random part so that it is not that of the metadata
 * of a guest's file.
 */
static int meta_replace(int tmpfd, int metafd, const char *name,
                        const char *text)
{
    char tmp[sizeof(".virtfs_tmp-") + 16];
    HOST_FD fd = -1;
    int ret;

    do {
        snprintf(tmp, sizeof(tmp), ".virtfs_tmp-%08x%08x",
                 g_random_int(), g_random_int());
        fd = host_create(tmpfd, tmp, O_WRONLY, 0600);
    } while (fd == -EEXIST);
    if (fd < 0) {
        return fd;
    }
    ret = meta_fill(fd, text);
    if (ret == 0 && renameat(tmpfd, tmp, metafd, name) < 0) {
        /* A directory with that name was not created by this model. */
        ret = errno == EISDIR ? -EIO : -errno;
    }
    if (ret < 0) {
        unlinkat(tmpfd, tmp, 0);
    }
    return ret;
}

/*
 * Only a file that this model has written is changed in place.  Otherwise a
 * link to another file of the same user could get that file overwritten.
 */
static bool is_shared(const HostStat *st, const CredValues *values)
{
    return st->nlink > 1 && st->uid == geteuid() &&
           st->size <= META_MAX_BYTES && (values->valid || st->size == 0);
}

static void merge(CredValues *into, const CredValues *values)
{
    if (values->valid & FS_SET_UID) {
        into->uid = values->uid;
    }
    if (values->valid & FS_SET_GID) {
        into->gid = values->gid;
    }
    if (values->valid & FS_SET_MODE) {
        into->mode = values->mode;
    }
    if (values->has_rdev) {
        into->rdev = values->rdev;
        into->has_rdev = true;
    }
    into->whiteouts |= values->whiteouts;
    into->valid |= values->valid;
}

/* ---- the policy ------------------------------------------------------- */

/*
 * A directory that folds case can have more spellings for its own metadata
 * than mapped_file_hidden() knows of, and FAT has an alias for a long name.
 */
static bool may_be_meta_dir(const char *name)
{
    return !g_str_is_ascii(name) || strchr(name, '~');
}

static int refuse_meta_dir(const CredObject *obj, const FsAttr *attr)
{
    HostStat st;

    if (!obj->name || !S_ISDIR(attr->mode) || !may_be_meta_dir(obj->name) ||
        host_stat_here(obj->dirfd, META_DIR, &st) < 0) {
        return 0;
    }
    return st.dev == attr->dev && st.ino == attr->ino ? -EINVAL : 0;
}

static int mapped_file_holder(const CredObject *obj, const FsAttr *attr,
                              HostStat *st)
{
    HOST_FD fd = -1;
    int ret = obj->nameless ? -ENOENT : refuse_meta_dir(obj, attr);

    if (ret < 0) {
        return ret;
    }
    fd = obj->name ? host_lookup_below(obj->dirfd, META_DIR, obj->name,
                                       HOST_NO_XDEV)
                   : host_lookup(obj->fd, META_ROOT, HOST_NO_XDEV);
    if (fd < 0) {
        return meta_error(fd);
    }
    ret = meta_stat(fd, st);
    return ret < 0 ? ret : host_fd_steal(&fd);
}

static int mapped_file_folder(const CredObject *obj, HostStat *st)
{
    HOST_FD fd = -1;
    int ret;

    if (obj->name && S_ISDIR(obj->host_type) && may_be_meta_dir(obj->name)) {
        return -ENOENT;
    }
    fd = obj->name ? meta_dir_open(obj->dirfd, false)
                   : NEG_ERRNO(fcntl(obj->fd, F_DUPFD_CLOEXEC, 0));
    if (fd < 0) {
        return fd;
    }
    ret = host_stat(fd, st);
    return ret < 0 ? ret : host_fd_steal(&fd);
}

static int mapped_file_load(const CredObject *obj, const FsAttr *attr,
                            int holder, CredValues *values)
{
    *values = (CredValues) { 0 };
    return holder < 0 ? 0 : meta_read(obj, holder, values);
}

/* The file of the root; the temporary file must not be visible there. */
static int store_root(const CredObject *obj, const CredValues *values)
{
    CredValues merged = { 0 };
    g_autofree char *text = NULL;
    HOST_FD tmpfd = -1;
    HostStat st;
    HOST_FD old = meta_open(obj, obj->fd, META_ROOT, &merged, &st);
    int ret;

    if (old < 0 && old != -ENOENT) {
        return old;
    }
    merge(&merged, values);
    text = cred_text_format(&merged);
    tmpfd = meta_dir_open(obj->fd, true);
    if (tmpfd < 0) {
        return tmpfd;
    }
    ret = meta_replace(tmpfd, obj->fd, META_ROOT, text);
    /* This has no effect unless the directory is empty. */
    unlinkat(obj->fd, META_DIR, AT_REMOVEDIR);
    return ret;
}

/* Store @values for @obj, in addition to others, in @metafd. */
static int store_below(const CredObject *obj, int metafd,
                       const CredValues *values)
{
    CredValues merged = { 0 };
    g_autofree char *text = NULL;
    HOST_FD old = -ENOENT;
    bool shared = false;
    HostStat st;
    int ret = -EEXIST;

    if (!obj->fresh) {
        old = meta_open(obj, metafd, obj->name, &merged, &st);
        shared = old >= 0 && is_shared(&st, &merged);
    }
    if (old < 0 && old != -ENOENT) {
        return old;
    }
    merge(&merged, values);
    text = cred_text_format(&merged);
    if (shared) {
        return meta_write_shared(obj, old, text, &st);
    }
    if (obj->fresh) {
        ret = meta_make(metafd, obj->name, text);
    }
    return ret == -EEXIST ? meta_replace(metafd, metafd, obj->name, text)
                          : ret;
}

static int mapped_file_store(const CredObject *obj, const CredValues *values)
{
    HOST_FD metafd = -1;

    if (obj->nameless ||
        (!values->valid && !values->has_rdev && !values->whiteouts)) {
        return 0;
    }
    if (!obj->name) {
        return store_root(obj, values);
    }
    metafd = meta_dir_open(obj->dirfd, true);
    return metafd < 0 ? metafd : store_below(obj, metafd, values);
}

static void mapped_file_unlinked(int dirfd, const char *name)
{
    HOST_FD metafd = meta_dir_open(dirfd, false);

    if (metafd >= 0) {
        unlinkat(metafd, name, 0);
    }
}

static int mapped_file_before_link(int dirfd, const char *name, int newdirfd)
{
    HOST_FD metafd = meta_dir_open(dirfd, false);
    HOST_FD newmetafd = -1;

    if (metafd < 0) {
        return metafd == -ENOENT ? 0 : metafd;
    }
    if (!host_has_name(metafd, name)) {
        return 0;
    }
    newmetafd = meta_dir_open(newdirfd, true);
    return newmetafd < 0 ? newmetafd : 0;
}

/* A name without values must not get those of an earlier file. */
static int mapped_file_linked(int dirfd, const char *name, int newdirfd,
                              const char *newname)
{
    HOST_FD metafd = meta_dir_open(dirfd, false);
    HOST_FD newmetafd = -1;

    mapped_file_unlinked(newdirfd, newname);
    if (metafd < 0) {
        return metafd == -ENOENT ? 0 : metafd;
    }
    newmetafd = meta_dir_open(newdirfd, false);
    if (newmetafd < 0) {
        return newmetafd == -ENOENT ? 0 : newmetafd;
    }
    if (linkat(metafd, name, newmetafd, newname, 0) < 0 && errno != ENOENT) {
        return -errno;
    }
    return 0;
}

static int mapped_file_renamed(int dirfd, const char *name, int newdirfd,
                               const char *newname)
{
    HOST_FD metafd = meta_dir_open(dirfd, false);
    HOST_FD newmetafd = -1;

    if (metafd == -ENOENT) {
        mapped_file_unlinked(newdirfd, newname);
        return 0;
    }
    if (metafd < 0) {
        return metafd;
    }
    newmetafd = meta_dir_open(newdirfd, false);
    if (newmetafd < 0) {
        return newmetafd == -ENOENT ? 0 : newmetafd;
    }
    if (renameat(metafd, name, newmetafd, newname) < 0) {
        if (errno != ENOENT) {
            return -errno;
        }
        unlinkat(newmetafd, newname, 0);
    } else {
        /* rename(2) does nothing if both names are links of one file. */
        unlinkat(metafd, name, 0);
    }
    return 0;
}

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
static int mapped_file_before_rmdir(int dirfd, const char *name)
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
    metafd = meta_dir_open(fd, false);
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

/*
 * Hosts may ignore the case of names in a directory.  There another spelling
 * opens the metadata, so all spellings are refused everywhere; these names have
 * no other use.
 */
static bool mapped_file_hidden(const char *name)
{
    return cred_folds_to(name, META_DIR) || cred_folds_to(name, META_ROOT);
}

const CredPolicy cred_mapped_file = {
    .fake_special = true,
    .beside = true,
    .holder = mapped_file_holder,
    .folder = mapped_file_folder,
    .load = mapped_file_load,
    .store = mapped_file_store,
    .before_link = mapped_file_before_link,
    .linked = mapped_file_linked,
    .renamed = mapped_file_renamed,
    .before_rmdir = mapped_file_before_rmdir,
    .unlinked = mapped_file_unlinked,
    .hidden = mapped_file_hidden,
};
