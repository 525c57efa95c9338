/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver: reading directories.
 *
 * The entries are read from the directory's descriptor, as in the local driver.
 * Their device numbers are not part of an entry: a file system may have several
 * devices, and other file systems may be mounted below.  If neither is the case
 * the device is that of the directory.  Otherwise entries are read in batches,
 * and one IDENTIFY request for each batch returns their identity, because QEMU
 * may lack search permission in the directory.  Called through fsdriver.c from
 * any thread.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-int.h"

#define BATCH 128

typedef struct Batch {
    GString *names;             /* owned; each ends with a NUL */
    unsigned n;
    struct {
        FsDirent dirent;        /* .name is not valid */
        size_t at;              /* offset of its name in names */
        bool dot;               /* "." or "..": its identity is known */
    } entries[BATCH];
} Batch;

static void batch_clear(Batch *batch)
{
    g_string_free(batch->names, true);
}

static int batch_add(void *opaque, const FsDirent *dirent)
{
    Batch *batch = opaque;
    const char *name = dirent->name;

    if (batch->n == BATCH) {
        return 1;
    }
    batch->entries[batch->n].dirent = *dirent;
    batch->entries[batch->n].at = batch->names->len;
    batch->entries[batch->n].dot = !strcmp(name, ".") || !strcmp(name, "..");
    batch->n++;
    g_string_append_len(batch->names, name, dirent->name_len + 1);
    return 0;
}

/* Request the identity of all entries of @batch. */
static int ask_identities(const FsCall *call, ProxyAsk *ask, FsNode *dir,
                          const Batch *batch)
{
    uint64_t id;
    int ret = proxy_ask_about(call, ask, dir, &id);

    if (ret == 0) {
        ask->t.identify = (struct ProxyTidentify) {
            id, { batch->names->str, batch->names->len },
        };
        ret = proxy_ask(ask, PROXY_IDENTIFY);
    }
    if (ret == 0 && ask->answer.r.identify.identities.len !=
                    batch->n * PROXY_IDENTITY_SIZE) {
        ret = proxy_ask_refuse(ask);
    }
    return ret;
}

/* Returns 0 if the sink took all entries, 1 if it is full. */
static int batch_give(const Batch *batch, const ProxyBlob *identities,
                      FsDirSink *sink, void *opaque)
{
    int ret = 0;

    for (unsigned i = 0; i < batch->n && ret == 0; i++) {
        FsDirent dirent = batch->entries[i].dirent;
        uint32_t mode;
        uint64_t dev;
        uint64_t ino;

        dirent.name = batch->names->str + batch->entries[i].at;
        proxy_get_identity(identities, i, &dev, &ino, &mode);
        if (!batch->entries[i].dot) {
            if (!mode) {
                /* Removed since the directory was read: skip it. */
                continue;
            }
            dirent.dev = dev;
            dirent.ino = ino;
            dirent.type = IFTODT(mode);
        }
        ret = sink(opaque, &dirent);
    }
    return ret;
}

static int readdir_with_identity(const FsCall *call, FsFile *file,
                                 uint64_t cookie, FsDirSink *sink, void *opaque)
{
    bool given = false;
    int ret;

    do {
        __attribute__((cleanup(batch_clear))) Batch batch = {
            .names = g_string_new(NULL),
        };
        PROXY_ASK ask = { 0 };

        ret = local_readdir(call, file, cookie, 0, batch_add, &batch);
        if (ret == 0 && !batch.n) {
            return 0;
        }
        if (ret == 0) {
            ret = ask_identities(call, &ask, file->node, &batch);
        }
        if (ret < 0) {
            /* The entries that the sink has taken must reach the guest. */
            return given ? 0 : ret;
        }
        ret = batch_give(&batch, &ask.answer.r.identify.identities, sink,
                         opaque);
        cookie = batch.entries[batch.n - 1].dirent.next;
        given = true;
    } while (ret == 0);
    return ret < 0 ? ret : 0;
}

/* ---- one device ------------------------------------------------------- */

typedef struct OneDevice {
    uint64_t dev;
    FsDirSink *sink;
    void *opaque;
} OneDevice;

static int give_with_device(void *opaque, const FsDirent *dirent)
{
    const OneDevice *one = opaque;
    FsDirent known = *dirent;

    known.dev = one->dev;
    return one->sink(one->opaque, &known);
}

/* Whether all objects of the export have the device number of the root. */
static bool is_one_device(FsFile *file)
{
    ProxyExport *export = proxy_export(file->node->export);

    return g_atomic_int_get(&export->no_mounts) && local_has_root_dev(file);
}

int proxy_readdir(const FsCall *call, FsFile *file, uint64_t cookie,
                  unsigned flags, FsDirSink *sink, void *opaque)
{
    if (!(flags & FS_READDIR_DEV)) {
        return local_readdir(call, file, cookie, flags, sink, opaque);
    }
    if (!file->is_dir) {
        return -ENOTDIR;
    }
    if (is_one_device(file)) {
        OneDevice one = { file->dev, sink, opaque };

        return local_readdir(call, file, cookie, flags & ~FS_READDIR_DEV,
                             give_with_device, &one);
    }
    return fs_call_may_ask(call)
           ? readdir_with_identity(call, file, cookie, sink, opaque)
           : -EAGAIN;
}
