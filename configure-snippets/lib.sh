# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Common variables and functions of the scripts that Makefile.overlay calls: the folders below BUILD, the configuration
# of the chosen base, messages, and running a long command with its output in a log and its progress on the terminal.
# To be sourced. Expects TOP (the checkout) and BUILD (absolute) in the environment, as Makefile.overlay exports them.

set -euo pipefail

TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BASE=${BASE:-}
BUILD=${BUILD:-$TOP/build}
QEMU_SRC=${QEMU_SRC:-}
snippets=$TOP/configure-snippets

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "warning: $*" >&2; }
die() { printf '%s\n' "error: $*" >&2; exit 1; }

default_base=10.0

# Prints the supported bases, oldest first.
supported_bases() {
    local f
    for f in "$snippets"/[0-9]*.conf; do
        basename "$f" .conf
    done | sort -V | paste -sd' '
}

# base_of VERSION: prints the base of that version of QEMU, or nothing. A development tree, such as 10.2.50, counts as
# the next release. For a version that is newer than all bases it is the newest one.
base_of() {
    local base newest='' release=${1%.*}
    [[ $1 =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || return 0
    for base in $(supported_bases); do
        newest=$base
        if [ "$base" = "$release" ] && [ "${1##*.}" -lt 50 ]; then
            printf '%s' "$base"
            return
        fi
        if [ "${1##*.}" -ge 50 ] && [ "$base" != "$release" ] && have_version "$base" "$release"; then
            printf '%s' "$base"
            return
        fi
    done
    if [ "$newest" = "$release" ] || have_version "$release" "$newest"; then
        printf '%s' "$newest"
    fi
}

# have_version HAVE WANT: true if HAVE is at least WANT.
have_version() {
    [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# A tree that the user gives chooses the base by its version.
if [ -n "$QEMU_SRC" ]; then
    [ -d "$QEMU_SRC" ] || die "QEMU_SRC=$QEMU_SRC is not a folder"
    QEMU_SRC=$(cd "$QEMU_SRC" && pwd)
    case $BUILD/ in
    "$QEMU_SRC"/*) die "BUILD=$BUILD lies inside QEMU_SRC, which is never written to; give another BUILD" ;;
    esac
    qemu_src_version=$(cat "$QEMU_SRC/VERSION" 2>/dev/null || true)
    qemu_src_base=$(base_of "$qemu_src_version")
    [ -n "$qemu_src_base" ] ||
        die "$QEMU_SRC is QEMU '${qemu_src_version:-of no known version}'; supported versions: $(supported_bases)"
    [ "${BASE:-$qemu_src_base}" = "$qemu_src_base" ] ||
        die "$QEMU_SRC is QEMU $qemu_src_version, which does not fit BASE=$BASE; leave BASE out"
    BASE=$qemu_src_base
fi
BASE=${BASE:-$default_base}
[ -f "$snippets/$BASE.conf" ] ||
    die "BASE=$BASE is not supported; supported: $(supported_bases)"
# The flags of configure for all bases: all features are off except those that a 9p server, its tests and a KVM or TCG
# guest need.
common_flags=(
    --target-list=x86_64-softmmu
    --without-default-features
    --enable-system
    --enable-attr
    --enable-virtfs
    --enable-cap-ng
    --enable-tcg
    --enable-kvm
    --enable-seccomp
    --disable-docs
    --disable-install-blobs
)
source_upstream=
debian_install=()
# shellcheck source=configure-snippets/10.0.conf
. "$snippets/$BASE.conf"

# QEMU's configure does not support blanks and colons in paths.
for path in "$TOP" "$BUILD" "$QEMU_SRC"; do
    case $path in
    *[[:space:]:]*) die "QEMU cannot be built below a path with blanks or colons: $path" ;;
    esac
done

# What depends on the base; that of the default base is directly below BUILD.
based=$BUILD
[ "$BASE" = "$default_base" ] || based=$BUILD/$BASE
logs=$based/logs
stamps=$based/stamps
pristine=$based/src/qemu-$BASE
tree=$based/qemu-$BASE
obj=$based/obj
run=$based/run
# The kernel and the programs of the guests are the same for all bases, from this suite.
suite=trixie
kernel=$BUILD/kernel
[ -z "$QEMU_SRC" ] || pristine=$QEMU_SRC
# With STOCK=1 the unmodified base is built with the same flags, for comparison.
if [ -n "${STOCK:-}" ]; then
    tree=$pristine
    obj=$based/obj-stock
fi
# What is built: the default, which is quick, or one of these, each in a folder of its own.
FLAVOUR=${FLAVOUR:-}
case $FLAVOUR in
'' | debian | libvirt) ;;
minimal) MINIMAL=1 ;;
*) die "FLAVOUR=$FLAVOUR is not known; known: minimal, debian, libvirt, or none for the default" ;;
esac
[ -z "$FLAVOUR" ] || obj=$based/obj-$FLAVOUR${STOCK:+-stock}
# With MINIMAL=1 the emulator has only the devices that the tests need (minimal-devices.mak), and is not optimized. That
# takes a third of the time to build.
if [ -n "${MINIMAL:-}" ]; then
    obj=$based/obj-minimal
fi
# With SANITIZE=address it has the same devices, and the whole emulator and its tests are built with AddressSanitizer and
# UBSan. What counts is these; AddressSanitizer also says that it does not know makecontext(), of which QEMU's coroutines
# tell it.
sanitizer_findings='ERROR: |runtime error:'
case ${SANITIZE:-} in
'') ;;
address)
    MINIMAL=1
    obj=$based/obj-$SANITIZE
    run=$based/run-$SANITIZE
    # Reports go to files, as tests read what the emulator prints. QEMU itself gives back little at its end.
    export ASAN_OPTIONS=log_path=$run/sanitizer:detect_leaks=0:allocator_may_return_null=1
    export UBSAN_OPTIONS=log_path=$run/sanitizer:print_stacktrace=1
    ;;
*) die "SANITIZE=$SANITIZE is not known; known: address" ;;
esac
qemu=$obj/qemu-system-x86_64
mkdir -p "$logs" "$stamps"

# A folder for downloads that is shared by all checkouts. It only saves time; everything works without it.
cache=${CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/qemu-virtio-9p}
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$BUILD/cache
mkdir -p "$cache"

# The Python for QEMU's configure: the system's, because the system's meson is installed for it.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3 || echo python3)

# Prints the version of the meson that this Python can import, or nothing.
meson_version() {
    "$python" -c 'import importlib.metadata as m; print(m.version("meson"))' 2>/dev/null || true
}

# Prints the entries of the source tree to copy, each with a NUL behind it: all except the history and build folders at the top.
source_entries() {
    local e
    for e in "$pristine"/* "$pristine"/.[!.]*; do
        case ${e##*/} in .git | .pc | .ccache) continue ;; esac
        if [ -e "$e/build.ninja" ] || [ -e "$e/config-host.mak" ]; then
            continue
        fi
        [ -e "$e" ] && printf '%s\0' "$e"
    done
    true
}

# Our own test programs: every tests-qtest/NAME-test.c is one.
own_tests() {
    (cd "$TOP/tests-qtest" && printf '%s\n' *-test.c | sed 's/\.c$//')
}

# Prints the firmware folders as QEMU arguments: that of the source tree if it has binaries, then the system's.
firmware_args() {
    local d args=()
    for d in "$pristine/pc-bios" /usr/share/seabios /usr/share/qemu /usr/lib/ipxe/qemu; do
        if [ -e "$d/bios-256k.bin" ] || [ -e "$d/linuxboot_dma.bin" ] || [ -e "$d/efi-virtio.rom" ]; then
            args+=(-L "$d")
        fi
    done
    printf '%s' "${args[*]}"
}

# show_progress STEP: prints a part of a build's output: on a terminal one line that is overwritten, otherwise each
# STEP-th line, lines about failures, and the last line.
show_progress() {
    local line='' last='' n=0 step=$1 width=${COLUMNS:-80} shown=1
    while IFS= read -r line || [ -n "$line" ]; do
        n=$((n + 1))
        shown=0
        if [ -t 1 ]; then
            printf '\r\033[K%s' "${line:0:width-1}"
        elif [ $((n % step)) = 0 ] || [[ $line == FAILED:* ]]; then
            printf '%s\n' "$line"
            shown=1
        fi
        last=$line
    done
    if [ -t 1 ]; then
        printf '\r\033[K'
    elif [ $shown = 0 ]; then
        printf '%s\n' "$last"
    fi
}

# run_logged LOG STEP COMMAND...: runs a command with its output in LOG and show_progress on the terminal; on failure
# prints the end of the log and its name.
run_logged() {
    local log=$1 step=$2
    shift 2
    printf '+ %s\n' "$*" >"$log"
    if ! "$@" 2>&1 </dev/null | tee -a "$log" | show_progress "$step"; then
        tail -n 40 "$log" >&2
        die "'$(basename "$1")' failed; the whole output is in $log"
    fi
}
