#include "handler.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace sluice::sql {
namespace {

// Texts of the message itself. Bytes that are not UTF-8 would be refused as text by many a database.
sluice_value whole(std::string_view bytes) {
    const bool is_text = simdjson::validate_utf8(bytes.data(), bytes.size());
    return {is_text ? SLUICE_VALUE_TEXT : SLUICE_VALUE_BLOB, SLUICE_LIFE_UNIT, {.bytes = {bytes.data(), bytes.size()}}};
}

// Levenshtein's, to suggest what may have been meant.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j)
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)}));
    }
    return row.back();
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& known) {
    const auto nearest = std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
        return distance(wrong, a) < distance(wrong, b);
    });
    if (nearest == known.end() || distance(wrong, *nearest) > 1 + wrong.size() / 3) return {};
    return "; did you mean :" + *nearest + "?";
}

}  // namespace

SqlHandler::SqlHandler(const Setup& setup) : database_(setup.database(setup.text("database"))) {
    const Node params = setup.option("params");
    const Node one = setup.option("statement");
    const Node several = setup.option("statements");
    if (setup.has("statement") && setup.has("statements"))
        throw several.error("`statement` and `statements` exclude each other: put all of them into `statements`");
    if (!setup.has("statement") && !setup.has("statements"))
        throw setup.options().error("`statement` is missing: the SQL to run for each message, or `statements` for several");
    if (setup.has("statement")) {
        add(one.text(), one, params);
    } else {
        if (several.is_list() && several.size() == 0)
            throw several.error("`statements` is empty: give at least one, or use the handler `noop`");
        if (!several.is_list()) add(several.text(), several, params);
        for (const auto& [unused, statement] : several) add(statement.text(), statement, params);
    }
    check_params(params);
}

void SqlHandler::add(std::string_view sql, const Node& where, const Node& params) {
    try {
        Statement scanned = scan(sql);
        Run run;
        run.sql = std::move(scanned.sql);
        for (const std::string& name : scanned.parameters) {
            run.origins.push_back(origin_of(name, where, params));
            names_.push_back(name);
        }
        runs_.push_back(std::move(run));
    } catch (const std::invalid_argument& error) {
        throw where.error(error.what());
    }
}

SqlHandler::Origin SqlHandler::origin_of(std::string_view name, const Node& where, const Node& params) {
    if (name == "_key") return {Origin::Of::key};
    if (name == "_id") return {Origin::Of::id};
    if (name == "_body") return {Origin::Of::body};
    if (name.starts_with('_'))
        throw where.error(
            ":" + std::string(name) +
            " is nothing that a message has: there are :_key, :_id and :_body; name a field of the body in `params`, as "
            "{ mine: /" +
            std::string(name) + " }, and use :mine");
    wants_fields_ = true;
    const Node pointer = params.find(name);
    if (!pointer) return {Origin::Of::field, fields_.want("/" + std::string(name))};
    try {
        return {Origin::Of::field, fields_.want(pointer.text())};
    } catch (const std::invalid_argument& error) {
        throw pointer.error(error.what());
    }
}

void SqlHandler::check_params(const Node& params) const {
    for (const auto& [name, pointer] : params)
        if (std::find(names_.begin(), names_.end(), name) == names_.end())
            throw pointer.error("no statement uses :" + std::string(name) + suggestion(name, names_));
}

void SqlHandler::start(Context&) {
    for (Run& run : runs_) {
        run.prepared = database_.prepare(run.sql);
        check(run);
    }
}

// What no message could make right. A database that says nothing of its statements finds it out with the first message.
void SqlHandler::check(const Run& run) {
    if (!run.prepared.is_described) return;
    const auto refuse = [&](const std::string& why) {
        throw Failure(SLUICE_INVALID, "the statement \"" + run.sql + "\" " + why);
    };
    if (run.prepared.reads_only)
        refuse("only reads, and `sql` has no use for rows: give it statements that write, such as INSERT, UPDATE or DELETE");
    if (run.prepared.parameters != run.origins.size())
        refuse("takes " + std::to_string(run.prepared.parameters) + " values for the database and has " +
               std::to_string(run.origins.size()) + " parameters of the form :name: write each value as :name");
}

Verdict SqlHandler::handle(const Message& message, Context&) {
    if (wants_fields_)
        if (std::string wrong = fields_.read(message.body()); !wrong.empty()) return reject(std::move(wrong));
    for (const Run& run : runs_) {
        values_.clear();
        for (const Origin& origin : run.origins) switch (origin.of) {
                case Origin::Of::field: values_.push_back(fields_.values()[origin.place]); break;
                case Origin::Of::key: values_.push_back(whole(message.key())); break;
                case Origin::Of::id: values_.push_back(whole(message.id())); break;
                case Origin::Of::body: values_.push_back(whole(message.body())); break;
            }
        database_.execute_values(run.prepared, values_);
    }
    return done();
}

}  // namespace sluice::sql
