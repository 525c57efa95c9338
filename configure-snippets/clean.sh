#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clean.sh: removes what the other scripts created below BUILD, and BUILD itself if it is empty then. Only folders with
# known names are removed, so that other files are kept if BUILD is a folder that is also used for other purposes.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

for part in apt attacks bench cache compilers core docs kernel packages share; do
    rm -rf "${BUILD:?}/$part"
done
rm -rf "${BUILD:?}"/apt-{bookworm,trixie,root-bookworm,root-trixie,source-bookworm,source-sid}
for base in $(supported_bases); do
    for based in "$BUILD" "$BUILD/$base"; do
        rm -rf "${based:?}"/{logs,obj,obj-address,obj-minimal,obj-stock,patch,run,run-address,series,src,stamps,"qemu-$base"}
    done
    [ ! -d "$based" ] || rmdir --ignore-fail-on-non-empty "$based"
done
rmdir --ignore-fail-on-non-empty "$BUILD"
