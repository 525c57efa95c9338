# SPDX-License-Identifier: GPL-2.0-or-later
#
# dpkg unpacks packages onto the share and replaces them, and each file is as in
# the package.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 240 1200)

host_prepare() {
    local package
    for package in acl attr libacl1 tar $(amount "" "dbench sqlite3 stress-ng"); do
        cp "$PACKAGES/debs/${package}"_*.deb . || return
    done
}

# The fake root has no shell for the packages' scripts.  dpkg is called by its
# path because the guest's shell would use that of busybox otherwise.
with_dpkg() {
    /usr/bin/dpkg --root="$PWD/root" --log=/dev/null \
        --force-bad-path,depends,script-chrootless "$@"
}

check_files() {
    local list
    for list in root/var/lib/dpkg/info/*.md5sums; do
        (cd root && md5sum -c -s "$OLDPWD/$list") ||
            note_failure "$1: expected the files of $list, came others"
    done
    expect "temporary files after $1" "" \
           "$(find root -name '*.dpkg-*' | head -n 3)"
}

guest_run() {
    mkdir -p root/var/lib/dpkg/info root/var/lib/dpkg/updates
    : > root/var/lib/dpkg/status
    : > root/var/lib/dpkg/available
    try "unpack" with_dpkg --unpack ./*.deb > /tmp/out || return
    check_files "the first time"
    expect "packages" "$(ls ./*.deb | wc -l)" \
           "$(grep -c '^Status: install ok unpacked' root/var/lib/dpkg/status)"
    try "unpack over them" with_dpkg --unpack ./*.deb > /tmp/out
    check_files "the second time"
    try "extract" /usr/bin/dpkg-deb -x ./tar_*.deb extracted
    expect "a program of it" "$(sum_of root/usr/bin/tar)" \
           "$(sum_of extracted/usr/bin/tar)"
    try "remove" with_dpkg --purge acl attr > /tmp/out
    expect_true "its program is gone" ! -e root/usr/bin/getfacl
}
