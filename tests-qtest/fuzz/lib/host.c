/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program of the host that changes the exported tree behind the back of the
 * server: see host_step() in world.h.
 *
 * It never follows a symbolic link itself, as it has planted some that lead
 * outside, and makes no hard links to what is outside.  Errors are ignored.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include "world.h"

typedef enum HostAct {
    HOST_RENAME, HOST_EXCHANGE, HOST_REPLACE_BY_LINK, HOST_SYMLINK, HOST_LINK,
    HOST_UNLINK, HOST_RMDIR, HOST_MKDIR, HOST_WRITE, HOST_TRUNCATE, HOST_CHMOD,
    HOST_CHOWN, HOST_SET_XATTR, HOST_SET_VIRTFS, HOST_REMOVE_XATTR, HOST_MKNOD,
    HOST_METADATA, HOST_METADATA_LINK, HOST_METADATA_DIR, HOST_MOUNT,
    HOST_UMOUNT, HOST_TOUCH, HOST_ACTS,
} HostAct;

/* A directory of the tree, to be closed; -1 if it is not there. */
static int open_some_dir(const World *world, unsigned n)
{
    static const char *const dirs[] = {
        ".", "b", "d", "b/b", ".virtfs_metadata", "b/.virtfs_metadata", "new",
        "d/.virtfs_metadata",
    };
    g_auto(GStrv) parts = g_strsplit(dirs[n % ARRAY_SIZE(dirs)], "/", 2);
    int fd = fcntl(world->export_fd, F_DUPFD_CLOEXEC, 0);

    for (unsigned i = 0; parts[i] && fd >= 0; i++) {
        int next = openat(fd, parts[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                                        O_CLOEXEC);

        close(fd);
        fd = next;
    }
    return fd;
}

static int open_some_file(int dirfd, const char *name, int flags)
{
    return openat(dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                  0644);
}

static void write_bytes(int fd, const void *bytes, size_t size)
{
    if (fd >= 0) {
        ssize_t ignored G_GNUC_UNUSED = write(fd, bytes, size);

        close(fd);
    }
}

/* What a metadata file may contain, well formed or not. */
static void damage(int dirfd, const char *name, Input *in)
{
    static const char *const texts[] = {
        "virtfs.uid=1000\nvirtfs.gid=1001\nvirtfs.mode=33188\n",
        "virtfs.uid=0\nvirtfs.mode=35309\n",
        "virtfs.mode=41471\n", "virtfs.mode=8612\nvirtfs.rdev=259\n",
        "virtfs.mode=4516\n", "virtfs.uid=-1\nvirtfs.gid=-2\n",
        "virtfs.uid=99999999999999999999\n", "", "\n\n\n",
        "virtfs.whiteouts=1\n", "virtfs.mode=16877\n", "garbage",
        "virtfs.rdev=-1\nvirtfs.mode=24996\n", "virtfs.uid=", "virtfs.uid=x\n",
    };
    unsigned n = input_byte(in);
    int fd = open_some_file(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC);

    if (n < 192) {
        const char *text = texts[n % ARRAY_SIZE(texts)];

        write_bytes(fd, text, strlen(text));
    } else {
        Input part = input_take(in, n - 192);

        write_bytes(fd, part.bytes, part.size);
    }
}

static void set_xattr(int dirfd, const char *name, Input *in, bool virtfs)
{
    static const char *const virtfs_names[] = {
        "user.virtfs.uid", "user.virtfs.gid", "user.virtfs.mode",
        "user.virtfs.rdev",
    };
    const char *xattr = virtfs ? virtfs_names[input_below(in, 4)]
                               : input_xattr(in);
    const void *value;
    size_t size = input_value(in, &value);
    int fd = open_some_file(dirfd, name, O_RDONLY);

    if (fd >= 0) {
        fsetxattr(fd, xattr, value, size, 0);
        close(fd);
    }
}

static void remove_xattr(int dirfd, const char *name, Input *in)
{
    const char *xattr = input_xattr(in);
    int fd = open_some_file(dirfd, name, O_RDONLY);

    if (fd >= 0) {
        fremovexattr(fd, xattr);
        close(fd);
    }
}

static void make_node(int dirfd, const char *name, Input *in)
{
    unsigned n = input_byte(in);

    if (n & 1) {
        mknodat(dirfd, name, S_IFSOCK | 0666, 0);
    } else {
        mknodat(dirfd, name, S_IFIFO | (n & 2 ? 0644 : 0), 0);
    }
}

static void replace_by_link(int dirfd, const char *name, Input *in)
{
    const char *target = input_target(in);

    if (symlinkat(target, dirfd, "host-new") == 0 &&
        renameat(dirfd, "host-new", dirfd, name) < 0) {
        unlinkat(dirfd, name, AT_REMOVEDIR);
        renameat(dirfd, "host-new", dirfd, name);
        unlinkat(dirfd, "host-new", 0);
    }
}

static void truncate_some(int dirfd, const char *name, Input *in)
{
    uint64_t size = input_at_most(in, 1u << 20);
    int fd = open_some_file(dirfd, name, O_WRONLY);

    if (fd >= 0) {
        int ignored G_GNUC_UNUSED = ftruncate(fd, size);

        close(fd);
    }
}

/* Only on a directory that is never renamed away, so that it is found again. */
static void mount_some(const World *world, bool mount_it)
{
    g_autofree char *path = g_build_filename(world->path, "d", NULL);
    struct stat st;

    if (!mount_it) {
        umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
    } else if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        mount("fuzz", path, "tmpfs", MS_NOSUID | MS_NODEV,
              "size=1m,nr_inodes=100");
    }
}

