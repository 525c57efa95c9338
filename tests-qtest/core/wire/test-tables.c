/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small tables that the session uses: qid paths, errno values, open flags, and
 * the record of which bytes of an attribute's value were written.
 */
#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-errno.h"
#include "hw/9pfs/9p-fid.h"
#include "hw/9pfs/9p-flags.h"
#include "hw/9pfs/9p-qid.h"

/* ---- qid paths ---- */

static bool dev_id(FsExport *export, uint64_t dev, uint64_t *id);

static const FsDriver driver = { .dev_id = dev_id };
static FsExport exports[] = {
    [FS_MULTIDEVS_REMAP] = {
        .driver = &driver, .config = { .multidevs = FS_MULTIDEVS_REMAP },
    },
    [FS_MULTIDEVS_FORBID] = {
        .driver = &driver, .config = { .multidevs = FS_MULTIDEVS_FORBID },
    },
    [FS_MULTIDEVS_WARN] = {
        .driver = &driver, .config = { .multidevs = FS_MULTIDEVS_WARN },
    },
};
static uint64_t id_offset;      /* identity of a device less its number */
static uint64_t unknown_dev;    /* has no identity yet */

static bool dev_id(FsExport *export, uint64_t dev, uint64_t *id)
{
    *id = dev + id_offset;
    return !unknown_dev || dev != unknown_dev;
}

static P9QidMap *map_new(FsMultidevs policy)
{
    return p9_qid_map_new(&exports[policy]);
}

static uint64_t path_of(P9QidMap *map, uint64_t dev, uint64_t ino)
{
    uint64_t path = 0;

    g_assert_cmpint(p9_qid_path(map, dev, ino, 0, &path), ==, 0);
    return path;
}

/* What a Linux guest shows as the inode number; fs/9p adds 2 to the path. */
static uint64_t shown(P9QidMap *map, uint64_t dev, uint64_t ino)
{
    return path_of(map, dev, ino) + 2;
}

/* On the export's own device a guest shows the host's inode number. */
static void test_qid_root(void)
{
    static const uint64_t inos[] = {
        1, 2, 3, 4, 5, 0xfffffffe, 0xffffffff, 0x100000000, 0x100000001,
        INT64_MAX - 1, INT64_MAX, 1ULL << 63, (1ULL << 63) + 1,
        /* The lower layers of an overlayfs with xino=on */
        1ULL << 63 | 0x123456, 3ULL << 62 | 0x123456, 0xf8ULL << 56 | 77,
    };
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);

    for (unsigned i = 0; i < ARRAY_SIZE(inos); i++) {
        g_assert_cmphex(shown(map, 7, inos[i]), ==, inos[i]);
        /* Other devices get numbers that the export's own never has. */
        g_assert_cmphex(shown(map, 8, inos[i]), !=, inos[i]);
        g_assert_cmphex(shown(map, 8, inos[i]), >=, 0xfdULL << 56);
    }
    /* readdir(3) may skip an entry with the number 0. */
    g_assert_cmphex(shown(map, 7, 0), >=, 0xfdULL << 56);
    g_assert_cmphex(shown(map, 8, 0), >=, 0xfdULL << 56);
    p9_qid_map_free(map);
}

/* Unlike g_int64_hash(), which uses the lower half only. */
static guint whole_hash(gconstpointer p)
{
    uint64_t v = *(const uint64_t *)p * 0xd6e8feb86659fd93ULL;

    return v >> 32;
}

/* The paths of @ids all differ, and each is the same when looked up again. */
static void check_distinct(const uint64_t (*ids)[2], unsigned n)
{
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(
        whole_hash, g_int64_equal, g_free, NULL);
    g_autofree uint64_t *paths = g_new0(uint64_t, n);

    path_of(map, 1, 1);
    for (unsigned i = 0; i < n; i++) {
        paths[i] = path_of(map, ids[i][0], ids[i][1]);
        g_assert_true(g_hash_table_add(seen, g_memdup2(&paths[i], 8)));
    }
    for (unsigned i = n; i-- > 0;) {
        g_assert_cmphex(path_of(map, ids[i][0], ids[i][1]), ==, paths[i]);
    }
    p9_qid_map_free(map);
}

