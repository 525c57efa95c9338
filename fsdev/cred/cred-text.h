/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of mapped-file's metadata files: lines "virtfs.uid=", ".gid=",
 * ".mode=" and ".rdev=" with decimal numbers, as QEMU's 9pfs has them, and
 * "virtfs.whiteouts=1" of our own.
 *
 * What makes no sense is skipped; anybody may have written it.  Context: any
 * thread, never blocks.
 */
#ifndef FSDEV_CRED_TEXT_H
#define FSDEV_CRED_TEXT_H

#include "fsdev/cred/cred.h"

/** cred_text_parse: @text is cut up on the way. */
void cred_text_parse(char *text, CredValues *values);
/** cred_text_format: owned by the caller. */
char *cred_text_format(const CredValues *values);

#endif
