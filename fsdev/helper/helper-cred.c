/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread's ids, by raw system calls: see helper-cred.h.
 *
 * The C library's functions would change them for all threads.  Changing the
 * effective ids changes the file system ids as well; geteuid() then returns
 * what the local driver has to know, and the kernel clears the effective
 * capabilities until the thread returns to the saved id 0.
 */
#include "fsdev/core/p9-osdep.h"
#include <grp.h>
#include <pwd.h>
#include <sys/syscall.h>
#include "fsdev/helper/helper-cred.h"

/* Some architectures have older calls with 16-bit ids under the plain names. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETGROUPS SYS_setgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_SETGROUPS SYS_setgroups
#endif

#define OURS UINT32_MAX

static struct {
    uint32_t uid;
    uint32_t gid;
    GArray *groups;             /* of gid_t; of the process itself */
    GHashTable *users;          /* uid → GArray of gid_t */
} host;

/* The ids of this thread; OURS: that of the process. */
static __thread uint32_t now_uid = OURS;
static __thread uint32_t now_gid = OURS;

/* ---- the host's users ------------------------------------------------- */

static GHashTable *read_names(void)
{
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                              NULL);
    struct passwd *user;

    setpwent();
    while ((user = getpwent())) {
        g_hash_table_insert(names, g_strdup(user->pw_name),
                            GUINT_TO_POINTER(user->pw_uid));
    }
    endpwent();
    return names;
}

static void add_member(uint32_t uid, gid_t gid)
{
    GArray *groups = g_hash_table_lookup(host.users, GUINT_TO_POINTER(uid));

    if (!groups) {
        groups = g_array_new(false, false, sizeof(gid_t));
        g_hash_table_insert(host.users, GUINT_TO_POINTER(uid), groups);
    }
    g_array_append_val(groups, gid);
}

static void read_groups(void)
{
    g_autoptr(GHashTable) names = read_names();
    struct group *group;

    setgrent();
    while ((group = getgrent())) {
        for (char **member = group->gr_mem; *member; member++) {
            gpointer uid;

            if (g_hash_table_lookup_extended(names, *member, NULL, &uid)) {
                add_member(GPOINTER_TO_UINT(uid), group->gr_gid);
            }
        }
    }
    endgrent();
}

void helper_cred_init(void)
{
    int count = getgroups(0, NULL);

    host.uid = geteuid();
    host.gid = getegid();
    host.groups = g_array_new(false, true, sizeof(gid_t));
    if (count > 0) {
        g_array_set_size(host.groups, count);
        count = getgroups(count, (gid_t *)host.groups->data);
        g_array_set_size(host.groups, MAX(count, 0));
    }
    host.users = g_hash_table_new_full(NULL, NULL, NULL,
                                       (GDestroyNotify)g_array_unref);
    read_groups();
}

/* ---- this thread ------------------------------------------------------ */

static int set_groups(const GArray *groups)
{
    return syscall(NR_SETGROUPS, groups ? groups->len : 0,
                   groups ? groups->data : NULL) < 0 ? -errno : 0;
}

void helper_cred_own(void)
{
    if (now_uid == OURS && now_gid == OURS) {
        return;
    }
    /* The uid first: it restores the capabilities that the rest needs. */
    if (syscall(NR_SETRESUID, -1, host.uid, -1) < 0 ||
        syscall(NR_SETRESGID, -1, host.gid, -1) < 0 ||
        (now_uid != OURS && set_groups(host.groups) < 0)) {
        /* Do not go on with the ids of another user. */
        g_error("cannot become uid %u again: %s", host.uid, strerror(errno));
    }
    now_uid = now_gid = OURS;
}

int helper_cred_become(uint32_t uid, uint32_t gid)
{
    int ret;

    uid = uid == host.uid ? OURS : uid;
    gid = gid == host.gid && uid == OURS ? OURS : gid;
    if (uid == now_uid && gid == now_gid) {
        return 0;
    }
    helper_cred_own();
    if (uid != OURS) {
        ret = set_groups(g_hash_table_lookup(host.users,
                                             GUINT_TO_POINTER(uid)));
        if (ret < 0) {
            /* Without the privilege for it, no id has changed so far. */
            return ret;
        }
    }
    now_uid = uid;
    now_gid = gid;
    ret = 0;
    if (gid != OURS && syscall(NR_SETRESGID, -1, gid, -1) < 0) {
        ret = -errno;
    } else if (uid != OURS && syscall(NR_SETRESUID, -1, uid, -1) < 0) {
        ret = -errno;
    }
    if (ret < 0) {
        helper_cred_own();
    }
    return ret;
}
