// A message body as JSON, indexed at most once, in which scalars are found by pointer. The hottest code of the host.
//
// Threads    one at a time; each source has its own.
// Ownership  the body belongs to the caller, stays unchanged from open() to close(), and has SLUICE_BODY_PADDING readable bytes
//            behind it. A value found lies in the body, or, if it had escapes or is a number in another form than the
//            canonical one, in the caller's scratch; it outlives close().
// Errors     none: what is malformed, absent, null, an object or an array is "missing". Never a crash, whatever the bytes.
// Limits     memory stays below about 6 times limits::parser_bytes_kept; a larger body's index lives until close().
//
// Checked of the body before anything is found: UTF-8, closed strings, no control characters in strings, the outermost bracket
// is closed. Checked on the way: what is walked past up to the value has keys, colons and commas where they belong; the value
// itself is a well-formed scalar. Not checked: the inside of values walked past, and all that comes after the value. So two
// parsers may differ on whether a damaged body has this key; the handler judges the body.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "route/json_pointer.hpp"
#include "sluice/host.h"

namespace sluice {

// A value with its type, as a handler asks for it.
struct JsonValue {
    std::uint32_t type = SLUICE_JSON_MISSING;  // SLUICE_JSON_
    std::string_view text{};                   // of a scalar: a string unescaped, a number as written
};

class JsonBody {
public:
    JsonBody();
    ~JsonBody();
    JsonBody(JsonBody&&) noexcept;
    JsonBody& operator=(JsonBody&&) noexcept;

    // Costs nothing; the body is indexed by the first find(), and again only if an answer met damage.
    void open(std::string_view body) {
        body_ = body;
        state_ = State::unread;
    }
    // The scalar's text: a string's unescaped bytes, a number in its canonical form (text/number.hpp), a boolean as written. Of
    // equal member names the first counts.
    std::optional<std::string_view> find(const JsonPointer& pointer, std::string& scratch);
    // The same for who wants to know the type, which may also be null, array or object. A text is in the body or in `scratch`.
    JsonValue at(const JsonPointer& pointer, std::string& scratch);
    void close();

private:
    template <typename Leaf>
    typename Leaf::Result look(const JsonPointer& pointer, std::string& scratch);
    enum class State : unsigned char { unread, indexed, malformed };

    bool index();

    std::string_view body_;
    State state_ = State::malformed;
    struct Index;  // simdjson's, whose header takes seconds to compile
    std::unique_ptr<Index> index_;
};

}  // namespace sluice
