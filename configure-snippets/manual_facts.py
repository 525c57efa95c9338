#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""manual_facts.py ROOT: compares the manual's chapter about VirtFS with the
sources below ROOT.

* Each option of -fsdev, property of the device and option of the helper has an
  entry in options.rst with its drivers, its default, its cost and an example,
  and there are no other entries. The helper's manual page names its options.
* Each message that the sources can print stands in troubleshooting.rst, and
  each trace event.
* The targets of Makefile.overlay that pages name exist.
* Links of Markdown pages lead to files and headings that exist.
* The changelog begins with the version of the sources.

Prints "ok NAME" or "not ok NAME - REASON" for each of these, and "N passed, M
failed, K skipped" as the last line.
"""

import os
import re
import sys

CHAPTER = 'docs/system/devices/virtfs'
TABLE = 'fsdev/cli/qemu-fsdev-options.def'
DEVICE = 'hw-9pfs/virtio-9p-device.c'
HELPER = 'fsdev/helper/virtfs-proxy-helper.c'
STRING = r'"((?:[^"\\]|\\.)*)"'
# Functions whose strings are shown to users.
PRINTERS = (r'\b(?:error_setg|error_setg_errno|error_prepend|error_report|warn_report|warn_report_once|info_report|'
            r'p9_warn_once|fs_warn|g_set_error|helper_say|must|wrong|fsdev_set_unknown)\s*\(')
# Functions that return a part of such a message.
TEXT_RETURNERS = ('usage_problem', 'connect_problem')
# A piece of a message between two conversions is looked for from this length on.
PIECE_MIN = 9


def read(root, path):
    with open(os.path.join(root, path), encoding='utf-8') as f:
        return f.read()


def strip_comments(text):
    return re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)


def arguments(text, start):
    """The text between the parenthesis that opens before @start and its
    partner."""
    depth, i, quoted = 1, start, False
    while depth:
        c = text[i]
        if c == '\\':
            i += 1
        elif c == '"':
            quoted = not quoted
        elif not quoted and c in '()':
            depth += 1 if c == '(' else -1
        i += 1
    return text[start:i - 1]


def split_arguments(text):
    """Splits at the commas outside of parentheses and strings."""
    parts, depth, quoted, begin = [], 0, False, 0
    for i, c in enumerate(text):
        if c == '"' and text[i - 1] != '\\':
            quoted = not quoted
        elif quoted:
            continue
        elif c in '([{':
            depth += 1
        elif c in ')]}':
            depth -= 1
        elif c == ',' and not depth:
            parts.append(text[begin:i].strip())
            begin = i + 1
    return parts + [text[begin:].strip()]


class Option:
    def __init__(self, name, drivers=(), default=None):
        self.name = name            # as it is written in an entry's term
        self.drivers = sorted(drivers)
        self.default = default      # the text behind the names of an entry


def driver_names(bits):
    return [word.lower() for word in re.findall(r'FSDEV_([A-Z]+)', bits)]


def default_text(value):
    """From a cell of the table: NULL, a string or a number."""
    if value == 'NULL':
        return 'required'
    value = value.strip('"')
    return f'default ``{value}``' if value else 'not set'


def fsdev_options(root):
    """The rows of the table of options; id is common to all."""
    text = strip_comments(read(root, TABLE))
    options = [Option('id=', ['local', 'proxy', 'synth'], 'required')]
    for kind, at in ((m.group(1), m.end()) for m in re.finditer(r'^FSDEV_(OPT|THROTTLE)\(', text, re.M)):
        cells = split_arguments(arguments(text, at))
        if kind == 'THROTTLE':
            name, drivers, default = cells[0], ['local', 'proxy'], default_text(cells[3])
        else:
            name, drivers, default = cells[0].strip('"'), driver_names(cells[2]), default_text(cells[3])
        if 'QEMU_OPT_' in name:
            name = 'throttling.' + name.split('QEMU_OPT_')[1].lower().replace('_', '-')
        options.append(Option(name + '=', drivers, default))
    return options


# Strings that a device need not be given.
OPTIONAL = ('migration', 'on-lost')


def device_properties(root):
    text = strip_comments(read(root, DEVICE))
    options = []
    for kind, at in ((m.group(1), m.end()) for m in re.finditer(r'DEFINE_PROP(?:_(\w+))?\(', text)):
        cells = split_arguments(arguments(text, at))
        word = f'default ``{"on" if cells[-1].split()[-1] == "true" else "off"}``'
        default = {'BOOL': word, None: word, 'LINK': 'not set'}
        name = cells[0].strip('"')
        default = 'not set' if name in OPTIONAL else default.get(kind, 'required')
        options.append(Option(name + '=', [], default))
    return options


def helper_options(root):
    rows = re.search(r'option_rows\[\] = \{(.*?)\n\};', read(root, HELPER), re.S).group(1)
    return [Option('--' + name) for name in re.findall(r'\{ \{ "([a-z-]+)",', rows)]


def entries(page, heading):
    """Yields (terms, rest of the line, body) for the definitions below a heading
    of the page."""
    section = page.split(f'\n{heading}\n', 1)[1]
    section = re.split(r'\n[^\n]+\n-{4,}\n', section.split('\n', 2)[2])[0]
    for found in re.finditer(r'^(``[^\n]+)\n((?:(?:   [^\n]*)?\n)+)', section, re.M):
        terms, _, rest = found.group(1).partition(' -- ')
        yield re.findall(r'``([^`]+)``', terms), rest, found.group(2)


def term_name(term):
    return term.split('=')[0] + '=' if '=' in term else term.split(' ')[0]


def compare(page, heading, options):
    """Problems with the entries below a heading."""
    wanted = {option.name: option for option in options}
    for terms, rest, body in entries(page, heading):
        for part in (':Cost:', ':Example:'):
            if part not in body:
                yield f'{terms[0]} has no {part}'
        default, _, drivers = rest.partition('; ')
        for name in map(term_name, terms):
            option = wanted.pop(name, None)
            if option is None:
                yield f'{name} is not an option'
                continue
            if option.default is not None and default != option.default:
                yield f'{name} is "{option.default}", not "{default}"'
            if option.drivers and sorted(re.findall(r'``(\w+)``', drivers)) != option.drivers:
                yield f'{name} belongs to {", ".join(option.drivers)}'
    yield from (f'{name} has no entry' for name in wanted)


def check_options(root):
    page = read(root, f'{CHAPTER}/options.rst')
    yield from compare(page, 'The share: -fsdev and -virtfs', fsdev_options(root))
    yield from compare(page, 'The device: -device virtio-9p-pci', device_properties(root))
    yield from compare(page, 'The helper: virtfs-proxy-helper', helper_options(root))


def check_man_page(root):
    page = read(root, 'fsdev/helper/virtfs-proxy-helper.1').replace('\\-', '-')
    for option in helper_options(root):
        if option.name not in page:
            yield f'{option.name} is missing'


def sources(root):
    for folder in ('fsdev', 'hw-9pfs'):
        for path, _, names in os.walk(os.path.join(root, folder)):
            yield from (os.path.join(path, name) for name in sorted(names) if name.endswith('.c'))


def strings_in(code):
    """The strings of an expression; adjacent ones are one, with %s for a macro
    that stands between them."""
    strings, joined = [], False
    for token in re.finditer(rf'{STRING}|([A-Za-z_]\w*)|\s+|.', code, re.S):
        if token.group(1) is not None:
            strings[-1:] = [strings[-1] + token.group(1)] if joined else strings[-1:] + [token.group(1)]
            joined = True
        elif token.group(2) and joined:
            strings[-1] += 'd' if token.group(2).startswith('PRI') else '%s'
        elif not token.group(0).isspace():
            joined = False
    return strings


def messages(text):
    """Yields the strings that a source file can print."""
    text = strip_comments(text)
    for found in re.finditer(PRINTERS, text):
        yield from strings_in(arguments(text, found.end()))
    for name in TEXT_RETURNERS:
        body = re.search(rf'^static (?:const )?char \*{name}\(.*?\n\}}', text, re.S | re.M)
        if body:
            yield from strings_in(body.group(0))


def pieces(message):
    """The fixed parts of a message that are long enough to be looked for."""
    message = re.sub(r'%-?\d*(?:l|ll|z)?[a-zA-Z]', '\0', message.replace('\\"', '"'))
    return [piece.strip() for piece in message.split('\0') if len(piece.strip()) >= PIECE_MIN]


def check_messages(root):
    page = ' '.join(read(root, f'{CHAPTER}/troubleshooting.rst').replace('``', '').split())
    found = 0
    for path in sources(root):
        with open(path, encoding='utf-8') as f:
            for message in messages(f.read()):
                found += 1
                for piece in pieces(message):
                    if ' '.join(piece.split()) not in page:
                        yield f'"{message}" of {os.path.relpath(path, root)}'
                        break
    if not found:
        yield 'no message was found in the sources'


def check_trace_events(root):
    page = read(root, f'{CHAPTER}/troubleshooting.rst')
    for table in ('fsdev/trace-events', 'hw-9pfs/trace-events'):
        for name in re.findall(r'^([a-z]\w+)\(', read(root, table), re.M):
            if f'``{name}``' not in page:
                yield name


def pages(root, *endings):
    yield os.path.join(root, 'README.md')
    for path, _, names in os.walk(os.path.join(root, 'docs')):
        yield from (os.path.join(path, name) for name in sorted(names) if name.endswith(endings))


def check_targets(root):
    known = set(re.findall(r'^([a-z][a-z -]*):(?!=)', read(root, 'Makefile.overlay'), re.M))
    known = {name for names in known for name in names.split()}
    for path in pages(root, '.rst', '.md'):
        with open(path, encoding='utf-8') as f:
            for target in re.findall(r'make -f\s+Makefile\.overlay\s+([a-z][a-z-]*)', f.read()):
                if target not in known:
                    yield f'{target} in {os.path.relpath(path, root)}'


def anchors(text):
    for heading in re.findall(r'^#+ (.*)$', text, re.M):
        yield re.sub(r'[^\w -]', '', heading.lower()).replace(' ', '-')


def check_links(root):
    for path in pages(root, '.md'):
        with open(path, encoding='utf-8') as f:
            text = f.read()
        for link in re.findall(r'\]\(([^)\s]+)\)', text):
            target, _, anchor = link.partition('#')
            if re.match(r'[a-z]+:', link):
                continue
            full = os.path.join(os.path.dirname(path), target) if target else path
            if not os.path.exists(full):
                yield f'{link} in {os.path.relpath(path, root)}'
            elif anchor and os.path.isfile(full):
                with open(full, encoding='utf-8') as f:
                    if anchor not in anchors(f.read()):
                        yield f'{link} in {os.path.relpath(path, root)}'


def check_version(root):
    version = re.search(r'VIRTFS_VERSION "([^"]+)"', read(root, 'fsdev/core/version.h')).group(1)
    newest = re.search(r'^## \[([^\]]+)\]', read(root, 'docs/CHANGELOG.md'), re.M).group(1)
    if version != newest:
        yield f'fsdev/core/version.h has {version}, docs/CHANGELOG.md begins with {newest}'


CHECKS = {
    'options-in-the-manual': check_options,
    'options-in-the-man-page': check_man_page,
    'messages-in-the-manual': check_messages,
    'trace-events-in-the-manual': check_trace_events,
    'make-targets-in-pages': check_targets,
    'links-in-markdown': check_links,
    'version-in-the-changelog': check_version,
}


def main(root):
    failed = 0
    for name, check in CHECKS.items():
        problems = list(check(root))
        failed += bool(problems)
        print(f'not ok {name} - {"; ".join(problems)}' if problems else f'ok {name}')
    print(f'{len(CHECKS) - failed} passed, {failed} failed, 0 skipped')
    return bool(failed)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
