/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-memory driver: exports, nodes and attributes.
 *
 * Names are in memfs-names.c, contents in memfs-io.c, what tests control in
 * memfs-control.c.
 */
#include "fsdev/core/p9-osdep.h"
#include "memfs-int.h"

/* ---- inodes and entries ---- */

/* A clock that never returns the same time twice. */
static struct timespec mem_now(MemExport *m)
{
    m->clock++;
    return (struct timespec) {
        .tv_sec = 1500000000 + m->clock / 1000,
        .tv_nsec = m->clock % 1000 * 1000000,
    };
}

void mem_touch(MemExport *m, MemInode *inode, bool content)
{
    inode->attr.ctime = mem_now(m);
    if (content) {
        inode->attr.mtime = inode->attr.ctime;
    }
}

MemInode *mem_inode_new(MemExport *m, uint32_t mode, const FsCred *cred)
{
    MemInode *inode = g_new0(MemInode, 1);

    m->stats.objects++;
    inode->attr.mode = mode;
    inode->attr.dev = MEMFS_DEV;
    inode->attr.ino = ++m->next_ino;
    inode->attr.uid = cred && cred->uid != UINT32_MAX ? cred->uid : 0;
    inode->attr.gid = cred && cred->gid != UINT32_MAX ? cred->gid : 0;
    inode->attr.blksize = 4096;
    inode->attr.atime = inode->attr.btime = mem_now(m);
    inode->attr.mtime = inode->attr.ctime = inode->attr.btime;
    inode->attr.valid = FS_ATTR_BTIME;
    inode->xattrs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                          (GDestroyNotify)g_bytes_unref);
    if (S_ISDIR(mode)) {
        inode->entries = g_ptr_array_new();
        inode->next_cookie = 3;         /* 1 and 2 are "." and ".." */
        inode->attr.nlink = 2;
    } else if (S_ISREG(mode)) {
        inode->data = g_byte_array_new();
    }
    return inode;
}

void mem_inode_unref(MemExport *m, MemInode *inode)
{
    if (--inode->refs) {
        return;
    }
    m->stats.objects--;
    while (inode->entries && inode->entries->len) {
        mem_entry_remove(m, inode, g_ptr_array_index(inode->entries, 0));
    }
    if (inode->entries) {
        g_ptr_array_unref(inode->entries);
    }
    if (inode->data) {
        g_byte_array_unref(inode->data);
    }
    g_hash_table_unref(inode->xattrs);
    g_free(inode->target);
    g_free(inode);
}

MemEntry *mem_entry_find(MemInode *dir, const char *name)
{
    for (unsigned i = 0; i < dir->entries->len; i++) {
        MemEntry *entry = g_ptr_array_index(dir->entries, i);

        if (!strcmp(entry->name, name)) {
            return entry;
        }
    }
    return NULL;
}

void mem_entry_add(MemExport *m, MemInode *dir, const char *name,
                   MemInode *inode)
{
    MemEntry *entry = g_new0(MemEntry, 1);

    entry->name = g_strdup(name);
    entry->inode = inode;
    entry->cookie = dir->next_cookie++;
    inode->refs++;
    if (S_ISDIR(inode->attr.mode)) {
        dir->attr.nlink++;
    } else {
        inode->attr.nlink++;
    }
    g_ptr_array_add(dir->entries, entry);
    mem_touch(m, dir, true);
    mem_touch(m, inode, false);
}

void mem_entry_remove(MemExport *m, MemInode *dir, MemEntry *entry)
{
    MemInode *inode = entry->inode;

    g_ptr_array_remove(dir->entries, entry);
    if (S_ISDIR(inode->attr.mode)) {
        dir->attr.nlink--;
    } else {
        inode->attr.nlink--;
    }
    mem_touch(m, dir, true);
    mem_touch(m, inode, false);
    g_free(entry->name);
    g_free(entry);
    mem_inode_unref(m, inode);
}

FsAttr mem_attr(const MemInode *inode)
{
    FsAttr attr = inode->attr;

    attr.size = inode->data ? inode->data->len
                : inode->target ? strlen(inode->target)
                : inode->entries ? 20 * (inode->entries->len + 2) : 0;
    attr.blocks = (attr.size + 511) / 512;
    return attr;
}

/* ---- nodes ---- */

MemNode *mem_node_for(MemExport *m, MemNode *dir, const char *name,
                      MemInode *inode)
{
    MemNode *node;

    if (!dir->children) {
        dir->children = g_hash_table_new(g_str_hash, g_str_equal);
    }
    node = g_hash_table_lookup(dir->children, name);
    if (node) {
        node->refs++;
        return node;
    }
    node = g_new0(MemNode, 1);
    node->base.export = &m->base;
    node->refs = 1;
    node->inode = inode;
    inode->refs++;
    node->parent = dir;
    dir->refs++;
    node->name = g_strdup(name);
    g_hash_table_insert(dir->children, node->name, node);
    m->stats.nodes++;
    return node;
}

