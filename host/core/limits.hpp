// Every bound of the host in one place, with where the number comes from.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::limits {

inline constexpr std::uint64_t mib = 1u << 20;

// ---- configuration ----
inline constexpr std::size_t config_file_bytes = 4u << 20;  // a person wrote it; more is a mistake
inline constexpr std::size_t config_depth = 64;             // nesting of YAML, also after aliases
inline constexpr std::size_t config_nodes = 100'000;        // after aliases are expanded: stops "billion laughs"
inline constexpr std::size_t config_key_bytes = 1024;       // YAML's own bound on a key that stands on one line
// keys, texts and their places in the file, after aliases are expanded
inline constexpr std::size_t config_text_bytes = 16u << 20;
inline constexpr std::size_t config_path_bytes = 32u << 20;  // the paths of all values: 320 bytes for each of config_nodes
// of one value, before the parser tells of it: it keeps 100 to 250 bytes for each
inline constexpr std::size_t config_signs_ahead = 256u << 10;
// sources, databases, targets, log levels; more components would not have their threads
inline constexpr std::size_t config_section_entries = 1024;
inline constexpr std::size_t config_replaced_bytes = 16u << 20;  // all values that come from the environment, together
inline constexpr std::size_t config_secret_bytes = 64u << 10;    // a file named by a `*_file` key
// of a source, pool, ...: it becomes a folder's name and a log's prefix
inline constexpr std::size_t config_name_bytes = 64;
inline constexpr std::size_t config_errors_shown = 100;
inline constexpr std::size_t config_errors_kept = 1'000;  // the first in the file; the rest is counted

// ---- routing ----

inline constexpr std::uint32_t slots = 1024;  // per pool; 100 per worker at ten workers, so that moving one is fine-grained
inline constexpr std::uint32_t workers_max = 256;  // per pool; a thread each at worst
inline constexpr std::uint32_t pools_max = 64;
inline constexpr std::size_t parser_bytes_first = 16u << 10;  // body size a parser is made for at first; it grows by doubling
// a parser for larger bodies (about 6 times their size) is freed after use
inline constexpr std::size_t parser_bytes_kept = 1u << 20;
// per worker, parsed: more than a handler asks for that is not generated
inline constexpr std::size_t json_pointers_kept = 64;

// ---- messages ----
inline constexpr std::size_t message_bytes_max = 64u << 20;  // body; a source's own option is usually lower
inline constexpr std::size_t headers_max = 64;               // per message
inline constexpr std::size_t headers_bytes_max = 1u << 20;   // names and values, message_key and subject of a message, together
inline constexpr std::size_t id_bytes_max = 1024;            // a message's id
// a number is written without exponent if that takes no more digits
inline constexpr std::size_t number_digits_plain = 64;
inline constexpr std::size_t key_bytes_max = 1024;     // a longer key is taken by its hash
inline constexpr std::size_t fault_text_bytes = 1024;  // of a plugin's error; the rest is cut
inline constexpr std::size_t probe_facts = 64;         // of a component, on a line that a person reads
// of a message's block; to copy a larger body costs more than to allocate it
inline constexpr std::size_t pooled_bytes_max = 16u << 10;
// of large blocks, per source; twice per poll each way would not be worth a trim
inline constexpr std::uint64_t freed_bytes_kept = 32u << 20;

// ---- queues and batches ----
inline constexpr std::uint32_t queue_capacity_max = 1u << 20;  // messages per worker
inline constexpr std::uint32_t overflow_max = 1u << 22;  // messages per pool; their bytes are bounded as those of its queues
inline constexpr std::size_t fences_max = 16'384;        // keys per pool whose messages went back to the source
inline constexpr std::uint32_t poll_batch = 1024;        // messages per poll: one wake-up and one clock read for all of them
// per poll, and the message that passes it: a full poll of 4 KiB each
inline constexpr std::uint64_t poll_bytes = 4u << 20;
// messages in flight take a fourth of the memory there is, unless memory_limit says
inline constexpr std::uint64_t memory_share = 4;
inline constexpr std::uint32_t batch_max = 65'536;  // messages per unit of work
inline constexpr std::uint32_t call_max = 256;      // messages per call of a handler that takes many
// per source: one tag for each, their messages are gone; adapters have bounds of their own
inline constexpr std::uint32_t unconfirmed_max = 1u << 18;
inline constexpr std::uint32_t units_in_flight = 4;         // per worker: submitted and not yet committed
inline constexpr std::uint32_t deferred_max = 1024;         // messages per worker; a handler with more open ends waits for some
inline constexpr std::uint64_t deferred_bytes = 64u << 20;  // per worker
// until a deferred message's time is over, where there is no handler.timeout
inline constexpr std::int64_t deferred_ms = 5 * 60'000;
inline constexpr std::uint32_t attempts_max = 1'000'000;
// what a handler may ask for; the sum must fit a clock
inline constexpr std::int64_t retry_delay_ms_max = 365LL * 24 * 3'600'000;
inline constexpr std::uint32_t publishes_max = 1024;  // per message; a handler that fans out further loops
// a message's publishes, kept with its record: two of the largest
inline constexpr std::size_t kept_publishes_bytes = 128u << 20;
inline constexpr std::uint32_t losses_before_suspicion = 3;  // units in a row that lost a database which says that it is there
inline constexpr std::uint32_t databases_max = 8;            // used by one handler
// declared by one handler, each with a value per worker: more than a person reads on a line
inline constexpr std::uint32_t handler_metrics_max = 32;
inline constexpr std::uint32_t handler_histograms_max = 8;  // of these; 11 KiB per worker each
inline constexpr std::size_t metric_name_bytes = 64;
inline constexpr std::size_t metric_unit_bytes = 16;

