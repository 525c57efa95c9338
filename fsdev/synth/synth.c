/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The synth driver: a small tree in memory, for tests of the layers above.
 *
 * The export owns its nodes until it is closed, so references to nodes are not
 * counted.  The tree is complete before the first guest request and no request
 * changes it, so that any number of threads can read it without a lock.  No
 * function blocks.
 * There are no permission checks: a file of mode 0 can be opened for writing.
 * A request that would change the tree fails with the errno that guests have
 * always got from this driver in QEMU.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/synth/synth.h"

#define SYNTH_FS_TYPE 0xabcd
#define SYNTH_BLOCK_SIZE 512

typedef struct SynthNode SynthNode;

struct SynthNode {
    FsNode base;
    SynthNode *parent;          /* borrowed; the root is its own parent */
    char *name;                 /* owned */
    GPtrArray *children;        /* owned nodes, oldest first; NULL: a file */
    SynthReadFn *read;
    SynthWriteFn *write;
    uint32_t mode;
    uint64_t ino;
};

typedef struct SynthExport {
    FsExport base;
    SynthNode *root;            /* owned */
    uint64_t dev;
    uint64_t node_count;
} SynthExport;

typedef struct SynthFile {
    FsFile base;
    int accmode;                /* O_RDONLY, O_WRONLY or O_RDWR */
} SynthFile;

static SynthNode *synth_node(FsNode *node)
{
    return container_of(node, SynthNode, base);
}

static SynthExport *synth_export(const SynthNode *node)
{
    return container_of(node->base.export, SynthExport, base);
}

static bool synth_is_dir(const SynthNode *node)
{
    return node->children != NULL;
}

/* Building the tree */

static void synth_node_free(gpointer opaque)
{
    SynthNode *node = opaque;

    g_clear_pointer(&node->children, g_ptr_array_unref);
    g_free(node->name);
    g_free(node);
}

/* @mode includes the type.  Inode numbers only depend on the order of calls. */
static SynthNode *synth_node_new(SynthExport *export, const char *name,
                                 uint32_t mode)
{
    SynthNode *node = g_new0(SynthNode, 1);

    node->base.export = &export->base;
    node->name = g_strdup(name);
    node->mode = mode;
    node->ino = ++export->node_count;
    if (S_ISDIR(mode)) {
        node->children = g_ptr_array_new_with_free_func(synth_node_free);
    }
    return node;
}

