// The statements that the workers of a database have prepared, by their text: the same INSERT of ten workers is one statement
// of the one connection that writes.
//
// Threads     find_or_add: any. A statement's `on_writer`: whoever holds the writer.
// Ownership   the catalog owns the statements; they live as long as it.
// Limits      statements_max, so that a handler which builds its SQL from values is stopped by a sentence, not by the memory.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "handle.hpp"

namespace sluice::sqlite {

struct Statement {
    std::string sql;
    std::uint32_t parameters = 0;
    bool writes = false;  // false: it only reads
    Prepared on_writer;   // compiled at its first use there
};

class Statements {
public:
    static constexpr std::size_t statements_max = 10'000;

    Statement& find_or_add(std::string_view sql, std::uint32_t parameters, bool writes) {
        std::lock_guard lock(mutex_);
        if (auto found = by_text_.find(sql); found != by_text_.end()) return *found->second;
        if (by_text_.size() >= statements_max)
            throw Failure(SLUICE_FULL, "more than " + std::to_string(statements_max) +
                                           " different statements: write `?` for what changes and give it as a value");
        auto statement = std::make_unique<Statement>();
        statement->sql = sql;
        statement->parameters = parameters;
        statement->writes = writes;
        Statement& added = *statement;
        by_text_.emplace(added.sql, std::move(statement));
        return added;
    }

    // [holder of the writer] Before its connection is closed.
    void finalize() {
        std::lock_guard lock(mutex_);
        for (auto& [text, statement] : by_text_) statement->on_writer.reset();
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string_view, std::unique_ptr<Statement>> by_text_;  // keys are views of the statements' own text
};

}  // namespace sluice::sqlite
