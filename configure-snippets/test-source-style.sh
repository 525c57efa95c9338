#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks our C files with the limits of this tree and with QEMU's checkpatch.pl, as described in source_style.py. Prints
# violations only, and "N passed, M failed, K skipped" as the last line.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

checkpatch=$pristine/scripts/checkpatch.pl
[ -f "$checkpatch" ] || die "$checkpatch is not there: run 'make -f Makefile.overlay source'"
exec "$python" "$snippets/source_style.py" "$TOP" "$checkpatch"
