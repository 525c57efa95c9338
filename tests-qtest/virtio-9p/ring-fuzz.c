/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random requests, chains, rings, register writes, stops, resets and unplugs of
 * a device in an unmodified emulator.
 *
 * A generator that starts from a fixed seed decides what is done; timing adds
 * to that, as the thread of the device works meanwhile.  After each round the
 * device must serve again, and a file beside the export must be as it was.
 * P9_FUZZ_SEED and P9_FUZZ_SECONDS choose another seed and a longer run; a test
 * that fails prints its seed.
 */
#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "ring-client.h"

enum {
    ACTIONS = 40,               /* at most, in a round */
    MESSAGE_MAX = 2048,
    SECONDS = 3,
    UNPLUG_EVERY = 8,           /* rounds */
};

typedef struct Fuzz {
    RingVm *vm;
    RingDev *d;
    uint64_t first_port;        /* of libqos, before the device was mapped */
    uint64_t first_address;
    uint64_t state;             /* of the generator */
    GPtrArray *reqs;            /* of RingReq, of this round */
    uint8_t message[MESSAGE_MAX];
    unsigned len;
} Fuzz;

/* xorshift64*, so that a seed means the same on each host */
static uint32_t draw(Fuzz *f)
{
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return (f->state * 0x2545f4914f6cdd1dull) >> 32;
}

static unsigned below(Fuzz *f, unsigned n)
{
    return draw(f) % n;
}

static bool one_in(Fuzz *f, unsigned n)
{
    return below(f, n) == 0;
}

/* ---- messages ---- */

/* The fields of each request: f a fid, d data, s a string, else bytes. */
static const struct {
    uint8_t type;
    const char *fields;
} messages[] = {
    { 8, "f" }, { 12, "f4" }, { 14, "fs444" }, { 16, "fss4" }, { 18, "fs4444" },
    { 20, "ffs" }, { 22, "f" }, { 24, "f8" }, { 26, "f4444888888" },
    { 30, "ffs" }, { 32, "fs84" }, { 40, "f84" }, { 50, "f4" },
    { 52, "f148884s" }, { 54, "f18884s" }, { 70, "ffs" }, { 72, "fs44" },
    { 74, "fsfs" }, { 76, "fs4" }, { 100, "4s" }, { 104, "ffss4" },
    { 108, "2" }, { 110, "ff2ss" }, { 112, "f1" }, { 114, "fs41s" },
    { 116, "f84" }, { 118, "f8d" }, { 120, "f" }, { 122, "f" }, { 124, "f" },
    { 126, "f2222" },
};

static void put(Fuzz *f, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes && f->len < MESSAGE_MAX; i++) {
        f->message[f->len++] = value >> 8 * i;
    }
}

static uint64_t number(Fuzz *f)
{
    static const uint64_t corners[] = {
        0xffffffff, 0x80000000, 0x7fffffff, UINT64_MAX, INT64_MAX, 4096, 65536,
        0xfffffff4,
    };

    return one_in(f, 4) ? corners[below(f, ARRAY_SIZE(corners))]
                        : below(f, 64);
}

static void put_field(Fuzz *f, char field)
{
    static const char *const strings[] = {
        "a", "b", "c", "d", "..", ".", "", "a/b", "user.x", "9P2000.L",
        "9P2000.u", "../secret",
    };
    const char *s = strings[below(f, ARRAY_SIZE(strings))];
    unsigned n;

    switch (field) {
    case 'f':
        put(f, one_in(f, 16) ? UINT32_MAX : below(f, 6), 4);
        break;
    case 's':
        put(f, strlen(s), 2);
        for (; *s; s++) {
            put(f, *s, 1);
        }
        break;
    case 'd':
        n = below(f, 512);
        put(f, n, 4);
        while (n--) {
            put(f, 'd', 1);
        }
        break;
    default:
        put(f, number(f), field - '0');
    }
}

