/* The size of each struct of the ABI, and the place of each of its members. Written by plugin-api/layout.py: a
 * header that has moved one does not compile with this until it has been run again; then the difference shows
 * what was moved. */
#ifndef SLUICE_LAYOUT_H
#define SLUICE_LAYOUT_H

#include "sluice/sluice.h"

SLUICE_LAYOUT_SIZE(sluice_bytes, 16);
SLUICE_LAYOUT_MEMBER(sluice_bytes, data, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_bytes, size, 8, 8);

SLUICE_LAYOUT_SIZE(sluice_value_as, 16);
SLUICE_LAYOUT_MEMBER(sluice_value_as, integer, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_value_as, real, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_value_as, bytes, 0, 16);

SLUICE_LAYOUT_SIZE(sluice_value, 24);
SLUICE_LAYOUT_MEMBER(sluice_value, type, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_value, life, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_value, as, 8, 16);

SLUICE_LAYOUT_SIZE(sluice_fault, 32);
SLUICE_LAYOUT_MEMBER(sluice_fault, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_fault, status, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_fault, text, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_fault, text_capacity, 16, 4);
SLUICE_LAYOUT_MEMBER(sluice_fault, text_size, 20, 4);
SLUICE_LAYOUT_MEMBER(sluice_fault, retry_delay_ms, 24, 8);

SLUICE_LAYOUT_SIZE(sluice_header, 32);
SLUICE_LAYOUT_MEMBER(sluice_header, name, 0, 16);
SLUICE_LAYOUT_MEMBER(sluice_header, value, 16, 16);

SLUICE_LAYOUT_SIZE(sluice_message, 136);
SLUICE_LAYOUT_MEMBER(sluice_message, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_message, attempt, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_message, body, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, id, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, key, 40, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, source, 56, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, headers, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_message, header_count, 80, 4);
SLUICE_LAYOUT_MEMBER(sluice_message, worker, 84, 4);
SLUICE_LAYOUT_MEMBER(sluice_message, enqueued_ms, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_message, message_key, 96, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, subject, 112, 16);
SLUICE_LAYOUT_MEMBER(sluice_message, flags, 128, 4);
SLUICE_LAYOUT_MEMBER(sluice_message, deliveries, 132, 4);

SLUICE_LAYOUT_SIZE(sluice_outgoing, 88);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, header_count, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, body, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, key, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, id, 40, 16);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, headers, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, delay_ms, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_outgoing, replaces, 72, 16);

SLUICE_LAYOUT_SIZE(sluice_identity, 56);
SLUICE_LAYOUT_MEMBER(sluice_identity, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_identity, stream_size, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_identity, source, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_identity, id, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_identity, position, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_identity, position_end, 48, 8);

SLUICE_LAYOUT_SIZE(sluice_options_api, 72);
SLUICE_LAYOUT_MEMBER(sluice_options_api, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_options_api, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_options_api, kind, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, text, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, integer, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, real, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, count, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, at, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, find, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_options_api, where, 64, 8);

SLUICE_LAYOUT_SIZE(sluice_row_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_row_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_row_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_row_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_row_sink, row, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_statement, 16);
SLUICE_LAYOUT_MEMBER(sluice_statement, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_statement, parameters, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_statement, reads_only, 8, 4);
SLUICE_LAYOUT_MEMBER(sluice_statement, reserved, 12, 4);

SLUICE_LAYOUT_SIZE(sluice_json, 24);
SLUICE_LAYOUT_MEMBER(sluice_json, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_json, type, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_json, text, 8, 16);

SLUICE_LAYOUT_SIZE(sluice_ending, 40);
SLUICE_LAYOUT_MEMBER(sluice_ending, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_ending, verdict, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_ending, status, 8, 4);
SLUICE_LAYOUT_MEMBER(sluice_ending, reserved, 12, 4);
SLUICE_LAYOUT_MEMBER(sluice_ending, text, 16, 16);
SLUICE_LAYOUT_MEMBER(sluice_ending, retry_delay_ms, 32, 8);

SLUICE_LAYOUT_SIZE(sluice_metric, 56);
SLUICE_LAYOUT_MEMBER(sluice_metric, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_metric, kind, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_metric, name, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_metric, help, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_metric, unit, 40, 16);

