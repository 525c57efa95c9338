DEF("virtfs", HAS_ARG, QEMU_OPTION_virtfs,
    "-virtfs local,path=dir,mount_tag=tag,security_model=mapped-xattr|mapped-file|passthrough|none\n"
    "        [,id=id][,option=value...]\n"
    "-virtfs proxy,socket=path|sock_fd=n,mount_tag=tag[,id=id][,option=value...]\n"
    "-virtfs synth,mount_tag=tag[,id=id][,option=value...]\n"
    "                -fsdev and a virtio-9p-pci device in one option\n",
    QEMU_ARCH_ALL)

SRST
``-virtfs driver,mount_tag=tag[,id=id][,option=value...]``
    Share a directory with a guest. This is a short form of
    ``-fsdev driver,id=id,option=value...`` together with
    ``-device virtio-9p-pci,fsdev=id,mount_tag=tag``. All options of ``-fsdev``
    are accepted and have the same meaning. In a file for ``-readconfig``, the
    section ``[virtfs "id"]`` has the same effect.

    ``mount_tag=tag``, ``mnt_tag=tag``
        The name, of at most 31 bytes, by which the guest mounts the
        directory.

    ``id=id``
        The id of the ``-fsdev``. By default it is the mount tag.

    A Linux guest mounts the directory with
    ``mount -t 9p -o trans=virtio tag /mnt``, and a directory below it with
    ``mount -t 9p -o trans=virtio,aname=sub/dir tag /mnt``.
ERST
