/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The version of this virtio-9p stack, which is not that of QEMU.  It is shown
 * by -fsdev help and by virtfs-proxy-helper, and docs/CHANGELOG.md begins with
 * it.
 */
#ifndef FSDEV_CORE_VERSION_H
#define FSDEV_CORE_VERSION_H

#define VIRTFS_VERSION "0.5.0"

#endif
