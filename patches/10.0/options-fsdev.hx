DEF("fsdev", HAS_ARG, QEMU_OPTION_fsdev,
    "-fsdev local,id=id,path=dir,security_model=mapped-xattr|mapped-file|passthrough|none\n"
    "       [,readonly=on|off][,writeout=immediate][,fmode=mode][,dmode=mode]\n"
    "       [,multidevs=remap|forbid|warn][,max_xattr=n][,locks=on|off]\n"
    "       [,uidmap=map][,gidmap=map][,statfs=host|v9fs][,cache-hint=on|off]\n"
    "       [,nested-export=on|off][,throttling.option=value...]\n"
    "                share a host directory; add a virtio-9p device to show it to a guest\n"
    "-fsdev proxy,id=id,socket=path|sock_fd=n\n"
    "       [,readonly=on|off][,writeout=immediate]\n"
    "       [,multidevs=remap|forbid|warn][,max_xattr=n][,locks=on|off]\n"
    "       [,uidmap=map][,gidmap=map][,statfs=host|v9fs][,cache-hint=on|off]\n"
    "       [,throttling.option=value...]\n"
    "                share a host directory through virtfs-proxy-helper\n"
    "-fsdev synth,id=id[,readonly=on|off][,max_xattr=n]\n"
    "                share a small tree in memory, for tests\n"
    "-fsdev help     list the drivers; -fsdev driver,help lists a driver's options\n",
    QEMU_ARCH_ALL)

