// How far files have been processed, and the place where that is kept.
//
// Threads   one at a time.
// Errors    Failure: corrupt (a damaged position, with the remedy), unavailable (the disk), invalid (another process has it),
//           failed (folder or position were removed or replaced while this process kept them).
// Limits    a position file of more than position_file_bytes is damaged.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "window.hpp"

namespace sluice::file {

// A hash over the `size` bytes of the file that begin at some place.
struct Print {
    std::uint64_t hash = 0;
    std::uint32_t size = 0;
    bool operator==(const Print&) const = default;
};

struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileId&) const = default;
};

struct Position {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    FileId copy{};               // it was cut, and read on in this copy
    Print first;                 // of the file's first bytes: they stay when it grows
    std::uint32_t again = 0;     // times it was read anew: it had been rewritten, with the same device, inode and first bytes
    Print before;                // of the bytes right before `below`
    std::uint64_t below = 0;     // everything below is settled
    std::vector<Range> settled;  // above `below`, rising, apart
    bool done = false;           // read to its end and settled, and another file has its name: kept to know it again
    bool operator==(const Position&) const = default;

    // "DEVICE:INODE:FINGERPRINT", the stream that ids and positions belong to.
    std::string stream() const;
    // Whether this file may be it, by its number; what it holds decides. The device does not count: network, overlay and
    // logical volumes may have another number each time they are mounted, and in one folder inodes are enough to tell files
    // apart.
    bool is_of(FileId file) const { return file.inode == inode || (copy != FileId() && file.inode == copy.inode); }
    // Behind everything that is known to have been read.
    std::uint64_t highest() const { return settled.empty() ? below : settled.back().end; }
};

// Of the files that have had the name, the oldest first; one, unless it is followed.
using Positions = std::vector<Position>;

std::string encode(const Positions& positions);
// The error names line and reason.
Positions decode(std::string_view text);

// What is stored in the folder now, without its lock; empty: nothing is, or there is no such folder. `file`: see
// PositionStore::load.
Positions read_positions(const std::string& folder, std::string_view file);

// The position file in a folder that nobody else uses meanwhile.
class PositionStore {
public:
    static constexpr std::size_t position_file_bytes = 64u << 20;

    // Takes the folder's lock.
    explicit PositionStore(const std::string& folder);
    ~PositionStore();
    PositionStore(const PositionStore&) = delete;
    PositionStore& operator=(const PositionStore&) = delete;

    const std::string& path() const { return path_; }
    // `file` = whose position it is, for the remedy in the error. Empty: there is none. `stored_ns` = when it was stored.
    Positions load(std::string_view file, std::int64_t* stored_ns = nullptr) const;
    // After it returns the positions survive a power cut; if it throws, the ones before do.
    void save(const Positions& positions) const;

private:
    FileId stored_now() const;
    void still_ours() const;

    std::string folder_path_;
    std::string path_;
    int folder_ = -1;
    FileId folder_id_;
    mutable FileId stored_;  // the position file as loaded or saved last; nothing if there was none
};

}  // namespace sluice::file