/* What is beside the files, for the model mapped-file. */
static void metadata(HostAct act, int dirfd, const char *name, Input *in)
{
    int fd;

    if (act == HOST_METADATA_DIR) {
        unlinkat(dirfd, ".virtfs_metadata", AT_REMOVEDIR);
        symlinkat(input_target(in), dirfd, ".virtfs_metadata");
        return;
    }
    mkdirat(dirfd, ".virtfs_metadata", 0700);
    fd = openat(dirfd, ".virtfs_metadata",
                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (act == HOST_METADATA_LINK) {
        replace_by_link(fd, name, in);
    } else {
        damage(fd, name, in);
    }
    close(fd);
}

static void act_on_content(HostAct act, int dirfd, const char *name, Input *in)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_NOW } };
    uint32_t uid;

    switch (act) {
    case HOST_WRITE:
        damage(dirfd, name, in);
        break;
    case HOST_TRUNCATE:
        truncate_some(dirfd, name, in);
        break;
    case HOST_CHMOD:
        /* There may be a link, which this refuses to change. */
        fchmodat(dirfd, name, input_number(in) * 8 & 07777,
                 AT_SYMLINK_NOFOLLOW);
        break;
    case HOST_CHOWN:
        uid = input_id(in);
        fchownat(dirfd, name, uid, input_id(in), AT_SYMLINK_NOFOLLOW);
        break;
    case HOST_SET_XATTR:
    case HOST_SET_VIRTFS:
        set_xattr(dirfd, name, in, act == HOST_SET_VIRTFS);
        break;
    case HOST_REMOVE_XATTR:
        remove_xattr(dirfd, name, in);
        break;
    case HOST_TOUCH:
        times[1].tv_sec = input_byte(in);
        utimensat(dirfd, name, times, AT_SYMLINK_NOFOLLOW);
        break;
    default:
        metadata(act, dirfd, name, in);
    }
}

static void act_on_names(HostAct act, int dirfd, const char *name, Input *in)
{
    switch (act) {
    case HOST_RENAME:
        renameat(dirfd, name, dirfd, input_name(in));
        break;
    case HOST_EXCHANGE:
        renameat2(dirfd, name, dirfd, input_name(in), RENAME_EXCHANGE);
        break;
    case HOST_REPLACE_BY_LINK:
        replace_by_link(dirfd, name, in);
        break;
    case HOST_SYMLINK:
        symlinkat(input_target(in), dirfd, name);
        break;
    case HOST_LINK:
        linkat(dirfd, name, dirfd, input_name(in), 0);
        break;
    case HOST_UNLINK:
        unlinkat(dirfd, name, 0);
        break;
    case HOST_RMDIR:
        unlinkat(dirfd, name, AT_REMOVEDIR);
        break;
    case HOST_MKDIR:
        mkdirat(dirfd, name, input_byte(in) & 1 ? 02777 : 0755);
        break;
    case HOST_MKNOD:
        make_node(dirfd, name, in);
        break;
    default:
        act_on_content(act, dirfd, name, in);
    }
}

void host_step(const World *world, Input *in)
{
    HostAct act = input_below(in, HOST_ACTS);
    int dirfd = open_some_dir(world, input_byte(in));
    const char *name = input_name(in);

    if (act == HOST_MOUNT || act == HOST_UMOUNT) {
        mount_some(world, act == HOST_MOUNT);
    } else if (dirfd >= 0) {
        act_on_names(act, dirfd, name, in);
    }
    if (dirfd >= 0) {
        close(dirfd);
    }
}
