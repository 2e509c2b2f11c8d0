#include "work/under_way.hpp"

#include "core/bytes.hpp"
#include "plugin/fault.hpp"

namespace sluice {

std::string UnderWay::describe_message() const {
    const Message* current = message.load(std::memory_order_acquire);
    if (current == nullptr) return {};
    const std::string_view key = view_of(current->view.key);
    std::string text =
        "message " + clean_text(view_of(current->view.id)) + (key.empty() ? "" : ", key \"" + clean_text(key) + "\"");
    const std::uint32_t beside = others.load(std::memory_order_relaxed);
    if (beside != 0) text += " and " + std::to_string(beside) + (beside == 1 ? " other" : " others");
    return text;
}

}  // namespace sluice
