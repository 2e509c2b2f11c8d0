// The members of a request, each of the type its verb takes: what is of another type, unknown or given twice is refused by
// name, never passed over. A filter that is passed over would purge everything.
//
// Threads      one.
// Ownership    the node outlives it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "text/node.hpp"

namespace sluice {

class Request {
public:
    explicit Request(const Node& request) : request_(request) {}

    // Nothing if it is absent, or wrong: finish() says so.
    std::optional<std::string> text(std::string_view name);
    std::optional<std::int64_t> whole(std::string_view name, std::int64_t minimum, std::int64_t maximum);
    bool flag(std::string_view name);
    std::vector<std::string> texts(std::string_view name);

    // invalid: the first member that is wrong, one that is there twice, or one that was not asked for above.
    Result<void> finish();

private:
    const Node* find(std::string_view name);
    void complain(std::string_view name, std::string_view must_be, const Node& node);

    const Node& request_;
    std::set<std::string, std::less<>> asked_{"verb"};
    std::string complaint_;
};

}  // namespace sluice
