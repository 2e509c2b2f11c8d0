#include "unit/message_json.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "plugin/fault.hpp"

namespace sluice {
const JsonPointer* MessageJson::parsed(std::string_view text, Known& beyond, std::string& why) {
    const auto known = std::ranges::find(known_, text, &Known::text);
    if (known != known_.end()) return &known->pointer;
    Result<JsonPointer> pointer = parse_json_pointer(text);
    if (!pointer) {
        why = pointer.error().message;
        return nullptr;
    }
    if (known_.size() < limits::json_pointers_kept)
        return &known_.emplace_back(std::string(text), std::move(pointer).value()).pointer;
    beyond.pointer = std::move(pointer).value();
    return &beyond.pointer;
}

// Out of the scratch, which the next value uses again.
bool MessageJson::keep(std::string_view& text) {
    if (text.size() > limits::message_bytes_max - text_bytes_) return false;
    text_bytes_ += text.size();
    char* copy = static_cast<char*>(texts_.allocate(std::max<std::size_t>(text.size(), 1), 1));
    std::memcpy(copy, text.data(), text.size());
    text = {copy, text.size()};
    return true;
}

sluice_status MessageJson::find(sluice_bytes body, sluice_bytes pointer, sluice_json& value, sluice_fault* fault) {
    std::string why;
    Known beyond;
    const JsonPointer* wanted = parsed(view_of(pointer), beyond, why);
    if (wanted == nullptr) return set_fault(fault, SLUICE_INVALID, why);
    if (is_open_ && open_at_ != body.data) body_.close();
    if (!is_open_ || open_at_ != body.data) body_.open(view_of(body));
    is_open_ = true;
    open_at_ = body.data;
    JsonValue found = body_.at(*wanted, scratch_);
    if (found.text.data() == scratch_.data() && !found.text.empty() && !keep(found.text))
        return set_fault(
            fault, SLUICE_FULL,
            "the strings with escapes that were asked for in this call are larger together than a message may be; keep what "
            "was found instead of asking again");
    if (SLUICE_HAS(&value, type)) value.type = found.type;
    if (SLUICE_HAS(&value, text)) value.text = {found.text.data(), found.text.size()};
    return SLUICE_OK;
}

void MessageJson::forget() {
    is_open_ = false;
    body_.close();
    if (std::exchange(text_bytes_, 0) == 0) return;
    texts_.release();
    if (scratch_.capacity() > limits::parser_bytes_kept) std::string().swap(scratch_);
}

}  // namespace sluice
