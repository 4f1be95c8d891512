#!/usr/bin/env bash
# Starts several instances of lesson 14's program, two Prometheus agents that share
# them, a store and a Prometheus that watches all of it, on free ports of 127.0.0.1.
# Waits until each series is in the store, counts them there, and stays until Ctrl-C.
#
#   run.sh [--once] [INSTANCES] [SERIES]
#
# By default 4 instances of 250,000 series each. With --once, it ends after the count.
# The variables PROMETHEUS, VICTORIA_METRICS and PROGRAM name other binaries, and
# INTERVAL another scrape interval.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
once=
if [ "${1:-}" = --once ]; then
    once=yes
    shift
fi
instances=${1:-4}
series=${2:-250000}
interval=${INTERVAL:-15s}
prometheus=${PROMETHEUS:-prometheus}
victoria_metrics=${VICTORIA_METRICS:-victoria-metrics}
program=${PROGRAM:-}

fail() {
    echo "$*" >&2
    exit 1
}
is_within() {
    [[ $1 =~ ^[1-9][0-9]{0,6}$ ]] && (($1 <= $2))
}
is_within "$instances" 16 || fail "$instances instances: use 1 to 16"
is_within "$series" 1000000 || fail "$series series: use 1 to 1000000"
for needed in curl "$prometheus" "$victoria_metrics" ${program:+"$program"}; do
    command -v "$needed" >/dev/null ||
        fail "there is no $needed: install it, or see the variables in $0"
