#include "key_chooser.hpp"

#include <cmath>
#include <numeric>

namespace sluice::generate {

// Vose's construction: every column is filled to the same height with at most two keys.
KeyChooser KeyChooser::zipf(std::uint32_t keys, double exponent) {
    std::vector<double> height(keys);
    for (std::uint32_t key = 0; key < keys; ++key) height[key] = std::pow(key + 1.0, -exponent);
    const double even = std::accumulate(height.begin(), height.end(), 0.0) / keys;

    std::vector<std::uint32_t> low;
    std::vector<std::uint32_t> high;
    for (std::uint32_t key = 0; key < keys; ++key) {
        height[key] /= even;
        (height[key] < 1 ? low : high).push_back(key);
    }
    KeyChooser chooser(keys);
    chooser.columns_.resize(keys);
    while (!low.empty() && !high.empty()) {
        const std::uint32_t small = low.back();
        const std::uint32_t large = high.back();
        low.pop_back();
        chooser.columns_[small] = {static_cast<std::uint32_t>(height[small] * 4294967295.0), large};
        height[large] -= 1 - height[small];
        if (height[large] < 1) {
            high.pop_back();
            low.push_back(large);
        }
    }
    // What is left is full but for rounding.
    for (const auto* rest : {&low, &high})
        for (std::uint32_t key : *rest) chooser.columns_[key] = {~0u, key};
    return chooser;
}

}  // namespace sluice::generate
