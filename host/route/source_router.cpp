#include "route/source_router.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "text/number.hpp"

namespace sluice {

Result<SourceRouter> SourceRouter::make(const std::vector<PoolRules>& pools) {
    if (pools.empty() || pools.size() > limits::pools_max)
        return Error{ErrorKind::invalid, "a source feeds 1 to " + std::to_string(limits::pools_max) + " pools, not " +
                                             std::to_string(pools.size())};
    SourceRouter made;
    for (const PoolRules& rules : pools) {
        Result<Router> router = Router::make(rules.route);
        if (!router) return std::move(router).error();
        std::vector<Condition> when;
        for (const auto& [text, expected] : rules.when) {
            auto field = std::ranges::find(made.fields_, text, &Field::text);
            if (field == made.fields_.end()) {
                Result<JsonPointer> pointer = parse_json_pointer(text);
                if (!pointer) return std::move(pointer).error().within("when");
                field = made.fields_.emplace(field);
                field->text = text;
                field->pointer = std::move(pointer).value();
            }
            when.push_back({static_cast<std::uint32_t>(field - made.fields_.begin()), expected, other_spelling(expected)});
        }
        made.reads_bodies_ |= !when.empty() || router.value().reads_body();
        made.pools_.push_back({std::move(when), std::move(router).value()});
    }
    return made;
}

SourceRouter::Picked SourceRouter::route(const sluice_message& message, std::string& scratch) {
    if (!reads_bodies_) return pick(message, scratch);
    json_.open(view_of(message.body));
    for (Field& field : fields_) field.looked_up = false;
    const Picked picked = pick(message, scratch);
    json_.close();
    return picked;
}

inline SourceRouter::Picked SourceRouter::pick(const sluice_message& message, std::string& scratch) {
    // Returned where it is made: a copy would load wider than was just stored, and wait for all earlier stores.
    for (std::uint32_t at = 0; at < pools_.size(); ++at)
        if (holds(pools_[at])) return {at, pools_[at].router.route(message, json_, scratch)};
    Picked none;
    none.routed.to = Routed::To::dead_letter;
    return none;
}

bool SourceRouter::holds(const Pool& pool) {
    for (const Condition& condition : pool.when) {
        Field& field = fields_[condition.field];
        if (!field.looked_up) {
            field.value = json_.find(field.pointer, field.scratch);
            field.looked_up = true;
        }
        if (field.value != condition.expected && !(condition.number && field.value == *condition.number)) return false;
    }
    return true;
}

}  // namespace sluice
