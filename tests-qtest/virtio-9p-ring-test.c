/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-9p through its request ring: the entry point of the test program.
 *
 * Unlike QEMU's own qgraph test, which works at the level of messages, this one
 * builds descriptor chains of any shape and malformed messages, and examines
 * the used ring, the device status and the host directory.  Each file registers
 * its own tests.  They use the pc and microvm machines of x86_64.
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "virtio-9p/ring-harness.h"

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ring_register_device_tests();
    ring_register_plug_tests();
    ring_register_options_tests();
    ring_register_virtfs_tests();
    ring_register_synth_tests();
    ring_register_local_tests();
    ring_register_proxy_tests();
    ring_register_names_tests();
    ring_register_chain_tests();
    ring_register_flush_tests();
    ring_register_load_tests();
    ring_register_lock_tests();
    ring_register_loop_tests();
    ring_register_migrate_tests();
    ring_register_session_tests();
    ring_register_state_tests();
    ring_register_hang_tests();
    ring_register_limits_tests();
    ring_register_readonly_tests();
    ring_register_fsdev_tests();
    ring_register_query_tests();
    ring_register_resources_tests();
    ring_register_registers_tests();
    ring_register_fuzz_tests();
    ring_register_attack_tests();
    return g_test_run();
}