static void test_qid_devices(void)
{
    static uint64_t ids[4000][2];

    for (unsigned i = 0; i < 4000; i++) {
        ids[i][0] = 1 + i / 100;
        ids[i][1] = 2 + i % 100;
    }
    check_distinct((const uint64_t (*)[2])ids, 4000);
}

/*
 * The numbers around both ends and around every range and every power of 2, as
 * the addition of 2 must not make two of them the same.
 */
static void test_qid_edges(void)
{
    enum { AROUND = 5, EDGES = 64 + 8 };
    static uint64_t ids[2 * EDGES * AROUND][2];
    g_autoptr(GHashTable) seen = g_hash_table_new_full(
        whole_hash, g_int64_equal, g_free, NULL);
    unsigned n = 0;

    for (unsigned edge = 0; edge < EDGES; edge++) {
        uint64_t at = edge < 64 ? 1ULL << edge : (0xf8ULL + edge - 64) << 56;

        for (unsigned i = 0; i < AROUND; i++) {
            uint64_t ino = at + i - AROUND / 2;

            if (g_hash_table_add(seen, g_memdup2(&ino, 8))) {
                ids[n][0] = 1;
                ids[n++][1] = ino;
                ids[n][0] = 2;
                ids[n++][1] = ino;
            }
        }
    }
    check_distinct((const uint64_t (*)[2])ids, n);
}

/* Inode numbers that use the upper bits too, as those of overlayfs do. */
static void test_qid_large_inodes(void)
{
    static const uint64_t bits[] = { 0, 1, 2, 5, 63ULL << 40 };
    uint64_t ids[3 * 64 * 5][2];
    unsigned n = 0;

    for (unsigned dev = 1; dev <= 3; dev++) {
        for (unsigned i = 0; i < 5; i++) {
            ids[n][0] = dev;
            ids[n++][1] = bits[i];
        }
        for (unsigned bit = 3; bit < 64; bit++) {
            for (unsigned i = 0; i < 4; i++) {
                ids[n][0] = dev;
                ids[n++][1] = 1ULL << bit | bits[i];
            }
        }
    }
    check_distinct((const uint64_t (*)[2])ids, n);
}

/*
 * A file system with scattered inode numbers uses up all slots; even then no
 * two paths are the same.
 */
static void test_qid_scattered(void)
{
    enum { N = 70000 };
    static uint64_t ids[N][2];

    for (unsigned i = 0; i < N; i++) {
        ids[i][0] = 2;
        ids[i][1] = (uint64_t)i << 45 | (i & 3);
    }
    check_distinct((const uint64_t (*)[2])ids, N);
}

/* The table is bounded; paths that it has assigned stay valid when full. */
static void test_qid_full(void)
{
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);
    uint64_t given, path = 123;
    unsigned made = 0;
    int ret = 0;

    path_of(map, 1, 1);
    given = path_of(map, 2, 5);
    for (uint64_t dev = 3; !ret && dev < 3 + (2u << 20); dev++) {
        ret = p9_qid_path(map, dev, dev << 40, 0, &path);
        made++;
    }
    g_assert_cmpint(ret, ==, -ENFILE);
    g_assert_cmpuint(made, >, 1u << 20);
    g_assert_cmphex(path_of(map, 2, 5), ==, given);
    g_assert_cmphex(shown(map, 1, 99), ==, 99);
    p9_qid_map_free(map);
}

static void test_qid_policies(void)
{
    P9QidMap *forbid = map_new(FS_MULTIDEVS_FORBID);
    P9QidMap *warn = map_new(FS_MULTIDEVS_WARN);
    uint64_t path = 123;

    g_assert_cmphex(shown(forbid, 1, 5), ==, 5);
    g_assert_cmpint(p9_qid_path(forbid, 2, 5, 0, &path), ==, -ENODEV);
    g_assert_cmphex(path, ==, 123);
    g_assert_cmphex(shown(forbid, 1, 6), ==, 6);
    g_assert_cmphex(shown(warn, 1, 5), ==, 5);
    g_assert_cmphex(shown(warn, 2, 5), ==, 5);
    g_assert_cmphex(shown(warn, 1, UINT64_MAX), ==, UINT64_MAX);
    g_assert_cmphex(shown(warn, 1, 0), ==, 0);
    p9_qid_map_free(forbid);
    p9_qid_map_free(warn);
}

