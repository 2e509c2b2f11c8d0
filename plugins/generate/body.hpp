// The JSON of a message, of one size whatever stands in it: a template in which a few digits change.
//
//   {"key":"k0000123","seq":42,"pad":"xxxx"}
//   {"key":"k0000123","due_ns":81234567890123     ,"seq":42,"pad":"xxxx"}     with a stamp
//
// Threads  one at a time. Views live until the next set().
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "decimal.hpp"

namespace sluice::generate {

class Body {
public:
    static constexpr std::size_t smallest = 64;
    static constexpr std::size_t smallest_stamped = 96;

    // Throws Failure(invalid) if it does not fit into `size`.
    Body(std::size_t size, bool stamped);
    Body(Body&&) = delete;

    // Without a stamp due_ns is ignored. Cheapest where sequence numbers rise a little at a time.
    void set(std::uint32_t key, std::uint64_t sequence, std::int64_t due_ns);

    std::string_view text() const { return text_; }
    std::string_view key() const { return std::string_view(text_).substr(key_at, key_size); }

private:
    static constexpr std::size_t key_at = 8;
    static constexpr std::size_t key_size = 8;

    void lay_out(std::uint64_t sequence);

    std::string text_;
    const bool stamped_;
    std::size_t due_at_ = 0;
    Decimal sequence_;
};

}  // namespace sluice::generate