void mem_node_put(MemExport *m, MemNode *node)
{
    while (node && !--node->refs) {
        MemNode *parent = node->parent;

        if (parent && !node->dead) {
            g_hash_table_remove(parent->children, node->name);
        }
        mem_inode_unref(m, node->inode);
        if (node->children) {
            g_hash_table_unref(node->children);
        }
        g_free(node->name);
        g_free(node);
        m->stats.nodes--;
        node = parent;
    }
}

void mem_node_kill(MemNode *dir, const char *name)
{
    MemNode *node = dir->children ? g_hash_table_lookup(dir->children, name)
                                  : NULL;

    if (node) {
        g_hash_table_remove(dir->children, name);
        node->dead = true;
    }
}

void mem_node_move(MemExport *m, MemNode *dir, const char *name,
                   MemNode *newdir, const char *newname)
{
    MemNode *node;

    mem_node_kill(newdir, newname);
    node = dir->children ? g_hash_table_lookup(dir->children, name) : NULL;
    if (!node) {
        return;
    }
    g_hash_table_remove(dir->children, name);
    g_free(node->name);
    node->name = g_strdup(newname);
    node->parent = newdir;
    newdir->refs++;
    if (!newdir->children) {
        newdir->children = g_hash_table_new(g_str_hash, g_str_equal);
    }
    g_hash_table_insert(newdir->children, node->name, node);
    mem_node_put(m, dir);
}

/* ---- the driver: exports and nodes ---- */

static FsExport *memfs_open_export(const FsConfig *config,
                                   GError **error G_GNUC_UNUSED)
{
    MemExport *m = g_new0(MemExport, 1);

    fs_export_init(&m->base, config);
    g_mutex_init(&m->lock);
    g_cond_init(&m->held_changed);
    m->root = g_new0(MemNode, 1);
    m->root->base.export = &m->base;
    m->root->refs = 1;
    m->root->inode = mem_inode_new(m, S_IFDIR | 0755, NULL);
    m->root->inode->refs = 1;
    m->stats.nodes = 1;
    return &m->base;
}

static void memfs_close_export(FsExport *export)
{
    MemExport *m = mem_of(export);

    /* A test that leaks a node or a file fails here. */
    g_assert_cmpuint(m->stats.nodes, ==, 1);
    g_assert_cmpuint(m->stats.files, ==, 0);
    g_assert_cmpuint(m->root->refs, ==, 1);
    mem_node_put(m, m->root);
    g_assert_cmpuint(m->stats.objects, ==, 0);
    fs_config_clear(&export->config);
    g_mutex_clear(&m->lock);
    g_cond_clear(&m->held_changed);
    g_free(m);
}

static void memfs_node_ref(FsNode *node)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);

    g_mutex_lock(&m->lock);
    n->refs++;
    g_mutex_unlock(&m->lock);
}

static void memfs_node_unref(FsNode *node)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);

    g_mutex_lock(&m->lock);
    mem_node_put(m, n);
    g_mutex_unlock(&m->lock);
}

static FsNode *memfs_root(FsExport *export)
{
    return fs_node_ref(&mem_of(export)->root->base);
}

static FsNode *memfs_parent(FsNode *node)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    MemNode *parent;

    g_mutex_lock(&m->lock);
    parent = n->parent ? n->parent : n;
    parent->refs++;
    g_mutex_unlock(&m->lock);
    return &parent->base;
}

