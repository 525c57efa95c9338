/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system with any names; see fuse-names.h.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/fuse.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "fuse-names.h"

enum { REQUEST_SIZE = 2 * FUSE_MIN_READ_BUFFER, MINOR = 31 };

struct FuseNames {
    char *path;                 /* owned */
    pid_t server;               /* 0: none */
};

typedef union Request {
    struct fuse_in_header header;
    char bytes[REQUEST_SIZE];
} Request;

typedef struct Server {
    int dev;
    const char *const *names;
    Request now;
} Server;

static void reply(Server *s, int error, const void *data, size_t len)
{
    struct fuse_out_header out = {
        .len = sizeof(out) + len, .error = error,
        .unique = s->now.header.unique,
    };
    struct iovec iov[] = { { &out, sizeof(out) }, { (void *)data, len } };

    if (writev(s->dev, iov, len ? 2 : 1) < 0 && errno != ENOENT) {
        _exit(1);
    }
}

/* The name with index i has the node FUSE_ROOT_ID + 1 + i. */
static struct fuse_attr attr_of(uint64_t node)
{
    return (struct fuse_attr) {
        .ino = node, .nlink = 1, .blksize = 4096,
        .mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
    };
}

static void do_init(Server *s)
{
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION, .minor = MINOR, .max_write = 4096,
    };

    reply(s, 0, &out, sizeof(out));
}

static void do_getattr(Server *s)
{
    struct fuse_attr_out out = { .attr = attr_of(s->now.header.nodeid) };

    reply(s, 0, &out, sizeof(out));
}

static void do_lookup(Server *s)
{
    const char *name = s->now.bytes + sizeof(s->now.header);

    for (unsigned i = 0; s->names[i]; i++) {
        if (!strcmp(s->names[i], name)) {
            struct fuse_entry_out out = {
                .nodeid = FUSE_ROOT_ID + 1 + i,
                .attr = attr_of(FUSE_ROOT_ID + 1 + i),
            };

            reply(s, 0, &out, sizeof(out));
            return;
        }
    }
    reply(s, -ENOENT, NULL, 0);
}

static void do_open(Server *s)
{
    struct fuse_open_out out = { 0 };

    reply(s, 0, &out, sizeof(out));
}

static void do_readdir(Server *s)
{
    const struct fuse_read_in *in =
        (const void *)(s->now.bytes + sizeof(s->now.header));
    uint64_t buf[1024] = { 0 };
    size_t size = MIN(in->size, sizeof(buf));
    size_t len = 0;

    for (unsigned i = 0; s->names[i]; i++) {
        size_t name_len = strlen(s->names[i]);
        struct fuse_dirent *entry = (void *)((char *)buf + len);

        if (i < in->offset) {
            continue;
        }
        if (len + FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + name_len) > size) {
            break;
        }
        *entry = (struct fuse_dirent) {
            .ino = FUSE_ROOT_ID + 1 + i, .off = i + 1, .namelen = name_len,
            .type = DT_REG,
        };
        memcpy(entry->name, s->names[i], name_len);
        len += FUSE_DIRENT_SIZE(entry);
    }
    reply(s, 0, buf, len);
}

static void do_statfs(Server *s)
{
    struct fuse_statfs_out out = { .st = { .bsize = 4096, .namelen = 1024 } };

    reply(s, 0, &out, sizeof(out));
}

static void answer(Server *s)
{
    switch (s->now.header.opcode) {
    case FUSE_INIT:
        do_init(s);
        break;
    case FUSE_GETATTR:
        do_getattr(s);
        break;
    case FUSE_LOOKUP:
        do_lookup(s);
        break;
    case FUSE_OPEN:
    case FUSE_OPENDIR:
        do_open(s);
        break;
    case FUSE_READDIR:
        do_readdir(s);
        break;
    case FUSE_STATFS:
        do_statfs(s);
        break;
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
    case FUSE_FLUSH:
        reply(s, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
    case FUSE_DESTROY:
        break;
    default:
        reply(s, -ENOSYS, NULL, 0);
    }
}

static void G_GNUC_NORETURN serve(Server *s, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent) {
        ssize_t len = read(s->dev, &s->now, sizeof(s->now));

        if (len < 0 && errno == ENODEV) {
            break;              /* unmounted */
        }
        if (len > 0) {
            answer(s);
        }
    }
    _exit(0);
}

static bool mount_at(const char *path, int dev)
{
    g_autofree char *options = g_strdup_printf(
        "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", dev);

    return mount("p9-names", path, "fuse", MS_NOSUID | MS_NODEV, options) == 0;
}

FuseNames *fuse_names_new(const char *path, const char *const *names,
                          const char **why)
{
    Server *s = g_new0(Server, 1);
    FuseNames *fuse = NULL;
    pid_t parent = getpid();

    s->names = names;
    s->dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (s->dev < 0 || !mount_at(path, s->dev)) {
        *why = "a FUSE file system cannot be mounted here";
    } else {
        fuse = g_new0(FuseNames, 1);
        fuse->path = g_strdup(path);
        fuse->server = fork();
        g_assert_cmpint(fuse->server, >=, 0);
        if (fuse->server == 0) {
            serve(s, parent);
        }
    }
    if (s->dev >= 0) {
        close(s->dev);
    }
    g_free(s);
    return fuse;
}

void fuse_names_die(FuseNames *fuse)
{
    if (fuse->server > 0) {
        kill(fuse->server, SIGKILL);
        while (waitpid(fuse->server, NULL, 0) < 0 && errno == EINTR) {
            /* again */
        }
        fuse->server = 0;
    }
}

void fuse_names_free(FuseNames *fuse)
{
    if (fuse) {
        fuse_names_die(fuse);
        umount2(fuse->path, MNT_DETACH);
        g_free(fuse->path);
        g_free(fuse);
    }
}
