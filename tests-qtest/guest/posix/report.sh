#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# report.sh DIR: prints a table of the results of the POSIX suite.  DIR has the
# output for each mount, named MODEL.CACHE, as the scenario stores them in
# $WORK/posix.  There is one line for each mount: statements that passed, those
# of them with a row in the table of facts, statements that failed, behaviours
# that were skipped.  The exit status is 1 if there is none or one failed.
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
