#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-bench.sh BENCH QEMU [HELPER]: tests that the benchmark works and detects
# wrong replies.
#
# First it runs every workload for a moment. Then a wrapper around QEMU modifies
# the exported directory before QEMU starts, so that a correct server sends
# replies that the benchmark does not expect: each case has to end with status 1
# and a message that describes the error. QEMU can be any binary with virtio-9p.
# HELPER is a virtfs-proxy-helper of the same build. The last line of the output
# is "N passed, M failed, K skipped".

set -euo pipefail
bench=$1
qemu=$(realpath "$2")
helper=${3:+$(realpath "$3")}
work=$(mktemp -d "${TMPDIR:-/tmp}/check-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

ok() {
    echo "ok $1"
    passed=$((passed + 1))
}

# not_ok NAME WHY: also prints the benchmark's output.
not_ok() {
    echo "FAILED $1: $2"
    cat "$work/out"
    failed=$((failed + 1))
}

# wrap COMMAND: makes a wrapper that runs COMMAND in the exported directory and
# then QEMU.
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
        ok "$1"
    else
        not_ok "$1" "expected status 1 and \"$3\", got status $status and:"
    fi
    if compgen -G "$work/9p-bench-*" >/dev/null; then
        not_ok "$1" "it did not remove its trees"
    fi
}

# Every workload of --list, except those that run only when named, has results
# or a reason that depends on this machine.
every_workload() {
    local name
    if ! "$bench" --a "$qemu" --quick --no-calls --json "$work/json" >"$work/out" 2>&1; then
        not_ok every-workload "it failed:"
        return
    fi
    while read -r name; do
        if ! grep -q "^{\"workload\": \"$name\".*\"ops_per_s\": {\"median\": [1-9]" "$work/json" &&
            ! grep -qE "^\{\"workload\": \"$name\".*\"not_run\": \"(needs root|no user\.\* xattrs here)\"" "$work/json"; then
            not_ok every-workload "there are no results of $name"
            return
        fi
    done < <("$bench" --list | grep -v '(only when named)' | cut -d' ' -f1)
    ok every-workload
}

# With two binaries, the targets are printed and written to the Markdown file,
# which replaces an older one.
both_tables() {
    echo gone >"$work/page.md"
    if "$bench" --a "$qemu" --b "$qemu" --quick --no-calls --dir "$work" --only getattr-root \
        --markdown "$work/page.md" >"$work/out" 2>&1 &&
        grep -q '^[0-9]* of 6 targets reached$' "$work/out" &&
        grep -q '^| getattr-root | .* | 32 | ops/s, ours ÷ stock | ≥ 4 | ' "$work/page.md" &&
        grep -q '^| getattr-root | .* | 32 | ours |' "$work/page.md" &&
        ! grep -q gone "$work/page.md"; then
        ok both-tables
    else
        not_ok both-tables "expected the targets of getattr-root in the output and in the Markdown file:"
        cat "$work/page.md"
    fi
}

# The helper's system calls are counted too, so creating a file takes more of them
# than with the local driver.
proxy_has_its_own_figures() {
    local calls='"system_calls_per_op": {"median": '
    if ! "$bench" --a "$qemu" --b "$qemu" --b-proxy "$helper" --quick --dir "$work" --only create-passthrough --depth 1 \
        --only getattr-root --only readdir-remap --only create-mapped-file --only slow-storage --json "$work/json" \
        --markdown "$work/page.md" >"$work/out" 2>&1; then
        not_ok proxy-has-its-own-figures "it failed:"
    elif ! grep -q '^| getattr-root | .* | 1 | ops/s, ours ÷ stock | ≥ 1/1.3 | ' "$work/page.md" ||
        ! grep -q '"not_run": "a proxy does not map attributes"' "$work/json" ||
        ! grep -q '"not_run": "slow-read.so does not recognize the files of a proxy"' "$work/json"; then
        not_ok proxy-has-its-own-figures "expected the target of getattr-root, and two workloads not run:"
        cat "$work/json" "$work/page.md"
    elif grep -q "${calls}[0-9]" "$work/json" &&
        ! awk -F"$calls" '/"create-passthrough"/ { exit !($3 + 0 > $2 + 0) }' "$work/json"; then
        not_ok proxy-has-its-own-figures "expected more system calls than with the local driver:"
    else
        ok proxy-has-its-own-figures
    fi
}

no_helper() {
    local status=0
    "$bench" --a "$qemu" --a-proxy false --quick --dir "$work" --only flush >"$work/out" 2>&1 || status=$?
    if [ "$status" = 1 ] && grep -q '^bench: cannot run false' "$work/out" &&
        grep -q '^bench: QEMU closed' "$work/out"; then
        ok no-helper
    else
        not_ok no-helper "expected status 1 and \"cannot run false\", got status $status and:"
    fi
}

# QEMU 7.2 sometimes crashes while files are created; the run is then repeated
# from the start.
killed_is_tried_again() {
    local status=0
    # shellcheck disable=SC2016
    wrap '{ [ -e ../died ] || { touch ../died; pid=$$
        (while kill -0 "$pid" && ! compgen -G "c*"; do :; done; kill -SEGV "$pid") >/dev/null 2>&1 & }; }'
    "$bench" --a "$work/qemu" --quick --no-calls --dir "$work" --only create-none >"$work/out" 2>&1 || status=$?
    if [ "$status" = 0 ] && grep -q '^bench: stock was killed in create-none, trying again$' "$work/out"; then
        ok killed-is-tried-again
    else
        not_ok killed-is-tried-again "expected another try and status 0, got status $status and:"
    fi
}

every_workload
both_tables
killed_is_tried_again
if [ -z "$helper" ] || [ "$(id -u)" != 0 ]; then
    for name in proxy-has-its-own-figures no-helper; do
        echo "ok $name # SKIP needs root and a helper"
        skipped=$((skipped + 1))
    done
else
    proxy_has_its_own_figures
    no_helper
fi

expect size stat-d1 'expected mode' 'truncate -s 5 f*'
expect mode stat-d1 'expected mode' 'chmod 600 f*'
expect content small-file 'wrong content' \
    'for f in f*; do printf x | dd of=$f conv=notrunc status=none; done'
expect content-of-a-read read-500k 'wrong content' \
    'dd if=/dev/zero of=f00000 bs=4k seek=3 count=9 conv=notrunc status=none'
expect missing-file stat-d8-root 'No such file' 'rm -r d1'
expect missing-entry readdir-warn 'expected 2000 entries, got 1999' \
    'rm f00007'
expect strange-entry readdir-warn 'unexpected entry "g1"' 'touch g1'
expect not-empty create-none 'c99 still exists' 'touch c99'
expect no-qemu flush 'qtest socket' 'exit 3'
expect no-delay slow-storage 'the delay has no effect' 'unset LD_PRELOAD'
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
