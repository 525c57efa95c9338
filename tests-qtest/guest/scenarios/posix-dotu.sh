# SPDX-License-Identifier: GPL-2.0-or-later
#
# The suite of posix/ on a mount of 9P2000.u.  What does not hold there is a row
# of differences() with its reason; a row that is no longer true fails too,
# unless it depends on what no test can choose and has "maybe" in front.
. "${PAYLOAD:-$here}/scenarios/posix.sh"
exports="passthrough mapped-xattr mapped-file none"
caches=none
options="version=9p2000.u"

# MODELS | STATEMENT AND OUTCOME, a pattern of the shell | REASON
differences() {
    cat <<'ROWS'
* | xattr-* | 9P2000.u has no extended attributes
* | held-file: *xattr - expected *, came -1 | as above
* | held-file: *xattr - expected success, came EOPNOTSUPP | as above
* | held-file: *: the value - expected value, came* | as above
* | ch*-ctime: a*'s status change time - expected 1, came 0 | 9P2000.u has no status change time, the client shows that of modification
* | unlink-ctime: * - expected 1, came 0 | as above
* | link-times: the file's status change time - expected 1, came 0 | as above
* | times-moved: status change time by setting times - expected 1, came 0 | as above
* | create-owner: *: its group - expected 65533, came 0 | Tcreate has no field for the group
mapped-* | set-group-id-directory: a* gets the group - expected 65533, came 0 | as above
* | set-group-id-directory: a directory gets the bit - expected 2755, came 0755 | the client leaves it out of the permissions in Tcreate
* | chown-parts: neither - expected success, came EBADF | a Twstat that changes nothing asks for fsync, and the file is not open
* | link-types: *: two links - expected 2, came 1 | links are reported for regular files only, where others have their device
* | rename-types: a file elsewhere - expected success, came EXDEV | Twstat renames within a folder only
* | rename-types: the file is what it was - expected 100000, came 0000 | as above
* | rename-types - expected success of remove*came ENOENT | as above
* | rename-directory: to another parent - expected success, came EXDEV | as above
* | rename-directory: links that * - expected ?, came 0* | as above
* | rename-directory - expected success of lstat*came ENOENT | as above
* | rename-times - expected success of rename*came EXDEV | as above
* | rename-sticky: out of a sticky one by the owner - expected success, came EXDEV | as above
* | rename-sticky - expected success of rename*came ENOENT | as above
* | rename-new-parent: one that is writable moves - expected success, came EXDEV | as above
* | times-moved: status change time by rename - expected 1, came -1 | as above
* | readdir-renaming: all could be moved away - expected 0, came 120 | as above
* | readdir-renaming: * - expected *, came * | as above
* | open-synchronous: fsync of a directory - expected success, came EINVAL | the client has no fsync for folders
maybe * | truncate-times: modification time, O_TRUNC - expected 1, came 0 | the client sends the whole second of its own clock, which may be behind the host's
* | *-file: few blocks - expected 1, came 0 | blocks are not sent, the client computes them from the size
* | times-values: set to * - expected success, came EBADF | times have 32 bits; all ones mean "leave it"
* | times-values: *time - expected *, came 2147483648 | as above
[pn]* | times-types: access time of a symlink - expected 1111, came * | a stat contains the target too, which is read for it
* | readdir-types: type of the * - expected 1, came 0 | a qid knows folders, links and files only
* | readdir-seek: * - expected *, came * | a folder can be read on, or from the start
ROWS
}

# Whole seconds, 32 bits.
see_times_of_host() {
    expect "time after 2038" 4102444800,0 \
           "$(fdop "open after-2038 r" "stat %t,%n")"
}

known_difference() {
    local models pattern reason
    while IFS='|' read -r models pattern reason; do
        pattern=${pattern# }
        models=${models#maybe }
        case $MODEL in ${models% }) ;; *) continue ;; esac
        case $1 in
        ${pattern% })
            echo "$pattern" >> /tmp/rows-true
            echo "differs: $1:$reason"
            return
            ;;
        esac
    done < /tmp/rows
    return 1
}

guest_run() {
    local models pattern reason
    differences > /tmp/rows
    : > /tmp/rows-true
    run_suite
    while IFS='|' read -r models pattern reason; do
        pattern=${pattern# }
        case $MODEL in ${models% }) ;; *) continue ;; esac
        grep -q -x -F -e "$pattern" /tmp/rows-true ||
            note_failure "expected a difference \"$pattern\", came none"
    done < /tmp/rows
}

host_check() {
    expect_true "statements that held" "$(grep -c '^ok ' output)" -ge 400
}
