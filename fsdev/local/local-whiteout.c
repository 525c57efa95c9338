/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: whiteouts, what an overlayfs of the guest leaves in its
 * upper directory in place of something removed (Linux,
 * Documentation/filesystems/overlayfs.rst).
 *
 * A whiteout is a character device 0:0, and an overlay that lists a directory
 * knows it by the type of the entry alone.  In a mapped share it is a regular
 * file, and the type of each costs calls.  So a directory that was given a
 * whiteout through us is marked for good (CredValues.whiteouts), and only where
 * there is a mark are entries looked at.  The mark is a help and no more:
 * where it cannot be set, entries come without a type, as elsewhere.
 * Called by the other local-*.c, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local.h"

bool local_is_whiteout(const LocalExport *export, uint32_t mode,
                       uint64_t rdev)
{
    return export->policy->fake_special && S_ISCHR(mode) && rdev == 0;
}

/* What is stored for the directory @obj. */
static int load(const FsCall *call, LocalExport *export, LocalObject *obj,
                CredValues *values)
{
    FsAttr attr;
    int ret = obj->cred.nameless ? -ENOENT : 0;

    if (ret == 0 && !obj->has_st) {
        ret = host_stat(obj->cred.fd, &obj->st);
    }
    if (ret < 0) {
        return ret;
    }
    local_attr_from_host(&attr, &obj->st);
    return local_cred_load(call, export, &obj->cred, &obj->st, &attr, values);
}

void local_whiteout_mark(const FsCall *call, LocalExport *export, Name *dir)
{
    const CredValues mark = { .whiteouts = true };
    LOCAL_OBJECT obj = { 0 };
    CredValues values;

    g_atomic_int_set(&export->whiteouts, 1);
    if (local_object_get(call, dir, NULL, &obj) == 0 &&
        load(call, export, &obj, &values) == 0 && !values.whiteouts) {
        export->policy->store(&obj.cred, &mark);
    }
}

bool local_whiteouts_in(const FsCall *call, Name *dir, LocalFile *file)
{
    LocalExport *export = local_export_of(dir);
    LOCAL_LOCK lock = { 0 };
    LOCAL_OBJECT obj = { 0 };
    CredValues values;

    if (!export->policy->fake_special) {
        return false;
    }
    lock = local_lock(export, false);
    return local_object_get(call, dir, file, &obj) == 0 &&
           load(call, export, &obj, &values) == 0 && values.whiteouts;
}

/* As the guest sees the regular file @component, which may be a whiteout. */
static int look(const FsCall *call, LocalExport *export, int dirfd,
                const char *component, FsAttr *attr)
{
    HOST_FD fd = -1;
    CredObject cred = {
        .fd_is_path = true, .dirfd = dirfd, .name = component,
        .host_type = S_IFREG,
    };
    CredValues values;
    HostStat st;
    int ret = host_stat_at(dirfd, component, &st);

    if (ret == 0 && (!S_ISREG(st.mode) || st.size > 0)) {
        ret = -ENOENT;
    }
    if (ret == 0) {
        ret = fd = host_lookup(dirfd, component, HOST_NO_XDEV);
    }
    if (ret >= 0) {
        ret = host_stat(fd, &st);
    }
    if (ret == 0) {
        cred.fd = fd;
        local_attr_from_host(attr, &st);
        ret = local_cred_load(call, export, &cred, &st, attr, &values);
    }
    if (ret == 0) {
        cred_overlay(attr, &values);
    }
    return ret;
}

void local_whiteout_follow(const FsCall *call, LocalExport *export, int dirfd,
                           const char *component, Name *newdir)
{
    FsAttr attr;

    if (g_atomic_int_get(&export->whiteouts) &&
        look(call, export, dirfd, component, &attr) == 0 &&
        local_is_whiteout(export, attr.mode, attr.rdev)) {
        local_whiteout_mark(call, export, newdir);
    }
}

uint8_t local_whiteout_type(const FsCall *call, LocalExport *export, int dirfd,
                            const char *component)
{
    LOCAL_LOCK lock = local_lock(export, false);
    FsAttr attr;

    return look(call, export, dirfd, component, &attr) == 0 ? IFTODT(attr.mode)
                                                            : DT_UNKNOWN;
}
