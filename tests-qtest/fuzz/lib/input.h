/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading an input byte by byte.  Missing bytes are read as 0.
 */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include "fsdev/core/p9-osdep.h"

typedef struct Input {
    const uint8_t *bytes;
    size_t size;
} Input;

static inline uint8_t input_byte(Input *in)
{
    if (!in->size) {
        return 0;
    }
    in->size--;
    return *in->bytes++;
}

/** input_below: a number below @n. */
static inline unsigned input_below(Input *in, unsigned n)
{
    return input_byte(in) % n;
}

/**
 * input_number: the byte itself if it is below 192, else one of the values at
 * which something overflows or changes its meaning.
 */
uint64_t input_number(Input *in);
/** input_at_most: the same, but @max at most. */
static inline uint64_t input_at_most(Input *in, uint64_t max)
{
    uint64_t number = input_number(in);

    return MIN(number, max);
}
/** input_name: a legal component; input_any_name: also others. */
const char *input_name(Input *in);
const char *input_any_name(Input *in);
/** input_xattr: the name of an extended attribute; or not quite. */
const char *input_xattr(Input *in);
/** input_target: what symbolic links contain. */
const char *input_target(Input *in);
/**
 * input_value: the value of an attribute, in *@value, which is borrowed until
 * the next call in the same thread: an ACL, a capability, 4 or 8 bytes, text,
 * or bytes of the input.  Returns its size.
 */
size_t input_value(Input *in, const void **value);
/** input_id: a user or group id. */
uint32_t input_id(Input *in);
/** input_take: the next @n bytes, or fewer, as an input of their own. */
Input input_take(Input *in, size_t n);

/* For make-seeds.c: the bytes for names. */
enum {
    INPUT_NAME_A, INPUT_NAME_B, INPUT_NAME_C, INPUT_NAME_D, INPUT_NAME_LINK,
    INPUT_NAME_FIFO, INPUT_NAME_META, INPUT_NAME_META_ROOT, INPUT_NAME_FOLDED,
    INPUT_NAME_TMP, INPUT_NAME_LONG, INPUT_NAME_ODD, INPUT_NAME_TILDE,
    INPUT_NAME_SOFT, INPUT_NAME_NEW, INPUT_NAME_E, N_INPUT_NAMES,
};

#endif
