#include "unit/publishes.hpp"

#include <algorithm>
#include <cstring>

#include "core/limits.hpp"

namespace sluice {

sluice_bytes Publishes::keep(sluice_bytes bytes) {
    if (bytes.size == 0) return {nullptr, 0};
    char* copy = static_cast<char*>(memory_.allocate(bytes.size, 1));
    std::memcpy(copy, bytes.data, bytes.size);
    return {copy, bytes.size};
}

bool Publishes::add(std::uint32_t message, std::uint32_t target, const sluice_outgoing& outgoing) {
    mixed_ |= !items_.empty() && items_.back().message > message;
    const auto is_mine = [&](const Item& item) { return item.message == message; };
    const auto mine = mixed_ ? std::count_if(items_.begin(), items_.end(), is_mine)
                             : std::find_if_not(items_.rbegin(), items_.rend(), is_mine) - items_.rbegin();
    if (mine >= static_cast<std::ptrdiff_t>(limits::publishes_max)) return false;

    sluice_outgoing copy{};
    copy.struct_size = sizeof copy;
    copy.body = keep(outgoing.body);
    copy.key = keep(outgoing.key);
    copy.id = keep(outgoing.id);
    copy.delay_ms = outgoing.delay_ms;
    if (outgoing.header_count != 0) {
        auto* headers = static_cast<sluice_header*>(
            memory_.allocate(outgoing.header_count * sizeof(sluice_header), alignof(sluice_header)));
        for (std::uint32_t i = 0; i < outgoing.header_count; ++i)
            headers[i] = {keep(outgoing.headers[i].name), keep(outgoing.headers[i].value)};
        copy.headers = headers;
        copy.header_count = outgoing.header_count;
    }
    items_.push_back({message, target, copy});
    return true;
}

void Publishes::remove(std::uint32_t message) {
    std::erase_if(items_, [&](const Item& item) { return item.message == message; });
}

void Publishes::clear() {
    items_.clear();
    mixed_ = false;
    memory_.release();
}

}  // namespace sluice
