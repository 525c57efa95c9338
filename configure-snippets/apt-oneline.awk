# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads apt's one-line sources format ("deb [options] URI suite component...") and prints "main URI" or
# "security URI" for entries of the release `codename`. Used by apt-lib.sh.

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
    kind = ""
    if ($3 == codename || $3 == codename "-updates") {
        kind = "main"
    } else if ($3 == codename "-security" || $3 == codename "/updates") {
        kind = "security"
    }
    if (kind != "" && !seen[kind, $2]++) {
        print kind, $2
    }
}
