/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver with a helper that is hostile: every call ends, with -EIO if
 * necessary, and nothing is leaked.
 */
#include "fsdev/core/p9-osdep.h"
#include <signal.h>
#include <sys/socket.h>
#include "fsdev/host/host.h"
#include "fsdev/proxy/proxy.h"
#include "conformance/conformance.h"
#include "helper/helper-run.h"
#include "lib/test-call.h"
#include "proxy-fixture.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsNode, fs_node_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsExport, fs_export_unref)

/* ---- a helper that lies ----------------------------------------------- */

/* How it answers requests of one type; others get proper answers. */
typedef struct Lie {
    const char *name;
    ProxyType type;
    uint32_t error;             /* errno in the answer; 0: success */
    int cut;                    /* bytes to leave out at the end */
    unsigned more;              /* bytes of 'x' to add at the end */
    uint32_t tag_off;           /* number to add to the tag */
    const char *fds;            /* descriptors, one letter each: make_fd() */
    uint32_t mode;              /* in attributes */
    uint32_t length;            /* length field of a value */
    uint32_t value;             /* bytes of the value */
    const char *uidmap;         /* in the answer to HELLO */
} Lie;

typedef struct Liar {
    const Lie *lie;
    const char *dir;            /* a directory filled by proxy_make_tree() */
    int fd;
} Liar;

/*
 * f, d, p: an O_PATH descriptor of the file, the directory, the FIFO; F, W, D:
 * the file open for reading, for writing, the directory open for reading; P:
 * the FIFO, open; O: another file, open.
 */
static int make_fd(const Liar *liar, char kind)
{
    int dirfd = open(liar->dir, O_PATH | O_DIRECTORY);
    int fd = -1;

    switch (kind) {
    case 'f':
        fd = openat(dirfd, "f", O_PATH);
        break;
    case 'd':
        fd = openat(dirfd, ".", O_PATH);
        break;
    case 'p':
        fd = openat(dirfd, "fifo", O_PATH);
        break;
    case 'F':
        fd = openat(dirfd, "f", O_RDONLY);
        break;
    case 'W':
        fd = openat(dirfd, "f", O_RDWR);
        break;
    case 'D':
        fd = openat(dirfd, ".", O_RDONLY);
        break;
    case 'P':
        fd = openat(dirfd, "fifo", O_RDWR | O_NONBLOCK);
        break;
    case 'O':
        fd = openat(dirfd, "other", O_RDONLY);
        break;
    }
    g_assert_cmpint(fd, >=, 0);
    close(dirfd);
    return fd;
}

static void answer(const Liar *liar, const char *buf, size_t len,
                   const char *kinds)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(4 * sizeof(int))];
    } control = { 0 };
    size_t n = strlen(kinds);
    struct iovec iov = { (void *)buf, len };
    struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
    int fds[4];

    for (size_t i = 0; i < n; i++) {
        fds[i] = make_fd(liar, kinds[i]);
    }
    if (n) {
        msg.msg_control = &control;
        msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    }
    sendmsg(liar->fd, &msg, MSG_NOSIGNAL);
    for (size_t i = 0; i < n; i++) {
        close(fds[i]);
    }
}

static void lie(const Liar *liar, uint32_t tag, ProxyType type)
{
    static const char zeroes[PROXY_XATTR_MAX];
    g_autofree char *buf = g_malloc(PROXY_MESSAGE_MAX + 4096);
    const Lie *how = liar->lie;
    ProxyReply r;
    ssize_t len;

    memset(&r, 0, sizeof(r));
    if (type == PROXY_MKDIR) {
        r.mkdir.attr.mode = how->mode;
    } else if (type == PROXY_GETXATTR) {
        r.getxattr.length = how->length;
        r.getxattr.value = (ProxyBlob) { zeroes, how->value };
    } else if (type == PROXY_IDENTIFY) {
        r.identify.identities = (ProxyBlob) { zeroes, how->value };
    } else if (type == PROXY_LOOKUP) {
        r.lookup.id = 5;
    } else if (type == PROXY_CREATE) {
        r.create.id = 5;
    } else if (type == PROXY_HELLO) {
        r.hello.uidmap = helper_text(how->uidmap ?: "");
        r.hello.gidmap = helper_text("");
    }
    len = proxy_encode_reply(buf, PROXY_MESSAGE_MAX, tag + how->tag_off, type,
                             how->error, &r);
    g_assert_cmpint(len, >, how->cut);
    memset(buf + len, 'x', how->more);
    answer(liar, buf, len - how->cut + how->more, how->fds);
}

