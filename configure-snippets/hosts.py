#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hosts.py check RESULTS...|table [RESULTS...]: what check-hosts has found.

RESULTS are files that tests-qtest/hosts/run-rows.sh has written, one for each
kernel. check: prints the matrix of file systems and groups of tests, and
compares each test with tests-qtest/hosts/limits.list, whose comment describes
its form; "N passed, M failed, K skipped" is the last line. table: replaces the
rows of tests-qtest/hosts/results.list that RESULTS have, and writes the manual's
table of hosts from that file.
"""

import collections
import fnmatch
import os
import re
import sys

TOP = os.environ.get('TOP') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
FOLDER = os.path.join(TOP, 'tests-qtest', 'hosts')
PAGE = 'docs/system/devices/virtfs/hosts.rst.inc'
# The columns of the matrix: the beginning of a program's name, or a model in the path of a test.
MODELS = ('passthrough', 'mapped-xattr', 'mapped-file', 'none', 'proxy')
GROUPS = MODELS + ('helper', 'other')


class Limit:
    """What a file system cannot do: a key, the manual's sentence, and lines (what, rows, pattern, used)."""
    def __init__(self, key, text):
        self.key, self.text, self.lines = key, text, []


class Line:
    """One line of a limit: @what is fail, skip or none; @rows are patterns of KERNEL/ROW or of ROW."""
    def __init__(self, number, what, rows, pattern):
        self.number, self.what, self.rows, self.pattern = number, what.rstrip('?'), rows, pattern
        self.used = self.optional = what.endswith('?')

    def fits_row(self, kernel, row):
        """Is it about this row?"""
        return any(fnmatch.fnmatchcase(f'{kernel}/{row}' if '/' in p else row, p) for p in self.rows)


