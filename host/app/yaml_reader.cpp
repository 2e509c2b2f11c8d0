#include "app/yaml_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <functional>
#include <sstream>

#include "app/yaml_builder.hpp"
#include "app/yaml_text.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

// yaml-cpp's words say what it met; these say what to look at.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> hints{{
    {"illegal map value", "put text that has \": \" in it between quotes, and check the indentation"},
    {"end of map not found", "check the indentation of this line against the keys above it"},
    {"end of sequence not found", "check the indentation of this line against the entries above it"},
    {"end of map flow not found", "a \"{\" has no \"}\""},
    {"end of sequence flow not found", "a \"[\" has no \"]\""},
    {"the referenced anchor is not defined", "write &NAME at the value first, then *NAME"},
    {"unknown token", "put text that begins with a sign between quotes"},
    {"illegal EOF in scalar", "a quote is not closed"},
}};

std::string syntax_sentence(const std::string& message, std::string_view line) {
    if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos)
        return "not valid YAML: a tab in the indentation; indent with spaces";
    for (const auto& [words, hint] : hints)
        if (message.starts_with(words)) return fmt::format("not valid YAML: {}; {}", message, hint);
    return fmt::format("not valid YAML: {}", message);
}

std::optional<Node> read(std::string_view text, const MarkMaker& mark_of, Problems& problems) {
    if (!check_yaml_text(text, mark_of, problems)) return std::nullopt;
    std::istringstream stream{std::string(text)};
    TreeBuilder builder(mark_of, problems);
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& failure) {
        const auto line = static_cast<std::uint32_t>(std::max(failure.mark.line, 0)) + 1;
        problems.add(builder.mark(failure.mark), "", syntax_sentence(failure.msg, line_of(text, line)));
        return std::nullopt;
    } catch (const TreeBuilder::Stop&) {
        return std::nullopt;
    }
    if (const YAML::Mark& quoted = builder.last_quoted(); !quoted.is_null()) {
        if (!quote_is_closed(text, static_cast<std::uint32_t>(quoted.line) + 1,
                             static_cast<std::uint32_t>(quoted.column) + 1)) {
            problems.add(builder.mark(quoted), "", "not valid YAML: this quote is not closed");
            return std::nullopt;
        }
    }
    return builder.take_root();
}

}  // namespace

std::optional<Node> read_yaml(std::string_view text, const std::string& name, Problems& problems) {
    return read(
        text,
        [&](std::uint32_t line, std::uint32_t column) {
            return Mark{fmt::format("{}:{}:{}", name, line, column), line, column};
        },
        problems);
}

std::optional<Node> read_yaml_value(std::string_view text, const Mark& mark, Problems& problems) {
    return read(
        text, [&](std::uint32_t, std::uint32_t) { return mark; }, problems);
}

}  // namespace sluice
