DEF("virtfs", HAS_ARG, QEMU_OPTION_virtfs,
    "-virtfs local,path=dir,mount_tag=tag,security_model=mapped-xattr|mapped-file|passthrough|none\n"
    "        [,id=id][,option=value...]\n"
    "-virtfs proxy,socket=path|sock_fd=n,mount_tag=tag[,id=id][,option=value...]\n"
    "-virtfs synth,mount_tag=tag[,id=id][,option=value...]\n"
    "                -fsdev and a virtio-9p-pci device in one\n",
    QEMU_ARCH_ALL)

SRST
``-virtfs driver,mount_tag=tag[,id=id][,option=value...]``
    Share a folder with a guest: short for
    ``-fsdev driver,id=id,option=value...`` together with
    ``-device virtio-9p-pci,fsdev=id,mount_tag=tag``. Every option of
    ``-fsdev`` is accepted and means the same. In a file for ``-readconfig``
    it is a section ``[virtfs "id"]``.

    ``mount_tag=tag``
        The name, of at most 31 bytes, by which the guest mounts the folder.
        ``mnt_tag=tag`` is the same.

    ``id=id``
        The id of the file system device. Without it the tag is used.

    A Linux guest mounts it with
    ``mount -t 9p -o trans=virtio tag /mnt``, or a folder in it with
    ``mount -t 9p -o trans=virtio,aname=sub/dir tag /mnt``.
ERST
