#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# series.sh make|check: the applied tree as a series of mails for maintainers, in OUT (by default series/mails in the
# base's build folder), as git format-patch writes them. configure-snippets/series/ has one file for each commit: what
# it brings, an empty line, and the message; one file that names patches of the base, which are commits of their own; and
# the text of the cover letter. The order is such that each commit builds.
# check: git am takes all mails on the pristine source and gives exactly the applied tree; in each step the C files that
# it changes compile; checkpatch has nothing to say. It needs a build. Prints "ok NAME" or "not ok NAME - REASON", and
# "N passed, M failed, K skipped" as the last line.

# shellcheck source=configure-snippets/lib.sh
. "$(dirname "$0")/lib.sh"

plans=$snippets/series
out=${OUT:-$based/series/mails}
out=$(realpath -m "$out")
log=$logs/series.log
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

# The name and address for the mails, from the settings of the checkout or the user.
identity() {
    name=$(git -C "$TOP" config user.name || true)
    mail=$(git -C "$TOP" config user.email || true)
    if [ -z "$name" ] || [ -z "$mail" ]; then
        die "git knows no user.name and user.email for Signed-off-by; set them with git config"
    fi
    # Nothing else of the user's settings is to change the result.
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$mail GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$mail
}

# new_repository DIR: an empty one.
new_repository() {
    rm -rf "$1"
    mkdir -p "$1"
    git -C "$1" init -q -b series
}

# commit_pristine DIR: the first commit, of all files there.
commit_pristine() {
    git -C "$1" add -A -f
    git -C "$1" commit -q -m "QEMU $(cat "$pristine/VERSION")"
    git -C "$1" tag pristine
}

# ---- making the mails ----

# The files of the base that the series changes or removes.
changed_files() {
    {
        (cd "$pristine" && find hw/9pfs fsdev -type f)
        cat "$stamps/patched-files"
        cut -d' ' -f2 "$stamps/added-files"
    } | sort -u | while IFS= read -r f; do
        [ ! -f "$pristine/$f" ] || printf '%s\n' "$f"
    done
}

# bring WHAT: copies files of the applied tree; WHAT is a folder, a file or a pattern.
bring() {
    local f files
    mapfile -t files < <(cd "$tree" && shopt -s nullglob && for f in $1; do
        [ ! -e "$f" ] || find "$f" -type f
    done)
    for f in "${files[@]}"; do
        # Files that the base has as they are do not belong to the series.
        ! cmp -s "$tree/$f" "$pristine/$f" || [ -e "$repo/$f" ] || continue
        mkdir -p "$repo/$(dirname "$f")"
        cp "$tree/$f" "$repo/$f"
    done
}

# bring_listed FOLDER: copies what apply.sh added or patched below FOLDER.
bring_listed() {
    local f
    while IFS= read -r f; do
        bring "$f"
    done < <({ cut -d' ' -f2 "$stamps/added-files" && cat "$stamps/patched-files"; } | grep "^$1/")
}

remove_old() {
    git -C "$repo" rm -q -r hw/9pfs fsdev
    bring hw/9pfs/Kconfig
    printf '# The trace events of the server are added with it.\n' >"$repo/hw/9pfs/trace-events"
}

# Write the meson.build files for what is there by now.
write_builds() {
    mkdir -p "$repo/hw/9pfs" "$repo/fsdev"
    while IFS= read -r line; do
        [[ $line =~ ^\ \ \'(.*)\',$ ]] && [ ! -e "$repo/hw/9pfs/${BASH_REMATCH[1]}" ] || printf '%s\n' "$line"
    done <"$tree/hw/9pfs/meson.build" >"$repo/hw/9pfs/meson.build"
    while IFS= read -r line; do
        if [[ $line == "# A separate program"* ]] && [ ! -e "$repo/fsdev/helper" ]; then
            break
        fi
        [[ $line =~ ^subdir\(\'(.*)\'\)$ ]] && [ ! -e "$repo/fsdev/${BASH_REMATCH[1]}" ] || printf '%s\n' "$line"
    done <"$tree/fsdev/meson.build" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >"$repo/fsdev/meson.build"
    if [ -e "$repo/fsdev/core" ]; then cp "$tree/meson.build" "$repo/"; else cp "$pristine/meson.build" "$repo/"; fi
    if [ "$on" = 0 ]; then
        sed -i '/^have_virtfs = /,/\.allowed()/{
            /\.allowed()/a\
have_virtfs = false   # until the new stack is complete
        }' "$repo/meson.build"
        grep -q '^have_virtfs = false' "$repo/meson.build" || die "series.sh finds no have_virtfs in meson.build"
    fi
}

# commit_step: makes a commit with the text in $message.
commit_step() {
    write_builds
    git -C "$repo" add -A -f
    git -C "$repo" commit -q -s -F "$message"
}

# take_patches PATTERN: makes a commit of each of these patches of the base; its message is its own.
take_patches() {
    local set patch
    set=$TOP/patches/$(cat "$stamps/patch-set")
    while IFS= read -r patch; do
        # shellcheck disable=SC2053
        [[ $patch == $1 ]] || continue
        patch -s -d "$repo" -p1 --fuzz=0 --no-backup-if-mismatch <"$set/$patch" >>"$log"
        sed '/^--- a\//,$d' "$set/$patch" >"$message"
        commit_step
    done <"$set/series"
}

# take_step FILE: makes the commits that a file of configure-snippets/series describes.
take_step() {
    local what
    while IFS= read -r what; do
        case $what in
        '') break ;;
        remove) remove_old ;;
        turn-on) on=1 ;;
        tests | docs) bring_listed "$what" ;;
        patches\ *)
            take_patches "${what#patches }"
            return
            ;;
        *) bring "$what" ;;
        esac
    done <"$1"
    sed '1,/^$/d' "$1" >"$message"
    commit_step
}

