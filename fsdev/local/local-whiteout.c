/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local driver: whiteouts, which an overlayfs of the guest leaves in its
 * upper directory in place of an object that was removed (Linux,
 * Documentation/filesystems/overlayfs.rst).
 *
 * A whiteout is a character device 0:0, and an overlay that lists a directory
 * recognizes it by the type of the entry.  In a share with a mapped model it is
 * a regular file, and finding the type of each regular file takes system calls.
 * Therefore a directory is marked permanently when a whiteout is made in it
 * (CredValues.whiteouts), and only the entries of marked directories are
 * examined.  Where the mark cannot be set, entries are returned without a type,
 * as in all other directories.
 * Called by the other local-*.c, from any thread that may block.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/local/local-int.h"

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

int local_whiteout_mark(const FsCall *call, LocalExport *export, Name *dir)
{
    const CredValues mark = { .whiteouts = true };
    LOCAL_OBJECT obj = { 0 };
    CredValues values;
    int ret;

    g_atomic_int_set(&export->whiteouts, 1);
    ret = local_object_get(call, dir, NULL, LOCAL_WRITE, &obj);
    if (ret == 0) {
        ret = load(call, export, &obj, &values);
    }
    if (ret == 0 && !values.whiteouts &&
        local_object_nameless(export, &obj) == 0) {
        ret = export->policy->store(&obj.cred, &mark, NULL);
    }
    return fs_call_refused(call, ret) ? ret : 0;
}

int local_whiteouts_in(const FsCall *call, Name *dir, LocalFile *file)
{
    LocalExport *export = local_export_of(dir);
    LOCAL_OBJECT obj = { 0 };
    CredValues values;
    int ret;

    if (!export->policy->fake_special) {
        return 0;
    }
    ret = local_object_get(call, dir, file, LOCAL_READ, &obj);
    if (ret == 0) {
        ret = load(call, export, &obj, &values);
    }
    if (ret == 0) {
        return values.whiteouts && local_object_nameless(export, &obj) == 0;
    }
    return fs_call_refused(call, ret) ? ret : 0;
}

static bool is_empty_file(const HostStat *st)
{
    return S_ISREG(st->mode) && st->size == 0;
}

/* What the guest sees of the regular file @component. */
static int look(const FsCall *call, LocalExport *export, int dirfd,
                const char *component, FsAttr *attr)
{
    HOST_FD fd = host_lookup(dirfd, component, HOST_NO_XDEV);
    CredObject cred = {
        .fd = fd, .fd_is_path = true, .dirfd = dirfd, .name = component,
        .brief = !fs_call_may_block(call), .host_type = S_IFREG,
    };
    CredValues values;
    HostStat st;
    int ret = fd < 0 ? fd : host_stat(fd, &st);

    if (ret == 0 && !is_empty_file(&st)) {
        ret = -ENOENT;
    }
    if (ret == 0) {
        local_attr_from_host(attr, &st);
        ret = local_cred_load(call, export, &cred, &st, attr, &values);
    }
    if (ret == 0) {
        cred_overlay(attr, &values);
    }
    return ret;
}

static int look_locked(const FsCall *call, LocalExport *export, Name *dir,
                       int dirfd, const char *component, FsAttr *attr)
{
    LOCAL_LOCK lock = { 0 };
    int ret = local_lock(call, export, local_is_far(export, dir), false, &lock);

    return ret < 0 ? ret : look(call, export, dirfd, component, attr);
}

int local_whiteout_follow(const FsCall *call, LocalExport *export, Name *dir,
                          int dirfd, const char *component, Name *newdir)
{
    FsAttr attr;
    int ret;

    if (!g_atomic_int_get(&export->whiteouts)) {
        return 0;
    }
    ret = look_locked(call, export, dir, dirfd, component, &attr);
    if (ret == 0 && local_is_whiteout(export, attr.mode, attr.rdev)) {
        ret = local_whiteout_mark(call, export, newdir);
    }
    return fs_call_refused(call, ret) ? ret : 0;
}

uint8_t local_whiteout_type(const FsCall *call, LocalExport *export, Name *dir,
                            int dirfd, const char *component)
{
    HostStat st;
    FsAttr attr;

    /* Most files are not whiteouts, as one call shows. */
    if (host_stat_at(dirfd, component, &st) < 0 || !is_empty_file(&st) ||
        look_locked(call, export, dir, dirfd, component, &attr) < 0) {
        return DT_UNKNOWN;
    }
    return IFTODT(attr.mode);
}
