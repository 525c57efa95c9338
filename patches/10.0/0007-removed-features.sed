# SPDX-License-Identifier: GPL-2.0-or-later
#
# docs: -fsdev proxy is no longer a removed feature
#
# The section ends where the next heading begins.
#
# file: docs/about/removed-features.rst
# once: ^``-fsdev proxy`` and ``-virtfs proxy`` (removed in 9\.2)$
# once: ^``-portrait`` and ``-rotate`` (removed in 9\.2)$

/^``-fsdev proxy`` and ``-virtfs proxy`` (removed in 9\.2)$/,/^``-portrait`` and ``-rotate`` (removed in 9\.2)$/{
    /^``-portrait`` /!d
}