/* A few devices, and clusters of inode numbers of any size. */
static void test_qid_random(void)
{
    enum { N = 20000 };
    static uint64_t ids[N][2];

    for (unsigned round = 0; round < 5; round++) {
        g_autoptr(GHashTable) seen = g_hash_table_new_full(
            whole_hash, g_int64_equal, g_free, NULL);
        unsigned devs = g_test_rand_int_range(1, 40);
        unsigned n = 0;

        while (n < N) {
            uint64_t dev = g_test_rand_int_range(0, devs);
            uint64_t high = (uint64_t)(uint32_t)g_test_rand_int() << 32;
            uint64_t ino = high >> g_test_rand_int_range(0, 64);

            for (unsigned i = 0; i < 20 && n < N; i++) {
                /* Use no pair of device and inode twice. */
                uint64_t key = (ino + i) * 64 + dev;

                if (g_hash_table_add(seen, g_memdup2(&key, 8))) {
                    ids[n][0] = dev << 32 | 1;
                    ids[n++][1] = ino + i;
                }
            }
        }
        check_distinct((const uint64_t (*)[2])ids, N);
    }
}

/*
 * The numbers of other devices depend neither on the order of access nor on the
 * numbers that the host gives to these devices.
 */
static void test_qid_stable(void)
{
    enum { DEVS = 20, INOS = 3 };
    static const uint64_t inos[INOS] = { 1, 256, 7ULL << 32 | 5 };
    uint64_t seen[DEVS][INOS];
    P9QidMap *map;

    map = map_new(FS_MULTIDEVS_REMAP);
    path_of(map, 1, 1);
    for (unsigned i = 0; i < DEVS * INOS; i++) {
        seen[i / INOS][i % INOS] = path_of(map, 100 + i / INOS,
                                           inos[i % INOS]);
    }
    p9_qid_map_free(map);
    map = map_new(FS_MULTIDEVS_REMAP);
    id_offset = -1000;
    path_of(map, 1, 1);
    for (unsigned i = DEVS * INOS; i-- > 0;) {
        g_assert_cmphex(path_of(map, 1100 + i / INOS, inos[i % INOS]), ==,
                        seen[i / INOS][i % INOS]);
    }
    p9_qid_map_free(map);
    id_offset = 0;
}

/* Devices with the same identity get different numbers all the same. */
static void test_qid_same_id(void)
{
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);
    uint64_t first;

    path_of(map, 1, 1);
    id_offset = 1;
    first = path_of(map, 5, 77);
    id_offset = 0;
    g_assert_cmphex(path_of(map, 6, 77), !=, first);
    g_assert_cmphex(path_of(map, 5, 77), ==, first);
    p9_qid_map_free(map);
}

/* An entry on a device that is not known yet does not decide its numbers. */
static void test_qid_unknown(void)
{
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);
    FsDirent entry = { .dev = 5, .ino = 77, .type = DT_DIR };
    uint64_t known;

    path_of(map, 1, 1);
    id_offset = 123;
    known = path_of(map, 5, 77);
    g_assert_cmphex(p9_qid_from_dirent(map, &entry).path, ==, known);
    p9_qid_map_free(map);
    map = map_new(FS_MULTIDEVS_REMAP);
    path_of(map, 1, 1);
    unknown_dev = 5;
    g_assert_cmphex(p9_qid_from_dirent(map, &entry).path + 2, ==, 77);
    unknown_dev = 0;
    g_assert_cmphex(path_of(map, 5, 77), ==, known);
    p9_qid_map_free(map);
    id_offset = 0;
}

static uint32_t version_of(const FsConfig *config, const FsAttr *attr)
{
    FsExport export = { .driver = &driver, .config = *config };
    P9QidMap *map = p9_qid_map_new(&export);
    P9Qid qid;

    g_assert_cmpint(p9_qid_from_attr(map, attr, &qid), ==, 0);
    p9_qid_map_free(map);
    return qid.version;
}

