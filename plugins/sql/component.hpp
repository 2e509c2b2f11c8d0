// The handler with its options, as its plugin offers it and its tests create it.
#pragma once

#include "handler.hpp"

namespace sluice::sql {

inline constexpr auto component = sluice::handler<SqlHandler>(
    "sql", "Runs SQL for each message, with parameters from its JSON body: :origin is the field /origin.",
    sluice::text("database", "The name of the database, as under `databases`.").required(),
    sluice::text("statement",
                 "The SQL to run for each message. :name is a field of the body; :_key, :_id and :_body are the message's."),
    sluice::list("statements", "Several statements, run one after the other in the same transaction, instead of `statement`."),
    sluice::map("params",
                "JSON pointers for parameters that are no fields of the body's top level: { net: /properties/net }."));

}  // namespace sluice::sql
