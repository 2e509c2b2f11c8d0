#include "settle/dead_letter_read.hpp"

#include <algorithm>
#include <array>

#include "text/json_read.hpp"

namespace sluice {
namespace {

constexpr std::array<std::int8_t, 256> digits = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < letters.size(); ++i)
        values[static_cast<unsigned char>(letters[i])] = static_cast<std::int8_t>(i);
    return values;
}();

std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    unsigned bits = 0;
    for (const char c : text) {
        const std::int8_t value = digits[static_cast<unsigned char>(c)];
        if (value < 0) return std::nullopt;
        group = (group << 6) | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>((group >> bits) & 0xff);
    }
    return bytes;
}

// What add_bytes() wrote: "name", or "name_base64". False: it is something else.
bool read_bytes(const Node& record, const std::string& name, std::optional<std::string>& to) {
    if (const Node* text = record.find(name)) {
        if (text->kind != Node::Kind::text) return false;
        to = text->text;
    } else if (const Node* base64 = record.find(name + "_base64")) {
        to = from_base64(base64->text);
        return to.has_value();
    }
    return true;
}

bool read_headers(const Node& record, std::vector<std::pair<std::string, std::string>>& to) {
    const Node* plain = record.find("headers");
    const Node* base64 = record.find("headers_base64");
    const Node* headers = plain != nullptr ? plain : base64;
    if (headers == nullptr) return true;
    for (const NodeEntry& header : headers->map) to.emplace_back(header.name, header.value.text);
    for (const Node& pair : headers->list) {
        if (pair.list.size() != 2) return false;
        std::optional<std::string> name = pair.list[0].text, value = pair.list[1].text;
        if (plain == nullptr) name = from_base64(*name), value = from_base64(*value);
        if (!name || !value) return false;
        to.emplace_back(std::move(*name), std::move(*value));
    }
    return true;
}

bool read_delivery(const Node& record, std::size_t id_size, std::optional<DeadLetter::Delivery>& to) {
    const Node* delivery = record.find("delivery");
    if (delivery == nullptr) return true;
    const auto number = [&](std::string_view name) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(integer_of(*delivery, name), 0));
    };
    const DeadLetter::Delivery read{static_cast<std::uint32_t>(std::min<std::uint64_t>(number("stream_size"), UINT32_MAX)),
                                    number("position"), number("position_end"), flag_of(*delivery, "has_ended")};
    if (read.stream_size == 0 || read.stream_size > id_size || read.position >= read.position_end) return false;
    to = read;
    return true;
}

}  // namespace

Result<DeadLetter> read_dead_letter(std::string_view record) {
    const Result<Node> read = read_json(record);
    if (!read) return Error(read.error()).within("the record of a dead letter is no JSON");
    const auto wrong = [](std::string_view member) {
        return Error{ErrorKind::invalid,
                     "the record of a dead letter has no " + std::string(member) + ", or one that cannot be read"};
    };
    DeadLetter letter;
    std::optional<std::string> id, body;
    if (read->kind != Node::Kind::map || integer_of(*read, "version") != 1) return wrong("version 1");
    if (!read_bytes(*read, "id", id) || !id) return wrong("id");
    if (!read_bytes(*read, "body", body) || !body) return wrong("body");
    if (!read_bytes(*read, "key", letter.key)) return wrong("key");
    if (!read_headers(*read, letter.headers)) return wrong("headers");
    if (read->find("source") == nullptr) return wrong("source");
    if (!read_delivery(*read, id->size(), letter.delivery)) return wrong("delivery");
    std::optional<std::string> message_key, subject;
    if (!read_bytes(*read, "message_key", message_key)) return wrong("message_key");
    if (!read_bytes(*read, "subject", subject)) return wrong("subject");
    letter.message_key = message_key.value_or("");
    letter.subject = subject.value_or("");
    std::optional<std::string> unpublished;
    if (!read_bytes(*read, "unpublished", unpublished)) return wrong("unpublished_base64");
    letter.unpublished = unpublished.value_or("");
    letter.id = std::move(*id);
    letter.body = std::move(*body);
    letter.source = text_of(*read, "source");
    letter.pool = text_of(*read, "pool");
    if (read->find("worker") != nullptr) letter.worker = static_cast<std::uint32_t>(integer_of(*read, "worker"));
    letter.error = text_of(*read, "error");
    letter.attempts = static_cast<std::uint32_t>(integer_of(*read, "attempts"));
    letter.enqueued_ms = integer_of(*read, "enqueued_ms");
    letter.first_received_ms = integer_of(*read, "first_received_ms");
    letter.dead_ms = integer_of(*read, "dead_ms");
    return letter;
}

}  // namespace sluice
