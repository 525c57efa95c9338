#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# manual.sh: runs the commands of the manual and of README with the emulator and the helper that were built; see
# manual_commands.py. Prints a line for each, and "N passed, M failed, K skipped" as the last one.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

read -r -a firmware <<<"$(firmware_args)"
exec "$python" "$snippets/manual_commands.py" "$TOP" "$qemu" "$obj/fsdev/virtfs-proxy-helper" "${firmware[@]}"
