#include "text/node_values.hpp"

#include <fmt/format.h>

#include <limits>

#include "text/scalar.hpp"
#include "text/suggest.hpp"
#include "text/units.hpp"

namespace sluice {
namespace {

using Format = std::string (*)(std::int64_t);

std::string plain_number(std::int64_t number) {
    return std::to_string(number);
}
std::string size_number(std::int64_t number) {
    return format_size(static_cast<std::uint64_t>(number));
}

// " from 1 to 256", " of at least 1", or nothing.
std::string spoken(Range range, Format format) {
    constexpr Range all{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    const bool low = range.minimum != all.minimum, high = range.maximum != all.maximum;
    if (low && high) return fmt::format(" from {} to {}", format(range.minimum), format(range.maximum));
    if (low) return fmt::format(" of at least {}", format(range.minimum));
    if (high) return fmt::format(" of at most {}", format(range.maximum));
    return "";
}

Error must_be(const Node& node, const std::string& what) {
    return {ErrorKind::invalid, fmt::format("must be {}, not {}", what, shown(node))};
}

bool within(std::int64_t number, Range range) {
    return number >= range.minimum && number <= range.maximum;
}

}  // namespace

Result<std::string> as_text(const Node& node) {
    if (!node.is_scalar()) return must_be(node, "text");
    return node.text;
}

Result<std::int64_t> as_integer(const Node& node, Range range) {
    if (node.kind != Node::Kind::integer || !within(node.integer, range))
        return must_be(node, "a whole number" + spoken(range, plain_number));
    return node.integer;
}

Result<bool> as_boolean(const Node& node) {
    if (node.kind != Node::Kind::boolean) return must_be(node, "true or false");
    return node.integer != 0;
}

Result<std::int64_t> as_duration_ms(const Node& node, Range range) {
    const auto ms = node.is_scalar() ? parse_duration_ms(node.text) : std::nullopt;
    if (!ms) return must_be(node, fmt::format("a duration: {}", duration_form));
    if (!within(*ms, range)) return must_be(node, "a duration" + spoken(range, format_duration));
    return *ms;
}

Result<std::int64_t> as_size_bytes(const Node& node, Range range) {
    const auto bytes = node.is_scalar() ? parse_size_bytes(node.text) : std::nullopt;
    if (!bytes) return must_be(node, fmt::format("a size: {}", size_form));
    if (!within(*bytes, range)) return must_be(node, "a size" + spoken(range, size_number));
    return *bytes;
}

Error not_one_of(const Node& node, std::span<const std::string> names) {
    const std::string near = node.is_scalar() ? did_you_mean(node.text, names) : "";
    return {ErrorKind::invalid, fmt::format("must be {}, not {}{}", spoken_list(names, "or"), shown(node), near)};
}

}  // namespace sluice
