/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Landlock, for virtfs-proxy-helper: see helper-sandbox.h.
 *
 * The kernel checks each object that is opened, created, renamed or removed
 * against the hierarchy of directories, however the process got there: also
 * from a descriptor that should not be open.  It also keeps signals and ptrace
 * within the process, and TCP and abstract unix sockets out.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/helper/helper-sandbox.h"
#include "fsdev/host/host.h"
#include "fsdev/host/host-call.h"

enum {
    NR_CREATE_RULESET = NR_SINCE_OPENAT2(7),
    NR_ADD_RULE = NR_SINCE_OPENAT2(8),
    NR_RESTRICT_SELF = NR_SINCE_OPENAT2(9),
    GET_VERSION = 1,
    RULE_PATH_BENEATH = 1,
    /* The first version that permits moving files between directories. */
    VERSION_MIN = 2,
};

/* The kernel's ABI, of which older headers have a part only. */
typedef struct Ruleset {
    uint64_t fs;
    uint64_t net;
    uint64_t scoped;
} Ruleset;

typedef struct PathBeneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed)) PathBeneath;

#define FS_EXECUTE 0x1
#define FS_SINCE_2 0x3fff
#define FS_SINCE_3 0x7fff
#define FS_SINCE_5 0xffff
#define NET_SINCE_4 0x3
#define SCOPED_SINCE_6 0x3

static Ruleset ruleset_of(int version)
{
    return (Ruleset) {
        .fs = version >= 5 ? FS_SINCE_5
            : version >= 3 ? FS_SINCE_3 : FS_SINCE_2,
        .net = version >= 4 ? NET_SINCE_4 : 0,
        .scoped = version >= 6 ? SCOPED_SINCE_6 : 0,
    };
}

/* Everything in the export is allowed, except executing programs. */
static int restrict_to_root(const Ruleset *ruleset)
{
    HOST_FD rules = syscall(NR_CREATE_RULESET, ruleset, sizeof(*ruleset), 0);
    HOST_FD root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    PathBeneath beneath = {
        .allowed = ruleset->fs & ~FS_EXECUTE, .parent = root,
    };

    if (rules < 0 || root < 0 ||
        syscall(NR_ADD_RULE, rules, RULE_PATH_BENEATH, &beneath, 0) < 0 ||
        syscall(NR_RESTRICT_SELF, rules, 0) < 0) {
        return -errno;
    }
    return 0;
}

int helper_sandbox_landlock(void)
{
    int version = syscall(NR_CREATE_RULESET, NULL, 0, GET_VERSION);
    Ruleset ruleset;

    if (version < VERSION_MIN) {
        return 0;
    }
    ruleset = ruleset_of(version);
    return restrict_to_root(&ruleset);
}
