# SPDX-License-Identifier: GPL-2.0-or-later
#
# Writing to or truncating a set-id program as an unprivileged user clears its
# set-id bits; otherwise a user who may write to a program of root could become
# root.
exports="passthrough proxy"

guest_run() {
    for how in 'echo x >> prog' ': > prog' 'truncate -s 1 prog'; do
        fill_file prog 100
        chown 500:500 prog
        chmod 6777 prog
        try "$how" asuser 1000 1000 sh -c "$how"
        expect "mode after: $how" 777 "$(stat_of %a prog)"
    done
}

host_check() {
    expect "mode on the host" 777 "$(stat_of %a prog)"
}
