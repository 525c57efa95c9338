/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A synth export for a test, and the steps that most tests begin with.  Those
 * that fail end the test.
 */
#ifndef SYNTH_FIXTURE_H
#define SYNTH_FIXTURE_H

#include "fsdev/synth/synth.h"

typedef struct SynthFixture {
    FsExport *export;           /* counted */
    FsNode *root;               /* counted */
} SynthFixture;

/** synth_fixture_open: a new export, with or without the test entries. */
SynthFixture synth_fixture_open(const char *id, bool entries, bool readonly);
void synth_fixture_close(SynthFixture *fixture);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SynthFixture, synth_fixture_close)

/** synth_find: @name in @dir, counted; @attr may be NULL. */
FsNode *synth_find(FsNode *dir, const char *name, FsAttr *attr);
/** synth_open_name: open @name in the root. */
FsFile *synth_open_name(const SynthFixture *fixture, const char *name,
                        int flags);
/** synth_write_bytes: fs_write() of @size bytes at offset 0; its result. */
ssize_t synth_write_bytes(const FsCall *call, FsFile *file, const void *data,
                          size_t size);

#endif
