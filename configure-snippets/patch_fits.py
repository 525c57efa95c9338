#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""patch_fits.py PATCH TREE: checks that a unified diff fits exactly to the
files below TREE, before patch(1) applies it.

The old lines of each hunk have to be in the file, word for word, either at the
line that the hunk names or, if the file has grown or shrunk above, at exactly
one other place below the hunk before. So no hunk lands in another place that
looks alike. For the first hunk that does not fit, prints the file, the line
and the reason, and ends with status 1.
"""

import os
import re
import sys

HUNK = re.compile(r'@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@')


def read_lines(path):
    with open(path, encoding='utf-8', errors='surrogateescape') as f:
        return f.read().split('\n')


def hunks(path):
    """Yields (file, line number of the hunk in PATCH, line number in the file,
    old lines, new lines)."""
    lines = read_lines(path)
    name = None
    i = 0
    while i < len(lines):
        if lines[i].startswith('+++ '):
            name = re.split(r'[\t ]', lines[i][4:])[0].split('/', 1)[1]
        found = HUNK.match(lines[i])
        i += 1
        if not found:
            continue
        at, start = i, int(found.group(1))
        left = int(found.group(2) or 1)
        old, new = [], []
        while i < len(lines) and (left > 0 or lines[i][:1] == '+'):
            kind, text = lines[i][:1] or ' ', lines[i][1:]
            if kind in ' -':
                old.append(text)
                left -= 1
            if kind in ' +':
                new.append(text)
            i += 1
        yield name, at, start, old, new


def places(lines, old, first):
    """The indices, from first on, at which lines has old."""
    return [i for i in range(first, len(lines) - len(old) + 1)
            if lines[i:i + len(old)] == old]


def check(patch, tree):
    """The reason why PATCH does not fit, or None."""
    name, lines, shift, first = None, [], 0, 0
    for file, at, start, old, new in hunks(patch):
        if file != name:
            name, shift, first = file, 0, 0
            path = os.path.join(tree, name)
            if not os.path.isfile(path):
                return f'{name}: there is no such file'
            lines = read_lines(path)
        wanted = start - 1 + shift
        found = places(lines, old, first)
        if wanted not in found and len(found) != 1:
            return (f'{name}:{start}: the lines of the hunk in line {at} of the patch are '
                    + ('not in this file' if not found
                       else f'in {len(found)} other places of this file'))
        place = wanted if wanted in found else found[0]
        lines[place:place + len(old)] = new
        shift += len(new) - len(old) + place - wanted
        first = place + len(new)
    return None if name else 'it has no hunk'


def main():
    reason = check(sys.argv[1], sys.argv[2])
    if reason:
        print(reason)
        sys.exit(1)


main()
