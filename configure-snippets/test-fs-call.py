#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs fs_call.py on the sources, and on small trees with one violation each,
which it has to find. Prints "ok NAME" or "not ok NAME", and "N passed, M
failed, K skipped" as the last line."""

import sys

import check_cases
import fs_call

# A tree without a violation.
FILES = {
    fs_call.HEADER: '''
typedef struct FsCall {
    FsWait wait;                /* how long */
    const FsYield *yield;
    FsCred cred;
} FsCall;

static inline bool fs_call_may_wait(const FsCall *call, FsWait wait)
{
    return call->wait >= wait;
}
''',
    'fsdev/local/local.c': '''
/* Not call->wait, which is private. */
int local_read(const FsCall *call, FsFile *file)
{
    const FsCall now = { .wait = FS_WAIT_NEVER, .cred = { 1, 2 } };
    P9Request *req = g_new0(P9Request, 1);

    req->wait = P9_WAIT_NOTHING;
    printf("call->wait");
    return fs_call_may_wait(call, FS_WAIT_STORAGE) ? 0 : read_now(&now, file);
}
''',
    'hw-9pfs/9p-run.c': 'static void set(FsCall *call)\n{\n    call->wait = FS_WAIT_NEVER;\n}\n',
    'hw-9pfs/9p-ops-io.c': 'int p9_read_run(P9Request *req, const FsCall *call)\n{\n    return 0;\n}\n',
}


def entry(statement):
    """A driver entry that consists of @statement, which is in line 3."""
    return {'fsdev/local/entry.c': f'int entry(const FsCall *call)\n{{\n    {statement}\n}}\n'}


CASES = {
    'tree-without-violation': ({}, ''),
    'driver-entry-that-reads-the-level': (entry('return call->wait;'), 'fsdev/local/entry.c:3: call->wait'),
    'driver-entry-that-reads-the-owner': (entry('return call->cred.uid;'), 'fsdev/local/entry.c:3: call->cred'),
    'driver-entry-that-yields': (entry('call->yield->yield();'), 'fsdev/local/entry.c:3: call->yield'),
    'read-through-parentheses': (entry('return (*call).wait;'), 'fsdev/local/entry.c:3: (*call).wait'),
    'read-over-two-lines': (entry('return call->\n        wait;'), 'fsdev/local/entry.c:3: call->'),
    'copy-that-is-changed': (entry('FsCall mine = *call; mine.wait++;'), 'fsdev/local/entry.c:3: mine.wait'),
    'member-that-is-a-call': ({'fsdev/local/op.h': 'typedef struct Op {\n    const FsCall *its;\n} Op;\n',
                               'fsdev/local/op.c': 'int op(Op *op)\n{\n    return op->its->wait;\n}\n'},
                              'fsdev/local/op.c:3: its->wait'),
    'message-handler': ({'hw-9pfs/9p-ops-io.c': FILES['hw-9pfs/9p-ops-io.c'].replace('0', 'call->wait')},
                        'hw-9pfs/9p-ops-io.c:3: call->wait'),
    'member-that-is-new': ({fs_call.HEADER: FILES[fs_call.HEADER].replace('FsCred cred;', 'bool later;'),
                            **entry('return call->later;')}, 'fsdev/local/entry.c:3: call->later'),
}


if __name__ == '__main__':
    sys.exit(check_cases.run('fs-call', fs_call.main, FILES, CASES))
