#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""manual_commands.py ROOT QEMU HELPER [QEMU-ARGUMENT...]: runs the commands of
the manual and of README.

What is run is marked by the caption of its code block in the manual's pages
about shares and about the helper, and by the line before it in README.md:

* "On the host": qemu-system-x86_64 is started with a stopped CPU and ended by
  QMP. With the option -fsdev proxy, the helper is started before it.
* "On the host, as root": virtfs-proxy-helper is started until it is ready.
  scripts/9p-top is run once for an emulator with the socket that it names.
* "In QEMU's monitor", "In QMP": the lines are given to an emulator with the
  export fs0 and, unless they add it, the device share0.
* "In the guest": the options of mount -t 9p must be those of the Linux client.

The examples in options.rst and those in README.md are run as well. Paths are replaced by those of a
scratch folder. As root, QEMU runs as the user 1000, as the manual says.

Prints "ok NAME", "ok NAME # SKIP REASON" or "not ok NAME - REASON" for each,
and "N passed, M failed, K skipped" as the last line.
"""

import glob
import json
import os
import re
import shlex
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

SECONDS = 60        # the longest that a start may take
USER = 1000
EMULATOR = 'qemu-system-x86_64'
HELPER = 'virtfs-proxy-helper'
TOP = 'scripts/9p-top'
SHARE = 'virtio-9p-pci,id=share0,fsdev=fs0,mount_tag=share'
# The options of the Linux client, Documentation/filesystems/9p.rst, and those of every mount that pages use.
MOUNT_OPTIONS = {'trans', 'version', 'aname', 'msize', 'cache', 'access', 'posixacl', 'ignoreqv', 'debug', 'uname',
                 'dfltuid', 'dfltgid', 'nodevmap', 'cachetag', 'locktimeout', 'directio', 'noextend', 'rw', 'ro',
                 'nosuid', 'nodev', 'noexec', 'nofail', '_netdev'}
# Messages of a host without KVM, and of passthrough, which is for an emulator with more privilege than the one here.
HARMLESS = ('Could not access KVM', 'failed to initialize kvm', 'falling back to tcg',
            'passthrough needs root or CAP_CHOWN')


class Problem(Exception):
    pass


class Skipped(Exception):
    pass


class Block:
    def __init__(self, name, where, text):
        self.name = name
        self.where = where
        self.lines = text.replace('\\\n', ' ').splitlines()


def rst_blocks(path):
    with open(path, encoding='utf-8') as f:
        text = f.read()
    pattern = r'^( *)\.\. code-block:: \w+\n\1   :caption: (.*)\n\n((?:\1   .*\n|\n)+)'
    for n, found in enumerate(re.finditer(pattern, text, re.M), 1):
        yield Block(f'{os.path.basename(path)}/{n}', found.group(2), found.group(3))


def readme_blocks(path):
    """The indented blocks behind a line that begins with a caption, and the
    other indented lines with the options of a share or the helper."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    n = 0
    for found in re.finditer(r'^(?:(On the host|In the guest)[^\n]*:\n\n)?((?:    .*\n)+)', text, re.M):
        where, block = found.groups()
        if where:
            n += 1
            yield Block(f'README.md/{n}', where, block)
            continue
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words and (words[0] in ('-fsdev', '-virtfs') or words[0].endswith(f'/{HELPER}')):
                n += 1
                yield Block(f'README.md/{n}', 'example', shlex.join(words))


class Place:
    """A scratch folder with stand-ins for what the commands name."""

    def __init__(self, root, qemu, helper, extra):
        self.qemu, self.helper, self.extra = qemu, helper, extra
        self.top = next(iter(glob.glob(f'{root}/*/9p-top') + glob.glob(f'{root}/*/*/9p-top')), 'no 9p-top')
        self.dir = tempfile.mkdtemp(prefix='manual-')
        self.owner = USER if os.getuid() == 0 else os.getuid()
        for name in ('share', 'rootfs', 'other', 'tmp'):
            os.mkdir(self.path(name))
        self.write('disk.img', bytes(1 << 20))
        self.write('initrd.img', bytes(4096))
        self.write('vmlinuz', self.kernel())
        if os.getuid() == 0:
            for name in ('', 'share', 'rootfs', 'tmp', 'disk.img'):
                os.chown(self.path(name), USER, USER)
            # The folder in which the emulator was built may be closed to other users.
            self.qemu = shutil.copy(qemu, self.path(EMULATOR))

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data):
        with open(self.path(name), 'wb') as f:
            f.write(data)

    @staticmethod
    def kernel():
        """The header of a Linux kernel (Documentation/arch/x86/boot.rst)."""
        image = bytearray(64 << 10)
        image[0x1f1] = 4
        struct.pack_into('<H', image, 0x1fe, 0xaa55)
        image[0x202:0x206] = b'HdrS'
        struct.pack_into('<H', image, 0x206, 0x20f)
        image[0x211] = 1
        struct.pack_into('<I', image, 0x22c, 0x7fffffff)
        struct.pack_into('<I', image, 0x238, 2047)
        return bytes(image)

    def replace(self, word):
        names = {'/srv/': '', '/run/': '', '/tmp/': 'tmp/'}
        word = re.sub('/srv/|/run/|/tmp/', lambda found: self.path(names[found.group(0)]), word)
        return re.sub(r'^(file=)?(disk\.img|vmlinuz|initrd\.img)$|^(file=)(disk\.img)(?=,)',
                      lambda found: (found.group(1) or found.group(3) or '') +
                      self.path(found.group(2) or found.group(4)), word)

    def remove(self):
        shutil.rmtree(self.dir)


