// An SQL statement with named parameters, turned into one with `?` in order.
//
// A parameter is `:name`. Texts, quoted names and comments (sluice/sdk/sql_text.hpp) are left alone, and so are ::casts and
// `??`, which the database takes for a question mark.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sql {

struct Statement {
    std::string sql;                      // with `?` for each parameter
    std::vector<std::string> parameters;  // their names in order; one that is used twice stands there twice
};

// Throws std::invalid_argument with one sentence: a `?` of the author's own, a quote or comment that does not end, nothing at
// all.
Statement scan(std::string_view sql);

}  // namespace sluice::sql
