/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The proxy driver: requests about an object, and the helper's number for it.
 *
 * An object that QEMU looked up itself has no number until it is needed in a
 * request.  Then the helper looks up the same names, beginning at the nearest
 * parent directory that has a number, and each lookup has to lead to the object
 * that QEMU found under that name.  An object that has lost its name is passed
 * to the helper as a descriptor.  Called by the other files of this folder,
 * from any thread that may block and in coroutines.
 */
#include "fsdev/core/p9-osdep.h"
#include "fsdev/proxy/proxy-int.h"

/* The number if it is known, else -ENOENT; sends no request. */
static int known_number(const ProxyAsk *ask, Name *name, uint64_t *id)
{
    Name *root = node_table_root(local_table(&ask->export->local.base));
    NameRemote remote;
    int ret = 0;

    name_unref(root);
    if (name == root) {
        *id = PROXY_ROOT_ID;
    } else {
        remote = name_remote(name);
        *id = remote.id;
        ret = remote.count && remote.epoch == ask->epoch ? 0 : -ENOENT;
    }
    return ret;
}

/* A further request over the connection of @ask. */
static ProxyAsk ask_beside(const ProxyAsk *ask)
{
    return (ProxyAsk) {
        .call = ask->call,
        .export = ask->export,
        .conn = proxy_conn_ref(ask->conn),
        .epoch = ask->epoch,
        .answer = { .fds = { -1, -1 } },
    };
}

/* -ESTALE unless descriptor 0 of the reply is the object of @name. */
static int check_object(const ProxyAsk *ask, Name *name)
{
    uint32_t type;

    return name_check_object(name, ask->answer.fds[0], &type);
}

/* Get a number by looking up @component in the directory @dir_id. */
static int look_up(const ProxyAsk *about, uint64_t dir_id,
                   const char *component, Name *name, uint64_t *id)
{
    PROXY_ASK ask = ask_beside(about);
    int ret;

    ask.t.lookup = (struct ProxyTlookup) {
        dir_id, { component, strlen(component) },
    };
    ret = proxy_ask(&ask, PROXY_LOOKUP);
    if (ask.answer.fds_lost) {
        proxy_conn_forget(ask.conn, ask.answer.r.lookup.id, 1, true);
    }
    if (ret < 0) {
        return ret;
    }
    *id = ask.answer.r.lookup.id;
    ret = check_object(&ask, name);
    if (ret < 0) {
        proxy_conn_forget(ask.conn, *id, 1, true);
        return ret;
    }
    name_remote_received(name, *id, about->epoch);
    return 0;
}

/* Get a number by passing the path fd of @name. */
static int adopt(const ProxyAsk *about, Name *name, uint64_t *id)
{
    PROXY_ASK ask = ask_beside(about);
    LOCAL_PIN pin = { 0 };
    int ret;

    if (local_pin_at_hand(&pin, name) < 0) {
        /* Without an open path fd the object cannot be reached any more. */
        return -ESTALE;
    }
    ask.fd = pin.fd;
    ret = proxy_ask(&ask, PROXY_ADOPT);
    if (ret < 0) {
        /* It is on another helper's mount, or on a mount below. */
        return ret == -EXDEV ? -ESTALE : ret;
    }
    *id = ask.answer.r.adopt.id;
    name_remote_received(name, *id, about->epoch);
    return 0;
}

/*
 * Collect @name and its parents up to the first that has a number, *@id; that
 * one is not added to @chain.  -ENOENT when one of them has lost its name.
 */
static int climb(const ProxyAsk *ask, Name *name, GPtrArray *chain,
                 uint64_t *id)
{
    Name *at = name_ref(name);
    int ret = -ENOENT;

    while (ret == -ENOENT) {
        char component[NAME_MAX + 1];
        Name *parent;

        g_ptr_array_add(chain, at);
        if (name_locate(at, &parent, component) < 0) {
            return -ENOENT;
        }
        at = parent;
        ret = known_number(ask, at, id);
    }
    name_unref(at);
    return ret;
}

/* Look up the Names of @chain from the top; *@id becomes the last number. */
static int descend(const ProxyAsk *ask, const GPtrArray *chain, uint64_t *id)
{
    int ret = 0;

    for (guint i = chain->len; ret == 0 && i-- > 0; ) {
        Name *name = g_ptr_array_index(chain, i);
        char component[NAME_MAX + 1];
        Name *parent;

        ret = name_locate(name, &parent, component);
        if (ret == 0) {
            ret = look_up(ask, *id, component, name, id);
            name_unref(parent);
        }
    }
    return ret;
}

/* Request a number for @name, which has none. */
static int get_number(const ProxyAsk *ask, Name *name, uint64_t *id)
{
    GPtrArray *chain =
        g_ptr_array_new_with_free_func((GDestroyNotify)name_unref);
    int ret = climb(ask, name, chain, id);

    if (ret == 0) {
        ret = descend(ask, chain, id);
    }
    g_ptr_array_free(chain, true);
    return name_leads_elsewhere(ret) ? adopt(ask, name, id) : ret;
}

int proxy_ask_id(ProxyAsk *ask, FsNode *node, uint64_t *id)
{
    Name *name = name_from_fs(node);
    int ret = known_number(ask, name, id);

    return ret == -ENOENT ? get_number(ask, name, id) : ret;
}

int proxy_ask_about(const FsCall *call, ProxyAsk *ask, FsNode *node,
                    uint64_t *id)
{
    int ret = proxy_ask_begin(call, ask, node->export);

    return ret < 0 ? ret : proxy_ask_id(ask, node, id);
}
