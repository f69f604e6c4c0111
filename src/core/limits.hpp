// Every bound of the agent, by room, each with the reason beside it. A bound that an operator may move has its
// default here; what happens at the bound is documented where it is enforced, and it is always counted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace agent::core::limits {

// The language (mabs).
inline constexpr std::size_t max_line_bytes = 64 * 1024;     // real digests reach 30 KB of text; LF not counted
inline constexpr std::size_t max_name_bytes = 255;           // metric and tag names
inline constexpr std::size_t max_tag_value_bytes = 1024;     // long enough for a path or a SQL digest
inline constexpr std::size_t max_tags = 32;                  // a key must stay readable; by_node is not a tag
inline constexpr std::size_t max_token_bytes = 255;          // sync <token>, echoed in the answer
inline constexpr std::size_t max_quoted_bytes = 64;          // offending text repeated in an error
inline constexpr std::int64_t max_age_ms = 24 * 3600 * 1000; // older lines would open buckets without end
inline constexpr std::int64_t max_ahead_ms = 10 * 60 * 1000; // clocks differ, but not by more

// Digests (mabs).
inline constexpr double max_claimed_compression = 1e6; // what a payload may say; beyond it the header is garbage
inline constexpr double max_series_compression = 1000; // what is kept of it: 32 KB a digest, whatever a client says

// Sockets (listen).
inline constexpr int listen_backlog = 4096;                         // old clients give up a connect after 100 ms
inline constexpr std::size_t max_listeners = 32;                    // --listen and --listen-unix together
inline constexpr std::size_t default_max_connections = 16 * 1024;   // a busy host has some thousands
inline constexpr std::int64_t idle_close_after_ms = 10 * 60 * 1000; // only these may be closed for a new one
inline constexpr std::size_t read_chunk_bytes = 256 * 1024;         // shared by all sessions: stays in the L2 cache
inline constexpr std::size_t least_read_bytes = 4 * 1024;           // with 256 long globs to try for each line: 5 ms
inline constexpr std::size_t small_read_bytes = 16 * 1024;          // below it reads are gathered at the next tick
inline constexpr int gather_ms = 2;                                 // how long a chatty client's writes gather
inline constexpr std::size_t max_held_errors = 20;                  // error replies of one batch, then a count
inline constexpr std::size_t max_unsent_bytes = 64 * 1024;          // replies to a client that does not read
inline constexpr std::size_t own_unsent_bytes = 4 * 1024;           // any connection's own; a lone reply may be longer
inline constexpr std::size_t max_all_unsent_bytes = 16 << 20;       // what goes beyond, of all connections
inline constexpr int send_buffer_bytes = 64 * 1024;                 // the kernel's, a connection: else up to 4 MiB
inline constexpr std::size_t short_unfinished_bytes = 1024;         // without its LF: any connection, any time
inline constexpr std::size_t max_unfinished_bytes = 16 << 20;       // longer ones, together: 500 digests of 30 KB
inline constexpr int stretch_ms = 5;                     // busy for so long, the loop looks who else has written
inline constexpr std::size_t late_read_bytes = 2 * 1024; // for somebody new meanwhile: a little, at once
inline constexpr std::size_t spare_descriptors = 64;     // not for connections: Kafka, files, the state directory
inline constexpr std::size_t typist_lines = 32;          // a person typing: fewer lines than this on the connection
inline constexpr int typist_silence_ms = 200;            // and silent for this long
inline constexpr int accept_backoff_ms = 100;            // out of file descriptors or memory for sockets
inline constexpr int close_grace_ms = 1000;              // for a closing session to get its last replies out

// Series (aggregate).
inline constexpr std::size_t default_max_series = 1'000'000; // 0.5 GB of counters; by-node twins not counted
inline constexpr std::size_t buckets_per_series = 4;         // open buckets in all: this many for each series
inline constexpr std::size_t spellings_per_series = 2;       // raw spellings interned: this many for each series
inline constexpr std::size_t max_table_bytes = std::size_t{2} << 30; // series, spellings and digests together
inline constexpr std::int64_t series_idle_ms = 15 * 60 * 1000;       // a series unseen for so long leaves the table
inline constexpr std::size_t max_open_buckets = 32;     // of one series; the oldest made is sealed for a new one
inline constexpr std::size_t max_deny_globs = 256;      // each is tried for a metric that is new, and for points
inline constexpr std::size_t max_glob_bytes = 255;      // as long as a name; 8 KB compiled
inline constexpr std::size_t flush_slice_records = 512; // made before other work gets its turn
inline constexpr std::size_t flush_record_bytes = 1024; // a counter's is smaller; one of a digest counts as several

