/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message table as a page of the developer manual.
 */
#ifndef TESTS_CORE_TABLE_DOC_H
#define TESTS_CORE_TABLE_DOC_H

/** table_doc: the whole page; g_free() it. */
char *table_doc(void);

#endif
