#include "route/json_pointer.hpp"

#include <charconv>

#include "core/limits.hpp"

namespace sluice {
namespace {

Error invalid(std::string_view text, std::string_view why) {
    std::string message = "\"";
    message.append(text).append("\" is not a JSON pointer: ").append(why).append(".");
    return {ErrorKind::invalid, std::move(message)};
}

std::optional<std::uint64_t> array_index(std::string_view name) {
    if (name.empty() || (name.size() > 1 && name.front() == '0')) return std::nullopt;
    std::uint64_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
    return index;
}

}  // namespace

Result<JsonPointer> parse_json_pointer(std::string_view text) {
    JsonPointer pointer;
    if (text.empty()) return pointer;
    if (text.front() != '/')
        return invalid(text, "it must begin with \"/\", as in \"/origin\"; only \"\" names the whole document");

    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '/') {
            if (pointer.tokens_.size() == limits::config_depth)
                return invalid(text, "it is more than " + std::to_string(limits::config_depth) + " levels deep");
            pointer.tokens_.emplace_back();
            continue;
        }
        std::string& name = pointer.tokens_.back().name;
        if (text[at] != '~') {
            name.push_back(text[at]);
            continue;
        }
        const char escaped = at + 1 < text.size() ? text[at + 1] : '\0';
        if (escaped != '0' && escaped != '1')
            return invalid(text,
                           "the \"~\" at byte " + std::to_string(at + 1) + " must be written ~0, and a \"/\" inside a name ~1");
        name.push_back(escaped == '0' ? '~' : '/');
        ++at;
    }
    for (JsonPointerToken& token : pointer.tokens_) token.index = array_index(token.name);
    return pointer;
}

}  // namespace sluice
