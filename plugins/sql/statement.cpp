#include "statement.hpp"

#include <stdexcept>

#include "sluice/sdk/sql_text.hpp"

namespace sluice::sql {
namespace {

bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
    return begins_name(c) || (c >= '0' && c <= '9');
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_comment(std::string_view rest) {
    return rest.starts_with("--") || rest.starts_with("/*");
}

[[noreturn]] void refuse(std::string_view what, std::string_view sql) {
    std::string text(what);
    text.append(" in \"").append(sql.substr(0, 120)).append(sql.size() > 120 ? "...\"" : "\"");
    throw std::invalid_argument(text);
}

class Scanner {
public:
    explicit Scanner(std::string_view sql) : sql_(sql) {}

    Statement run() {
        bool is_empty = true;
        while (at_ < sql_.size()) {
            const std::string_view rest = sql_.substr(at_);
            const char c = rest[0];
            if (const std::size_t size = quoted_sql(sql_, at_); size == sql_.npos) {
                if (rest.starts_with("/*")) refuse("a comment does not end", sql_);
                refuse(std::string("a quote ") + c + " does not end", sql_);
            } else if (size != 0) {
                is_empty = is_empty && is_comment(rest);
                copy(size);
            } else if (rest.starts_with("::")) {
                copy(2);
            } else if (c == ':' && rest.size() > 1 && begins_name(rest[1])) {
                parameter(rest);
            } else if (rest.starts_with("??")) {
                is_empty = false;
                copy(2);  // the database makes a question mark of it
            } else if (c == '?') {
                refuse("`?` cannot be used here: name the parameter, as `:origin`, or write `??` for an operator,", sql_);
            } else {
                is_empty = is_empty && (is_blank(c) || c == ';');
                copy(1);
            }
        }
        if (is_empty) throw std::invalid_argument("the statement is empty");
        while (is_blank(made_.sql.back())) made_.sql.pop_back();  // a block of YAML ends with a newline
        return std::move(made_);
    }

private:
    void copy(std::size_t size) {
        made_.sql.append(sql_.substr(at_, size));
        at_ += size;
    }

    void parameter(std::string_view rest) {
        std::size_t size = 2;
        while (size < rest.size() && continues_name(rest[size])) ++size;
        made_.parameters.emplace_back(rest.substr(1, size - 1));
        made_.sql += '?';
        at_ += size;
    }

    const std::string_view sql_;
    std::size_t at_ = 0;
    Statement made_;
};

}  // namespace

Statement scan(std::string_view sql) {
    return Scanner(sql).run();
}

}  // namespace sluice::sql
