# SPDX-License-Identifier: GPL-2.0-or-later
#
# Content written on either side is what the other side reads: new file,
# overwriting in the middle, appending, truncating on open.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none mmap loose"

host_prepare() {
    fill_file from-host 70000
}

guest_run() {
    expect "content of the host's file" "$(seq 1 99999 | head -c 70000 | md5sum)" \
           "$(md5sum < from-host)"
    try "write a new file" fill_file from-guest 70000
    expect "size" 70000 "$(stat_of %s from-guest)"
    fill_file patched 9000
    try "overwrite in the middle" sh -c \
        'printf MIDDLE | dd of=patched bs=1 seek=4096 conv=notrunc'
    fill_file appended 5000
    echo tail >> appended
    expect "size after appending" 5005 "$(stat_of %s appended)"
    fill_file emptied 5000
    : > emptied
    expect "size after opening with O_TRUNC" 0 "$(stat_of %s emptied)"
    : > empty
    expect "content read back" "$(sum_of from-host)" "$(sum_of from-guest)"
}

host_check() {
    expect "the guest's file on the host" "$(sum_of from-host)" \
           "$(sum_of from-guest)"
    expect "the overwritten file on the host" \
           "$( (fill_file /dev/stdout 4096; printf MIDDLE;
               fill_file /dev/stdout 9000 | tail -c +4103) | md5sum)" \
           "$(md5sum < patched)"
}