/* Answer a request of another type properly. */
static void tell_truth(const Liar *liar, uint32_t tag, ProxyType type)
{
    char buf[256];
    const char *fds = "";
    ProxyReply r;
    ssize_t len;

    memset(&r, 0, sizeof(r));
    switch (type) {
    case PROXY_HELLO:
        r.hello = (struct ProxyRhello) {
            PROXY_VERSION, 0, helper_text(""), helper_text(""),
        };
        fds = "d";
        break;
    case PROXY_LOOKUP:
        r.lookup.id = 5;
        fds = "f";
        break;
    case PROXY_OPEN:
        fds = "D";
        break;
    default:
        return;
    }
    len = proxy_encode_reply(buf, sizeof(buf), tag, type, 0, &r);
    answer(liar, buf, len, fds);
}

static gpointer liar_thread(gpointer opaque)
{
    Liar *liar = opaque;
    char buf[PROXY_SMALL_MAX];
    ssize_t len;

    while ((len = recv(liar->fd, buf, sizeof(buf), 0)) > 0) {
        ProxyType type;
        uint32_t tag;
        ProxyRequest t;

        g_assert_cmpint(proxy_decode_request(buf, len, &tag, &type, &t), ==,
                        0);
        if (type == liar->lie->type) {
            lie(liar, tag, type);
        } else {
            tell_truth(liar, tag, type);
        }
    }
    return NULL;
}

static int take_any(void *opaque, const FsDirent *entry)
{
    return 0;
}

/* Make the call for which the driver sends a request of @type. */
static ssize_t call_for(FsNode *root, ProxyType type)
{
    const FsCred cred = { 0, 0 };
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    char value[8];
    FsAttr attr;
    int ret;

    switch (type) {
    case PROXY_LOOKUP:
        return fs_lookup(&test_call, root, "f", &node, &attr);
    case PROXY_OPEN:
        g_assert_cmpint(fs_lookup(&test_call, root, "f", &node, &attr), ==, 0);
        return fs_open(&test_call, node, O_RDONLY, &file);
    case PROXY_CREATE:
        return fs_create(CALL_AS(&cred), root, "f", O_RDWR, 0600, &node, &file,
                         &attr);
    case PROXY_MKDIR:
        return fs_mkdir(CALL_AS(&cred), root, "d", 0700, &attr);
    case PROXY_GETXATTR:
        return fs_getxattr(&test_call, root, "user.a", value, sizeof(value));
    case PROXY_IDENTIFY:
        ret = fs_open(&test_call, root, O_RDONLY, &file);
        return ret < 0 ? ret
                       : fs_readdir(&test_call, file, 0, FS_READDIR_DEV,
                                    take_any, NULL);
    case PROXY_UNLINK:
        return fs_unlink(&test_call, root, "f", false);
    default:
        g_assert_not_reached();
    }
}

