# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Common variables and functions of the scripts that Makefile.overlay calls: the folders below BUILD, the configuration
# of the chosen base, messages, and running a long command with its output in a log and its progress on the terminal.
# To be sourced. Expects TOP (the checkout) and BUILD (absolute) in the environment, as Makefile.overlay exports them.

set -euo pipefail

TOP=${TOP:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)}
BASE=${BASE:-10.0}
BUILD=${BUILD:-$TOP/build}
QEMU_SRC=${QEMU_SRC:-}
snippets=$TOP/configure-snippets

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "warning: $*" >&2; }
die() { printf '%s\n' "error: $*" >&2; exit 1; }

supported_bases() {
    local f
    for f in "$snippets"/*.conf; do
        basename "$f" .conf
    done | paste -sd' '
}

[ -f "$snippets/$BASE.conf" ] ||
    die "BASE=$BASE is not supported; supported: $(supported_bases)"
# shellcheck source=configure-snippets/10.0.conf
. "$snippets/$BASE.conf"

# QEMU's configure does not support blanks and colons in paths.
for path in "$TOP" "$BUILD" "$QEMU_SRC"; do
    case $path in
    *[[:space:]:]*) die "QEMU cannot be built below a path with blanks or colons: $path" ;;
    esac
done

logs=$BUILD/logs
stamps=$BUILD/stamps
pristine=$BUILD/src/qemu-$BASE
tree=$BUILD/qemu-$BASE
obj=$BUILD/obj
run=$BUILD/run
kernel=$BUILD/kernel
qemu=$obj/qemu-system-x86_64
if [ -n "$QEMU_SRC" ]; then
    [ -d "$QEMU_SRC" ] || die "QEMU_SRC=$QEMU_SRC is not a folder"
    QEMU_SRC=$(cd "$QEMU_SRC" && pwd)
    case $BUILD/ in
    "$QEMU_SRC"/*) die "BUILD=$BUILD lies inside QEMU_SRC, which is never written to; give another BUILD" ;;
    esac
    pristine=$QEMU_SRC
fi
# With STOCK=1 the unmodified base is built with the same flags, for comparison.
if [ -n "${STOCK:-}" ]; then
    tree=$pristine
    obj=$BUILD/obj-stock
fi
mkdir -p "$logs" "$stamps"

# A folder for downloads that is shared by all checkouts. It only saves time; everything works without it.
cache=${CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/qemu-virtio-9p}
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$BUILD/cache
mkdir -p "$cache"

# The Python for QEMU's configure: the system's, because the system's meson is installed for it.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3 || echo python3)

# have_version HAVE WANT: true if HAVE is at least WANT.
have_version() {
    [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Prints the version of the meson that this Python can import, or nothing.
meson_version() {
    "$python" -c 'import importlib.metadata as m; print(m.version("meson"))' 2>/dev/null || true
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
