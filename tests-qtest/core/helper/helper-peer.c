/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of virtfs-proxy-helper that may be hostile; see helper-peer.h. */
#include "fsdev/core/p9-osdep.h"
#include "helper-peer.h"

void peer_clear(Peer *peer)
{
    if (peer->run.base) {
        close(peer->root);
    }
    helper_run_clear(&peer->run);
}

bool peer_init(Peer *peer, const char *word)
{
    return peer_init_before(peer, word, NULL);
}

bool peer_init_before(Peer *peer, const char *word, void (*before)(void))
{
    *peer = (Peer) { 0 };
    if (!helper_run_possible()) {
        return false;
    }
    helper_run_init(&peer->run);
    peer->run.before = before;
    helper_run_fd(&peer->run, word);
    peer->root = helper_greet(peer->run.fd);
    return true;
}

int peer_ask(Peer *peer, ProxyType type, const ProxyRequest *t,
               ProxyReply *r, int *fds)
{
    return helper_ask(peer->run.fd, type, t, r, fds);
}

static void close_both(const int *fds)
{
    for (unsigned i = 0; i < PROXY_FDS_MAX; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

int peer_try_lookup(Peer *peer, uint64_t dir, const char *name, uint64_t *id)
{
    ProxyRequest t = { .lookup = { dir, helper_text(name) } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    int ret = peer_ask(peer, PROXY_LOOKUP, &t, &r, fds);

    if (ret == 0) {
        *id = r.lookup.id;
    }
    close_both(fds);
    return ret;
}

uint64_t peer_lookup(Peer *peer, uint64_t dir, const char *name)
{
    uint64_t id = 0;

    g_assert_cmpint(peer_try_lookup(peer, dir, name, &id), ==, 0);
    return id;
}

int peer_try_open(Peer *peer, uint64_t id, int flags, int *fd)
{
    ProxyRequest t = { .open = { id, flags } };
    int fds[PROXY_FDS_MAX];
    ProxyReply r;
    int ret = peer_ask(peer, PROXY_OPEN, &t, &r, fds);

    if (ret == 0 && fd) {
        *fd = fds[0];
    } else {
        close_both(fds);
    }
    return ret;
}

void peer_check_alive(Peer *peer)
{
    g_autofree char *path = helper_run_path(&peer->run, "alive");
    uint64_t id = 0;

    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    g_assert_cmpint(peer_try_lookup(peer, PROXY_ROOT_ID, "alive", &id), ==, 0);
    g_assert_cmpint(peer_try_open(peer, id, O_RDONLY, NULL), ==, 0);
}

mode_t peer_mode_of(Peer *peer, const char *name)
{
    g_autofree char *path = helper_run_path(&peer->run, name);
    struct stat st;

    g_assert_cmpint(lstat(path, &st), ==, 0);
    return st.st_mode;
}
