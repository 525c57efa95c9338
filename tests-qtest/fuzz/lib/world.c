/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exported tree and what is outside of it: see world.h. */
#include "fsdev/core/p9-osdep.h"
#include <dirent.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include "fsdev/helper/helper-cred.h"
#include "fsdev/host/host.h"
#include "fuzz/must.h"
#include "world.h"

/* What may not change of a file outside. */
typedef struct Seen {
    struct stat st;
    char text[64];
    ssize_t len;
    ssize_t xattrs;             /* bytes of the list of names */
} Seen;

/* ---- where it all is ---- */

static bool has_user_xattrs(const char *dir)
{
    return setxattr(dir, "user.probe", "x", 1, 0) == 0 &&
           removexattr(dir, "user.probe") == 0;
}

/*
 * Reads of files outside would change their atimes there; of the tmpfs, too,
 * only what fits into memory can be filled.
 */
static bool mount_own(const char *dir)
{
    const char *options = "size=64m,nr_inodes=20000,mode=755";

    if (mount("fuzz", dir, "tmpfs", MS_NOSUID | MS_NODEV | MS_STRICTATIME,
              options) < 0) {
        return false;
    }
    if (has_user_xattrs(dir)) {
        return true;
    }
    umount2(dir, MNT_DETACH);
    return false;
}

static void remove_top(void);
static char *top;               /* a folder for the trees of this process */
static bool top_mounted;

static const char *find_top(void)
{
    if (!top) {
        top = g_dir_make_tmp("p9-fuzz-XXXXXX", NULL);
        MUST(top);
        top_mounted = unshare(CLONE_NEWNS) == 0 &&
                      mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                      mount_own(top);
        atexit(remove_top);
    }
    return top;
}

static void remove_tree(int at, const char *name);

static void remove_top(void)
{
    if (top_mounted) {
        umount2(top, MNT_DETACH);
    }
    remove_tree(AT_FDCWD, top);
}

/* ---- trees ---- */

static DIR *open_dir(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
                                 O_CLOEXEC | O_NOATIME);

    return fd < 0 ? NULL : fdopendir(fd);
}

