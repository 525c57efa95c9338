/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Special cases with files of local exports: direct I/O, appending by two
 * clients, access times, birth times, leases of other programs, and directories
 * of 100000 entries.
 */
#include "fsdev/core/p9-osdep.h"
#include <signal.h>
#include <sys/mman.h>
#include "fsdev/host/host.h"
#include "fsdev/host/host-fs.h"
#include "local-env.h"
#include "lib/test-call.h"

#define BLOCK 4096

/* ---- direct I/O ------------------------------------------------------- */

static char *new_block(char fill)
{
    void *block = NULL;

    g_assert_cmpint(posix_memalign(&block, BLOCK, 2 * BLOCK), ==, 0);
    memset(block, fill, 2 * BLOCK);
    return block;
}

static ssize_t put(FsFile *file, const char *from, size_t len, uint64_t offset)
{
    struct iovec iov = { (void *)from, len };

    return fs_write(&test_call, file, &iov, 1, offset);
}

static ssize_t get(FsFile *file, char *to, size_t len, uint64_t offset)
{
    struct iovec iov = { to, len };

    return fs_read(&test_call, file, &iov, 1, offset);
}

/* Whether the first block of @path is in the host's page cache. */
static bool in_page_cache(const char *path)
{
    unsigned char resident = 0;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *map = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(map != MAP_FAILED);
    g_assert_cmpint(mincore(map, BLOCK, &resident), ==, 0);
    munmap(map, BLOCK);
    close(fd);
    return resident & 1;
}

/* Whether direct I/O bypasses the page cache on this file system. */
static bool host_goes_direct(const LocalEnv *env, const char *block)
{
    const char *path = local_env_path(env, "probe");
    int fd = open(path, O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    bool ret = fd >= 0 && pwrite(fd, block, BLOCK, 0) == BLOCK &&
               !in_page_cache(path);

    if (fd >= 0) {
        close(fd);
    }
    return ret;
}

static void open_new(const LocalEnv *env, const char *name, int flags,
                     FsFile **file)
{
    g_autoptr(FsNode) node = NULL;
    FsAttr attr;

    g_assert_cmpint(fs_create(CALL_AS(&local_env_cred), env->root, name, flags,
                              0600, &node, file, &attr),
                    ==, 0);
}

static void direct_is_passed_on(LocalEnv *env)
{
    g_autofree char *block = new_block('d');
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) made = NULL;
    g_autoptr(FsFile) opened = NULL;

    if (!host_goes_direct(env, block)) {
        g_test_skip("direct I/O has no effect in the temporary directory");
        return;
    }
    open_new(env, "f", O_RDWR | O_DIRECT, &made);
    g_assert_cmpint(put(made, block, BLOCK, 0), ==, BLOCK);
    g_assert_false(in_page_cache(local_env_path(env, "f")));
    node = local_env_lookup(env, "f");
    g_assert_cmpint(fs_open(&test_call, node, O_RDWR | O_DIRECT, &opened), ==,
                    0);
    memset(block, 0, BLOCK);
    g_assert_cmpint(get(opened, block, 2 * BLOCK, 0), ==, BLOCK);
    g_assert_cmpint(block[0], ==, 'd');
    g_assert_cmpint(block[BLOCK - 1], ==, 'd');
    g_assert_false(in_page_cache(local_env_path(env, "f")));
}

/*
 * Transfers that are not aligned for direct I/O work too, and agree with the
 * aligned ones.
 */
static void direct_unaligned(LocalEnv *env)
{
    g_autofree char *block = new_block('a');
    g_autoptr(FsFile) file = NULL;
    struct iovec parts[] = {
        { block + 1, 10 }, { block + BLOCK, BLOCK }, { block, 512 },
    };

    open_new(env, "f", O_RDWR | O_DIRECT, &file);
    g_assert_cmpint(put(file, block, BLOCK, 0), ==, BLOCK);
    g_assert_cmpint(put(file, "unaligned", 9, 511), ==, 9);
    g_assert_cmpint(put(file, block + 3, BLOCK, BLOCK), ==, BLOCK);
    g_assert_cmpint(put(file, block, 100, 2 * BLOCK), ==, 100);
    g_assert_cmpint(put(file, block, 512, 2 * BLOCK + 512), ==, 512);
    g_assert_cmpint(fs_write(&test_call, file, parts, 3, 2 * BLOCK), ==,
                    10 + BLOCK + 512);
    memset(block, 0, 2 * BLOCK);
    g_assert_cmpint(get(file, block, BLOCK, 0), ==, BLOCK);
    g_assert_cmpmem(block + 510, 11, "aunaligneda", 11);
    g_assert_cmpint(get(file, block + 7, 9, 511), ==, 9);
    g_assert_cmpmem(block + 7, 9, "unaligned", 9);
    g_assert_cmpint(get(file, block, 2 * BLOCK, 2 * BLOCK), ==,
                    BLOCK + 10 + 512);
    g_assert_cmpint(get(file, block, BLOCK, 4 * BLOCK), ==, 0);
    g_assert_cmpint(local_env_stat(env, "f").st_size, ==,
                    3 * BLOCK + 10 + 512);
}

