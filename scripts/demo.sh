#!/bin/sh
# What ./dev demo shows, after it has built the agent: the agent at work on its embedded broker, and why it exists.
# Needs build/metrics-agent, kcat, nc (netcat-openbsd) and a POSIX shell with awk, sed, seq. Leaves nothing behind.
set -eu

cd "$(dirname "$0")/.."
agent=$PWD/build/metrics-agent
work=$(mktemp -d)
pids=

cleanup() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    printf '\n%s\n' "$*"
}

# Starts an agent as host $1 with the other arguments; sets $port and $brokers from its ready line.
start_agent() {
    host=$1
    shift
    : >"$work/$host.log"
    "$agent" run --host "$host" --listen 127.0.0.1:0 --flush-interval 0.5 "$@" 2>"$work/$host.log" &
    pids="$pids $!"
    tries=0
    until ready=$(grep -o 'ready listen=.*' "$work/$host.log"); do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ] || ! kill -0 "$!" 2>/dev/null; then
            cat "$work/$host.log" >&2
            exit 1
        fi
        sleep 0.1
    done
    port=$(printf '%s\n' "$ready" | sed 's/.*listen=[^ ]*:\([0-9]*\) .*/\1/')
    brokers=$(printf '%s\n' "$ready" | sed 's/.*brokers=//')
}

# Sends standard input to the agent, prints what it answers.
send() {
    nc -N 127.0.0.1 "$port"
}

# Waits until the agent at $port has had everything acknowledged.
wait_delivered() {
    tries=0
    until printf 'stats\n' | send | awk '/pending_lines/ { left += $2 } END { exit left != 0 }'; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            echo "the records were not delivered within 10 s" >&2
            exit 1
        fi
        sleep 0.1
    done
}

read_topic() {
    topic_name=$1
    shift
    kcat -C -b "$brokers" -t "$topic_name" -o beginning -e -q "$@"
}

# One number out of `digest show --json --quantiles 0.9` of the digests on standard input.
p90() {
    "$agent" digest merge | "$agent" digest show --json --quantiles 0.9 |
        sed 's/.*"0.9":\([0-9.e+-]*\).*/\1/' | awk '{ printf "%.1f", $1 }'
}

# --- the agent at work

say "1. An agent with its embedded broker:"
start_agent demo-host --embedded-broker
echo "   metrics-agent run --host demo-host --embedded-broker      (lines: 127.0.0.1:$port, Kafka: $brokers)"

say "2. Lines, sent with nc (the fourth one is a t-digest of the numbers 1 to 1000, the last one is wrong):"
{
    echo "mabs counter http.requests 128 service=pins status=200"
    echo "mabs counter http.requests 3 status=500 service=pins"
    echo "mabs gauge jvm.heap.used 3.5e9 service=pins by_node=True"
    echo "mabs histogram http.latency_ms $(seq 1 1000 | "$agent" digest encode) service=pins"
    for ms in 12 15 11 93; do
        echo "mabs sample db.query_ms $ms db=users"
    done
    echo "put legacy.metric $(date +%s) 42.5 host=demo-host"
    echo "mabs counter http.requests many service=pins"
    echo "sync all"
} >"$work/lines"
sed -e 's/^/   > /' -e 's/\(AAAA.\{24\}\)[^ ]*/\1.../' "$work/lines"
send <"$work/lines" | sed 's/^/   < /'

wait_delivered
say "3. What is in Kafka, as kcat prints it: key, headers, value"
for topic in mabs mabs.by_node tsdb; do
    say "   topic $topic"
    read_topic "$topic" -f '   %k  [%h]\n      %s\n' | sed 's/\("digest":".\{24\}\)[^"]*/\1.../'
done

# --- why it exists

say "4. Three hosts, one service: each sends the latencies it saw as one histogram."
: >"$work/all"
for host in a b c; do
    # Fast requests on a, slower ones on b, a few very slow ones on c.
    case $host in
        a) spec='6000 5 15' ;;
        b) spec='3900 20 80' ;;
        *) spec='100 200 900' ;;
    esac
    echo "$spec" | awk '{ for (i = 0; i < $1; i++) print $2 + ($3 - $2) * (i + 0.5) / $1 }' >"$work/$host"
    cat "$work/$host" >>"$work/all"
    start_agent "$host" --brokers "$brokers" --state-dir "$work/$host.state"
    echo "mabs histogram checkout.latency_ms $("$agent" digest encode <"$work/$host") service=checkout" | send
    wait_delivered
    own=$("$agent" digest encode <"$work/$host" | p90)
    echo "$own" >>"$work/p90s"
    printf '   host %s: %5d requests, p90 %8s ms\n' "$host" "$(wc -l <"$work/$host")" "$own"
done

average=$(awk '{ sum += $1 } END { printf "%.1f", sum / NR }' "$work/p90s")
largest=$(sort -n "$work/p90s" | tail -n 1)
read_topic mabs -f '%s\n' | sed -n 's/.*"metric":"checkout\.latency_ms".*"digest":"\([^"]*\)".*/\1/p' >"$work/digests"
merged=$(p90 <"$work/digests")
exact=$(sort -g "$work/all" | awk '{ v[NR] = $1 } END { printf "%.1f", v[int(NR * 0.9) + 1] }')

say "   The p90 of the whole service:"
printf '   %-46s %8s ms   wrong\n' "average of the three p90s" "$average"
printf '   %-46s %8s ms   wrong\n' "maximum of the three p90s" "$largest"
printf '   %-46s %8s ms   true\n' "kcat | digest merge | digest show" "$merged"
printf '   %-46s %8s ms\n' "(all 10,000 raw numbers, sorted)" "$exact"
say "demo finished"
