/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the bounded cursor (p9-wire.c): values, limits, and, by means of
 * guarded buffers, that it never accesses a byte outside its vector.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/p9-wire.h"
#include "lib/guarded.h"

/* Fill with 1, 2, 3 …, so that every position has a different value. */
static void fill_ascending(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = i + 1;
    }
}

static void test_little_endian(void)
{
    static const uint8_t wire[15] = {
        0x11, 0x22, 0x21, 0x34, 0x33, 0x32, 0x31,
        0x48, 0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41,
    };
    g_autoptr(Guarded) in = guarded_new(wire, sizeof(wire));
    g_autoptr(Guarded) out = guarded_new(NULL, sizeof(wire));
    struct iovec iov = { in->bytes, in->size };
    P9Cursor c;

    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmphex(p9_get_u8(&c), ==, 0x11);
    g_assert_cmphex(p9_get_u16(&c), ==, 0x2122);
    g_assert_cmphex(p9_get_u32(&c), ==, 0x31323334);
    g_assert_cmphex(p9_get_u64(&c), ==, 0x4142434445464748);
    g_assert_false(c.failed);
    g_assert_cmpuint(c.pos, ==, sizeof(wire));

    iov = (struct iovec) { out->bytes, out->size };
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    p9_put_u8(&c, 0x11);
    p9_put_u16(&c, 0x2122);
    p9_put_u32(&c, 0x31323334);
    p9_put_u64(&c, 0x4142434445464748);
    g_assert_false(c.failed);
    g_assert_cmpmem(out->bytes, out->size, wire, sizeof(wire));
}

/* Reading past the end fails and yields zeros, as does every later read. */
static void check_short_get(size_t wanted)
{
    uint8_t bytes[8], got[8];
    P9Cursor c;

    fill_ascending(bytes, sizeof(bytes));
    for (size_t have = 0; have < wanted; have++) {
        g_autoptr(Guarded) in = guarded_new(bytes, have);
        struct iovec iov = { in->bytes, in->size };

        p9_cursor_init(&c, &iov, 1, SIZE_MAX);
        memset(got, 0xaa, sizeof(got));
        p9_get_bytes(&c, got, wanted);
        g_assert_true(c.failed);
        for (size_t i = 0; i < wanted; i++) {
            g_assert_cmpuint(got[i], ==, 0);
        }
        g_assert_cmpuint(c.pos, ==, 0);
        /* Even a byte that exists cannot be read once the cursor has failed. */
        g_assert_cmpuint(p9_get_u8(&c), ==, 0);
        g_assert_true(c.failed);
    }
}

static void test_short_get(void)
{
    for (size_t wanted = 1; wanted <= 8; wanted++) {
        check_short_get(wanted);
    }
}

static void test_short_integers(void)
{
    uint8_t bytes[7];
    struct iovec iov = { bytes, 0 };
    P9Cursor c;

    fill_ascending(bytes, sizeof(bytes));
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpuint(p9_get_u8(&c), ==, 0);
    g_assert_true(c.failed);
    iov.iov_len = 1;
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpuint(p9_get_u16(&c), ==, 0);
    g_assert_true(c.failed);
    iov.iov_len = 3;
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpuint(p9_get_u32(&c), ==, 0);
    g_assert_true(c.failed);
    iov.iov_len = 7;
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpuint(p9_get_u64(&c), ==, 0);
    g_assert_true(c.failed);
}

static void test_short_put(void)
{
    static const uint8_t value[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };

    for (size_t room = 0; room < sizeof(value); room++) {
        g_autoptr(Guarded) out = guarded_new(NULL, room);
        struct iovec iov = { out->bytes, out->size };
        P9Cursor c;

        p9_cursor_init(&c, &iov, 1, SIZE_MAX);
        p9_put_bytes(&c, value, sizeof(value));
        g_assert_true(c.failed);
        p9_put_u8(&c, 0xff);
        for (size_t i = 0; i < room; i++) {
            g_assert_cmpuint(out->bytes[i], ==, 0);
        }
    }
}

/* The cursor stops at its limit rather than at the end of the vector. */
static void test_limit(void)
{
    uint8_t bytes[16];
    struct iovec iov = { bytes, sizeof(bytes) };
    P9Cursor c;

    fill_ascending(bytes, sizeof(bytes));
    p9_cursor_init(&c, &iov, 1, 6);
    g_assert_cmphex(p9_get_u32(&c), ==, 0x04030201);
    g_assert_cmphex(p9_get_u32(&c), ==, 0);
    g_assert_true(c.failed);

    p9_cursor_init(&c, &iov, 1, 6);
    p9_put_u32(&c, 0);
    p9_put_u32(&c, 0);
    g_assert_true(c.failed);
    g_assert_cmphex(bytes[4], ==, 5);
    g_assert_cmphex(bytes[6], ==, 7);

    fill_ascending(bytes, sizeof(bytes));
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    g_assert_cmpuint(c.limit, ==, sizeof(bytes));
    p9_get_u16(&c);
    p9_cursor_shrink(&c, 3);
    g_assert_cmphex(p9_get_u8(&c), ==, 3);
    g_assert_false(c.failed);
    g_assert_cmphex(p9_get_u8(&c), ==, 0);
    g_assert_true(c.failed);
}

