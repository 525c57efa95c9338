/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which spellings a directory that ignores case takes for one ASCII name.
 *
 * Linux (ext4, f2fs, tmpfs) compares names there by the Unicode normal form
 * NFDICF: it leaves out code points with the property Default_Ignorable, and
 * folds the case of the rest.  All that folds to an ASCII letter is its other
 * case, U+017F (long s) and U+212A (Kelvin).
 */
#ifndef FSDEV_CRED_FOLD_H
#define FSDEV_CRED_FOLD_H

#include "fsdev/core/p9-osdep.h"

/**
 * cred_folds_to: whether @name can be the name @ascii, which is in lower case,
 * in a directory that ignores case.
 *
 * Source: Unicode, DerivedCoreProperties.txt and CaseFolding.txt.
 * Context: any thread.
 */
bool cred_folds_to(const char *name, const char *ascii);

#endif
