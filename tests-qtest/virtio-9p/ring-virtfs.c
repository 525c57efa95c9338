/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -virtfs and -readconfig have the same effect as -fsdev and -device.
 *
 * The device that -virtfs makes is found on the bus and used, to check that
 * each option takes effect.
 */
#include "qemu/osdep.h"
#include "ring-client.h"

static RingDev *start_only_device(RingVm *vm)
{
    RingDev *d = ring_dev_find(vm);

    ring_dev_start(d);
    ring_mount(d);
    return d;
}

static RingDev *virtfs(const char *options)
{
    return start_only_device(ring_vm_new("-virtfs local,path='%s',%s",
                                         ring_dir(), options));
}

static void check_tag(RingDev *d, const char *tag)
{
    ring_check_int("tag length", qvirtio_config_readw(d->vdev, 0),
                   strlen(tag));
    for (size_t i = 0; tag[i]; i++) {
        ring_check_int("byte of the tag", qvirtio_config_readb(d->vdev,
                       2 + i), tag[i]);
    }
}

static void mount_tag_makes_a_device(void)
{
    RingDev *d = virtfs("mount_tag=v_tmp,security_model=passthrough");

    ring_host_put("f", "x", 1);
    check_tag(d, "v_tmp");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
}

static void mnt_tag_is_the_same(void)
{
    RingDev *d = virtfs("security_model=passthrough,mnt_tag=v_tmp");

    check_tag(d, "v_tmp");
}

static void create_file_and_directory(RingDev *d)
{
    ring_twalk(d, .fid = 0, .newfid = 1);
    ring_tlcreate(d, .fid = 1, .name = "file", .flags = RING_O_RDWR,
                  .mode = 0777);
    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0777);
}

static void fmode_and_dmode_arrive(void)
{
    RingDev *d = virtfs("mount_tag=t,security_model=mapped-xattr,"
                        "fmode=0640,dmode=0751");

    create_file_and_directory(d);
    ring_check_int("mode of a file on the host",
                   ring_host_stat("file").st_mode & 07777, 0640);
    ring_check_int("mode of a directory on the host",
                   ring_host_stat("dir").st_mode & 07777, 0751);
}

static void fmode_and_dmode_have_defaults(void)
{
    RingDev *d = virtfs("mount_tag=t,security_model=mapped-xattr");

    create_file_and_directory(d);
    ring_check_int("mode of a file on the host",
                   ring_host_stat("file").st_mode & 07777, 0600);
    ring_check_int("mode of a directory on the host",
                   ring_host_stat("dir").st_mode & 07777, 0700);
}

static void throttling_arrives(void)
{
    RingDev *d;
    int64_t start;

    ring_host_put("f", "content", 7);
    d = virtfs("mount_tag=t,security_model=none,throttling.iops-total=2");
    d->vm->step_clock = true;
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "f" });
    ring_tlopen(d, .fid = 1, .flags = RING_O_RDONLY);
    start = ring_now();
    for (int i = 0; i < 4; i++) {
        ring_tread(d, .fid = 1, .count = 7);
    }
    ring_check(ring_now() - start > 700 * 1000, "4 reads at 2 a second: "
               "expected more than 0.7 s, took %" PRId64 " ms",
               (ring_now() - start) / 1000);
}

static void readonly_arrives(void)
{
    RingDev *d = virtfs("mount_tag=t,security_model=none,readonly=on");

    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0755, .err = EROFS);
}

static void max_xattr_arrives(void)
{
    RingDev *d = virtfs("mount_tag=t,security_model=none,max_xattr=1");

    ring_txattrwalk(d, .fid = 0, .newfid = 1, .name = "");
    ring_txattrwalk(d, .fid = 0, .newfid = 2, .name = "", .err = ENOSPC);
}

