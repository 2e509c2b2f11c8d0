#include "dispatch/fences.hpp"

namespace sluice {

bool Fences::raise(std::uint64_t key_hash, std::string_view id, std::uint16_t lane) {
    if (const auto found = fences_.find(key_hash); found != fences_.end()) {
        if (found->second.second.empty()) found->second.second = id;
        return true;
    }
    if (id.empty() || fences_.size() >= keys_max_) return false;
    fences_.emplace(key_hash, Fence{std::string(id), {}, lane});
    return true;
}

bool Fences::pass(std::uint64_t key_hash, std::string_view id, bool all_went_back) {
    const auto found = fences_.find(key_hash);
    if (found == fences_.end()) return true;
    Fence& fence = found->second;
    const bool comes_again = !id.empty() && (id == fence.first || (id == fence.second && all_went_back));
    if (comes_again)
        fences_.erase(found);
    else if (fence.second.empty())
        fence.second = id;
    return comes_again;
}

void Fences::forget_lane(std::uint16_t lane) {
    std::erase_if(fences_, [&](const auto& fence) { return fence.second.lane == lane; });
}

}  // namespace sluice
