// Proofs of rows whose numbers decide which messages are acknowledged unseen: SQLite does not notice a number that has become
// another one on the disk.
//
// Threads  any; no state.
#pragma once

#include <cstdint>
#include <string_view>

#include "database/deduplication.hpp"

namespace sluice::sqlite {

// Positions are stored as SQLite's signed integers; Connection refuses larger ones.
inline std::int64_t signed_of(std::uint64_t position) {
    return static_cast<std::int64_t>(position);
}
inline std::uint64_t unsigned_of(std::int64_t position) {
    return static_cast<std::uint64_t>(position);
}

// FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
class Proof {
public:
    Proof& add(std::string_view text) {
        for (const char c : text) add_byte(static_cast<unsigned char>(c));
        add_byte(0xff);
        return *this;
    }
    Proof& add(std::uint64_t number) {
        for (int shift = 0; shift < 64; shift += 8) add_byte(static_cast<unsigned char>(number >> shift));
        return *this;
    }
    std::int64_t value() const { return signed_of(hash_); }

private:
    void add_byte(unsigned char byte) { hash_ = (hash_ ^ byte) * 0x100000001b3u; }
    std::uint64_t hash_ = 0xcbf29ce484222325u;
};

inline std::int64_t proof_of(const Stream& stream, std::uint64_t below) {
    return Proof().add(stream.source).add(stream.name).add(below).value();
}
inline std::int64_t proof_of(std::int64_t stream_row, std::uint64_t start, std::uint64_t stop) {
    return Proof().add(unsigned_of(stream_row)).add(start).add(stop).value();
}

}  // namespace sluice::sqlite
