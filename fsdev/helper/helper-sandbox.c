/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox of virtfs-proxy-helper: see helper-sandbox.h.
 *
 * The helper runs as root and performs requests of QEMU, which performs those
 * of a guest.  An attacker who takes over the helper gains no more than the
 * export as the only file system, the capabilities for changing files, and the
 * system calls that serving makes.
 */
#include "fsdev/core/p9-osdep.h"
#include <cap-ng.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/host/host-call.h"
#include "fsdev/host/host-fs.h"
#include "fsdev/host/host.h"

/* Upper limit of descriptors; most of them are path fds of objects. */
#define MAX_FDS 65536

/* ---- file systems ----------------------------------------------------- */

#ifdef SYS_mount_setattr
/* Kernel ABI of mount_setattr(2), 5.12. */
typedef struct MountAttr {
    uint64_t set;
    uint64_t clear;
    uint64_t propagation;
    uint64_t userns_fd;
} MountAttr;

enum {
    ATTR_RDONLY = 0x01,
    ATTR_NOSUID = 0x02,
    ATTR_NODEV = 0x04,
    ATTR_NOEXEC = 0x08,
    AT_ALL_BELOW = 0x8000,      /* AT_RECURSIVE */
};

static int restrict_mounts(bool readonly)
{
    MountAttr attr = {
        .set = ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC |
               (readonly ? ATTR_RDONLY : 0),
    };

    return syscall(SYS_mount_setattr, AT_FDCWD, ".", AT_ALL_BELOW, &attr,
                   sizeof(attr)) < 0 ? -errno : 0;
}
#else
static int restrict_mounts(bool readonly)
{
    return -ENOSYS;
}
#endif

/* For kernels before 5.12, which can only change the flags of one mount. */
static int restrict_one_mount(bool readonly)
{
    unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV |
                          MS_NOEXEC | (readonly ? MS_RDONLY : 0);

    return mount(NULL, ".", NULL, flags, NULL) < 0 ? -errno : 0;
}

/*
 * On a kernel that cannot restrict the mounts below @path, they are left out of
 * the bind mount.
 */
static int bind_export(const char *path, bool readonly)
{
    int ret;

    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0 ||
        chdir(path) < 0) {
        return -errno;
    }
    ret = restrict_mounts(readonly);
    if (ret != -ENOSYS) {
        return ret;
    }
    if (chdir("/") < 0 || umount2(path, MNT_DETACH) < 0 ||
        mount(path, path, NULL, MS_BIND, NULL) < 0 || chdir(path) < 0) {
        return -errno;
    }
    return restrict_one_mount(readonly);
}

/* Whether anything is mounted below the bind mount, the working directory. */
static bool has_mounts(void)
{
    g_autofree char *text = NULL;
    HOST_FD fd = open(".", O_PATH | O_CLOEXEC);
    HostMounts *mounts;
    GHashTable *within;
    HostStat st;
    bool has;

    if (fd < 0 || host_stat(fd, &st) < 0 ||
        !g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL)) {
        return true;
    }
    mounts = host_mounts_parse(text);
    within = host_mounts_in(mounts, st.mnt_id);
    has = !within || g_hash_table_size(within) > 0;
    host_mounts_put(mounts);
    return has;
}

/*
 * From a descriptor of /proc/self/fd in the host's procfs, ".." would lead to
 * all processes and through their links "root" to all files of the host.  So
 * the descriptor that is kept belongs to a bind mount of that directory alone,
 * which is not attached anywhere any more.
 */
static int open_proc(void)
{
    const char *what;
    int ret;

    if (mount(PROC_FD_DIR, PROC_FD_DIR, NULL, MS_BIND, NULL) < 0) {
        return -errno;
    }
    ret = host_init(&what);
    host_forget_mounts();
    return umount2(PROC_FD_DIR, MNT_DETACH) < 0 ? -errno : ret;
}

int helper_sandbox_mounts(const char *path, bool readonly, bool *no_mounts)
{
    int ret;

    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        return -errno;
    }
    ret = open_proc();
    if (ret == 0) {
        ret = bind_export(path, readonly);
    }
    if (ret < 0) {
        return ret;
    }
    *no_mounts = !has_mounts();
    /* This stacks the old root on the new one, from where it is unmounted. */
    if (syscall(SYS_pivot_root, ".", ".") < 0 ||
        umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) {
        return -errno;
    }
    return 0;
}

/* ---- limits and capabilities ------------------------------------------ */

static int set_limit(int resource, rlim_t value)
{
    struct rlimit limit = { value, value };

    return setrlimit(resource, &limit) < 0 ? -errno : 0;
}

int helper_sandbox_limits(void)
{
    struct rlimit fds;
    int ret = set_limit(RLIMIT_CORE, 0);

    if (ret == 0) {
        ret = set_limit(RLIMIT_MEMLOCK, 0);
    }
    if (ret == 0) {
        ret = set_limit(RLIMIT_MSGQUEUE, 0);
    }
    if (ret == 0 && getrlimit(RLIMIT_NOFILE, &fds) < 0) {
        ret = -errno;
    }
    if (ret == 0) {
        /* Raise the soft limit as far as the hard limit allows. */
        ret = set_limit(RLIMIT_NOFILE, MIN(fds.rlim_max, MAX_FDS));
    }
    return ret;
}

static void keep(unsigned capability)
{
    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED |
                 CAPNG_BOUNDING_SET, capability);
}

int helper_sandbox_capabilities(bool devices, const FsXattrRules *xattrs)
{
    static const unsigned kept[] = {
        CAP_CHOWN,              /* the guest's root changes owners */
        CAP_DAC_OVERRIDE,       /* the guest's kernel has checked permissions */
        CAP_FOWNER,             /* modes and times of files of other users */
        CAP_FSETID,             /* keep a set-group-id bit that is set */
        CAP_SETGID,             /* create files as the guest's users */
        CAP_SETUID,
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return -errno;
    }
    capng_clear(CAPNG_SELECT_ALL);
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
        keep(kept[i]);
    }
    if (devices) {
        keep(CAP_MKNOD);
    }
    if (fs_xattr_action(xattrs, FS_XATTR_CAPABILITY) == FS_XATTR_ALLOW) {
        keep(CAP_SETFCAP);
    }
    if (fs_xattr_rules_need_admin(xattrs)) {
        keep(CAP_SYS_ADMIN);
    }
    return capng_apply(CAPNG_SELECT_ALL) < 0 ? -EPERM : 0;
}
