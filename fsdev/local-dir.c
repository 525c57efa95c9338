/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: reading directories.
 *
 * An open directory has a buffer that getdents64(2) fills, and the kernel's
 * d_off of an entry is the cookie that continues after it.  Reading on goes
 * through the buffer; any other cookie is a seek and a new fill.  One mutex a
 * directory guards buffer and file position, held while the sink runs, so
 * readers of one open directory take turns.  Called through fsdriver.c from
 * any thread.
 */
#include "fsdev/p9-osdep.h"
#include <sys/syscall.h>
#include "fsdev/local.h"

#define DIR_BUF_SIZE 32768

/* What getdents64(2) fills in; glibc has no name for it. */
typedef struct HostDirent {
    uint64_t d_ino;
    int64_t d_off;
    unsigned short d_reclen;
    unsigned char d_type;
    char d_name[];
} HostDirent;

struct LocalDir {
    GMutex lock;
    uint64_t next;              /* cookie of the entry at pos */
    uint64_t file_pos;          /* cookie that the descriptor stands at */
    size_t pos;
    size_t len;
    bool at_end;                /* nothing came after the buffer */
    char *buf;                  /* owned; made by the first fill */
};

LocalDir *local_dir_new(void)
{
    LocalDir *dir = g_new0(LocalDir, 1);

    g_mutex_init(&dir->lock);
    return dir;
}

void local_dir_free(LocalDir *dir)
{
    if (dir) {
        g_mutex_clear(&dir->lock);
        g_free(dir->buf);
        g_free(dir);
    }
}

/* Fill the buffer with what follows dir->next.  1: entries, 0: the end. */
static int fill(int fd, LocalDir *dir)
{
    long len;

    if (!dir->buf) {
        dir->buf = g_malloc(DIR_BUF_SIZE);
    }
    if (dir->file_pos != dir->next) {
        if (lseek(fd, dir->next, SEEK_SET) < 0) {
            return -errno;
        }
        dir->file_pos = dir->next;
    }
    do {
        len = syscall(SYS_getdents64, fd, dir->buf, DIR_BUF_SIZE);
    } while (len < 0 && errno == EINTR);
    dir->pos = 0;
    dir->len = MAX(len, 0);
    dir->at_end = len == 0;
    if (len < 0) {
        return -errno;
    }
    for (size_t at = 0; at < dir->len;) {
        const HostDirent *entry = (const HostDirent *)(dir->buf + at);

        dir->file_pos = entry->d_off;
        at += entry->d_reclen;
    }
    return dir->len > 0;
}

/* Where the enumeration goes on; a new start always sees the directory anew. */
static int seek_to(LocalDir *dir, uint64_t cookie)
{
    if (cookie > INT64_MAX) {
        return -EINVAL;
    }
    if (cookie == dir->next && cookie != 0) {
        return 0;
    }
    dir->next = cookie;
    dir->pos = dir->len = 0;
    dir->at_end = false;
    return 0;
}

/* Identity of what "." and ".." mean in the export: never of its outside. */
static void fill_dot(const LocalFile *file, bool parent, FsDirent *out)
{
    Name *name = name_from_fs(file->base.node);
    Name *up = parent ? name_parent(name) : NULL;
    const Node *node = name_node(up ? up : name);

    out->ino = node_ino(node);
    out->dev = node_dev(node);
    out->type = DT_DIR;
    if (up) {
        name_unref(up);
    }
}

/*
 * Without FS_READDIR_DEV no entry costs a call of its own.  Returns 0 when the
 * entry is to be left out.
 */
static int to_dirent(const LocalExport *export, const LocalFile *file,
                     const HostDirent *entry, unsigned flags, FsDirent *out)
{
    bool dot = !strcmp(entry->d_name, ".");
    HostStat st;

    *out = (FsDirent) {
        .name = entry->d_name,
        .name_len = strlen(entry->d_name),
        .next = entry->d_off,
        .ino = entry->d_ino,
        .type = entry->d_type,
    };
    if (dot || !strcmp(entry->d_name, "..")) {
        fill_dot(file, !dot, out);
        return 1;
    }
    if (local_hidden(export, entry->d_name)) {
        return 0;
    }
    if (flags & FS_READDIR_DEV) {
        if (host_stat_id_at(file->fd, entry->d_name, &st) < 0) {
            /* Removed since; who asks for the rest need not know. */
            return 0;
        }
        out->dev = st.dev;
        out->ino = st.ino;
        out->type = IFTODT(st.mode);
    }
    if (export->policy->fake_special && out->type == DT_REG) {
        /* A link or a device may be kept in it. */
        out->type = DT_UNKNOWN;
    }
    return 1;
}

/* The next entry of the buffer.  0: go on, 1: the sink has enough. */
static int give_one(const LocalExport *export, const LocalFile *file,
                    unsigned flags, FsDirSink *sink, void *opaque,
                    bool *given)
{
    LocalDir *dir = file->dir;
    const HostDirent *entry = (const HostDirent *)(dir->buf + dir->pos);
    FsDirent out;

    if (to_dirent(export, file, entry, flags, &out)) {
        int ret = sink(opaque, &out);

        if (ret != 0) {
            return ret;
        }
        *given = true;
    }
    dir->pos += entry->d_reclen;
    dir->next = entry->d_off;
    return 0;
}

static int readdir_locked(const LocalExport *export, const LocalFile *file,
                          uint64_t cookie, unsigned flags, FsDirSink *sink,
                          void *opaque)
{
    LocalDir *dir = file->dir;
    bool given = false;
    int ret = seek_to(dir, cookie);

    while (ret == 0) {
        if (dir->pos < dir->len) {
            ret = give_one(export, file, flags, sink, opaque, &given);
            continue;
        }
        if (flags & FS_NONBLOCK) {
            return given || dir->at_end ? 0 : -EAGAIN;
        }
        ret = fill(file->fd, dir);
        if (ret <= 0) {
            /*
             * Entries that were taken must reach the guest first; whatever
             * is wrong is told to the next call.
             */
            return given ? 0 : ret;
        }
        ret = 0;
    }
    return ret < 0 ? ret : 0;
}

int local_readdir(FsFile *base, uint64_t cookie, unsigned flags,
                  FsDirSink *sink, void *opaque)
{
    LocalFile *file = container_of(base, LocalFile, base);
    LocalExport *export = local_export(base->node->export);
    int ret;

    if (!base->is_dir) {
        return -ENOTDIR;
    }
    if (!(flags & FS_NONBLOCK)) {
        g_mutex_lock(&file->dir->lock);
    } else if ((flags & FS_READDIR_DEV) || !g_mutex_trylock(&file->dir->lock)) {
        /* A look at every entry may sleep, and so may whoever has the lock. */
        return -EAGAIN;
    }
    ret = readdir_locked(export, file, cookie, flags, sink, opaque);
    g_mutex_unlock(&file->dir->lock);
    return ret;
}
