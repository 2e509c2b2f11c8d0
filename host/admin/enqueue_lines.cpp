#include "admin/enqueue_lines.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admin/request.hpp"
#include "core/limits.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What input is whose first line begins so, and how it becomes lines; empty: unknown.
std::string_view foreign(std::string_view line) {
    if (line.starts_with("\x1f\x8b")) return "is compressed with gzip: give what `zcat FILE` prints";
    if (line.starts_with("\x28\xb5\x2f\xfd")) return "is compressed with zstd: give what `zstdcat FILE` prints";
    if (line.starts_with("\xfd"
                         "7zXZ"))
        return "is compressed with xz: give what `xzcat FILE` prints";
    if (line.starts_with("BZh")) return "is compressed with bzip2: give what `bzcat FILE` prints";
    if (line.starts_with("PK\x03\x04")) return "is a zip archive: give what `unzip -p FILE` prints";
    if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff") || line.substr(0, 2).find('\0') != std::string_view::npos)
        return "is no UTF-8 text, but most likely UTF-16: give what `iconv -f UTF-16 -t UTF-8 FILE` prints";
    return {};
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

Result<void> read_pointer(Request& request, std::string_view name, std::optional<JsonPointer>& to, std::string& text) {
    text = request.text(name).value_or("");
    if (text.empty()) return {};
    Result<JsonPointer> pointer = parse_json_pointer(text);
    if (!pointer) return Error(pointer.error()).within(text);
    to = std::move(*pointer);
    return {};
}

}  // namespace

Result<std::unique_ptr<EnqueueRules>> EnqueueRules::read(const Node& node) {
    Request request(node);
    std::unique_ptr<EnqueueRules> rules(new EnqueueRules);
    if (auto read = read_pointer(request, "id_from", rules->id_from_, rules->id_from_text_); !read) return read.error();
    if (auto read = read_pointer(request, "key_from", rules->key_from_, rules->key_from_text_); !read) return read.error();
    rules->key_ = request.text("key").value_or("");
    rules->delay_ms_ = request.whole("delay_ms", INT64_MIN, INT64_MAX).value_or(0);
    const std::vector<std::string> headers = request.texts("headers");
    request.text("source");  // the verb has read it
    if (const Result<void> right = request.finish(); !right) return right.error();
    if (rules->delay_ms_ < 0 || rules->delay_ms_ > limits::retry_delay_ms_max)
        return Error{ErrorKind::invalid, fmt::format("a delay is 0ms to {}", format_duration(limits::retry_delay_ms_max))};
    for (const std::string& header : headers) {
        const std::size_t equals = header.find('=');
        if (equals == 0 || equals == std::string::npos)
            return Error{ErrorKind::invalid, fmt::format("a header is written NAME=VALUE, not \"{}\"", header)};
        rules->header_texts_.emplace_back(header.substr(0, equals), header.substr(equals + 1));
    }
    if (rules->header_texts_.size() > limits::headers_max)
        return Error{ErrorKind::invalid, fmt::format("a message has at most {} headers", limits::headers_max)};
    for (const auto& [name, value] : rules->header_texts_)
        rules->headers_.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    return rules;
}

std::size_t EnqueueRules::take(std::string_view input, bool ended, EnqueueLoad& load) {
    // Copied in one piece, then cut up: what the messages refer to must not move.
    std::size_t taken = 0, lines = 0;
    while (taken < input.size() && lines < limits::enqueue_batch) {
        const std::size_t end = input.find('\n', taken);
        if (end == std::string_view::npos && !ended) break;
        taken = end == std::string_view::npos ? input.size() : end + 1;
        ++lines;
    }
    load.lines.reserve(taken + SLUICE_BODY_PADDING);
    load.lines = input.substr(0, taken);
    load.batch.messages.reserve(lines);
    load.numbers.reserve(lines);
    const std::string_view text = load.lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = without_return(text.substr(at, end - at));
        if (end == text.size() && line.ends_with(enqueue_taken_back)) break;
        if (++line_ == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
        if (!is_blank(line) && !add(line, load)) break;
        at = end + 1;
    }
    return taken;
}

bool EnqueueRules::add(std::string_view line, EnqueueLoad& load) {
    const auto bad = [&](std::string sentence) {
        error_ = fmt::format("line {}: {}", line_, sentence);
        return false;
    };
    if (line.size() > limits::message_bytes_max)
        return bad(fmt::format("is longer than {} bytes, the most a message may have", limits::message_bytes_max));
    if (const std::string_view what = line_ == 1 ? foreign(line) : std::string_view(); !what.empty())
        return bad(std::string(what));
    if (const auto fault = grammar_.check(line))
        return bad(fmt::format("is no JSON: at byte {}, {} is expected", fault->at + 1, fault->expected));

    sluice_outgoing outgoing{};
    outgoing.struct_size = sizeof outgoing;
    outgoing.body = {line.data(), line.size()};
    outgoing.key = {key_.data(), key_.size()};
    outgoing.headers = headers_.data();
    outgoing.header_count = static_cast<std::uint32_t>(headers_.size());
    outgoing.delay_ms = delay_ms_;
    if (id_from_ || key_from_) {
        json_.open(line);
        const auto id = id_from_ ? find(*id_from_, load) : sluice_bytes{};
        const auto key = key_from_ ? find(*key_from_, load) : outgoing.key;
        json_.close();
        if (!id)
            return bad(fmt::format("has no text, number or boolean at {}, which --id-from takes the id from", id_from_text_));
        if (!key)
            return bad(
                fmt::format("has no text, number or boolean at {}, which --key-from takes the key from", key_from_text_));
        if (id_from_ && id->size == 0)
            return bad(fmt::format("has an empty text at {}, and an empty id would be none", id_from_text_));
        if (id->size > limits::id_bytes_max) return bad(fmt::format("its id is longer than {} bytes", limits::id_bytes_max));
        outgoing.id = *id;
        outgoing.key = *key;
    }
    load.batch.messages.push_back(outgoing);
    load.numbers.push_back(line_);
    return true;
}

std::optional<sluice_bytes> EnqueueRules::find(const JsonPointer& pointer, EnqueueLoad& load) {
    std::string scratch;
    const std::optional<std::string_view> found = json_.find(pointer, scratch);
    if (!found) return std::nullopt;
    if (found->data() >= load.lines.data() && found->data() < load.lines.data() + load.lines.size())
        return sluice_bytes{found->data(), found->size()};
    const std::string& kept = load.texts.emplace_back(*found);
    return sluice_bytes{kept.data(), kept.size()};
}

}  // namespace sluice
