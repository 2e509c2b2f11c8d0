// What the fakes see of a statement without a database: testing.hpp and testing_database.hpp.
//
// Not a parser of SQL: it finds what every adapter refuses, so that a unit test does not pass where the host would not start.
// What the tables are called, and whether they are there, only a database knows: on_prepare answers for it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/host.h"
#include "sluice/sdk/sql_text.hpp"
#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk::detail {

class FakeStatement {
public:
    std::string sql;
    std::uint32_t parameters = 0;
    bool reads_only = false;

    // SLUICE_INVALID says what is wrong.
    static Status scan(std::string_view sql, FakeStatement& made) {
        made = {std::string(sql), 0, false};
        return Scanner{sql, made}.run();
    }

private:
    struct Scanner {
        std::string_view sql;
        FakeStatement& made;
        std::size_t at = 0;
        int depth = 0;
        std::string first{};   // word, in capitals
        bool is_over = false;  // a semicolon was there
        bool writes = false;

        Status run() {
            while (at < sql.size()) {
                const char c = sql[at];
                const std::string_view rest = sql.substr(at);
                if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
                    ++at;
                } else if (const std::size_t size = quoted_sql(sql, at); size == sql.npos) {
                    return wrong(rest.starts_with("/*") ? "a comment does not end"
                                                        : std::string("a quote ") + c + " does not end");
                } else if (size != 0 && is_comment(rest)) {
                    at += size;
                } else if (is_over && c != ';') {
                    return wrong("more than one statement: prepare them one by one");
                } else if (size != 0) {
                    at += size;
                } else if (rest.starts_with("??")) {  // a question mark for the engine
                    at += 2;
                } else if (c == '?') {
                    if (at + 1 < sql.size() && is_digit(sql[at + 1]))
                        return wrong("a numbered parameter: write `?`, and give the values in order");
                    ++made.parameters;
                    ++at;
                } else if (is_named_parameter(rest)) {
                    return wrong("a parameter with a name: write `?`, and give the values in order");
                } else if (is_letter(c)) {
                    word();
                } else {
                    if (c == ';') is_over = true;
                    depth += (c == '(') - (c == ')');
                    if (depth < 0) return wrong("a bracket ) has no beginning");
                    at += rest.starts_with("::") ? 2 : 1;
                }
            }
            if (depth != 0) return wrong("a bracket ( does not end");
            return judge();
        }

        Status judge() {
            constexpr std::array reading{"SELECT", "VALUES", "EXPLAIN", "SHOW", "TABLE"};
            constexpr std::array writing{"INSERT", "UPDATE", "DELETE", "REPLACE",  "MERGE",
                                         "CREATE", "DROP",   "ALTER",  "TRUNCATE", "CALL"};
            constexpr std::array adapters{"BEGIN",  "START",  "COMMIT", "END",    "ROLLBACK", "SAVEPOINT", "RELEASE",
                                          "ATTACH", "DETACH", "PRAGMA", "VACUUM", "SET",      "LOCK"};
            if (first.empty()) return {SLUICE_INVALID, "the statement is empty"};
            const auto is_one_of = [&](const auto& words) {
                return std::any_of(words.begin(), words.end(), [&](const char* known) { return first == known; });
            };
            if (is_one_of(adapters)) return wrong(first + " is for the adapter to do");
            if (!is_one_of(reading) && !is_one_of(writing) && first != "WITH")
                return wrong("near \"" + first + "\": syntax error");
            made.reads_only = is_one_of(reading) || (first == "WITH" && !writes);
            return SLUICE_OK;
        }

        void word() {
            std::string found;
            for (; at < sql.size() && (is_letter(sql[at]) || is_digit(sql[at])); ++at)
                found.push_back(static_cast<char>(sql[at] >= 'a' && sql[at] <= 'z' ? sql[at] - 'a' + 'A' : sql[at]));
            if (first.empty()) first = found;
            writes = writes || found == "INSERT" || found == "UPDATE" || found == "DELETE" || found == "MERGE";
        }
        static bool is_comment(std::string_view rest) { return rest.starts_with("--") || rest.starts_with("/*"); }
        static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
        static bool is_digit(char c) { return c >= '0' && c <= '9'; }
        static bool is_named_parameter(std::string_view rest) {
            return (rest[0] == ':' || rest[0] == '@' || rest[0] == '$') && rest.size() > 1 && is_letter(rest[1]);
        }
        Status wrong(const std::string& what) const {
            return {SLUICE_INVALID, what + ", in \"" + std::string(sql.substr(0, 120)) + "\""};
        }
    };
};

}  // namespace sluice::inline sdk::detail
