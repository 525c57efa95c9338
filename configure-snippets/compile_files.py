#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compile_files.py OBJ TREE OTHER <FILES: compiles files of another source tree
as a build did.

OBJ is a build folder with compile_commands.json, made from TREE. The files that
standard input names, relative to OTHER, are compiled with the same commands,
but with the sources and headers of OTHER. The output of the compiler goes to
standard error, and the names of the files that do not compile to standard
output. A file that is in no command is not part of that build and is left out.
"""

import json
import multiprocessing.pool
import os
import re
import subprocess
import sys


def commands(obj):
    """{path of the source: (working folder, command)}"""
    with open(os.path.join(obj, 'compile_commands.json'), encoding='utf-8') as f:
        return {os.path.realpath(os.path.join(c['directory'], c['file'])): (c['directory'], c['command'])
                for c in json.load(f)}


def compile_file(entry, tree, other):
    """True if the file compiles. Generated headers are those of the build."""
    folder, command = entry
    command = re.sub(r' -MD -MQ \S+ -MF \S+ -o \S+', ' -o /dev/null', command)
    command = command.replace(os.path.relpath(tree, folder) + '/', other + '/').replace(tree, other)
    command = command.replace(' -I' + os.path.relpath(tree, folder) + ' ', f' -I{other} ')
    done = subprocess.run(command, shell=True, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=sys.stderr, stderr=sys.stderr, check=False)
    return done.returncode == 0


def main(obj, tree, other):
    known = commands(obj)
    tree = os.path.realpath(tree)
    other = os.path.realpath(other)
    names = [line.strip() for line in sys.stdin]
    names = [name for name in names if os.path.join(tree, name) in known]
    with multiprocessing.pool.ThreadPool() as pool:
        good = pool.map(lambda name: compile_file(known[os.path.join(tree, name)], tree, other), names)
    for name, compiles in zip(names, good):
        if not compiles:
            print(name)


main(*sys.argv[1:])
