/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the first bytes of an input say: see tree.h. */
#include "fsdev/core/p9-osdep.h"
#include <sys/resource.h>
#include "fsdev/host/host.h"
#include "fuzz/must.h"
#include "tree.h"

static void disable_features(uint8_t without, uint8_t more)
{
    HostFeatures f;

    host_override_features(NULL);
    f = *host_features();
    f.openat2 &= !(without & TREE_NO_OPENAT2);
    f.resolve_cached &= f.openat2 && !(without & TREE_NO_CACHED);
    f.statx &= !(without & TREE_NO_STATX);
    f.statx_mnt_id &= f.statx && !(without & TREE_NO_MNT_ID);
    f.fchmodat2 &= !(without & TREE_NO_FCHMODAT2);
    f.utimens_empty &= !(without & TREE_NO_UTIMENS);
    f.xattrat &= !(without & TREE_NO_XATTRAT);
    f.mountinfo &= f.statx_mnt_id && !(without & TREE_NO_MOUNTINFO);
    f.link_empty &= !(more & TREE_NO_LINK_EMPTY);
    host_override_features(&f);
}

static void limit_fds(bool few)
{
    static struct rlimit own;
    struct rlimit limit;

    if (!own.rlim_cur) {
        MUST(getrlimit(RLIMIT_NOFILE, &own) == 0);
    }
    limit = own;
    /* The driver looks at each number below the limit. */
    limit.rlim_cur = MIN(few ? 100 : 300, own.rlim_cur);
    MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

void tree_begin(Tree *tree, Input *in)
{
    uint8_t flags = input_byte(in);
    uint8_t without = input_byte(in);
    uint8_t more = input_byte(in);
    FsConfig *config = &tree->config;

    *tree = (Tree) { .flags = flags };
    disable_features(without, more);
    limit_fds(flags & TREE_FEW_FDS);
    config->model = flags & TREE_MODEL;
    config->readonly = flags & TREE_READONLY;
    config->no_locks = flags & TREE_NO_LOCKS;
    config->multidevs = MIN(more & TREE_MULTIDEVS, FS_MULTIDEVS_WARN);
    config->nested_export = more & TREE_NESTED;
    config->writeout_immediate = more & TREE_WRITEOUT;
    config->statfs_v9fs = more & TREE_STATFS_V9FS;
    config->fmode = more & TREE_MODES ? 0640 : 0600;
    config->dmode = more & TREE_MODES ? 0750 : 0700;
    if (flags & TREE_MAPS) {
        config->users = id_map_new(flags & TREE_SQUASH
                                   ? "0:100000:65536+squash:100005"
                                   : "0:100000:65536", NULL);
        config->groups = id_map_new("0:100000:65536", NULL);
    }
}

void tree_end(Tree *tree)
{
    id_map_unref(tree->config.users);
    id_map_unref(tree->config.groups);
    host_override_features(NULL);
}
