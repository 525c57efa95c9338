/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The restrictions of virtfs-proxy-helper, in their order: see helper-start.h.
 *
 * What needs /proc, the user database or a privilege comes before the step that
 * takes it away.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/helper/helper-cred.h"
#include "fsdev/helper/helper-messages.h"
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/helper/helper-socket.h"
#include "fsdev/helper/helper-start.h"

static void must(int ret, const char *what)
{
    if (ret < 0) {
        helper_say("cannot %s: %s%s", what, strerror(-ret),
                   ret == -EPERM ? " (the helper must be started as root)"
                                 : "");
        exit(EXIT_FAILURE);
    }
}

/* Owned by the caller. */
static char *path_of_export(const HelperStart *start)
{
    char *path = realpath(start->path, NULL);

    if (!path || !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        helper_say("cannot export '%s': %s", start->path,
                   path ? "it is not a directory" : strerror(errno));
        exit(EXIT_FAILURE);
    }
    if (!strcmp(path, "/")) {
        helper_say("cannot export '/'; name a directory below it");
        exit(EXIT_FAILURE);
    }
    return path;
}

static FsExport *open_export(const HelperStart *start)
{
    FsConfig config = {
        .driver = &fs_local_driver, .path = (char *)"/",
        .model = FS_SM_PASSTHROUGH, .readonly = start->readonly,
        .nested_export = start->nested_export, .xattrs = start->xattrs,
        .users = start->users, .groups = start->groups,
        /* The numbers of objects are limited: PROXY_SERVER_MAX_IDS. */
        .max_fids = UINT32_MAX,
    };
    g_autoptr(GError) error = NULL;
    FsExport *export = fs_export_open(&config, &error);

    if (!export) {
        helper_say("cannot export '%s': %s", start->path, error->message);
        exit(EXIT_FAILURE);
    }
    return export;
}

FsExport *helper_start_locked(const HelperStart *start, bool *no_mounts)
{
    g_autofree char *path = path_of_export(start);
    FsExport *export;

    /* New files get the modes that the guest requests. */
    umask(0);
    helper_cred_init();
    must(helper_sandbox_limits(), "set limits");
    must(helper_sandbox_mounts(path, start->readonly, no_mounts),
         "restrict mounts");
    helper_sandbox_features(start->allow_suid);
    export = open_export(start);
    must(helper_sandbox_capabilities(start->allow_devices, start->xattrs),
         "drop capabilities");
    return export;
}

void helper_start_connected(void)
{
    must(helper_sandbox_landlock(), "set up Landlock");
    must(helper_messages_begin(), "start a process for messages");
}

void helper_start_filter(const HelperStart *start)
{
    must(helper_sandbox_filter(start->allow_suid), "filter system calls");
}