SLUICE_LAYOUT_SIZE(sluice_host_api, 176);
SLUICE_LAYOUT_MEMBER(sluice_host_api, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_host_api, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_host_api, log_enabled, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, log, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, state_dir, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, now_ms, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, database, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, prepare, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, execute, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, query, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, target, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, publish, 80, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, cancelled, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, extension, 96, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, deadline_ms, 104, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, complete, 112, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, resume, 120, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, describe, 128, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, json, 136, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, instance, 144, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, metric, 152, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, measure, 160, 8);
SLUICE_LAYOUT_MEMBER(sluice_host_api, work_done, 168, 8);

SLUICE_LAYOUT_SIZE(sluice_setup, 80);
SLUICE_LAYOUT_MEMBER(sluice_setup, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_setup, role, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_setup, name, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_setup, identity, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_setup, api, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_setup, host, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_setup, options_api, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_setup, options, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_setup, worker, 72, 4);
SLUICE_LAYOUT_MEMBER(sluice_setup, workers, 76, 4);

SLUICE_LAYOUT_SIZE(sluice_probe_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_probe_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_probe_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_probe_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_probe_sink, fact, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_batch, 32);
SLUICE_LAYOUT_MEMBER(sluice_batch, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_batch, count, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_batch, messages, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_batch, tickets, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_batch, verdicts, 24, 8);

SLUICE_LAYOUT_SIZE(sluice_handler, 104);
SLUICE_LAYOUT_MEMBER(sluice_handler, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_handler, flags, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_handler, create, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, start, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, handle, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, stop, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, destroy, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, resume, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, cancel, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, extension, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, handle_batch, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, load_shared, 80, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, use_shared, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_handler, free_shared, 96, 8);

SLUICE_LAYOUT_SIZE(sluice_incoming, 152);
SLUICE_LAYOUT_MEMBER(sluice_incoming, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, stream_size, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, body, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_incoming, id, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_incoming, headers, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, header_count, 48, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, attempt, 52, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, tag, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, position, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, position_end, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, enqueued_ms, 80, 8);
SLUICE_LAYOUT_MEMBER(sluice_incoming, refused, 88, 16);
SLUICE_LAYOUT_MEMBER(sluice_incoming, message_key, 104, 16);
SLUICE_LAYOUT_MEMBER(sluice_incoming, subject, 120, 16);
SLUICE_LAYOUT_MEMBER(sluice_incoming, flags, 136, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, deliveries, 140, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, lane, 144, 4);
SLUICE_LAYOUT_MEMBER(sluice_incoming, reserved, 148, 4);

SLUICE_LAYOUT_SIZE(sluice_poll, 24);
SLUICE_LAYOUT_MEMBER(sluice_poll, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_poll, max, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_poll, max_bytes, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_poll, wait_ms, 16, 4);
SLUICE_LAYOUT_MEMBER(sluice_poll, reserved, 20, 4);

SLUICE_LAYOUT_SIZE(sluice_settlement, 48);
SLUICE_LAYOUT_MEMBER(sluice_settlement, tag, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_settlement, action, 8, 4);
SLUICE_LAYOUT_MEMBER(sluice_settlement, attempt, 12, 4);
SLUICE_LAYOUT_MEMBER(sluice_settlement, delay_ms, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_settlement, reason, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_settlement, flags, 40, 4);
SLUICE_LAYOUT_MEMBER(sluice_settlement, reserved, 44, 4);

SLUICE_LAYOUT_SIZE(sluice_queue_sink, 72);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, push, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, reserve, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, commit, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, settled, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, confirmed_below, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, revoke, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_sink, lost, 64, 8);

SLUICE_LAYOUT_SIZE(sluice_target_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_target_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_target_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_target_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_target_sink, published, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_queue_limits, 32);
SLUICE_LAYOUT_MEMBER(sluice_queue_limits, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_limits, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_limits, in_flight_max, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_limits, message_bytes_max, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_limits, lease_ms, 24, 8);

SLUICE_LAYOUT_SIZE(sluice_queue_depths, 72);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, ready, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, delayed, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, in_flight, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, dead, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, bytes, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, messages_max, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, bytes_max, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue_depths, oldest_ms, 64, 8);

SLUICE_LAYOUT_SIZE(sluice_stored, 104);
SLUICE_LAYOUT_MEMBER(sluice_stored, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored, state, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored, place, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_stored, id, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_stored, key, 40, 16);
SLUICE_LAYOUT_MEMBER(sluice_stored, body, 56, 16);
SLUICE_LAYOUT_MEMBER(sluice_stored, headers, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_stored, header_count, 80, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored, attempt, 84, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored, enqueued_ms, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_stored, due_ms, 96, 8);