/* ---- appending -------------------------------------------------------- */

#define RECORD 17
#define RECORDS 400

typedef struct Appender {
    FsExport *export;
    char fill;
} Appender;

static gpointer append_records(gpointer opaque)
{
    const Appender *self = opaque;
    g_autoptr(FsNode) root = fs_root(self->export);
    g_autoptr(FsNode) node = NULL;
    g_autoptr(FsFile) file = NULL;
    char record[RECORD];
    FsAttr attr;

    memset(record, self->fill, RECORD);
    g_assert_cmpint(fs_lookup(&test_call, root, "log", &node, &attr), ==, 0);
    g_assert_cmpint(fs_open(&test_call, node, O_WRONLY | O_APPEND, &file), ==,
                    0);
    for (int i = 0; i < RECORDS; i++) {
        /* The offset that a client passes is ignored when appending. */
        g_assert_cmpint(put(file, record, RECORD, (uint64_t)i * RECORD), ==,
                        RECORD);
    }
    return NULL;
}

static void two_clients_append(LocalEnv *env)
{
    g_autoptr(FsExport) other = local_fixture_reopen(&env->fixture);
    Appender clients[] = { { env->export, 'a' }, { other, 'b' } };
    g_autofree char *text = NULL;
    GThread *thread;
    unsigned count[2] = { 0 };

    local_env_put(env, "log", "");
    thread = g_thread_new("append", append_records, &clients[1]);
    append_records(&clients[0]);
    g_thread_join(thread);
    text = local_env_text(env, "log");
    g_assert_cmpuint(strlen(text), ==, 2 * RECORDS * RECORD);
    for (const char *at = text; *at; at += RECORD) {
        g_assert_cmpuint(strspn(at, (char[]) { *at, 0 }), >=, RECORD);
        count[*at == 'b']++;
    }
    g_assert_cmpuint(count[0], ==, RECORDS);
    g_assert_cmpuint(count[1], ==, RECORDS);
}

/* ---- times ------------------------------------------------------------ */

static time_t atime_after_read(LocalEnv *env, int flags)
{
    const struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
    g_autoptr(FsNode) node = local_env_lookup(env, "f");
    g_autoptr(FsFile) file = NULL;
    char byte;

    g_assert_cmpint(utimensat(AT_FDCWD, local_env_path(env, "f"), old, 0), ==,
                    0);
    g_assert_cmpint(fs_open(&test_call, node, O_RDONLY | flags, &file), ==, 0);
    g_assert_cmpint(get(file, &byte, 1, 0), ==, 1);
    return local_env_stat(env, "f").st_atime;
}

static void noatime_is_passed_on(LocalEnv *env)
{
    local_env_put(env, "f", "text");
    if (atime_after_read(env, 0) == 1000) {
        g_test_skip("the temporary directory keeps no access times");
        return;
    }
    g_assert_cmpint(atime_after_read(env, O_NOATIME), ==, 1000);
}

static void time_of_birth(LocalEnv *env)
{
    struct statx stx;
    FsAttr attr;

    local_env_put(env, "f", "text");
    if (statx(AT_FDCWD, local_env_path(env, "f"), 0, STATX_BTIME, &stx) < 0 ||
        !(stx.stx_mask & STATX_BTIME)) {
        g_test_skip("the temporary directory keeps no times of birth");
        return;
    }
    attr = local_env_attr(env, "f");
    g_assert_true(attr.valid & FS_ATTR_BTIME);
    g_assert_cmpint(attr.btime.tv_sec, ==, stx.stx_btime.tv_sec);
    g_assert_cmpint(attr.btime.tv_nsec, ==, stx.stx_btime.tv_nsec);
}

/* ---- a big directory -------------------------------------------------- */

#define MANY 100000
#define PER_CALL 500

typedef struct Page {
    bool *seen;
    unsigned entries;
    unsigned total;
    uint64_t next;
    uint64_t cookies[MANY / PER_CALL + 8];
} Page;

static int take(void *opaque, const FsDirent *entry)
{
    Page *page = opaque;
    unsigned n;

    if (page->entries == PER_CALL) {
        return 1;
    }
    page->entries++;
    page->next = entry->next;
    if (sscanf(entry->name, "entry-%u", &n) == 1) {
        g_assert_cmpuint(n, <, MANY);
        g_assert_false(page->seen[n]);
        page->seen[n] = true;
        page->total++;
    }
    return 0;
}

/* Number of pages from @cookie to the end. */
static unsigned read_pages(FsFile *dir, uint64_t cookie, Page *page)
{
    unsigned pages = 0;

    page->next = cookie;
    do {
        g_assert_cmpuint(pages, <, ARRAY_SIZE(page->cookies));
        page->cookies[pages++] = page->next;
        page->entries = 0;
        g_assert_cmpint(fs_readdir(&test_call, dir, page->next, 0, take, page),
                        ==, 0);
    } while (page->entries);
    return pages;
}

