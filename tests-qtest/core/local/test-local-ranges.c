/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranges that an owner has locked are counted as the kernel counts them.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-ranges.h"

#define BYTES 24                /* of the file that are locked and unlocked */

/* How many ranges the kernel has for this descriptor. */
static unsigned kernel_count(int fd)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", fd);
    g_autofree char *text = NULL;
    unsigned count = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, "lock:")); at++) {
        count++;
    }
    return count;
}

static void check_set(LocalRanges *r, const FsLock *lock, unsigned count)
{
    g_assert_cmpint(local_ranges_more(r, lock), ==,
                    (int)count - (int)r->count);
    local_ranges_set(r, lock);
    g_assert_cmpuint(r->count, ==, count);
}

static void test_like_kernel(void)
{
    static const short types[] = { F_RDLCK, F_WRLCK, F_UNLCK };
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    FILE *file = tmpfile();
    LocalRanges r = { 0 };
    int fd;

    g_assert_nonnull(file);
    fd = fileno(file);
    for (unsigned i = 0; i < 2000; i++) {
        FsLock lock = {
            .type = types[g_rand_int_range(rand, 0, 3)],
            .start = g_rand_int_range(rand, 0, BYTES),
            .length = g_rand_int_range(rand, 0, i % 16 ? 4 : BYTES),
        };
        struct flock fl = {
            .l_type = lock.type,
            .l_whence = SEEK_SET,
            .l_start = lock.start,
            .l_len = lock.length,
        };

        if (fcntl(fd, F_OFD_SETLK, &fl) < 0) {
            g_test_skip("no locks here");
            break;
        }
        check_set(&r, &lock, kernel_count(fd));
    }
    fclose(file);
    local_ranges_clear(&r);
}

/* A lock, and how many ranges there are after it. */
static void test_split_and_merge(void)
{
    static const struct {
        short type;
        uint64_t start, length;
        unsigned count;
    } steps[] = {
        { F_UNLCK, 5, 5, 0 },
        { F_RDLCK, 10, 10, 1 },         /* [10, 19] */
        { F_RDLCK, 20, 10, 1 },         /* adjacent */
        { F_WRLCK, 30, 10, 2 },         /* adjacent, of another type */
        { F_WRLCK, 15, 1, 4 },          /* splits the first */
        { F_RDLCK, 15, 1, 2 },          /* and back */
        { F_UNLCK, 12, 1, 3 },
        { F_UNLCK, 12, 1, 3 },
        { F_RDLCK, 0, 0, 1 },           /* everything */
        { F_UNLCK, 0, 1, 1 },
        { F_UNLCK, INT64_MAX - 1, 1, 2 },
        { F_UNLCK, 0, 0, 0 },
    };
    LocalRanges r = { 0 };

    for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
        check_set(&r, &(FsLock) { .type = steps[i].type,
                                  .start = steps[i].start,
                                  .length = steps[i].length },
                  steps[i].count);
    }
    local_ranges_clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ranges/split-and-merge", test_split_and_merge);
    g_test_add_func("/ranges/like-kernel", test_like_kernel);
    return g_test_run();
}
