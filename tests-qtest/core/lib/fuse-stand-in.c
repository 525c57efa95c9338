/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A FUSE file system whose server stops answering; see fuse-stand-in.h.
 *
 * The test's process and the server share a page with the opcodes that hang
 * and the number of requests.  The server writes the opcode of each hanging
 * request to a pipe; a byte that it receives from another pipe makes it answer
 * all of them.  After the fork the server uses no memory except its stack, its
 * Server struct and the shared page.
 */
#include "fsdev/core/p9-osdep.h"
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "fuse-stand-in.h"

enum {
    MAX_WRITE = 4096,
    REQUEST_SIZE = 2 * FUSE_MIN_READ_BUFFER,
    MAX_HELD = 512,
    /* The version of the protocol; later versions only add to it. */
    MINOR = 31,
};

/* The kind of a node is in the low bits of its number. */
enum {
    KIND_DIR, KIND_FILE, KIND_LINK, KIND_META, KIND_META_FILE, KIND_BITS = 3,
    UNNAMED = 7,                /* used as a kind: parent of new nodes */
};

typedef struct Shared {
    guint hang[2];              /* bit mask of opcodes; atomic */
    gint spared;                /* requests that are answered before; atomic */
    gint requests;              /* atomic */
} Shared;

struct FuseStandIn {
    char *path;                 /* owned */
    Shared *shared;             /* owned mapping */
    pid_t server;
    int hung;                   /* pipe: opcodes of hanging requests, 32 bits */
    int answer;                 /* pipe: write a byte to get them answered */
};

typedef union Request {
    struct fuse_in_header header;
    char bytes[REQUEST_SIZE];
} Request;

typedef struct Server {
    Shared *shared;
    int dev;
    int hung;
    int answer;
    unsigned held;
    Request now;
    Request later[MAX_HELD];
} Server;

/* ---- the tree --------------------------------------------------------- */

static unsigned kind_of(uint64_t node)
{
    return node == FUSE_ROOT_ID ? KIND_DIR : node & ((1 << KIND_BITS) - 1);
}

static const struct {
    const char *name;
    unsigned kind;
} entries[] = {
    { "dir", KIND_DIR },
    { "file", KIND_FILE },
    { "link", KIND_LINK },
    { ".virtfs_metadata", KIND_META },
};

/* The node of @kind in @dir; the numbers wrap around in very deep trees. */
static uint64_t child_of(uint64_t dir, unsigned kind)
{
    return ((dir + 1) << KIND_BITS) | kind;
}

static uint64_t find(uint64_t dir, const char *name)
{
    if (kind_of(dir) == KIND_META) {
        return child_of(dir, KIND_META_FILE);
    }
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        if (!strcmp(entries[i].name, name)) {
            return child_of(dir, entries[i].kind);
        }
    }
    return 0;
}

static const char *content_of(uint64_t node)
{
    return kind_of(node) == KIND_META_FILE ? STAND_IN_META : "stand-in\n";
}

static struct fuse_attr attr_of(uint64_t node)
{
    static const uint32_t modes[] = {
        [KIND_DIR] = S_IFDIR | 0755,
        [KIND_FILE] = S_IFREG | 0644,
        [KIND_LINK] = S_IFLNK | 0777,
        [KIND_META] = S_IFDIR | 0700,
        [KIND_META_FILE] = S_IFREG | 0600,
    };
    struct fuse_attr attr = {
        .ino = node, .mode = modes[kind_of(node)], .nlink = 1, .blksize = 4096,
    };

    if (S_ISREG(attr.mode)) {
        attr.size = strlen(content_of(node));
    } else if (S_ISLNK(attr.mode)) {
        attr.size = strlen("file");
    }
    return attr;
}

/* ---- answers ---------------------------------------------------------- */

static void reply(Server *s, const Request *req, int error, const void *data,
                  size_t len)
{
    struct fuse_out_header out = {
        .len = sizeof(out) + len, .error = error, .unique = req->header.unique,
    };
    struct iovec iov[] = { { &out, sizeof(out) }, { (void *)data, len } };

    /* ENOENT: the request was interrupted and needs no answer. */
    if (writev(s->dev, iov, len ? 2 : 1) < 0 && errno != ENOENT) {
        _exit(1);
    }
}

static void reply_error(Server *s, const Request *req, int error)
{
    reply(s, req, error, NULL, 0);
}

static void reply_entry(Server *s, const Request *req, uint64_t node)
{
    struct fuse_entry_out out = { .nodeid = node, .attr = attr_of(node) };

    reply(s, req, 0, &out, sizeof(out));
}

