// `enqueue`: lines of JSON from a client become messages of a source.
//
// Ordering     in the order of the lines.
//              A last line that was interrupted is taken back by the byte CAN (enqueue_lines.hpp).
// Errors       a line that is no JSON (RFC 8259, see text/json_grammar.hpp), or lacks what id or key are taken from, ends it:
//              all lines before are stored, none behind. Lines that the queue refuses are named; when one is, no further ones
//              are sent.
// Limits       limits::enqueue_in_flight messages and limits::enqueue_bytes_in_flight per client; a line is at most
//              limits::message_bytes_max.
#pragma once

#include "admin/queues.hpp"
#include "admin/socket/control_server.hpp"
#include "admin/socket/conversation.hpp"

namespace sluice {

// Request: "source", and optional "id_from" and "key_from" (JSON pointers), "key", "headers" (list of "NAME=VALUE"),
// "delay_ms". Says {"stored":n} as they become durable, {"waits":"the queue is full …"} once if that holds it up,
// {"refused":line,"error":"…"}. The last line has "stored" too. `queues` outlives it.
Verb enqueue_verb(Queues& queues, std::shared_ptr<Waker> waker);

}  // namespace sluice