class Helper:
    """A running virtfs-proxy-helper."""

    def __init__(self, place, words):
        if os.getuid() != 0:
            raise Skipped('the helper needs root')
        self.far = None
        given = []
        if '-f' in words:
            near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            given = [near.fileno()]
            words = [str(near.fileno()) if word == '3' else word for word in words]
        self.process = subprocess.Popen([place.helper] + words + ['-n', '-v'], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, pass_fds=given)
        line = self.process.stderr.readline()
        if 'ready to export' not in line:
            self.end()
            raise Problem(f'the helper said: {line.strip()}')

    def end(self):
        if self.far:
            self.far.close()
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


class Emulator:
    """A stopped virtual machine with a QMP connection."""

    def __init__(self, place, words):
        ours, theirs = socket.socketpair()
        words = [place.replace(word) for word in words]
        command = [place.qemu] + place.extra + words + [
            '-S', '-display', 'none', '-serial', 'none', '-chardev', f'socket,id=manual,fd={theirs.fileno()}',
            '-mon', 'chardev=manual,mode=control']
        ids = {'user': USER, 'group': USER, 'extra_groups': []} if os.getuid() == 0 else {}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, pass_fds=[theirs.fileno()],
                                        cwd=place.dir, **ids)
        theirs.close()
        ours.settimeout(SECONDS)
        self.qmp = ours.makefile('rw')
        ours.close()
        try:
            self.answer('QMP')
            self.execute({'execute': 'qmp_capabilities'})
        except (Problem, OSError):
            self.process.kill()
            raise Problem('it does not start: ' + ' '.join(self.output().split())) from None

    def answer(self, *keys):
        for line in self.qmp:
            message = json.loads(line)
            if 'error' in message:
                raise Problem(message['error']['desc'])
            for key in keys:
                if key in message:
                    return message[key]
        raise Problem('the connection ended')

    def execute(self, command):
        self.qmp.write(json.dumps(command) + '\n')
        self.qmp.flush()
        return self.answer('return')

    def monitor(self, line):
        return self.execute({'execute': 'human-monitor-command', 'arguments': {'command-line': line}})

    def output(self):
        text = self.process.communicate(timeout=SECONDS)[0]
        return '\n'.join(line for line in text.splitlines() if not any(known in line for known in HARMLESS))

    def end(self):
        self.execute({'execute': 'quit'})
        text = self.output()
        self.qmp.close()
        if self.process.returncode or text:
            raise Problem(f'it ended with status {self.process.returncode}: ' + ' '.join(text.split()))


def with_export(place, lines):
    """An emulator for lines of the monitor or of QMP."""
    words = ['-fsdev', 'local,id=fs0,path=/srv/share,security_model=mapped-xattr']
    if not any('device_add' in line for line in lines):
        words += ['-device', SHARE]
    return Emulator(place, words)


def start_emulator(place, words):
    helper = None
    if '-monitor' in words:
        words[words.index('-monitor') + 1] = 'none'
    if any('proxy,' in word and 'socket=' in word for word in words) and not any('-fsdev' == word for word in words):
        helper = Helper(place, ['-p', place.path('share'), '-s', place.path('share.sock'), '-u', str(place.owner), '-g',
                                str(place.owner)])
    try:
        Emulator(place, words).end()
    finally:
        if helper:
            helper.end()


def run_helper(place, words):
    words = [place.replace(word) for word in words]
    if {'--version', '--help'} & set(words):
        subprocess.run([place.helper] + words, check=True, stdout=subprocess.DEVNULL)
        return
    Helper(place, words).end()
    if os.path.exists(place.path('share.sock')):
        os.unlink(place.path('share.sock'))


def run_top(place, words):
    """9p-top of the overlay, which is in scripts/ of QEMU's tree."""
    emulator = Emulator(place, ['-fsdev', 'local,id=fs0,path=/srv/share,security_model=none', '-device', SHARE, '-qmp',
                                f'unix:{words[0]},server=on,wait=off'])
    try:
        ended = subprocess.run([place.top, place.replace(words[0]), '--count=1'] + words[1:], capture_output=True,
                               text=True, timeout=SECONDS, check=False)
        if ended.returncode or 'share' not in ended.stdout:
            raise Problem(f'{TOP} said: {ended.stdout} {ended.stderr}')
    finally:
        emulator.end()


