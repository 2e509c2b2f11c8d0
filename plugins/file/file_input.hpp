// A file of JSON Lines as a source that continues where it stopped; with `follow`, all files that have the path one after
// another.
//
// Threads     one at a time; positions are stored on a thread of the writer's.
// Errors      Failure: invalid (no file that lines can be read from; without `follow` also one that is missing or may not be
//             read), corrupt (the position), unavailable (a disk), failed (a line that must be read again, or the position, was
//             taken away). With `follow`, what is missing or may not be read is waited for, which the log says once.
// Ordering    messages that were taken back come before newer ones; files in their order, each to its end before the next
//             begins.
// Limits      upcoming_max files are held open beside the one that is read, segments_max until their messages are settled.
// Invariants  (1) a settled delivery is reported to the host only once a position that includes it is stored
//             (2) once max_gap deliveries are settled and not stored, polling pauses; while storing fails, poll() fails
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "folder_watch.hpp"
#include "input.hpp"
#include "position_writer.hpp"
#include "rotation.hpp"
#include "segment.hpp"
#include "wakeup.hpp"

namespace sluice::file {

struct FileOptions {
    std::string path;
    std::string state_dir{};
    bool follow = false;
    std::size_t max_line = 1u << 20;
    std::size_t max_gap = 100'000;
    std::size_t read_buffer = 256u << 10;
    std::chrono::milliseconds persist_every{100};
};

inline constexpr std::size_t upcoming_max = 16;
// How often the path is compared with the file that is read: the kernel does not tell of everything (folder_watch.hpp).
inline constexpr std::chrono::seconds look_every{2};
inline constexpr std::size_t segments_max = 64;
inline constexpr std::size_t done_max = 8;  // positions kept of files that are done with

class FileInput final : public Input {
public:
    FileInput(FileOptions options, SourceSink sink, Log log);

    sluice_status poll(std::uint32_t max, std::chrono::milliseconds wait) override;
    sluice_status settle(std::span<const sluice_settlement> items) override;
    void flush() override;
    void wake() override { wakeup_.wake(); }

private:
    using Clock = std::chrono::steady_clock;

    // Which files are read (file_sequence.cpp).
    struct Upcoming {
        FileDescriptor file;
        int watch = -1;
    };
    void open_one();
    bool resume();
    void take_up_positions();
    Position fresh(int descriptor) const;
    void add_segment(FileDescriptor file, Position position, bool growing);
    bool look();
    bool names_another_file() const;
    void look_for_files(bool also_between = false);
    std::string hold_new_files(bool also_between);
    void say_obstacle(const std::string& obstacle);
    std::vector<FileId> known_files() const;
    bool next_is_there();
    bool begin_next();
    void take_up_cut();

    std::uint32_t deliver_taken_back(std::uint32_t max, std::chrono::milliseconds wait, bool& waited);
    std::uint32_t deliver_new(std::uint32_t max);
    std::uint32_t unsettled() const;
    void wait_for_news(std::chrono::milliseconds wait);
    Segment* segment_of(std::uint64_t tag);

    std::size_t gap() const { return unconfirmed_.size() + storing_.size(); }
    bool store_is_due() const;
    void begin_store();
    void confirm_stored();
    void end_store(PositionWriter::Result result);

    const FileOptions options_;
    const SegmentOptions segment_options_;
    const SourceSink sink_;
    const Log log_;
    const Rotation rotation_;
    PositionStore store_;
    Wakeup wakeup_;
    bool ended_ = false;

    std::vector<std::unique_ptr<Segment>> segments_;  // the oldest first; the last one is being read
    std::uint32_t segments_made_ = 0;
    std::vector<Position> done_;        // as stored last; the oldest first
    std::optional<FolderWatch> watch_;  // with `follow` only, as what follows
    bool resumed_ = false;              // where the last run stopped was found, or there was none
    std::int64_t created_ns_ = 0;
    Clock::time_point looked_{};
    bool woken_ = false;               // from a wait: time to look
    bool changed_ = false;             // what the folder holds, and that is not taken up yet
    bool gap_ = false;                 // an earlier file may not be read: what comes behind it has to wait
    std::string obstacle_;             // why the path, the folder or an earlier file cannot be read, as the log has said
    int reading_watch_ = -1;           // of the last segment's file
    std::deque<Upcoming> upcoming_;    // files behind that one
    std::int64_t known_until_ns_ = 0;  // earlier files that were last modified before this have been read, or are no concern
    bool begun_ = false;               // a file that no stored position knows yet: stored before its first message goes out

    std::vector<std::uint64_t> unconfirmed_;  // settled, and in no position yet
    std::vector<std::uint64_t> storing_;      // settled, and in the position that is being stored
    bool storing_begun_ = false;
    Clock::time_point store_begun_{};
    std::exception_ptr store_failure_;  // of the last attempt
    PositionWriter writer_;             // its thread ends before what it uses
};

}  // namespace sluice::file
