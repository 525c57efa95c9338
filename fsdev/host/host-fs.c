/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File systems by their magic numbers, and the mounts of this process.
 *
 * On most file systems a directory and its entry are on different devices only
 * if something is mounted on the entry.  It is enough to know the last
 * components of all mount points to know which entries need a closer look; an
 * entry that has such a name by chance gets that look for nothing.
 *
 * The process has one snapshot, which is replaced when poll(2) reports that
 * the mounts have changed.  Its mutex is held while the list is read, so that
 * the change is not reported to one thread and missed by another.
 * Used by the local driver from any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"
#include "fsdev/host/host-fs.h"

#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>

/* Missing from the kernel headers of some hosts, or of all of them. */
#ifndef BCACHEFS_SUPER_MAGIC
#define BCACHEFS_SUPER_MAGIC 0xca451a4e
#endif
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#define JFS_SUPER_MAGIC 0x3153464a
#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC 0x62656570
#endif
#define MQUEUE_MAGIC 0x19800202

/* How often the list is read again when it changes while it is read. */
#define READ_TRIES 8
/* Some hundred thousand mounts; with more, each entry gets a closer look. */
#define MOUNTS_MAX_BYTES (64 * 1024 * 1024)

/* ---- file systems ----------------------------------------------------- */

/*
 * Only file systems that certainly use local memory or block devices; overlayfs
 * and the like may be based on any other file system.
 */
static const struct {
    uint32_t magic;
    HostFsDevs devs;
    bool in_memory;
    bool fsid_lasts;            /* f_fsid comes from what is on the disk */
} local_fs[] = {
    /* ext2 and ext3 too */
    { EXT4_SUPER_MAGIC, HOST_DEVS_MOUNTS, .fsid_lasts = true },
    { XFS_SUPER_MAGIC, HOST_DEVS_MOUNTS },
    { BTRFS_SUPER_MAGIC, HOST_DEVS_DIRS, .fsid_lasts = true },
    { F2FS_SUPER_MAGIC, HOST_DEVS_MOUNTS },
    { BCACHEFS_SUPER_MAGIC, HOST_DEVS_DIRS, .fsid_lasts = true },
    { ZFS_SUPER_MAGIC, HOST_DEVS_ANY, .fsid_lasts = true },
    { JFS_SUPER_MAGIC, HOST_DEVS_ANY },
    { TMPFS_MAGIC, HOST_DEVS_MOUNTS, .in_memory = true },
    { RAMFS_MAGIC, HOST_DEVS_MOUNTS, .in_memory = true },
    { SQUASHFS_MAGIC, HOST_DEVS_MOUNTS },
    { EROFS_SUPER_MAGIC_V1, HOST_DEVS_MOUNTS },
    { ISOFS_SUPER_MAGIC, HOST_DEVS_ANY },
    { MSDOS_SUPER_MAGIC, HOST_DEVS_ANY },       /* inode numbers vary */
    { EXFAT_SUPER_MAGIC, HOST_DEVS_ANY },       /* likewise */
};

/* Index into local_fs, or -1. */
static int find_type(const struct statfs *st)
{
    for (size_t i = 0; i < ARRAY_SIZE(local_fs); i++) {
        if ((uint32_t)st->f_type == local_fs[i].magic) {
            return i;
        }
    }
    return -1;
}

/* The same for the file system of @fd. */
static int find_fs(int fd)
{
    struct statfs st;

    return fstatfs(fd, &st) < 0 ? -1 : find_type(&st);
}

bool host_fs_is_local(int fd)
{
    return find_fs(fd) >= 0;
}

bool host_fs_is_in_memory(int fd)
{
    int at = find_fs(fd);

    return at >= 0 && local_fs[at].in_memory;
}

HostFsDevs host_fs_devs(int fd)
{
    int at = find_fs(fd);

    return at < 0 ? HOST_DEVS_ANY : local_fs[at].devs;
}

/*
 * File systems whose files are made by the kernel when they are read, and that
 * tell a size that does not depend on what they hold then.
 */
static const uint32_t inventing_fs[] = {
    SYSFS_MAGIC,                /* the size of a page */
    CONFIGFS_MAGIC,             /* the same */
    CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC,
    RDTGROUP_SUPER_MAGIC,
    TRACEFS_MAGIC,
    DEBUGFS_MAGIC,
    SECURITYFS_MAGIC,
    SELINUX_MAGIC,
    SMACK_MAGIC,
    MQUEUE_MAGIC,               /* 80 bytes */
};

static bool is_inventing(int fd)
{
    struct statfs st;
    int ret = NEG_ERRNO(fstatfs(fd, &st));

    for (size_t i = 0; ret == 0 && i < ARRAY_SIZE(inventing_fs); i++) {
        if ((uint32_t)st.f_type == inventing_fs[i]) {
            return true;
        }
    }
    return false;
}

/*
 * Such a file occupies no blocks, and its file system has no block device.
 * What is left are sparse files, for which it is enough to ask once for each
 * mount: the last one is remembered.
 */
bool host_fs_invents_size(int fd, const HostStat *st)
{
    static __thread struct {
        uint64_t dev;
        uint64_t mnt_id;
    } honest;

    if (!S_ISREG(st->mode) || !st->size || st->blocks || major(st->dev)) {
        return false;
    }
    if (st->dev == honest.dev && st->mnt_id == honest.mnt_id) {
        return false;
    }
    if (is_inventing(fd)) {
        return true;
    }
    honest.dev = st->dev;
    honest.mnt_id = st->mnt_id;
    return false;
}

