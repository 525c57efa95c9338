/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of the differences between a 9p mount and a local file system: to
 * which mounts they apply, the result and the reason.  A behaviour names a row
 * with differs() just before the statement.  If the row does not apply to the
 * mount, the result must be that of a local file system; if it applies, the
 * result must be exactly that of the row, so that a row which is no longer true
 * is noticed.
 */
#include "posix.h"

#include <sys/utsname.h>

#define M(x) (1u << (x))
#define NOT_PROXY (M(PASSTHROUGH) | M(MAPPED_XATTR) | M(MAPPED_FILE) | M(NONE))
#define ALL_9P (NOT_PROXY | M(PROXY))
#define ANY_CACHE (~0u)
#define META_CACHE (M(LOOSE) | M(FSCACHE))
#define ASKING_CACHE (M(CACHE_NONE) | M(READAHEAD) | M(MMAP))
#define NO_WRITEBACK (M(CACHE_NONE) | M(READAHEAD))
#define KERNEL(major, minor) ((major) * 1000u + (minor))
#define ANY_KERNEL 0, ~0u

enum model model = NATIVE;
enum cache cache = CACHE_NONE;
static unsigned kernel;     /* encoded by KERNEL() */

static const char *const model_names[] = {
    [NATIVE] = "native", [PASSTHROUGH] = "passthrough",
    [MAPPED_XATTR] = "mapped-xattr", [MAPPED_FILE] = "mapped-file",
    [NONE] = "none", [PROXY] = "proxy",
};

static const char *const cache_names[] = {
    [CACHE_NONE] = "none", [READAHEAD] = "readahead", [MMAP] = "mmap",
    [LOOSE] = "loose", [FSCACHE] = "fscache",
};

static const struct {
    const char *what;
    unsigned models, caches;
    unsigned from_kernel, until_kernel;     /* applies to these versions */
    enum { AN_ERROR, A_NUMBER, A_MODE } as;
    long long instead;
    const char *reason;
} facts[FACT_COUNT] = {
    [RENAME_FLAGS] = {
        "renameat2 with flags", ALL_9P, ANY_CACHE, ANY_KERNEL, AN_ERROR, EINVAL,
        "9P has no flags in Trenameat; the client refuses them itself",
    },
    [UNNAMED_FILE] = {
        "open with O_TMPFILE", ALL_9P, ANY_CACHE, ANY_KERNEL,
        AN_ERROR, EOPNOTSUPP,
        "9P cannot make a file without a name; the client has no tmpfile",
    },
    [PREALLOCATION] = {
        "fallocate", ALL_9P, ANY_CACHE, ANY_KERNEL, AN_ERROR, EOPNOTSUPP,
        "9P has no message for it; the client has no fallocate",
    },
    [PUNCHED_HOLE] = {
        "punching a hole", ALL_9P, ANY_CACHE, ANY_KERNEL, AN_ERROR, EOPNOTSUPP,
        "9P has no message for it; the client has no fallocate",
    },
    [SHARED_WRITABLE_MAP] = {
        "writable shared mapping", ALL_9P, NO_WRITEBACK, ANY_KERNEL,
        AN_ERROR, EINVAL,
        "without a write-back cache the client has nowhere to keep dirty pages",
    },
    [SHARED_MAP_OF_WRITABLE] = {
        "shared mapping of a descriptor open for writing", ALL_9P,
        NO_WRITEBACK, ANY_KERNEL, AN_ERROR, EINVAL,
        "mprotect could make it writable later, so the client refuses it now",
    },
    [NANOSECONDS_SET] = {
        "nanoseconds given to utimensat", ALL_9P, ANY_CACHE, ANY_KERNEL,
        A_NUMBER, 0,
        "the client's super block says that times are whole seconds",
    },
    [TIME_BEFORE_1970_SET] = {
        "time before 1970 given to utimensat", ALL_9P, ANY_CACHE, ANY_KERNEL,
        A_NUMBER, 0, "the client's super block says that time begins at 0",
    },
    [SETID_KEPT_BY_ROOT] = {
        "set-id bits after a write by root", ALL_9P, ASKING_CACHE, ANY_KERNEL,
        A_MODE, 0755,
        "9P does not tell the server that the writer has CAP_FSETID, so it"
        " always drops the bits",
    },
    [SETID_KEPT_BY_ROOT_CUTTING] = {
        "set-id bits after a truncation by root", ALL_9P, ANY_CACHE,
        ANY_KERNEL,
        A_MODE, 0755, "as above; the client asks for the mode afterwards",
    },
    [SGID_KEPT_BY_ROOT] = {
        "set-id bits without group execution after a write by root", NOT_PROXY,
        ASKING_CACHE, ANY_KERNEL, A_MODE, 02644,
        "as above; set-group-id without execution is no privilege",
    },
    [SGID_KEPT_BY_ROOT_PROXY] = {
        "the same, written by a QEMU that is nobody", M(PROXY), ASKING_CACHE,
        ANY_KERNEL, A_MODE, 0644,
        "the host's kernel keeps it for members of the group only",
    },
    [SEEK_TO_DATA] = {
        "SEEK_DATA in a hole", ALL_9P, ANY_CACHE, ANY_KERNEL, A_NUMBER, 0,
        "9P has no message for it; the client takes all for data",
    },
    [SEEK_TO_HOLE] = {
        "SEEK_HOLE before data", ALL_9P, ANY_CACHE, ANY_KERNEL,
        A_NUMBER, (1 << 20) + 4, "as above: the only hole is at the end",
    },
    [METADATA_NAME] = {
        "the name .virtfs_metadata", M(MAPPED_FILE), ANY_CACHE, ANY_KERNEL,
        AN_ERROR, EINVAL, "the model keeps its own data under that name",
    },
    [TRUSTED_XATTR] = {
        "trusted.* by root", M(PASSTHROUGH) | M(NONE) | M(PROXY), ANY_CACHE,
        ANY_KERNEL, AN_ERROR, EOPNOTSUPP,
        "they would be the host's, which a guest has no rights over",
    },
    [TRUSTED_XATTR_ABSENT] = {
        "trusted.* read by root", M(PASSTHROUGH) | M(NONE) | M(PROXY),
        ANY_CACHE, ANY_KERNEL, AN_ERROR, EOPNOTSUPP,
        "they would be the host's, which a guest has no rights over",
    },
    [MODEL_XATTR] = {
        "user.virtfs.* attributes", M(PASSTHROUGH) | M(NONE) | M(PROXY),
        ANY_CACHE, ANY_KERNEL, AN_ERROR, EOPNOTSUPP,
        "they have a meaning for the mapped models; nested-export=on allows"
        " them",
    },
    [MODEL_XATTR_ABSENT] = {
        "user.virtfs.* attributes read", M(PASSTHROUGH) | M(NONE) | M(PROXY),
        ANY_CACHE, ANY_KERNEL, AN_ERROR, ENODATA,
        "as above: it was not set",
    },
    [METADATA_NAME_CASE] = {
        "the name .virtfs_metadatA", M(MAPPED_FILE), ANY_CACHE, ANY_KERNEL,
        AN_ERROR, EINVAL,
        "on a host that ignores case it would be the same folder",
    },
    [BLOCKS_OF_HOLES] = {
        "blocks of a sparse file just written", ALL_9P, META_CACHE,
        0, KERNEL(6, 1), A_NUMBER, 0,
        "the client reckons them from the size and does not ask",
    },
    [NOATIME_KEPT] = {
        "access time after a read with O_NOATIME", ALL_9P, ANY_CACHE,
        KERNEL(6, 4), ~0u, A_NUMBER, 0,
        "the client masks the flags of Tlopen with P9L_MODE_MASK, 0x1fff",
    },
    [SEEK_IN_DIRECTORY] = {
        "a directory's entries after a seek amid them", ALL_9P, ANY_CACHE,
        KERNEL(6, 12), ~0u, A_NUMBER, 0,
        "not stated: some point releases of the client go on with the entries"
        " that they have buffered (6.12.107), others do not (6.12.117)",
    },
};

