#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""plots.py JSON: prints a script for gnuplot that draws the results of a
bench, an SVG with one panel for each figure and file system. The bars of a
workload are those of each emulator and, for the time of an operation, of the
same work as plain system calls."""

import json
import sys

FIGURES = (('p50_us', 'median time of an operation, µs'), ('cpu_us_per_op', 'CPU time of an operation, µs'))
COLOURS = ('#c98b4b', '#4b7fc9', '#7f9c57', '#8a97a6')
PANEL_HEIGHT = 420
BAR_WIDTH = 34      # of a workload, in pixels, for each of its bars


def medians(cells, figure, names):
    """Rows of a workload and its bars; native last, where there is one."""
    for cell in cells:
        row = [cell['sides'][name].get(figure, {}).get('median') for name in names]
        if figure == 'p50_us':
            row.append(cell['native_p50_us'])
        yield cell['workload'], row


def panel(number, title, names, rows):
    print(f'$panel{number} << EOD')
    for workload, row in rows:
        print(' '.join([f'"{workload}"'] + ['NaN' if value is None else f'{value:g}' for value in row]))
    print('EOD')
    print(f'set title "{title}"')
    bars = [f'$panel{number} using {n}:xtic(1) title "{name}" linecolor rgb "{COLOURS[(n - 2) % len(COLOURS)]}"'
            for n, name in enumerate(names, 2) if any(row[n - 2] is not None for _, row in rows)]
    print('plot ' + ', '.join(bars))


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        results = json.load(f)
    cells = [cell for cell in results['cells'] if 'sides' in cell and cell['depth'] == 1]
    if not cells:
        sys.exit('plots.py: no results at queue depth 1')
    names = [side['name'] for side in results['sides']]
    systems = list(dict.fromkeys(cell['fs'] for cell in cells))
    widest = max(sum(cell['fs'] == system for cell in cells) for system in systems)
    panels = len(FIGURES) * len(systems)
    print(f'set terminal svg size {200 + widest * BAR_WIDTH * (len(names) + 1)},{PANEL_HEIGHT * panels} '
          'font "Helvetica,11" background rgb "white"')
    print('set style data histogram\nset style histogram clustered gap 1\nset style fill solid\nset logscale y\n'
          'set grid ytics\nset xtics rotate by -35\nset key outside top horizontal noenhanced\n'
          'set xtics noenhanced\nset title noenhanced\n'
          f'set multiplot layout {panels},1 title "virtio-9p, Linux {results["kernel"]}, {results["cpus"]} CPUs, '
          'queue depth 1 (logarithmic)"')
    number = 0
    for system in systems:
        for figure, what in FIGURES:
            number += 1
            bars = names + ['native'] if figure == 'p50_us' else names
            panel(number, f'{what}, on {system}', bars,
                  list(medians([cell for cell in cells if cell['fs'] == system], figure, names)))
    print('unset multiplot')


if __name__ == '__main__':
    main()