make_series() {
    local step f message=$based/series/message on=0 repo=$based/series/repository base=()
    identity
    : >"$log"
    new_repository "$repo"
    while IFS= read -r f; do
        mkdir -p "$repo/$(dirname "$f")"
        cp "$pristine/$f" "$repo/$f"
    done < <(changed_files)
    commit_pristine "$repo"
    for step in "$plans"/[0-9]*; do
        take_step "$step"
    done
    rm -rf "${out:?}"/*.patch
    mkdir -p "$out"
    if [ -n "$QEMU_SRC" ] && f=$(git -C "$QEMU_SRC" rev-parse -q --verify HEAD 2>/dev/null); then
        base=(--signature="base-commit: $f")
    else
        base=(--signature="for QEMU $(cat "$pristine/VERSION")")
    fi
    git -C "$repo" format-patch -q -o "$out" --cover-letter --subject-prefix="${SUBJECT_PREFIX:-PATCH}" "${base[@]}" pristine
    "$python" - "$plans/cover" "$out/0000-cover-letter.patch" <<'END'
import sys
plan, mail = sys.argv[1:]
with open(plan, encoding='utf-8') as f:
    subject, text = f.read().split('\n', 1)
with open(mail, encoding='utf-8') as f:
    letter = f.read()
letter = letter.replace('*** SUBJECT HERE ***', subject).replace('*** BLURB HERE ***', text.strip())
with open(mail, 'w', encoding='utf-8') as f:
    f.write(letter)
END
    say "series: $(find "$out" -name '*.patch' ! -name '0000-*' | wc -l) mails and a cover letter in $out"
}

# ---- checking them ----

passed=0 failed=0

# result NAME REASON: prints the result of a test, which has passed if REASON is empty.
result() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        say "ok $1"
    else
        failed=$((failed + 1))
        say "not ok $1 - $2"
    fi
}

# same_as_applied DIR: what differs between the last commit there and the applied tree.
same_as_applied() {
    git -C "$1" --work-tree="$tree" diff --name-only pristine..series >"$based/series/changed"
    {
        git -C "$1" --work-tree="$tree" diff --name-only series
        (cd "$tree" && find hw/9pfs fsdev tests/qtest docs -type f ! -path '*/__pycache__/*') | sort |
            comm -23 - <(git -C "$1" ls-tree -r --name-only series | sort)
    } | paste -sd' '
}

# compile_step DIR COMMIT: compiles the C files that the commit changes; prints those that do not compile.
compile_step() {
    git -C "$1" checkout -q "$2"
    git -C "$1" show --format= --name-only --diff-filter=AM "$2" -- '*.c' |
        "$snippets/compile_files.py" "$obj" "$tree" "$1" 2>>"$log"
}

check_series() {
    local full=$based/series/full commit mails
    identity
    : >"$log"
    [ -f "$obj/compile_commands.json" ] || die "there is no build in $obj"
    mapfile -t mails < <(find "$out" -name '*.patch' ! -name '0000-*' | sort)
    [ ${#mails[@]} != 0 ] || die "there are no mails in $out"
    new_repository "$full"
    source_entries | xargs -0 cp -a --reflink=auto -t "$full"
    commit_pristine "$full"
    if ! git -C "$full" am -q "${mails[@]}" >>"$log" 2>&1; then
        result git-am "see $log"
    else
        result git-am ''
        result same-tree-as-apply "$(same_as_applied "$full" | sed 's/..*/differs in: &/')"
        for commit in $(git -C "$full" rev-list --reverse pristine..series); do
            result "compiles: $(git -C "$full" log -1 --format=%s "$commit")" "$(compile_step "$full" "$commit" | paste -sd' ')"
        done
    fi
    for mail in "${mails[@]}"; do
        result "checkpatch: $(basename "$mail")" \
            "$(cd "$pristine" && "$snippets/source_style.py" --mail "$mail" scripts/checkpatch.pl | sed 's/^/\n    /')"
    done
    say "$passed passed, $failed failed, 0 skipped"
    [ "$failed" = 0 ]
}

case $1 in
make) make_series ;;
check) check_series ;;
*) die "series.sh: make or check" ;;
esac
