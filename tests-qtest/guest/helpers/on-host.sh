#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# on-host FUNCTION ARGS...: runs a function of the present scenario on the
# host, in the scenario's folder, and waits for it.  Prints the first line that
# it printed and returns its status.  For guest_run and for fdop's "sh"; takes
# the wire that agent.sh has opened as descriptor 9.  The arguments are single
# words.
printf 'call %s\n' "$*" >&9
IFS=' ' read -r status text <&9
[ -z "$text" ] || printf '%s\n' "$text"
exit "$status"