static void reply_attr(Server *s, const Request *req)
{
    struct fuse_attr_out out = { .attr = attr_of(req->header.nodeid) };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_init(Server *s, const Request *req)
{
    struct fuse_init_out out = {
        .major = FUSE_KERNEL_VERSION, .minor = MINOR,
        .flags = FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS | FUSE_BIG_WRITES,
        .max_write = MAX_WRITE, .max_background = 12,
    };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_lookup(Server *s, const Request *req)
{
    uint64_t node = find(req->header.nodeid, req->bytes + sizeof(req->header));

    if (node) {
        reply_entry(s, req, node);
    } else {
        reply_error(s, req, -ENOENT);
    }
}

static void do_make(Server *s, const Request *req)
{
    unsigned kind = req->header.opcode == FUSE_MKDIR ? KIND_DIR
                    : req->header.opcode == FUSE_SYMLINK ? KIND_LINK
                    : KIND_FILE;

    /* The number must differ from those of "dir", "file" and "link". */
    reply_entry(s, req,
                child_of(child_of(req->header.nodeid, UNNAMED), kind));
}

static void do_create(Server *s, const Request *req)
{
    uint64_t node = child_of(child_of(req->header.nodeid, UNNAMED),
                             KIND_FILE);
    struct {
        struct fuse_entry_out entry;
        struct fuse_open_out open;
    } out = { .entry = { .nodeid = node, .attr = attr_of(node) } };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_read(Server *s, const Request *req)
{
    const struct fuse_read_in *in =
        (const void *)(req->bytes + sizeof(req->header));
    const char *text = content_of(req->header.nodeid);
    size_t len = strlen(text);
    size_t from = MIN(in->offset, len);

    reply(s, req, 0, text + from, MIN(len - from, in->size));
}

static void do_readdir(Server *s, const Request *req)
{
    const struct fuse_read_in *in =
        (const void *)(req->bytes + sizeof(req->header));
    uint64_t buf[64] = { 0 };
    size_t len = 0;

    for (size_t i = in->offset; i < ARRAY_SIZE(entries); i++) {
        size_t name_len = strlen(entries[i].name);
        struct fuse_dirent *entry = (void *)((char *)buf + len);
        uint64_t node = child_of(req->header.nodeid, entries[i].kind);

        *entry = (struct fuse_dirent) {
            .ino = node, .off = i + 1, .namelen = name_len,
            .type = attr_of(node).mode >> 12,
        };
        memcpy(entry->name, entries[i].name, name_len);
        len += FUSE_DIRENT_SIZE(entry);
    }
    reply(s, req, 0, buf, len);
}

static void do_write(Server *s, const Request *req)
{
    const struct fuse_write_in *in =
        (const void *)(req->bytes + sizeof(req->header));
    struct fuse_write_out out = { .size = in->size };

    reply(s, req, 0, &out, sizeof(out));
}

/* Without the page cache, so that each read() makes a request. */
static void do_open(Server *s, const Request *req)
{
    struct fuse_open_out out = {
        .open_flags = req->header.opcode == FUSE_OPEN ? FOPEN_DIRECT_IO : 0,
    };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_statfs(Server *s, const Request *req)
{
    struct fuse_statfs_out out = { .st = { .bsize = 4096, .namelen = 255 } };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_listxattr(Server *s, const Request *req)
{
    const struct fuse_getxattr_in *in =
        (const void *)(req->bytes + sizeof(req->header));
    struct fuse_getxattr_out out = { 0 };

    /* How long the list is, or the list itself, which is empty. */
    reply(s, req, 0, &out, in->size ? 0 : sizeof(out));
}

static void do_getlk(Server *s, const Request *req)
{
    struct fuse_lk_out out = { .lk = { .type = F_UNLCK } };

    reply(s, req, 0, &out, sizeof(out));
}

static void do_readlink(Server *s, const Request *req)
{
    reply(s, req, 0, "file", strlen("file"));
}

static void do_nothing(Server *s, const Request *req)
{
    reply_error(s, req, 0);
}

static void do_no_data(Server *s, const Request *req)
{
    reply_error(s, req, -ENODATA);
}

static const struct {
    const char *name;
    void (*answer)(Server *s, const Request *req);
} opcodes[] = {
    [FUSE_LOOKUP] = { "LOOKUP", do_lookup },
    [FUSE_GETATTR] = { "GETATTR", reply_attr },
    [FUSE_SETATTR] = { "SETATTR", reply_attr },
    [FUSE_READLINK] = { "READLINK", do_readlink },
    [FUSE_SYMLINK] = { "SYMLINK", do_make },
    [FUSE_MKNOD] = { "MKNOD", do_make },
    [FUSE_MKDIR] = { "MKDIR", do_make },
    [FUSE_UNLINK] = { "UNLINK", do_nothing },
    [FUSE_RMDIR] = { "RMDIR", do_nothing },
    [FUSE_RENAME] = { "RENAME", do_nothing },
    [FUSE_LINK] = { "LINK", do_make },
    [FUSE_OPEN] = { "OPEN", do_open },
    [FUSE_READ] = { "READ", do_read },
    [FUSE_WRITE] = { "WRITE", do_write },
    [FUSE_STATFS] = { "STATFS", do_statfs },
    [FUSE_RELEASE] = { "RELEASE", do_nothing },
    [FUSE_FSYNC] = { "FSYNC", do_nothing },
    [FUSE_SETXATTR] = { "SETXATTR", do_nothing },
    [FUSE_GETXATTR] = { "GETXATTR", do_no_data },
    [FUSE_LISTXATTR] = { "LISTXATTR", do_listxattr },
    [FUSE_REMOVEXATTR] = { "REMOVEXATTR", do_nothing },
    [FUSE_FLUSH] = { "FLUSH", do_nothing },
    [FUSE_INIT] = { "INIT", do_init },
    [FUSE_OPENDIR] = { "OPENDIR", do_open },
    [FUSE_READDIR] = { "READDIR", do_readdir },
    [FUSE_RELEASEDIR] = { "RELEASEDIR", do_nothing },
    [FUSE_FSYNCDIR] = { "FSYNCDIR", do_nothing },
    [FUSE_GETLK] = { "GETLK", do_getlk },
    [FUSE_SETLK] = { "SETLK", do_nothing },
    [FUSE_SETLKW] = { "SETLKW", do_nothing },
    [FUSE_ACCESS] = { "ACCESS", do_nothing },
    [FUSE_CREATE] = { "CREATE", do_create },
    [FUSE_RENAME2] = { "RENAME2", do_nothing },
};

const char *fuse_stand_in_opcode_name(uint32_t opcode)
{
    return opcode < ARRAY_SIZE(opcodes) && opcodes[opcode].name
           ? opcodes[opcode].name : "another request";
}

/* ---- the server ------------------------------------------------------- */

static void answer(Server *s, const Request *req)
{
    uint32_t opcode = req->header.opcode;

    if (opcode < ARRAY_SIZE(opcodes) && opcodes[opcode].answer) {
        opcodes[opcode].answer(s, req);
    } else {
        reply_error(s, req, -ENOSYS);
    }
}

/* The kernel does not expect an answer to these. */
static bool is_one_way(uint32_t opcode)
{
    return opcode == FUSE_FORGET || opcode == FUSE_BATCH_FORGET ||
           opcode == FUSE_INTERRUPT || opcode == FUSE_DESTROY;
}

/* The kernel sends these by itself, and no system call waits for them. */
static bool is_in_background(uint32_t opcode)
{
    return opcode == FUSE_INIT || opcode == FUSE_RELEASE ||
           opcode == FUSE_RELEASEDIR;
}

static bool must_hang(const Server *s, uint32_t opcode)
{
    guint mask = opcode < 64
                 ? g_atomic_int_get(&s->shared->hang[opcode / 32]) : 0;

    if (!(mask & (1u << opcode % 32)) || s->held == MAX_HELD) {
        return false;
    }
    if (g_atomic_int_get(&s->shared->spared) > 0) {
        g_atomic_int_add(&s->shared->spared, -1);
        return false;
    }
    return true;
}

static void take_request(Server *s)
{
    uint32_t opcode;
    ssize_t len = read(s->dev, &s->now, sizeof(s->now));

    if (len < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) {
        return;
    }
    if (len < 0) {
        _exit(0);               /* unmounted or aborted */
    }
    opcode = s->now.header.opcode;
    if (is_one_way(opcode)) {
        return;
    }
    g_atomic_int_add(&s->shared->requests, !is_in_background(opcode));
    if (is_in_background(opcode) || !must_hang(s, opcode)) {
        answer(s, &s->now);
        return;
    }
    s->later[s->held++] = s->now;
    if (write(s->hung, &opcode, sizeof(opcode)) != sizeof(opcode)) {
        _exit(1);
    }
}

static void answer_all(Server *s)
{
    char byte;

    if (read(s->answer, &byte, 1) != 1) {
        _exit(0);               /* the test has exited */
    }
    while (s->held > 0) {
        answer(s, &s->later[--s->held]);
    }
}

static void G_GNUC_NORETURN serve(Server *s)
{
    struct pollfd fds[] = {
        { .fd = s->dev, .events = POLLIN },
        { .fd = s->answer, .events = POLLIN },
    };

    for (;;) {
        if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR) {
            _exit(1);
        }
        if (fds[0].revents) {
            take_request(s);
        }
        if (fds[1].revents) {
            answer_all(s);
        }
    }
}

/* ---- the test's side -------------------------------------------------- */

const char *fuse_stand_in_separate(void)
{
    if (geteuid() != 0) {
        return "only root may mount a FUSE file system here";
    }
    if (access("/dev/fuse", R_OK | W_OK) < 0) {
        return "there is no /dev/fuse";
    }
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        return "creating a mount namespace is not allowed here";
    }
    return NULL;
}

static bool mount_at(const char *path, int dev)
{
    g_autofree char *options = g_strdup_printf(
        "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", dev);

    return mount("p9-stand-in", path, "fuse", MS_NOSUID | MS_NODEV,
                 options) == 0;
}

/* The server must not keep the test's files open. */
static void close_others(const Server *s)
{
    int limit = sysconf(_SC_OPEN_MAX);

    for (int fd = STDERR_FILENO + 1; fd < MIN(limit, 4096); fd++) {
        if (fd != s->dev && fd != s->hung && fd != s->answer) {
            close(fd);
        }
    }
}

static pid_t start_server(Server *s)
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
    close_others(s);
    serve(s);
}

FuseStandIn *fuse_stand_in_new(const char *path, const char **why)
{
    FuseStandIn *fuse = g_new0(FuseStandIn, 1);
    Server *s = g_new0(Server, 1);
    int hung[2], answers[2];

    g_assert_cmpint(pipe2(hung, O_CLOEXEC), ==, 0);
    g_assert_cmpint(pipe2(answers, O_CLOEXEC), ==, 0);
    fuse->path = g_strdup(path);
    fuse->shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(fuse->shared != MAP_FAILED);
    fuse->hung = hung[0];
    fuse->answer = answers[1];
    /* As a whole, which takes megabytes, it would not fit on every stack. */
    s->shared = fuse->shared;
    s->dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    s->hung = hung[1];
    s->answer = answers[0];
    if (s->dev < 0 || !mount_at(path, s->dev)) {
        *why = "a FUSE file system cannot be mounted here";
        g_clear_pointer(&fuse->path, g_free);
    } else {
        fuse->server = start_server(s);
        g_assert_cmpint(fuse->server, >, 0);
    }
    if (s->dev >= 0) {
        close(s->dev);
    }
    close(hung[1]);
    close(answers[0]);
    g_free(s);
    if (!fuse->path) {
        g_clear_pointer(&fuse, fuse_stand_in_free);
    }
    return fuse;
}

void fuse_stand_in_free(FuseStandIn *fuse)
{
    if (!fuse) {
        return;
    }
    if (fuse->server > 0) {
        /* This closes the connection, so the waiting requests fail. */
        kill(fuse->server, SIGKILL);
        while (waitpid(fuse->server, NULL, 0) < 0 && errno == EINTR) {
            /* again */
        }
        umount2(fuse->path, MNT_DETACH);
    }
    munmap(fuse->shared, sizeof(Shared));
    close(fuse->hung);
    close(fuse->answer);
    g_free(fuse->path);
    g_free(fuse);
}

void fuse_stand_in_hang(FuseStandIn *fuse, uint32_t opcode)
{
    for (unsigned i = 0; i < ARRAY_SIZE(fuse->shared->hang); i++) {
        guint mask = opcode == 0 ? UINT_MAX
                     : opcode / 32 == i ? 1u << opcode % 32 : 0;

        g_atomic_int_or(&fuse->shared->hang[i], mask);
    }
}

void fuse_stand_in_hang_after(FuseStandIn *fuse, unsigned n)
{
    g_atomic_int_set(&fuse->shared->spared, n);
    fuse_stand_in_hang(fuse, 0);
}

void fuse_stand_in_answer_next(FuseStandIn *fuse)
{
    for (unsigned i = 0; i < ARRAY_SIZE(fuse->shared->hang); i++) {
        g_atomic_int_set(&fuse->shared->hang[i], 0);
    }
    g_atomic_int_set(&fuse->shared->spared, 0);
}

void fuse_stand_in_answer(FuseStandIn *fuse)
{
    fuse_stand_in_answer_next(fuse);
    g_assert_cmpint(write(fuse->answer, "", 1), ==, 1);
}

uint32_t fuse_stand_in_await(FuseStandIn *fuse, unsigned ms)
{
    struct pollfd fd = { .fd = fuse->hung, .events = POLLIN };
    int ret = RETRY_ON_EINTR(poll(&fd, 1, ms));
    uint32_t opcode;

    if (ret <= 0 || read(fuse->hung, &opcode, sizeof(opcode)) <= 0) {
        return 0;
    }
    return opcode;
}

unsigned fuse_stand_in_requests(FuseStandIn *fuse)
{
    return g_atomic_int_get(&fuse->shared->requests);
}
