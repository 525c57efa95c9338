/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: reading directories.
 *
 * An open directory has a buffer that getdents64(2) fills.  The d_off that the
 * kernel gives with an entry is the cookie to continue after it.  Reading on
 * takes entries from the buffer; any other cookie means to seek and to fill the
 * buffer again.  A mutex of the directory guards the buffer and the file
 * position.  It is held while the sink runs, so several readers of one open
 * directory wait for each other.  Called through fsdriver.c from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/syscall.h>
#include "fsdev/core/fs-trace.h"
#include "fsdev/core/fs-warn.h"
#include "fsdev/local/local-int.h"

#define DIR_BUF_SIZE 32768

/* What getdents64(2) returns; the C library does not declare it. */
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
    uint64_t file_pos;          /* position of the descriptor, a cookie */
    size_t pos;
    size_t len;
    bool at_end;                /* nothing came after the buffer */
    bool whiteouts;             /* look at entries to find their types */
    bool lent;                  /* buf is for this call only */
    char *buf;                  /* owned; made by the first fill */
};

LocalDir *local_dir_new(void)
{
    LocalDir *dir = g_new0(LocalDir, 1);

    g_mutex_init(&dir->lock);
    return dir;
}

static void buf_free(FsBudget *budget, LocalDir *dir)
{
    if (dir->buf) {
        g_free(g_steal_pointer(&dir->buf));
        fs_budget_refund(budget, FS_BUDGET_DIRS, dir->lent ? 0 : DIR_BUF_SIZE);
    }
}

void local_dir_free(LocalExport *export, LocalDir *dir)
{
    if (dir) {
        buf_free(&export->base.budget, dir);
        g_mutex_clear(&dir->lock);
        g_free(dir);
    }
}

/* A guest may have a million directories open. */
static void buf_new(FsBudget *budget, LocalDir *dir)
{
    dir->lent = !fs_budget_charge(budget, FS_BUDGET_DIRS, DIR_BUF_SIZE);
    dir->buf = g_malloc(DIR_BUF_SIZE);
}

/* Give up a buffer that was not charged, and what is left in it. */
static void buf_return(FsBudget *budget, LocalDir *dir)
{
    if (dir->buf && dir->lent) {
        buf_free(budget, dir);
        dir->pos = dir->len = 0;
    }
}

/*
 * Fill the buffer with the entries from dir->next on.  Returns 1, or 0 at the
 * end of the directory.
 */
static int fill(FsBudget *budget, int fd, LocalDir *dir)
{
    long len;

    if (!dir->buf) {
        buf_new(budget, dir);
    }
    if (dir->file_pos != dir->next) {
        if (lseek(fd, dir->next, SEEK_SET) < 0) {
            return -errno;
        }
        dir->file_pos = dir->next;
    }
    len = NEG_ERRNO(syscall(SYS_getdents64, fd, dir->buf, DIR_BUF_SIZE));
    dir->pos = 0;
    dir->len = MAX(len, 0);
    dir->at_end = len == 0;
    if (len < 0) {
        return len;
    }
    for (size_t at = 0; at < dir->len;) {
        const HostDirent *entry = (const HostDirent *)(dir->buf + at);

        dir->file_pos = entry->d_off;
        at += entry->d_reclen;
    }
    return dir->len > 0;
}

/* Set the position; starting from the beginning always reads again. */
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

/* The identity of "." and ".." within the export, never outside of it. */
static void fill_dot(const LocalFile *file, bool parent, FsDirent *out)
{
    Name *name = name_from_fs(file->base.node);
    Name *up = parent ? name_parent(name) : NULL;
    const Node *node = name_node(up ? up : name);

    out->ino = node_ino(node);
    out->dev = node_dev(node);
    out->twin = node_identity(node).twin;
    out->type = DT_DIR;
    if (up) {
        name_unref(up);
    }
}

/* One call of fs_readdir(). */
typedef struct Listing {
    const FsCall *call;
    LocalExport *export;
    LocalFile *file;
    unsigned flags;
    FsDirSink *sink;
    void *opaque;
    bool given;                 /* the sink took an entry */
    HostFsDevs devs;            /* FS_READDIR_DEV: which need a closer look */
    HostMounts *mounts;         /* counted, or NULL */
    GHashTable *mounted;        /* borrowed from it: these need one too */
} Listing;

static bool waits_for_storage_only(const FsCall *call)
{
    return fs_call_may_wait(call, FS_WAIT_STORAGE) && !fs_call_may_block(call);
}

