# SPDX-License-Identifier: GPL-2.0-or-later
#
# A directory is removed on the host and made anew while a process of the guest
# has it as its working directory: every process of the guest uses the new one.
# One that the guest has removed stays dead.
exports="passthrough"

host_prepare() {
    chmod 777 .
}

make_anew() {
    rm -rf build
    mkdir build
    chmod 777 build
    echo "new $1" > build/f
    chmod 666 build/f
}

make_gone() {
    mkdir gone
    touch gone/f
}

guest_run() {
    local n
    mkdir build
    echo old > build/f
    # A process that stays there until the end of its standard input.
    mkfifo /tmp/stay.$$
    (cd build && exec cat /tmp/stay.$$ > /dev/null) &
    exec 7> /tmp/stay.$$
    for n in 1 2 3; do
        on-host make_anew $n
        expect "file after time $n" "new $n" "$(cat build/f 2>&1)"
    done
    try "a new file" sh -c 'echo made > build/made'
    try "a new directory" mkdir build/dir
    try "a file in it" sh -c 'echo x > build/dir/x'
    try "a rename" mv build/made build/moved
    expect "its text" made "$(cat build/moved 2>&1)"
    refuse "what is not there" "No such file" cat build/none
    exec 7>&-
    wait
    rm /tmp/stay.$$
    # Dead for the process that stays in it, whatever the host does.
    mkdir gone
    (
        cd gone
        rmdir ../gone
        on-host make_gone
        refuse "a directory that the guest removed" "No such file" cat f
    )
}

host_check() {
    expect "what the guest made" made "$(cat build/moved 2>&1)"
    expect_true "the directory" -d build/dir
    expect_true "nothing in the one that is new" ! -e gone/x
}
