// Everything that is wrong with a configuration, gathered so that a person fixes it in one go.
//
// Threads      one.
// Limits       text() shows limits::config_errors_shown lines and counts the rest; limits::config_errors_kept are kept, or up
//              to twice as many: those that come first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.hpp"
#include "text/node.hpp"

namespace sluice {

class Problems {
public:
    // `path` is the key's path, or empty for a problem of the whole file. `sentence` says what is wrong and the remedy.
    void add(const Mark& mark, std::string_view path, std::string_view sentence);

    bool empty() const { return problems_.empty(); }
    std::size_t size() const { return problems_.size() + dropped_; }
    // So many that no one will read them all: what is costly to say may be left out.
    bool are_many() const { return size() >= limits::config_errors_kept; }

    // "flights.yaml:14:5: pools.airports.wokers: unknown key; did you mean "workers"?", by position in the file.
    std::vector<std::string> lines() const;
    std::string text() const;

private:
    struct Problem {
        std::uint32_t line;
        std::uint32_t column;
        std::string text;
    };
    static void sort(std::vector<Problem>& problems);

    std::vector<Problem> problems_;
    std::size_t dropped_ = 0;
};

}  // namespace sluice