/*
 * An entry has the device of the directory and the inode number that the
 * directory says, except where a file system is mounted on it, or where the
 * file system consists of several devices.  -EAGAIN when finding out which
 * entries these are takes longer than the call may wait.
 */
static int listing_begin(Listing *listing)
{
    const LocalExport *export = listing->export;
    const LocalFile *file = listing->file;
    const Node *node = name_node(name_from_fs(file->base.node));
    int ret;

    if (!(listing->flags & FS_READDIR_DEV)) {
        return 0;
    }
    listing->devs = file->base.dev == export->root_dev ? export->root_devs
                                                       : file->devs;
    if (waits_for_storage_only(listing->call) &&
        listing->devs != HOST_DEVS_MOUNTS) {
        /* Each entry needs a closer look and may be a mount point. */
        return -EAGAIN;
    }
    if (listing->devs == HOST_DEVS_ANY) {
        return 0;
    }
    ret = host_mounts_get(fs_call_may_block(listing->call),
                          &listing->mounts);
    if (ret == 0) {
        listing->mounted = host_mounts_in(listing->mounts, node_mnt_id(node));
    }
    if (!listing->mounted) {
        listing->devs = HOST_DEVS_ANY;
    }
    return ret == -EAGAIN ? ret : 0;
}

static bool must_look_at(const Listing *listing, const HostDirent *entry)
{
    if (!(listing->flags & FS_READDIR_DEV)) {
        return false;
    }
    if (listing->devs == HOST_DEVS_ANY || entry->d_type == DT_UNKNOWN ||
        (listing->devs == HOST_DEVS_DIRS && entry->d_type == DT_DIR)) {
        return true;
    }
    return g_hash_table_size(listing->mounted) > 0 &&
           g_hash_table_contains(listing->mounted, entry->d_name);
}

/*
 * Find the type of a regular file that may represent a link or a device.
 * Returns what to_dirent() does.
 */
static int fake_type(const Listing *listing, FsDirent *out)
{
    const LocalFile *file = listing->file;

    if (!file->dir->whiteouts) {
        out->type = DT_UNKNOWN;
    } else if (!fs_call_may_block(listing->call)) {
        return -EAGAIN;
    } else {
        out->type = local_whiteout_type(listing->call, listing->export,
                                        name_from_fs(file->base.node),
                                        file->fd, out->name);
    }
    return 1;
}

/* @name was just seen on the device @dev. */
static void learn_dev(const Listing *listing, const char *name, uint64_t dev)
{
    HostStat st;
    uint64_t id;
    HOST_FD fd = -1;

    if (local_dev_id(&listing->export->base, dev, &id)) {
        return;
    }
    fd = host_lookup(listing->file->fd, name, 0);
    if (fd >= 0 && host_stat(fd, &st) == 0) {
        local_dev_learn(listing->export, st.dev, fd);
    }
}

/*
 * Some file systems have longer names than Linux: FUSE, and those that convert
 * names to UTF-8.  A Linux client would fail the whole listing for one of them.
 */
static bool is_too_long(const Listing *listing, const FsDirent *entry)
{
    FsNode *node = listing->file->base.node;
    g_autofree char *path = NULL;

    if (entry->name_len <= NAME_MAX) {
        return false;
    }
    if (fs_warn_due(node->export, FS_WARN_ENTRY)) {
        path = fs_trace_path(node);
        fs_warn(node->export, FS_WARN_ENTRY, "guests do not see an entry of "
                "'%s' whose name has more than %d bytes; rename it on the host",
                path, NAME_MAX);
    }
    return true;
}

/*
 * Take identity and type from the object itself.  Returns what to_dirent()
 * does.  An object that cannot be looked at is there nevertheless, for example
 * a mount point whose file system does not work any more.
 */
static int look_at(const Listing *listing, FsDirent *out)
{
    HostStat st;
    int ret;

    if (!fs_call_may_block(listing->call)) {
        /* A file system may be mounted there. */
        return -EAGAIN;
    }
    ret = host_stat_id_at(listing->file->fd, out->name, &st);
    if (ret == 0) {
        if (st.dev != listing->file->base.dev) {
            learn_dev(listing, out->name, st.dev);
        }
        out->dev = st.dev;
        out->ino = st.ino;
        out->type = IFTODT(st.mode);
    }
    return ret != -ENOENT;      /* else it was removed meanwhile */
}

/* An object that the guest knows keeps the numbers that it was told. */
static void show_known(const LocalFile *file, FsDirent *out)
{
    NodeIdentity known;

    if (name_identity(name_from_fs(file->base.node), out->name, &known)) {
        out->ino = known.ino;
        out->dev = out->dev ? known.dev : 0;
        out->twin = known.twin;
    }
}

