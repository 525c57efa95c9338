#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""attacks.py table|needs KIND|named|passed RESULTS QTEST-LOG GUEST-LOG: reads
tests-qtest/attacks.list, whose comment describes its form.

table: prints the table for the manual. needs KIND: prints what has to be run
for the cases: programs (core), or patterns (qtest, guest). named: checks the
numbers of the cases, that their tests exist, and that the manual has this
table. passed: prints for each case, from the results of a run, whether its
tests have passed; "N passed, M failed, K skipped" is the last line. RESULTS is
the folder with the TAP files of the core tests. ONLY has patterns of the cases
to consider.
"""

import fnmatch
import glob
import os
import re
import sys

TOP = os.environ.get('TOP') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')
LIST = 'tests-qtest/attacks.list'
PAGE = 'docs/devel/9pfs-attacks.rst.inc'
KINDS = {'core': 'check-core', 'qtest': 'check-qtest', 'guest': 'check-guest'}
# Parts of paths of tests that the test programs put together.
MADE = re.compile(r'^(passthrough|mapped-xattr|mapped-file|none|proxy|root|user|old-kernel|this-kernel|T|)$')


class Case:
    """One attack: @tests holds (kind, program or None, pattern) each."""
    def __init__(self, name, attack, result):
        self.name, self.attack, self.result = name, attack, result
        self.tests = []
        self.reason = None


def read(root):
    """Returns the sections, (name, title, cases) each."""
    sections = []
    with open(os.path.join(root, LIST), encoding='utf-8') as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip('\n')
            words = line.split()
            if line.startswith('## '):
                name, title = re.split(r' *\| *', line[3:])
                sections.append((name, title, []))
            elif not words or line.startswith('#'):
                continue
            elif not line.startswith(' '):
                sections[-1][2].append(Case(*re.split(r' *\| *', line)))
            elif words[0] == 'core':
                sections[-1][2][-1].tests += [('core', words[1], pattern) for pattern in words[2:]]
            elif words[0] in KINDS:
                sections[-1][2][-1].tests += [(words[0], None, pattern) for pattern in words[1:]]
            elif words[0] == 'none':
                sections[-1][2][-1].reason = ' '.join(words[1:])
            else:
                raise ValueError(f'{LIST}:{number}: not a case and not a test: {line}')
    return sections


def wanted(root):
    """Returns the cases that ONLY names."""
    patterns = os.environ.get('ONLY', '').split() or ['*']
    return [case for _, _, cases in read(root) for case in cases
            if any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)]


# --- table --------------------------------------------------------------------

def tests_text(case):
    """The tests of @case for the manual, one paragraph for each program."""
    groups = {}
    for kind, program, pattern in case.tests:
        head = f'``{program}``:' if program else f'``{KINDS[kind]}``:'
        groups.setdefault(head, []).append(f'``{pattern}``')
    parts = [f'{head} {", ".join(patterns)}' for head, patterns in groups.items()]
    if case.reason:
        parts.append(f'not tried: {case.reason}')
    return '; '.join(parts)


def table(root):
    lines = ['..', '   SPDX-License-Identifier: GPL-2.0-or-later',
             f'   This table was made from {LIST} by "make -f Makefile.overlay attack-table".', '']
    for name, title, cases in read(root):
        lines += [f'.. list-table:: {name}: {title}', '   :header-rows: 1', '   :widths: 8 30 27 35', '',
                  '   * - case', '     - attack', '     - what happens', '     - tests']
        for case in cases:
            attack, result = (text.replace('*', r'\*') for text in (case.attack, case.result))
            lines += [f'   * - {case.name}', f'     - {attack}', f'     - {result}', f'     - {tests_text(case)}']
        lines.append('')
    return '\n'.join(lines)


# --- named --------------------------------------------------------------------

def strings(paths):
    """All strings in these C files, as one text."""
    text = ''
    for path in paths:
        with open(path, encoding='utf-8') as f:
            text += '\n'.join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', f.read())) + '\n'
    return text


def literal_parts(pattern):
    """The components of a pattern that must be in a source."""
    return [part for part in pattern.strip('/').split('/') if not re.search(r'[][*?]', part) and not MADE.match(part)]


def is_named(root, test):
    kind, program, pattern = test
    if kind == 'guest':
        return bool(glob.glob(os.path.join(root, 'tests-qtest/guest/scenarios', pattern + '.sh')))
    if kind == 'qtest':
        text = strings(glob.glob(os.path.join(root, 'tests-qtest/*.c')) +
                       glob.glob(os.path.join(root, 'tests-qtest/virtio-9p/*.c')))
    else:
        source = glob.glob(os.path.join(root, 'tests-qtest/core/*', program + '.c'))
        if not source:
            return False
        folder = os.path.dirname(source[0])
        text = strings(glob.glob(os.path.join(folder, '*.c')) + glob.glob(os.path.join(folder, '../lib/*.c')) +
                       glob.glob(os.path.join(folder, '../conformance/*.c')))
    return all(part in text for part in literal_parts(pattern))


def wrong_numbers(root):
    """Yields a message for each section whose cases are not numbered from 1 on without a gap."""
    for section, _, cases in read(root):
        expected = [f'{section}{i:02}' for i in range(1, len(cases) + 1)]
        if not cases or [case.name for case in cases] != expected:
            yield f'{LIST}: section {section} has the cases {" ".join(case.name for case in cases)}'


def named(root):
    """Prints what is wrong with the list; returns whether anything is."""
    problems = list(wrong_numbers(root))
    for case in wanted(root):
        if not case.tests and not case.reason:
            problems.append(f'{case.name} has neither a test nor a reason why there is none')
        problems += [f'{case.name}: there is no test {test[1] or KINDS[test[0]]} {test[2]}'
                     for test in case.tests if not is_named(root, test)]
    page = os.path.join(root, PAGE)
    if not os.path.exists(page) or open(page, encoding='utf-8').read() != table(root):
        problems.append(f'{PAGE} is not the table of {LIST}: run "make -f Makefile.overlay attack-table"')
    print('\n'.join(problems))
    return bool(problems)


# --- passed -------------------------------------------------------------------

class Results:
    """What tests came to: 'ok', 'not ok', or 'skip' and a reason."""
    LINE = re.compile(r'(ok|not ok)(?: \d+)? (\S+)(.*)')

    def __init__(self, core, qtest, guest):
        self.found = {'core': [], 'qtest': [], 'guest': []}
        self.crashed = []
        for path in sorted(glob.glob(os.path.join(core, '*.tap'))):
            label = os.path.basename(path)[:-len('.tap')]
            program = label.rsplit('.', 1)[0]
            self.read('core', path, lambda name, p=program: f'{p} {name}')
            if self.status(path) != '0':
                self.crashed.append((program, label))
        self.read('qtest', qtest, lambda name: '/'.join(name.split('/')[3:]))
        self.read('guest', guest, lambda name: name.split('/')[0])

    @staticmethod
    def status(path):
        path = path[:-len('.tap')] + '.status'
        return open(path, encoding='utf-8').read().strip() if os.path.exists(path) else '?'

    def read(self, kind, path, name_of):
        if not os.path.exists(path):
            return
        with open(path, encoding='utf-8', errors='replace') as f:
            for line in f:
                match = self.LINE.match(line)
                if not match:
                    continue
                result, name, rest = match.groups()
                skip = re.search(r'# SKIP *(.*)', rest)
                self.found[kind].append((name_of(name), 'skip' if skip else result, skip.group(1) if skip else ''))

    def of(self, test):
        """Returns (number passed, names of failed ones, reasons of skipped ones)."""
        kind, program, pattern = test
        pattern = f'{program} {pattern}' if program else pattern
        passed, failed, skipped = 0, [], []
        for name, result, reason in self.found[kind]:
            if not fnmatch.fnmatchcase(name, pattern):
                continue
            if result == 'ok':
                passed += 1
            elif result == 'skip':
                skipped.append(reason)
            else:
                failed.append(name)
        failed += [f'{label}, which did not end well' for p, label in self.crashed if p == program and not failed]
        return passed, failed, skipped


def verdict(case, results):
    """Returns (ok, not ok or skip; the number of tests or the reason)."""
    total, missing = 0, []
    for test in case.tests:
        passed, failed, skipped = results.of(test)
        what = f'{test[1] or KINDS[test[0]]} {test[2]}'
        if failed:
            return 'not ok', f'failed: {failed[0]}'
        if passed:
            total += passed
        elif skipped:
            missing.append(f'{what}: {skipped[0]}')
        else:
            return 'not ok', f'no result of {what}'
    if missing or not case.tests:
        return 'skip', missing[0] if missing else case.reason
    return 'ok', f'{total} passed'


def passed(root, core, qtest, guest):
    results = Results(core, qtest, guest)
    counts = {'ok': 0, 'not ok': 0, 'skip': 0}
    for case in wanted(root):
        result, why = verdict(case, results)
        counts[result] += 1
        tests = ', '.join(f'{test[1] + " " if test[1] else ""}{test[2]}' for test in case.tests)
        line = f'{case.name} | {case.attack} | {tests}'
        print(f'ok {line} # SKIP {why}' if result == 'skip' else f'{result} {line} | {why}')
    print(f'{counts["ok"]} passed, {counts["not ok"]} failed, {counts["skip"]} skipped')
    return counts['not ok'] != 0 or counts['ok'] == 0


def needs(root, kind):
    tests = [test for case in wanted(root) for test in case.tests if test[0] == kind]
    print(' '.join(dict.fromkeys(test[1] or test[2] for test in tests)))
    return False


if __name__ == '__main__':
    if sys.argv[1] == 'table':
        print(table(TOP), end='')
        sys.exit(0)
    sys.exit({'needs': needs, 'named': named, 'passed': passed}[sys.argv[1]](TOP, *sys.argv[2:]))
