/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the proxy driver share.
 *
 * Private to fsdev/proxy.  A ProxyExport is a LocalExport whose descriptors
 * come from a helper: all that can be done through one is the local driver's
 * code, all that needs a right that QEMU may lack is asked of the helper.
 * Everything here may be called from any thread; what asks may block.
 */
#ifndef FSDEV_PROXY_INT_H
#define FSDEV_PROXY_INT_H

#include "fsdev/local/local.h"
#include "fsdev/proxy/proxy-conn.h"

typedef struct ProxyExport {
    LocalExport local;          /* first */
    GMutex reconnecting;        /* one at a time; taken before lock */
    GMutex lock;                /* guards conn and epoch */
    ProxyConn *conn;            /* counted */
    uint32_t epoch;             /* changes with conn: its numbers are its own */
    gint no_mounts;             /* nothing is mounted below; atomic */
    bool asks_always;           /* for what it could do itself as well */
} ProxyExport;

static inline ProxyExport *proxy_export(FsExport *export)
{
    return container_of(local_export(export), ProxyExport, local);
}

/* What the helper says of itself. */
typedef struct ProxyHello {
    HostStat st;                /* of what it exports */
    uint32_t flags;             /* PROXY_HELLO_* */
    IdMap *users;               /* counted */
    IdMap *groups;
} ProxyHello;

void proxy_hello_clear(ProxyHello *hello);
#define PROXY_GREETING __attribute__((cleanup(proxy_hello_clear))) ProxyHello

/* A question to the helper, and its answer. */
typedef struct ProxyAsk {
    const FsCall *call;         /* borrowed: how to wait for the answer */
    ProxyExport *export;        /* borrowed */
    ProxyConn *conn;            /* counted */
    uint32_t epoch;             /* of conn */
    int fd;                     /* borrowed; goes with t where it has one */
    ProxyRequest t;
    ProxyAnswer answer;
} ProxyAsk;

/* proxy-ask.c */

/** proxy_connect: a new connection in *@conn; returns the root's path fd. */
int proxy_connect(const FsConfig *config, ProxyConn **conn,
                  ProxyHello *hello);
/** proxy_current_conn: counted, with its epoch. */
ProxyConn *proxy_current_conn(ProxyExport *export, uint32_t *epoch);

void proxy_ask_clear(ProxyAsk *ask);
#define PROXY_ASK __attribute__((cleanup(proxy_ask_clear))) ProxyAsk

/**
 * proxy_ask_begin: a question to the helper of @export.
 *
 * -EAGAIN when @call may not wait for an answer.  May connect to another
 * helper when this one has gone, which takes time that a coroutine does not
 * have: -EAGAIN.
 */
int proxy_ask_begin(const FsCall *call, ProxyAsk *ask, FsExport *export);
/** proxy_ask: send ask->t as @type, wait for ask->answer. */
int proxy_ask(ProxyAsk *ask, ProxyType type);
/** proxy_ask_refuse: the answer cannot be true; breaks the connection. */
int proxy_ask_refuse(ProxyAsk *ask);
/**
 * proxy_is_path_fd: a descriptor that can do more than it should is not one to
 * look through.
 */
bool proxy_is_path_fd(int fd);
/** proxy_is_file_fd: a file or directory, that of @node, open as @flags say. */
bool proxy_is_file_fd(int fd, const Node *node, int flags);
/** proxy_ask_take_fd: descriptor @n of the answer, now the caller's. */
int proxy_ask_take_fd(ProxyAsk *ask, unsigned n);
/**
 * proxy_ask_insert: the Name for @component in @dir, of path fd @n and number
 * @id in the answer; *@st is what the host says of it.
 */
int proxy_ask_insert(ProxyAsk *ask, FsNode *dir, const char *component,
                     unsigned n, uint64_t id, HostStat *st, Name **name);
/**
 * proxy_ask_file: descriptor @n of the answer as an open file of @name.
 * node_fd_account() was called; on failure the caller takes that back.
 */
int proxy_ask_file(ProxyAsk *ask, Name *name, unsigned n, int flags,
                   LocalFile **file);

/* proxy-number.c */

/**
 * proxy_ask_about: begin a question about @node; *@id is its number, which may
 * have to be asked for first.
 *
 * As proxy_ask_begin().  -EIO when the helper has gone, or is not the one that
 * knew @node; -ESTALE when there is no way to tell it which object is meant.
 */
int proxy_ask_about(const FsCall *call, ProxyAsk *ask, FsNode *node,
                    uint64_t *id);
/** proxy_ask_id: number of a further object of the same question. */
int proxy_ask_id(ProxyAsk *ask, FsNode *node, uint64_t *id);

/* proxy-change.c */

int proxy_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, const FsCred *cred, FsNode **node,
                 FsFile **file, FsAttr *attr);
int proxy_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, const FsCred *cred, FsAttr *attr);
int proxy_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, const FsCred *cred, FsAttr *attr);
int proxy_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, const FsCred *cred, FsAttr *attr);
int proxy_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name);
int proxy_unlink(const FsCall *call, FsNode *dir, const char *name,
                 bool is_dir);
int proxy_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname);
int proxy_setattr(const FsCall *call, FsNode *node, FsFile *file,
                  const FsSetattr *set);
ssize_t proxy_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size);
ssize_t proxy_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size);
int proxy_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags);
int proxy_removexattr(const FsCall *call, FsNode *node, const char *name);

/* proxy-dir.c */

int proxy_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque);

#endif
