# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the scripts that run fuzz programs.

fuzz_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz" && pwd)
fuzz_jobs=${JOBS:-1}

export ASAN_OPTIONS=detect_stack_use_after_return=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
# Without this, glib hides leaks and overruns of small blocks from the
# sanitizers.
export G_SLICE=always-malloc

# Older sanitizers do not cope with the address randomisation of newer kernels.
fixed=()
if setarch "$(uname -m)" -R true 2>/dev/null; then
    fixed=(setarch "$(uname -m)" -R)
fi
# In front of each program that is run.
start=("${fixed[@]}")

# fuzz_await_turn: waits until fewer than JOBS background jobs run.
fuzz_await_turn() {
    while [ "$(jobs -rp | wc -l)" -ge "$fuzz_jobs" ]; do
        wait -n
    done
}

# fuzz_run PROGRAM SECONDS DIR LOG: runs PROGRAM on its stored corpus, and on
# mutations for SECONDS (0: none).  DIR/NAME.work collects inputs that reach new
# code; the input of a finding is kept in DIR/NAME.*.  Returns the status.
fuzz_run() {
    local program=$1 seconds=$2 dir=$3 log=$4 name extra=()
    name=$(basename "$program")
    mkdir -p "$dir/$name.work"
    [ "$seconds" != 0 ] || extra=(-runs=0)
    timeout $((seconds + ${TEST_LIMIT:-600})) "${start[@]}" "$program" \
        -max_total_time="$seconds" "${extra[@]}" \
        -timeout=25 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="$dir/$name." \
        "$dir/$name.work" "$fuzz_dir/corpus-${name#fuzz-}" \
        >"$log" 2>&1 </dev/null
}

# fuzz_runs LOG: the number of inputs that were run.
fuzz_runs() {
    sed -n 's/^stat::number_of_executed_units: *//p' "$1"
}
