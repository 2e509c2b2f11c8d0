// The handler `sql`: runs the statements of its configuration for each message, with parameters from the message.
//
// Threads  as any handler: one instance a worker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fields.hpp"
#include "sluice/sdk/handler.hpp"
#include "statement.hpp"

namespace sluice::sql {

class SqlHandler final : public Handler {
public:
    static constexpr bool no_outside_effects = true;

    explicit SqlHandler(const Setup& setup);

    void start(Context& context) override;
    Verdict handle(const Message& message, Context& context) override;

private:
    // Where a parameter's value comes from.
    struct Origin {
        enum class Of : std::uint8_t { field, key, id, body } of = Of::field;
        std::size_t place = 0;  // of the field
    };
    struct Run {
        std::string sql;
        std::vector<Origin> origins;
        sluice::Statement prepared;
    };

    void add(std::string_view sql, const Node& where, const Node& params);
    Origin origin_of(std::string_view name, const Node& where, const Node& params);
    void check_params(const Node& params) const;
    static void check(const Run& run);

    DatabaseRef& database_;
    Fields fields_;
    bool wants_fields_ = false;
    std::vector<Run> runs_;
    std::vector<std::string> names_;    // of all parameters
    std::vector<sluice_value> values_;  // of the statement that runs
};

}  // namespace sluice::sql
