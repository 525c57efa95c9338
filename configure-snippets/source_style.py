#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""source_style.py ROOT [CHECKPATCH]: checks the C files below ROOT for style.
source_style.py --mail MAIL CHECKPATCH: prints what CHECKPATCH reports for a mail.

* A file of hw-9pfs or fsdev has at most 600 lines, and a function there at
  most 60, counted from the first line of its declaration to its last brace.
* CHECKPATCH, QEMU's scripts/checkpatch.pl, reports nothing for any file, except
  the messages in NOT_APPLICABLE and WITHOUT_QEMU.

Prints "not ok" and the place for each violation, and "N passed, M failed, K
skipped" as the last line. There is a test for each file, for each function, and
for checkpatch on each file. KNOWN names a file of exceptions, by default
source_style.known: each of its lines is the name of a test that is skipped as
long as it would fail.
"""

import multiprocessing.pool
import os
import re
import subprocess
import sys
import tempfile

FILE_LINES = 600
FUNCTION_LINES = 60
LIMITED = ('hw-9pfs', 'fsdev')
# Where our folders are in QEMU's tree; some rules depend on the path.
IN_QEMU = {'hw-9pfs': 'hw/9pfs', 'fsdev': 'fsdev', 'tests-qtest': 'tests/qtest'}

# Messages of checkpatch that do not fit this code, with the reason.
NOT_APPLICABLE = {
    'Macros with complex values should be enclosed': 'a row of a table that is made by macros',
    'Macros with multiple statements should be enclosed': 'a row of a table that is made by macros',
    'architecture specific defines should be avoided': 'tests for glibc and for sanitizers are not about architectures',
}
# The same for programs that are built without QEMU.
WITHOUT_QEMU = {
    'consider using qemu_strto': 'a function of QEMU',
    'use qemu_real_host_page_size': 'a function of QEMU',
    'use strerror() instead of strerrorname_np': 'the programs print the name of the error',
    'unnecessary whitespace before a quoted newline': 'data of a test, and no message',
    "space prohibited after that '&&'": 'a row of a table that is made by macros',
}
# The same for mails: a later mail of the series names the files in MAINTAINERS; pictures are made from a .dot file.
IN_MAILS = re.compile(r"does MAINTAINERS need updating|Does new file '\S*\.svg' need 'SPDX")
STANDALONE = re.compile(r'tests/qtest/(bench|core|fuzz|guest)/')


def c_files(root, folder):
    for where, _, names in os.walk(os.path.join(root, folder)):
        for name in names:
            if name.endswith(('.c', '.h')):
                yield os.path.relpath(os.path.join(where, name), root)


def declared_name(declaration):
    """The name of the function that these lines declare; None for anything
    else that is followed by a brace."""
    text = re.sub(r'/\*.*?\*/', ' ', ' '.join(declaration))
    found = re.match(r'[^=;]*?([A-Za-z_]\w*)\s*\(', text)
    return found.group(1) if found else None


def functions(lines):
    """Yields (name, line number, length) of each function. In QEMU's style the
    braces of a function, and of no other code, stand in column 0."""
    declaration = start = name = None
    for number, line in enumerate(lines, 1):
        if line == '{' and declaration:
            name, start = declared_name(lines[declaration - 1:number - 1]), declaration
        elif line.startswith('}'):
            if name:
                yield name, start, number - start + 1
            declaration = name = None
        elif name:
            continue
        elif not line or line.endswith(';') or line[0] in '#/':
            declaration = None
        elif declaration is None and re.match(r'[A-Za-z_]', line):
            declaration = number


def length_tests(root):
    """Yields (name of the test, violations) for each file and function."""
    for path in sorted(f for folder in LIMITED for f in c_files(root, folder)):
        with open(os.path.join(root, path), encoding='utf-8') as f:
            lines = f.read().splitlines()
        too_long = len(lines) > FILE_LINES
        yield f'{path} length', [f'{path}: has {len(lines)} lines'] if too_long else []
        for name, line, length in functions(lines):
            too_long = length > FUNCTION_LINES
            yield f'{path} {name}()', [f'{path}:{line}: {name}() has {length} lines'] if too_long else []


def applies(path, message):
    ignored = list(NOT_APPLICABLE) + (list(WITHOUT_QEMU) if STANDALONE.match(path) else [])
    return not any(text in message for text in ignored)


def checkpatch(program, view, paths):
    """{path: violations} of the files, whose paths are those of QEMU's tree."""
    done = subprocess.run(
        ['perl', program, '-q', '--no-tree', '--no-signoff', '--no-summary', '--terse', '-f', *paths],
        cwd=view, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = {path: [] for path in paths}
    for line in done.stdout.splitlines():
        match = re.match(r'([^:]+):(\d+): (ERROR|WARNING): (.*)', line)
        if not match or match.group(1) not in found:
            # Output of an unknown form is a violation.
            found[paths[0]].append(f'{program} said: {line}')
        elif applies(match.group(1), match.group(4)):
            found[match.group(1)].append(line)
    if done.returncode not in (0, 1):
        found[paths[0]].append(f'{program} ended with status {done.returncode}')
    return found


def checkpatch_tests(root, program):
    """Yields (name of the test, violations) for each file."""
    with tempfile.TemporaryDirectory() as view:
        paths = []
        for ours, theirs in IN_QEMU.items():
            if os.path.isdir(os.path.join(root, ours)):
                os.makedirs(os.path.dirname(os.path.join(view, theirs)), exist_ok=True)
                os.symlink(os.path.abspath(os.path.join(root, ours)), os.path.join(view, theirs))
                paths += [theirs + f[len(ours):] for f in c_files(root, ours)]
        paths.sort()
        groups = [paths[i:i + 10] for i in range(0, len(paths), 10)]
        with multiprocessing.pool.ThreadPool() as pool:
            for found in pool.imap(lambda group: checkpatch(program, view, group), groups):
                for path, violations in found.items():
                    yield f'{path} checkpatch', violations


def check_mail(mail, program):
    """Prints what checkpatch reports for a mail, besides what does not fit."""
    done = subprocess.run(
        ['perl', program, '-q', '--no-summary', '--terse', mail],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    for line in done.stdout.splitlines():
        match = re.match(r'.*?:\d+: (?:ERROR|WARNING): (.*)', line)
        if match and (not applies('', match.group(1)) or IN_MAILS.search(match.group(1))):
            continue
        print(line)


def known_exceptions():
    path = os.environ.get('KNOWN', os.path.join(os.path.dirname(__file__), 'source_style.known'))
    if not os.path.exists(path):
        return set()
    with open(path, encoding='utf-8') as f:
        return {line.strip() for line in f if line.strip() and not line.startswith('#')}


def all_tests(root, program):
    yield from length_tests(root)
    if program:
        yield from checkpatch_tests(root, program)


def main(root, program=None):
    known = known_exceptions()
    passed = failed = skipped = 0
    for name, violations in all_tests(root, program):
        if not violations:
            passed += 1
        elif name in known:
            skipped += 1
            known.discard(name)
            print(f'ok {name} # SKIP a known exception: {len(violations)} violation(s)')
        else:
            failed += 1
            print(f'not ok {name} - expected none of these:')
            print('\n'.join(f'    {v}' for v in violations))
    for name in sorted(known):
        print(f'# {name}: this known exception is no longer needed')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return failed != 0 or passed == 0


if __name__ == '__main__':
    if sys.argv[1] == '--mail':
        check_mail(*sys.argv[2:])
    else:
        sys.exit(main(*sys.argv[1:]))