static void populate(const LocalEnv *env)
{
    g_autofree char *first = NULL;

    for (unsigned i = 0; i < MANY; i++) {
        g_autofree char *path = g_strdup_printf("%s/entry-%u",
                                                env->fixture.path, i);

        /* A file can have at most so many links. */
        if (i % 20000 == 0) {
            g_free(first);
            first = g_strdup(path);
            g_assert_cmpint(mknod(path, S_IFREG | 0600, 0), ==, 0);
        } else {
            g_assert_cmpint(link(first, path), ==, 0);
        }
    }
}

static void hundred_thousand_entries(LocalEnv *env)
{
    g_autofree Page *page = g_new0(Page, 1);
    g_autofree bool *seen = g_new0(bool, MANY);
    g_autoptr(FsFile) dir = NULL;
    unsigned pages, before;

    populate(env);
    page->seen = seen;
    g_assert_cmpint(fs_open(&test_call, env->root, O_RDONLY, &dir), ==, 0);
    pages = read_pages(dir, 0, page);
    g_assert_cmpuint(page->total, ==, MANY);
    /* Reading again from the middle gives what came after that point. */
    before = page->total;
    memset(seen, 0, MANY * sizeof(*seen));
    page->total = 0;
    g_assert_cmpuint(read_pages(dir, page->cookies[pages / 2], page), ==,
                     pages - pages / 2);
    g_assert_cmpuint(page->total, <=, before - (pages / 2 - 1) * PER_CALL);
    g_assert_cmpuint(page->total, >, 0);
}

/* ---- leases ----------------------------------------------------------- */

/*
 * A host program's lease on @name, which it breaks only by closing the result;
 * -1 where there are none.
 */
static int take_lease(const LocalEnv *env, const char *name)
{
    int fd = open(local_env_path(env, name), O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    /* The kernel reports that a process wants to open the file. */
    signal(SIGIO, SIG_IGN);
    if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0) {
        g_test_skip("the temporary directory's file system has no leases");
        close(fd);
        return -1;
    }
    return fd;
}

/*
 * Opening a leased file for writing waits for the holder of the lease, who may
 * take any time.  Calls that may only wait for storage are refused, also those
 * that have to open the file for another reason.
 */
static void lease_is_not_awaited(LocalEnv *env)
{
    const FsSetattr cut = { .valid = FS_SET_MODE | FS_SET_SIZE, .mode = 0640 };
    g_autoptr(FsFile) reading = NULL;
    g_autoptr(FsFile) file = NULL;
    g_autoptr(FsNode) node = NULL;
    FsLocker *locker = NULL;
    int fd = open(env->fixture.path, O_PATH | O_CLOEXEC);
    bool local = host_fs_is_local(fd);
    uint32_t mode;
    int lease;

    close(fd);
    if (!local) {
        g_test_skip("opening a file may wait for more than storage here");
        return;
    }
    local_env_put(env, "f", "text");
    mode = local_env_attr(env, "f").mode;
    g_assert_cmphex(mode & 0777, !=, cut.mode);
    node = local_env_lookup(env, "f");
    lease = take_lease(env, "f");
    if (lease < 0) {
        return;
    }
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDONLY, &reading), ==,
                    0);
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDWR, &file), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDONLY | O_TRUNC,
                            &file),
                    ==, -EAGAIN);
    g_assert_cmpint(fs_locker_open(&test_call_storage, reading, &locker), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_setattr(&test_call_storage, node, NULL, &cut), ==,
                    -EAGAIN);
    g_assert_cmpint(fs_setattr(&test_call_storage, node, reading, &cut), ==,
                    -EAGAIN);
    g_assert_cmphex(local_env_attr(env, "f").mode, ==, mode);
    g_assert_cmpuint(local_env_stat(env, "f").st_size, ==, 4);
    close(lease);
    g_assert_cmpint(fs_locker_open(&test_call_storage, reading, &locker), ==,
                    0);
    fs_locker_close(locker);
    g_assert_cmpint(fs_open(&test_call_storage, node, O_RDWR, &file), ==, 0);
    g_assert_cmpint(fs_setattr(&test_call_storage, node, file, &cut), ==, 0);
    g_assert_cmpuint(local_env_stat(env, "f").st_size, ==, 0);
}

static const LocalEnvTest tests[] = {
    { "direct", LOCAL_ALL, direct_is_passed_on },
    { "direct-unaligned", LOCAL_ALL, direct_unaligned },
    { "direct-unaligned-in-memory", LOCAL_PASSTHROUGH, direct_unaligned,
      .tmpfs = "size=1m" },
    { "noatime", LOCAL_ALL, noatime_is_passed_on },
    { "time-of-birth", LOCAL_ALL, time_of_birth },
    { "lease", LOCAL_ALL, lease_is_not_awaited },
    { "hundred-thousand-entries", LOCAL_PASSTHROUGH,
      hundred_thousand_entries },
};

static const LocalEnvTest threaded[] = {
    { "append", LOCAL_ALL, two_clients_append },
};

int main(int argc, char **argv)
{
    local_separate_mounts();
    g_test_init(&argc, &argv, NULL);
    umask(022);
    local_env_add("/local/files", tests, ARRAY_SIZE(tests));
    local_env_add("/local/threads/files", threaded, ARRAY_SIZE(threaded));
    return g_test_run();
}
