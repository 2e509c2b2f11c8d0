#include "topology/located.hpp"

#include <cstddef>
#include <string_view>

namespace sluice {

std::string located(const Mark& mark, const std::string& path, const std::string& text) {
    const std::string where = mark.where.empty() ? "" : mark.where + ": ";
    // What an instance says begins with its path already.
    const bool has_path = text.starts_with(path);
    // What it says of one of its options has the place of that, which is the better one: "pools.a.handler: invalid: f.yaml:9:7:
    // ...".
    constexpr std::size_t status_bytes = 16;
    const std::size_t column = mark.where.rfind(':'), line = column == 0 ? 0 : mark.where.rfind(':', column - 1);
    const std::string file = line == std::string::npos ? "" : mark.where.substr(0, line + 1);
    for (const std::string_view place :
         {std::string_view(file), std::string_view("--set "), std::string_view("the default of plugin ")}) {
        const std::size_t at = place.empty() ? std::string::npos : text.find(place);
        if (at == 0 || (has_path && at != std::string::npos && at <= path.size() + status_bytes)) return text.substr(at);
    }
    return where + (has_path ? "" : path + ": ") + text;
}

}  // namespace sluice
