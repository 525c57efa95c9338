/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading an input byte by byte: see input.h. */
#include "fsdev/core/p9-osdep.h"
#include "input.h"

static const uint64_t corners[] = {
    4096, 65536, 65535, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe,
    0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
    0xfffffffffffff000, 1000000000, 1u << 20, 0x40000000, 8192, 65537,
};

uint64_t input_number(Input *in)
{
    uint8_t v = input_byte(in);

    return v < 192 ? v : corners[(v - 192) % ARRAY_SIZE(corners)];
}

static const char *const names[] = {
    [INPUT_NAME_A] = "a", [INPUT_NAME_B] = "b", [INPUT_NAME_C] = "c",
    [INPUT_NAME_D] = "d", [INPUT_NAME_LINK] = "link",
    [INPUT_NAME_FIFO] = "fifo",
    [INPUT_NAME_META] = ".virtfs_metadata",
    [INPUT_NAME_META_ROOT] = ".virtfs_metadata_root",
    [INPUT_NAME_FOLDED] = ".VIRTFS_metadata",
    [INPUT_NAME_TMP] = ".virtfs_tmp-00000000",
    [INPUT_NAME_LONG] = NULL,
    [INPUT_NAME_ODD] = "a\n\xff b",
    [INPUT_NAME_TILDE] = "VIRTFS~1",
    [INPUT_NAME_SOFT] = ".virtfs\xc2\xad_metadata",
    [INPUT_NAME_NEW] = "new", [INPUT_NAME_E] = "e",
};

static const char *long_name(void)
{
    static char name[NAME_MAX + 1];

    memset(name, 'l', NAME_MAX);
    return name;
}

const char *input_name(Input *in)
{
    return names[input_below(in, N_INPUT_NAMES)] ?: long_name();
}

const char *input_any_name(Input *in)
{
    static const char *const wrong[] = {
        "", ".", "..", "a/b", "/", "../outside", NULL,
    };
    static char too_long[NAME_MAX + 2];
    uint8_t v = input_byte(in);

    if (v < 192) {
        return names[v % N_INPUT_NAMES] ?: long_name();
    }
    memset(too_long, 'l', NAME_MAX + 1);
    return wrong[v % ARRAY_SIZE(wrong)] ?: too_long;
}

const char *input_xattr(Input *in)
{
    static const char *const xattrs[] = {
        "user.x", "user.y", "user.virtfs.uid", "user.virtfs.gid",
        "user.virtfs.mode", "user.virtfs.rdev", "user.virtfs.other",
        "system.posix_acl_access", "system.posix_acl_default",
        "security.capability", "security.selinux", "trusted.overlay.opaque",
        "user.virtfs.system.posix_acl_access", "", "user.", "nothing",
        "user.overlay.whiteout", "trusted.x", "user.virtfs.whiteouts",
        "user.virtfs.system.posix_acl_default", "USER.virtfs.uid",
        "system.x", "user.virtfs", "security.ima",
    };
    static char too_long[300];
    uint8_t v = input_byte(in);

    if (v == 0xff) {
        memset(too_long, 'l', sizeof(too_long) - 1);
        memcpy(too_long, "user.", 5);
        return too_long;
    }
    return xattrs[v % ARRAY_SIZE(xattrs)];
}

const char *input_target(Input *in)
{
    static const char *const targets[] = {
        "a", "../outside/secret", "..", "../outside", "/", "b/c", "link", ".",
        "", "../../../../../../../etc/passwd", "/proc/self/fd/0", "nowhere",
    };
    static char too_long[PATH_MAX + 10];
    uint8_t v = input_byte(in);

    if (v == 0xff) {
        memset(too_long, 't', sizeof(too_long) - 1);
        return too_long;
    }
    return targets[v % ARRAY_SIZE(targets)];
}

uint32_t input_id(Input *in)
{
    static const uint32_t ids[] = {
        UINT32_MAX, 0, 1000, 1001, 65534, 100000, 100005, 165535, 165536, 5,
        0x7fffffff, 0x80000000, UINT32_MAX - 1, 42,
    };

    return ids[input_below(in, ARRAY_SIZE(ids))];
}

Input input_take(Input *in, size_t n)
{
    Input part = { in->bytes, MIN(n, in->size) };

    in->bytes += part.size;
    in->size -= part.size;
    return part;
}

static void put(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = value >> 8 * i;
    }
}

/* An ACL with entries from the input; or a version 2 or 3 capability. */
static size_t make_acl(Input *in, uint8_t *to, unsigned n)
{
    put(to, 2, 4);
    for (unsigned i = 0; i < n; i++) {
        uint8_t v = input_byte(in);
        uint16_t tag = 1u << v % 6;

        put(to + 4 + 8 * i, tag, 2);
        put(to + 6 + 8 * i, v / 6 % 8, 2);
        put(to + 8 + 8 * i, tag == 2 || tag == 8 ? input_id(in) : UINT32_MAX,
            4);
    }
    return 4 + 8 * n;
}

static size_t make_capability(Input *in, uint8_t *to)
{
    bool v3 = input_byte(in) & 1;

    memset(to, 0, 24);
    put(to, v3 ? 0x03000001 : 0x02000001, 4);
    put(to + 4, 0x400, 4);
    put(to + 20, input_id(in), 4);
    return v3 ? 24 : 20;
}

size_t input_value(Input *in, const void **value)
{
    /* user::rw- group::r-- other::r--, which every file system takes */
    static const uint8_t acl[] = {
        2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255,
        4, 0, 4, 0, 255, 255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255,
    };
    static __thread uint8_t room[65536];
    uint8_t kind = input_byte(in);
    Input part;

    *value = room;
    switch (kind % 8) {
    case 0:
        *value = "text";
        return 4;
    case 1:
        put(room, input_number(in), 4);
        return 4;
    case 2:
        put(room, input_number(in), 4);
        put(room + 4, input_byte(in), 4);
        return 8;
    case 3:
        return make_acl(in, room, kind / 8);
    case 4:
        return make_capability(in, room);
    case 5:
        memset(room, 'v', sizeof(room));
        return input_at_most(in, sizeof(room));
    case 6:
        *value = acl;
        return sizeof(acl);
    default:
        part = input_take(in, kind / 8);
        memcpy(room, part.bytes, part.size);
        return part.size;
    }
}
