#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs include_rooms.py on the sources, and on small trees with one violation
each, which it has to find. Prints "ok NAME" or "not ok NAME", and "N passed, M
failed, K skipped" as the last line."""

import sys

import check_cases
import include_rooms

PAGE = '''
.. _9pfs-rooms:

Any text, and any

.. list-table::
   :header-rows: 1

   * - room
     - files
     - includes from
   * - core
     - ``fsdev/core/*``
     - --
   * - wire
     - ``fsdev/proxy/wire.*``,
       ``fsdev/proxy/table.def``
     - core
   * - proxy
     - ``fsdev/proxy/*``
     - core, wire
   * - session
     - ``hw/9pfs/*``
     - core

The table ends here.
'''
# A tree without a violation.
FILES = {
    include_rooms.PAGE: PAGE,
    'fsdev/core/core.h': '#include "qemu/osdep.h"\n#include <glib.h>\n',
    'fsdev/core/core-int.h': '',
    'fsdev/core/core.c': '#include "fsdev/core/core.h"\n#include "core-int.h"\n',
    'fsdev/proxy/wire.h': '#include "fsdev/core/core.h"\n#include "table.def"\n',
    'fsdev/proxy/table.def': '',
    'fsdev/proxy/proxy.c': '#include "fsdev/core/core.h"\n# include "fsdev/proxy/wire.h"\n',
    'hw-9pfs/9p.c': '#include "fsdev/core/core.h"\n#include "9p.h"\n',
    'hw-9pfs/9p.h': '',
}


def including(path, target):
    return {path: FILES.get(path, '') + f'#include "{target}"\n'}


CASES = {
    'tree-without-violation': ({}, ''),
    'include-that-goes-up': (including('fsdev/core/core.c', 'fsdev/proxy/wire.h'),
                             'fsdev/core/core.c:3: "core" does not include from "wire": fsdev/proxy/wire.h'),
    'include-that-goes-up-in-a-folder': (including('fsdev/proxy/wire.h', 'proxy.c'),
                                         '"wire" does not include from "proxy"'),
    'include-that-goes-across': (including('hw-9pfs/9p.c', 'fsdev/proxy/wire.h'),
                                 'hw/9pfs/9p.c:3: "session" does not include from "wire"'),
    'include-of-a-private-header': (including('fsdev/proxy/proxy.c', 'fsdev/core/core-int.h'),
                                    'fsdev/core/core-int.h is private to its folder'),
    'include-of-no-file': (including('hw-9pfs/9p.c', 'fsdev/core/gone.h'), 'there is no fsdev/core/gone.h'),
    'file-in-no-room': ({'fsdev/other/other.c': ''}, 'fsdev/other/other.c: is in none of the rooms'),
    'permission-without-need': ({'hw-9pfs/9p.c': ''}, 'no file of "session" includes from "core"'),
    'row-that-leads-up': ({include_rooms.PAGE: PAGE.replace('- --', '- wire', 1)},
                          'the room "core" includes from "wire", which is not in a row before it'),
}


if __name__ == '__main__':
    sys.exit(check_cases.run('includes', include_rooms.main, FILES, CASES))