static SynthNode *synth_child(const SynthNode *dir, const char *name)
{
    for (guint i = 0; i < dir->children->len; i++) {
        SynthNode *child = g_ptr_array_index(dir->children, i);

        if (!strcmp(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

static bool synth_name_is_legal(const char *name)
{
    return *name && strlen(name) <= NAME_MAX && !strchr(name, '/') &&
           strcmp(name, ".") && strcmp(name, "..");
}

static int synth_add(FsNode *dirnode, const char *name, uint32_t mode,
                     SynthNode **result)
{
    SynthNode *dir = synth_node(dirnode);

    if (!synth_is_dir(dir)) {
        return -ENOTDIR;
    }
    if (!synth_name_is_legal(name)) {
        return -EINVAL;
    }
    if (synth_child(dir, name)) {
        return -EEXIST;
    }
    *result = synth_node_new(synth_export(dir), name, mode);
    (*result)->parent = dir;
    g_ptr_array_add(dir->children, *result);
    return 0;
}

int synth_add_dir(FsNode *dir, const char *name, uint32_t mode, FsNode **node)
{
    SynthNode *added;
    int ret = synth_add(dir, name, S_IFDIR | (mode & 0555), &added);

    if (ret == 0 && node) {
        *node = &added->base;
    }
    return ret;
}

int synth_add_file(FsNode *dir, const char *name, uint32_t mode,
                   SynthReadFn *read, SynthWriteFn *write, FsNode **node)
{
    SynthNode *added;
    int ret = synth_add(dir, name, S_IFREG | (mode & 0777), &added);

    if (ret < 0) {
        return ret;
    }
    added->read = read;
    added->write = write;
    if (node) {
        *node = &added->base;
    }
    return 0;
}

ssize_t synth_copy_out(const struct iovec *iov, int iovcnt, uint64_t offset,
                       const void *data, size_t size)
{
    const char *from = data;
    size_t done = 0;

    if (offset >= size) {
        return 0;
    }
    from += offset;
    size -= offset;
    for (int i = 0; i < iovcnt && done < size; i++) {
        size_t part = MIN(iov[i].iov_len, size - done);

        /* An empty vector may have no base. */
        if (part) {
            memcpy(iov[i].iov_base, from + done, part);
        }
        done += part;
    }
    return done;
}

/* The driver: export and nodes */

static FsExport *synth_open_export(const FsConfig *config, GError **error)
{
    SynthExport *export = g_new0(SynthExport, 1);

    fs_export_init(&export->base, config);
    /* The same in each run for the same id, and unlike any device number */
    export->dev = 0x73796e74ULL << 32 | g_str_hash(config->id ?: "");
    export->root = synth_node_new(export, "/", S_IFDIR | 0555);
    export->root->parent = export->root;
    return &export->base;
}

static void synth_close_export(FsExport *fsexport)
{
    SynthExport *export = container_of(fsexport, SynthExport, base);

    synth_node_free(export->root);
    fs_config_clear(&export->base.config);
    g_free(export);
}

static FsNode *synth_root(FsExport *export)
{
    return &container_of(export, SynthExport, base)->root->base;
}

/* The export owns its nodes, so references to them are not counted. */
static void synth_node_ref(FsNode *node)
{
}

static void synth_node_unref(FsNode *node)
{
}

static FsNode *synth_parent(FsNode *node)
{
    return &synth_node(node)->parent->base;
}

static int synth_locate(FsNode *fsnode, FsNode **dir, char *name)
{
    SynthNode *node = synth_node(fsnode);

    if (node->parent == node) {
        return -EBUSY;
    }
    *dir = &node->parent->base;
    g_strlcpy(name, node->name, NAME_MAX + 1);
    return 0;
}

static void synth_identity(FsNode *fsnode, FsIdentity *identity)
{
    const SynthNode *node = synth_node(fsnode);

    *identity = (FsIdentity) {
        .type = node->mode & S_IFMT,
        .dev = synth_export(node)->dev,
        .ino = node->ino,
        .proof = true,
    };
}

/* The whole tree is in memory. */
static FsWait synth_reach(FsNode *fsnode G_GNUC_UNUSED)
{
    return FS_WAIT_NEVER;
}

static void synth_fill_attr(const SynthNode *node, FsAttr *attr)
{
    *attr = (FsAttr) {
        .mode = node->mode,
        .nlink = 1,
        .dev = synth_export(node)->dev,
        .ino = node->ino,
        .blksize = SYNTH_BLOCK_SIZE,
    };
    if (!synth_is_dir(node)) {
        return;
    }
    /* Its name and its own ".", and the ".." of each directory in it. */
    attr->nlink = 2;
    for (guint i = 0; i < node->children->len; i++) {
        attr->nlink += synth_is_dir(g_ptr_array_index(node->children, i));
    }
}

static int synth_lookup(const FsCall *call, FsNode *dirnode, const char *name,
                        FsNode **node, FsAttr *attr)
{
    SynthNode *dir = synth_node(dirnode);
    SynthNode *child;

    if (!synth_is_dir(dir)) {
        return -ENOTDIR;
    }
    child = synth_child(dir, name);
    if (!child) {
        return -ENOENT;
    }
    *node = &child->base;
    synth_fill_attr(child, attr);
    return 0;
}

static int synth_getattr(const FsCall *call, FsNode *node, FsFile *file,
                         unsigned flags, FsAttr *attr)
{
    synth_fill_attr(synth_node(node), attr);
    return 0;
}

/* Setting times succeeds without effect. */
static int synth_setattr(const FsCall *call, FsNode *node, FsFile *file,
                         const FsSetattr *set)
{
    if (set->valid & (FS_SET_UID | FS_SET_GID | FS_SET_MODE)) {
        return -EPERM;
    }
    if (set->valid & FS_SET_SIZE) {
        return -ENOSYS;
    }
    return 0;
}

static ssize_t synth_readlink(const FsCall *call, FsNode *node, char *buf,
                              size_t size)
{
    return -EINVAL;
}

static int synth_statfs(const FsCall *call, FsNode *node, struct statfs *st)
{
    *st = (struct statfs) {
        .f_type = SYNTH_FS_TYPE,
        .f_bsize = SYNTH_BLOCK_SIZE,
        .f_frsize = SYNTH_BLOCK_SIZE,
        .f_files = synth_export(synth_node(node))->node_count,
        .f_namelen = NAME_MAX,
    };
    return 0;
}

/* The driver: requests that would change the tree */

static int synth_mkdir(const FsCall *call, FsNode *dir, const char *name,
                       uint32_t mode, FsAttr *attr)
{
    return -EPERM;
}

static int synth_mknod(const FsCall *call, FsNode *dir, const char *name,
                       uint32_t mode, uint64_t rdev, FsAttr *attr)
{
    return -EPERM;
}

static int synth_symlink(const FsCall *call, FsNode *dir, const char *name,
                         const char *target, FsAttr *attr)
{
    return -EPERM;
}

static int synth_link(const FsCall *call, FsNode *node, FsNode *dir,
                      const char *name)
{
    return -EPERM;
}

static int synth_unlink(const FsCall *call, FsNode *dir, const char *name,
                        bool is_dir)
{
    return -EPERM;
}

static int synth_rename(const FsCall *call, FsNode *dir, const char *name,
                        FsNode *newdir, const char *newname)
{
    return -EPERM;
}

/* The driver: open files */

static int synth_open(const FsCall *call, FsNode *fsnode, int flags,
                      FsFile **file)
{
    SynthNode *node = synth_node(fsnode);
    int accmode = flags & O_ACCMODE;
    bool writes = accmode != O_RDONLY || (flags & O_TRUNC);
    SynthFile *opened;

    if (synth_is_dir(node) && writes) {
        return -EISDIR;
    }
    if (!synth_is_dir(node) && (flags & O_DIRECTORY)) {
        return -ENOTDIR;
    }
    if (writes && fs_export_is_readonly(fsnode->export)) {
        return -EROFS;
    }
    opened = g_new0(SynthFile, 1);
    opened->base.node = fsnode;
    opened->base.is_dir = synth_is_dir(node);
    opened->base.dev = synth_export(node)->dev;
    opened->base.ino = node->ino;
    opened->accmode = accmode;
    *file = &opened->base;
    return 0;
}

static int synth_create(const FsCall *call, FsNode *dir, const char *name,
                        int flags, uint32_t mode, FsNode **node, FsFile **file,
                        FsAttr *attr)
{
    FsNode *found;
    FsAttr found_attr;
    FsFile *opened;
    int ret = synth_lookup(call, dir, name, &found, &found_attr);

    if (ret == -ENOENT) {
        return -ENOSYS;
    }
    if (ret < 0) {
        return ret;
    }
    if (flags & O_EXCL) {
        return -EEXIST;
    }
    if (S_ISDIR(found_attr.mode)) {
        return -EISDIR;
    }
    ret = synth_open(call, found, flags, &opened);
    if (ret < 0) {
        return ret;
    }
    *node = found;
    *file = opened;
    *attr = found_attr;
    return 0;
}

static void synth_release(FsFile *file)
{
    g_free(container_of(file, SynthFile, base));
}

static ssize_t synth_read(const FsCall *call, FsFile *file,
                          const struct iovec *iov, int iovcnt, uint64_t offset)
{
    SynthNode *node = synth_node(file->node);

    if (file->is_dir) {
        return -EISDIR;
    }
    if (container_of(file, SynthFile, base)->accmode == O_WRONLY) {
        return -EBADF;
    }
    return node->read ? node->read(file->node, iov, iovcnt, offset) : -EPERM;
}

static ssize_t synth_write(const FsCall *call, FsFile *file,
                           const struct iovec *iov, int iovcnt, uint64_t offset)
{
    SynthNode *node = synth_node(file->node);

    if (file->is_dir) {
        return -EISDIR;
    }
    if (container_of(file, SynthFile, base)->accmode == O_RDONLY) {
        return -EBADF;
    }
    return node->write ? node->write(file->node, iov, iovcnt, offset) : -EPERM;
}

static int synth_fsync(const FsCall *call, FsFile *file, bool datasync)
{
    return 0;
}

/*
 * Entry 0 is ".", entry 1 is "..", and the others follow, the newest first; the
 * cookie of an entry is its index plus 1.  The order matters to a test of QEMU
 * that requests as many bytes as the last reply had: short names must not come
 * before long ones, and the newest of numbered files have the longest names.
 */
static void synth_dirent(const SynthNode *dir, uint64_t index, FsDirent *entry)
{
    const SynthNode *node;

    if (index == 0) {
        node = dir;
        entry->name = ".";
    } else if (index == 1) {
        node = dir->parent;
        entry->name = "..";
    } else {
        node = g_ptr_array_index(dir->children,
                                 dir->children->len - 1 - (index - 2));
        entry->name = node->name;
    }
    entry->name_len = strlen(entry->name);
    entry->next = index + 1;
    entry->ino = node->ino;
    entry->type = synth_is_dir(node) ? DT_DIR : DT_REG;
}

static int synth_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                         unsigned flags, FsDirSink *sink, void *opaque)
{
    const SynthNode *dir = synth_node(file->node);
    FsDirent entry = { 0 };

    if (!file->is_dir) {
        return -ENOTDIR;
    }
    if (flags & FS_READDIR_DEV) {
        entry.dev = synth_export(dir)->dev;
    }
    for (uint64_t i = cookie; i < (uint64_t)dir->children->len + 2; i++) {
        int ret;

        synth_dirent(dir, i, &entry);
        ret = sink(opaque, &entry);
        if (ret) {
            return ret < 0 ? ret : 0;
        }
    }
    return 0;
}

/* The driver: extended attributes, which are accepted and discarded */

static ssize_t synth_getxattr(const FsCall *call, FsNode *node,
                              const char *name, void *buf, size_t size)
{
    return -ENODATA;
}

static ssize_t synth_listxattr(const FsCall *call, FsNode *node, char *buf,
                               size_t size)
{
    return 0;
}

static int synth_setxattr(const FsCall *call, FsNode *node, const char *name,
                          const void *value, size_t size, int flags)
{
    return fs_export_is_readonly(node->export) ? -EROFS : 0;
}

static int synth_removexattr(const FsCall *call, FsNode *node, const char *name)
{
    return fs_export_is_readonly(node->export) ? -EROFS : 0;
}

const FsDriver fs_synth_driver = {
    .name = "synth",
    .open_export = synth_open_export,
    .close_export = synth_close_export,
    .root = synth_root,
    .node_ref = synth_node_ref,
    .node_unref = synth_node_unref,
    .parent = synth_parent,
    .locate = synth_locate,
    .identity = synth_identity,
    .reach = synth_reach,
    .lookup = synth_lookup,
    .getattr = synth_getattr,
    .setattr = synth_setattr,
    .readlink = synth_readlink,
    .statfs = synth_statfs,
    .create = synth_create,
    .mkdir = synth_mkdir,
    .mknod = synth_mknod,
    .symlink = synth_symlink,
    .link = synth_link,
    .unlink = synth_unlink,
    .rename = synth_rename,
    .open = synth_open,
    .read = synth_read,
    .write = synth_write,
    .fsync = synth_fsync,
    .readdir = synth_readdir,
    .release = synth_release,
    .getxattr = synth_getxattr,
    .listxattr = synth_listxattr,
    .setxattr = synth_setxattr,
    .removexattr = synth_removexattr,
};