static int memfs_locate(FsNode *node, FsNode **dir, char *name)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret = 0;

    g_mutex_lock(&m->lock);
    if (!n->parent) {
        ret = -EBUSY;
    } else if (n->dead) {
        ret = -ENOENT;
    } else {
        n->parent->refs++;
        *dir = &n->parent->base;
        strcpy(name, n->name);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

static int memfs_lookup(const FsCall *call, FsNode *dir, const char *name,
                        FsNode **node, FsAttr *attr)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemEntry *entry = NULL;
    int ret = mem_enter(call, m, MEM_LOOKUP, name);

    if (ret < 0) {
        return ret;
    }
    if (d->inode->entries) {
        entry = mem_entry_find(d->inode, name);
        ret = entry ? 0 : -ENOENT;
    } else {
        ret = -ENOTDIR;
    }
    if (entry) {
        *node = &mem_node_for(m, d, name, entry->inode)->base;
        *attr = mem_attr(entry->inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

/* ---- the driver: attributes ---- */

static bool mem_is_gone(const MemNode *n)
{
    return n->inode->opens == 0 &&
           (S_ISDIR(n->inode->attr.mode) ? n->dead : !n->inode->attr.nlink);
}

static int memfs_getattr(const FsCall *call, FsNode *node, FsFile *file,
                         unsigned flags, FsAttr *attr)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret = mem_enter(call, m, MEM_GETATTR, NULL);

    if (ret < 0) {
        return ret;
    }
    ret = !file && mem_is_gone(n) ? -ENOENT : 0;
    if (!ret) {
        *attr = mem_attr(n->inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

static int mem_set_size(MemInode *inode, uint64_t size)
{
    unsigned old;

    if (inode->entries) {
        return -EISDIR;
    }
    if (!inode->data) {
        return -EINVAL;
    }
    if (size > MEMFS_MAX_SIZE) {
        return -EFBIG;
    }
    old = inode->data->len;
    g_byte_array_set_size(inode->data, size);
    if (size > old) {
        memset(inode->data->data + old, 0, size - old);
    }
    return 0;
}

static int mem_apply(MemExport *m, MemInode *inode, const FsSetattr *set)
{
    FsAttr *attr = &inode->attr;

    if (set->valid & FS_SET_SIZE) {
        int ret = mem_set_size(inode, set->size);

        if (ret < 0) {
            return ret;
        }
        mem_touch(m, inode, true);
    }
    if ((set->valid & FS_SET_UID) && set->uid != UINT32_MAX) {
        attr->uid = set->uid;
    }
    if ((set->valid & FS_SET_GID) && set->gid != UINT32_MAX) {
        attr->gid = set->gid;
    }
    if (set->valid & FS_SET_MODE) {
        attr->mode = (attr->mode & S_IFMT) | (set->mode & 07777);
    }
    mem_touch(m, inode, false);
    if (set->valid & FS_SET_ATIME) {
        attr->atime = set->atime.tv_nsec == UTIME_NOW ? attr->ctime
                                                      : set->atime;
    }
    if (set->valid & FS_SET_MTIME) {
        attr->mtime = set->mtime.tv_nsec == UTIME_NOW ? attr->ctime
                                                      : set->mtime;
    }
    return 0;
}

static int memfs_setattr(const FsCall *call, FsNode *node, FsFile *file,
                         const FsSetattr *set)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    int ret;

    g_assert_cmphex(set->mode & ~07777, ==, 0);
    /* As if it had to be opened, and another process could have a lease. */
    if ((set->valid & FS_SET_SIZE) && !file && call->wait < FS_WAIT_ANYTHING) {
        return -EAGAIN;
    }
    ret = mem_enter(call, m, MEM_SETATTR, NULL);
    if (ret < 0) {
        return ret;
    }
    ret = !file && mem_is_gone(n) ? -ENOENT : mem_apply(m, n->inode, set);
    g_mutex_unlock(&m->lock);
    return ret;
}

static ssize_t memfs_readlink(const FsCall *call, FsNode *node, char *buf,
                              size_t size)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    ssize_t ret = mem_enter(call, m, MEM_READLINK, NULL);

    if (ret < 0) {
        return ret;
    }
    ret = -EINVAL;
    if (n->inode->target) {
        ret = MIN(strlen(n->inode->target), size);
        memcpy(buf, n->inode->target, ret);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

static int memfs_statfs(const FsCall *call, FsNode *node, struct statfs *st)
{
    MemExport *m = mem_of_node(mem_node(node));
    int ret = mem_enter(call, m, MEM_STATFS, NULL);

    if (ret < 0) {
        return ret;
    }
    *st = (struct statfs) {
        .f_type = 0x6d656d66,
        .f_bsize = 4096,
        .f_blocks = 1 << 20,
        .f_bfree = 1 << 19,
        .f_bavail = 1 << 18,
        .f_files = MEMFS_MAX_FILES,
        .f_ffree = MEMFS_MAX_FILES - m->stats.objects,
        .f_namelen = NAME_MAX,
    };
    if (m->edit_statfs) {
        m->edit_statfs(node, st);
    }
    g_mutex_unlock(&m->lock);
    return 0;
}

static FsWait memfs_reach(FsNode *node)
{
    MemNode *n = mem_node(node);
    MemExport *m = mem_of_node(n);
    bool brief;

    g_mutex_lock(&m->lock);
    brief = !m->remote && n->inode->attr.dev != MEMFS_FAR_DEV;
    g_mutex_unlock(&m->lock);
    return brief ? FS_WAIT_STORAGE : FS_WAIT_ANYTHING;
}

const FsDriver memfs_driver = {
    .name = "memfs",
    .open_export = memfs_open_export,
    .close_export = memfs_close_export,
    .root = memfs_root,
    .node_ref = memfs_node_ref,
    .node_unref = memfs_node_unref,
    .parent = memfs_parent,
    .reach = memfs_reach,
    .locate = memfs_locate,
    .lookup = memfs_lookup,
    .getattr = memfs_getattr,
    .setattr = memfs_setattr,
    .readlink = memfs_readlink,
    .statfs = memfs_statfs,
    .create = memfs_create,
    .mkdir = memfs_mkdir,
    .mknod = memfs_mknod,
    .symlink = memfs_symlink,
    .link = memfs_link,
    .unlink = memfs_unlink,
    .rename = memfs_rename,
    .open = memfs_open_file,
    .read = memfs_read,
    .write = memfs_write,
    .fsync = memfs_fsync,
    .readdir = memfs_readdir,
    .release = memfs_release,
    .getxattr = memfs_getxattr,
    .listxattr = memfs_listxattr,
    .setxattr = memfs_setxattr,
    .removexattr = memfs_removexattr,
};
