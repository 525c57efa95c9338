#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# make-share.sh DIR [FOLDERS]: makes the directory that bench-guest's steps work
# on: a tree of 20 (or FOLDERS) directories with 50 files of up to 40 KB each,
# which is a git repository if the host has git, and one large file. The content
# is always the same.
set -eu
dir=$1 folders=${2:-20}
rm -rf "$dir"
mkdir -p "$dir/tree"
cd "$dir/tree"
# The files are prefixes of this text of 40 000 bytes.
seq 100000 108000 | head -c 40000 >"$dir/text"
for i in $(seq 1 "$folders"); do
    mkdir -p "d$i/sub"
    for k in $(seq 1 25); do
        head -c $(((i * 1117 + k * 3541) % 40000)) "$dir/text" >"d$i/f$k"
        head -c $(((i * 2311 + k * 977) % 4000)) "$dir/text" >"d$i/sub/g$k"
    done
done
if command -v git >/dev/null; then
    git init -q .
    git add -A
    git -c user.name=bench -c user.email=bench@localhost commit -q -m tree
    # Inode numbers and owners in the guest differ from those on the host.
    git config core.checkStat minimal
fi
rm "$dir/text"
echo "$(find "$dir/tree" | wc -l) $(find "$dir/tree" -type f -print0 | xargs -0 cat | wc -c)" >"$dir/counts"
head -c 64M /dev/zero | tr '\0' 'x' >"$dir/big"
