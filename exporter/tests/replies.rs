//! What `09_redis_exporter` makes of replies to `INFO ALL`: those of real servers, and
//! odd ones.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use fake_redis::{Behaviour, FakeRedis, REDIS_6_2, REDIS_7_0, VALKEY_8_1};
use redis_exporter::{RedisExporter, redis_samples};

/// Asserts the samples that a reply becomes.
fn assert_samples(info: &str, expected: &[&str]) {
    let redis = FakeRedis::start(Behaviour::info(info));
    let exporter = RedisExporter::start(redis.address);
    assert_eq!(redis_samples(&exporter.scrape()), expected);
    assert_eq!(exporter.log(0), [""; 0]);
    assert_eq!(redis.commands(), [["INFO", "ALL"]]);
}

#[test]
fn redis_6_has_commands_without_their_subcommands() {
    let expected = [
        "redis_commands_duration_seconds_total{cmd=\"client\"} 1.3e-05",
        "redis_commands_duration_seconds_total{cmd=\"config\"} 9e-06",
        "redis_commands_duration_seconds_total{cmd=\"get\"} 7e-06",
        "redis_commands_duration_seconds_total{cmd=\"incr\"} 5e-06",
        "redis_commands_duration_seconds_total{cmd=\"select\"} 1e-06",
        "redis_commands_duration_seconds_total{cmd=\"set\"} 2e-05",
        "redis_commands_processed_total 9",
        "redis_commands_total{cmd=\"client\"} 1",
        "redis_commands_total{cmd=\"config\"} 1",
        "redis_commands_total{cmd=\"get\"} 2",
        "redis_commands_total{cmd=\"incr\"} 1",
        "redis_commands_total{cmd=\"select\"} 1",
        "redis_commands_total{cmd=\"set\"} 3",
        "redis_connected_clients 1",
        "redis_connected_slaves 0",
        "redis_db_keys{db=\"db0\"} 2",
        "redis_db_keys{db=\"db3\"} 1",
        "redis_db_keys_expiring{db=\"db0\"} 1",
        "redis_db_keys_expiring{db=\"db3\"} 0",
        "redis_memory_max_bytes 0",
        "redis_memory_used_bytes 939696",
        "redis_up 1",
        "redis_uptime_in_seconds 2",
    ];
    assert_samples(REDIS_6_2, &expected);
}

#[test]
fn redis_7_has_commands_with_a_bar() {
    let expected = [
        "redis_commands_duration_seconds_total{cmd=\"client|list\"} 1.3e-05",
        "redis_commands_duration_seconds_total{cmd=\"config|get\"} 6e-06",
        "redis_commands_duration_seconds_total{cmd=\"get\"} 8e-06",
        "redis_commands_duration_seconds_total{cmd=\"incr\"} 6e-06",
        "redis_commands_duration_seconds_total{cmd=\"select\"} 3e-06",
        "redis_commands_duration_seconds_total{cmd=\"set\"} 2.2e-05",
        "redis_commands_processed_total 9",
        "redis_commands_total{cmd=\"client|list\"} 1",
        "redis_commands_total{cmd=\"config|get\"} 1",
        "redis_commands_total{cmd=\"get\"} 2",
        "redis_commands_total{cmd=\"incr\"} 1",
        "redis_commands_total{cmd=\"select\"} 1",
        "redis_commands_total{cmd=\"set\"} 3",
        "redis_connected_clients 1",
        "redis_connected_slaves 0",
        "redis_db_keys{db=\"db0\"} 2",
        "redis_db_keys{db=\"db3\"} 1",
        "redis_db_keys_expiring{db=\"db0\"} 1",
        "redis_db_keys_expiring{db=\"db3\"} 0",
        "redis_memory_max_bytes 0",
        "redis_memory_used_bytes 1.064656e+06",
        "redis_up 1",
        "redis_uptime_in_seconds 1",
    ];
    assert_samples(REDIS_7_0, &expected);
}