// Records waiting for Kafka (journal, forward).
inline constexpr std::size_t outbox_bytes = 64 * 1024 * 1024;          // without a state directory
inline constexpr std::uint64_t journal_bytes = std::uint64_t{2} << 30; // of all files: a long outage
inline constexpr std::uint64_t least_journal_bytes = 1 << 20;          // below it nothing would last
inline constexpr std::size_t outbox_resident_bytes = 16 << 20; // a topic, with a state directory; the rest on disk only
inline constexpr std::size_t outbox_file_bytes = 1 << 20;      // about a segment's memory and its file
inline constexpr std::size_t write_batch_bytes = 8 << 20;      // to the writer at once; what is left waits in its table
inline constexpr std::size_t dead_letter_bytes = 16 << 20;     // records too large for the broker, a topic
inline constexpr std::uint64_t early_flush_share = 8;          // of the budget: so many deltas are sealed at once
inline constexpr int journal_retry_ms = 1000;                  // the disk fails: try again
inline constexpr int journal_sync_interval_ms = 1000;          // --fsync interval
inline constexpr int journal_watermark_ms = 1000;              // acknowledgements not on disk yet: sent again if killed
inline constexpr int journal_patience_ms = 5000;               // a write that hangs: `sync` answers durable=0
inline constexpr std::size_t in_flight_bytes = 4 * 1024 * 1024; // handed to librdkafka, a topic
inline constexpr int linger_ms = 50;                            // records gather for a batch, under load
inline constexpr std::size_t quiet_records = 64;                // fewer in linger_ms, of all topics: sent at once
inline constexpr std::size_t quiet_bytes = 64 * 1024;           // and less than this
// librdkafka has five batches of a partition under way; with more waiting than linger_ms it polls without a pause.
inline constexpr std::size_t log_topic_bytes = 1'250'000;       // handed to librdkafka, a topic of log files: five
inline constexpr std::size_t keyed_log_topic_bytes = 4'000'000; // the same with keys: several partitions at a time
inline constexpr std::size_t log_record_cost_bytes = 64;        // counted besides its key and value: header, framing
inline constexpr int parked_probe_ms = 10'000;                  // a missing or forbidden topic: one record, this often
inline constexpr int stuck_after_ms = 5 * 60 * 1000;            // no progress while the broker answers: rebuild

// Log files (tail).
inline constexpr std::size_t max_log_record_bytes = (1 << 20) - 4096; // brokers take 1 MiB, with headers and framing
inline constexpr std::size_t least_log_record_bytes = 1024;           // smaller ones would cost more than they hold
inline constexpr std::size_t max_log_frame_bytes = 16 << 20;          // Thrift's own limit is 16,384,000
inline constexpr std::size_t least_log_hole_bytes = 1 << 20; // of a sparse file: smaller ones are sent as zeros
inline constexpr std::size_t max_log_streams = 64;           // a topic each, in the Kafka client
inline constexpr std::size_t max_path_globs = 256;           // of a stream; each is tried for a new path
inline constexpr std::size_t max_path_bytes = 4096;          // PATH_MAX
inline constexpr std::size_t reported_log_files = 1000;      // paths of a stream in the agent's own record: some 100 KB
inline constexpr int log_away_quiet_ms = 5000;   // a renamed file that grew no more: its last line is sent without LF
inline constexpr int log_away_close_ms = 60'000; // and then nobody writes to it any more: it is closed
inline constexpr int log_rescan_ms = 30'000;     // besides inotify, for what it missed
inline constexpr int log_poll_ms = 1000;         // where there is no inotify, and for files that have no path
inline constexpr int log_copy_hold_ms = 30'000; // what looks like a copy under way, and stands still: a file of its own
inline constexpr int log_save_ms = 1000; // between two saves of positions; what is acknowledged since: sent again
inline constexpr std::size_t max_log_files = 100'000;           // of a stream; 1 KB each
inline constexpr std::size_t max_log_directory_depth = 32;      // below a pattern's folder
inline constexpr std::size_t log_in_flight_records = 48 * 1024; // 0.4 KB each in librdkafka, beside their bytes
inline constexpr std::size_t log_buffer_bytes = 12 << 20; // read and not yet acknowledged, of all streams together

// The process (app, observe).
inline constexpr int shutdown_timeout_ms = 10'000;      // without a state directory
inline constexpr int kept_shutdown_timeout_ms = 1000;   // with one: the rest is for the next start
inline constexpr int journal_close_ms = 5000;           // for the last writes; a disk that hangs must not hold it up
inline constexpr int agent_record_interval_ms = 60'000; // the ledger in the agent topic

} // namespace agent::core::limits
