/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree for requests that fail: see failing-world.h. */
#include "fsdev/core/p9-osdep.h"
#include <ftw.h>
#include <linux/capability.h>
#include <sys/xattr.h>
#include "conformance/conformance.h"
#include "fsdev/local/local.h"
#include "lib/test-call.h"
#include "failing-world.h"

#define META_DIR ".virtfs_metadata"
#define LONG_AGO 86400

/* ---- the tree --------------------------------------------------------- */

bool world_open(World *w)
{
    local_env_start(&w->env);
    if (!w->env.export) {
        return false;
    }
    w->export = w->env.export;
    fs_node_unref(g_steal_pointer(&w->env.root));
    w->c = client_new(g_steal_pointer(&w->env.export), CLIENT_INLINE, NULL);
    g_assert_cmpint(client_version(w->c, 65536, w->dialect), ==, 0);
    g_assert_cmpint(client_attach(w->c, 0, 1000), ==, 0);
    return true;
}

void world_close(World *w)
{
    g_clear_pointer(&w->c, client_free);
    local_env_end(&w->env);
}

static FsNode *root_of(World *w)
{
    return fs_root(w->export);
}

static FsNode *find(FsNode *dir, const char *name)
{
    FsNode *node;
    FsAttr attr;

    g_assert_cmpint(fs_lookup(&test_call, dir, name, &node, &attr), ==, 0);
    return node;
}

static void put_file(FsNode *dir, const char *name, const char *text,
                     uint32_t mode)
{
    struct iovec iov = { (void *)text, strlen(text) };
    const FsSetattr set = { .valid = FS_SET_MODE, .mode = mode };
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), dir, name,
                              O_WRONLY | O_EXCL, mode, &node, &file, &attr),
                    ==, 0);
    g_assert_cmpint(fs_write(&test_call, file, &iov, 1, 0), ==, iov.iov_len);
    g_assert_cmpint(fs_setattr(&test_call, node, file, &set), ==, 0);
}

static void put_others(FsNode *root)
{
    g_autoptr(FsNode) dir = NULL;
    g_autoptr(FsNode) empty = NULL;
    g_autoptr(FsNode) file = find(root, "file");
    FsAttr attr;
    const FsCall *as = CALL_AS(&local_env_cred);

    g_assert_cmpint(fs_mkdir(as, root, "dir", 0750, &attr), ==, 0);
    g_assert_cmpint(fs_mkdir(as, root, "empty", 0710, &attr), ==, 0);
    dir = find(root, "dir");
    put_file(dir, "inner", "inner", 0604);
    g_assert_cmpint(fs_mkdir(as, dir, "sub", 0700, &attr), ==, 0);
    g_assert_cmpint(fs_link(&test_call, file, dir, "twin"), ==, 0);
    g_assert_cmpint(fs_symlink(as, root, "link", "file", &attr), ==, 0);
    g_assert_cmpint(fs_mknod(as, root, "fifo", S_IFIFO | 0620, 0, &attr), ==,
                    0);
    /* It holds a metadata folder afterwards. */
    empty = find(root, "empty");
    put_file(empty, "gone", "", 0600);
    g_assert_cmpint(fs_unlink(&test_call, empty, "gone", false), ==, 0);
}

