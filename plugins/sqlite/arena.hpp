// Bytes that live as long as a unit: taken one after the other, given back all at once, kept for the next unit.
//
// Threads  none of its own.
// Limits   after reset() at most kept_bytes stay allocated.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/abi.h"

namespace sluice::sqlite {

class Arena {
public:
    static constexpr std::size_t block_bytes = 16u << 10;
    static constexpr std::size_t kept_bytes = 256u << 10;

    sluice_bytes copy(sluice_bytes bytes) {
        if (bytes.size == 0) return {"", 0};
        char* place = take(bytes.size);
        std::memcpy(place, bytes.data, bytes.size);
        return {place, bytes.size};
    }
    sluice_bytes copy(std::string_view text) { return copy(sluice_bytes{text.data(), text.size()}); }

    // Room to be filled.
    char* take(std::size_t size) {
        total_ += size;
        while (block_ < blocks_.size() && blocks_[block_].size - used_in_block_ < size) {
            ++block_;
            used_in_block_ = 0;
        }
        if (block_ == blocks_.size()) {
            const std::size_t room = std::max(size, block_bytes);
            blocks_.push_back({std::make_unique_for_overwrite<char[]>(room), room});
        }
        char* place = blocks_[block_].bytes.get() + used_in_block_;
        used_in_block_ += size;
        return place;
    }

    std::size_t used() const { return total_; }

    void reset() {
        std::size_t kept = 0;
        std::size_t count = 0;
        while (count < blocks_.size() && kept + blocks_[count].size <= kept_bytes) kept += blocks_[count++].size;
        blocks_.resize(count);
        block_ = used_in_block_ = total_ = 0;
    }

private:
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };

    std::vector<Block> blocks_;
    std::size_t block_ = 0;
    std::size_t used_in_block_ = 0;
    std::size_t total_ = 0;
};

}  // namespace sluice::sqlite
