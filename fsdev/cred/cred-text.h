/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of the metadata files of the model mapped-file: lines that begin
 * with "virtfs.uid=", "virtfs.gid=", "virtfs.mode=" and "virtfs.rdev=" and end
 * with decimal numbers, as in QEMU's 9pfs, and our own "virtfs.whiteouts=1".
 *
 * A line that does not have this format is skipped, as any program may have
 * written the file.  Context: any thread, never blocks.
 */
#ifndef FSDEV_CRED_TEXT_H
#define FSDEV_CRED_TEXT_H

#include "fsdev/cred/cred.h"

/** cred_text_parse: reads @text, which it modifies, into *@values. */
void cred_text_parse(char *text, CredValues *values);
/** cred_text_format: @values as text.  Returns a new string. */
char *cred_text_format(const CredValues *values);

#endif