def read_limits():
    """Returns the limits of limits.list."""
    limits = []
    with open(os.path.join(FOLDER, 'limits.list'), encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip('\n')
            if line.startswith('#') or not line.strip():
                continue
            if not line.startswith(' '):
                limits.append(Limit(*re.split(r' *\| *', line, maxsplit=1)))
            else:
                what, rows, pattern = line.split(maxsplit=2)
                limits[-1].lines.append(Line(number, what, rows.split(','), pattern))
    return limits


def rows_in_order():
    """The names of the rows with their titles."""
    with open(os.path.join(FOLDER, 'rows.conf'), encoding='utf-8') as f:
        fields = [re.split(r' *\| *', line.strip()) for line in f if line.strip() and not line.startswith('#')]
    return {field[0]: field[4] for field in fields}


class Row:
    """One file system in one kernel. @tests: (what, program, path, why); @why_not: it could not be mounted."""
    def __init__(self, kernel, name, here):
        self.kernel, self.name, self.here = kernel, name, here
        self.tests, self.why_not, self.ended = [], None, False


def read_results(path):
    """Returns the rows of one file of results, in its order."""
    rows, row, program, kernel, done = [], None, None, 'none', False
    here = os.path.basename(path).startswith('here.')
    with open(path, encoding='utf-8', errors='replace') as f:
        for line in f:
            words = line.split()
            what = words[0] if words else ''
            if what == 'kernel':
                kernel = '.'.join(words[1].split('.')[:2])
            elif what == 'row':
                row = Row(kernel, words[1], here)
                rows.append(row)
            elif what == 'none':
                rows.append(Row(kernel, words[1], here))
                rows[-1].why_not = ' '.join(words[2:])
            elif what == 'program':
                program = words[1]
            elif what in ('ok', 'skip', 'fail'):
                row.tests.append((what, program, words[1], ' '.join(words[2:])))
            elif what == 'end':
                row.ended = True
            elif what == 'done':
                done = True
    if not done:
        rows.append(Row(kernel, 'end', False))
        rows[-1].why_not = 'the guest, or the run, has ended early'
    return rows


def group_of(program, path):
    """The column of a test."""
    if program.startswith('test-helper'):
        return 'helper'
    for part in path.split('/'):
        if part in MODELS:
            return part
    return 'other'


class Verdict:
    """The comparison of a row with the limits."""
    def __init__(self, row, limits):
        self.row, self.limits, self.wrong = row, [], []
        self.count = collections.Counter()
        self.cells = {group: collections.Counter() for group in GROUPS}
        lines = [(limit, line) for limit in limits for line in limit.lines if line.fits_row(row.kernel, row.name)]
        if row.why_not is not None:
            self._judge_missing(lines)
            return
        for test in row.tests:
            self._judge(test, lines)
        if not row.ended:
            self.wrong.append(f'{row.kernel}/{row.name}: did not come to its end')

    def _note(self, limit):
        if limit not in self.limits:
            self.limits.append(limit)

    def _judge_missing(self, lines):
        for limit, line in lines:
            if line.what == 'none' and fnmatch.fnmatchcase(self.row.why_not, line.pattern):
                line.used = True
                self._note(limit)
                return
        # This machine's kernel need not have them all, as those of the guests do.
        if not self.row.here:
            self.wrong.append(f'{self.row.kernel}/{self.row.name}: {self.row.why_not}')

    def _judge(self, test, lines):
        what, program, path, why = test
        cell = self.cells[group_of(program, path)]
        if what == 'skip':
            fitting = [(limit, line) for limit, line in lines if line.what == 'skip' and
                       fnmatch.fnmatchcase(why, line.pattern)]
        else:
            fitting = [(limit, line) for limit, line in lines if line.what == 'fail' and
                       fnmatch.fnmatchcase(path, line.pattern)]
        name = f'{self.row.kernel}/{self.row.name} {program} {path}'
        for limit, line in fitting:
            line.used = True
            if what != 'ok':
                self._note(limit)
        if what == 'ok' and not fitting:
            self.count['passed'] += 1
            cell['passed'] += 1
        elif what == 'ok' and fitting[0][1].optional:
            self.count['passed'] += 1
            cell['passed'] += 1
        elif what == 'ok':
            self.wrong.append(f'{name}: passed, but limits.list:{fitting[0][1].number} says that it fails')
            cell['wrong'] += 1
        elif fitting:
            self.count['skipped' if what == 'skip' else 'limited'] += 1
            cell['limited'] += 1
        else:
            self.wrong.append(f'{name}: {"skipped: " if what == "skip" else ""}{why}')
            cell['wrong'] += 1


def cell_text(cell):
    """One cell of the matrix."""
    if cell['wrong']:
        return f'{cell["wrong"]} WRONG'
    if cell['limited']:
        return f'{cell["passed"]}-{cell["limited"]}'
    return str(cell['passed']) if cell['passed'] else '-'


def verdicts_of(paths, limits):
    """The verdicts of all results."""
    return [Verdict(row, limits) for path in paths for row in read_results(path)]


def check(paths):
    """Prints the matrix and what is wrong; returns whether nothing is."""
    limits = read_limits()
    verdicts = verdicts_of(paths, limits)
    print(f'{"kernel":8}{"file system":16}' + ''.join(f'{group:>14}' for group in GROUPS))
    for verdict in verdicts:
        row = verdict.row
        cells = ''.join(f'{cell_text(verdict.cells[group]):>14}' for group in GROUPS)
        print(f'{row.kernel:8}{row.name:16}' + (cells if row.why_not is None else f'  {row.why_not[:100]}'))
    print('(passed-limited; the limits are in tests-qtest/hosts/limits.list)')
    wrong = [text for verdict in verdicts for text in verdict.wrong]
    seen = [verdict.row for verdict in verdicts]
    for limit in limits:
        for line in limit.lines:
            if not line.used and any(row.why_not is None and line.fits_row(row.kernel, row.name) for row in seen):
                wrong.append(f'limits.list:{line.number}: {line.what} {line.pattern} fits nothing any more')
    for text in wrong:
        print(f'not ok {text}')
    total = sum((verdict.count for verdict in verdicts), collections.Counter())
    for verdict in verdicts:
        if verdict.row.why_not is not None and not verdict.wrong:
            print(f'ok {verdict.row.kernel}/{verdict.row.name} # SKIP {verdict.row.why_not}')
    missing = sum(1 for verdict in verdicts if verdict.row.why_not is not None and not verdict.wrong)
    print(f'{total["limited"] + total["skipped"]} tests are limited by their file system as expected')
    print(f'{total["passed"]} passed, {len(wrong)} failed, {missing} skipped')
    return not wrong and bool(total['passed'])


def read_summary():
    """Returns {(row, kernel): (passed, keys of limits)} of results.list."""
    summary = {}
    path = os.path.join(FOLDER, 'results.list')
    if os.path.exists(path):
        with open(path, encoding='utf-8') as f:
            for line in f:
                if line.strip() and not line.startswith('#'):
                    row, kernel, passed, *keys = line.split()
                    summary[row, kernel] = int(passed), keys
    return summary


def version(kernel):
    """6.12 is newer than 6.2."""
    return [int(part) for part in kernel.split('.')]


def write_summary(summary):
    """Writes results.list."""
    names = list(rows_in_order())
    with open(os.path.join(FOLDER, 'results.list'), 'w', encoding='utf-8') as f:
        f.write('''# SPDX-License-Identifier: GPL-2.0-or-later
#
# The results of check-hosts that the manual has: ROW KERNEL PASSED KEY... with the keys of limits.list.
# Made by "make -f Makefile.overlay host-table".
''')
        for row, kernel in sorted(summary, key=lambda key: (names.index(key[0]), version(key[1]))):
            passed, keys = summary[row, kernel]
            f.write(' '.join([row, kernel, str(passed), *keys]) + '\n')


def page():
    """Returns the table for the manual."""
    limits = read_limits()
    summary = read_summary()
    lines = '''..
   SPDX-License-Identifier: GPL-2.0-or-later
   This table was made from tests-qtest/hosts/results.list by "make -f Makefile.overlay host-table".

.. list-table::
   :header-rows: 1
   :widths: 25 20 55

   * - file system of the host
     - Linux
     - what is limited, and why'''.split('\n')
    for name, title in rows_in_order().items():
        kernels = sorted((kernel for row, kernel in summary if row == name), key=version)
        keys = {key for kernel in kernels for key in summary[name, kernel][1]}
        texts = [limit.text for limit in limits if limit.key in keys and limit.text != '-']
        if kernels:
            lines += [f'   * - {title}', f'     - {", ".join(kernels)}',
                      f'     - {" ".join(texts) if texts else "nothing"}']
    return '\n'.join(lines) + '\n'


def table(paths):
    """Updates results.list and the page. Rows that are wrong, or could not be mounted, are left as they are."""
    limits = read_limits()
    summary = read_summary()
    for verdict in verdicts_of(paths, limits):
        if verdict.row.why_not is None and not verdict.wrong:
            keys = [limit.key for limit in limits if limit in verdict.limits]
            summary[verdict.row.name, verdict.row.kernel] = verdict.count['passed'], keys
    write_summary(summary)
    with open(os.path.join(TOP, PAGE), 'w', encoding='utf-8') as f:
        f.write(page())


def main():
    """Runs one command."""
    command, paths = sys.argv[1], sys.argv[2:]
    if command == 'check':
        sys.exit(0 if check(paths) else 1)
    table(paths)


if __name__ == '__main__':
    main()
