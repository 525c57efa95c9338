/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Security model mapped-file: values that the guest has set are stored in small
 * text files beside the host files; see cred-meta.h.
 *
 * Hard links of a file share one metadata file.  Replacing it would separate
 * the values of one name from the others, so it is changed in place.  So is
 * that of a file which is in use although one of its names is gone.
 * Called by the local driver under its lock, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred.h"
#include "fsdev/cred/cred-fold.h"
#include "fsdev/cred/cred-meta.h"
#include "fsdev/cred/cred-text.h"

/* ---- loading ---------------------------------------------------------- */

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

/* Of an object that has lost its name: unless the others lost it, too. */
static int holder_held(const CredObject *obj, HostStat *st)
{
    int ret = meta_stat(obj->held_fd, st);

    if (ret == 0 && st->nlink == 0) {
        return -ENOENT;
    }
    return ret < 0 ? ret : NEG_ERRNO(fcntl(obj->held_fd, F_DUPFD_CLOEXEC, 0));
}

static int mapped_file_holder(const CredObject *obj, const FsAttr *attr,
                              HostStat *st)
{
    HOST_FD fd = -1;
    int ret;

    if (obj->nameless) {
        return obj->held_fd > 0 ? holder_held(obj, st) : -ENOENT;
    }
    ret = refuse_meta_dir(obj, attr);
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
    fd = obj->name ? meta_dir_open(obj->dirfd, NULL)
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

/* ---- storing ---------------------------------------------------------- */

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

/* Put @text in place of @old, the metadata file of the root. */
static int put_root(const CredObject *obj, const char *text)
{
    bool made;
    HOST_FD tmpfd = meta_dir_open(obj->fd, &made);
    int ret;

    if (tmpfd < 0) {
        return tmpfd;
    }
    /* The temporary file must not be visible in the root. */
    ret = meta_replace(tmpfd, obj->fd, META_ROOT, text);
    if (made) {
        meta_dir_remove(obj->fd);
    }
    return ret;
}

/* Put @text in place of @old, which has no descriptor if there is none. */
static int put_text(const CredObject *obj, int metafd, const MetaFile *old,
                    const char *text)
{
    int ret;

    if (old->fd >= 0 && (old->st.nlink > 1 || obj->held) &&
        meta_is_ours(old)) {
        return meta_rewrite(obj, old, text);
    }
    if (!obj->fresh) {
        return meta_replace(metafd, metafd, obj->name, text);
    }
    ret = meta_make(metafd, obj->name, text);
    return ret == -EEXIST ? meta_replace(metafd, metafd, obj->name, text)
                          : ret;
}

/* How to come from the old values to the new ones. */
typedef struct Update {
    const CredValues *values;
    bool only_these;            /* instead of adding to the old ones */
} Update;

static char *update_text(const Update *update, const MetaFile *old)
{
    CredValues merged = update->only_these ? *update->values : old->values;

    merge(&merged, update->values);
    return cred_text_format(&merged);
}

/* The file that was in use when the object lost its name. */
static int update_held(const CredObject *obj, const Update *update)
{
    META_FILE old = { .fd = -1 };
    g_autofree char *text = NULL;
    int ret = meta_take(obj, NEG_ERRNO(fcntl(obj->held_fd, F_DUPFD_CLOEXEC,
                                             0)), &old);

    if (ret < 0 || old.st.nlink == 0) {
        return ret;
    }
    if (!meta_is_ours(&old)) {
        return -EPERM;
    }
    text = update_text(update, &old);
    return meta_rewrite(obj, &old, text);
}

static int update_root(const CredObject *obj, const Update *update)
{
    META_FILE old = { .fd = -1 };
    g_autofree char *text = NULL;
    int ret = meta_open(obj, obj->fd, META_ROOT, &old);

    if (ret < 0 && ret != -ENOENT) {
        return ret;
    }
    text = update_text(update, &old);
    return put_root(obj, text);
}

static int update_named(const CredObject *obj, const Update *update)
{
    META_FILE old = { .fd = -1 };
    g_autofree char *text = NULL;
    bool made;
    HOST_FD metafd = meta_dir_open(obj->dirfd, &made);
    int ret = metafd;

    if (ret < 0) {
        return ret;
    }
    if (!obj->fresh) {
        ret = meta_open(obj, metafd, obj->name, &old);
    }
    if (ret >= 0 || ret == -ENOENT) {
        text = update_text(update, &old);
        ret = put_text(obj, metafd, &old, text);
    }
    if (ret < 0 && made) {
        meta_dir_remove(obj->dirfd);
    }
    return ret;
}

static int update(const CredObject *obj, const Update *update)
{
    if (obj->nameless) {
        return obj->held_fd > 0 ? update_held(obj, update) : 0;
    }
    return obj->name ? update_named(obj, update) : update_root(obj, update);
}

/* The whole text is replaced, so that there is nothing to restore. */
static int mapped_file_store(const CredObject *obj, const CredValues *values,
                             const CredValues *before)
{
    const Update add = { .values = values };

    if (!values->valid && !values->has_rdev && !values->whiteouts) {
        return 0;
    }
    return update(obj, &add);
}

static void remove_values(int dirfd, const char *name)
{
    HOST_FD metafd = meta_dir_open(dirfd, NULL);

    if (metafd >= 0) {
        unlinkat(metafd, name, 0);
    }
}

/* A file that others share stays, without a text. */
static void mapped_file_restore(const CredObject *obj,
                                const CredValues *before, uint32_t valid)
{
    const Update back = { .values = before, .only_these = true };
    HostStat st;
    HOST_FD fd = -1;

    if (before->valid || before->has_rdev || before->whiteouts ||
        obj->nameless) {
        update(obj, &back);
        return;
    }
    if (!obj->name) {
        unlinkat(obj->fd, META_ROOT, 0);
        return;
    }
    fd = host_lookup_below(obj->dirfd, META_DIR, obj->name, HOST_NO_XDEV);
    if (fd >= 0 && meta_stat(fd, &st) == 0 && (st.nlink > 1 || obj->held)) {
        update(obj, &back);
    } else {
        remove_values(obj->dirfd, obj->name);
        meta_dir_remove(obj->dirfd);
    }
}

/* ---- the policy ------------------------------------------------------- */

/*
 * Hosts may ignore the case of names in a directory.  There another spelling
 * opens the metadata, so all spellings are refused everywhere; these names have
 * no other use.
 */
static bool mapped_file_hidden(const char *name)
{
    return cred_folds_to(name, META_DIR) || cred_folds_to(name, META_ROOT);
}

static int mapped_file_hidden_links(int fd)
{
    HOST_FD metafd = host_lookup(fd, META_DIR, HOST_DIRECTORY | HOST_NO_XDEV);

    /* Another object that has the name is not a subdirectory. */
    if (metafd == -ENOENT || metafd == -ENOTDIR || metafd == -ELOOP) {
        return 0;
    }
    /* A mount point is one. */
    return metafd >= 0 || metafd == -EXDEV ? 1 : metafd;
}

const CredPolicy cred_mapped_file = {
    .fake_special = true,
    .beside = true,
    .holder = mapped_file_holder,
    .folder = mapped_file_folder,
    .load = mapped_file_load,
    .store = mapped_file_store,
    .restore = mapped_file_restore,
    .link_begin = meta_link_begin,
    .link_end = meta_link_end,
    .rename_begin = meta_rename_begin,
    .rename_end = meta_rename_end,
    .unlink_begin = meta_unlink_begin,
    .unlink_end = meta_unlink_end,
    .before_rmdir = meta_before_rmdir,
    .remove_values = remove_values,
    .hidden_links = mapped_file_hidden_links,
    .hidden = mapped_file_hidden,
};
