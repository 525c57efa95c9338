/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE server with odd inode numbers; see fuse-odd.h.
 *
 * After the fork the server uses its stack and its Server struct only.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/fuse.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "fuse-odd.h"

enum {
    FILES = 32,
    FILE_SIZE = 256,
    FIRST_NODE = 100,           /* the node of files[0] */
    REQUEST_SIZE = 2 * FUSE_MIN_READ_BUFFER,
    MINOR = 31,
};

struct FuseOdd {
    char *path;                 /* owned */
    pid_t server;
};

/* A file keeps its slot after it was removed, as it may be open. */
typedef struct File {
    char name[32];              /* "": removed, or not used yet */
    char data[FILE_SIZE];
    uint32_t size;
    uint32_t mode;
    uint64_t ino;
    uint64_t ctime;
} File;

typedef struct Server {
    int dev;
    FuseOddNumbers numbers;
    unsigned used;
    uint64_t count;             /* of replies */
    uint64_t free_ino;          /* of the last removed file */
    File files[FILES];
    union {
        struct fuse_in_header header;
        char bytes[REQUEST_SIZE];
    } req;
} Server;

static void *arguments(Server *s)
{
    return s->req.bytes + sizeof(s->req.header);
}

static void reply(Server *s, int error, const void *data, size_t len)
{
    struct fuse_out_header out = {
        .len = sizeof(out) + len, .error = error,
        .unique = s->req.header.unique,
    };
    struct iovec iov[] = { { &out, sizeof(out) }, { (void *)data, len } };

    if (writev(s->dev, iov, len ? 2 : 1) < 0 && errno != ENOENT) {
        _exit(1);
    }
}

static File *find(Server *s, const char *name)
{
    for (unsigned i = 0; i < s->used; i++) {
        if (!strcmp(s->files[i].name, name)) {
            return &s->files[i];
        }
    }
    return NULL;
}

static File *file_of(Server *s)
{
    uint64_t n = s->req.header.nodeid - FIRST_NODE;

    return n < s->used ? &s->files[n] : NULL;
}

static File *add(Server *s, const char *name, const char *text, uint32_t mode)
{
    File *file = &s->files[s->used];

    if (s->used == FILES) {
        _exit(1);
    }
    s->used++;
    g_strlcpy(file->name, name, sizeof(file->name));
    file->size = strlen(text);
    memcpy(file->data, text, file->size);
    file->mode = S_IFREG | (mode & 07777);
    file->ino = s->free_ino ?: 1000 + s->used;
    file->ctime = ++s->count;
    s->free_ino = 0;
    return file;
}

static struct fuse_attr attr_of(Server *s, const File *file)
{
    struct fuse_attr attr = {
        .ino = 1, .mode = S_IFDIR | 0777, .nlink = 2, .blksize = 4096,
    };

    s->count++;
    if (file) {
        attr.mode = file->mode;
        attr.nlink = file->name[0] != '\0';
        attr.size = file->size;
        attr.ctime = file->ctime;
        attr.ino = s->numbers == FUSE_ODD_EQUAL ? 77
                   : s->numbers == FUSE_ODD_ZERO ? 0
                   : s->numbers == FUSE_ODD_CHANGING ? 5000 + s->count
                   : file->ino;
    }
    return attr;
}

static struct fuse_entry_out entry_of(Server *s, const File *file)
{
    return (struct fuse_entry_out) {
        .nodeid = FIRST_NODE + (file - s->files), .attr = attr_of(s, file),
    };
}

static void reply_entry(Server *s, const File *file)
{
    struct fuse_entry_out out = entry_of(s, file);

    reply(s, 0, &out, sizeof(out));
}

static void reply_attr(Server *s)
{
    struct fuse_attr_out out = { .attr = attr_of(s, file_of(s)) };

    reply(s, 0, &out, sizeof(out));
}

static void do_init(Server *s)
{
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION, .minor = MINOR,
        .flags = FUSE_BIG_WRITES, .max_write = 4096,
    };

    reply(s, 0, &out, sizeof(out));
}

static void do_setattr(Server *s)
{
    const struct fuse_setattr_in *in = arguments(s);
    File *file = file_of(s);

    if (file && (in->valid & FATTR_SIZE)) {
        file->size = MIN(in->size, FILE_SIZE);
    }
    if (file && (in->valid & FATTR_MODE)) {
        file->mode = S_IFREG | (in->mode & 07777);
    }
    if (file) {
        file->ctime = ++s->count;
    }
    reply_attr(s);
}

static void do_create(Server *s)
{
    const struct fuse_create_in *in = arguments(s);
    struct {
        struct fuse_entry_out entry;
        struct fuse_open_out open;
    } out = { .open = { .open_flags = FOPEN_DIRECT_IO } };

    out.entry = entry_of(s, add(s, (const char *)(in + 1), "", in->mode));
    reply(s, 0, &out, sizeof(out));
}

