/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of xattrs=: see fs-xattrs.h.
 *
 * Only attributes in security.* and trusted.* can be allowed or kept under a
 * prefix.  User attributes can only be denied: those with a meaning for the
 * mapped models, user.virtfs.*, must not become the guest's by a rule.  ACLs
 * can only be denied as well, because their entries belong to the owners and
 * modes of the security model.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fs-xattrs.h"

#define RULES_MAX 64
#define ALLOWED "allowed: user, all, or ACTION:NAME/ACTION:NAME... with the " \
                "actions allow, prefix and deny"

typedef struct Rule {
    FsXattrAction action;
    char *name;                 /* owned; without the "*" */
    bool begins;                /* it is the beginning of names */
} Rule;

struct FsXattrRules {
    gint refs;                  /* atomic */
    unsigned n;
    Rule rules[RULES_MAX];
};

static const struct {
    const char *word;
    FsXattrAction action;
} actions[] = {
    { "allow:", FS_XATTR_ALLOW },
    { "prefix:", FS_XATTR_PREFIX },
    { "deny:", FS_XATTR_DENY },
};

static const struct {
    const char *start;
    bool privileged;
} namespaces[] = {
    { "user.", false },
    { FS_XATTR_SECURITY, true },
    { FS_XATTR_TRUSTED, true },
    { "system.posix_acl_", false },
};

bool fs_xattr_is_privileged(const char *name)
{
    return g_str_has_prefix(name, FS_XATTR_SECURITY) ||
           g_str_has_prefix(name, FS_XATTR_TRUSTED);
}

static bool fail(GError **error, const char *what, const char *text,
                 const char *allowed)
{
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s '%s'; %s", what,
                text, allowed);
    return false;
}

/* Is the name of @rule one that its action is for?  "*" stands for all. */
static bool check_name(const Rule *rule, const char *text, GError **error)
{
    if (!*rule->name && rule->begins) {
        return true;
    }
    if (strlen(rule->name) > NAME_MAX || strchr(rule->name, '*')) {
        return fail(error, "invalid attribute name in", text,
                    "a name has at most 255 bytes, and '*' at its end only");
    }
    for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
        if (!g_str_has_prefix(rule->name, namespaces[i].start)) {
            continue;
        }
        return namespaces[i].privileged || rule->action == FS_XATTR_DENY ||
               fail(error, "only 'deny' is possible in", text,
                    "'allow' and 'prefix' are for security.* and trusted.*");
    }
    return fail(error, "unknown name space in", text,
                "allowed: user.*, security.*, trusted.*, "
                "system.posix_acl_* and *");
}

static bool parse_rule(const char *text, Rule *rule, GError **error)
{
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (g_str_has_prefix(text, actions[i].word)) {
            rule->action = actions[i].action;
            rule->name = g_strdup(text + strlen(actions[i].word));
            rule->begins = g_str_has_suffix(rule->name, "*");
            if (rule->begins) {
                rule->name[strlen(rule->name) - 1] = '\0';
            }
            return check_name(rule, text, error);
        }
    }
    return fail(error, "invalid rule", text, ALLOWED);
}

FsXattrRules *fs_xattr_rules_new(const char *spec, GError **error)
{
    g_autoptr(FsXattrRules) rules = g_new0(FsXattrRules, 1);
    g_auto(GStrv) parts = NULL;

    rules->refs = 1;
    if (!strcmp(spec, "user")) {
        return g_steal_pointer(&rules);
    }
    if (!strcmp(spec, "all")) {
        spec = "allow:security.*/allow:trusted.*";
    }
    parts = g_strsplit(*spec ? spec : "/", "/", -1);
    for (unsigned i = 0; parts[i]; i++) {
        if (rules->n == RULES_MAX) {
            fail(error, "too many rules in", spec, "allowed: up to 64");
            return NULL;
        }
        if (!parse_rule(parts[i], &rules->rules[rules->n++], error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&rules);
}

FsXattrRules *fs_xattr_rules_ref(FsXattrRules *rules)
{
    if (rules) {
        g_atomic_int_inc(&rules->refs);
    }
    return rules;
}

void fs_xattr_rules_unref(FsXattrRules *rules)
{
    if (rules && g_atomic_int_dec_and_test(&rules->refs)) {
        for (unsigned i = 0; i < rules->n; i++) {
            g_free(rules->rules[i].name);
        }
        g_free(rules);
    }
}

static bool matches(const Rule *rule, const char *name)
{
    return rule->begins ? g_str_has_prefix(name, rule->name)
                        : !strcmp(name, rule->name);
}

FsXattrAction fs_xattr_action(const FsXattrRules *rules, const char *name)
{
    bool privileged = fs_xattr_is_privileged(name);

    for (unsigned i = 0; rules && i < rules->n; i++) {
        const Rule *rule = &rules->rules[i];

        if (matches(rule, name)) {
            return privileged || rule->action == FS_XATTR_DENY
                   ? rule->action : FS_XATTR_MODEL;
        }
    }
    return FS_XATTR_MODEL;
}

bool fs_xattr_rules_have(const FsXattrRules *rules, FsXattrAction action)
{
    for (unsigned i = 0; rules && i < rules->n; i++) {
        if (rules->rules[i].action == action) {
            return true;
        }
    }
    return false;
}

bool fs_xattr_rules_need_admin(const FsXattrRules *rules)
{
    for (unsigned i = 0; rules && i < rules->n; i++) {
        const Rule *rule = &rules->rules[i];

        if (rule->action == FS_XATTR_ALLOW &&
            (rule->begins || strcmp(rule->name, FS_XATTR_CAPABILITY))) {
            return true;
        }
    }
    return false;
}

size_t fs_xattr_filter(const FsXattrRules *rules, char *list, size_t len)
{
    size_t kept = 0;

    for (size_t at = 0; at < len;) {
        size_t bytes = strnlen(list + at, len - at);
        g_autofree char *name = g_strndup(list + at, bytes);
        FsXattrAction action = fs_xattr_action(rules, name);

        bytes += at + bytes < len;      /* the NUL */
        if (action == FS_XATTR_ALLOW || (action == FS_XATTR_MODEL &&
                                         !fs_xattr_is_privileged(name))) {
            memmove(list + kept, list + at, bytes);
            kept += bytes;
        }
        at += bytes;
    }
    return kept;
}