static void id_may_differ_from_the_tag(void)
{
    RingVm *vm = ring_vm_new("-virtfs local,path='%s',security_model=none,"
                             "id=myfs,mount_tag=t -device virtio-9p-pci,"
                             "fsdev=myfs,mount_tag=second,addr=9,"
                             "disable-legacy=on", ring_dir());
    RingDev *second = ring_dev_open(vm, 9);

    check_tag(start_only_device(vm), "t");
    ring_dev_start(second);
    check_tag(second, "second");
}

static RingVm *vm_with_config(const char *config)
{
    g_autofree char *path = ring_host_path("qemu.cfg");

    ring_host_put("qemu.cfg", config, strlen(config));
    return ring_vm_new("-readconfig '%s'", path);
}

static void readconfig_virtfs_section(void)
{
    g_autofree char *config = g_strdup_printf("[virtfs \"v0\"]\n"
        "  fsdriver = \"local\"\n  path = \"%s\"\n"
        "  security_model = \"mapped-xattr\"\n  fmode = \"0644\"\n"
        "  mount_tag = \"cfg\"\n", ring_dir());
    RingDev *d = start_only_device(vm_with_config(config));

    check_tag(d, "cfg");
    create_file_and_directory(d);
    ring_check_int("mode of a file on the host",
                   ring_host_stat("file").st_mode & 07777, 0644);
}

static void readconfig_virtfs_section_is_checked(void)
{
    g_autofree char *config = g_strdup_printf("[virtfs \"v0\"]\n"
        "  fsdriver = \"local\"\n  path = \"%s\"\n"
        "  security_model = \"none\"\n  readonly = \"on\"\n"
        "  mount_tag = \"cfg\"\n", ring_dir());
    RingDev *d = start_only_device(vm_with_config(config));

    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0755, .err = EROFS);
}

static void readconfig_fsdev_and_device_sections(void)
{
    g_autofree char *config = g_strdup_printf("[fsdev \"f0\"]\n"
        "  fsdriver = \"local\"\n  path = \"%s\"\n"
        "  security_model = \"none\"\n[device \"d0\"]\n"
        "  driver = \"virtio-9p-pci\"\n  fsdev = \"f0\"\n"
        "  mount_tag = \"cfg\"\n", ring_dir());
    RingDev *d = start_only_device(vm_with_config(config));

    check_tag(d, "cfg");
    ring_twalk(d, .fid = 0, .newfid = 1, .names = { "qemu.cfg" });
}

static void set_changes_an_fsdev_option(void)
{
    RingDev *d = start_only_device(
        ring_vm_new("-fsdev local,id=f0,path='%s',security_model=none "
                    "-set fsdev.f0.readonly=on -device virtio-9p-pci,"
                    "fsdev=f0,mount_tag=t", ring_dir()));

    ring_tmkdir(d, .fid = 0, .name = "dir", .mode = 0755, .err = EROFS);
}

void ring_register_virtfs_tests(void)
{
#define ADD(name, fn) ring_add("virtfs/" name, fn)
    ADD("mount-tag-makes-a-device", mount_tag_makes_a_device);
    ADD("mnt-tag-is-the-same", mnt_tag_is_the_same);
    ADD("fmode-and-dmode-arrive", fmode_and_dmode_arrive);
    ADD("fmode-and-dmode-have-defaults", fmode_and_dmode_have_defaults);
    ADD("throttling-arrives", throttling_arrives);
    ADD("readonly-arrives", readonly_arrives);
    ADD("max-xattr-arrives", max_xattr_arrives);
    ADD("id-may-differ-from-the-tag", id_may_differ_from_the_tag);
    ADD("readconfig-virtfs-section", readconfig_virtfs_section);
    ADD("readconfig-virtfs-section-is-checked",
        readconfig_virtfs_section_is_checked);
    ADD("readconfig-fsdev-and-device-sections",
        readconfig_fsdev_and_device_sections);
    ADD("set-changes-an-fsdev-option", set_changes_an_fsdev_option);
#undef ADD
}
