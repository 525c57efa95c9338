/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sample messages made from the message table, without the codec.
 *
 * A sample is a request or reply whose fields all have different values, both
 * as the codec's struct and as the bytes that must be on the wire.  The bytes
 * are written here, field by field and without the codec, so they can check
 * it.  The codec's tests and the program that makes fuzz seeds use it.
 */
#ifndef TESTS_CORE_SAMPLE_H
#define TESTS_CORE_SAMPLE_H

#include "fsdev/core/p9-osdep.h"
#include "hw/9pfs/9p-codec.h"

typedef enum FieldKind {
    FIELD_U8, FIELD_U16, FIELD_U32, FIELD_U64, FIELD_STR, FIELD_TEXT,
    FIELD_NAME, FIELD_NAMES, FIELD_FID, FIELD_NEWFID, FIELD_QID, FIELD_QIDS,
    FIELD_DATA, FIELD_STAT,
} FieldKind;

typedef struct Field {
    const char *name;
    FieldKind kind;
    size_t offset;          /* in the sample's wire image */
    int dot, dotdot;        /* FIELD_NAME: errno for "." and "..", 0 = legal */
} Field;

/* How to fill a sample; 0 is the default. */
typedef struct SampleOptions {
    bool empty;             /* strings, lists and payload of length 0 */
    unsigned elements;      /* of NAMES and QIDS; default 3 */
    size_t payload;         /* bytes of DATA; default 5 */
    unsigned nth;           /* from 1: which string, name or text … */
    const char *bytes;      /* … consists of these bytes instead */
    size_t n_bytes;
    uint32_t numbers;       /* where the counter that makes values starts */
} SampleOptions;

typedef struct Sample {
    uint8_t type;           /* message type on the wire */
    uint16_t tag;
    bool reply;
    P9Tmsg t;
    P9Rmsg r;
    GByteArray *wire;       /* the whole message */
    GArray *fields;         /* of Field */
    size_t fields_end;      /* offset of the payload, or of the end */
    unsigned strings;       /* number of length-prefixed strings */
    GArray *string_at;      /* of size_t: offset of each string's length */
    /* private */
    const SampleOptions *options;
    unsigned next;
    GPtrArray *owned;
} Sample;

/* One row of the table. */
typedef struct SampleRow {
    uint8_t number;
    const char *name;
    void (*fill_t)(Sample *s);
    void (*fill_r)(Sample *s);
    bool (*same_t)(const P9Tmsg *a, const P9Tmsg *b);
    bool (*same_r)(const P9Rmsg *a, const P9Rmsg *b);
} SampleRow;

extern const SampleRow sample_rows[];
extern const unsigned n_sample_rows;

/** sample_new: @options may be NULL. */
Sample *sample_new(const SampleRow *row, bool reply,
                   const SampleOptions *options);
void sample_free(Sample *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sample, sample_free)

/** sample_layout: "fid[4] name[s] count[4] data[count]"; g_free() it. */
char *sample_layout(const SampleRow *row, bool reply);
/** sample_set_size: patch the size field of a wire image. */
void sample_set_size(uint8_t *wire, uint32_t size);

#endif
