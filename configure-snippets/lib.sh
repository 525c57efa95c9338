# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# Common ground of the scripts behind Makefile.overlay: the folders below BUILD, the facts of the chosen
# base, messages, and running a long command into a log while showing that it moves. Sourced, never run.
# Expects TOP (the checkout) and BUILD (absolute) in the environment, as Makefile.overlay exports them.

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

# QEMU's configure takes neither blanks nor colons in its paths.
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
# STOCK=1: the base as it is, built with the same flags, to measure against.
if [ -n "${STOCK:-}" ]; then
    tree=$pristine
    obj=$BUILD/obj-stock
fi
mkdir -p "$logs" "$stamps"

# A place for downloads that outlives a checkout. Only ever a shortcut: everything works without it.
cache=${CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/qemu-virtio-9p}
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$BUILD/cache
mkdir -p "$cache"

# The Python that QEMU's configure shall use: the system's, because that is where the system's meson is.
python=/usr/bin/python3
[ -x "$python" ] || python=$(command -v python3 || echo python3)

# have_version HAVE WANT: true if HAVE is at least WANT.
have_version() {
    [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

# Version of the meson that this Python can import, empty if none.
meson_version() {
    "$python" -c 'import importlib.metadata as m; print(m.version("meson"))' 2>/dev/null || true
}

# Our own test programs: every tests-qtest/NAME-test.c is one.
own_tests() {
    (cd "$TOP/tests-qtest" && printf '%s\n' *-test.c | sed 's/\.c$//')
}

# Firmware folders as QEMU arguments: those of the source tree if it carries blobs, then the system's.
firmware_args() {
    local d args=()
    for d in "$pristine/pc-bios" /usr/share/seabios /usr/share/qemu /usr/lib/ipxe/qemu; do
        if [ -e "$d/bios-256k.bin" ] || [ -e "$d/linuxboot_dma.bin" ] || [ -e "$d/efi-virtio.rom" ]; then
            args+=(-L "$d")
        fi
    done
    printf '%s' "${args[*]}"
}

# show_progress STEP: copies a build's output to the terminal thinly. On a terminal one line that is overwritten,
# otherwise every STEP-th line, what failed, and the last line.
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

# run_logged LOG STEP COMMAND...: all output to LOG, a thin copy to the terminal; on failure names the log and
# shows its end.
run_logged() {
    local log=$1 step=$2
    shift 2
    printf '+ %s\n' "$*" >"$log"
    if ! "$@" 2>&1 </dev/null | tee -a "$log" | show_progress "$step"; then
        tail -n 40 "$log" >&2
        die "'$(basename "$1")' failed; the whole output is in $log"
    fi
}