/*
 * Returns 1, or 0 when the entry is to be left out, or -EAGAIN when a closer
 * look at it takes longer than the call may wait.
 */
static int to_dirent(const Listing *listing, const HostDirent *entry,
                     FsDirent *out)
{
    const LocalFile *file = listing->file;
    bool dot = !strcmp(entry->d_name, ".");
    int ret = 1;

    *out = (FsDirent) {
        .name = entry->d_name,
        .name_len = strlen(entry->d_name),
        .next = entry->d_off,
        .ino = entry->d_ino,
        .dev = listing->flags & FS_READDIR_DEV ? file->base.dev : 0,
        .type = entry->d_type,
    };
    if (dot || !strcmp(entry->d_name, "..")) {
        fill_dot(file, !dot, out);
        return 1;
    }
    if (local_hidden(listing->export, entry->d_name) ||
        is_too_long(listing, out)) {
        return 0;
    }
    if (must_look_at(listing, entry)) {
        ret = look_at(listing, out);
    }
    if (node_is_weak(name_node(name_from_fs(file->base.node)))) {
        show_known(file, out);
    }
    if (ret == 1 && listing->export->policy->fake_special &&
        out->type == DT_REG) {
        ret = fake_type(listing, out);
    }
    return ret;
}

/* Give the next entry to the sink.  Returns 0 to go on, 1 to stop. */
static int give_one(Listing *listing)
{
    LocalDir *dir = listing->file->dir;
    const HostDirent *entry = (const HostDirent *)(dir->buf + dir->pos);
    FsDirent out;
    int ret = to_dirent(listing, entry, &out);

    if (ret < 0) {
        return listing->given ? 1 : ret;
    }
    if (ret > 0) {
        ret = listing->sink(listing->opaque, &out);
        if (ret != 0) {
            return ret;
        }
        listing->given = true;
    }
    dir->pos += entry->d_reclen;
    dir->next = entry->d_off;
    return 0;
}

/* Fill the empty buffer.  Returns what give_one() does. */
static int fill_for(Listing *listing)
{
    LocalFile *file = listing->file;
    LocalDir *dir = file->dir;
    int ret = 0;

    if (!fs_call_may_wait(listing->call, FS_WAIT_STORAGE)) {
        ret = dir->at_end ? 0 : -EAGAIN;
    } else {
        if (dir->next == 0 || !dir->buf) {
            ret = local_whiteouts_in(listing->call,
                                     name_from_fs(file->base.node), file);
            dir->whiteouts = ret > 0;
        }
        if (ret >= 0) {
            ret = fill(&listing->export->base.budget, file->fd, dir);
        }
    }
    if (ret > 0) {
        return 0;
    }
    /*
     * Entries that the sink has taken must reach the guest first, so the next
     * call returns the error.
     */
    return ret == 0 || listing->given ? 1 : ret;
}

static int readdir_locked(Listing *listing, uint64_t cookie)
{
    LocalDir *dir = listing->file->dir;
    int ret = seek_to(dir, cookie);

    while (ret == 0) {
        ret = dir->pos < dir->len ? give_one(listing) : fill_for(listing);
    }
    return MIN(ret, 0);
}

int local_readdir(const FsCall *call, FsFile *base, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque)
{
    LocalFile *file = local_file(base);
    Listing listing = {
        .call = call,
        .export = local_export(base->node->export),
        .file = file,
        .flags = flags,
        .sink = sink,
        .opaque = opaque,
    };
    int ret;

    if (!base->is_dir) {
        return -ENOTDIR;
    }
    if (waits_for_storage_only(call) && base->remote) {
        return -EAGAIN;
    }
    if (fs_call_may_block(call)) {
        g_mutex_lock(&file->dir->lock);
    } else if (!g_mutex_trylock(&file->dir->lock)) {
        /* Its holder may wait for a file system mounted on an entry. */
        return -EAGAIN;
    }
    ret = listing_begin(&listing);
    if (ret == 0) {
        ret = readdir_locked(&listing, cookie);
    }
    buf_return(&listing.export->base.budget, file->dir);
    g_mutex_unlock(&file->dir->lock);
    host_mounts_put(listing.mounts);
    return ret;
}

bool local_has_root_dev(FsFile *file)
{
    const LocalExport *export = local_export(file->node->export);

    return file->dev == export->root_dev &&
           export->root_devs == HOST_DEVS_MOUNTS;
}
