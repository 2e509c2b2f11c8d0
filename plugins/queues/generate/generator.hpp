// Makes messages and hands them to the host.
//
// Threads     one at a time; wake from any.
// Ordering    messages that were taken back come before newer ones, in the order of their numbers.
// Limits      keeps nothing of what it delivered but the numbers taken back.
// Invariants  a message is a function of the options and its number (but for its times), so it can be made again
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
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
    double rate = 0;             // a second; 0 = as fast as they are taken
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
    void settle(std::span<const sluice_settlement> items);
    void wake() const noexcept { alarm_.wake(); }

private:
    struct TakenBack {
        std::uint64_t sequence = 0;
        std::int64_t due_ns = 0;
        // The heap's top is its largest: the lowest number.
        bool operator<(const TakenBack& other) const { return sequence > other.sequence; }
    };

    std::uint32_t deliver(std::uint32_t max, std::int64_t now);
    bool push(std::uint64_t sequence, std::int64_t due_ns);
    void set_id(std::uint64_t sequence);
    std::int64_t next_due(std::int64_t now) const;
    bool finished() const { return taken_back_.empty() && options_.messages != 0 && next_ == options_.messages; }

    const Options options_;
    const KeyChooser chooser_;
    Body body_;
    Alarm alarm_;

    SourceSink sink_;
    Schedule schedule_;
    std::int64_t unix_offset_ns_ = 0;  // from the monotonic clock to Unix time
    std::int64_t stamped_ns_ = -1;     // the monotonic time that message_.enqueued_ms stands for
    std::uint64_t next_ = 0;
    std::vector<TakenBack> taken_back_;
    std::string id_;  // "SEED:", the number, and room for a longer one
    Decimal id_number_;
    sluice_header header_{};
    sluice_incoming message_ = incoming();
};

}  // namespace sluice::generate