static const Lie lies[] = {
    { "short", PROXY_LOOKUP, .cut = 3, .fds = "f" },
    { "header-alone", PROXY_LOOKUP, .cut = 12, .fds = "f" },
    { "longer", PROXY_LOOKUP, .more = 1, .fds = "f" },
    { "too-long", PROXY_GETXATTR, .length = 8, .value = 65536, .more = 4096,
      .fds = "" },
    { "longer-than-any", PROXY_GETXATTR, .value = 65536, .more = 8193,
      .fds = "" },
    { "unknown-tag", PROXY_UNLINK, .tag_off = 100, .fds = "" },
    { "error-beyond-errnos", PROXY_UNLINK, .error = 4096, .fds = "" },
    { "negative-error", PROXY_UNLINK, .error = -EPERM, .fds = "" },
    { "error-with-descriptor", PROXY_LOOKUP, .error = ENOENT, .fds = "f" },
    { "descriptor-for-nothing", PROXY_UNLINK, .fds = "f" },
    { "no-descriptor", PROXY_LOOKUP, .fds = "" },
    { "two-descriptors", PROXY_LOOKUP, .fds = "ff" },
    { "many-descriptors", PROXY_LOOKUP, .fds = "ffff" },
    { "lookup-real-descriptor", PROXY_LOOKUP, .fds = "F" },
    { "lookup-open-fifo", PROXY_LOOKUP, .fds = "P" },
    { "open-path-fd", PROXY_OPEN, .fds = "f" },
    { "open-fifo", PROXY_OPEN, .fds = "P" },
    { "open-directory-for-file", PROXY_OPEN, .fds = "D" },
    { "open-other-file", PROXY_OPEN, .fds = "O" },
    { "open-with-more-rights", PROXY_OPEN, .fds = "W" },
    { "create-directory", PROXY_CREATE, .fds = "Dd" },
    { "create-fifo", PROXY_CREATE, .fds = "Pp" },
    { "create-half", PROXY_CREATE, .fds = "W" },
    { "create-wrong-way-round", PROXY_CREATE, .fds = "fW" },
    { "mkdir-makes-file", PROXY_MKDIR, .mode = S_IFREG | 0700, .fds = "" },
    { "xattr-longer-than-asked", PROXY_GETXATTR, .length = 9, .value = 9,
      .fds = "" },
    { "xattr-length-of-4-GiB", PROXY_GETXATTR, .length = UINT32_MAX,
      .value = 8, .fds = "" },
    { "xattr-shorter-than-its-length", PROXY_GETXATTR, .length = 8, .value = 4,
      .fds = "" },
    { "identities-too-few", PROXY_IDENTIFY, .value = 20, .fds = "" },
    { "identities-too-many", PROXY_IDENTIFY, .value = 4000, .fds = "" },
};

static void test_lie(gconstpointer opaque)
{
    HELPER_RUN run;             /* only for its directory */
    Liar liar = { .lie = opaque };
    unsigned before;
    GThread *thread;
    int fds[2];

    helper_run_init(&run);
    proxy_make_tree(run.dir);
    before = conformance_count_fds();
    liar.dir = run.dir;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                    ==, 0);
    liar.fd = fds[1];
    thread = g_thread_new("liar", liar_thread, &liar);
    {
        g_autoptr(GError) error = NULL;
        g_autoptr(FsExport) export = proxy_open_export(fds[0], NULL, &error);
        g_autoptr(FsNode) root = NULL;
        g_autoptr(FsNode) node = NULL;
        FsAttr attr;

        g_assert_no_error(error);
        root = fs_root(export);
        g_assert_cmpint(call_for(root, liar.lie->type), ==, -EIO);
        /* The connection is not used any more. */
        g_assert_cmpint(fs_lookup(&test_call, root, "f", &node, &attr), ==,
                        -EIO);
        g_assert_cmpint(fs_getattr(&test_call, root, NULL, 0, &attr), ==, 0);
    }
    close(fds[0]);
    g_thread_join(thread);
    close(fds[1]);
    g_assert_cmpuint(conformance_count_fds(), ==, before);
}

/* ---- a helper that answers HELLO wrongly ------------------------------- */

static const Lie hellos[] = {
    { "no-directory", PROXY_HELLO, .fds = "f" },
    { "open-directory", PROXY_HELLO, .fds = "D" },
    { "nothing", PROXY_HELLO, .fds = "" },
    { "other-version", PROXY_HELLO, .error = EPROTONOSUPPORT, .fds = "" },
    { "version-zero", PROXY_HELLO, .fds = "d" },
    { "no-map", PROXY_HELLO, .fds = "d", .uidmap = "everybody" },
};

