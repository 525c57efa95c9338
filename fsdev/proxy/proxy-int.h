/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Declarations shared by the files of the proxy driver.
 *
 * Private to fsdev/proxy.  A ProxyExport is a LocalExport whose descriptors
 * come from a helper.  Work that only needs such a descriptor is done by the
 * code of the local driver; work that needs a privilege which QEMU may lack is
 * requested from the helper.  All functions may be called from any thread;
 * those that send a request may block.
 */
#ifndef FSDEV_PROXY_INT_H
#define FSDEV_PROXY_INT_H

#include "fsdev/local/local.h"
#include "fsdev/proxy/proxy-conn.h"

typedef struct ProxyExport {
    LocalExport local;          /* first */
    GMutex reconnecting;        /* held while reconnecting; before lock */
    GMutex lock;                /* guards conn and epoch */
    ProxyConn *conn;            /* counted */
    uint32_t epoch;             /* changes with conn, as numbers become void */
    gint no_mounts;             /* nothing is mounted below; atomic */
    bool asks_always;           /* even for what QEMU could do itself */
} ProxyExport;

static inline ProxyExport *proxy_export(FsExport *export)
{
    return container_of(local_export(export), ProxyExport, local);
}

/* The helper's reply to HELLO. */
typedef struct ProxyHello {
    HostStat st;                /* of the exported directory */
    uint32_t flags;             /* PROXY_HELLO_* */
    IdMap *users;               /* counted */
    IdMap *groups;
} ProxyHello;

void proxy_hello_clear(ProxyHello *hello);
#define PROXY_GREETING __attribute__((cleanup(proxy_hello_clear))) ProxyHello

/* A request to the helper, and its reply. */
typedef struct ProxyAsk {
    const FsCall *call;         /* borrowed: how to wait for the reply */
    ProxyExport *export;        /* borrowed */
    ProxyConn *conn;            /* counted */
    uint32_t epoch;             /* of conn */
    int fd;                     /* borrowed; sent along if the type takes one */
    ProxyRequest t;
    ProxyAnswer answer;
} ProxyAsk;

/* proxy-ask.c */

/** proxy_connect: open a connection, *@conn; returns the root's path fd. */
int proxy_connect(const FsConfig *config, ProxyConn **conn,
                  ProxyHello *hello);
/** proxy_current_conn: the connection, counted, and its epoch. */
ProxyConn *proxy_current_conn(ProxyExport *export, uint32_t *epoch);

void proxy_ask_clear(ProxyAsk *ask);
#define PROXY_ASK __attribute__((cleanup(proxy_ask_clear))) ProxyAsk

/**
 * proxy_ask_begin: begin a request to the helper of @export.
 *
 * Connects to another helper if this one has gone and socket= is set.  Returns
 * -EAGAIN when @call may not wait for a reply, or when it is a coroutine and
 * would have to connect, which blocks.
 */
int proxy_ask_begin(const FsCall *call, ProxyAsk *ask, FsExport *export);
/** proxy_ask: send ask->t as @type and wait for ask->answer. */
int proxy_ask(ProxyAsk *ask, ProxyType type);
/** proxy_ask_refuse: break the connection after an invalid reply; -EIO. */
int proxy_ask_refuse(ProxyAsk *ask);
/**
 * proxy_is_path_fd: whether @fd is an O_PATH descriptor.  One that also reads
 * or writes is not accepted in its place.
 */
bool proxy_is_path_fd(int fd);
/**
 * proxy_ask_check_file: is descriptor @n of the reply the regular file or
 * directory of @name, opened with the access mode in @flags?
 *
 * Returns 0, what proxy_ask_refuse() returns if it is not, or the error of the
 * host if that cannot be told.
 */
int proxy_ask_check_file(ProxyAsk *ask, Name *name, unsigned n, int flags);
/** proxy_ask_take_fd: move descriptor @n of the reply to the caller. */
int proxy_ask_take_fd(ProxyAsk *ask, unsigned n);
/**
 * proxy_ask_insert: the Name for @component in @dir, counted, made from path fd
 * @n of the reply and its number @id; sets *@st to the object's attributes.
 */
int proxy_ask_insert(ProxyAsk *ask, FsNode *dir, const char *component,
                     unsigned n, uint64_t id, HostStat *st, Name **name);
/**
 * proxy_ask_file: an open file of @name made from descriptor @n of the reply.
 * The caller has called node_fd_account() and undoes that on failure.
 */
int proxy_ask_file(ProxyAsk *ask, Name *name, unsigned n, int flags,
                   FsFile **file);

/* proxy-number.c */

/**
 * proxy_ask_about: begin a request about @node; *@id is its number, which may
 * have to be requested from the helper first.
 *
 * Errors: as proxy_ask_begin(); -EIO when the helper has gone; -ESTALE when
 * there is no way to name the object of @node to the helper.
 */
int proxy_ask_about(const FsCall *call, ProxyAsk *ask, FsNode *node,
                    uint64_t *id);
/** proxy_ask_id: the number of a further object for the same request. */
int proxy_ask_id(ProxyAsk *ask, FsNode *node, uint64_t *id);

/* proxy-change.c */

int proxy_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr);
int proxy_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr);
int proxy_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr);
int proxy_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr);
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
