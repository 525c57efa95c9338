# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads apt's one-line sources format ("deb [options] URI suite component...") and prints "main URI" or
# "security URI" for entries of the release `codename`. Used by apt-lib.sh, together with apt-suite.awk.

{
    sub(/#.*/, "")
    if ($1 != "deb" && $1 != "deb-src") {
        next
    }
    sub(/\[[^]]*\]/, " ")
    $0 = $0
    if ($2 !~ /:/ || $2 ~ /^cdrom:/) {
        next
    }
    kind = suite_kind($3)
    if (kind != "" && !seen[kind, $2]++) {
        print kind, $2
    }
}
