#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lets hosts.py judge small results, and checks that the manual has the table
of the results that are stored. Prints "ok NAME" or "not ok NAME", and "N
passed, M failed, K skipped" as the last line."""

import contextlib
import io
import os
import sys
import tempfile

import hosts

ROWS = '''
one | 0 | | mount | the first
two | 64 | mkfs @DISK@ | mount | the second
'''
LIMITS = '''
slow | It is slow.
  fail one /g/slow*
hidden | -
  skip 6.12/* nothing to see
'''
GOOD = '''kernel 6.12.1-debian
row one
program test-a
ok /g/none/fast
fail /g/slow ERROR: 1
skip /g/seen nothing to see
end one 3
row two
program test-helper
ok /h/fast
end two 3
done
'''


def judged(results, limits=LIMITS, name='trixie.results'):
    """Returns the lines that are printed for these results, from the first that starts with "not ok"."""
    with tempfile.TemporaryDirectory() as folder:
        hosts.FOLDER = folder
        for file, text in (('rows.conf', ROWS), ('limits.list', limits), (name, results)):
            with open(os.path.join(folder, file), 'w', encoding='utf-8') as f:
                f.write(text)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            hosts.check([os.path.join(folder, name)])
        lines = output.getvalue().splitlines()
        return [line for line in lines if line.startswith(('not ok', 'ok'))] + lines[-1:]


real_folder = hosts.FOLDER
cases = [
    ('hosts-as-expected', ['2 passed, 0 failed, 0 skipped'], judged(GOOD)),
    ('hosts-unexpected-failure',
     ['not ok 6.12/two test-helper /h/fast: ERROR: 2', '1 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('ok /h/fast', 'fail /h/fast ERROR: 2'))),
    ('hosts-unexpected-pass',
     ['not ok 6.12/one test-a /g/slow: passed, but limits.list:3 says that it fails', '2 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('fail /g/slow ERROR: 1', 'ok /g/slow'))),
    ('hosts-unexpected-skip',
     ['not ok 6.12/two test-helper /h/fast: skipped: why not', '1 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('ok /h/fast', 'skip /h/fast why not'))),
    ('hosts-limit-of-nothing',
     ['not ok limits.list:6: fail /g/other fits nothing any more', '2 passed, 1 failed, 0 skipped'],
     judged(GOOD, LIMITS + '  fail two /g/other\n')),
    ('hosts-limit-at-times', ['2 passed, 0 failed, 0 skipped'],
     judged(GOOD, LIMITS + '  fail? two /g/other\n')),
    ('hosts-row-without-end',
     ['not ok 6.12/two: did not come to its end', '2 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('end two 3\n', ''))),
    ('hosts-run-without-end',
     ['not ok 6.12/end: the guest, or the run, has ended early', '2 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('done\n', ''))),
    ('hosts-not-mounted-in-a-guest',
     ['not ok 6.12/three: no such type', '2 passed, 1 failed, 0 skipped'],
     judged(GOOD.replace('done\n', 'none three no such type\ndone\n'))),
    ('hosts-not-mounted-here',
     ['ok 6.12/three # SKIP no such type', '2 passed, 0 failed, 1 skipped'],
     judged(GOOD.replace('done\n', 'none three no such type\ndone\n'), name='here.results')),
]
hosts.FOLDER = real_folder
with open(os.path.join(hosts.TOP, hosts.PAGE), encoding='utf-8') as page:
    cases.append(('hosts-page-of-the-results', page.read(), hosts.page()))
failures = 0
for name, expected, came in cases:
    if expected == came:
        print(f'ok {name}')
    else:
        failures += 1
        print(f'not ok {name} - expected {expected}, came {came}')
print(f'{len(cases) - failures} passed, {failures} failed, 0 skipped')
sys.exit(failures != 0)
