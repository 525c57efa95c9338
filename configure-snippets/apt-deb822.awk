# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads apt's deb822 sources format (stanzas of "Field: value", continuation lines start with a blank) and prints
# "main URI" or "security URI" for entries of the release `codename`. Used by apt-lib.sh, together with apt-suite.awk.

function flush_stanza(    i, j, n, m, uris, suites, kind) {
    if (field["types"] ~ /deb/ && tolower(field["enabled"]) !~ /^ *(no|false|without|off|disable)/) {
        n = split(field["uris"], uris)
        m = split(field["suites"], suites)
        for (i = 1; i <= m; i++) {
            kind = suite_kind(suites[i])
            for (j = 1; kind != "" && j <= n; j++) {
                if (uris[j] !~ /^cdrom:/ && !seen[kind, uris[j]]++) {
                    print kind, uris[j]
                }
            }
        }
    }
    split("", field)
    name = ""
}

/^#/ {
    next
}

/^[ \t]*$/ {
    flush_stanza()
    next
}

/^[ \t]/ {
    if (name != "") {
        field[name] = field[name] " " $0
    }
    next
}

{
    name = tolower(substr($0, 1, index($0, ":") - 1))
    field[name] = substr($0, index($0, ":") + 1)
}

END {
    flush_stanza()
}
