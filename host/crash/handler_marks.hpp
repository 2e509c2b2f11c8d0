// Which message each worker is in the handler with, where the next process finds it: a file of the state directory, mapped into
// memory, one slot per worker. What is still marked there when a host starts ended the last one, or was in a handler when
// something else did. Once a stop was asked for nothing counts any more: whoever waits for a handler no longer, the host at its
// deadline or a supervisor with SIGKILL, says nothing about its message.
//
//   file:  layout, slots, whether a stop was asked for | slot ...
//   slot:  state (0 = in no handler, 1 = in one) | size of the id | source's identity | pool | plugin file | id
//
// Threads      HandlerMark::begin, end: whoever runs its worker. stop_asked: any. The rest: main.
// Ownership    the marks outlive their HandlerMark objects; a slot goes back with its object.
// Cost         a copy of the id and four plain stores per message; no system call. The kernel keeps the page when the process
//              dies, so nothing is flushed; after a power cut the marks may be lost or old, which at worst lets an innocent
//              message run alone once.
// Limits       as many slots as create() is told; limits::id_bytes_max an id. Of a longer path of a plugin the end is kept.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/few_bytes.hpp"
#include "core/limits.hpp"
#include "sluice/abi.h"

struct stat;

namespace sluice {

class HandlerMarks;

// A worker's slot, or none: then it marks nothing.
class HandlerMark {
public:
    HandlerMark() = default;
    HandlerMark(HandlerMark&& other) noexcept { *this = std::move(other); }
    HandlerMark& operator=(HandlerMark&& other) noexcept {
        std::swap(slot_, other.slot_);
        std::swap(marks_, other.marks_);
        return *this;
    }
    ~HandlerMark();

    [[gnu::always_inline]] void begin(sluice_bytes id) {
        if (slot_ == nullptr) return;
        // The mark of the last call is gone before its id is. Nobody reads while this process lives, and when it dies all its
        // stores are done up to some instruction: only the compiler must keep their order.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        const std::size_t size = id.size < limits::id_bytes_max ? static_cast<std::size_t>(id.size) : limits::id_bytes_max;
        copy_few(slot_->id, id.data, size);
        slot_->id_size = static_cast<std::uint32_t>(size);
        // Release: marked only once the id is whole. The reader is the next process; what this one has stored in that order is
        // what the page holds when it dies.
        slot_->state.store(1, std::memory_order_release);
    }
    void end() {
        if (slot_ != nullptr) slot_->state.store(0, std::memory_order_release);
    }

private:
    friend class HandlerMarks;
    struct alignas(64) Slot {
        std::atomic<std::uint32_t> state;
        std::uint32_t id_size;
        std::uint16_t source_size, pool_size, plugin_size;
        char source[limits::config_name_bytes];
        char pool[limits::config_name_bytes];
        char plugin[256];
        char id[limits::id_bytes_max];
    };

    Slot* slot_ = nullptr;
    HandlerMarks* marks_ = nullptr;
};

class HandlerMarks {
public:
    struct Marked {
        std::string source;
        std::string id;
        std::string pool = {};
        std::string plugin = {};  // the handler's file
    };

    // What the process before left marked. Nothing if there is no such file, or none of this layout.
    static std::vector<Marked> read(const std::filesystem::path& file);
    // A new file in place of the old one.
    static Result<std::unique_ptr<HandlerMarks>> create(const std::filesystem::path& file, std::uint32_t slots);
    ~HandlerMarks();
    HandlerMarks(const HandlerMarks&) = delete;
    HandlerMarks& operator=(const HandlerMarks&) = delete;

    // A slot for a worker on the source of this identity; one that marks nothing if none is free.
    HandlerMark take(std::string_view source, std::string_view pool = {}, std::string_view plugin = {});
    // From here on no end of the process is a message's fault.
    void stop_asked();
    // Whether the next process would find them. invalid: somebody has removed or replaced the file.
    Result<void> check_in_place() const;
    // Nothing can be in a handler any more: the next process need not look.
    void remove();

private:
    friend class HandlerMark;
    using Slot = HandlerMark::Slot;
    struct alignas(64) Header {
        char magic[16];
        std::uint32_t slots;
        std::atomic<std::uint32_t> stop_asked;
    };

    HandlerMarks(std::filesystem::path file, void* memory, std::uint32_t slots, const struct stat& identity);
    static std::size_t size_of(std::uint32_t slots) { return sizeof(Header) + slots * sizeof(Slot); }
    void give_back(Slot* slot);

    const std::filesystem::path file_;
    void* const memory_;
    const std::size_t size_;
    const dev_t device_;
    const ino_t inode_;
    std::mutex mutex_;
    std::vector<Slot*> free_;  // guarded by mutex_
};

}  // namespace sluice
