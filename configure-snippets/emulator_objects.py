#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""emulator_objects.py TOP OBJ OUT COMPILER...: writes OUT/Makefile, which
compiles the emulator's 9p sources (hw/9pfs, fsdev and our qtests) with another
compiler and with -Werror, and links nothing.

The commands are those of OBJ/compile_commands.json, the configured build, with
the compiler swapped and without the flags that COMPILER does not know. Prints
the number of objects.
"""

import json
import os
import re
import shlex
import subprocess
import sys

# What QEMU's configure adds for clang.
CLANG_FLAGS = ['-Wno-gnu-variable-sized-type-not-at-end', '-Wno-initializer-overrides',
               '-Wno-string-plus-int', '-Wno-tautological-type-limit-compare',
               '-Wno-typedef-redefinition', '-Wthread-safety']
# Flags with an argument of their own that name what is made, here by OUT/Makefile.
OUTPUTS = ('-o', '-MF', '-MQ')


def our_sources(top):
    """Regular expression for the sources of a build that are ours."""
    tests = [re.escape(name) for name in os.listdir(os.path.join(top, 'tests-qtest'))
             if name.endswith('.c')]
    return re.compile(r'(^|/)(hw/9pfs|fsdev|tests/qtest/virtio-9p)/.*\.c$|(^|/)tests/qtest/(' + '|'.join(tests) + ')$')


def entries(top, obj):
    """Yields (directory, source, flags) of each of our sources; one that is part
    of several programs is compiled once."""
    ours = our_sources(top)
    seen = set()
    with open(os.path.join(obj, 'compile_commands.json'), encoding='utf-8') as f:
        commands = json.load(f)
    for command in commands:
        if not ours.search(command['file']) or command['file'] in seen:
            continue
        seen.add(command['file'])
        words = iter(shlex.split(command['command']))
        flags = []
        for word in words:
            if word in OUTPUTS:
                next(words)
            elif word.startswith('-') and word not in ('-c', '-MD', '-MMD'):
                flags.append(word)
                if word in ('-I', '-isystem', '-iquote', '-D', '-include'):
                    flags.append(next(words))
        yield command['directory'], command['file'], flags


def known(compiler, flag):
    command = compiler + ['-Wall', '-Werror', flag, '-x', 'c', '-c', '-o', '/dev/null', '/dev/null']
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def main(top, obj, out, *compiler):
    compiler = list(compiler)
    version = subprocess.run(compiler + ['--version'], stdout=subprocess.PIPE, text=True, check=True).stdout
    extra = ['-Werror'] + (CLANG_FLAGS if 'clang' in version else [])
    objects = list(entries(top, obj))
    flags = {flag for _, _, flags in objects for flag in flags + extra if re.match('-[fmW]', flag)}
    unknown = {flag for flag in flags if not known(compiler, flag)}
    rules = []
    names = []
    for directory, source, flags in objects:
        name = os.path.join(out, f'{len(names)}-{os.path.basename(source)[:-2]}.o')
        names.append(name)
        words = [word for word in flags + extra if word not in unknown]
        command = shlex.join(words).replace('$', '$$')
        path = os.path.normpath(os.path.join(directory, source))
        rules.append(f'{name}: {path} {out}/Makefile\n'
                     f'\t@cd {directory} && $(CC) {command} -MD -MP -MF {name}.d -MQ {name} -c -o $@ {source}\n'
                     f'-include {name}.d\n')
    os.makedirs(out, exist_ok=True)
    text = '.PHONY: all\nall: ' + ' '.join(names) + '\n' + ''.join(rules)
    path = os.path.join(out, 'Makefile')
    if not os.path.exists(path) or open(path, encoding='utf-8').read() != text:
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    print(len(names))


if __name__ == '__main__':
    main(*sys.argv[1:])