#[test]
fn valkey_has_the_same_numbers_under_the_same_names() {
    let expected = [
        "redis_commands_duration_seconds_total{cmd=\"client|list\"} 1.6e-05",
        "redis_commands_duration_seconds_total{cmd=\"config|get\"} 1.5e-05",
        "redis_commands_duration_seconds_total{cmd=\"get\"} 7e-06",
        "redis_commands_duration_seconds_total{cmd=\"incr\"} 5e-06",
        "redis_commands_duration_seconds_total{cmd=\"select\"} 3e-06",
        "redis_commands_duration_seconds_total{cmd=\"set\"} 3.3e-05",
        "redis_commands_processed_total 9",
        "redis_commands_total{cmd=\"client|list\"} 1",
        "redis_commands_total{cmd=\"config|get\"} 1",
        "redis_commands_total{cmd=\"get\"} 2",
        "redis_commands_total{cmd=\"incr\"} 1",
        "redis_commands_total{cmd=\"select\"} 1",
        "redis_commands_total{cmd=\"set\"} 3",
        "redis_connected_clients 1",
        "redis_connected_slaves 0",
        "redis_db_keys{db=\"db0\"} 2",
        "redis_db_keys{db=\"db3\"} 1",
        "redis_db_keys_expiring{db=\"db0\"} 1",
        "redis_db_keys_expiring{db=\"db3\"} 0",
        "redis_memory_max_bytes 0",
        "redis_memory_used_bytes 1.060408e+06",
        "redis_up 1",
        "redis_uptime_in_seconds 1",
    ];
    assert_samples(VALKEY_8_1, &expected);
}

#[test]
fn what_is_unknown_is_passed_over() {
    assert_samples(
        "# Quantum\r\nqubits:7\r\nspin:up:down\r\n\r\nno colon\r\n:\r\n\
         db0_distrib_strings_sizes:1=1,2=3\r\ndbsize:4\r\ndb:keys=9\r\n\
         db0:keys=2,expires=1,avg_ttl=-1,subexpiry=3,=,keys\r\n\
         connected_clients:5\r\n",
        &[
            "redis_connected_clients 5",
            "redis_db_keys{db=\"db0\"} 2",
            "redis_db_keys_expiring{db=\"db0\"} 1",
            "redis_up 1",
        ],
    );
}

#[test]
fn a_number_that_cannot_be_read_costs_only_its_sample() {
    assert_samples(
        "used_memory:1.01M\r\nmaxmemory:nan\r\nuptime_in_seconds:\r\n\
         connected_slaves:inf\r\ntotal_commands_processed:1e999\r\n\
         connected_clients: 5\r\ncmdstat_get:calls=,usec=7\r\n\
         cmdstat_set:calls=3,usec=0x10\r\ncmdstat_x\r\ndb0:keys=-,expires=1\r\n",
        &[
            "redis_commands_duration_seconds_total{cmd=\"get\"} 7e-06",
            "redis_commands_total{cmd=\"set\"} 3",
            "redis_db_keys_expiring{db=\"db0\"} 1",
            "redis_up 1",
        ],
    );
}

#[test]
fn a_number_may_be_beyond_64_bits() {
    assert_samples(
        "used_memory:18446744073709551616\r\nmaxmemory:9223372036854775808\r\n\
         total_commands_processed:-1\r\n",
        &[
            "redis_commands_processed_total -1",
            "redis_memory_max_bytes 9.223372036854776e+18",
            "redis_memory_used_bytes 1.8446744073709552e+19",
            "redis_up 1",
        ],
    );
}

#[test]
fn of_repeated_fields_the_first_counts() {
    assert_samples(
        "connected_clients:5\r\ndb0:keys=1,expires=0\r\ncmdstat_get:calls=1,usec=0\r\n\
         # Master 0:\r\nconnected_clients:6\r\ndb0:keys=2,expires=0\r\n\
         cmdstat_get:calls=2,usec=0\r\n",
        &[
            "redis_commands_duration_seconds_total{cmd=\"get\"} 0",
            "redis_commands_total{cmd=\"get\"} 1",
            "redis_connected_clients 5",
            "redis_db_keys{db=\"db0\"} 1",
            "redis_db_keys_expiring{db=\"db0\"} 0",
            "redis_up 1",
        ],
    );
}

#[test]
fn a_reply_without_commands_and_databases_has_the_rest() {
    assert_samples(
        "uptime_in_seconds:3\nconnected_clients:5\n",
        &[
            "redis_connected_clients 5",
            "redis_up 1",
            "redis_uptime_in_seconds 3",
        ],
    );
}

#[test]
fn the_name_of_a_command_may_have_any_characters() {
    assert_samples(
        "cmdstat_a\"b\\c:calls=1\r\ncmdstat_\u{4f60}\u{597d}:calls=2\r\n\
         cmdstat_:calls=3\r\ndb+1:keys=1\r\ndb:keys=1\r\n",
        &[
            "redis_commands_total{cmd=\"a\\\"b\\\\c\"} 1",
            "redis_commands_total{cmd=\"\u{4f60}\u{597d}\"} 2",
            "redis_up 1",
        ],
    );
}
