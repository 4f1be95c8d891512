#!/usr/bin/env bash
# Scrapes our program and the stock one in turns over 4 connections that never pause, with
# and without compression, and prints the median of the turns of each in Markdown: at 1,
# 1,000, 100,000 and 1,000,000 series, or at the numbers passed as arguments. The stock
# program doesn't compress. Needs wrk and curl. SECONDS_EACH is the length of a turn, 4
# times as long from 1,000,000 series on; TURNS is the number of turns, of which there is
# one then.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${SECONDS_EACH:-5}
turns=${TURNS:-3}
cargo build --quiet --release --package benches --bins
built=${CARGO_TARGET_DIR:-target}/release

results=$(mktemp)
pid=
url=
stop() { [ -z "$pid" ] || kill "$pid" 2>/dev/null || true; }
trap 'stop; rm -f "$results" "$results.line" "$results.wrk"' EXIT

# Starts a program and scrapes it once. Arguments: its name and the number of series.
start() {
    rm -f "$results.line"
    "$built/$1" 127.0.0.1:0 "$2" >"$results.line" &
    pid=$!
    until [ -s "$results.line" ]; do
        kill -0 "$pid"
        sleep 0.01
    done
    url=$(sed -n 's/^listening on //p' "$results.line")
    curl --fail --silent --output /dev/null "$url"
}

# Ends it.
end() {
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
}

# Its memory in KiB, now (VmRSS) or at the peak (VmHWM).
memory() { awk -v of="$1:" '$1 == of { print $2 }' "/proc/$pid/status"; }

# What it has used of the CPU so far, in clock ticks.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat"; }

# One turn. Arguments: the program, the encoding that wrk accepts, the number of series and
# of seconds. Leaves a line of figures: scrapes a second, p50 and p99 in ms, CPU in ms a
# scrape, memory in MiB after one scrape and at the peak.
turn() {
    local program=$1 encoding=$2 series=$3 seconds=$4 before after memory
    start "$program" "$series"
    memory=$(memory VmRSS)
    before=$(ticks)
    wrk --connections 4 --threads 2 --duration "${seconds}s" --timeout 60s --latency \
        --header "Accept-Encoding: $encoding" "$url" >"$results.wrk"
    after=$(ticks)
    figures "$program $encoding" "$series" $((after - before)) "$memory" \
        "$(memory VmHWM)" <"$results.wrk" >>"$results"
    end
}

# Arguments: who, the number of series, clock ticks, memory and peak in KiB.
figures() {
    awk -v who="$1" -v series="$2" -v ticks="$3" -v memory="$4" -v peak="$5" \
        -v hertz="$(getconf CLK_TCK)" '
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
            if (bad) { print who ": " bad > "/dev/stderr"; exit 1 }
            # The turn may be over before the first scrape is.
            times = count ? rate " " p50 " " p99 " " ticks / hertz * 1e3 / count : "- - - -"
            print who, series, times, memory / 1024, peak / 1024
        }'
}

[ $# -gt 0 ] || set -- 1 1000 100000 1000000
for series in "$@"; do
    each=$seconds times=$turns
    [ "$series" -lt 1000000 ] || each=$((seconds * 4)) times=1
    for _ in $(seq "$times"); do
        turn ours identity "$series" "$each"
        turn ours gzip "$series" "$each"
        turn stock identity "$series" "$each"
    done
done

# Prints the median of the turns, and ours without compression divided by stock.
sort -s -k3,3n "$results" | awk '
    function middle(who, at,    values, n, i, j, swap) {
        n = count[who]
        for (i = 1; i <= n; i++) values[i] = all[who, at, i]
        for (i = 1; i <= n; i++)
            for (j = i + 1; j <= n; j++)
                if (values[j] < values[i]) {
                    swap = values[i]; values[i] = values[j]; values[j] = swap
                }
        for (i = 1; i <= n; i++) if (values[i] == "-") return "-"
        return (values[int((n + 1) / 2)] + values[int(n / 2) + 1]) / 2
    }
    function figure(value) {
        if (value == "-") return value
        return sprintf(value < 1 ? "%.3f" : value < 100 ? "%.1f" : "%.0f", value)
    }
    {
        if (!seen[$3]++) order[++kinds] = $3
        who = $1 SUBSEP $2 SUBSEP $3
        count[who]++
        for (i = 4; i <= 9; i++) all[who, i, count[who]] = $i
    }
    END {
        print "| series | | scrapes a second | p50, ms | p99, ms | CPU, ms a scrape |" \
            " memory, MiB | at the peak, MiB |"
        print "|---|---|---|---|---|---|---|---|"
        split("ours identity,ours gzip,stock identity", names, ",")
        split("ours,ours with gzip,stock", shown, ",")
        for (k = 1; k <= kinds; k++) {
            for (p = 1; p <= 3; p++) {
                split(names[p], parts, " ")
                who = parts[1] SUBSEP parts[2] SUBSEP order[k]
                line = "| " order[k] " | " shown[p] " |"
                for (i = 4; i <= 9; i++) {
                    mid[p, i] = middle(who, i)
                    line = line " " figure(mid[p, i]) " |"
                }
                print line
            }
            line = "| " order[k] " | **ours / stock** |"
            for (i = 4; i <= 9; i++) {
                is_known = mid[1, i] != "-" && mid[3, i] != "-"
                line = line (is_known ? sprintf(" **%.2f** |", mid[1, i] / mid[3, i]) : " - |")
            }
            print line
        }
    }'
