#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# hosts.sh check|table: runs core tests on many file systems, each in the kernel of this machine (named "here") and in
# those of three Debian releases, which run in guests. A guest needs neither KVM nor our emulator: it boots in Debian's
# QEMU. tests-qtest/hosts has the tables. check prints the matrix of file systems and tests, and compares it with
# limits.list; "N passed, M failed, K skipped" is the last line. ONLY has patterns of KERNEL/ROW, such as "here/*" or
# "trixie/nfs4". table writes the manual's table from the results of the last check.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=configure-snippets/apt-lib.sh
. "$snippets/apt-lib.sh"
# shellcheck source=configure-snippets/packages-lib.sh
. "$snippets/packages-lib.sh"
# shellcheck source=configure-snippets/kernel-lib.sh
. "$snippets/kernel-lib.sh"

hosts=$TOP/tests-qtest/hosts
work=$run/hosts
payload=$work/payload
tools=$BUILD/packages/hosts
releases=(bullseye bookworm trixie)

# --- tables -------------------------------------------------------------------

table() {
    sed -e '/^#/d' -e '/^ *$/d' "$hosts/$1"
}

# rows KERNEL: the names of the rows that ONLY selects.
rows() {
    local row pattern
    table rows.conf | sed 's/ *|.*//' | while read -r row; do
        for pattern in ${ONLY:-*}; do
            # shellcheck disable=SC2254 # a pattern
            case $1/$row in $pattern) echo "$row"; break ;; esac
        done
    done
}

# field ROW N
field() {
    table rows.conf | awk -F ' *[|] *' -v row="$1" -v n="$2" '$1 == row { print $n }'
}

modules() {
    local row pattern names
    for row; do
        table modules.conf | while read -r pattern names; do
            # shellcheck disable=SC2254
            case $row in $pattern) echo "$names" ;; esac
        done
    done | tr ' ' '\n' | awk 'NF && !seen[$0]++' | paste -sd' '
}

# --- what the rows need -------------------------------------------------------

# The path of a program of Debian's packages below the tree of $tools.
tool() {
    find "$tools/files/usr/sbin" "$tools/files/usr/bin" -name "$1" | head -n 1
}

# add_tool DIR NAME: DIR/bin gets a program of the packages, and DIR/tools its libraries.
add_tool() {
    local dir=$1 file libraries=$tools/files/usr/lib/x86_64-linux-gnu
    local loader=$tools/files/usr/lib64/ld-linux-x86-64.so.2
    file=$(tool "$2")
    mkdir -p "$dir/bin" "$dir/tools"
    cp -L "$loader" "$dir/tools/ld.so"
    cp -L "$file" "$dir/tools/$2"
    "$loader" --inhibit-cache --library-path "$libraries" --list "$file" |
        sed -n 's,.* => \(/[^ ]*\) .*,\1,p' | xargs cp -L -t "$dir/tools"
    # shellcheck disable=SC2016 # for the script that is written
    printf '#!/bin/sh\ndir=${0%%/bin/*}/tools\nexec "$dir/ld.so" --library-path "$dir" "$dir/%s" "$@"\n' "$2" >"$dir/bin/$2"
    chmod +x "$dir/bin/$2"
}

# make_tree: prints a folder with what test-local-readonly expects of a read-only file system.
make_tree() {
    local dir=$work/tree
    mkdir -p "$dir/dir"
    printf content >"$dir/file"
    : >"$dir/dir/inner"
    ln -sfn dir "$dir/link"
    printf '%s' "$dir"
}