SLUICE_LAYOUT_SIZE(sluice_stored_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_stored_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_stored_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_stored_sink, message, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_queue, 208);
SLUICE_LAYOUT_MEMBER(sluice_queue, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue, flags, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_queue, create, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, destroy, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, capabilities, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, open_source, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, poll, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, settle, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, flush, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, wake, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, open_target, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, publish, 80, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, close, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, resource_id, 96, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, name_in_unit, 104, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, depths, 112, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, list, 120, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, get, 128, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, remove, 136, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, interrupt, 144, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, reopen, 152, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, service, 160, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, limits, 168, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, probe, 176, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, revoked, 184, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, extend, 192, 8);
SLUICE_LAYOUT_MEMBER(sluice_queue, extension, 200, 8);

SLUICE_LAYOUT_SIZE(sluice_commit_result, 32);
SLUICE_LAYOUT_MEMBER(sluice_commit_result, ticket, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_commit_result, status, 8, 4);
SLUICE_LAYOUT_MEMBER(sluice_commit_result, reserved, 12, 4);
SLUICE_LAYOUT_MEMBER(sluice_commit_result, text, 16, 16);

SLUICE_LAYOUT_SIZE(sluice_database_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_database_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_database_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_database_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_database_sink, committed, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_recorded_sink, 24);
SLUICE_LAYOUT_MEMBER(sluice_recorded_sink, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_recorded_sink, reserved, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_recorded_sink, context, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_recorded_sink, range, 16, 8);

SLUICE_LAYOUT_SIZE(sluice_database, 248);
SLUICE_LAYOUT_MEMBER(sluice_database, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_database, flags, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_database, create, 8, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, destroy, 16, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, capabilities, 24, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, open, 32, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, close, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, ping, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, connect, 56, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, disconnect, 64, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, prepare, 72, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, unit_begin, 80, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, record_once, 88, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, execute, 96, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, query, 104, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, drop, 112, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, forget, 120, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, seal, 128, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, commit_submit, 136, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, abandon_unit, 144, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, confirmed_below, 152, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, restart, 160, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, resource_id, 168, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, keep_publishes, 176, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, kept_publishes, 184, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, publishes_done, 192, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, interrupt, 200, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, describe, 208, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, recorded, 216, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, settle, 224, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, probe, 232, 8);
SLUICE_LAYOUT_MEMBER(sluice_database, extension, 240, 8);

SLUICE_LAYOUT_SIZE(sluice_manifest_head, 24);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, magic, 0, 8);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, abi_major, 8, 2);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, abi_minor, 10, 2);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, abi_minor_needed, 12, 2);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, reserved, 14, 2);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, text_size, 16, 4);
SLUICE_LAYOUT_MEMBER(sluice_manifest_head, reserved2, 20, 4);

SLUICE_LAYOUT_SIZE(sluice_component, 32);
SLUICE_LAYOUT_MEMBER(sluice_component, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_component, kind, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_component, name, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_component, table, 24, 8);

SLUICE_LAYOUT_SIZE(sluice_module, 64);
SLUICE_LAYOUT_MEMBER(sluice_module, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_module, component_count, 4, 4);
SLUICE_LAYOUT_MEMBER(sluice_module, id, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_module, version, 24, 16);
SLUICE_LAYOUT_MEMBER(sluice_module, init, 40, 8);
SLUICE_LAYOUT_MEMBER(sluice_module, fini, 48, 8);
SLUICE_LAYOUT_MEMBER(sluice_module, component, 56, 8);

SLUICE_LAYOUT_SIZE(sluice_hello, 40);
SLUICE_LAYOUT_MEMBER(sluice_hello, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_hello, minor_oldest, 4, 2);
SLUICE_LAYOUT_MEMBER(sluice_hello, minor_newest, 6, 2);
SLUICE_LAYOUT_MEMBER(sluice_hello, host_name, 8, 16);
SLUICE_LAYOUT_MEMBER(sluice_hello, host_version, 24, 16);

SLUICE_LAYOUT_SIZE(sluice_reply, 16);
SLUICE_LAYOUT_MEMBER(sluice_reply, struct_size, 0, 4);
SLUICE_LAYOUT_MEMBER(sluice_reply, minor_needed, 4, 2);
SLUICE_LAYOUT_MEMBER(sluice_reply, minor, 6, 2);
SLUICE_LAYOUT_MEMBER(sluice_reply, module, 8, 8);

#endif
