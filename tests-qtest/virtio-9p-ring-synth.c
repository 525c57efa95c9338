/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 9P2000.L on the synth driver: each message it can serve, once.
 *
 * The synth tree under the qtest accelerator has WALK0/…/WALK15, LOPEN,
 * WRITE, FLUSH, ReadDirDir with 100 files and stat/xattr_count.  What the
 * driver cannot do must be refused with a defined error.
 */
#include "qemu/osdep.h"
#include "virtio-9p-ring-client.h"

static void version_is_agreed(void)
{
    RingDev *d = ring_synth();
    RingRversion v = ring_tversion(d, .msize = 16384);

    ring_check_str("Rversion version", v.version, "9P2000.L");
    ring_check_int("Rversion msize", v.msize, 16384);
}

static void attach_gives_directory_qid(void)
{
    RingDev *d = ring_synth();
    RingQid qid = ring_tattach(d, .fid = 7);

    ring_check_int("qid type of the root", qid.type, RING_QTDIR);
}

void ring_register_synth_tests(void)
{
    ring_add("synth/version-is-agreed", version_is_agreed);
    ring_add("synth/attach-gives-directory-qid", attach_gives_directory_qid);
}