static void test_hello(gconstpointer opaque)
{
    HELPER_RUN run;
    Liar liar = { .lie = opaque };
    g_autoptr(GError) error = NULL;
    GThread *thread;
    int fds[2];

    helper_run_init(&run);
    proxy_make_tree(run.dir);
    liar.dir = run.dir;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                    ==, 0);
    liar.fd = fds[1];
    thread = g_thread_new("liar", liar_thread, &liar);
    g_assert_null(proxy_open_export(fds[0], NULL, &error));
    g_assert_nonnull(strstr(error->message, "sock_fd"));
    close(fds[0]);
    g_thread_join(thread);
    close(fds[1]);
}

static void no_such_socket(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(proxy_open_export(-1, "/nonexistent/socket", &error));
    g_assert_nonnull(strstr(error->message, "'/nonexistent/socket'"));
    g_assert_nonnull(strstr(error->message, "start it as root: "
                            "virtfs-proxy-helper -p DIR "
                            "-s /nonexistent/socket -u "));
}

/* This is what a helper does whose -u is another user. */
static void helper_closes_at_once(void)
{
    g_autofree char *own = g_strdup_printf("this is uid %u", geteuid());
    g_autoptr(GError) error = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
                    ==, 0);
    close(fds[1]);
    g_assert_null(proxy_open_export(fds[0], NULL, &error));
    g_assert_nonnull(strstr(error->message, "serves only the user of its -u"));
    g_assert_nonnull(strstr(error->message, own));
    close(fds[0]);
}

static void no_such_descriptor(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(proxy_open_export(12345, NULL, &error));
    g_assert_nonnull(strstr(error->message, "sock_fd 12345"));
}

static void datagram_socket(void)
{
    g_autoptr(GError) error = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
    g_assert_null(proxy_open_export(fds[0], NULL, &error));
    g_assert_nonnull(strstr(error->message, "SOCK_SEQPACKET or SOCK_STREAM"));
    close(fds[0]);
    close(fds[1]);
}

/* Its first bytes are no length of a reply. */
static void other_program_on_a_stream(void)
{
    g_autoptr(GError) error = NULL;
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    g_assert_cmpint(send(fds[1], "HTTP/1.1 400\r\n", 14, 0), ==, 14);
    g_assert_null(proxy_open_export(fds[0], NULL, &error));
    g_assert_nonnull(strstr(error->message, "there is no valid reply"));
    close(fds[0]);
    close(fds[1]);
}

int main(int argc, char **argv)
{
    const char *what;

    g_test_init(&argc, &argv, NULL);
    umask(022);
    g_assert_cmpint(host_init(&what), ==, 0);
    /* Use the helper even where QEMU's own rights would suffice. */
    proxy_ask_always(true);
    for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
        g_autofree char *path = g_strdup_printf("/proxy-hostile/lie/%s",
                                                lies[i].name);

        g_test_add_data_func(path, &lies[i], test_lie);
    }
    for (size_t i = 0; i < ARRAY_SIZE(hellos); i++) {
        g_autofree char *path = g_strdup_printf("/proxy-hostile/hello/%s",
                                                hellos[i].name);

        g_test_add_data_func(path, &hellos[i], test_hello);
    }
    g_test_add_func("/proxy-hostile/no-such-socket", no_such_socket);
    g_test_add_func("/proxy-hostile/closed-at-once", helper_closes_at_once);
    g_test_add_func("/proxy-hostile/no-such-descriptor", no_such_descriptor);
    g_test_add_func("/proxy-hostile/datagram-socket", datagram_socket);
    g_test_add_func("/proxy-hostile/other-program-on-a-stream",
                    other_program_on_a_stream);
    return g_test_run();
}