SRST
``-fsdev driver,id=id[,option=value...]``
    Create the host's side of a shared directory. The guest sees the directory
    through a device that refers to this id, for example
    ``-device virtio-9p-pci,fsdev=id,mount_tag=tag``. Several devices may
    refer to the same id. ``-fsdev help`` lists the drivers and
    ``-fsdev driver,help`` lists the options of a driver. An option that the
    driver does not know is an error.

    ``local``
        A directory of the host.

    ``proxy``
        A directory of the host that ``virtfs-proxy-helper`` opens for QEMU.
        The helper has the privilege to give files the owners that the guest
        sets, so QEMU itself needs no privilege. See the manual page of the
        helper.

    ``synth``
        A small tree that exists in memory only. It is meant for QEMU's own
        tests.

    These options belong to ``local``:

    ``path=dir``
        The directory to share. This option is required.

    ``security_model=mapped-xattr|mapped-file|passthrough|none``
        Selects where the owner, the mode and the device numbers that the
        guest sets are stored. This option is required.

        ``mapped-xattr``, or ``mapped`` for short, stores them in ``user.``
        extended attributes of the files. ``mapped-file`` stores them in files
        below a hidden directory ``.virtfs_metadata`` in each directory. With
        both models, a symbolic link or a special file that the guest creates
        is a regular file on the host, and QEMU needs no privilege. The
        guest's ``security.`` and ``trusted.`` attributes are stored as
        ``user.virtfs.`` attributes.

        ``passthrough`` sets them on the files of the host themselves, which
        requires QEMU to run as root. ``none`` does the same but ignores it
        when the host refuses to change an owner.

    ``fmode=mode``, ``dmode=mode``
        Permissions of new files and of new directories on the host, in octal
        notation with a leading zero. The defaults are 0600 and 0700. These
        options are valid with ``mapped-xattr`` and ``mapped-file`` only.

    ``nested-export=on|off``
        The mapped security models keep the guest's owners and modes in
        attributes whose names begin with ``user.virtfs.``. With ``off``, the
        default, a guest cannot set such attributes through an export with
        ``passthrough`` or ``none``, because they would have a meaning once
        the directory is exported with a mapped model. Use ``on`` if the guest
        itself exports the share with a mapped model.

    These options belong to ``proxy``:

    ``socket=path``
        The socket that the helper listens on. This option or ``sock_fd`` is
        required. When the connection to the helper breaks, the guest gets
        I/O errors until another helper listens on this path and exports the
        same directory.

    ``sock_fd=n``
        The number of an inherited file descriptor, which must be a socket of
        the type ``SOCK_SEQPACKET`` that is connected to the helper.

    These options belong to ``local`` and ``proxy``:

    ``writeout=immediate``
        Have the host start to write data to its disk after each write of the
        guest, instead of collecting data in the page cache.

    ``multidevs=remap|forbid|warn``
        Selects what happens when other file systems are mounted below the
        shared directory, so that inode numbers may not be unique. ``remap``,
        the default, gives the guest inode numbers that are unique. ``warn``
        passes the host's numbers on and prints a warning once. ``forbid``
        denies access to the other file systems.

    ``locks=on|off``
        With ``on``, a file lock that the guest takes is taken on the host,
        too, so it holds against programs of the host and against other
        guests. With ``off`` every lock is granted, and locks hold within one
        guest only. The default is ``on``, but ``off`` if ``readonly=on`` is
        given: a guest that cannot write can then not make programs of the
        host wait.

    ``uidmap=map``, ``gidmap=map``
        Maps users and groups of the guest to users and groups of the host. A
        map consists of ranges that are joined by ``+``. A range
        ``guest:host:count`` maps ``count`` ids, beginning with ``guest`` in
        the guest and with ``host`` on the host. Ranges must not overlap. For
        example, with ``uidmap=0:1000:1+1:100000:65535`` the files of the
        guest's root belong to the user 1000 of the host.

        The map applies wherever an owner is named: in new files, when an
        owner is changed, in the attributes that the guest sees, in POSIX
        ACLs, in capabilities of files, and to the user who mounts the share.
        The mapped security models store the ids of the host. An id of the
        guest outside of all ranges is refused with EOVERFLOW, unless the map
        contains the element ``squash:host``, which maps all such ids to this
        one id of the host. A mount that names no user, for example with plain
        9P2000 or with ``access=any`` of a Linux guest, can create files only
        with ``squash`` or if the map contains the user of QEMU.

        An owner outside of all ranges is shown to the guest as 65534, and it
        protects its file as in a Linux file system that is mounted with an id
        map. The guest reads such a file as far as its permissions allow that
        to everybody. It cannot write, change, link, rename or remove it, nor
        change the entries of such a directory. Therefore the shared directory
        itself needs an owner and a group which the maps include, also with
        the mapped security models, for which these may be stored ones.
        Without a map, ids are the same in the guest and on the host.

    ``statfs=host|v9fs``
        The type of file system that statfs(2) reports in the guest: that of
        the host's file system, which is the default, or that of 9p. Some
        programs treat certain types in a way that does not work through 9p.

    ``cache-hint=on|off``
        With ``off``, a Linux guest of version 6.4 or later does not keep the
        contents of files in its page cache, whatever the option ``cache`` of
        its mount says. Use this for files that programs of the host change.

    ``throttling.bps-total=n``, ``throttling.bps-read=n``, ``throttling.bps-write=n``
        Limits the bandwidth in bytes per second, for reads and writes
        together, for reads or for writes.

    ``throttling.iops-total=n``, ``throttling.iops-read=n``, ``throttling.iops-write=n``
        Limits the number of requests per second, for reads and writes
        together, for reads or for writes.

    ``throttling.bps-total-max=n``, ``throttling.bps-read-max=n``, ``throttling.bps-write-max=n``, ``throttling.iops-total-max=n``, ``throttling.iops-read-max=n``, ``throttling.iops-write-max=n``
        Allows bursts up to this rate, above the limit of the same name.

    ``throttling.bps-total-max-length=n``, ``throttling.bps-read-max-length=n``, ``throttling.bps-write-max-length=n``, ``throttling.iops-total-max-length=n``, ``throttling.iops-read-max-length=n``, ``throttling.iops-write-max-length=n``
        The duration of such a burst in seconds, 1 by default.

    ``throttling.iops-size=n``
        Counts a request as one for every ``n`` bytes that it transfers.
        Without this option each request counts once.

    These options belong to ``local``, ``proxy`` and ``synth``:

    ``readonly=on|off``
        With ``on``, refuse everything that would change the shared
        directory. The default is ``off``. Reading does not change access
        times either, except those of symbolic links of the host and, if QEMU
        does not run as root, those of files that belong to other users.

    ``max_xattr=n``
        The number of extended attributes that a guest may have open at the
        same time, 1024 by default. Each of them may take up to 64 KiB of
        memory in QEMU. 0 means that there is no limit.

``-device virtio-9p-pci,fsdev=id,mount_tag=tag[,iothread=id][,own-thread=on|off]``
    Show the shared directory of the ``-fsdev`` with this id to the guest.
    ``virtio-9p-device`` is the same for other virtio transports.

    ``mount_tag=tag``
        The name, of at most 31 bytes, by which the guest mounts the
        directory.

    ``iothread=id``
        Serve the device in this IOThread.

    ``own-thread=on|off``
        With ``on``, the default, the device is served in a thread of its own
        unless ``iothread`` is given. With ``off`` it is served in the main
        loop of QEMU.
ERST
