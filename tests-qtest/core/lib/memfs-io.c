/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-memory driver: open files, directory contents, extended attributes.
 */
#include "fsdev/core/p9-osdep.h"
#include <sys/xattr.h>
#include "memfs-int.h"

FsFile *mem_file_new(MemExport *m, MemNode *node, int flags)
{
    MemFile *file = g_new0(MemFile, 1);

    file->base.node = &node->base;
    node->refs++;
    file->base.is_dir = node->inode->entries != NULL;
    file->base.dev = node->inode->attr.dev;
    file->base.ino = node->inode->attr.ino;
    file->base.remote = m->remote;
    file->base.appends = flags & O_APPEND;
    file->flags = flags;
    node->inode->opens++;
    m->stats.files++;
    return &file->base;
}

static int mem_can_open(const MemInode *inode, int flags)
{
    bool write = (flags & O_ACCMODE) != O_RDONLY;

    if (inode->entries) {
        return write || (flags & O_TRUNC) ? -EISDIR : 0;
    }
    if (!inode->data) {
        return -ENXIO;
    }
    return flags & O_DIRECTORY ? -ENOTDIR : 0;
}

int memfs_open_file(const FsCall *call, FsNode *node, int flags, FsFile **file)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret = mem_enter(call, m, MEM_OPEN, NULL);

    g_assert_cmphex(flags & (O_CREAT | O_EXCL), ==, 0);
    if (ret < 0) {
        return ret;
    }
    ret = mem_can_open(n->inode, flags);
    if (!ret) {
        if (flags & O_TRUNC) {
            g_byte_array_set_size(n->inode->data, 0);
            mem_touch(m, n->inode, true);
        }
        *file = mem_file_new(m, n, flags);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

void memfs_release(FsFile *file)
{
    const FsCall call = { .wait = FS_WAIT_ANYTHING };
    MemNode *n = mem_node(file->node);
    MemExport *m = mem_of_node(n);

    mem_enter(&call, m, MEM_RELEASE, NULL);
    n->inode->opens--;
    m->stats.files--;
    mem_node_put(m, n);
    g_mutex_unlock(&m->lock);
    g_free(container_of(file, MemFile, base));
}

/* Bytes that a transfer of @iov may move; @limit > 0 comes from the hook. */
static size_t transfer_size(const struct iovec *iov, int iovcnt, int limit)
{
    size_t bytes = 0;

    for (int i = 0; i < iovcnt; i++) {
        bytes += iov[i].iov_len;
    }
    return limit > 0 ? MIN(bytes, (size_t)limit) : bytes;
}

/* Copy @n bytes between the vector and @flat. */
static void transfer(const struct iovec *iov, uint8_t *flat, size_t n,
                     bool to_flat)
{
    for (int i = 0; n; i++) {
        size_t len = MIN(iov[i].iov_len, n);

        if (len && to_flat) {
            memcpy(flat, iov[i].iov_base, len);
        } else if (len) {
            memcpy(iov[i].iov_base, flat, len);
        }
        flat += len;
        n -= len;
    }
}

ssize_t memfs_read(const FsCall *call, FsFile *file, const struct iovec *iov,
                   int iovcnt, uint64_t offset)
{
    MemFile *f = container_of(file, MemFile, base);
    MemNode *n = mem_node(file->node);
    MemExport *m = mem_of_node(n);
    int limit = mem_enter(call, m, MEM_READ, NULL);
    ssize_t ret = 0;

    if (limit < 0) {
        return limit;
    }
    if (file->is_dir) {
        ret = -EISDIR;
    } else if ((f->flags & O_ACCMODE) == O_WRONLY) {
        ret = -EBADF;
    } else if (offset < n->inode->data->len) {
        ret = MIN(transfer_size(iov, iovcnt, limit),
                  n->inode->data->len - offset);
        transfer(iov, n->inode->data->data + offset, ret, false);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

static ssize_t mem_write(MemExport *m, MemInode *inode,
                         const struct iovec *iov, size_t bytes,
                         uint64_t offset)
{
    unsigned old = inode->data->len;

    if (offset > MEMFS_MAX_SIZE || bytes > MEMFS_MAX_SIZE - offset) {
        return -EFBIG;
    }
    if (offset + bytes > old) {
        g_byte_array_set_size(inode->data, offset + bytes);
        memset(inode->data->data + old, 0, offset + bytes - old);
    }
    transfer(iov, inode->data->data + offset, bytes, true);
    mem_touch(m, inode, true);
    return bytes;
}

ssize_t memfs_write(const FsCall *call, FsFile *file, const struct iovec *iov,
                    int iovcnt, uint64_t offset)
{
    MemFile *f = container_of(file, MemFile, base);
    MemNode *n = mem_node(file->node);
    MemExport *m = mem_of_node(n);
    int limit = mem_enter(call, m, MEM_WRITE, NULL);
    ssize_t ret;

    if (limit < 0) {
        return limit;
    }
    if (file->is_dir || (f->flags & O_ACCMODE) == O_RDONLY) {
        ret = -EBADF;
    } else {
        ret = mem_write(m, n->inode, iov, transfer_size(iov, iovcnt, limit),
                        f->flags & O_APPEND ? n->inode->data->len : offset);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_fsync(const FsCall *call, FsFile *file, bool datasync G_GNUC_UNUSED)
{
    MemExport *m = mem_of(file->node->export);
    int ret = mem_enter(call, m, MEM_FSYNC, NULL);

    if (ret >= 0) {
        g_mutex_unlock(&m->lock);
    }
    return MIN(ret, 0);
}

/* Entry number @i of a directory, "." and ".." included. */
static bool mem_dirent(MemNode *n, unsigned i, unsigned flags, FsDirent *out)
{
    static const char *const dots[] = { ".", ".." };
    MemInode *inode = n->inode;

    if (i < 2) {
        inode = i && n->parent ? n->parent->inode : n->inode;
        out->name = dots[i];
        out->next = i + 1;
    } else if (i - 2 < n->inode->entries->len) {
        MemEntry *entry = g_ptr_array_index(n->inode->entries, i - 2);

        inode = entry->inode;
        out->name = entry->name;
        out->next = entry->cookie;
    } else {
        return false;
    }
    out->name_len = strlen(out->name);
    out->ino = inode->attr.ino;
    out->dev = flags & FS_READDIR_DEV ? inode->attr.dev : 0;
    out->type = inode->attr.mode >> 12;         /* as the kernel's IFTODT */
    return true;
}

int memfs_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque)
{
    MemNode *n = mem_node(file->node);
    MemExport *m = mem_of_node(n);
    FsDirent entry = { 0 };
    int ret = mem_enter(call, m, MEM_READDIR, NULL);

    if (ret < 0) {
        return ret;
    }
    ret = file->is_dir ? 0 : -ENOTDIR;
    for (unsigned i = 0; !ret && mem_dirent(n, i, flags, &entry); i++) {
        if (entry.next > cookie) {
            ret = sink(opaque, &entry);
        }
    }
    g_mutex_unlock(&m->lock);
    return MIN(ret, 0);
}

/* ---- extended attributes ---- */

/* mem_enter() for a call on the attribute @name, which must be "user.…". */
static int xattr_enter(const FsCall *call, MemExport *m, MemOp op,
                       const char *name)
{
    int ret = mem_enter(call, m, op, name);

    if (ret >= 0 && name && !g_str_has_prefix(name, "user.")) {
        g_mutex_unlock(&m->lock);
        return -EOPNOTSUPP;
    }
    return ret;
}

/* Copy @bytes of @value into @buf, with the results of getxattr(2). */
static ssize_t xattr_copy(void *buf, size_t size, const void *value,
                          size_t bytes)
{
    if (size && bytes > size) {
        return -ERANGE;
    }
    if (size && bytes) {
        memcpy(buf, value, bytes);
    }
    return bytes;
}

ssize_t memfs_getxattr(const FsCall *call, FsNode *node, const char *name,
                       void *buf, size_t size)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    ssize_t ret = xattr_enter(call, m, MEM_GETXATTR, name);
    GBytes *value;

    if (ret < 0) {
        return ret;
    }
    value = g_hash_table_lookup(n->inode->xattrs, name);
    ret = -ENODATA;
    if (value) {
        ret = xattr_copy(buf, size, g_bytes_get_data(value, NULL),
                         g_bytes_get_size(value));
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

ssize_t memfs_listxattr(const FsCall *call, FsNode *node, char *buf,
                        size_t size)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    ssize_t ret = mem_enter(call, m, MEM_LISTXATTR, NULL);
    g_autoptr(GList) names = NULL;
    g_autoptr(GString) list = NULL;

    if (ret < 0) {
        return ret;
    }
    list = g_string_new(NULL);
    names = g_list_sort(g_hash_table_get_keys(n->inode->xattrs),
                        (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        g_string_append_len(list, l->data, strlen(l->data) + 1);
    }
    ret = xattr_copy(buf, size, list->str, list->len);
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_setxattr(const FsCall *call, FsNode *node, const char *name,
                   const void *value, size_t size, int flags)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret = xattr_enter(call, m, MEM_SETXATTR, name);
    bool there;

    if (ret < 0) {
        return ret;
    }
    there = g_hash_table_contains(n->inode->xattrs, name);
    if (there && (flags & XATTR_CREATE)) {
        ret = -EEXIST;
    } else if (!there && (flags & XATTR_REPLACE)) {
        ret = -ENODATA;
    } else {
        ret = 0;
        g_hash_table_insert(n->inode->xattrs, g_strdup(name),
                            g_bytes_new(value, size));
        mem_touch(m, n->inode, false);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret = xattr_enter(call, m, MEM_REMOVEXATTR, name);

    if (ret < 0) {
        return ret;
    }
    ret = g_hash_table_remove(n->inode->xattrs, name) ? 0 : -ENODATA;
    g_mutex_unlock(&m->lock);
    return ret;
}
