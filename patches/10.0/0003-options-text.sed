# SPDX-License-Identifier: GPL-2.0-or-later
#
# qemu-options.hx: describe -fsdev and -virtfs as they are now
#
# The text comes from the two files beside this one.
#
# file: qemu-options.hx
# once: ^DEF("fsdev", HAS_ARG, QEMU_OPTION_fsdev,$
# once: ^DEF("virtfs", HAS_ARG, QEMU_OPTION_virtfs,$

/^DEF("fsdev", /,/^ERST$/{
    /^ERST$/r options-fsdev.hx
    d
}
/^DEF("virtfs", /,/^ERST$/{
    /^ERST$/r options-virtfs.hx
    d
}
