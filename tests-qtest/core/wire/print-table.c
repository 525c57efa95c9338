/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the message table as a page of the developer manual. */
#include "fsdev/core/p9-osdep.h"
#include "table-doc.h"

int main(void)
{
    g_autofree char *page = table_doc();

    return fputs(page, stdout) < 0 || fflush(stdout) ? 1 : 0;
}
