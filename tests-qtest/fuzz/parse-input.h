/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input format of fuzz-parse.c, shared with make-seeds.c: the first byte
 * is one of these.
 */
#ifndef TESTS_FUZZ_PARSE_INPUT_H
#define TESTS_FUZZ_PARSE_INPUT_H

enum {
    PARSE_METADATA,             /* the text of a metadata file */
    PARSE_MAP,                  /* uidmap= or gidmap= */
    PARSE_MOUNTS,               /* /proc/self/mountinfo */
    /* A model, a name, which maps, and the value of an attribute. */
    PARSE_XATTR,
    PARSE_NAME,                 /* a name in a mapped share */
    /* The text of xattrs=, a NUL, and a list of attribute names. */
    PARSE_RULES,
    N_PARSE,
};

#endif
