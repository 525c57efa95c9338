/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Migration and snapshots of a virtio-9p device whose guest has the share
 * mounted.
 *
 * The state of the session (9p-state.h) is a subsection of the device's state
 * (virtio-9p-vmstate.c), which is there only if the guest has opened a session.
 * Code here holds the BQL and may wait for the loop and for the host's storage,
 * but only for a bounded time; then migration fails, and the source goes on.
 *
 * The state of a VM that is migrated away is saved when the VM has stopped.
 * From then on the locks of the session are free for the destination; before
 * the VM goes on here, they are taken again in a thread, and guest memory stays
 * shut until then.
 */
#ifndef HW_9PFS_VIRTIO_9P_MIGRATE_H
#define HW_9PFS_VIRTIO_9P_MIGRATE_H

#include "migration/vmstate.h"
#include "virtio-9p-server.h"

typedef struct P9Migrate P9Migrate;

/* Context of all functions: BQL held. */

/**
 * p9_migrate_check: whether @migration and @on_lost are values of these
 * properties, either of which may be NULL for the default.
 */
bool p9_migrate_check(const char *migration, const char *on_lost, Error **errp);
/** p9_migrate_is_allowed: not if @migration is "off". */
bool p9_migrate_is_allowed(const char *migration);
/** p9_migrate_new: for a realized device; references are taken. */
P9Migrate *p9_migrate_new(VirtIODevice *vdev, FsExport *export, P9Loop *loop,
                          P9Ring *ring, P9Server *server, const char *mount_tag,
                          const char *migration, const char *on_lost);
/** p9_migrate_end: before p9_server_end(). */
void p9_migrate_end(P9Migrate *m);
/** p9_migrate_reset: the device was reset, so the session has no locks. */
void p9_migrate_reset(P9Migrate *m);
/**
 * p9_migrate_resume: the VM goes on.  False if locks have to be taken before:
 * then p9_ring_resume() and p9_server_resume() are called when that is done.
 */
bool p9_migrate_resume(P9Migrate *m);

/**
 * p9_migrate_save: get the state of the session, if there is any.
 *
 * Reports an error, and returns -errno, if it cannot be saved.
 */
int p9_migrate_save(P9Migrate *m);
/** p9_migrate_saved: the result of the last save; NULL: nothing to save. */
const GByteArray *p9_migrate_saved(P9Migrate *m);
/** p9_migrate_set_loaded: @bytes, taken over, have been read. */
void p9_migrate_set_loaded(P9Migrate *m, GByteArray *bytes);
/** p9_migrate_forget: drop what was saved or read. */
void p9_migrate_forget(P9Migrate *m);
/**
 * p9_migrate_load: make what was read the state of the session.
 *
 * The device has been reset and then loaded.  If nothing was read, that is all.
 * Reports an error, and returns -errno.
 */
int p9_migrate_load(P9Migrate *m);

/*
 * In virtio-9p-vmstate.c, for a V9fsVirtioState: the state of the device, and
 * what is in there besides that of all virtio devices.
 */
extern const VMStateDescription p9_vmstate_device;
extern const VMStateDescription p9_vmstate_inner;

#endif
