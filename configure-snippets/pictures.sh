#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# pictures.sh make|check: makes an SVG picture of each docs/**/*.dot with Graphviz, or checks that the pictures belong to
# their sources. What Graphviz draws depends on its version and on the fonts of the machine, so a picture names the
# checksum of its source (and of this script), which is what is compared. Colours are chosen to be readable on a light
# and on a dark page: the background is transparent, boxes are light with dark text, lines and their text are grey.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

style=(-Gbgcolor=transparent -Gfontname=Helvetica,Arial,sans-serif -Gfontsize=12 -Gfontcolor=#6c7a89 -Gcolor=#8a97a6
    -Gstyle=rounded -Glabeljust=l -Gnodesep=0.35 -Granksep=0.45
    -Nshape=box -Nstyle=filled -Nfillcolor=#dbe9f6 -Ncolor=#5b7fa6 -Nfontcolor=#10202f -Nmargin=0.18,0.09
    -Nfontname=Helvetica,Arial,sans-serif -Nfontsize=12
    -Ecolor=#8a97a6 -Efontcolor=#6c7a89 -Efontname=Helvetica,Arial,sans-serif -Efontsize=11)

sources() {
    find "$TOP/docs" -name '*.dot' | sort
}

# mark SOURCE: the line that a picture made from SOURCE contains.
mark() {
    printf '<!-- made by "make -f Makefile.overlay pictures" from %s %s -->' "$(basename "$1")" \
        "$({ cat "$1"; printf '%s\n' "${style[@]}"; } | sha256sum | cut -c1-16)"
}

make_pictures() {
    local source
    command -v dot >/dev/null || die "dot is missing; install Graphviz"
    while IFS= read -r source; do
        dot -Tsvg "${style[@]}" "$source" | sed "2i $(mark "$source")" >"${source%.dot}.svg"
        say "${source%.dot}.svg"
    done < <(sources)
}

check_pictures() {
    local source stale=''
    while IFS= read -r source; do
        grep -qsF -e "$(mark "$source")" "${source%.dot}.svg" || stale+=" ${source#"$TOP"/}"
    done < <(sources)
    [ -z "$stale" ] || die "the pictures do not belong to these sources; run make -f Makefile.overlay pictures:$stale"
}

case ${1:-} in
make) make_pictures ;;
check) check_pictures ;;
*) die "pictures.sh: make or check" ;;
esac
