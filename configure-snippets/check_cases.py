# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests a check of sources: on the sources themselves, and on small trees with
one violation each, which the check has to find."""

import contextlib
import io
import os
import tempfile

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


def said_of(check, root):
    """Returns what @check prints about the tree @root, and whether it failed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        failed = check(root)
    return output.getvalue(), failed


def said_with(check, files, changes):
    """Returns the same for @files with some of them replaced or added."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**files, **changes}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), 'w', encoding='utf-8') as f:
                f.write(text)
        return said_of(check, root)


def run(name, check, files, cases):
    """Runs @check on the sources and on @files with the changes of each case,
    which has a part of the expected output. Prints "ok NAME" or "not ok NAME",
    and "N passed, M failed, K skipped" as the last line. Returns the status
    for sys.exit()."""
    results = {}
    said, failed = said_of(check, TOP)
    results['sources'] = '' if not failed else said
    for case, (changes, expected) in cases.items():
        said, failed = said_with(check, files, changes)
        right = bool(failed) == bool(expected) and expected in said
        results[case] = '' if right else f'expected: {expected}; came: {said}'
    for case, problem in results.items():
        print(f'not ok {name}/{case} - {problem}' if problem else f'ok {name}/{case}')
    failures = sum(1 for problem in results.values() if problem)
    print(f'{len(results) - failures} passed, {failures} failed, 0 skipped')
    return failures != 0
