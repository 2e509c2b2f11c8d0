#include "config/yaml/reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <functional>
#include <istream>
#include <streambuf>

#include "config/yaml/builder.hpp"
#include "config/yaml/text.hpp"
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
    if (message.find("flow not found") != std::string::npos && line.find("${") != std::string_view::npos)
        return fmt::format("not valid YAML: {}; inside {{ }} and [ ] put text that has ${{NAME}} in it between quotes",
                           message);
    for (const auto& [words, hint] : hints)
        if (message.starts_with(words)) return fmt::format("not valid YAML: {}; {}", message, hint);
    return fmt::format("not valid YAML: {}", message);
}

// Hands the text to the parser, and ends it early where the parser only reads on: yaml-cpp keeps what may still turn out to be
// a key, and so all of a "[" that is not closed, before it tells of any of it.
class WatchedText final : public std::streambuf {
public:
    WatchedText(std::string text, const TreeBuilder& builder) : text_(std::move(text)), builder_(builder) {}

    bool cut() const { return cut_; }

protected:
    int_type underflow() override {
        constexpr std::size_t at_once = 1024;
        constexpr std::string_view signs = "[]{},:?&*!\"'";
        if (builder_.events() != events_) signs_ = 0;
        events_ = builder_.events();
        const std::size_t size = std::min(at_once, text_.size() - at_);
        for (std::size_t at = at_; at < at_ + size; ++at) signs_ += signs.find(text_[at]) != std::string_view::npos;
        cut_ = cut_ || signs_ > limits::config_signs_ahead;
        if (cut_ || size == 0) return traits_type::eof();
        setg(text_.data() + at_, text_.data() + at_, text_.data() + at_ + size);
        at_ += size;
        return traits_type::to_int_type(*gptr());
    }

private:
    std::string text_;
    const TreeBuilder& builder_;
    std::size_t at_ = 0;
    std::size_t events_ = 0;
    std::size_t signs_ = 0;  // handed out since the last event
    bool cut_ = false;
};

std::optional<Node> read(std::string_view text, const MarkMaker& mark_of, Problems& problems) {
    if (!check_yaml_text(text, mark_of, problems)) return std::nullopt;
    TreeBuilder builder(mark_of, problems);
    WatchedText watched(std::string(text), builder);
    std::istream stream(&watched);
    const auto cut = [&] {
        const Mark& last = builder.last_mark();
        problems.add(
            last.where.empty() ? mark_of(1, 1) : last, "",
            fmt::format(
                "what follows has more than {} brackets, quotes and other signs of YAML in one value; close what is open, or "
                "put a long text into a file of its own",
                limits::config_signs_ahead));
        return std::nullopt;
    };
    try {
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& failure) {
        if (watched.cut()) return cut();
        const auto line = static_cast<std::uint32_t>(std::max(failure.mark.line, 0)) + 1;
        problems.add(builder.mark(failure.mark), "", syntax_sentence(failure.msg, line_of(text, line)));
        return std::nullopt;
    } catch (const TreeBuilder::Stop&) {
        return std::nullopt;
    }
    if (watched.cut()) return cut();
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
