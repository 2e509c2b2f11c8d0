#include "text/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t longest_compared = 64;
constexpr std::size_t names_listed = 12;

char lower(char letter) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

// Optimal string alignment distance: Levenshtein's with swaps of neighbours (Boytsov 2011, "Indexing methods for approximate
// dictionary searching", section 2.1). Case costs nothing.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> two_up(b.size() + 1), up(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) up[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = std::min({up[j] + 1, row[j - 1] + 1, up[j - 1] + change});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = std::min(row[j], two_up[j - 2] + 1);
        }
        two_up.swap(up);
        up.swap(row);
    }
    return up[b.size()];
}

std::size_t slips_allowed(std::size_t length) {
    return length <= 2 ? 0 : length <= 3 ? 1 : length <= 8 ? 2 : 3;
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
    std::string best;
    std::size_t best_distance = slips_allowed(name.size()) + 1;
    if (name.size() > longest_compared) return best;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > longest_compared) continue;
        const std::size_t slips = distance(name, candidate);
        if (slips < best_distance) {
            best_distance = slips;
            best = candidate;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
    const std::string near = nearest(name, candidates);
    return near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", near);
}

std::string did_you_mean_or_list(std::string_view name, std::span<const std::string> candidates) {
    if (candidates.empty()) return "; there are none";
    const std::string near = did_you_mean(name, candidates);
    if (!near.empty()) return near;
    const auto shown = candidates.first(std::min(candidates.size(), names_listed));
    const bool all = shown.size() == candidates.size();
    return fmt::format("; there {} {}{}", candidates.size() == 1 ? "is only" : "are", spoken_list(shown),
                       all ? "" : " and more");
}

std::string spoken_list(std::span<const std::string> names, std::string_view last_word) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i != 0) text += i + 1 == names.size() ? fmt::format(" {} ", last_word) : ", ";
        text += names[i];
    }
    return text;
}

}  // namespace sluice