def run_on_host(place, block):
    for line in block.lines:
        words = shlex.split(line)
        if words and words[0] == EMULATOR:
            start_emulator(place, words[1:])
        elif words and words[0] == HELPER:
            run_helper(place, words[1:])
        elif words and words[0] == TOP:
            run_top(place, words[1:])
        elif words:
            raise Problem(f'"{words[0]}" is not run')


def run_in_monitor(place, block):
    emulator = with_export(place, block.lines)
    for line in filter(None, map(str.strip, block.lines)):
        text = emulator.monitor(line)
        if re.search(r'unknown command|Error|error', text):
            raise Problem(f'"{line}" said: {text.strip()}')
    emulator.execute({'execute': 'quit'})
    emulator.process.wait()


def run_in_qmp(place, block):
    emulator = with_export(place, block.lines)
    for line in filter(None, map(str.strip, block.lines)):
        emulator.execute(json.loads(line))
    emulator.execute({'execute': 'quit'})
    emulator.process.wait()


def run_in_guest(_place, block):
    for line in block.lines:
        words = shlex.split(line)
        if words[:3] == ['mount', '-t', '9p']:
            if len(words) != 7 or words[3] != '-o':
                raise Problem(f'not "mount -t 9p -o OPTIONS TAG FOLDER": {line.strip()}')
            check_mount_options(words[4])


def check_mount_options(text):
    options = {option.split('=')[0] for option in text.split(',')}
    if options - MOUNT_OPTIONS:
        raise Problem(f'the client has no option {", ".join(sorted(options - MOUNT_OPTIONS))}')
    if 'trans' not in options:
        raise Problem('trans=virtio is missing')


def run_example(place, block):
    """An example of options.rst: a command, or a part of one."""
    words = shlex.split(block.lines[0])
    words[0] = re.sub(f'.*/{HELPER}$', HELPER, words[0])
    base = 'local,id=fs0,path=/srv/share'
    if words[0] == HELPER:
        run_helper(place, words[1:])
    elif words[0] in ('-u', '-g'):
        run_helper(place, ['-p', '/srv/share', '-s', '/run/share.sock', '-u', '1000', '-g', '1000'] + words)
    elif words[0] in ('-fsdev', '-virtfs'):
        start_emulator(place, words)
    elif words[0].startswith('-'):
        start_emulator(place, ['-fsdev', f'{base},security_model=none'] + words)
    else:
        model = '' if 'security_model=' in words[0] else ',security_model=none'
        example = '' if words[0].startswith('path=') else ',' + words[0]
        start_emulator(place, ['-fsdev', f'{base}{model}{example}', '-device', 'virtio-9p-pci,fsdev=fs0,mount_tag=t'])


WAYS = {
    'On the host': run_on_host,
    'On the host, as root': run_on_host,
    'On the host, as the user 1000': run_on_host,
    "In QEMU's monitor": run_in_monitor,
    'In QMP': run_in_qmp,
    'In the guest': run_in_guest,
    'example': run_example,
}


def find_blocks(root):
    for path in sorted(glob.glob(f'{root}/docs/system/devices/virtfs*.rst') +
                       glob.glob(f'{root}/docs/system/devices/virtfs/*.rst') +
                       [f'{root}/docs/tools/virtfs-proxy-helper.rst']):
        yield from rst_blocks(path)
    yield from readme_blocks(f'{root}/README.md')
    with open(f'{root}/docs/system/devices/virtfs/options.rst', encoding='utf-8') as f:
        for n, example in enumerate(re.findall(r':Example: ``([^`]*)``', f.read()), 1):
            yield Block(f'options.rst/example-{n}', 'example', example)


def run(place, block):
    """Prints the verdict; returns its first word."""
    way = WAYS.get(block.where)
    try:
        if not way:
            raise Problem(f'there is no way to run a block with the caption "{block.where}"')
        way(place, block)
    except Skipped as reason:
        print(f'ok {block.name} # SKIP {reason}')
        return 'skipped'
    except (Problem, OSError, subprocess.SubprocessError, ValueError) as reason:
        print(f'not ok {block.name} - {reason}')
        return 'failed'
    print(f'ok {block.name}')
    return 'passed'


def main():
    root, qemu, helper, *extra = sys.argv[1:]
    place = Place(root, qemu, helper, extra)
    counts = {'passed': 0, 'failed': 0, 'skipped': 0}
    for block in find_blocks(root):
        counts[run(place, block)] += 1
    place.remove()
    print('{passed} passed, {failed} failed, {skipped} skipped'.format(**counts))
    return bool(counts['failed'] or not counts['passed'])


if __name__ == '__main__':
    sys.exit(main())
