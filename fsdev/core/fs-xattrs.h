/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which extended attributes a guest may use, and where they are kept: the rules
 * of the option xattrs=.
 *
 * A rule has an action and a name, or the beginning of names.  The first rule
 * that matches a name counts.  A name that no rule matches is treated as the
 * security model does.
 */
#ifndef FSDEV_FS_XATTRS_H
#define FSDEV_FS_XATTRS_H

#include "fsdev/core/p9-osdep.h"

/* Attributes of the kernel or of root. */
#define FS_XATTR_SECURITY "security."
#define FS_XATTR_TRUSTED "trusted."
#define FS_XATTR_CAPABILITY "security.capability"

typedef enum FsXattrAction {
    FS_XATTR_MODEL,             /* as the security model does */
    FS_XATTR_ALLOW,             /* the attribute of the host's file */
    FS_XATTR_PREFIX,            /* kept as user.virtfs.NAME on the host */
    FS_XATTR_DENY,              /* there is no such attribute */
} FsXattrAction;

/* Counted; does not change. */
typedef struct FsXattrRules FsXattrRules;

/**
 * fs_xattr_rules_new: the rules of @spec: "user" for none, "all" to allow
 * security.* and trusted.*, or ACTION:NAME/ACTION:NAME/…
 *
 * NULL and *@error set to one line that says what is allowed if @spec is
 * invalid.
 */
FsXattrRules *fs_xattr_rules_new(const char *spec, GError **error);
/** fs_xattr_rules_ref, fs_xattr_rules_unref: NULL is allowed. */
FsXattrRules *fs_xattr_rules_ref(FsXattrRules *rules);
void fs_xattr_rules_unref(FsXattrRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FsXattrRules, fs_xattr_rules_unref)

/** fs_xattr_action: for the guest's attribute @name; @rules may be NULL. */
FsXattrAction fs_xattr_action(const FsXattrRules *rules, const char *name);
/** fs_xattr_rules_have: is there a rule with @action? */
bool fs_xattr_rules_have(const FsXattrRules *rules, FsXattrAction action);
/**
 * fs_xattr_rules_need_admin: does setting one of the attributes that @rules
 * allow take CAP_SYS_ADMIN?  Only for security.capability, CAP_SETFCAP will do.
 */
bool fs_xattr_rules_need_admin(const FsXattrRules *rules);
/**
 * fs_xattr_filter: remove from @list, of @len bytes, the names in security.*
 * and trusted.* that @rules do not allow, and those that they deny.  Returns
 * the new length.
 */
size_t fs_xattr_filter(const FsXattrRules *rules, char *list, size_t len);

/** fs_xattr_is_privileged: is @name in security.* or trusted.*? */
bool fs_xattr_is_privileged(const char *name);

#endif