static bool choose(const char *name, const char *const *names, size_t count,
                   unsigned *chosen)
{
    for (*chosen = 0; *chosen < count; ++*chosen) {
        if (!strcmp(name, names[*chosen])) {
            return true;
        }
    }
    return false;
}

bool facts_set_model(const char *name)
{
    unsigned chosen;
    bool known = choose(name, model_names, SIZE_OF_ARRAY(model_names), &chosen);

    model = chosen;
    return known;
}

bool facts_set_cache(const char *name)
{
    unsigned chosen;
    bool known = choose(name, cache_names, SIZE_OF_ARRAY(cache_names), &chosen);

    cache = chosen;
    return known;
}

void facts_set_kernel(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;

    if (uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor)) {
        kernel = KERNEL(major, minor);
    }
}

const char *fact_applies(enum fact fact, long long *instead)
{
    if (!(facts[fact].models & M(model)) || !(facts[fact].caches & M(cache)) ||
        kernel < facts[fact].from_kernel ||
        kernel > facts[fact].until_kernel) {
        return NULL;
    }
    *instead = facts[fact].instead;
    return facts[fact].reason;
}

bool unsure(enum fact fact)
{
    long long instead;

    return fact_applies(fact, &instead);
}

static void print_mask(unsigned mask, const char *const *names, size_t count,
                       size_t first)
{
    size_t i;

    if ((mask | M(count)) == ~0u || mask == (M(count) - M(first))) {
        printf(" any |");
        return;
    }
    for (i = first; i < count; i++) {
        if (mask & M(i)) {
            printf(" %s", names[i]);
        }
    }
    printf(" |");
}

void facts_print(void)
{
    size_t i;

    printf("| what | models | caches | kernels | instead | why |\n"
           "|---|---|---|---|---|---|\n");
    for (i = 0; i < FACT_COUNT; i++) {
        printf("| %s |", facts[i].what);
        print_mask(facts[i].models, model_names, SIZE_OF_ARRAY(model_names),
                   PASSTHROUGH);
        print_mask(facts[i].caches == ANY_CACHE ?
                   M(SIZE_OF_ARRAY(cache_names)) - 1 : facts[i].caches,
                   cache_names, SIZE_OF_ARRAY(cache_names), CACHE_NONE);
        if (facts[i].from_kernel) {
            printf(" from %u.%u |", facts[i].from_kernel / 1000,
                   facts[i].from_kernel % 1000);
        } else if (facts[i].until_kernel != ~0u) {
            printf(" to %u.%u |", facts[i].until_kernel / 1000,
                   facts[i].until_kernel % 1000);
        } else {
            printf(" any |");
        }
        if (facts[i].as == AN_ERROR) {
            printf(" %s", strerrorname_np(facts[i].instead));
        } else {
            printf(facts[i].as == A_MODE ? " %04llo" : " %lld",
                   facts[i].instead);
        }
        printf(" | %s |\n", facts[i].reason);
    }
}
