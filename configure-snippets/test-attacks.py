#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the check of attacks.py on the sources, and on small trees with one
mistake each, which it has to find, and lets it judge the results of a run.
Prints "ok NAME" or "not ok NAME", and "N passed, M failed, K skipped" as the
last line."""

import os
import sys
import tempfile

import attacks
import check_cases

# The number of cases in each section. A case may be added, but none may go.
CASES = {'PR': 35, 'PA': 14, 'SY': 13, 'SP': 10, 'RE': 15, 'PX': 17, 'DL': 10, 'CR': 12, 'N': 16}

LIST = '''
## A | Title
A01 | attack | result
    core test-a /group/one /group/*/none
    qtest ring/first
A02 | attack | result
    guest scene-*
## B | Title
B01 | attack | result
    none there is no such hardware
'''
FILES = {
    attacks.LIST: LIST,
    'tests-qtest/core/room/test-a.c': '"/group/one" "/group"',
    'tests-qtest/virtio-9p/ring.c': '"ring/" "first"',
    'tests-qtest/guest/scenarios/scene-1.sh': '',
}

with tempfile.TemporaryDirectory() as folder:
    os.mkdir(os.path.join(folder, 'tests-qtest'))
    with open(os.path.join(folder, attacks.LIST), 'w', encoding='utf-8') as f:
        f.write(LIST)
    FILES[attacks.PAGE] = attacks.table(folder)


def changed(old, new):
    return {attacks.LIST: LIST.replace(old, new)}


NAMED = {
    'right': ({}, ''),
    'program-is-not-there': (changed('core test-a', 'core test-b'), 'A01: there is no test test-b /group/one'),
    'case-is-not-there': (changed('/group/one', '/group/two'), 'A01: there is no test test-a /group/two'),
    'qtest-is-not-there': (changed('ring/first', 'ring/second'), 'A01: there is no test check-qtest ring/second'),
    'scenario-is-not-there': (changed('scene-*', 'other'), 'A02: there is no test check-guest other'),
    'no-test': (changed('    guest scene-*\n', ''), 'A02 has neither a test nor a reason'),
    'gap': (changed('A01', 'A03'), 'section A has the cases A03 A02'),
    'manual-is-old': (changed('attack', 'another attack'), 'is not the table'),
}


def enough_cases(root):
    """The check of the sources alone: that no case was lost."""
    if attacks.named(root):
        return True
    counts = {name: len(cases) for name, _, cases in attacks.read(root)}
    for name, count in CASES.items():
        if os.path.samefile(root, check_cases.TOP) and counts.get(name, 0) < count:
            print(f'expected {count} cases {name}, came {counts.get(name, 0)}')
            return True
    return False


GOOD = {
    'core/test-a.plain.tap': 'ok 1 /group/one\nok 2 /group/x/none\n',
    'core/test-a.plain.status': '0\n',
    'qtest.log': 'ok /x86_64/virtio-9p-ring/ring/first\nok /x86_64/virtio-9p-ring/ring/first (main loop)\n',
    'guest.log': 'ok scene-1/none\nok scene-2 # SKIP x\n',
}
PASSED = {
    'right': ({}, ['ok A01', 'ok A02', '# SKIP there is no such hardware', '2 passed, 0 failed, 1 skipped']),
    'core-failed': ({'core/test-a.plain.tap': 'ok 1 /group/one\nnot ok 2 /group/x/none\n'}, ['not ok A01']),
    'core-missing': ({'core/test-a.plain.tap': 'ok 1 /group/one\n'}, ['not ok A01', 'no result of test-a /group/*/none']),
    'core-crashed': ({'core/test-a.asan.tap': 'ok 1 /group/one\n', 'core/test-a.asan.status': '134\n'},
                     ['not ok A01', 'test-a.asan, which did not end well']),
    'qtest-failed-in-one-loop': ({'qtest.log': GOOD['qtest.log'].replace('ok /x86_64/virtio-9p-ring/ring/first (',
                                                                         'not ok /x86_64/virtio-9p-ring/ring/first (')},
                                 ['not ok A01']),
    'skipped': ({'guest.log': 'ok scene-1 # SKIP no KVM\n'}, ['ok A02', '# SKIP check-guest scene-*: no KVM']),
    'nothing-ran': ({'guest.log': ''}, ['not ok A02']),
}


def judge(root):
    with open(os.path.join(root, 'expected'), encoding='utf-8') as f:
        expected = f.read().split('\n')
    said, _ = check_cases.said_of(lambda _: attacks.passed(root, os.path.join(root, 'core'), os.path.join(root, 'qtest.log'),
                                                           os.path.join(root, 'guest.log')), root)
    missing = [text for text in expected if text not in said]
    if missing:
        print(f'expected {missing}; came: {said}')
    return bool(missing)


def judgements():
    """Prints the results of the cases of PASSED; returns the number of failures."""
    failures = 0
    for name, (changes, expected) in PASSED.items():
        said, failed = check_cases.said_with(judge, {attacks.LIST: LIST, **GOOD}, {**changes, 'expected': '\n'.join(expected)})
        failures += failed
        print(f'not ok attacks/passed/{name} - {said}' if failed else f'ok attacks/passed/{name}')
    return failures


if __name__ == '__main__':
    FAILURES = judgements()
    said, failed = check_cases.said_of(
        lambda _: check_cases.run('attacks/named', enough_cases, FILES, NAMED), check_cases.TOP)
    lines = said.rstrip('\n').split('\n')
    print('\n'.join(lines[:-1]))
    good, bad = (int(word) for word in lines[-1].replace(',', '').split()[0:4:2])
    print(f'{good + len(PASSED) - FAILURES} passed, {bad + FAILURES} failed, 0 skipped')
    sys.exit(bad + FAILURES != 0)
