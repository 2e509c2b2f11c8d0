#include "settle/dead_letter_record.hpp"

#include <algorithm>
#include <vector>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "core/message.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

void append_base64(std::string& to, std::string_view bytes) {
    static constexpr char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::size_t left = std::min<std::size_t>(bytes.size() - at, 3);
        std::uint32_t group = 0;
        for (std::size_t byte = 0; byte < 3; ++byte)
            group = (group << 8) | (byte < left ? static_cast<unsigned char>(bytes[at + byte]) : 0u);
        for (std::size_t digit = 0; digit < 4; ++digit) to += digit <= left ? base64[(group >> (18 - 6 * digit)) & 63] : '=';
    }
}

// Text that JSON can hold to the byte, without growing more than base64 would.
bool writes_as_text(std::string_view bytes) {
    std::size_t growth = 0;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f)
            growth += 5;
        else if (byte == '"' || byte == '\\')
            growth += 1;
    }
    return (growth <= bytes.size() / 3 || bytes.size() <= 64) && is_utf8(bytes);
}

// "name":"text", or "name_base64":"…".
void add_bytes(JsonFields& fields, std::string_view name, std::string_view bytes) {
    if (writes_as_text(bytes)) {
        fields.add(name, bytes);
        return;
    }
    std::string json = "\"";
    append_base64(json, bytes);
    json += '"';
    fields.add_raw(std::string(name) + "_base64", json);
}

bool names_repeat(const sluice_message& message) {
    std::vector<std::string_view> names;
    for (std::uint32_t at = 0; at < message.header_count; ++at) names.push_back(view_of(message.headers[at].name));
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) != names.end();
}

// An object where that keeps everything; pairs where names repeat; pairs in base64 where anything is not text.
void add_headers(JsonFields& fields, const sluice_message& message) {
    const sluice_header* const end = message.headers + message.header_count;
    const bool text = std::all_of(message.headers, end, [](const sluice_header& header) {
        return writes_as_text(view_of(header.name)) && writes_as_text(view_of(header.value));
    });
    if (text && !names_repeat(message)) {
        JsonFields members;
        std::for_each(message.headers, end,
                      [&](const sluice_header& header) { members.add(view_of(header.name), view_of(header.value)); });
        fields.add_raw("headers", "{" + std::string(members.view()) + "}");
        return;
    }
    std::string pairs = "[";
    const auto add = [&](std::string_view bytes) {
        if (text) return append_json_string(pairs, bytes);
        pairs += '"';
        append_base64(pairs, bytes);
        pairs += '"';
    };
    for (const sluice_header* header = message.headers; header != end; ++header) {
        pairs += header == message.headers ? "[" : ",[";
        add(view_of(header->name));
        pairs += ',';
        add(view_of(header->value));
        pairs += ']';
    }
    pairs += ']';
    fields.add_raw(text ? "headers" : "headers_base64", pairs);
}

// A cut through a character leaves no half of it behind.
std::string_view cut(std::string_view text, std::size_t size) {
    if (text.size() <= size) return text;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return text.substr(0, size);
}

}  // namespace

std::string dead_letter_record(const sluice_message& message, const DeadLetterFacts& facts) {
    JsonFields fields;
    fields.add("version", std::uint64_t{1});
    add_bytes(fields, "id", view_of(message.id));
    fields.add("source", view_of(message.source));
    if (!facts.pool.empty()) fields.add("pool", facts.pool);
    if (facts.worker) fields.add("worker", std::uint64_t{*facts.worker});
    if (facts.has_key) add_bytes(fields, "key", view_of(message.key));
    if (const std::string_view key = message_key_of(message); !key.empty()) add_bytes(fields, "message_key", key);
    if (const std::string_view subject = subject_of(message); !subject.empty()) add_bytes(fields, "subject", subject);
    if (message.header_count != 0) add_headers(fields, message);
    add_bytes(fields, "body", view_of(message.body));
    fields.add("error", cut(facts.error, limits::fault_text_bytes));
    fields.add("attempts", std::uint64_t{facts.attempts});
    if (message.enqueued_ms != 0) fields.add("enqueued_ms", message.enqueued_ms);
    fields.add("first_received_ms", facts.first_received_ms);
    fields.add("dead_ms", facts.dead_ms);
    if (facts.stream_size != 0) {
        JsonFields delivery;
        delivery.add("stream_size", std::uint64_t{facts.stream_size});
        delivery.add("position", facts.position).add("position_end", facts.position_end);
        if (facts.has_ended || !facts.unpublished.empty()) delivery.add("has_ended", true);
        fields.add_raw("delivery", "{" + std::string(delivery.view()) + "}");
    }
    if (!facts.unpublished.empty()) {
        std::string base64 = "\"";
        append_base64(base64, facts.unpublished);
        fields.add_raw("unpublished_base64", base64 + '"');
    }
    return "{" + std::string(fields.view()) + "}";
}

}  // namespace sluice
