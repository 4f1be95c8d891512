// What the page of lesson 09 adds to `ONCE` in `metrics.rs`.
[
    // ANCHOR: row
    ("rejected_connections", 1.0, Desc::counter,
        "redis_rejected_connections_total", "The number of refused connections."),
    // ANCHOR_END: row
]
