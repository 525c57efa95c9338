# SPDX-License-Identifier: GPL-2.0-or-later
#
# The checks of the file-system stressors of stress-ng succeed.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 360 1800)

stressors=access,chmod,chown,dentry,dir,dirdeep,dirmany,fcntl,\
filename,flock,fstat,getdent,hdd,link,lockf,lockofd,metamix,open,rename,seek,\
symlink,utime,xattr

guest_run() {
    mkdir tmp
    try "stressors" stress-ng --temp-path tmp --with "$stressors" --seq 1 \
        --timeout "$(amount 1 3)" --verify --hdd-bytes 4M --seek-size 1M \
        --dentries 100 --log-file /tmp/stress.log \
        > /tmp/stress.out 2>&1 ||
        grep -E 'fail|error|skip' /tmp/stress.out
    expect "stressors that failed" "" \
           "$(grep -E 'fail: |FAILED' /tmp/stress.out | head -n 3)"
    expect "entries left behind" "" "$(ls tmp)"
}
