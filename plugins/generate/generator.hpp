// Makes messages and hands them to the host.
//
// Threads     one at a time; wake from any.
// Ordering    messages that were taken back come before newer ones, in the order of their numbers.
// Limits      keeps nothing of what it delivered but the numbers taken back.
// Cost        messages are made a few ahead of being pushed: a processor that reads several words at once where single
//             characters have just been written waits for all it has written before, and the host copies several words at once.
// Invariants  a message is a function of the options and its number (but for its times), so it can be made again
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "alarm.hpp"
#include "body.hpp"
#include "key_chooser.hpp"
#include "schedule.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::generate {

struct Options {
    std::uint64_t messages = 0;  // 0 = without end
    double rate = 0;             // per second; 0 = as fast as they are taken
    std::uint64_t burst = 1;
    std::size_t size = 256;
    std::uint32_t keys = 10'000;
    std::optional<double> zipf{};  // the exponent
    std::uint64_t seed = 1;
    std::string key_header{};
    bool stamp = false;
};

class Generator {
public:
    explicit Generator(const Options& options);

    void start(SourceSink sink);
    // SLUICE_OK or SLUICE_END.
    sluice_status poll(std::uint32_t max, std::chrono::milliseconds wait);
    // SLUICE_OK for all of them, or SLUICE_QUEUED: the sink was told of each.
    sluice_status settle(std::span<const sluice_settlement> items);
    void wake() const noexcept { alarm_.wake(); }

private:
    struct TakenBack {
        std::uint64_t sequence = 0;
        std::int64_t due_ns = 0;
        bool operator<(const TakenBack& other) const { return sequence < other.sequence; }
    };

    // One of those that are made ahead.
    struct Made {
        Made(const Options& options, const std::string& id_front);

        Body body;
        std::array<char, 48> id;  // "SEED:" and the number
        std::size_t id_size = 0;
        Decimal id_number;
        std::uint64_t sequence = 0;
        std::int64_t due_ns = 0;
    };
    void deliver(std::uint32_t max, std::int64_t now);
    void make(Made& made, std::uint64_t sequence, std::int64_t due_ns);
    bool push(const Made& made);
    sluice_status settle(const sluice_settlement& item);
    std::int64_t next_due(std::int64_t now) const;
    bool finished() const { return taken_back_.empty() && options_.messages != 0 && next_ == options_.messages; }

    const Options options_;
    const KeyChooser chooser_;
    const std::string id_front_;
    std::vector<std::unique_ptr<Made>> made_;
    Alarm alarm_;

    SourceSink sink_;
    Schedule schedule_;
    std::int64_t unix_offset_ns_ = 0;  // from the monotonic clock to Unix time
    std::int64_t stamped_ns_ = -1;     // the monotonic time that message_.enqueued_ms stands for
    std::uint64_t next_ = 0;
    std::set<TakenBack> taken_back_;
    std::vector<sluice_status> settled_;  // of the call under way
    sluice_header header_{};
    sluice_incoming message_ = incoming();
};

}  // namespace sluice::generate
