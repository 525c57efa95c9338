# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest whose root file system is a 9p share: the kernel line root=r ro
# rootfstype=9p rootflags=trans=virtio brings up a shell there, read-only;
# mapped, it can be made writable, as distributions do when they boot.
exports="root-none root-mapped"
mount="no"
folder="."

host_prepare() {
    local busybox=${BUSYBOX:-$(command -v busybox)} applet
    mkdir -p bin sbin dev proc sys tmp etc home
    cp "$busybox" bin/busybox
    chmod 755 bin/busybox
    for applet in $("$busybox" --list); do
        [ "$applet" = busybox ] || ln -f bin/busybox "bin/$applet"
    done
    echo "root:x:0:0:root:/home:/bin/sh" > etc/passwd
    stat -c %u:%g etc/passwd > etc/owner
    cat > sbin/init <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /tmp
/payload/main
poweroff -f
INIT
    chmod 755 sbin/init
    if [ "$MODEL" = mapped-xattr ]; then
        xattr set etc/passwd user.virtfs.uid 2a000000
        xattr set etc/passwd user.virtfs.mode 20810000
    fi
}

guest_run() {
    local root
    root=$(grep ' / 9p ' /proc/mounts)
    expect "source of /" r "${root%% *}"
    expect "access" ro "$(echo "$root" | cut -d ' ' -f 4 | cut -d , -f 1)"
    expect "process 1" "/bin/sh /sbin/init" "$(tr '\0' ' ' < /proc/1/cmdline |
                                               sed 's/ $//')"
    expect "a shell of that root" "9p shell" "$(/bin/sh -c 'echo 9p shell')"
    expect "the shell's inode" "$(stat_of %i /bin/busybox)" \
           "$(stat -L -c %i /proc/self/exe)"
    expect "the user file" "root:x:0:0:root:/home:/bin/sh" "$(cat /etc/passwd)"
    refuse "writing" "ead-only file system" sh -c ': > /new'
    if [ "$MODEL" = mapped-xattr ]; then
        expect "owner by attribute" 42:440 "$(stat_of %u:%a /etc/passwd)"
        writable
    else
        expect "its owner" "$(cat /etc/owner)" "$(stat_of %u:%g /etc/passwd)"
    fi
}

writable() {
    try "mount it for writing" mount -o remount,rw /
    try "write" sh -c 'echo written > /home/file'
    try "install" cp /bin/busybox /home/busybox
    try "chown" chown 5:6 /home/file
    try "mkdir and rename" sh -c 'mkdir /srv && mv /home/file /srv/file'
    expect "content" written "$(cat /srv/file)"
    expect "owner" 5:6 "$(stat_of %u:%g /srv/file)"
    expect "run what was installed" ran "$(/home/busybox echo ran)"
    try "mount it read-only" mount -o remount,ro /
    refuse "writing" "ead-only file system" sh -c ': > /new'
}

host_check() {
    if [ "$MODEL" = mapped-xattr ]; then
        expect "content on the host" written "$(cat srv/file)"
        expect "owner on the host" 05000000 "$(xattr get srv/file user.virtfs.uid)"
    else
        expect_true "nothing was written" ! -e srv
    fi
    expect_true "nor was new" ! -e new
}