/* Where that is not allowed, the file just has none. */
static void put_capability(World *w, FsNode *root)
{
    const struct vfs_cap_data caps = {
        .magic_etc = htole32(VFS_CAP_REVISION_2),
        .data = { { .permitted = htole32(1u << 13) } },
    };
    g_autoptr(FsNode) prog = find(root, "prog");

    if (w->env.fixture.model == FS_SM_PASSTHROUGH) {
        setxattr(local_env_path(&w->env, "prog"), "security.capability",
                 &caps, sizeof(caps), 0);
    } else {
        fs_setxattr(&test_call, prog, "security.capability", &caps,
                    sizeof(caps), 0);
    }
    fs_setxattr(&test_call, prog, "user.kept", "value", 5, 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return ftw->level ? remove(path) : 0;
}

static int set_time(const char *path, const struct stat *st, int type,
                    struct FTW *ftw)
{
    const struct timespec times[2] = { { LONG_AGO }, { LONG_AGO } };

    return utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

void world_plant(World *w)
{
    g_autoptr(FsNode) root = root_of(w);

    nftw(w->env.fixture.path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    put_file(root, "file", "0123456789", 0640);
    put_file(root, "other", "other", 0606);
    put_file(root, "prog", "program", 06755);
    local_env_put(&w->env, "hosts", "made on the host");
    put_others(root);
    put_capability(w, root);
    nftw(w->env.fixture.path, set_time, 16, FTW_DEPTH | FTW_PHYS);
    if (!w->fds) {
        w->fds = conformance_count_fds();
    }
}

/* ---- on the host ------------------------------------------------------ */

typedef struct Print {
    GString *text;
    unsigned without;
} Print;

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted names of the directory @fd. */
static GPtrArray *names_of(int fd)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    DIR *dir = fdopendir(fd);
    struct dirent *entry;

    g_assert_nonnull(dir);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            g_ptr_array_add(names, g_strdup(entry->d_name));
        }
    }
    closedir(dir);
    g_ptr_array_sort(names, by_name);
    return names;
}

static uint32_t masked(const Print *p, uint32_t mode)
{
    return p->without & WORLD_NO_SETID && !S_ISDIR(mode) ? mode & ~06000
                                                         : mode;
}

static void print_xattr(Print *p, const char *path, const char *name)
{
    char value[256];
    ssize_t len = lgetxattr(path, name, value, sizeof(value));
    uint32_t mode;

    if ((p->without & WORLD_NO_SETID) &&
        g_str_has_suffix(name, "security.capability")) {
        return;
    }
    if (!strcmp(name, "user.virtfs.mode") && len == sizeof(mode)) {
        memcpy(&mode, value, sizeof(mode));
        g_string_append_printf(p->text, " %s=%o", name,
                               masked(p, le32_to_cpu(mode)));
        return;
    }
    g_string_append_printf(p->text, " %s=", name);
    for (ssize_t i = 0; i < len; i++) {
        g_string_append_printf(p->text, "%02x", (uint8_t)value[i]);
    }
}

static void print_xattrs(Print *p, const char *path)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    char list[1024];
    ssize_t len = llistxattr(path, list, sizeof(list));

    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        g_ptr_array_add(names, list + at);
    }
    g_ptr_array_sort(names, by_name);
    for (unsigned i = 0; i < names->len; i++) {
        print_xattr(p, path, names->pdata[i]);
    }
}

/* A stored mode may be masked in the text of a metadata file. */
static void print_text(Print *p, char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        unsigned mode;

        if (sscanf(lines[i], "virtfs.mode=%u", &mode) == 1) {
            g_string_append_printf(p->text, "virtfs.mode=%o\\",
                                   masked(p, mode));
        } else if (*lines[i]) {
            g_string_append_printf(p->text, "%s\\", lines[i]);
        }
    }
}

