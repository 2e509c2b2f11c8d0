// Numbers as people read them: three digits that count, and a unit.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

// 950ns, 1.23us, 12.3ms, 1.20s, 90.0s, 5m 3s, 2h 5m
std::string readable_duration(std::uint64_t ns);
// 12.3k/s, 7.10M/s, 950/s, 0.50/s
std::string readable_rate(double per_second);
// 1,234,567
std::string readable_count(std::uint64_t count);

}  // namespace sluice
