# SPDX-License-Identifier: GPL-2.0-or-later
#
# A program with capabilities set by setcap loses them when its content or its
# owner changes, but not by chmod, reading and renaming.
exports="mapped-xattr mapped-file"
caches="none loose"

# cap_net_raw=ep, as setcap writes it
capability=0100000200200000000000000000000000000000

guest_run() {
    local how
    for how in 'echo x >> prog' ': > prog' 'truncate -s 1 prog' \
               'chown 7 prog' 'chgrp 7 prog' \
               'asuser 1000 1000 sh -c "echo x >> prog"'; do
        fill_file prog 100
        chmod 777 prog
        try "set" xattr set prog security.capability $capability
        chmod 777 prog
        mv prog moved
        mv moved prog
        expect "set, before: $how" $capability \
               "$(xattr get prog security.capability 2>&1)"
        try "$how" sh -c "$how"
        refuse "after: $how" "No data" xattr get prog security.capability
    done
}

host_check() {
    refuse "on the host" "No data" \
           xattr get prog user.virtfs.security.capability
}
