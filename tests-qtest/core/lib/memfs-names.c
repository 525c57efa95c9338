/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The in-memory driver: making, moving and removing names; and the functions
 * by which tests build and inspect a tree directly.
 */
#include "fsdev/core/p9-osdep.h"
#include "memfs-int.h"
#include "lib/test-call.h"

/* 0 when @name can be made in @d, else a negative errno. */
static int mem_can_make(MemExport *m, MemNode *d, const char *name)
{
    if (!d->inode->entries) {
        return -ENOTDIR;
    }
    if (d->dead) {
        return -ENOENT;
    }
    if (mem_entry_find(d->inode, name)) {
        return -EEXIST;
    }
    return m->stats.objects >= MEMFS_MAX_FILES ? -ENOSPC : 0;
}

/* The new inode, borrowed from its entry; on failure NULL, and *@ret is set. */
static MemInode *mem_make(MemExport *m, MemNode *d, const char *name,
                          uint32_t mode, const FsCred *cred, int *ret)
{
    MemInode *inode;

    *ret = mem_can_make(m, d, name);
    if (*ret < 0) {
        return NULL;
    }
    inode = mem_inode_new(m, mode, cred);
    mem_entry_add(m, d->inode, name, inode);
    return inode;
}

int memfs_create(const FsCall *call, FsNode *dir, const char *name, int flags,
                 uint32_t mode, FsNode **node, FsFile **file, FsAttr *attr)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemInode *inode;
    int ret = mem_enter(call, m, MEM_CREATE, name);

    g_assert_cmphex(mode & ~07777, ==, 0);
    g_assert_cmphex(flags & O_CREAT, ==, 0);
    if (ret < 0) {
        return ret;
    }
    inode = mem_make(m, d, name, S_IFREG | mode, &call->cred, &ret);
    if (ret == -EEXIST && !(flags & O_EXCL)) {
        inode = mem_entry_find(d->inode, name)->inode;
        ret = inode->data ? 0 : inode->entries ? -EISDIR : -ENXIO;
        if (!ret && (flags & O_TRUNC)) {
            g_byte_array_set_size(inode->data, 0);
            mem_touch(m, inode, true);
        }
    }
    if (!ret) {
        MemNode *n = mem_node_for(m, d, name, inode);

        *node = &n->base;
        *file = mem_file_new(m, n, flags);
        *attr = mem_attr(inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_mkdir(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, FsAttr *attr)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemInode *inode;
    int ret = mem_enter(call, m, MEM_MKDIR, name);

    g_assert_cmphex(mode & ~07777, ==, 0);
    if (ret < 0) {
        return ret;
    }
    inode = mem_make(m, d, name, S_IFDIR | mode, &call->cred, &ret);
    if (inode) {
        *attr = mem_attr(inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_mknod(const FsCall *call, FsNode *dir, const char *name,
                uint32_t mode, uint64_t rdev, FsAttr *attr)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemInode *inode;
    int ret = mem_enter(call, m, MEM_MKNOD, name);

    if (ret < 0) {
        return ret;
    }
    if (!S_ISREG(mode) && !S_ISCHR(mode) && !S_ISBLK(mode) &&
        !S_ISFIFO(mode) && !S_ISSOCK(mode)) {
        g_mutex_unlock(&m->lock);
        return -EINVAL;
    }
    inode = mem_make(m, d, name, mode, &call->cred, &ret);
    if (inode) {
        inode->attr.rdev = S_ISCHR(mode) || S_ISBLK(mode) ? rdev : 0;
        *attr = mem_attr(inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_symlink(const FsCall *call, FsNode *dir, const char *name,
                  const char *target, FsAttr *attr)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemInode *inode;
    int ret = mem_enter(call, m, MEM_SYMLINK, name);

    if (ret < 0) {
        return ret;
    }
    inode = mem_make(m, d, name, S_IFLNK | 0777, &call->cred, &ret);
    if (inode) {
        inode->target = g_strdup(target);
        *attr = mem_attr(inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

int memfs_link(const FsCall *call, FsNode *node, FsNode *dir, const char *name)
{
    MemNode *n = mem_node(node);
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    int ret = mem_enter(call, m, MEM_LINK, name);

    if (ret < 0) {
        return ret;
    }
    ret = mem_can_make(m, d, name);
    if (!ret && n->inode->entries) {
        ret = -EPERM;
    } else if (!ret && !n->inode->attr.nlink) {
        ret = -ENOENT;
    } else if (!ret) {
        mem_entry_add(m, d->inode, name, n->inode);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

/* Whether @entry may be removed or replaced: 0 or a negative errno. */
static int mem_can_remove(const MemEntry *entry, bool is_dir)
{
    if (!entry->inode->entries) {
        return is_dir ? -ENOTDIR : 0;
    }
    if (!is_dir) {
        return -EISDIR;
    }
    return entry->inode->entries->len ? -ENOTEMPTY : 0;
}

int memfs_unlink(const FsCall *call, FsNode *dir, const char *name, bool is_dir)
{
    MemNode *d = mem_node(dir);
    MemExport *m = mem_of_node(d);
    MemEntry *entry = NULL;
    int ret = mem_enter(call, m, MEM_UNLINK, name);

    if (ret < 0) {
        return ret;
    }
    ret = -ENOTDIR;
    if (d->inode->entries) {
        entry = mem_entry_find(d->inode, name);
        ret = entry ? mem_can_remove(entry, is_dir) : -ENOENT;
    }
    if (!ret) {
        mem_node_kill(d, name);
        mem_entry_remove(m, d->inode, entry);
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

static bool mem_is_below(const MemNode *node, const MemInode *inode)
{
    for (; node; node = node->parent) {
        if (node->inode == inode) {
            return true;
        }
    }
    return false;
}

static int mem_can_rename(MemNode *d, const char *name, MemNode *nd,
                          const char *newname)
{
    MemEntry *from, *to;

    if (!d->inode->entries || !nd->inode->entries) {
        return -ENOTDIR;
    }
    from = mem_entry_find(d->inode, name);
    to = mem_entry_find(nd->inode, newname);
    if (!from || nd->dead) {
        return -ENOENT;
    }
    if (from->inode->entries && mem_is_below(nd, from->inode)) {
        return -EINVAL;
    }
    if (to && to->inode != from->inode) {
        return mem_can_remove(to, from->inode->entries != NULL);
    }
    return 0;
}

int memfs_rename(const FsCall *call, FsNode *dir, const char *name,
                 FsNode *newdir, const char *newname)
{
    MemNode *d = mem_node(dir);
    MemNode *nd = mem_node(newdir);
    MemExport *m = mem_of_node(d);
    MemEntry *from, *to;
    int ret = mem_enter(call, m, MEM_RENAME, name);

    if (ret < 0) {
        return ret;
    }
    ret = mem_can_rename(d, name, nd, newname);
    if (!ret) {
        from = mem_entry_find(d->inode, name);
        to = mem_entry_find(nd->inode, newname);
        if (!to || to->inode != from->inode) {
            mem_node_move(m, d, name, nd, newname);
            if (to) {
                mem_entry_remove(m, nd->inode, to);
            }
            mem_entry_add(m, nd->inode, newname, from->inode);
            mem_entry_remove(m, d->inode, from);
        }
    }
    g_mutex_unlock(&m->lock);
    return ret;
}

/* ---- direct access for tests ---- */

FsExport *memfs_open_config(const FsConfig *config)
{
    FsConfig copy = *config;
    GError *error = NULL;
    FsExport *export;

    copy.driver = &memfs_driver;
    copy.id = config->id ?: (char *)"mem";
    copy.path = (char *)"/";
    export = fs_export_open(&copy, &error);
    g_assert_no_error(error);
    return export;
}

FsExport *memfs_open(void)
{
    FsConfig config = { .max_xattr = FS_MAX_XATTR_DEFAULT };

    return memfs_open_config(&config);
}

static MemInode *mem_resolve(MemExport *m, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    MemInode *inode = m->root->inode;

    for (unsigned i = 0; parts[i] && *parts[i]; i++) {
        MemEntry *entry = inode->entries ? mem_entry_find(inode, parts[i])
                                         : NULL;

        if (!entry) {
            return NULL;
        }
        inode = entry->inode;
    }
    return inode;
}

void memfs_add(FsExport *export, const char *path, const char *content)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    MemExport *m = mem_of(export);
    MemInode *parent, *inode;

    g_mutex_lock(&m->lock);
    parent = mem_resolve(m, !strcmp(dir, ".") ? "" : dir);
    g_assert_nonnull(parent);
    g_assert_null(mem_entry_find(parent, name));
    inode = mem_inode_new(m, content ? S_IFREG | 0644 : S_IFDIR | 0755, NULL);
    if (content) {
        g_byte_array_append(inode->data, (const uint8_t *)content,
                            strlen(content));
    }
    mem_entry_add(m, parent, name, inode);
    g_mutex_unlock(&m->lock);
}

FsNode *memfs_node(FsExport *export, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    FsNode *node = fs_root(export);
    FsAttr attr;

    for (unsigned i = 0; parts[i] && *parts[i]; i++) {
        FsNode *next;
        int ret = fs_lookup(&test_call, node, parts[i], &next, &attr);

        fs_node_unref(node);
        if (ret < 0) {
            return NULL;
        }
        node = next;
    }
    return node;
}

char *memfs_content(FsExport *export, const char *path)
{
    MemExport *m = mem_of(export);
    MemInode *inode;
    char *content = NULL;

    g_mutex_lock(&m->lock);
    inode = mem_resolve(m, path);
    if (inode && inode->data) {
        content = g_malloc0(inode->data->len + 1);
        if (inode->data->len) {
            memcpy(content, inode->data->data, inode->data->len);
        }
    }
    g_mutex_unlock(&m->lock);
    return content;
}