static bool is_dot(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

static void remove_tree(int at, const char *name)
{
    struct dirent *entry;
    DIR *dir;

    if (unlinkat(at, name, 0) == 0) {
        return;
    }
    fchmodat(at, name, 0700, 0);
    dir = open_dir(at, name);
    while (dir && (entry = readdir(dir))) {
        if (!is_dot(entry->d_name)) {
            remove_tree(dirfd(dir), entry->d_name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    unlinkat(at, name, AT_REMOVEDIR);
}

typedef void Visit(void *opaque, int at, const char *name,
                   const struct stat *st);

static void each_below(int at, const char *name, Visit *visit, void *opaque)
{
    DIR *dir = open_dir(at, name);
    struct dirent *entry;
    struct stat st;

    while (dir && (entry = readdir(dir))) {
        if (is_dot(entry->d_name) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            continue;
        }
        visit(opaque, dirfd(dir), entry->d_name, &st);
        if (S_ISDIR(st.st_mode)) {
            each_below(dirfd(dir), entry->d_name, visit, opaque);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static void write_file(int at, const char *name, const char *text)
{
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    MUST(fd >= 0);
    MUST(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void make_export(int fd)
{
    write_file(fd, "a", "contents of a");
    MUST(mkdirat(fd, "b", 0755) == 0);
    write_file(fd, "b/a", "contents of b/a");
    MUST(mkdirat(fd, "b/b", 0755) == 0);
    write_file(fd, "c", "");
    MUST(symlinkat("../outside/secret", fd, "link") == 0);
    MUST(mknodat(fd, "fifo", S_IFIFO | 0644, 0) == 0);
    MUST(mkdirat(fd, "d", 0777) == 0);
    MUST(linkat(fd, "a", fd, "d/c", 0) == 0);
}

static void make_outside(int fd)
{
    write_file(fd, "secret", WORLD_SECRET);
    MUST(mkdirat(fd, "b", 0755) == 0);
    write_file(fd, "b/a", WORLD_SECRET);
    write_file(fd, "a", WORLD_SECRET);
    MUST(mknodat(fd, "fifo", S_IFIFO | 0644, 0) == 0);
    MUST(symlinkat("secret", fd, "link") == 0);
}

static void own(void *opaque, int at, const char *name,
                const struct stat *st)
{
    const uint32_t *ids = opaque;

    MUST(fchownat(at, name, ids[0], ids[1], AT_SYMLINK_NOFOLLOW) == 0);
}

static void see(void *opaque, int at, const char *name,
                const struct stat *st)
{
    Seen seen = { .st = *st };
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", at, name);

    seen.xattrs = llistxattr(path, NULL, 0);
    if (S_ISREG(st->st_mode)) {
        int fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC |
                                     O_NOATIME);

        MUST(fd >= 0);
        seen.len = read(fd, seen.text, sizeof(seen.text));
        close(fd);
    }
    g_array_append_val(opaque, seen);
}

static GArray *look_outside(const World *world)
{
    GArray *seen = g_array_new(FALSE, TRUE, sizeof(Seen));
    struct stat st;

    MUST(fstatat(world->base_fd, "outside", &st, 0) == 0);
    see(seen, world->base_fd, "outside", &st);
    each_below(world->base_fd, "outside", see, seen);
    return seen;
}

static unsigned count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    MUST(dir);
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

int world_run(const uint8_t *data, size_t size, void (*run)(Input *in))
{
    static bool ready;
    Input warm_up = { NULL, 0 };
    Input in = { data, size };
    const char *what;

    if (!ready) {
        umask(022);
        helper_cred_init();
        MUST(host_init(&what) == 0);
        ready = true;
        run(&warm_up);
    }
    run(&in);
    return 0;
}

void world_open(World *world, uint32_t uid, uint32_t gid)
{
    uint32_t ids[] = { uid, gid };
    const char *dir = find_top();
    int outside;

    world->fds = count_fds();
    world->path = g_build_filename(dir, "export", NULL);
    world->base_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    MUST(mkdirat(world->base_fd, "export", 0755) == 0);
    MUST(mkdirat(world->base_fd, "outside", 0755) == 0);
    world->export_fd = openat(world->base_fd, "export", O_PATH | O_CLOEXEC);
    outside = openat(world->base_fd, "outside", O_PATH | O_CLOEXEC);
    MUST(world->export_fd >= 0 && outside >= 0);
    make_export(world->export_fd);
    make_outside(outside);
    close(outside);
    if (geteuid() == 0) {
        own(ids, world->base_fd, "export", NULL);
        each_below(world->base_fd, "export", own, ids);
    }
    world->before = look_outside(world);
}

void world_bind(World *world)
{
    int fd;

    if (top_mounted &&
        mount(world->path, world->path, NULL, MS_BIND, NULL) == 0) {
        fd = open(world->path, O_PATH | O_CLOEXEC);
        MUST(fd >= 0);
        close(world->export_fd);
        world->export_fd = fd;
    }
}

void world_check(World *world)
{
    g_autoptr(GArray) now = look_outside(world);

    MUST(now->len == world->before->len);
    for (guint i = 0; i < now->len; i++) {
        const Seen *a = &g_array_index(world->before, Seen, i);
        const Seen *b = &g_array_index(now, Seen, i);

        MUST(!memcmp(&a->st, &b->st, sizeof(a->st)));
        MUST(a->len == b->len && a->xattrs == b->xattrs);
        MUST(!memcmp(a->text, b->text, sizeof(a->text)));
    }
}

void world_close(World *world)
{
    g_autofree char *mounted = g_build_filename(world->path, "d", NULL);

    world_check(world);
    while (umount2(mounted, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {
        /* host_step() may have mounted something on it, several times. */
    }
    umount2(world->path, MNT_DETACH | UMOUNT_NOFOLLOW);
    close(world->export_fd);
    remove_tree(world->base_fd, "export");
    remove_tree(world->base_fd, "outside");
    close(world->base_fd);
    MUST(count_fds() == world->fds);
    g_array_unref(world->before);
    g_free(world->path);
}

bool world_is_outside(const World *world, int fd)
{
    struct stat st;

    MUST(fstat(fd, &st) == 0);
    for (guint i = 0; i < world->before->len; i++) {
        const Seen *seen = &g_array_index(world->before, Seen, i);

        if (seen->st.st_dev == st.st_dev && seen->st.st_ino == st.st_ino) {
            return true;
        }
    }
    return false;
}

void world_check_bytes(const void *bytes, size_t size)
{
    MUST(!memmem(bytes, size, WORLD_SECRET, strlen(WORLD_SECRET)));
}

typedef struct Each {
    void (*visit)(void *opaque, const struct stat *st);
    void *opaque;
} Each;

static void each_one(void *opaque, int at, const char *name,
                     const struct stat *st)
{
    Each *each = opaque;

    each->visit(each->opaque, st);
}

void world_each(const World *world,
                void (*visit)(void *opaque, const struct stat *st),
                void *opaque)
{
    Each each = { visit, opaque };

    each_below(world->base_fd, "export", each_one, &each);
}
