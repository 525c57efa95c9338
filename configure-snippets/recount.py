#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""recount.py PATCH...: corrects the line counts of unified diffs that were
edited by hand, in the headers of their hunks. The line numbers of the old file
are kept, and those of the new file follow from them.

A hunk ends at the next one, at the header of the next file or at the end; a
line "-- " of a mail is its end, too.
"""

import re
import sys

HUNK = re.compile(r'@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@(.*)', re.S)


def hunk_end(lines, first):
    for i in range(first, len(lines)):
        if (lines[i][:1] not in (' ', '+', '-', '\\', '\n') or lines[i].rstrip('\n') in ('-- ', '--')
                or (lines[i].startswith('--- ') and lines[i + 1:i + 2]
                    and lines[i + 1].startswith('+++ '))):
            return i
    return len(lines)


def count(number):
    return '' if number == 1 else f',{number}'


def recount(lines):
    """The lines with corrected headers."""
    shift = 0
    out = list(lines)
    for i, line in enumerate(lines):
        if line.startswith('--- '):
            shift = 0
        found = HUNK.match(line)
        if not found:
            continue
        body = lines[i + 1:hunk_end(lines, i + 1)]
        old = sum(text[:1] in (' ', '-', '\n') for text in body)
        new = sum(text[:1] in (' ', '+', '\n') for text in body)
        start = int(found.group(1))
        # An empty side names the line before it.
        to = start + shift + (not old) - (not new)
        out[i] = f'@@ -{start}{count(old)} +{to}{count(new)} @@{found.group(2)}'
        shift += new - old
    return out


def main():
    for path in sys.argv[1:]:
        with open(path, encoding='utf-8') as f:
            lines = f.readlines()
        with open(path, 'w', encoding='utf-8') as f:
            f.writelines(recount(lines))


if __name__ == '__main__':
    main()
