# SPDX-License-Identifier: GPL-2.0-or-later
#
# What POSIX and Linux promise of a local file system holds on the mount: the
# suite of posix/, whose table of facts names every difference with its reason.
# The whole output of each run is left in $WORK/posix for the table that
# posix/report.sh makes.
exports="passthrough proxy mapped-xattr mapped-file none"
caches="none loose"
deadline=300

# Machines run side by side, so the program gets its name when it is whole.
host_prepare() {
    local program=$WORK/posix/program
    mkdir -p "$WORK/posix"
    if [ ! -x "$program" ] ||
       [ -n "$(find "$here/posix" -name '*.[ch]' -newer "$program")" ]; then
        ${CC:-gcc} -static -O1 -Wall -Wextra -Werror -o "$program.$NAME.$EXPORT" \
            "$here"/posix/*.c || return
        mv "$program.$NAME.$EXPORT" "$program"
    fi
    cp "$program" program
    # What this client cannot set it must at least show.
    touch -d @-86400.25 before-1970
    touch -d @-0.000000001 just-before-1970
    touch -d @4102444800.123456789 after-2038
    truncate -s 5G huge
}

# An option of the suite, or nothing.
owners_kept() {
    [ "$(id -u)" -eq 0 ] || echo --host-user
}

# The share whose files a helper opens is a model of its own to the suite.
suite_model() {
    case $EXPORT in
    proxy) echo proxy ;;
    *) echo "$MODEL" ;;
    esac
}

see_times_of_host() {
    expect "time before 1970" -86401,750000000 \
           "$(fdop "open before-1970 r" "stat %t,%n")"
    expect "the last time before 1970" -1,999999999 \
           "$(fdop "open just-before-1970 r" "stat %t,%n")"
    expect "time after 2038" 4102444800,123456789 \
           "$(fdop "open after-2038 r" "stat %t,%n")"
}

# known_difference LINE: a statement that did not hold is accounted for; here
# the suite's own table does all of that.
known_difference() {
    return 1
}

run_suite() {
    local status=0 line
    try "copy" cp program /tmp/posix || return 0
    chmod 755 /tmp/posix
    mkdir work
    see_times_of_host
    expect "a file of the host beyond 4 GiB" 5368709120 "$(stat_of %s huge)"
    /tmp/posix --model="$(suite_model)" --cache="$CACHE" $(on-host owners_kept) work \
        > /tmp/posix.out 2>&1 || status=$?
    grep -v '^ok' /tmp/posix.out
    # 1 is for statements that did not hold, which are gone through below.
    expect_true "status" $status -lt 2
    grep '^not ok' /tmp/posix.out > /tmp/posix.bad
    while read -r line; do
        known_difference "${line#not ok }" || note_failure "${line#not ok }"
    done < /tmp/posix.bad
    try "output" cp /tmp/posix.out output
    rm -f /tmp/posix /tmp/posix.out
}

guest_run() {
    run_suite
}

host_check() {
    local passed
    cp output "$WORK/posix/$(suite_model).$CACHE"
    passed=$(grep -c '^ok ' output)
    expect_true "statements that held" "$passed" -ge 400
}
