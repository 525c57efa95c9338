#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs manual_facts.py on the sources, and on copies of them with one fault
each, which it has to find. Prints "ok NAME" or "not ok NAME", and "N passed, M
failed, K skipped" as the last line."""

import os
import sys

import check_cases
import manual_facts

CHAPTER = manual_facts.CHAPTER
OPTIONS = f'{CHAPTER}/options.rst'
MESSAGES = f'{CHAPTER}/troubleshooting.rst'


def sources():
    """The text of every file that manual_facts.py reads."""
    files = {}
    for folder in ('docs', 'fsdev', 'hw-9pfs'):
        for path, _, names in os.walk(os.path.join(check_cases.TOP, folder)):
            for name in names:
                if name.endswith(('.svg', '.h')) and name != 'version.h':
                    continue
                full = os.path.relpath(os.path.join(path, name), check_cases.TOP)
                files[full] = manual_facts.read(check_cases.TOP, full)
    for name in ('README.md', 'Makefile.overlay'):
        files[name] = manual_facts.read(check_cases.TOP, name)
    return files


FILES = sources()


def changed(path, old, new):
    assert old in FILES[path], f'{path} has no "{old}"'
    return {path: FILES[path].replace(old, new, 1)}


CASES = {
    'copy-without-fault': ({}, ''),
    'option-without-entry': (changed(manual_facts.TABLE, 'FSDEV_OPT("locks"', 'FSDEV_OPT("locking"'),
                             'locks= is not an option; locking= has no entry'),
    'option-of-another-driver': (changed(manual_facts.TABLE, 'FSDEV_OPT("path", STRING, FSDEV_LOCAL,',
                                         'FSDEV_OPT("path", STRING, FSDEV_LOCAL | FSDEV_SYNTH,'),
                                 'path= belongs to local, synth'),
    'option-with-another-default': (changed(manual_facts.TABLE, '"1024"', '"2048"'),
                                    'max_xattr= is "default ``2048``", not "default ``1024``"'),
    'throttling-with-another-default': (changed(manual_facts.TABLE, 'avg, 0,', 'avg, 7,'),
                                        'throttling.bps-total= is "default ``7``"'),
    'option-without-cost': (changed(OPTIONS, '   :Cost: Requests over the limit', '   Requests over the limit'),
                            'has no :Cost:'),
    'option-without-example': (changed(OPTIONS, '   :Example: ``readonly=on``\n', ''), 'has no :Example:'),
    'property-without-entry': (changed(manual_facts.DEVICE, '"own-thread"', '"thread"'), 'thread= has no entry'),
    'property-with-another-default': (changed(manual_facts.DEVICE, '.defval.u = true)', '.defval.u = false)'),
                                      'own-thread= is "default ``off``"'),
    'option-of-the-helper': (changed(manual_facts.HELPER, '{ { "allow-suid",', '{ { "allow-all",'),
                             'not ok options-in-the-man-page - --allow-all is missing'),
    'message': (changed('fsdev/cli/qemu-fsdev.c', 'fsdev without an id', 'fsdev that has no id'),
                '"fsdev that has no id; add id=<name>" of fsdev/cli/qemu-fsdev.c'),
    'message-over-two-lines': (changed(MESSAGES, 'numbers may collide', 'numbers collide'),
                               'inode numbers may collide in the guest'),
    'message-that-is-returned': (changed(MESSAGES, '-g needs -s', '-g wants -s'),
                                 '"-g needs -s, which creates a socket"'),
    'message-of-the-id-map': (changed('fsdev/core/idmap.c', 'is neither a range nor', 'is no range and not'),
                              'not ok messages-in-the-manual'),
    'trace-event': (changed('hw-9pfs/trace-events', '\np9_reply(', '\np9_answer('),
                    'not ok trace-events-in-the-manual - p9_answer'),
    'make-target': (changed('Makefile.overlay', '\nplots:', '\nplot:'), 'plots in docs/'),
    'link-to-no-file': (changed('README.md', '(docs/CHANGELOG.md)', '(docs/CHANGES.md)'),
                        'docs/CHANGES.md in README.md'),
    'link-to-no-heading': (changed('README.md', '(docs/CHANGELOG.md)', '(docs/CHANGELOG.md#nothing)'),
                           'docs/CHANGELOG.md#nothing in README.md'),
    'version': (changed('fsdev/core/version.h', 'VIRTFS_VERSION "', 'VIRTFS_VERSION "9'),
                'not ok version-in-the-changelog'),
}


if __name__ == '__main__':
    sys.exit(check_cases.run('manual-facts', manual_facts.main, FILES, CASES))
