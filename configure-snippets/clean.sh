#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clean.sh: removes what the other scripts made below BUILD, and BUILD itself if nothing else is in it. Takes away
# only folders of known names, so a BUILD that was set to a folder in use is not emptied.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

for part in apt bench cache core docs kernel logs obj obj-stock packages patch run share src stamps "qemu-$BASE"; do
    rm -rf "${BUILD:?}/$part"
done
rmdir --ignore-fail-on-non-empty "$BUILD"
