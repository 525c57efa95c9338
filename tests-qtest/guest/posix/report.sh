#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# report.sh DIR: a table of what the runs of the POSIX suite brought.  DIR holds
# one output a mount, named MODEL.CACHE, as the scenario leaves them in
# $WORK/posix.  One line a mount: statements that held, those among them that
# stand under a row of the table of facts, that failed, behaviours skipped.
# Ends with 1 if there is none or any failed.
set -eu
[ $# -eq 1 ] || { echo "usage: report.sh DIR" >&2; exit 2; }
total=0 bad=0
echo "| mount | held | of these by a fact | failed | skipped |"
echo "|---|---|---|---|---|"
for file in "$1"/*.*; do
    [ -f "$file" ] && tail -n 1 "$file" | grep -q ' skipped$' || continue
    failed=$(grep -c '^not ok ' "$file") || true
    facts=$(grep -c '^ok .* # differs: ' "$file") || true
    skips=$(grep -c '^ok .* # SKIP ' "$file") || true
    held=$(($(grep -c '^ok ' "$file") - skips))
    echo "| $(basename "$file") | $held | $facts | $failed | $skips |"
    total=$((total + held))
    bad=$((bad + failed))
done
[ "$total" -gt 0 ] && [ "$bad" -eq 0 ]