uint64_t host_fs_dev_id(int fd, uint64_t dev)
{
    struct statfs st = { 0 };
    int at = fstatfs(fd, &st) < 0 ? -1 : find_type(&st);
    uint64_t fsid = 0;

    memcpy(&fsid, &st.f_fsid, MIN(sizeof(fsid), sizeof(st.f_fsid)));
    return at >= 0 && local_fs[at].fsid_lasts && fsid ? fsid : dev;
}

/* ---- mounts ----------------------------------------------------------- */

struct HostMounts {
    gint refs;                  /* atomic */
    GHashTable *by_id;          /* owned: mount id → set of components */
};

static struct {
    pthread_mutex_t lock;       /* guards what follows */
    HostMounts *latest;         /* counted; NULL: to be read */
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
};

void host_mounts_put(HostMounts *mounts)
{
    if (mounts && g_atomic_int_dec_and_test(&mounts->refs)) {
        g_hash_table_destroy(mounts->by_id);
        g_free(mounts);
    }
}

GHashTable *host_mounts_in(const HostMounts *mounts, uint64_t mnt_id)
{
    gint64 key = mnt_id;

    return g_hash_table_lookup(mounts->by_id, &key);
}

/* The set of @id, which is made if it does not exist. */
static GHashTable *components_of(GHashTable *by_id, gint64 id)
{
    GHashTable *set = g_hash_table_lookup(by_id, &id);

    if (!set) {
        gint64 *key = g_new(gint64, 1);

        *key = id;
        set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(by_id, key, set);
    }
    return set;
}

/* Decodes the \ooo in @path in place and returns its last component. */
static char *last_component(char *path)
{
    char *to = path;

    for (const char *from = path; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
            from[2] >= '0' && from[2] <= '7' &&
            from[3] >= '0' && from[3] <= '7') {
            *to = (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0');
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    to = strrchr(path, '/');
    return to ? to + 1 : path;
}

/* "36 35 98:0 /root /mount/point options…": id, parent's id, …, path. */
static bool parse_mount(char *line, GHashTable *seen, GHashTable *by_id)
{
    g_auto(GStrv) fields = g_strsplit(line, " ", 6);
    guint64 id, parent;
    char *name;

    if (g_strv_length(fields) < 6 ||
        !g_ascii_string_to_unsigned(fields[0], 10, 0, G_MAXINT64, &id, NULL) ||
        !g_ascii_string_to_unsigned(fields[1], 10, 0, G_MAXINT64, &parent,
                                    NULL)) {
        return false;
    }
    g_hash_table_add(seen, components_of(by_id, id));
    name = last_component(fields[4]);
    if (name[0]) {
        g_hash_table_add(components_of(by_id, parent), g_strdup(name));
    }
    return true;
}

static gboolean is_unseen(gpointer key, gpointer set, gpointer seen)
{
    return !g_hash_table_contains(seen, set);
}

HostMounts *host_mounts_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    HostMounts *mounts = g_new0(HostMounts, 1);

    mounts->refs = 1;
    mounts->by_id = g_hash_table_new_full(
        g_int64_hash, g_int64_equal, g_free,
        (GDestroyNotify)g_hash_table_destroy);
    for (unsigned i = 0; lines[i]; i++) {
        if (lines[i][0] && !parse_mount(lines[i], seen, mounts->by_id)) {
            host_mounts_put(mounts);
            return NULL;
        }
    }
    /* A mount without a line of its own may contain others that we miss. */
    g_hash_table_foreach_remove(mounts->by_id, is_unseen, seen);
    return mounts;
}

/* Reads all of the file, whose length is not known in advance. */
static char *read_text(int fd)
{
    size_t room = 16384;
    g_autofree char *text = g_malloc(room);
    size_t len = 0;
    ssize_t done;

    if (lseek(fd, 0, SEEK_SET) < 0) {
        return NULL;
    }
    for (;;) {
        done = RETRY_ON_EINTR(read(fd, text + len, room - 1 - len));
        if (done <= 0) {
            break;
        }
        len += done;
        if (len == room - 1) {
            room *= 2;
            if (room > MOUNTS_MAX_BYTES) {
                return NULL;
            }
            text = g_realloc(text, room);
        }
    }
    text[len] = '\0';
    return done < 0 ? NULL : g_steal_pointer(&text);
}

/* Locked.  Since the last call of this, or since the file was opened. */
static bool mounts_changed(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLPRI };

    return RETRY_ON_EINTR(poll(&poll_fd, 1, 0)) != 0;
}

/* Locked.  NULL when the list cannot be read, or changes all the time. */
static HostMounts *read_mounts(int fd)
{
    HostMounts *mounts = NULL;
    int tries = READ_TRIES;

    do {
        g_autofree char *text = read_text(fd);

        host_mounts_put(mounts);
        mounts = text ? host_mounts_parse(text) : NULL;
    } while (mounts_changed(fd) && --tries > 0);
    if (!tries) {
        g_clear_pointer(&mounts, host_mounts_put);
    }
    return mounts;
}

int host_mounts_get(bool may_sleep, HostMounts **mounts)
{
    int fd = host_mountinfo_fd();
    int ret = 0;

    if (fd < 0) {
        return -ENOSYS;
    }
    if (may_sleep) {
        pthread_mutex_lock(&state.lock);
    } else if (pthread_mutex_trylock(&state.lock) != 0) {
        return -EAGAIN;
    }
    if (state.latest && mounts_changed(fd)) {
        g_clear_pointer(&state.latest, host_mounts_put);
    }
    if (!state.latest && may_sleep) {
        state.latest = read_mounts(fd);
    }
    if (state.latest) {
        g_atomic_int_inc(&state.latest->refs);
        *mounts = state.latest;
    } else {
        ret = may_sleep ? -ENOSYS : -EAGAIN;
    }
    pthread_mutex_unlock(&state.lock);
    return ret;
}
