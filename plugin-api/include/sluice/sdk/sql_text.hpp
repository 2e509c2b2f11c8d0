// What in SQL is a text, a quoted name or a comment: for whoever looks for placeholders in a statement.
//
// A `?` or `:name` in there is none. Outside, a handler writes `?` for each value, and `??` for a question mark that the engine
// is to see (an operator, as PostgreSQL's `?`, `?|` and `?&`).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace sluice::inline sdk {

// Bytes of what begins at sql[at] and is one of these; 0: none of them begins there; npos: it does not end.
//
//   'text', "name", `name`   doubled, the quote stands for itself
//   E'text'                  (PostgreSQL) also behind a backslash
//   $tag$text$tag$           (PostgreSQL) the tag may be empty
//   -- comment, /* comment */
//
// Brackets are no quotes: PostgreSQL's ARRAY[?] has a placeholder.
inline std::size_t quoted_sql(std::string_view sql, std::size_t at) {
    const auto begins_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    const auto continues_name = [&](char c) { return begins_name(c) || (c >= '0' && c <= '9'); };
    const std::string_view rest = sql.substr(at);
    if (rest.empty()) return 0;
    if (rest.starts_with("--")) return std::min(rest.find('\n'), rest.size());
    if (rest.starts_with("/*")) {
        const std::size_t end = rest.find("*/", 2);
        return end == rest.npos ? end : end + 2;
    }
    if (rest[0] == '$') {
        if (at > 0 && (continues_name(sql[at - 1]) || sql[at - 1] == '$')) return 0;  // of a name: a$b
        std::size_t tag = 1;
        while (tag < rest.size() && (tag == 1 ? begins_name(rest[tag]) : continues_name(rest[tag]))) ++tag;
        if (tag == rest.size() || rest[tag] != '$') return 0;
        ++tag;
        const std::size_t end = rest.find(rest.substr(0, tag), tag);
        return end == rest.npos ? end : end + tag;
    }
    const char quote = rest[0];
    if (quote != '\'' && quote != '"' && quote != '`') return 0;
    const bool has_backslashes =
        quote == '\'' && at > 0 && (sql[at - 1] | 0x20) == 'e' && (at == 1 || !continues_name(sql[at - 2]));
    for (std::size_t end = 1; end < rest.size(); ++end) {
        if (has_backslashes && rest[end] == '\\') {
            ++end;
        } else if (rest[end] == quote) {
            if (end + 1 == rest.size() || rest[end + 1] != quote) return end + 1;
            ++end;
        }
    }
    return rest.npos;
}

}  // namespace sluice::inline sdk
