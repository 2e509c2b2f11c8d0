// Whether a text is JSON: the grammar of RFC 8259 and nothing else. Numbers of any size and objects of any depth are JSON,
// whatever a program can do with them later; what follows the grammar may be put into a queue, as a file may hold it.
//
// Threads      one at a time.
// Limits       none of its own: a bit for each object or list that is open at once, a pass over the text, no recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

struct JsonFault {
    std::size_t at = 0;         // where the text stops being JSON, in bytes from its start
    const char* expected = "";  // "a value"
};

class JsonGrammar {
public:
    // Where and why `text`, as a whole one value with white space around it, is no JSON. Nothing if it is.
    std::optional<JsonFault> check(std::string_view text);

private:
    enum class Next : unsigned char { value, first_or_end, key, after, over };

    bool fail(const char* expected);
    void skip_space();
    bool word(std::string_view expected);
    bool text();
    bool escape();
    bool digits();
    bool number();
    bool value(Next& next);
    bool key(Next& next);
    bool after(Next& next);
    bool open(bool is_object, Next& next);
    bool close(Next& next);

    std::string_view text_;
    std::size_t at_ = 0;
    const char* expected_ = "";
    std::vector<bool> open_;  // true: an object
};

}  // namespace sluice
