# SPDX-License-Identifier: GPL-2.0-or-later
#
# A directory read in steps of one entry, each step by a new open and a seek
# to the offset of the last, shows each entry once.
exports="passthrough proxy mapped-xattr mapped-file none"

host_prepare() {
    seq -f 'f%.0f' 1 40 | xargs touch
}

guest_run() {
    local step
    for step in 1 3 41; do
        expect "entries in steps of $step" \
               "$( (echo .; echo ..; seq 1 40 | sed s/^/f/) | sort | md5sum)" \
               "$(dents . $step | cut -c 3- | sort | md5sum)"
    done
}