# make_disk ROW: prints the file with the row's file system; nothing if it has no disk.
make_disk() {
    local row=$1 size command name file=$work/disks/$1
    size=$(field "$row" 2)
    command=$(field "$row" 3)
    [ "$size" != 0 ] || return 0
    mkdir -p "$work/disks"
    rm -f "$file"
    truncate -s "${size}M" "$file"
    name=${command%% *}
    add_tool "$work/mkfs" "$name"
    command=${command#* }
    command=${command//@TREE@/$(make_tree)}
    # shellcheck disable=SC2086 # a list of arguments
    MKE2FS_CONFIG=$tools/files/etc/mke2fs.conf "$work/mkfs/bin/$name" ${command//@DISK@/$file} >>"$logs/hosts.log" 2>&1 ||
        die "$name failed for $row; see $logs/hosts.log"
    printf '%s' "$file"
}

make_payload() {
    local name
    "${MAKE:-make}" --no-print-directory -C "$TOP/tests-qtest/core" "BUILD=$BUILD/core" WERROR=1 \
        "TESTS=$(table tests.conf | sed 's/=.*//' | paste -sd' ')" plain
    fetch_packages "$tools" "${hosts_packages[@]}"
    rm -rf "$payload"
    mkdir -p "$payload/tests" "$payload/bin" "$payload/fsdev/helper"
    cp "$hosts/run-rows.sh" "$payload/"
    cp "$TOP/fsdev/helper/virtfs-proxy-helper.1" "$payload/fsdev/helper/"
    for name in $(table tests.conf | sed 's/=.*//') virtfs-proxy-helper; do
        strip -o "$payload/tests/$name" "$BUILD/core/plain/bin/$name"
    done
    for name in chattr fuse-overlayfs; do
        add_tool "$payload" "$name"
    done
}

# make_plan PREFIX ROW...: prints a plan for run-rows.sh. The disks, which are made here, are named PREFIX and a letter in
# it, or without PREFIX by their files.
make_plan() {
    local prefix=$1 row file letters=abcdefghijklmnopqrstuvwxyz n=0
    shift
    for row; do
        file=$(make_disk "$row") || exit
        if [ -n "$file" ] && [ -n "$prefix" ]; then
            echo "$file" >>"$work/attached"
            file=$prefix${letters:n++:1}
        fi
        printf '%s|%s|%s|%s\n' "$row" "$file" "$(field "$row" 4)" "$(table tests.conf | paste -sd' ')"
    done
}

# --- running ------------------------------------------------------------------

# run_here RESULTS ROW...
run_here() {
    local results=$1
    shift
    [ "$(id -u)" = 0 ] || { say "here: needs root to mount"; return; }
    make_plan "" "$@" >"$work/plan"
    say "here: $(uname -r), $# file systems"
    WORK=$work/mnt unshare --mount --propagation private "$payload/run-rows.sh" "$work/plan" "$results" \
        >"$logs/hosts-here.log" 2>&1
}

# boot RELEASE RESULTS ROW...
boot() {
    local release=$1 results=$2 image=$work/image drives=() file name
    shift 2
    # That of $suite is the kernel of the other guests too.
    # shellcheck disable=SC2031
    if [ "$release" != "$suite" ]; then
        suite=$release kernel=$BUILD/kernel-$release apt_dir=$BUILD/apt-$release
    fi
    fetch_kernel
    : >"$work/attached"
    make_plan /dev/vd "$@" >"$payload/plan"
    MODULES="$(modules "$@")" run_logged "$logs/hosts-initrd.log" 1000 \
        "$TOP/tests-qtest/guest/mkinitrd.sh" "$kernel" "$work/initrd.base"
    rm -rf "$image"
    mkdir -p "$image"
    cp -a "$payload" "$image/payload"
    cp "$hosts/guest-main.sh" "$image/payload/main"
    for file in $(ldd "$payload"/tests/* | sed -n -E 's,.*[ \t](/[^ ]*) \(0x.*,\1,p' | sort -u); do
        (cd "$image" && cp -L --parents "$file" .)
    done
    (cd "$image" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -1 -n >"$work/initrd.more"
    cat "$work/initrd.base" "$work/initrd.more" >"$work/initrd"
    while read -r file; do
        drives+=(-drive "if=virtio,format=raw,cache=unsafe,file=$file")
    done <"$work/attached"
    say "$release: $(basename "$(vmlinuz)"), $# file systems"
    # shellcheck disable=SC2046 # lists of arguments
    timeout -s KILL "${HOSTS_LIMIT:-7200}" $(stock_qemu) $(firmware_args) -M pc -accel tcg -smp 1 -m 1024M -nodefaults \
        -display none -no-reboot -kernel "$(vmlinuz)" -initrd "$work/initrd" -append "console=ttyS0 panic=-1 quiet" \
        -serial "file:$logs/hosts-$release.console" -serial "file:$results" "${drives[@]}" </dev/null
}

# run_kernel here|RELEASE: its results go to $work/NAME.results.
run_kernel() {
    local name=$1 results=$work/$1.results wanted
    mapfile -t wanted < <(rows "$name")
    rm -f "$results"
    [ ${#wanted[@]} != 0 ] || return 0
    case $name in
    here) run_here "$results" "${wanted[@]}" ;;
    *) boot "$name" "$results" "${wanted[@]}" ;;
    esac || true
}

results() {
    local name
    for name in here "${releases[@]}"; do
        [ ! -e "$work/$name.results" ] || echo "$work/$name.results"
    done
}

case $1 in
check)
    rm -f "$work"/*.results
    mkdir -p "$work"
    : >"$logs/hosts.log"
    make_payload
    fetch_packages "$BUILD/packages/stock" "${stock_packages[@]}"
    for name in here "${releases[@]}"; do
        (run_kernel "$name")
    done
    mapfile -t files < <(results)
    exec "$python" "$snippets/hosts.py" check "${files[@]}"
    ;;
table)
    mapfile -t files < <(results)
    exec "$python" "$snippets/hosts.py" table "${files[@]}"
    ;;
*) die "hosts.sh: check or table" ;;
esac
