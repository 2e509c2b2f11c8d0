// Lines of JSON as messages to publish, a batch at a time.
//
// Threads      one.
// Limits       limits::enqueue_batch messages per batch.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "publish/batch.hpp"
#include "route/json_body.hpp"
#include "text/json_grammar.hpp"
#include "text/node.hpp"

namespace sluice {

// A last line without an end that ends in this (CAN, which is never part of JSON) is taken back: whoever sent it was
// interrupted.
inline constexpr char enqueue_taken_back = '\x18';

// Messages on their way, and all that they refer to.
struct EnqueueLoad {
    PublishBatch batch;
    std::string lines;                   // with SLUICE_BODY_PADDING readable bytes behind
    std::deque<std::string> texts;       // ids and keys that are not in `lines`
    std::vector<std::uint64_t> numbers;  // the line of each message, from 1
};

// What all messages of one request have in common.
class EnqueueRules {
public:
    // invalid: what is wrong with the request.
    static Result<std::unique_ptr<EnqueueRules>> read(const Node& request);

    // A byte order mark in front of the first line is left out.
    // Takes whole lines from the front of `input`, blank ones without a message, until the load is full. `ended`: the last line
    // may lack its end. How many bytes were taken. The first bad line stops it: error() says why, and nothing behind it is
    // taken.
    std::size_t take(std::string_view input, bool ended, EnqueueLoad& load);
    const std::string& error() const { return error_; }
    std::uint64_t line() const { return line_; }  // lines taken so far

private:
    EnqueueRules() = default;
    bool add(std::string_view line, EnqueueLoad& load);
    std::optional<sluice_bytes> find(const JsonPointer& pointer, EnqueueLoad& load);

    std::optional<JsonPointer> id_from_;
    std::string id_from_text_;
    std::optional<JsonPointer> key_from_;
    std::string key_from_text_;
    std::string key_;
    std::vector<std::pair<std::string, std::string>> header_texts_;
    std::vector<sluice_header> headers_;
    std::int64_t delay_ms_ = 0;

    JsonGrammar grammar_;
    JsonBody json_;
    std::uint64_t line_ = 0;
    std::string error_;
};

}  // namespace sluice
