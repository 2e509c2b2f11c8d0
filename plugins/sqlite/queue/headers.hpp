// The headers of a message as one blob: count, then the sizes of name and value and their bytes, for each; numbers are 32 bits
// in the byte order of the machine.
//
// Errors  unpack answers false for a blob that is not what pack makes.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sluice/sluice.h"

namespace sluice::sqlite {

// 0 = no headers, which is stored as NULL.
inline std::size_t packed_size(std::span<const sluice_header> headers) {
    if (headers.empty()) return 0;
    std::size_t size = sizeof(std::uint32_t);
    for (const sluice_header& header : headers) size += 2 * sizeof(std::uint32_t) + header.name.size + header.value.size;
    return size;
}

inline void pack(std::span<const sluice_header> headers, char* to) {
    const auto put = [&to](const void* from, std::size_t size) {
        if (size != 0) std::memcpy(to, from, size);
        to += size;
    };
    const auto put_number = [&put](std::uint64_t number) {
        const auto small = static_cast<std::uint32_t>(number);
        put(&small, sizeof small);
    };
    put_number(headers.size());
    for (const sluice_header& header : headers) {
        put_number(header.name.size);
        put_number(header.value.size);
        put(header.name.data, header.name.size);
        put(header.value.data, header.value.size);
    }
}

// Appends views of `from`.
inline bool unpack(sluice_bytes from, std::vector<sluice_header>& headers) {
    const char* at = from.data;
    std::uint64_t left = from.size;
    const auto take = [&](std::uint64_t size, sluice_bytes& view) {
        if (size > left) return false;
        view = {at, size};
        at += size;
        left -= size;
        return true;
    };
    const auto take_number = [&](std::uint32_t& number) {
        sluice_bytes view{};
        if (!take(sizeof number, view)) return false;
        std::memcpy(&number, view.data, sizeof number);
        return true;
    };
    if (from.size == 0) return true;
    std::uint32_t count = 0;
    if (!take_number(count)) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
        sluice_header header{};
        std::uint32_t name = 0, value = 0;
        if (!take_number(name) || !take_number(value) || !take(name, header.name) || !take(value, header.value)) return false;
        headers.push_back(header);
    }
    return left == 0;
}

}  // namespace sluice::sqlite