static void remove_name(Server *s, File *file)
{
    s->free_ino = file->ino;
    file->name[0] = '\0';
    file->ctime = ++s->count;
}

static void do_rename(Server *s, const char *from)
{
    const char *to = from + strlen(from) + 1;
    File *file = find(s, from);
    File *old = find(s, to);

    if (old && old != file) {
        remove_name(s, old);
    }
    if (file) {
        g_strlcpy(file->name, to, sizeof(file->name));
    }
    reply(s, file ? 0 : -ENOENT, NULL, 0);
}

static void do_read(Server *s)
{
    const struct fuse_read_in *in = arguments(s);
    const File *file = file_of(s);
    uint64_t from = MIN(in->offset, file ? file->size : 0);

    reply(s, 0, file ? file->data + from : NULL,
          file ? MIN(file->size - from, in->size) : 0);
}

static void do_write(Server *s)
{
    const struct fuse_write_in *in = arguments(s);
    struct fuse_write_out out = { .size = in->size };
    File *file = file_of(s);

    if (!file || in->offset + in->size > FILE_SIZE) {
        reply(s, -EFBIG, NULL, 0);
        return;
    }
    memcpy(file->data + in->offset, in + 1, in->size);
    file->size = MAX(file->size, in->offset + in->size);
    file->ctime = ++s->count;
    reply(s, 0, &out, sizeof(out));
}

static void serve_name(Server *s, const char *name)
{
    File *file = find(s, name);

    if (!file) {
        reply(s, -ENOENT, NULL, 0);
    } else if (s->req.header.opcode == FUSE_UNLINK) {
        remove_name(s, file);
        reply(s, 0, NULL, 0);
    } else {
        reply_entry(s, file);
    }
}

static void serve_one(Server *s)
{
    struct fuse_open_out open = { .open_flags = FOPEN_DIRECT_IO };
    struct fuse_statfs_out statfs = { .st = { .bsize = 4096, .namelen = 255 } };

    switch (s->req.header.opcode) {
    case FUSE_INIT:
        do_init(s);
        break;
    case FUSE_LOOKUP:
    case FUSE_UNLINK:
        serve_name(s, arguments(s));
        break;
    case FUSE_GETATTR:
        reply_attr(s);
        break;
    case FUSE_SETATTR:
        do_setattr(s);
        break;
    case FUSE_CREATE:
        do_create(s);
        break;
    case FUSE_RENAME:
        do_rename(s, (char *)arguments(s) + sizeof(struct fuse_rename_in));
        break;
    case FUSE_RENAME2:
        do_rename(s, (char *)arguments(s) + sizeof(struct fuse_rename2_in));
        break;
    case FUSE_READ:
        do_read(s);
        break;
    case FUSE_WRITE:
        do_write(s);
        break;
    case FUSE_OPEN:
        reply(s, 0, &open, sizeof(open));
        break;
    case FUSE_STATFS:
        reply(s, 0, &statfs, sizeof(statfs));
        break;
    case FUSE_RELEASE:
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

static void G_GNUC_NORETURN serve(Server *s)
{
    add(s, "a", "old", 0644);
    add(s, "b", "old", 0644);
    for (;;) {
        ssize_t len = read(s->dev, &s->req, sizeof(s->req));

        if (len > 0) {
            serve_one(s);
        } else if (errno != EINTR && errno != ENOENT && errno != EAGAIN) {
            _exit(0);
        }
    }
}

static pid_t start(Server *s)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0) {
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
    for (int fd = STDERR_FILENO + 1; fd < 4096; fd++) {
        if (fd != s->dev) {
            close(fd);
        }
    }
    serve(s);
}

FuseOdd *fuse_odd_new(const char *path, FuseOddNumbers numbers,
                      const char **why)
{
    g_autofree Server *s = g_new0(Server, 1);
    g_autofree char *options = NULL;
    FuseOdd *fuse;

    s->numbers = numbers;
    s->dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    options = g_strdup_printf(
        "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", s->dev);
    if (s->dev < 0 || mount("p9-odd", path, "fuse", MS_NOSUID | MS_NODEV,
                            options) < 0) {
        *why = "a FUSE file system cannot be mounted here";
        if (s->dev >= 0) {
            close(s->dev);
        }
        return NULL;
    }
    fuse = g_new0(FuseOdd, 1);
    fuse->path = g_strdup(path);
    fuse->server = start(s);
    g_assert_cmpint(fuse->server, >, 0);
    close(s->dev);
    return fuse;
}

void fuse_odd_free(FuseOdd *fuse)
{
    kill(fuse->server, SIGKILL);
    while (waitpid(fuse->server, NULL, 0) < 0 && errno == EINTR) {
        /* again */
    }
    umount2(fuse->path, MNT_DETACH);
    g_free(fuse->path);
    g_free(fuse);
}
