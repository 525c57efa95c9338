/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration of a machine without firmware: BARs and capabilities.
 * Only for set-up; every access is a qtest command.
 */
#ifndef BENCH_PCI_H
#define BENCH_PCI_H

#include "qtest.h"

typedef struct PciDevice {
    Qtest *qtest;       /* borrowed */
    uint8_t slot;       /* device number on bus 0 */
    uint64_t bar[6];    /* guest address of each memory BAR, 0: none */
} PciDevice;

uint32_t pci_read(PciDevice *d, unsigned bytes, unsigned offset);
void pci_write(PciDevice *d, unsigned bytes, unsigned offset, uint32_t value);

/*
 * Gives each memory BAR of the device in @slot an address, from *@next on,
 * which is moved past them, and switches memory and bus mastering on.
 */
void pci_init(PciDevice *d, Qtest *q, unsigned slot, uint64_t *next);

/*
 * Offset of the next capability @id after offset @after (0: the first one);
 * 0 when there is none.
 */
unsigned pci_capability(PciDevice *d, uint8_t id, unsigned after);

#endif
