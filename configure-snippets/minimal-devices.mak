# SPDX-License-Identifier: GPL-2.0-or-later
#
# The devices of an emulator that is built for tests alone (MINIMAL=1): the machines pc and microvm, and virtio-9p.

CONFIG_I440FX=y
CONFIG_MICROVM=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_9P=y

# QEMU 10.2 does not link without CXL, which is derived from PCIe ports.
CONFIG_PCIE_PORT=y
CONFIG_PXB=y
CONFIG_CXL=y
CONFIG_CXL_MEM_DEVICE=y