/* The version follows changes of the content, but not mere accesses. */
static void test_qid_version(void)
{
    const FsConfig config = { 0 };
    FsAttr base = { .dev = 1, .ino = 2, .mode = S_IFREG };
    FsAttr attr = base;
    uint32_t first = version_of(&config, &base);

    attr.mtime.tv_nsec = 1;
    g_assert_cmpuint(version_of(&config, &attr), !=, first);
    attr = base;
    attr.ctime.tv_nsec = 1;
    g_assert_cmpuint(version_of(&config, &attr), !=, first);
    attr = base;
    attr.size = 1;
    g_assert_cmpuint(version_of(&config, &attr), !=, first);
    /* Equal changes of mtime and ctime do not cancel each other out. */
    attr = base;
    attr.ctime.tv_sec = attr.mtime.tv_sec = 5;
    g_assert_cmpuint(version_of(&config, &attr), !=, first);
    attr = base;
    attr.atime.tv_sec = 77;
    attr.nlink = 9;
    attr.blocks = 8;
    g_assert_cmpuint(version_of(&config, &attr), ==, first);
}

/* The Linux client does not use its page cache for a file of version 0. */
static void test_qid_cache_hint(void)
{
    const FsConfig on = { 0 }, off = { .no_cache_hint = true };
    FsAttr attr = { .dev = 1, .ino = 2, .mode = S_IFREG };

    for (unsigned i = 0; i < 1000; i++) {
        attr.mtime.tv_sec = i;
        g_assert_cmpuint(version_of(&on, &attr), !=, 0);
        g_assert_cmpuint(version_of(&off, &attr), ==, 0);
    }
    attr.mode = S_IFDIR;
    g_assert_cmpuint(version_of(&off, &attr), !=, 0);
    attr.mode = S_IFLNK;
    g_assert_cmpuint(version_of(&off, &attr), !=, 0);
}

static void test_qid_types(void)
{
    static const struct {
        uint32_t mode;
        uint8_t type;
    } types[] = {
        { S_IFREG, 0 }, { S_IFDIR, 0x80 }, { S_IFLNK, 2 }, { S_IFCHR, 0 },
        { S_IFBLK, 0 }, { S_IFIFO, 0 }, { S_IFSOCK, 0 },
    };
    P9QidMap *map = map_new(FS_MULTIDEVS_REMAP);

    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        FsAttr attr = { .dev = 1, .ino = i, .mode = types[i].mode | 0777 };
        P9Qid qid;

        g_assert_cmpint(p9_qid_from_attr(map, &attr, &qid), ==, 0);
        g_assert_cmphex(qid.type, ==, types[i].type);
    }
    p9_qid_map_free(map);
}

/* ---- errno and open flags ---- */

/* The wire has the numbers of asm-generic, whatever the host's numbers are. */
static void test_errno(void)
{
    static const struct {
        int host;
        uint32_t wire;
    } map[] = {
        { EPERM, 1 }, { ENOENT, 2 }, { EIO, 5 }, { ENXIO, 6 }, { EBADF, 9 },
        { EAGAIN, 11 }, { ENOMEM, 12 }, { EACCES, 13 }, { EBUSY, 16 },
        { EEXIST, 17 }, { EXDEV, 18 }, { ENODEV, 19 }, { ENOTDIR, 20 },
        { EISDIR, 21 }, { EINVAL, 22 }, { ENFILE, 23 }, { EMFILE, 24 },
        { ETXTBSY, 26 }, { EFBIG, 27 }, { ENOSPC, 28 }, { EROFS, 30 },
        { EMLINK, 31 }, { ERANGE, 34 }, { ENAMETOOLONG, 36 },
        { ENOSYS, 38 }, { ENOTEMPTY, 39 }, { ELOOP, 40 }, { ENODATA, 61 },
        { EPROTO, 71 }, { EOVERFLOW, 75 }, { EMSGSIZE, 90 },
        { EOPNOTSUPP, 95 }, { ETIMEDOUT, 110 }, { ESTALE, 116 },
        { EDQUOT, 122 },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
        g_assert_cmpuint(p9_errno_to_wire(map[i].host), ==, map[i].wire);
    }
    for (int error = -5000; error < 10000; error++) {
        g_assert_cmpuint(p9_errno_to_wire(error), >, 0);
        g_assert_cmpuint(p9_errno_to_wire(error), <=, 4095);
    }
    g_assert_cmpuint(p9_errno_to_wire(INT_MIN), ==, 5);
    g_assert_cmpuint(p9_errno_to_wire(INT_MAX), ==, 5);
}