/* Skipping nearly SIZE_MAX bytes fails: n + pos must not wrap around. */
static void test_huge_skip(void)
{
    uint8_t bytes[8];
    struct iovec iov = { bytes, sizeof(bytes) };
    P9Cursor c;

    fill_ascending(bytes, sizeof(bytes));
    for (size_t less = 0; less < 12; less++) {
        p9_cursor_init(&c, &iov, 1, SIZE_MAX);
        p9_get_u32(&c);
        p9_skip(&c, SIZE_MAX - less);
        g_assert_true(c.failed);
        g_assert_cmpuint(c.pos, ==, 4);
    }
    p9_cursor_init(&c, &iov, 1, SIZE_MAX);
    p9_skip(&c, 8);
    g_assert_false(c.failed);
    p9_skip(&c, 0);
    g_assert_false(c.failed);
    p9_skip(&c, 1);
    g_assert_true(c.failed);
}

static void test_no_vector(void)
{
    P9Cursor c;

    g_assert_cmpuint(iov_size(NULL, 0), ==, 0);
    p9_cursor_init(&c, NULL, 0, SIZE_MAX);
    p9_skip(&c, 0);
    g_assert_false(c.failed);
    g_assert_cmpuint(p9_get_u8(&c), ==, 0);
    g_assert_true(c.failed);
}

static void check_through(const Split *split, size_t size)
{
    uint8_t bytes[32], got[32];
    g_autofree uint8_t *joined = NULL;
    P9Cursor c;

    fill_ascending(bytes, size);
    g_assert_cmpuint(iov_size(split->iov, split->iovcnt), ==, size);
    p9_cursor_init(&c, split->iov, split->iovcnt, SIZE_MAX);
    p9_put_bytes(&c, bytes, size);
    g_assert_false(c.failed);
    joined = split_join(split, &size);
    g_assert_cmpmem(joined, size, bytes, size);

    /* Read in pieces whose ends are not those of the elements. */
    for (size_t piece = 1; piece <= size; piece++) {
        memset(got, 0, sizeof(got));
        p9_cursor_init(&c, split->iov, split->iovcnt, SIZE_MAX);
        for (size_t done = 0; done < size; done += piece) {
            p9_get_bytes(&c, got + done, MIN(piece, size - done));
        }
        g_assert_false(c.failed);
        g_assert_cmpmem(got, size, bytes, size);

        memset(got, 0, sizeof(got));
        p9_cursor_init(&c, split->iov, split->iovcnt, SIZE_MAX);
        p9_skip(&c, piece - 1);
        p9_get_bytes(&c, got, size - piece + 1);
        g_assert_false(c.failed);
        g_assert_cmpmem(got, size - piece + 1, bytes + piece - 1,
                        size - piece + 1);
    }
}

/* Every pair of cuts, including those that give elements of length 0. */
static void test_split(void)
{
    enum { SIZE = 12 };

    for (size_t a = 0; a <= SIZE; a++) {
        for (size_t b = a; b <= SIZE; b++) {
            size_t cuts[] = { a, b };
            g_autoptr(Split) split = split_new((uint8_t[SIZE]) { 0 }, SIZE,
                                               cuts, 2);

            check_through(split, SIZE);
        }
    }
}

static void test_split_bytes(void)
{
    g_autoptr(Split) split = split_new_bytes((uint8_t[31]) { 0 }, 31);

    check_through(split, 31);
}

/* p9_iov_slice() yields the expected bytes for all offsets and sizes. */
static void test_slice(void)
{
    enum { SIZE = 9 };
    uint8_t bytes[SIZE];

    fill_ascending(bytes, SIZE);
    for (size_t a = 0; a <= SIZE; a++) {
        for (size_t b = a; b <= SIZE; b++) {
            size_t cuts[] = { a, b };
            g_autoptr(Split) split = split_new(bytes, SIZE, cuts, 2);

            for (size_t at = 0; at <= SIZE + 1; at++) {
                for (size_t n = 0; n <= SIZE + 1; n++) {
                    struct iovec part[3];
                    Split view = { .iov = part };
                    g_autofree uint8_t *joined = NULL;
                    size_t want = at >= SIZE ? 0 : MIN(n, SIZE - at);
                    size_t got;

                    view.iovcnt = p9_iov_slice(part, split->iov,
                                               split->iovcnt, at, n);
                    g_assert_cmpuint(view.iovcnt, <=, 3);
                    joined = split_join(&view, &got);
                    g_assert_cmpmem(joined, got, want ? bytes + at : NULL,
                                    want);
                }
            }
        }
    }
}

/* Only a time_t of 32 bits has limits that a 64-bit time can exceed. */
static void test_seconds(void)
{
    const bool narrow = sizeof(time_t) == 4;
    const int64_t far[] = { (int64_t)INT32_MAX + 1, 1ll << 40, INT64_MAX };
    const int64_t near[] = { INT32_MIN, -1, 0, 1, INT32_MAX };

    for (size_t i = 0; i < ARRAY_SIZE(near); i++) {
        g_assert_cmpint(p9_seconds(near[i]), ==, near[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
        g_assert_cmpint(p9_seconds(far[i]), ==, narrow ? INT32_MAX : far[i]);
        g_assert_cmpint(p9_seconds(-far[i] - 1), ==,
                        narrow ? INT32_MIN : -far[i] - 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/wire/little-endian", test_little_endian);
    g_test_add_func("/wire/short-get", test_short_get);
    g_test_add_func("/wire/short-integers", test_short_integers);
    g_test_add_func("/wire/short-put", test_short_put);
    g_test_add_func("/wire/limit", test_limit);
    g_test_add_func("/wire/huge-skip", test_huge_skip);
    g_test_add_func("/wire/no-vector", test_no_vector);
    g_test_add_func("/wire/split-at-every-pair", test_split);
    g_test_add_func("/wire/split-at-every-byte", test_split_bytes);
    g_test_add_func("/wire/slice", test_slice);
    g_test_add_func("/wire/seconds", test_seconds);
    return g_test_run();
}
