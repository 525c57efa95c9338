#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# install.sh: installs the emulator below DESTDIR and PREFIX with meson, after building the other programs of an
# installation. Firmware is not installed, as that of the distribution is used. The emulator looks for its files relative to
# its own folder, so what meson installs below the prefix of the build is put below PREFIX afterwards: another PREFIX needs
# no other build.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

# The files of an installation that ninja builds.
mapfile -t targets < <(comm -12 \
    <(cd "$obj" && meson introspect --installed . | "$python" -c '
import json, os, sys
for path in json.load(sys.stdin):
    print(os.path.relpath(path))
' | sort) \
    <(ninja -C "$obj" -t targets all | sed -n 's/: [^:]*$//p' | sort))
[ ${#targets[@]} != 0 ] || die "nothing to install is known in $obj"
"$snippets/build.sh" "${targets[@]}"
target=${DESTDIR:-}${PREFIX:-/usr/local}
staging=$obj/staging
say "installing to $target"
rm -rf "$staging"
run_logged "$logs/install.log" 100 env DESTDIR="$staging" meson install -C "$obj" --no-rebuild
mkdir -p "$target"
# Folders that exist keep their modes.
tar -C "$staging/usr/local" -c . | tar -C "$target" -x --no-same-owner --no-overwrite-dir --keep-directory-symlink
rm -rf "$staging"
