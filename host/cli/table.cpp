#include "cli/table.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "plugin/fault.hpp"

namespace sluice {

std::size_t shown_width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

namespace {

bool begins_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

// Where the character with this number begins; the size if there are fewer.
std::size_t place_of(std::string_view line, std::size_t character) {
    for (std::size_t at = 0; at < line.size(); ++at)
        if (begins_character(line[at]) && character-- == 0) return at;
    return line.size();
}

}  // namespace

std::string cut_to(std::string_view text, std::size_t width) {
    const std::string line = clean_text(text.substr(0, std::min(text.size(), 8 * width)));
    if (shown_width(line) <= width) return line;
    return line.substr(0, place_of(line, width - 1)) + "…";
}

std::string cut_middle(std::string_view text, std::size_t width) {
    const std::string line = clean_text(text);
    const std::size_t shown = shown_width(line);
    if (shown <= width) return line;
    const std::size_t front = (width - 1) / 3, back = width - 1 - front;  // the end tells more
    return line.substr(0, place_of(line, front)) + "…" + line.substr(place_of(line, shown - back));
}

std::string aligned(const std::vector<TableRow>& rows, const std::vector<std::size_t>& numbers) {
    std::vector<std::size_t> widths;
    for (const TableRow& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], shown_width(row[column]));
    }
    std::string text;
    for (const TableRow& row : rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            const std::string pad(widths[column] - shown_width(row[column]), ' ');
            const bool right = std::ranges::find(numbers, column) != numbers.end();
            const bool last = column + 1 == row.size();
            if (right) text += pad;
            text += row[column];
            if (!last) text += right ? "  " : pad + "  ";
        }
        text += '\n';
    }
    return text;
}

std::string shown_time(std::int64_t unix_ms) {
    if (unix_ms == 0) return "-";
    const std::time_t seconds = unix_ms / 1000;
    std::tm local{};
    ::localtime_r(&seconds, &local);
    return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

std::string shown_age(std::int64_t ms) {
    const std::int64_t seconds = ms / 1000;
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 7200) return fmt::format("{} m", seconds / 60);
    if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
    return fmt::format("{} d", seconds / 86'400);
}

}  // namespace sluice
