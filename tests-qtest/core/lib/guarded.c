/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers followed by memory that cannot be accessed: see guarded.h. */
#include "fsdev/core/p9-osdep.h"
#include "guarded.h"
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#define HAVE_ASAN __has_feature(address_sanitizer)
#else
#define HAVE_ASAN 0
#endif

#if HAVE_ASAN

/* AddressSanitizer guards heap blocks on both sides, and is faster. */
Guarded *guarded_new(const void *from, size_t size)
{
    Guarded *g = g_new0(Guarded, 1);

    g->map = malloc(size);
    g->bytes = g->map;
    g->size = size;
    if (size && from) {
        memcpy(g->bytes, from, size);
    } else if (size) {
        memset(g->bytes, 0, size);
    }
    return g;
}

void guarded_free(Guarded *g)
{
    if (g) {
        free(g->map);
        g_free(g);
    }
}

#else

Guarded *guarded_new(const void *from, size_t size)
{
    size_t page = sysconf(_SC_PAGESIZE);
    size_t pages = (size + page - 1) / page * page;
    Guarded *g = g_new0(Guarded, 1);

    g->map_size = pages + page;
    g->map = mmap(NULL, g->map_size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->map == MAP_FAILED ||
        mprotect((char *)g->map + pages, page, PROT_NONE) < 0) {
        g_error("no guarded memory: %s", g_strerror(errno));
    }
    g->bytes = (uint8_t *)g->map + pages - size;
    g->size = size;
    if (from && size) {
        memcpy(g->bytes, from, size);
    }
    return g;
}

void guarded_free(Guarded *g)
{
    if (g) {
        munmap(g->map, g->map_size);
        g_free(g);
    }
}

#endif

static void split_add(Split *split, const uint8_t *from, size_t size)
{
    struct iovec *element = &split->iov[split->iovcnt++];
    Guarded *part;

    if (!size) {
        *element = (struct iovec) { 0 };
        return;
    }
    part = guarded_new(from, size);
    g_ptr_array_add(split->parts, part);
    *element = (struct iovec) { part->bytes, size };
}

static Split *split_alloc(unsigned elements)
{
    Split *split = g_new0(Split, 1);

    split->iov = g_new0(struct iovec, elements);
    split->parts = g_ptr_array_new_with_free_func(
        (GDestroyNotify)guarded_free);
    return split;
}

Split *split_new(const void *from, size_t size, const size_t *cuts,
                 unsigned n_cuts)
{
    Split *split = split_alloc(n_cuts + 1);
    size_t done = 0;

    for (unsigned i = 0; i < n_cuts; i++) {
        split_add(split, (const uint8_t *)from + done, cuts[i] - done);
        done = cuts[i];
    }
    split_add(split, (const uint8_t *)from + done, size - done);
    return split;
}

Split *split_new_bytes(const void *from, size_t size)
{
    Split *split = split_alloc(2 * size + 1);

    for (size_t i = 0; i < size; i++) {
        split_add(split, NULL, 0);
        split_add(split, (const uint8_t *)from + i, 1);
    }
    split_add(split, NULL, 0);
    return split;
}

uint8_t *split_join(const Split *split, size_t *size)
{
    GByteArray *all = g_byte_array_new();

    for (unsigned i = 0; i < split->iovcnt; i++) {
        if (split->iov[i].iov_len) {
            g_byte_array_append(all, split->iov[i].iov_base,
                                split->iov[i].iov_len);
        }
    }
    *size = all->len;
    return g_byte_array_free(all, FALSE);
}

void split_free(Split *split)
{
    if (split) {
        g_ptr_array_free(split->parts, TRUE);
        g_free(split->iov);
        g_free(split);
    }
}
