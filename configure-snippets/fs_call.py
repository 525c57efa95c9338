#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""fs_call.py ROOT: checks that only few files access the members of an FsCall.

How long a call may wait is decided in one place and passed on in an FsCall. The
entries of drivers and the handlers of messages pass it on, and ask with the
functions of HEADER where they would have to wait. So the members of struct
FsCall, and those of any variable, parameter or member that is one, are
accessed in ALLOWED only. Initializing a new FsCall is not an access.

Prints "not ok" and the place for each violation, and "N passed, M failed, K
skipped" as the last line.
"""

import fnmatch
import os
import re
import sys

HEADER = 'fsdev/core/waiting.h'
FOLDERS = ['fsdev', 'hw-9pfs']
# The interface itself, and where a request is assigned to a thread.
ALLOWED = ['fsdev/core/*', 'hw-9pfs/9p-run.c', 'hw-9pfs/9p-policy.c']

COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
DECLARED = re.compile(r'\bFsCall\s*(?:\*\s*)?(?:const\s+)?(\w+)')


def without_comments(text):
    """Blanks comments and strings, but keeps the line numbers."""
    return COMMENT_OR_STRING.sub(lambda found: re.sub(r'[^\n]', ' ', found.group(0)), text)


def read_files(root):
    files = {}
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith(('.c', '.h')):
                    path = os.path.relpath(os.path.join(where, name), root)
                    with open(os.path.join(root, path), encoding='utf-8') as f:
                        files[path] = without_comments(f.read())
    return files


def members(header):
    body = re.search(r'typedef struct FsCall \{(.*?)\} FsCall;', header, re.DOTALL).group(1)
    return re.findall(r'(\w+)(?:\[\w*\])?;', body)


def access_pattern(files):
    names = {name for text in files.values() for name in DECLARED.findall(text)}
    names, fields = '|'.join(sorted(names)), '|'.join(members(files[HEADER]))
    return re.compile(rf'(?:\b(?:{names})|\(\s*\*\s*(?:{names})\s*\))\s*(?:->|\.)\s*(?:{fields})\b')


def violations(path, text, pattern):
    return [f'{path}:{text.count(chr(10), 0, found.start()) + 1}: {found.group(0)}'
            for found in pattern.finditer(text)]


def main(root):
    files = read_files(root)
    pattern = access_pattern(files)
    passed = failed = 0
    for path, text in sorted(files.items()):
        if any(fnmatch.fnmatchcase(path, allowed) for allowed in ALLOWED):
            continue
        found = violations(path, text, pattern)
        if not found:
            passed += 1
            continue
        failed += 1
        print(f'not ok {path} - expected no access to the members of an FsCall, see {HEADER}:')
        print('\n'.join(f'    {v}' for v in found))
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return failed != 0 or passed == 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
