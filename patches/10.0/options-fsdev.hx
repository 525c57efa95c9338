DEF("fsdev", HAS_ARG, QEMU_OPTION_fsdev,
    "-fsdev local,id=id,path=dir,security_model=mapped-xattr|mapped-file|passthrough|none\n"
    "       [,readonly=on|off][,writeout=immediate][,fmode=mode][,dmode=mode]\n"
    "       [,multidevs=remap|forbid|warn][,max_xattr=n][,throttling.option=value...]\n"
    "       [,uidmap=map][,gidmap=map][,statfs=host|v9fs][,cache-hint=on|off]\n"
    "                share a host directory; add a virtio-9p device to show it to a guest\n"
    "-fsdev proxy,id=id,socket=path|sock_fd=n[,readonly=on|off][,writeout=immediate]\n"
    "       [,multidevs=remap|forbid|warn][,max_xattr=n][,throttling.option=value...]\n"
    "                share what a virtfs-proxy-helper exports\n"
    "-fsdev synth,id=id[,readonly=on|off][,max_xattr=n]\n"
    "                a tree in memory, for tests\n"
    "-fsdev help     list the drivers; -fsdev driver,help lists a driver's options\n",
    QEMU_ARCH_ALL)

SRST
``-fsdev driver,id=id[,option=value...]``
    Create the host's side of a shared folder. The guest sees it through a
    device that names it by its id, for example
    ``-device virtio-9p-pci,fsdev=id,mount_tag=tag``; several devices may
    name the same one. ``-fsdev help`` lists the drivers and
    ``-fsdev driver,help`` the options of one. An option that the driver
    does not use is an error.

    ``local``
        A directory of the host.

    ``proxy``
        A directory that ``virtfs-proxy-helper`` opens for QEMU. The helper
        has the privilege to give files the guest's owners, QEMU needs none.
        See its manual page.

    ``synth``
        A small tree that exists in memory only. It serves QEMU's tests.

    These options belong to ``local``:

    ``path=dir``
        The directory to share.

    ``security_model=mapped-xattr|mapped-file|passthrough|none``
        Where the owner, the mode and the device numbers that the guest sets
        are kept. It has to be given.

        ``mapped-xattr``, or ``mapped`` for short, keeps them in ``user.``
        extended attributes of the files. ``mapped-file`` keeps them in files
        below a hidden folder ``.virtfs_metadata`` in every directory. With
        both of them a symbolic link or a special file of the guest is a
        regular file on the host, and QEMU needs no privilege. The guest's
        ``security.`` and ``trusted.`` attributes become ``user.virtfs.``
        ones.

        ``passthrough`` sets them on the host's files themselves, which takes
        a QEMU that runs as root. ``none`` does the same but goes on when
        the host refuses to change an owner.

    ``fmode=mode``, ``dmode=mode``
        Permissions that new files and new directories get on the host, in
        octal with a leading zero. They are for ``mapped-xattr`` and
        ``mapped-file`` only.

    These options belong to ``proxy``:

    ``socket=path``
        Where the helper listens. When it has gone, the guest gets I/O
        errors until another one listens there, exporting the same directory;
        after a reset of the device the guest can mount again.

    ``sock_fd=n``
        Number of an inherited descriptor, a socket of the type
        ``SOCK_SEQPACKET`` that is connected to the helper, instead of
        ``socket``.

    These options belong to ``local`` and ``proxy``:

    ``writeout=immediate``
        Have the host write data out to its disk before a write is
        answered.

    ``multidevs=remap|forbid|warn``
        What to do about other file systems that are mounted below the
        shared directory, where inode numbers may occur a second time.
        ``remap``, the default, gives the guest numbers that stay distinct.
        ``warn`` passes the host's numbers on and prints a warning once.
        ``forbid`` denies access to the other file systems.

    ``uidmap=map``, ``gidmap=map``
        Which users and groups of the guest are which of the host. A map is
        made of pieces joined by ``+``. ``guest:host:count`` makes that many
        ids, from ``guest`` on in the guest, those from ``host`` on of the
        host. No id may be in two pieces. For example
        ``uidmap=0:1000:1+1:100000:65535`` lets the guest's root own what
        the host's user 1000 owns.

        The map holds wherever an owner is named: when files are made and
        chowned, in the attributes that the guest sees, in POSIX ACLs, and
        for the user who mounts. The mapped security models keep the host's
        id of the pair. An owner that is in no piece is shown to the guest
        as 65534, and a guest's id that is in none is refused with
        EOVERFLOW; with the piece ``squash:host`` all such ids of the guest
        are that one id of the host instead. Without a map an id is the same
        on both sides.

    ``statfs=host|v9fs``
        The type of file system that statfs(2) tells programs of the guest:
        the host's, which is the default, or that of 9p. Some programs do
        things with certain types that do not work through 9p.

    ``cache-hint=on|off``
        With ``off`` a Linux guest, from version 6.4 on, keeps nothing that a
        file holds in its page cache, whatever it was told to by the option
        ``cache`` of its mount. This is for files that the host changes by
        itself.

    ``throttling.bps-total=n``, ``throttling.bps-read=n``, ``throttling.bps-write=n``
        Limits in bytes a second.

    ``throttling.iops-total=n``, ``throttling.iops-read=n``, ``throttling.iops-write=n``
        Limits in requests a second. With ``throttling.iops-size=n`` a
        request counts once for every n bytes.

    ``throttling.bps-total-max=n``, ``throttling.iops-total-max=n`` and so on
        How far a short burst may exceed the limit of that name; the suffix
        ``-max`` goes with each of the six limits.

    These options belong to all drivers:

    ``readonly=on``
        Refuse everything that would change the shared folder. Times of
        access stay too, except those of the host's symbolic links and, if
        QEMU is not root, of other users' files: the host lets nobody else
        leave them alone.

    ``max_xattr=n``
        How many extended attributes a guest may have under way at a time,
        1024 by default. Each may hold up to 64 KiB of QEMU's memory. 0 means
        no limit.
ERST
