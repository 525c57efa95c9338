# SPDX-License-Identifier: GPL-2.0-or-later
#
# vl: leave the translation of -virtfs to fsdev
#
# vl.c copies a fixed list of options from -virtfs to the fsdev and thereby loses fmode, dmode and throttling.
# Hand the parsed entry to qemu_fsdev_from_virtfs() at once, so that the device keeps its place among the other
# -device options. That consumes the entry: those that are left afterwards come from -readconfig.
#
# file: system/vl.c
# once: ^            case QEMU_OPTION_virtfs: {$
# once: ^                QemuOpts \*fsdev;$
# once: ^                if (qemu_opt_get(opts, "fsdriver") == NULL ||$
# once: qemu_opts_create(qemu_find_opts("fsdev"),$

/^            case QEMU_OPTION_virtfs: {$/,/^            }$/{
    s/: {$/:/
    /^                QemuOpts \*fsdev;$/,/^$/{
        /^$/i\
#ifdef CONFIG_VIRTFS\
                if (qemu_fsdev_print_help(optarg)) {\
                    exit(0);\
                }\
#endif
        d
    }
    /^                if (qemu_opt_get(opts, "fsdriver") == NULL ||$/,/^                break;$/{
        /^                break;$/!d
        i\
#ifdef CONFIG_VIRTFS\
                qemu_fsdev_from_virtfs(opts, &error_fatal);\
#endif
    }
    /^            }$/d
}
