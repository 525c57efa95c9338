# SPDX-License-Identifier: GPL-2.0-or-later
#
# fio reads each block as it was written: random and mixed, several jobs, block
# sizes other than the page size.
exports="client-xattr${SOAK:+ client-file client-pass}"
caches="none${SOAK:+ loose mmap}"
deadline=$(amount 240 1200)

# verified WHAT FIO-OPTION...
verified() {
    local what=$1
    shift
    try "$what" fio --name=job --directory=. --ioengine=psync --numjobs=3 \
        --verify_fatal=1 --verify_state_save=0 --group_reporting \
        --output=/tmp/fio.out "$@" || tail -n 20 /tmp/fio.out
    expect "errors of $what" 0 "$(grep -c 'verify: bad\|err=[ ]*[1-9]' /tmp/fio.out)"
    rm -f job.* /tmp/fio.out
}

guest_run() {
    local size
    size=$(amount 1M 8M)
    verified "random writes" --rw=randwrite --bsrange=512-16k --size=$size \
             --verify=crc32c
    verified "reads and writes mixed" --rw=randrw --bs=4k --size=$size \
             --verify=md5
    verified "in order, flushed" --rw=write --bs=12k --size=$size --fsync=16 \
             --verify=xxhash
    verified "around the cache" --rw=randrw --bs=4k --size=$size --direct=1 \
             --verify=crc32c
}
