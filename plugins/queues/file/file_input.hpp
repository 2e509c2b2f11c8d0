// A file of JSON Lines as a source that continues where it stopped.
//
// Threads     one at a time; positions are stored on a thread of the writer's.
// Errors      Failure: invalid (the file is missing or no regular file), corrupt (the position), unavailable (a disk).
// Ordering    messages that were taken back come before newer ones, in the order of the file.
// Invariants  (1) a settled delivery is reported to the host only once a position that includes it is stored
//             (2) once max_gap deliveries are settled and not stored, polling pauses; while storing fails, poll() fails
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "file_descriptor.hpp"
#include "input.hpp"
#include "line_reader.hpp"
#include "line_sink.hpp"
#include "position.hpp"
#include "position_writer.hpp"
#include "sluice/sdk/log.hpp"
#include "wakeup.hpp"
#include "window.hpp"

namespace sluice::file {

struct FileOptions {
    std::string path;
    std::string state_dir{};
    std::size_t max_line = 1u << 20;
    std::size_t max_gap = 100'000;
    std::size_t read_buffer = 256u << 10;
    std::chrono::milliseconds persist_every{100};
};

class FileInput final : public Input {
public:
    FileInput(FileOptions options, SourceSink sink, Log log);

    sluice_status poll(std::uint32_t max, std::chrono::milliseconds wait) override;
    sluice_status settle(std::span<const sluice_settlement> items) override;
    void flush() override;
    void wake() override { wakeup_.wake(); }

private:
    using Clock = std::chrono::steady_clock;

    Position recognise();
    Position start_over(Position fresh, const Position& stored, Level level, const std::string& why);
    void note_continued_line();
    bool next_line(Line& line);
    std::uint32_t deliver_taken_back(std::uint32_t max, std::chrono::milliseconds wait, bool& waited);
    std::uint32_t deliver_new(std::uint32_t max);
    Line read_again(const Span& span);
    void skip_settled();
    std::size_t gap() const { return unconfirmed_.size() + storing_.size(); }
    bool store_is_due() const;
    void begin_store();
    void confirm_stored();
    void end_store(PositionWriter::Result result);

    const FileOptions options_;
    const Log log_;
    PositionStore store_;
    FileDescriptor file_;
    LineReader reader_;
    Wakeup wakeup_;
    bool ended_ = false;
    Position position_;  // as stored last
    LineSink sink_;

    Window window_;
    std::uint64_t read_to_ = 0;         // how far lines have been delivered
    std::vector<Range> settled_ahead_;  // by an earlier run; above read_to_ from next_ahead_ on
    std::size_t next_ahead_ = 0;
    std::optional<Line> held_;  // read, and not taken by the host yet
    std::string again_;         // a line that was taken back, read once more

    std::vector<std::uint64_t> unconfirmed_;  // settled, and in no position yet
    std::vector<std::uint64_t> storing_;      // settled, and in the position that is being stored
    Clock::time_point store_begun_{};
    std::exception_ptr store_failure_;  // of the last attempt
    PositionWriter writer_;             // its thread ends before what it uses
};

}  // namespace sluice::file
