# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# A private view of the Debian archive with its own sources list, state and cache below BUILD/apt. It uses the mirrors
# of the machine's apt configuration, which is only read. Sourced after lib.sh.

apt_dir=$BUILD/apt
# The architectures whose packages are seen, and the list of those that count as installed.
apt_architectures=amd64
apt_status=/var/lib/dpkg/status

# apt_mirrors ETCDIR CODENAME: prints "main URI" and "security URI" lines, without duplicates, for the enabled
# entries below ETCDIR (sources.list, sources.list.d/*.list, *.sources) that name a suite of that release.
apt_mirrors() {
    local etc=$1 codename=$2 f
    for f in "$etc/sources.list" "$etc"/sources.list.d/*.list; do
        [ -f "$f" ] && awk -v codename="$codename" -f "$snippets/apt-suite.awk" -f "$snippets/apt-oneline.awk" "$f"
    done
    for f in "$etc"/sources.list.d/*.sources; do
        [ -f "$f" ] && awk -v codename="$codename" -f "$snippets/apt-suite.awk" -f "$snippets/apt-deb822.awk" "$f"
    done
    true
}

apt_codename() {
    # shellcheck source=/dev/null
    (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
}

apt_keyring() {
    local f
    for f in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
        if [ -e "$f" ]; then
            printf '%s' "$f"
            return
        fi
    done
    die "no Debian archive keyring on this machine (package debian-archive-keyring)"
}

# apt_private ARGS..., apt_private_cache ARGS...: run apt-get and apt-cache with the private view.
apt_private() {
    apt_tool apt-get -q -y "$@"
}

apt_private_cache() {
    apt_tool apt-cache -q "$@"
}

apt_tool() {
    local tool=$1 architecture list=()
    shift
    for architecture in $apt_architectures; do
        list+=(-o "APT::Architectures::=$architecture")
    done
    "$tool" \
        -o Dir::Etc::SourceList="$apt_dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$apt_dir/state" -o Dir::State::Lists="$apt_dir/lists" \
        -o Dir::State::status="$apt_status" \
        -o Dir::Cache="$apt_dir/cache" -o Dir::Cache::archives="$apt_dir/cache/archives" \
        -o APT::Default-Release= -o APT::Sandbox::User=root -o Acquire::Languages=none \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o APT::Architecture=amd64 -o APT::Architectures= "${list[@]}" \
        -o Acquire::Retries=3 "$@"
}

# apt_private_update: writes the sources list and fetches the indices: source and amd64 packages of $suite (sid has no
# updates of any kind), and the backports of the running release if it is another one (for meson).
apt_private_update() {
    local codename key kind uri part
    command -v apt-get >/dev/null || die "apt-get is not here: give QEMU's source as QEMU_SRC=DIR"
    codename=$(apt_codename)
    key=$(apt_keyring)
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial" "$apt_dir/state"
    while read -r kind uri; do
        case $kind in
        main)
            for part in "$suite" "$suite-updates"; do
                printf '%s [signed-by=%s] %s %s main\n' deb "$key" "$uri" "$part" deb-src "$key" "$uri" "$part"
                [ "$suite" != sid ] || break
            done
            if [ "$codename" != "$suite" ]; then
                printf 'deb [signed-by=%s] %s %s-backports main\n' "$key" "$uri" "$codename"
            fi
            ;;
        security)
            [ "$suite" != sid ] || continue
            printf '%s [signed-by=%s] %s %s main\n' \
                deb "$key" "$uri" "$suite-security" deb-src "$key" "$uri" "$suite-security"
            ;;
        esac
    done < <(apt_mirrors /etc/apt "$codename") >"$apt_dir/sources.list"
    grep -q "^deb-src.* $suite main" "$apt_dir/sources.list" ||
        die "no Debian mirror found in /etc/apt for '$codename': give QEMU's source as QEMU_SRC=DIR"
    say "reading the package lists of $suite into $apt_dir"
    run_logged "$logs/apt-update.log" 20 apt_private update
}