static void make_message(Fuzz *f)
{
    unsigned row = below(f, ARRAY_SIZE(messages));
    const char *fields = messages[row].fields;

    f->len = 4;
    put(f, messages[row].type, 1);
    put(f, below(f, 8), 2);
    for (; *fields; fields++) {
        put_field(f, *fields);
    }
    for (unsigned i = 0; i < 4; i++) {
        f->message[i] = f->len >> 8 * i;
    }
    if (one_in(f, 8)) {
        f->message[below(f, f->len)] = draw(f);
    }
}

/* ---- chains and rings ---- */

static uint64_t odd_address(Fuzz *f)
{
    static const uint64_t addresses[] = {
        0, 0xa0000, 0xc0000, 0xfee00000, 0xfffffff0, 0xfffffffffffff000, 0x1000,
        1ull << 40,
    };

    return addresses[below(f, ARRAY_SIZE(addresses))];
}

static void add_out(Fuzz *f, RingReq *r)
{
    unsigned at = 0;

    while (at < f->len) {
        unsigned n = one_in(f, 3) ? 1 + below(f, f->len - at) : f->len - at;

        ring_req_out(r, f->message + at, n);
        at += n;
    }
}

static void send_chain(Fuzz *f)
{
    bool indirect = one_in(f, 3);
    RingReq *r;

    if (f->d->nfree < 40) {
        return;
    }
    r = ring_req_new(f->d);
    make_message(f);
    add_out(f, r);
    if (one_in(f, 12)) {
        ring_req_raw(r, odd_address(f), draw(f) >> below(f, 32), one_in(f, 2));
    }
    for (unsigned n = below(f, 3); n; n--) {
        ring_req_in(r, one_in(f, 4) ? below(f, 32) : 4096);
    }
    if (r->segs->len == 0 || r->segs->len > 32) {
        ring_req_free(r);
        return;
    }
    ring_req_queue(r, indirect);
    g_ptr_array_add(f->reqs, r);
    if (!one_in(f, 4)) {
        ring_kick(f->d);
    }
}

/* Bytes of the descriptors, the available or the used ring */
static void damage_ring(Fuzz *f)
{
    const QVirtQueue *vq = &f->d->queue.vq;
    const uint64_t starts[] = { vq->desc, vq->avail, vq->used };
    uint8_t bytes[16];

    for (unsigned i = 0; i < sizeof(bytes); i++) {
        bytes[i] = one_in(f, 2) ? below(f, 4) : draw(f);
    }
    qtest_memwrite(f->vm->qts, starts[below(f, 3)] + 2 * below(f, 64), bytes,
                   1 + below(f, sizeof(bytes)));
    f->d->vdev->bus->virtqueue_kick(f->d->vdev, &f->d->queue.vq);
}

/* ---- registers and the machine ---- */

static void write_register(Fuzz *f)
{
    QVirtioPCIDevice *pci = f->d->pci;
    unsigned offset = below(f, 64);
    uint32_t value = one_in(f, 2) ? below(f, 8) : draw(f);
    bool modern = f->d->features & (1ull << VIRTIO_F_VERSION_1);
    uint64_t base = modern ? pci->common_cfg_offset : 0;

    switch (below(f, 3)) {
    case 0:
        qpci_io_writeb(pci->pdev, pci->bar, base + offset, value);
        break;
    case 1:
        qpci_io_writew(pci->pdev, pci->bar, base + (offset & ~1u), value);
        break;
    default:
        qpci_io_writel(pci->pdev, pci->bar, base + (offset & ~3u), value);
    }
}

static void write_command(Fuzz *f)
{
    uint16_t was = qpci_config_readw(f->d->pci->pdev, PCI_COMMAND);

    qpci_config_writew(f->d->pci->pdev, PCI_COMMAND, was ^ PCI_COMMAND_MASTER);
}

static void stop_and_continue(Fuzz *f)
{
    qtest_qmp_assert_success(f->vm->qts, "{'execute': 'stop'}");
    if (one_in(f, 2)) {
        send_chain(f);
    }
    qtest_qmp_assert_success(f->vm->qts, "{'execute': 'cont'}");
}

