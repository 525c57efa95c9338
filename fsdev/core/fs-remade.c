/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Directories that were removed on the host and made anew.
 *
 * A Linux client does not look a directory up again as long as a process has it
 * as its working directory.  All processes of the guest then use the fid of the
 * directory that was removed, in which nothing can be found or made.  Such a
 * call is made once more in the directory that has its place now.  Files never
 * follow in this way, nor does a directory that a guest has removed.
 * Context: see the comments in fsdriver.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/core/fsdriver-int.h"

/* How many removed directories above each other are looked for. */
#define DEPTH_MAX 64

/* What is at @place, or in it as @name.  Returns what fs_remade() does. */
static int look(const FsCall *call, FsNode *place, const char *name,
                FsNode **other)
{
    FsNode *found = NULL;
    FsAttr attr;
    /* If @place was removed, too, this goes on in what has its place. */
    int ret = fs_lookup(call, place, name, &found, &attr);

    if (ret < 0) {
        return ret;
    }
    if (!S_ISDIR(attr.mode) || attr.nlink == 0) {
        fs_node_unref(found);
        return -ENOENT;
    }
    *other = found;
    return 0;
}

static int look_at_place(const FsCall *call, FsNode *dir, FsNode **other)
{
    char name[NAME_MAX + 1];
    FsNode *place = NULL;
    int ret = driver_of(dir)->place(dir, &place, name);

    if (ret < 0) {
        return ret;
    }
    if (ret == 0) {
        ret = look(call, place, name, other);
    } else {
        ret = driver_of(dir)->is_dead(call, place);
        if (ret == 0) {
            *other = place;
            return 0;
        }
        ret = ret == 1 ? fs_remade(call, place, other) : ret;
    }
    fs_node_unref(place);
    return ret;
}

int fs_remade(const FsCall *call, FsNode *dir, FsNode **other)
{
    static __thread unsigned depth;
    char name[NAME_MAX + 1];
    FsNode *place = NULL;
    int ret;

    if (!driver_of(dir)->is_dead || depth == DEPTH_MAX ||
        driver_of(dir)->place(dir, &place, name) < 0) {
        return -ENOENT;
    }
    fs_node_unref(place);
    ret = driver_of(dir)->is_dead(call, dir);
    if (ret == 1) {
        depth++;
        ret = look_at_place(call, dir, other);
        depth--;
        if (ret == 0) {
            return 0;
        }
    }
    return fs_call_refused(call, ret) ? ret : -ENOENT;
}
