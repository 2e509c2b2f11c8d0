// What is delivered and not settled: the numbers of messages, and how many bytes each is stored in.
//
// Numbers that are delivered together lie together: a block for each 512 of them, which goes with its last one.
//
// Threads  none of its own.
// Limits   the messages in flight, which the host bounds; at worst a block of 4 KiB for each.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>

namespace sluice::sqlite {

class InFlight {
public:
    void insert(std::uint64_t number, std::uint32_t bytes) {
        Block& block = find_or_make(number / block_size);
        std::uint64_t& entry = block.entries[number % block_size];
        if (entry == 0) {
            ++block.used;
            ++count_;
        }
        entry = is_used | bytes;
    }

    bool contains(std::uint64_t number) const { return count_ != 0 && find(number) != 0; }

    // The bytes of a message that is in flight; 0 = it is not, or has none.
    std::uint32_t bytes(std::uint64_t number) const { return static_cast<std::uint32_t>(find(number)); }

    bool erase(std::uint64_t number) {
        const auto at = blocks_.find(number / block_size);
        if (at == blocks_.end()) return false;
        std::uint64_t& entry = at->second->entries[number % block_size];
        if (entry == 0) return false;
        entry = 0;
        --count_;
        if (--at->second->used == 0) {
            if (last_ == at->second.get()) last_ = nullptr;
            spare_ = std::move(at->second);
            blocks_.erase(at);
        }
        return true;
    }

    std::uint64_t count() const { return count_; }
    void clear() { *this = InFlight(); }

private:
    static constexpr std::uint64_t block_size = 512;
    static constexpr std::uint64_t is_used = std::uint64_t{1} << 32;

    struct Block {
        std::uint32_t used = 0;
        std::array<std::uint64_t, block_size> entries{};
    };

    std::uint64_t find(std::uint64_t number) const {
        const std::uint64_t index = number / block_size;
        if (last_ == nullptr || last_index_ != index) {
            const auto at = blocks_.find(index);
            if (at == blocks_.end()) return 0;
            last_ = at->second.get();
            last_index_ = index;
        }
        return last_->entries[number % block_size];
    }

    Block& find_or_make(std::uint64_t index) {
        if (last_ != nullptr && last_index_ == index) return *last_;
        std::unique_ptr<Block>& block = blocks_[index];
        if (!block) block = spare_ ? std::move(spare_) : std::make_unique<Block>();  // a spare one is all zero
        last_ = block.get();
        last_index_ = index;
        return *block;
    }

    std::map<std::uint64_t, std::unique_ptr<Block>> blocks_;
    std::unique_ptr<Block> spare_;
    mutable Block* last_ = nullptr;  // the one asked for last
    mutable std::uint64_t last_index_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace sluice::sqlite
