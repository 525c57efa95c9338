#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Holds our C files to the limits of this tree and to QEMU's checkpatch.pl, as described in source_style.py. Prints
# only what is not as it should be, last "N passed, M failed, K skipped".

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

checkpatch=$pristine/scripts/checkpatch.pl
[ -f "$checkpatch" ] || die "$checkpatch is not there: run 'make -f Makefile.overlay source'"
exec "$python" "$snippets/source_style.py" "$TOP" "$checkpatch"
