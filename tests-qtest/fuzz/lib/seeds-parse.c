/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The corpus of fuzz-parse.c.
 */
#include "fsdev/core/p9-osdep.h"
#include "fuzz/parse-input.h"
#include "seeds.h"

static const struct {
    const char *name;
    uint8_t parser;
    const char *text;
} texts[] = {
    { "metadata", PARSE_METADATA,
      "virtfs.uid=1000\nvirtfs.gid=1001\nvirtfs.mode=33188\n" },
    { "metadata-device", PARSE_METADATA,
      "virtfs.mode=8612\nvirtfs.rdev=259\nvirtfs.whiteouts=1\n" },
    { "metadata-large", PARSE_METADATA,
      "virtfs.uid=-2\nvirtfs.gid=4294967294\nvirtfs.rdev=99999999999\n" },
    { "metadata-wrong", PARSE_METADATA,
      "virtfs.uid=-1\nvirtfs.gid=x\nvirtfs.mode=\n\nvirtfs.rdev=-1 \nuid=1" },
    { "map", PARSE_MAP, "0:100000:65536" },
    { "map-more", PARSE_MAP, "0:1000:1+1:100000:999,1000:5:1+squash:65534" },
    { "map-wrong", PARSE_MAP, "0:0:0" },
    { "map-overlap", PARSE_MAP, "0:100000:65536+5:300000:1" },
    { "map-words", PARSE_MAP, "squash:1+squash:2" },
    { "map-last", PARSE_MAP, "4294967294:4294967294:1+0:1:4294967294" },
    { "mounts", PARSE_MOUNTS,
      "1 1 0:1 / / rw - rootfs rootfs rw\n"
      "36 1 98:0 / /mnt/a\\040b rw,noatime master:1 - ext3 /dev/root rw\n"
      "37 36 0:5 /x /mnt/a\\040b/c rw - tmpfs tmpfs rw\n" },
    { "mounts-wrong", PARSE_MOUNTS, "36 x 98:0 / /mnt rw\n" },
    { "name", PARSE_NAME, ".virtfs_metadata" },
    { "name-folded", PARSE_NAME, ".VirtFS_Metadata_ROOT" },
    { "name-soft", PARSE_NAME, ".virtfs\xc2\xad_metadata" },
    { "rules-wrong", PARSE_RULES, "allow:user.a/deny:" },
    { "name-kelvin", PARSE_NAME, ".virtf\xc5\xbf_metadata" },
};

static const Seed values[] = {
    SEED("acl", PARSE_XATTR, 0, 7, 3, 2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255,
         255, 2, 0, 7, 0, 5, 0, 0, 0, 8, 0, 4, 0, 5, 0, 0, 0, 16, 0, 7, 0, 255,
         255, 255, 255, 32, 0, 4, 0, 255, 255, 255, 255),
    SEED("acl-wrong", PARSE_XATTR, 3, 8, 3, 3, 0, 0, 0),
    SEED("capability", PARSE_XATTR, 0, 9, 3, 1, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0, 0,
         0, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0),
    SEED("owner", PARSE_XATTR, 0, 2, 1, 0xe8, 3, 0, 0),
    SEED("group", PARSE_XATTR, 3, 3, 2, 0xe8, 3, 0, 0),
    SEED("owner-in-mapped", PARSE_XATTR, 1, 2, 3, 0xe8, 3, 0, 0),
    SEED("rules", PARSE_RULES, 'd', 'e', 'n', 'y', ':', 'u', 's', 'e', 'r', '.',
         'a', '*', '/', 'p', 'r', 'e', 'f', 'i', 'x', ':', '*', 0, 'u', 's',
         'e', 'r', '.', 'a', 'b', 0, 'u', 's', 'e', 'r', '.', 'b', 0),
    SEED("rules-all", PARSE_RULES, 'a', 'l', 'l', 0, 's', 'e', 'c', 'u', 'r',
         'i', 't', 'y', '.', 'x', 0, 't', 'r', 'u', 's', 't', 'e', 'd', '.'),
    SEED("private-acl", PARSE_XATTR, 0, 12, 3, 2, 0, 0, 0),
};

void seeds_parse(const char *dir)
{
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        g_autofree char *bytes = g_strdup_printf("x%s", texts[i].text);

        bytes[0] = texts[i].parser;
        seed_write(dir, texts[i].name, bytes, strlen(texts[i].text) + 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        seed_write(dir, values[i].name, values[i].bytes, values[i].size);
    }
}