// ---- messages that crash the process ----
// far more than there are workers; each end adds at most one per worker
inline constexpr std::size_t suspects_max = 65'536;
// since its last end; what comes after a month is not waited for
inline constexpr std::int64_t suspect_age_ms = 30LL * 24 * 3'600'000;
inline constexpr std::int64_t isolation_ms = 10'000;  // a suspect waits so long for the others, and they for it

// ---- log ----
inline constexpr std::size_t log_text_bytes = 16'384;  // a line; longer texts are cut: a plugin may log a whole body
// lines that nobody reads yet, some 10,000; what comes then is dropped and counted
inline constexpr std::size_t log_pending_bytes = 1u << 20;
inline constexpr std::size_t death_causes = 10;        // texts told apart when a run says what its messages died of
inline constexpr std::size_t death_cause_bytes = 300;  // of each: two lines of a terminal

// ---- targets ----
inline constexpr std::uint32_t publish_batch = 1024;             // messages per call: one write and one sync for all of them
inline constexpr std::uint64_t publish_batch_bytes = 16u << 20;  // bodies per call, except for a single larger one
inline constexpr std::uint32_t publish_in_flight = 16'384;       // messages an adapter may hold unanswered
// tries of one message over which the plugin breaks the ABI's rules
inline constexpr std::uint32_t publish_breaches = 5;

// ---- control socket ----
inline constexpr std::size_t control_clients = 32;              // at once; people and a few programs
inline constexpr std::size_t control_request_bytes = 1u << 20;  // the line with the verb: a list of a few thousand places fits
// in that line: places of dead letters, each about 300 bytes in memory
inline constexpr std::size_t control_request_values = 16'384;
// kept of what a client sends; a longer line gets what it needs
inline constexpr std::size_t control_input_bytes = 1u << 20;
inline constexpr std::size_t control_output_bytes = 4u << 20;  // not yet read by a client; beyond it a verb waits
inline constexpr std::uint32_t enqueue_batch = 1024;           // messages handed to a queue at once
// a client; enough that the queue always has the next batch at hand
inline constexpr std::uint32_t enqueue_in_flight = 8 * enqueue_batch;
inline constexpr std::size_t enqueue_bytes_in_flight = 32u << 20;  // per client, except for a single larger message
inline constexpr std::size_t dead_letters_page = 256;              // looked at before others have their turn
// lines about replays that a client has not read: no more are begun
inline constexpr std::size_t dead_letters_unsaid = 4096;
inline constexpr std::uint32_t replays_in_flight = 1024;             // per host: a poll's worth
inline constexpr std::uint64_t replays_bytes_in_flight = 64u << 20;  // except for a single larger one
inline constexpr std::size_t json_depth = 64;                        // of requests and records
// of an answer or a record; a record has at most headers_max pairs
inline constexpr std::size_t json_values = 1'000'000;

// ---- dead letters that their sources may deliver again ----
inline constexpr std::size_t known_dead_bytes =
    256u << 20;  // per source: ids of two to four million; beyond it the oldest are left out

// per source: 16 MiB; there is one for each hole that a stream's records have
inline constexpr std::size_t recorded_ranges = 1u << 20;

// ---- plugins ----
// a call that has not returned by then is named: a person would have become impatient
inline constexpr std::int64_t long_call_ms = 5'000;
// the soft limit is raised to the hard one, but no further than this
inline constexpr std::size_t open_files_max = 1u << 20;
inline constexpr std::size_t plugin_file_bytes = 1u << 30;
inline constexpr std::size_t components_max = 64;  // a plugin
inline constexpr std::size_t options_max = 256;    // per component
inline constexpr std::size_t choices_max = 256;    // an option
// of a plugin's id, version, component or option: they stand in every log line
inline constexpr std::size_t plugin_name_bytes = 64;
inline constexpr std::size_t plugin_files_max = 1024;  // a folder of plugin_path; more is the wrong folder

static_assert((slots & (slots - 1)) == 0, "a slot is taken from a hash by a mask");
static_assert(workers_max <= slots, "every worker has at least one slot");
static_assert(2 * pools_max * workers_max <= 1u << 15,
              "the tag of a worker in its tickets; a reload makes new pools beside the old ones");

}  // namespace sluice::limits
