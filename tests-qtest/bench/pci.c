/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space through the ports 0xcf8 and 0xcfc of a PC.
 * Single thread; called while a machine is set up, by virtio.c.
 */
#include <linux/pci_regs.h>
#include "pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

static uint32_t read_dword(PciDevice *d, unsigned offset)
{
    qtest_outl(d->qtest, CONFIG_ADDRESS,
               0x80000000u | d->slot << 11 | (offset & ~3u));
    return qtest_inl(d->qtest, CONFIG_DATA);
}

static uint32_t mask_of(unsigned bytes)
{
    return bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1;
}

uint32_t pci_read(PciDevice *d, unsigned bytes, unsigned offset)
{
    return read_dword(d, offset) >> 8 * (offset & 3) & mask_of(bytes);
}

void pci_write(PciDevice *d, unsigned bytes, unsigned offset, uint32_t value)
{
    unsigned shift = 8 * (offset & 3);
    uint32_t old = bytes == 4 ? 0 : read_dword(d, offset);
    uint32_t mask = mask_of(bytes) << shift;

    /*
     * The other half of the dword is the status register, whose bits are
     * cleared by writing 1.
     */
    if (offset == PCI_COMMAND) {
        old = 0;
    }
    qtest_outl(d->qtest, CONFIG_ADDRESS,
               0x80000000u | d->slot << 11 | (offset & ~3u));
    qtest_outl(d->qtest, CONFIG_DATA, (old & ~mask) | (value << shift & mask));
}

/* Returns the number of registers that BAR @i uses. */
static unsigned place_bar(PciDevice *d, unsigned i, uint64_t *next)
{
    unsigned offset = PCI_BASE_ADDRESS_0 + 4 * i;
    uint32_t old = pci_read(d, 4, offset);
    bool wide = (old & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
                PCI_BASE_ADDRESS_MEM_TYPE_64;
    uint32_t size;

    if (old & PCI_BASE_ADDRESS_SPACE_IO) {
        return 1;
    }
    pci_write(d, 4, offset, UINT32_MAX);
    size = pci_read(d, 4, offset) & PCI_BASE_ADDRESS_MEM_MASK;
    if (size) {
        size = -size;
        *next = (*next + size - 1) & ~(uint64_t)(size - 1);
        d->bar[i] = *next;
        *next += size;
        pci_write(d, 4, offset, d->bar[i]);
        if (wide) {
            pci_write(d, 4, offset + 4, 0);
        }
    }
    return wide ? 2 : 1;
}

void pci_init(PciDevice *d, Qtest *q, unsigned slot, uint64_t *next)
{
    unsigned i = 0;

    *d = (PciDevice) { .qtest = q, .slot = slot };
    if (pci_read(d, 2, PCI_VENDOR_ID) == 0xffff) {
        die("no PCI device in slot %u", slot);
    }
    while (i < 6) {
        i += place_bar(d, i, next);
    }
    pci_write(d, 2, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

unsigned pci_capability(PciDevice *d, uint8_t id, unsigned after)
{
    unsigned at = pci_read(d, 1, after ? after + PCI_CAP_LIST_NEXT
                                       : PCI_CAPABILITY_LIST);

    while (at && pci_read(d, 1, at + PCI_CAP_LIST_ID) != id) {
        at = pci_read(d, 1, at + PCI_CAP_LIST_NEXT);
    }
    return at;
}