static void print_content(Print *p, int dirfd, const char *name,
                          const struct stat *st)
{
    char text[512];
    ssize_t len = 0;

    if (S_ISLNK(st->st_mode)) {
        len = readlinkat(dirfd, name, text, sizeof(text) - 1);
    } else if (S_ISREG(st->st_mode)) {
        int fd = openat(dirfd, name, O_RDONLY | O_NOATIME | O_NOFOLLOW);

        len = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    g_assert_cmpint(len, >=, 0);
    text[len] = '\0';
    print_text(p, text);
}

static bool is_metadata(const char *dir, const char *name)
{
    return g_str_has_suffix(dir, "/" META_DIR) ||
           g_str_has_prefix(name, META_DIR);
}

static bool is_garbage(int dirfd, const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat st;

    return g_str_has_suffix(dir, "/" META_DIR) &&
           (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (stat(path, &st) == 0 && st.st_size == 0));
}

static void print_dir(Print *p, const char *path, int parent);

static void print_entry(Print *p, const char *dir, int dirfd,
                        const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    gsize before = p->text->len;
    gsize after;
    struct stat st;

    g_assert_cmpint(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW), ==, 0);
    g_string_append_printf(p->text, "%s %o %u:%u", path + 1,
                           masked(p, st.st_mode), st.st_uid, st.st_gid);
    if (!S_ISDIR(st.st_mode)) {
        /* Metadata may have names that are garbage. */
        bool any_links = (p->without & WORLD_NO_GARBAGE) &&
                         is_metadata(dir, name);

        g_string_append_printf(p->text, " %u links %s \"",
                               any_links ? 0 : (unsigned)st.st_nlink,
                               st.st_mtime == LONG_AGO ||
                               is_metadata(dir, name) ? "old" : "new");
        print_content(p, dirfd, name, &st);
        g_string_append_c(p->text, '"');
    }
    print_xattrs(p, path);
    g_string_append_c(p->text, '\n');
    after = p->text->len;
    if (S_ISDIR(st.st_mode)) {
        print_dir(p, path, dirfd);
    }
    if ((p->without & WORLD_NO_GARBAGE) && !strcmp(name, META_DIR) &&
        p->text->len == after) {
        g_string_truncate(p->text, before);
    }
}

/* @parent: open directory that contains it, for is_garbage(). */
static void print_dir(Print *p, const char *path, int parent)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY);
    g_autoptr(GPtrArray) names = names_of(dup(fd));

    for (unsigned i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];

        if (!(p->without & WORLD_NO_GARBAGE) ||
            !is_garbage(parent, path, name)) {
            print_entry(p, path, fd, name);
        }
    }
    close(fd);
}

char *world_on_host(const World *w, unsigned without)
{
    Print p = { g_string_new(NULL), without };
    uid_t user = geteuid();

    /* This would change the ids of a helper's threads as well. */
    g_assert_true(user == 0 || seteuid(0) == 0);
    print_dir(&p, w->env.fixture.path, -1);
    g_assert_true(user == 0 || seteuid(user) == 0);
    return g_string_free(p.text, false);
}

/* ---- in the guest ----------------------------------------------------- */

static int take_name(void *opaque, const FsDirent *entry)
{
    if (strcmp(entry->name, ".") && strcmp(entry->name, "..")) {
        g_ptr_array_add(opaque, g_strdup(entry->name));
    }
    return 0;
}

static void show_dir(GString *text, FsNode *dir, const char *path);

static void show_entry(GString *text, FsNode *dir, const char *path,
                       const char *name)
{
    g_autofree char *own = g_strdup_printf("%s/%s", path, name);
    g_autoptr(FsNode) node = find(dir, name);
    char list[512];
    ssize_t len;
    FsAttr attr;

    g_assert_cmpint(fs_getattr(&test_call, node, NULL, 0, &attr), ==, 0);
    g_string_append_printf(text, "%s %o %u:%u %" PRIu64 " %" PRIu64, own,
                           attr.mode, attr.uid, attr.gid, attr.nlink,
                           S_ISDIR(attr.mode) ? 0 : attr.size);
    len = fs_listxattr(&test_call, node, list, sizeof(list));
    for (ssize_t at = 0; at < len; at += strlen(list + at) + 1) {
        g_string_append_printf(text, " %s", list + at);
    }
    g_string_append_c(text, '\n');
    if (S_ISDIR(attr.mode)) {
        show_dir(text, node, own);
    }
}

static void show_dir(GString *text, FsNode *dir, const char *path)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(FsFile) file = NULL;

    g_assert_cmpint(fs_open(&test_call, dir, O_RDONLY, &file), ==, 0);
    g_assert_cmpint(fs_readdir(&test_call, file, 0, 0, take_name, names), ==,
                    0);
    g_ptr_array_sort(names, by_name);
    for (unsigned i = 0; i < names->len; i++) {
        show_entry(text, dir, path, names->pdata[i]);
    }
}

char *world_in_guest(FsExport *export)
{
    g_autoptr(FsNode) root = fs_root(export);
    GString *text = g_string_new(NULL);

    show_dir(text, root, "");
    return g_string_free(text, false);
}
