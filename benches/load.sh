#!/usr/bin/env bash
# Scrapes our program and the stock one in turns, over 4 keep-alive connections, and prints
# the results of each and their ratios: at 1, 1,000 and 100,000 series, or at the numbers
# passed as arguments. Then prints the peak memory of each over 100 consecutive scrapes.
# Needs wrk and curl. SECONDS_EACH is the length of a turn, TURNS the number of turns.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_EACH:-5}
turns=${TURNS:-4}
cargo build --quiet --release --package benches --bins

results=$(mktemp)
pid=
url=
stop() { [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; }
trap 'stop; rm -f "$results" "$results.line"' EXIT

# Starts a program and scrapes it once. Arguments: its name and the number of series.
start() {
    rm -f "$results.line"
    "target/release/$1" 127.0.0.1:0 "$2" >"$results.line" &
    pid=$!
    until [ -s "$results.line" ]; do sleep 0.01; done
    url=$(sed -n 's/^listening on //p' "$results.line")
    scrape
}

scrape() { curl --fail --silent --output /dev/null "$url"; }

# Ends it.
end() {
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
}

# Its peak memory so far, in KiB.
peak() { awk '/^VmHWM/ { print $2 }' "/proc/$pid/status"; }

# One turn of a program. Leaves a line of figures: scrapes a second, p50 and p99 in ms, CPU
# in µs a scrape, peak memory in MiB.
turn() {
    local program=$1 series=$2 before after peak
    start "$program" "$series"
    before=$(ticks)
    wrk --connections 4 --threads 2 --duration "${seconds}s" --latency "$url" \
        >"$results.wrk"
    after=$(ticks)
    peak=$(peak)
    end
    awk -v name="$program" -v series="$series" -v ticks=$((after - before)) \
        -v hertz="$(getconf CLK_TCK)" -v peak="$peak" '
        function ms(time) {
            if (time ~ /us$/) return time / 1000
            return time ~ /ms$/ ? time + 0 : time * 1000
        }
        $1 == "50%" { p50 = ms($2) }
        $1 == "99%" { p99 = ms($2) }
        $2 == "requests" { count = $1 }
        /^Requests\/sec/ { rate = $2 }
        /Non-2xx|Socket errors/ { bad = $0 }
        END {
            if (bad) { print name ": " bad > "/dev/stderr"; exit 1 }
            print name, series, rate, p50, p99, ticks / hertz * 1e6 / count, peak / 1024
        }' "$results.wrk" >>"$results"
    rm -f "$results.wrk" "$results.line"
}

# What the process has used of the CPU so far, in clock ticks.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat"; }

[ $# -gt 0 ] || set -- 1 1000 100000
for series in "$@"; do
    for _ in $(seq "$turns"); do
        turn ours "$series"
        turn stock "$series"
    done
done

# Peak memory in KiB over 100 scrapes, one after another.
hundred() {
    start "$1" "$2"
    for _ in $(seq 99); do scrape; done
    peak
    end
}

# Prints the median of the turns, and ours divided by stock's.
sort -k1,1 -k2,2n "$results" | awk '
    function middle(values, count,    i, j, swap) {
        for (i = 1; i <= count; i++)
            for (j = i + 1; j <= count; j++)
                if (values[j] < values[i]) {
                    swap = values[i]; values[i] = values[j]; values[j] = swap
                }
        return (values[int((count + 1) / 2)] + values[int(count / 2) + 1]) / 2
    }
    {
        if (!seen[$2]++) order[++kinds] = $2
        count[$1, $2]++
        for (i = 3; i <= 7; i++) all[$1, $2, i, count[$1, $2]] = $i
    }
    END {
        printf "%8s %-6s %12s %9s %9s %14s %10s\n", "series", "", "scrapes/s",
            "p50 ms", "p99 ms", "CPU us/scrape", "peak MiB"
        for (k = 1; k <= kinds; k++) {
            for (p = 1; p <= 2; p++) {
                name = p == 1 ? "ours" : "stock"
                for (i = 3; i <= 7; i++) {
                    n = count[name, order[k]]
                    for (t = 1; t <= n; t++) values[t] = all[name, order[k], i, t]
                    mid[name, i] = middle(values, n)
                }
                printf "%8d %-6s %12.0f %9.3f %9.3f %14.1f %10.1f\n", order[k], name,
                    mid[name, 3], mid[name, 4], mid[name, 5], mid[name, 6], mid[name, 7]
            }
            printf "%8s %-6s", "", "ratio"
            printf " %12.2f %9.2f %9.2f %14.2f %10.2f\n", mid["ours", 3] / mid["stock", 3],
                mid["ours", 4] / mid["stock", 4], mid["ours", 5] / mid["stock", 5],
                mid["ours", 6] / mid["stock", 6], mid["ours", 7] / mid["stock", 7]
        }
    }'

for series in "$@"; do
    ours=$(hundred ours "$series")
    stock=$(hundred stock "$series")
    awk -v series="$series" -v ours="$ours" -v stock="$stock" 'BEGIN {
        printf "%8d series, 100 consecutive scrapes: peak MiB %.1f, stock %.1f, " \
            "ratio %.2f\n", series, ours / 1024, stock / 1024, ours / stock
    }'
done
