#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs plots.py on results with a known content, and gnuplot on its output if
it is there. Prints "ok NAME" or "not ok NAME", and "N passed, M failed, K
skipped" as the last line."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

PLOTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'plots.py')


def side(p50, cpu):
    return {'p50_us': {'median': p50}, 'cpu_us_per_op': {'median': cpu}}


def cell(workload, depth, system='/dev/shm'):
    return {'workload': workload, 'fs': system, 'depth': depth, 'native_p50_us': 3.1,
            'sides': {'stock': side(139, 145), 'ours': side(6.5, None)}}


RESULTS = {
    'kernel': '6.18.0', 'cpus': 2, 'sides': [{'name': 'stock'}, {'name': 'ours'}],
    'cells': [cell('stat-d1', 1), cell('stat-d1', 32), cell('small_file', 1, '/var/tmp'),
              {'workload': 'hang', 'fs': '/dev/shm', 'not_run': 'no FUSE'}],
}


def script_of(results):
    """What plots.py prints for these results, and its status."""
    with tempfile.NamedTemporaryFile('w', suffix='.json', encoding='utf-8') as f:
        json.dump(results, f)
        f.flush()
        ended = subprocess.run([sys.executable, PLOTS, f.name], capture_output=True, text=True, check=False)
    return ended.stdout, ended.returncode


def count(text, part, wanted):
    """A problem if @part does not occur @wanted times in @text."""
    found = text.count(part)
    return '' if found == wanted else f'expected {wanted} times {part!r}, came {found}'


def draw(script):
    ended = subprocess.run(['gnuplot'], input=script, capture_output=True, text=True, check=False)
    right = ended.returncode == 0 and ended.stdout.rstrip().endswith('</svg>') and 'stat-d1' in ended.stdout
    return '' if right else f'expected a picture, came {ended.stderr.strip() or "another"}'


def main():
    script, status = script_of(RESULTS)
    results = {
        'status': '' if status == 0 else f'expected status 0, came {status}',
        'one-panel-for-each-figure-and-file-system': count(script, '<< EOD', 4),
        'bars-of-time-with-native': count(script, '"stat-d1" 139 6.5 3.1\n', 1),
        'bar-without-value': count(script, '"stat-d1" 145 NaN\n', 1),
        'other-depths-are-left-out': count(script, '"stat-d1"', 2),
        'names-as-they-are': count(script, '"small_file"', 2),
        'no-results': '' if script_of({**RESULTS, 'cells': []})[1] else 'expected a failure, came none',
    }
    skipped = not shutil.which('gnuplot')
    if skipped:
        print('ok plots/picture # SKIP gnuplot is not installed')
    else:
        results['picture'] = draw(script)
    for name, problem in results.items():
        print(f'not ok plots/{name} - {problem}' if problem else f'ok plots/{name}')
    failed = sum(1 for problem in results.values() if problem)
    print(f'{len(results) - failed} passed, {failed} failed, {int(skipped)} skipped')
    return failed != 0


if __name__ == '__main__':
    sys.exit(main())