static void act(Fuzz *f)
{
    unsigned n = below(f, 100);

    if (n < 75) {
        send_chain(f);
    } else if (n < 82) {
        damage_ring(f);
    } else if (n < 92) {
        write_register(f);
    } else if (n < 94) {
        write_command(f);
    } else if (n < 96) {
        stop_and_continue(f);
    } else {
        ring_kick(f->d);
    }
}

/* ---- rounds ---- */

/*
 * The device is the only one, so its addresses are free when it is mapped
 * again; libqos would give it further ones, until there are none.
 */
static void reuse_addresses(Fuzz *f)
{
    f->vm->pci->pio_alloc_ptr = f->first_port;
    f->vm->pci->mmio_alloc_ptr = f->first_address;
}

static void plug(Fuzz *f)
{
    reuse_addresses(f);
    f->d = ring_dev_plug(f->vm);
}

static void forget_requests(Fuzz *f)
{
    for (guint i = 0; i < f->reqs->len; i++) {
        ring_req_free(f->reqs->pdata[i]);
    }
    g_ptr_array_set_size(f->reqs, 0);
}

/* Reset it, or plug another one, which must serve. */
static void end_round(Fuzz *f, unsigned round)
{
    if (round % UNPLUG_EVERY == UNPLUG_EVERY - 1) {
        qpci_unplug_acpi_device_test(f->vm->qts, "hot", RING_SLOT);
        forget_requests(f);
        ring_dev_close(f->d);
        plug(f);
    } else {
        ring_dev_reset(f->d);
        reuse_addresses(f);
        qvirtio_pci_device_enable(f->d->pci);
        forget_requests(f);
    }
    ring_dev_start(f->d);
    ring_mount(f->d);
    ring_twalk(f->d, .fid = 0, .newfid = 1, .names = { "stays" });
    ring_tclunk(f->d, .fid = 1);
}

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *value = g_getenv(name);

    return value ? g_ascii_strtoull(value, NULL, 0) : otherwise;
}

typedef struct Variant {
    const char *name;
    const char *option;
} Variant;

static void check_outside(const char *secret)
{
    g_autofree char *now = ring_host_get("secret", NULL);

    ring_check_str("the file beside the export", now, secret);
}

static void run_variant(const void *opaque)
{
    const Variant *variant = opaque;
    unsigned seconds = from_environment("P9_FUZZ_SECONDS", SECONDS);
    unsigned seed = from_environment("P9_FUZZ_SEED",
                                     g_str_hash(variant->name));
    int64_t end = ring_now() + seconds * 1000000ll;
    Fuzz f = { .state = seed | 1ull << 40 };
    unsigned round = 0;

    ring_host_put("secret", "secret", 6);
    ring_host_mkdir("share");
    ring_host_put("share/a", "a", 1);
    ring_host_put("share/stays", "", 0);
    ring_host_mkdir("share/b");
    f.vm = ring_vm_new("-m 256 -object iothread,id=io0 -fsdev local,id=fs0,"
                       "path=%s/share,security_model=mapped-file %s",
                       ring_dir(), variant->option);
    f.reqs = g_ptr_array_new();
    f.first_port = f.vm->pci->pio_alloc_ptr;
    f.first_address = f.vm->pci->mmio_alloc_ptr;
    plug(&f);
    ring_dev_start(f.d);
    ring_mount(f.d);
    ring_note("seed %u", seed);
    for (; ring_now() < end; round++) {
        for (unsigned n = below(&f, ACTIONS); n; n--) {
            act(&f);
        }
        end_round(&f, round);
    }
    check_outside("secret");
    ring_note("%u rounds", round);
    g_ptr_array_free(f.reqs, TRUE);
}

static const Variant variants[] = {
    { "own-thread", "" },
    { "main-loop", "-global virtio-9p-pci.own-thread=off" },
    { "iothread", "-global virtio-9p-pci.iothread=io0" },
    { "packed", "-global virtio-9p-pci.packed=on" },
    { "legacy", "-global virtio-9p-pci.disable-modern=on" },
};

void ring_register_fuzz_tests(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
        g_autofree char *path = g_strdup_printf("fuzz/%s", variants[i].name);

        ring_add_arg(path, run_variant, &variants[i]);
    }
}
