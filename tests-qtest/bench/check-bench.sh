#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-bench.sh BENCH QEMU: does the bench notice wrong answers?
#
# A wrapper around QEMU spoils the exported folder before QEMU starts, so that
# a correct server must give answers that the bench did not expect. Each case
# has to end with status 1 and a message that names what was wrong. Needs no
# QEMU of ours: any binary with virtio-9p does.

set -euo pipefail
bench=$1
qemu=$(realpath "$2")
work=$(mktemp -d "${TMPDIR:-/tmp}/check-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

# wrap COMMAND: a QEMU that first runs COMMAND in the exported folder.
wrap() {
    cat >"$work/qemu" <<END
#!/usr/bin/env bash
for arg; do
    case \$arg in
    local,*path=*) path=\${arg#*path=}; path=\${path%%,*} ;;
    esac
done
cd "\$path" && $1
exec '$qemu' "\$@"
END
    chmod +x "$work/qemu"
}

# expect NAME WORKLOAD TEXT COMMAND
expect() {
    local status=0
    wrap "$4"
    "$bench" --a "$work/qemu" --quick --no-calls --dir "$work" --only "$2" \
        >"$work/out" 2>&1 || status=$?
    if [ "$status" = 1 ] && grep -q -- "^bench: .*$3" "$work/out"; then
        echo "ok $1"
    else
        echo "FAILED $1: expected status 1 and \"$3\", came status $status and:"
        cat "$work/out"
        failed=1
    fi
    if compgen -G "$work/9p-bench-*" >/dev/null; then
        echo "FAILED $1: left its trees behind"
        failed=1
    fi
}

expect size stat-d1 'expected mode' 'truncate -s 5 f*'
expect mode stat-d1 'expected mode' 'chmod 600 f*'
expect content small-file 'wrong content' \
    'for f in f*; do printf x | dd of=$f conv=notrunc status=none; done'
expect content-of-a-read read-500k 'wrong content' \
    'dd if=/dev/zero of=f00000 bs=4k seek=3 count=9 conv=notrunc status=none'
expect missing-file stat-d8-root 'No such file' 'rm -r d1'
expect missing-entry readdir-warn 'expected 2000 entries, came 1999' \
    'rm f00007'
expect strange-entry readdir-warn 'unexpected entry "g1"' 'touch g1'
expect not-empty create-none 'c99 is still there' 'touch c99'
expect no-qemu flush 'qtest socket' 'exit 3'
exit "$failed"
