/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Metadata files of the model mapped-file: see cred-meta.h.
 *
 * Called by cred-mapped-file.c and cred-meta-names.c, from any thread that may
 * block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/cred/cred-meta.h"
#include "fsdev/cred/cred-text.h"

/* Four lines have less than 100 bytes; other programs may add more. */
#define META_MAX_BYTES 4096

int meta_error(int ret)
{
    return ret == -ENOTDIR || ret == -ELOOP || ret == -EXDEV ? -EIO : ret;
}

/* ---- the folder ------------------------------------------------------- */

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

int meta_dir_open(int dirfd, bool *made)
{
    const unsigned flags = HOST_DIRECTORY | HOST_NO_XDEV;
    HOST_FD fd = host_lookup(dirfd, META_DIR, flags);
    bool mine = false;
    int ret;

    if (fd == -ENOENT && made) {
        mine = mkdirat(dirfd, META_DIR, 0700) == 0;
        if (!mine && errno != EEXIST) {
            return -errno;
        }
        fd = host_lookup(dirfd, META_DIR, flags);
    }
    ret = fd < 0 ? meta_error(fd) : mine ? meta_dir_made(fd) : 0;
    if (ret < 0) {
        if (mine) {
            meta_dir_remove(dirfd);
        }
        return ret;
    }
    if (made) {
        *made = mine;
    }
    return host_fd_steal(&fd);
}

void meta_dir_remove(int dirfd)
{
    unlinkat(dirfd, META_DIR, AT_REMOVEDIR);
}

/* ---- reading ---------------------------------------------------------- */

int meta_stat(int pathfd, HostStat *st)
{
    int ret = host_stat(pathfd, st);

    return ret == 0 && !S_ISREG(st->mode) ? -EIO : ret;
}

static int meta_reopen(const CredObject *obj, int pathfd, int flags)
{
    return obj->brief ? host_reopen_brief(pathfd, flags)
                      : host_reopen(pathfd, flags);
}

int meta_read(const CredObject *obj, int pathfd, CredValues *values)
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

int meta_take(const CredObject *obj, int pathfd, MetaFile *file)
{
    HOST_FD fd = pathfd;
    int ret;

    *file = (MetaFile) { .fd = -1 };
    if (fd < 0) {
        return meta_error(fd);
    }
    ret = meta_stat(fd, &file->st);
    if (ret == 0) {
        ret = meta_read(obj, fd, &file->values);
    }
    if (ret == 0) {
        file->fd = host_fd_steal(&fd);
    }
    return ret;
}

int meta_open(const CredObject *obj, int metafd, const char *name,
              MetaFile *file)
{
    return meta_take(obj, host_lookup(metafd, name, HOST_NO_XDEV), file);
}

/* ---- writing ---------------------------------------------------------- */

static int write_all(int fd, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t done = NEG_ERRNO(pwrite(fd, text + at, len - at, at));

        if (done <= 0) {
            return done < 0 ? done : -EIO;
        }
        at += done;
    }
    return 0;
}

bool meta_is_ours(const MetaFile *file)
{
    return file->st.uid == geteuid() && file->st.size <= META_MAX_BYTES &&
           (file->values.valid || file->st.size == 0);
}

/*
 * The new text is padded to the old length with empty lines, which every reader
 * skips, and cut afterwards: no reader sees an old line after the new ones.
 * The padding does no harm if it stays.
 */
int meta_rewrite(const CredObject *obj, const MetaFile *file, const char *text)
{
    char old[META_MAX_BYTES];
    g_autofree char *padded = NULL;
    size_t len = strlen(text);
    size_t size = MAX(len, (size_t)file->st.size);
    HOST_FD fd = meta_reopen(obj, file->fd, O_RDWR);
    ssize_t old_len;
    int ret;

    if (fd < 0) {
        return fd;
    }
    old_len = NEG_ERRNO(pread(fd, old, sizeof(old), 0));
    if (old_len < 0) {
        return old_len;
    }
    padded = g_malloc(size + 1);
    memset(padded, '\n', size);
    memcpy(padded, text, len);
    ret = write_all(fd, padded, size);
    if (ret < 0) {
        /* Best effort: the old text has its room already. */
        (void)!pwrite(fd, old, old_len, 0);
        (void)!ftruncate(fd, old_len);
        return ret;
    }
    (void)!ftruncate(fd, len);
    return 0;
}

/* Write @text to the new file @fd. */
static int meta_fill(int fd, const char *text)
{
    /* The mode is part of the format; the umask may have reduced it. */
    return fchmod(fd, 0600) < 0 ? -errno : write_all(fd, text, strlen(text));
}

int meta_make(int metafd, const char *name, const char *text)
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

MetaTmp meta_tmp_name(void)
{
    MetaTmp tmp;

    snprintf(tmp.name, sizeof(tmp.name), ".virtfs_tmp-%08x%08x",
             g_random_int(), g_random_int());
    return tmp;
}

int meta_replace(int tmpfd, int metafd, const char *name, const char *text)
{
    HOST_FD fd = -1;
    MetaTmp tmp;
    int ret;

    do {
        tmp = meta_tmp_name();
        fd = host_create(tmpfd, tmp.name, O_WRONLY, 0600);
    } while (fd == -EEXIST);
    if (fd < 0) {
        return fd;
    }
    ret = meta_fill(fd, text);
    if (ret == 0 && renameat(tmpfd, tmp.name, metafd, name) < 0) {
        /* A directory with that name was not created by this model. */
        ret = errno == EISDIR ? -EIO : -errno;
    }
    if (ret < 0) {
        unlinkat(tmpfd, tmp.name, 0);
    }
    return ret;
}