static void test_open_flags(void)
{
    static const struct {
        uint32_t wire;
        int host;
    } map[] = {
        { 00, O_RDONLY }, { 01, O_WRONLY }, { 02, O_RDWR }, { 03, O_RDWR },
        { 0200, O_EXCL }, { 01000, O_TRUNC }, { 02000, O_APPEND },
        { 010000, O_DSYNC }, { 040000, O_DIRECT }, { 0200000, O_DIRECTORY },
        { 01000000, O_NOATIME }, { 04010000, O_SYNC | O_DSYNC },
        /* Flags that a guest may not choose. */
        { 0100, 0 }, { 0400, 0 }, { 04000, 0 }, { 020000, 0 },
        { 0100000, 0 }, { 0400000, 0 }, { 02000000, 0 },
        { 020000000, 0 }, { 0xf0000000, 0 },
    };
    const int allowed = O_ACCMODE | O_EXCL | O_TRUNC | O_APPEND | O_SYNC |
                        O_DSYNC | O_DIRECT | O_DIRECTORY | O_NOATIME;

    for (unsigned i = 0; i < ARRAY_SIZE(map); i++) {
        g_test_message("0%o", map[i].wire);
        g_assert_cmphex(p9_open_flags_from_wire(map[i].wire), ==,
                        map[i].host);
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        g_assert_cmphex(p9_open_flags_from_wire(1u << bit) & ~allowed, ==, 0);
    }
    g_assert_cmphex(p9_open_flags_from_wire(UINT32_MAX) & ~allowed, ==, 0);
}

/* ---- attribute values ---- */

static void test_xattr_marks(void)
{
    FsBudget budget = { 0 };    /* no limits */

    for (uint32_t size = 0; size < 20; size++) {
        for (uint32_t from = 0; from <= size; from++) {
            for (uint32_t n = 0; n <= size - from; n++) {
                P9XattrFid *x = p9_xattr_fid_new(&budget, size, true);

                g_assert_cmpuint(x->missing, ==, size);
                p9_xattr_fid_mark(x, from, n);
                g_assert_cmpuint(x->missing, ==, size - n);
                p9_xattr_fid_mark(x, from, n);
                g_assert_cmpuint(x->missing, ==, size - n);
                p9_xattr_fid_mark(x, 0, size);
                g_assert_cmpuint(x->missing, ==, 0);
                p9_xattr_fid_free(&budget, x);
            }
        }
    }
    g_assert_cmpuint(fs_budget_used(&budget, FS_BUDGET_MEMORY), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/qid/root", test_qid_root);
    g_test_add_func("/tables/qid/devices", test_qid_devices);
    g_test_add_func("/tables/qid/edges", test_qid_edges);
    g_test_add_func("/tables/qid/large-inodes", test_qid_large_inodes);
    g_test_add_func("/tables/qid/scattered", test_qid_scattered);
    g_test_add_func("/tables/qid/random", test_qid_random);
    g_test_add_func("/tables/qid/full", test_qid_full);
    g_test_add_func("/tables/qid/policies", test_qid_policies);
    g_test_add_func("/tables/qid/stable", test_qid_stable);
    g_test_add_func("/tables/qid/same-id", test_qid_same_id);
    g_test_add_func("/tables/qid/unknown", test_qid_unknown);
    g_test_add_func("/tables/qid/version", test_qid_version);
    g_test_add_func("/tables/qid/cache-hint", test_qid_cache_hint);
    g_test_add_func("/tables/qid/types", test_qid_types);
    g_test_add_func("/tables/errno", test_errno);
    g_test_add_func("/tables/open-flags", test_open_flags);
    g_test_add_func("/tables/xattr-marks", test_xattr_marks);
    return g_test_run();
}
