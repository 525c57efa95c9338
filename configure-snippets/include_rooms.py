#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""include_rooms.py ROOT: checks that includes go down from room to room.

The rooms are the rows of a table in PAGE, below ROOT, from the bottom to the
top: the name of a room, the files in it, and the rooms that these files
include from. A file belongs to the first row that names it.

* A row names only rooms of the rows before it, so that there are no cycles.
* Each C file of hw-9pfs and fsdev is in a room and includes only files of that
  room and of the rooms in its row. Headers of other projects are ignored.
* A header whose name ends in -int.h is included in its own folder only.
* Each room that a row names is needed by a file.

Prints "not ok" and the place for each violation, and "N passed, M failed, K
skipped" as the last line.
"""

import fnmatch
import os
import re
import sys

PAGE = 'docs/devel/9pfs-internals.rst'
LABEL = '.. _9pfs-rooms:'
# Our folders, by their names in QEMU's tree, which the page uses.
FOLDERS = {'hw/9pfs': 'hw-9pfs', 'fsdev': 'fsdev'}
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


class Room:
    def __init__(self, name, patterns, below):
        self.name = name
        self.patterns = patterns
        self.below = below
        self.needs = set()


def table_cells(text):
    """Yields the rows of the first list-table behind LABEL, as lists of the
    texts of their cells."""
    lines = text[text.index(LABEL):].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith('.. list-table::'))
    row = None
    for line in lines[start + 1:]:
        if line and not line[0].isspace():
            break
        found = re.match(r'\s*(\* -|  -) (.*)', line)
        if found and found.group(1) == '* -':
            if row:
                yield row
            row = [found.group(2)]
        elif found and row:
            row.append(found.group(2))
        elif row and line.strip():
            row[-1] += ' ' + line.strip()
    if row:
        yield row


def read_rooms(root):
    with open(os.path.join(root, PAGE), encoding='utf-8') as f:
        rows = list(table_cells(f.read()))[1:]
    return [Room(name, re.findall(r'``([^`]+)``', files), [] if below == '--' else below.split(', '))
            for name, files, below in rows]


def our_files(root):
    """Yields (path in QEMU's tree, path here) of each C file and table."""
    for theirs, ours in FOLDERS.items():
        for where, _, names in os.walk(os.path.join(root, ours)):
            for name in names:
                if name.endswith(('.c', '.h', '.def')):
                    path = os.path.join(where, name)
                    yield theirs + os.path.relpath(path, root)[len(ours):], path


def included(path, files):
    """Yields (line number, path) of what the file @path includes of ours."""
    with open(files[path], encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            found = INCLUDE.match(line)
            beside = found and os.path.join(os.path.dirname(path), found.group(1))
            if beside in files:
                yield number, beside
            elif found and found.group(1).startswith(tuple(f'{folder}/' for folder in FOLDERS)):
                yield number, found.group(1)


def room_of(path, rooms):
    for room in rooms:
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in room.patterns):
            return room
    return None


def row_violations(room, earlier):
    unknown = [name for name in room.below if name not in earlier]
    return [f'{PAGE}: the room "{room.name}" includes from "{name}", which is not in a row before it'
            for name in unknown]


def file_violations(path, files, rooms):
    room = room_of(path, rooms)
    if not room:
        return [f'{path}: is in none of the rooms of {PAGE}']
    violations = []
    for number, target in included(path, files):
        to = room_of(target, rooms)
        here = os.path.dirname(path) == os.path.dirname(target)
        if target not in files:
            violations.append(f'{path}:{number}: there is no {target}')
        elif not to:
            continue            # reported for that file itself
        elif to is not room and to.name not in room.below:
            violations.append(f'{path}:{number}: "{room.name}" does not include from "{to.name}": {target}')
        elif target.endswith('-int.h') and not here:
            violations.append(f'{path}:{number}: {target} is private to its folder')
        room.needs.add(to and to.name)
    return violations


def all_tests(root):
    """Yields (name of the test, violations)."""
    rooms = read_rooms(root)
    files = dict(our_files(root))
    for i, room in enumerate(rooms):
        yield f'row "{room.name}"', row_violations(room, [earlier.name for earlier in rooms[:i]])
    for path in sorted(files):
        yield path, file_violations(path, files, rooms)
    for room in rooms:
        unused = [name for name in room.below if name not in room.needs]
        yield f'needs of "{room.name}"', [f'{PAGE}: no file of "{room.name}" includes from "{name}"'
                                          for name in unused]


def main(root):
    passed = failed = 0
    for name, violations in all_tests(root):
        if not violations:
            passed += 1
            continue
        failed += 1
        print(f'not ok {name} - expected none of these:')
        print('\n'.join(f'    {v}' for v in violations))
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return failed != 0 or passed == 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
