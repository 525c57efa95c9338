# SPDX-License-Identifier: GPL-2.0-or-later
#
# suite_kind(SUITE): "main" or "security" if the suite of a sources entry belongs to the release `codename`, under that
# name or an alias of it, else "". The mirrors of such entries hold every release of Debian.

function suite_kind(suite,    kind) {
    kind = "main"
    if (sub(/(-security|\/updates)$/, "", suite)) {
        kind = "security"
    } else {
        sub(/-updates$/, "", suite)
    }
    return suite == codename || suite ~ /^(old)*stable$/ ? kind : ""
}
