#include "text/problems.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/limits.hpp"

namespace sluice {

void Problems::add(const Mark& mark, std::string_view path, std::string_view sentence) {
    // "--set pools.airports.workers" names the key already.
    const bool named = path.empty() || mark.where == fmt::format("--set {}", path);
    problems_.push_back(
        {mark.line, mark.column,
         named ? fmt::format("{}: {}", mark.where, sentence) : fmt::format("{}: {}: {}", mark.where, path, sentence)});
    if (problems_.size() < 2 * limits::config_errors_kept) return;
    sort(problems_);
    dropped_ += problems_.size() - limits::config_errors_kept;
    problems_.resize(limits::config_errors_kept);
}

// By place in the file; of one place in the order they were found in.
void Problems::sort(std::vector<Problem>& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return a.line != b.line ? a.line < b.line : a.column < b.column;
    });
}

std::vector<std::string> Problems::lines() const {
    std::vector<Problem> sorted = problems_;
    sort(sorted);
    std::vector<std::string> lines;
    for (Problem& problem : sorted) lines.push_back(std::move(problem.text));
    return lines;
}

std::string Problems::text() const {
    std::string text;
    std::size_t shown = 0;
    for (const std::string& line : lines()) {
        if (shown++ == limits::config_errors_shown) break;
        text += line + '\n';
    }
    if (size() > limits::config_errors_shown) text += fmt::format("... and {} more\n", size() - limits::config_errors_shown);
    return text;
}

}  // namespace sluice
