/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration of a machine without firmware: BARs and capabilities.
 * Only for the set-up; every access is a qtest command.
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
 * Assigns an address to each memory BAR of the device in @slot, starting at
 * *@next, moves *@next past them, and enables memory access and bus mastering.
 */
void pci_init(PciDevice *d, Qtest *q, unsigned slot, uint64_t *next);

/*
 * The offset of the next capability @id after offset @after (0: from the
 * start); 0 if there is none.
 */
unsigned pci_capability(PciDevice *d, uint8_t id, unsigned after);

#endif
