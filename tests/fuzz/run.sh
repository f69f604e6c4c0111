#!/bin/sh
# Runs the fuzzers: what is behind ./dev fuzz, which has built them. From the top of the checkout:
#   run.sh BUILD_DIR [NAME] [SECONDS]     fuzz one or all, 60 s each
#   run.sh BUILD_DIR [NAME] minimize      what is worth keeping of all finds goes into tests/fuzz/corpus
# New finds go to BUILD_DIR/corpus/NAME, inputs that break something to BUILD_DIR/findings, logs beside them.
set -eu

build=$1
shift
repo_corpus=tests/fuzz/corpus
names=$(find "$build/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' | sed 's/.*fuzz_//' | sort)

symbolizer=/usr/lib/llvm-19/bin/llvm-symbolizer
[ ! -x "$symbolizer" ] || export ASAN_SYMBOLIZER_PATH="${ASAN_SYMBOLIZER_PATH:-$symbolizer}"

usage() {
    printf 'usage: ./dev fuzz [NAME] [SECONDS | minimize]\nNAME: %s\n' "$(printf '%s' "$names" | tr '\n' ' ')" >&2
    exit 2
}

# Bytes of input: what the deepest code of each needs, and no more, because speed falls with it.
max_len() {
    case $1 in
    base64) echo 1024 ;;
    *) echo 2048 ;;
    esac
}

number_of_files() { find "$1" -type f | wc -l; }

# What `name: NUMBER` or `name NUMBER` was last in a log.
last_number() { sed -n "s/.*$2:\{0,1\}  *\([0-9][0-9]*\).*/\1/p" "$1" | tail -n 1; }

findings=0
stopped=
trap 'stopped=1' INT TERM

fuzz() {
    name=$1
    finds=$build/corpus/$name
    log=$build/findings/$name.log
    mkdir -p "$finds" "$build/findings" "$repo_corpus/$name"
    before=$(number_of_files "$finds")
    status=0
    # It ends by itself on an interrupt, with its figures.
    "$build/tests/fuzz/fuzz_$name" -max_total_time="$2" -max_len="$(max_len "$name")" -timeout=60 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$build/findings/$name-" \
        "$finds" "$repo_corpus/$name" >"$log" 2>&1 || status=$?
    found=0
    [ "$status" = 0 ] || grep -aq 'libFuzzer: run interrupted' "$log" || found=1
    findings=$((findings + found))
    printf '%-13s %10s executions  coverage %5s  %4d new inputs  %d findings\n' "$name" \
        "$(last_number "$log" stat::number_of_executed_units)" "$(last_number "$log" ' cov')" \
        $(($(number_of_files "$finds") - before)) "$found"
    [ "$found" = 0 ] && return
    grep -a -m 1 -e 'does not hold' -e 'runtime error' -e '^SUMMARY' "$log" || tail -n 5 "$log"
    artifact=$(sed -n 's/.*Test unit written to \(.*\)/\1/p' "$log" | tail -n 1)
    if [ -n "$artifact" ]; then
        printf 'reproduce: %s/tests/fuzz/fuzz_%s %s\n' "$build" "$name" "$artifact"
    else
        printf 'see %s\n' "$log"
    fi
}

# Few inputs that reach all the code that any of them reaches; seeds, which somebody chose for what they mean and not
# for the code they reach, stay.
minimize() {
    name=$1
    mkdir -p "$build/corpus/$name" "$repo_corpus/$name"
    rm -rf "$build/minimized/$name"
    mkdir -p "$build/minimized/$name"
    find "$repo_corpus/$name" -name 'seed-*' -exec cp {} "$build/minimized/$name" \;
    "$build/tests/fuzz/fuzz_$name" -set_cover_merge=1 -use_counters=0 -max_len="$(max_len "$name")" -timeout=60 \
        -rss_limit_mb=2048 \
        "$build/minimized/$name" "$repo_corpus/$name" "$build/corpus/$name" >"$build/minimized/$name.log" 2>&1 || {
        tail -n 20 "$build/minimized/$name.log"
        printf 'fuzz: %s could not be minimized\n' "$name" >&2
        exit 1
    }
    [ -z "$stopped" ] || exit 130
    rm -rf "${repo_corpus:?}/$name"
    cp -r "$build/minimized/$name" "$repo_corpus/$name"
    printf '%-13s %4d inputs, %s KB\n' "$name" "$(number_of_files "$repo_corpus/$name")" \
        "$(find "$repo_corpus/$name" -type f -exec cat {} + | wc -c | awk '{ printf "%.0f", $1 / 1024 }')"
}

chosen=$names
if [ $# -gt 0 ] && printf '%s\n' "$names" | grep -qx -e "$1"; then
    chosen=$1
    shift
fi
what=${1:-60}
[ $# -le 1 ] || usage
case $what in
minimize) action=minimize ;;
'' | *[!0-9]*) usage ;;
*) action=fuzz ;;
esac
for each in $chosen; do
    [ -z "$stopped" ] || exit 130
    "$action" "$each" "$what"
done
[ -z "$stopped" ] || exit 130
[ "$findings" = 0 ]