done
if [ -z "$program" ]; then
    (cd "$here/../.." && cargo build --release --bin 14_million_series)
    built=${CARGO_TARGET_DIR:-target}
    [[ $built = /* ]] || built=$here/../../$built
    program=$built/release/14_million_series
fi

folder=$(mktemp -d)
pids=()
# Ends what was started, the last first, so that the agents can still send to the store.
end() {
    local at tries
    trap '' INT TERM
    for ((at = ${#pids[@]} - 1; at >= 0; at--)); do
        kill "${pids[at]}" 2>/dev/null || true
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "${pids[at]}" 2>/dev/null || break
            sleep 0.2
        done
        kill -KILL "${pids[at]}" 2>/dev/null || true
        wait "${pids[at]}" 2>/dev/null || true
    done
    rm -rf "$folder"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Starts the command NAME, with its output in a file, which is there from the start.
start() {
    local name=$1
    shift
    : >"$folder/$name.log"
    "$@" >"$folder/$name.log" 2>&1 &
    pids+=($!)
}

# Says why the last command didn't start.
show() {
    tail -n 5 "$folder/$1.log" >&2
    fail "$1 doesn't start: its last lines are above"
}

runs() {
    kill -0 "${pids[-1]}" 2>/dev/null
}

# on_free_port NAME PATH COMMAND: starts a command that can't choose a port itself, with
# `PORT` in its arguments, until it answers at the path. Another program may take the
# port meanwhile; then it ends, and the next port is tried. Leaves the port in `port`.
on_free_port() {
    local name=$1 path=$2 ports tries
    shift 2
    for ((ports = 0; ports < 5; ports++)); do
        port=$((10000 + RANDOM % 20000))
        if (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            continue
        fi
        start "$name" "${@//PORT/$port}"
        for ((tries = 0; tries < 300; tries++)); do
            sleep 0.1
            runs || break
            if curl -sf -o /dev/null "http://127.0.0.1:$port$path" && runs; then
                echo "$name: http://127.0.0.1:$port"
                return
            fi
        done
        runs && break
        wait "${pids[-1]}" || true
        unset 'pids[-1]'
    done
    show "$name"
}

# Starts an instance, which chooses its port, and adds it to the targets.
instance() {
    local name=node-$1 tries address=
    start "$name" "$program" 127.0.0.1:0 "$series"
    for ((tries = 0; tries < 300; tries++)); do
        address=$(sed -n 's|^listening on http://\(.*\)/metrics$|\1|p' \
            "$folder/$name.log")
        [ -z "$address" ] || break
        runs || show "$name"
        sleep 0.1
    done
    [ -n "$address" ] || show "$name"
    echo "$name: http://$address/metrics"
    printf -- '- targets: ["%s"]\n  labels: { instance: %s }\n' "$address" "$name" \
        >>"$folder/targets.yml"
}

# Starts the agent of a shard. Its limit is for what a target serves, and a fifth more.
agent() {
    local shard=$1
    sed -e "s/127.0.0.1:8428/127.0.0.1:$store/" \
        -e "s/scrape_interval: .*/scrape_interval: $interval/" \
        -e "s/sample_limit: .*/sample_limit: $((series + series / 5 + 1))/" \
        "$here/agent_$shard.yml" >"$folder/agent_$shard.yml"
    on_free_port "agent_$shard" /-/ready "$prometheus" "${agent_flags[@]}" \
        --config.file="$folder/agent_$shard.yml" \
        --storage.agent.path="$folder/agent_$shard" \
        --web.listen-address=127.0.0.1:PORT --log.level=warn
}

# The instant query, as JSON.
query() {
    curl -sG --data-urlencode "query=$1" "http://127.0.0.1:$store/api/v1/query"
}

# The whole number that a query of one series returns, or 0.
number_of() {
    local json
    json=$(query "$1")
    if [[ $json =~ \"value\":\[[0-9.]+,\"([0-9]+)\" ]]; then
        echo "${BASH_REMATCH[1]}"
    else
        echo 0
    fi
}

for ((number = 1; number <= instances; number++)); do
    instance "$number"
done
# It keeps one sample of a series in each interval: while the number of shards changes,
# two agents may scrape the same target. The other flags: a query may read every series,
# which takes its time, and sees samples that are a second old.
on_free_port store /health "$victoria_metrics" -storageDataPath="$folder/store" \
    -httpListenAddr=127.0.0.1:PORT -dedup.minScrapeInterval="$interval" \
    -search.maxUniqueTimeseries=$((2 * instances * series)) \
    -search.maxQueryDuration=5m -search.latencyOffset=1s -loggerLevel=WARN
store=$port
agent_flags=(--agent --enable-feature=extra-scrape-metrics)
if "$prometheus" --version 2>&1 | grep -q 'version 2'; then
    agent_flags=(--enable-feature=agent,extra-scrape-metrics)
fi
agent 0
agents=("$port")
agent 1
agents+=("$port")
sed -e "s/127.0.0.1:8428/127.0.0.1:$store/; s/_interval: .*/_interval: $interval/" \
    -e "s/127.0.0.1:9091/127.0.0.1:${agents[0]}/" \
    -e "s/127.0.0.1:9092/127.0.0.1:${agents[1]}/" \
    -e "s|\.\./14_million|$here/../14_million|" "$here/watch.yml" >"$folder/watch.yml"
on_free_port watch /-/ready "$prometheus" --config.file="$folder/watch.yml" \
    --storage.tsdb.path="$folder/watch" \
    --web.listen-address=127.0.0.1:PORT --log.level=warn

all=$((instances * series))
echo "waiting until $all series are in the store"
# To count a million series costs the store seconds: first ask what the scrapes say.
scraped='sum(scrape_samples_scraped{job="million"})'
count=0
for ((tries = 0; tries < 600; tries++)); do
    if (($(number_of "$scraped") >= all)); then
        count=$(number_of 'count(queue_length)')
    fi
    [ "$count" != "$all" ] || break
    sleep 1
done
if [ "$count" != "$all" ]; then
    for port in "${agents[@]}"; do
        curl -s "http://127.0.0.1:$port/api/v1/targets" |
            grep -o '"lastError":"[^"]\+"' >&2 || true
    done
    fail "after ten minutes, $count of $all series are in the store"
fi
echo "count(queue_length): $count"
echo "count by (instance) (queue_length):"
query 'count by (instance) (queue_length)' |
    grep -o '"instance":"[^"]*"},"value":\[[^]]*' |
    sed 's/"instance":"\([^"]*\)".*,"\(.*\)"/    \1: \2/' | sort

if [ -z "$once" ]; then
    echo "all of it runs until Ctrl-C"
    wait -n "${pids[@]}" || true
    fail "one of the programs has ended"
fi
