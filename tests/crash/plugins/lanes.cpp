// lanes: the model of a broker that many hosts share. It deals the lines of a file out by lanes, the hash of their key, and
// takes lanes away while their messages are on their way: some drain, some are lost at once, and each comes back a moment later
// with all that was not acked. Deliveries have leases; a lane whose lease runs out is lost.
//
// What is acked stands in a file beside, so that a killed host finds the rest. A host that says it has nothing of a lane any
// more while the lane's deliveries are not settled has broken the contract: the process is aborted.
//
// A test that wants to say itself what is taken away writes lines into the file `orders`: "drain LANE", "lose LANE" or "take
// TAG", for a single delivery. What is no order is left alone.
//
// Threads  all on the source thread, but for wake().
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sluice/sdk/queue.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto away = 1ms;             // how long a lane is another host's
constexpr auto confirms_within = 5ms;  // with `late`
constexpr auto longest = std::chrono::hours(24 * 365);

class Lanes final : public sluice::Source {
public:
    explicit Lanes(const sluice::Setup& setup)
        : path_(setup.text("path")),
          orders_(setup.text("orders")),
          lanes_(static_cast<std::size_t>(setup.integer("lanes", 8))),
          run_(static_cast<std::size_t>(setup.integer("run"))),
          churn_(setup.duration("churn")),
          lease_(setup.duration("lease", 1s)),
          late_(setup.boolean("late")) {
        if (path_.empty()) throw sluice::Failure(SLUICE_INVALID, "there is no path");
    }

    std::uint64_t capabilities() const noexcept override {
        return SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS | SLUICE_QUEUE_FINITE;
    }

    sluice::Status open(sluice::SourceSink sink) override {
        sink_ = sink;
        read();
        acks_ = ::open((path_ + ".acks").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (acks_ < 0) return {SLUICE_FAILED, "cannot open " + path_ + ".acks"};
        next_churn_ = after(churn_ != 0ms ? churn_ : longest);
        return SLUICE_OK;
    }
    // What was settled and is not confirmed comes again.
    void close() override {
        if (acks_ >= 0) ::close(std::exchange(acks_, -1));
    }
    sluice::Status limits(sluice_queue_limits& limits) override {
        limits.lease_ms = static_cast<std::uint64_t>(lease_.count());
        return SLUICE_OK;
    }

    sluice::Status poll(const sluice::Poll& poll) override {
        turn();
        if (left_ == 0) return SLUICE_END;
        if (deliver(poll.max) || poll.wait == 0ms) return SLUICE_OK;
        std::unique_lock lock(mutex_);
        change_.wait_until(lock, std::min(Clock::now() + poll.wait, next_due()), [this] { return woken_; });
        woken_ = false;
        return SLUICE_OK;
    }
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        change_.notify_one();
    }

    sluice::Status settle(std::span<const sluice_settlement> items) override {
        settling_.insert(settling_.end(), items.begin(), items.end());
        for (const sluice_settlement& item : items)
            if (const auto found = in_flight_.find(item.tag); found != in_flight_.end()) found->second.is_settled = true;
        if (!late_) confirm();
        return SLUICE_QUEUED;
    }
    sluice::Status flush() override {
        confirm();
        return SLUICE_OK;
    }

    sluice::Status service(std::optional<std::chrono::milliseconds>& next) override {
        turn();
        next = std::max<std::chrono::milliseconds>(lease_ / 2, 1ms);
        if (churn_ != 0ms) next = std::min(*next, churn_);
        if (late_) next = std::min<std::chrono::milliseconds>(*next, confirms_within);
        return SLUICE_OK;
    }

    void revoked(std::uint64_t token) override {
        const auto asked = revocations_.find(token);
        if (asked == revocations_.end()) return;  // answered before, or by the open before this one
        const std::size_t number = asked->second;
        for (const auto& [tag, delivery] : in_flight_)
            if (delivery.lane == number && !delivery.is_settled) {
                std::fprintf(stderr, "lanes: the host has said too early that it has nothing of a lane any more\n");
                std::abort();
            }
        revocations_.erase(asked);
        come_back(number);
    }

    sluice::Status extend(std::span<const std::uint64_t> tags, std::chrono::milliseconds time) override {
        expire();
        std::vector<std::uint64_t> gone;
        for (const std::uint64_t tag : tags) {
            const auto found = in_flight_.find(tag);
            if (found == in_flight_.end())
                gone.push_back(tag);
            else
                found->second.until = after(time);
        }
        sink_.lost(gone);
        return SLUICE_OK;
    }

private:
    struct Lane {
        std::set<std::size_t> waiting{};  // lines to deliver, in order
        unsigned revocations = 0;         // that the host has not answered
        Clock::time_point back_at{};
        std::uint64_t lost_until = 0;  // what was delivered up to this tag, and is not in flight, may be another host's
    };
    struct Delivery {
        std::size_t line;
        std::size_t lane;
        Clock::time_point until;
        bool is_settled = false;  // and not confirmed
    };

    static Clock::time_point after(std::chrono::milliseconds time) {
        return Clock::now() + std::min<std::chrono::milliseconds>(time, longest);
    }

    void read() {
        lines_.clear();
        due_.clear();
        in_flight_.clear();
        settling_.clear();
        revocations_.clear();
        taken_.clear();
        left_ = 0;
        for (Lane& lane : lanes_) lane = Lane();
        std::set<std::size_t> acked;
        std::ifstream before(path_ + ".acks");
        for (std::size_t line = 0; before >> line;) acked.insert(line);
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line); lines_.push_back(line)) {
            if (acked.contains(lines_.size())) continue;
            lanes_[lane_of(line)].waiting.insert(lines_.size());
            ++left_;
        }
        delivered_.resize(lines_.size());
        obeyed_ = 0;
        if (std::ifstream orders(orders_, std::ios::ate); orders) obeyed_ = orders.tellg();  // those were of another time
    }
    std::size_t lane_of(const std::string& line) const {
        if (run_ != 0) return lines_.size() / run_ % lanes_.size();
        const auto key = line.find("\"key\":\"") + 7;
        return std::hash<std::string>()(line.substr(key, line.find('"', key) - key)) % lanes_.size();
    }

    bool is_ours(const Lane& lane) const { return lane.revocations == 0 && Clock::now() >= lane.back_at; }

    bool deliver(std::uint32_t most) {
        bool any = false;
        for (std::size_t number = 0; number < lanes_.size(); ++number) {
            Lane& lane = lanes_[number];
            for (auto line = lane.waiting.begin(); is_ours(lane) && line != lane.waiting.end();) {
                if (most == 0) return any;
                if (is_delayed(*line)) {
                    ++line;
                    continue;
                }
                if (!push(*line, number)) return any;
                line = lane.waiting.erase(line);
                any = true;
                --most;
            }
        }
        return any;
    }
    bool is_delayed(std::size_t line) {
        const auto due = due_.find(line);
        if (due == due_.end()) return false;
        if (Clock::now() < due->second) return true;
        due_.erase(due);
        return false;
    }
    // False: the host has no more room.
    bool push(std::size_t line, std::size_t lane) {
        const std::string id = std::to_string(line);
        auto message = sluice::incoming();
        message.body = sluice::bytes(lines_[line]);
        message.id = sluice::bytes(id);
        message.tag = ++last_tag_ * lanes_.size() + lane;
        message.lane = static_cast<std::uint32_t>(lane + 1);
        message.deliveries = delivered_[line] + 1;
        message.flags = delivered_[line] != 0 ? SLUICE_MESSAGE_REDELIVERED : 0;
        sluice_status taken = sink_.push(message);
        if (taken == SLUICE_INVALID) {
            message.refused = sluice::bytes("it is larger than the host takes");
            message.body.size = 0;
            taken = sink_.push(message);
        }
        if (taken == SLUICE_FULL) return false;
        if (taken != SLUICE_OK) throw sluice::Failure(SLUICE_FAILED, "the host refuses a message");
        ++delivered_[line];
        in_flight_[message.tag] = {line, lane, after(lease_)};
        return true;
    }

    void confirm() {
        std::string acked;
        std::map<sluice_status, std::vector<std::uint64_t>> ended;
        for (const sluice_settlement& item : settling_) ended[end(item, acked)].push_back(item.tag);
        settling_.clear();
        if (!acked.empty() && ::write(acks_, acked.data(), acked.size()) != static_cast<ssize_t>(acked.size()))
            throw sluice::Failure(SLUICE_FAILED, "cannot write the acks");
        for (const auto& [status, tags] : ended) sink_.settled(tags, status);
    }
    sluice_status end(const sluice_settlement& item, std::string& acked) {
        const auto found = in_flight_.find(item.tag);
        if (found == in_flight_.end()) {
            const Lane& lane = lanes_[item.tag % lanes_.size()];
            return item.tag <= lane.lost_until || taken_.contains(item.tag) ? SLUICE_LOST_LEASE : SLUICE_STALE;
        }
        const Delivery delivery = found->second;
        switch (item.action) {
            case SLUICE_ACK:
                acked += std::to_string(delivery.line) + '\n';
                --left_;
                break;
            case SLUICE_RELEASE:
                lanes_[delivery.lane].waiting.insert(delivery.line);
                if (item.delay_ms > 0) due_[delivery.line] = after(std::chrono::milliseconds(item.delay_ms));
                break;
            default: found->second.is_settled = false; return SLUICE_INVALID;
        }
        in_flight_.erase(found);
        return SLUICE_OK;
    }

    // When something is to be done though nobody has called.
    Clock::time_point next_due() const {
        Clock::time_point next = next_churn_;
        for (const auto& [line, due] : due_) next = std::min(next, due);
        for (const auto& [tag, delivery] : in_flight_) next = std::min(next, delivery.until);
        return next;
    }
    void turn() {
        expire();
        obey();
        churn();
        confirm();  // now, so that settlements may be on their way when a lane is taken away
    }
    // One lane after the other goes; every second one is lost at once.
    void churn() {
        if (churn_ == 0ms || Clock::now() < next_churn_) return;
        next_churn_ = after(churn_);
        const std::size_t number = ++turns_ % lanes_.size();
        if (!is_ours(lanes_[number])) return;
        turns_ / lanes_.size() % 2 == 0 ? lose(number) : revoke(number, SLUICE_LANE_DRAIN);
    }
    void expire() {
        const auto now = Clock::now();
        std::set<std::size_t> expired;
        for (const auto& [tag, delivery] : in_flight_)
            if (delivery.until < now) expired.insert(delivery.lane);
        for (const std::size_t lane : expired) lose(lane);
    }
    void obey() {
        if (orders_.empty()) return;
        std::ifstream orders(orders_);
        orders.seekg(obeyed_);
        std::uint64_t which = 0;
        for (std::string what; orders >> what >> which && orders.get() == '\n'; obeyed_ = orders.tellg()) {
            if (what == "take") {
                take(which);
            } else if (which >= 1 && which <= lanes_.size()) {
                if (what == "lose") lose(which - 1);
                if (what == "drain") revoke(which - 1, SLUICE_LANE_DRAIN);
            }
        }
    }
    // Another host has it: it comes again, here as it happens.
    void take(std::uint64_t tag) {
        const auto found = in_flight_.find(tag);
        if (found == in_flight_.end()) return;
        lanes_[found->second.lane].waiting.insert(found->second.line);
        in_flight_.erase(found);
        taken_.insert(tag);
        sink_.lost({&tag, 1});
    }
    void lose(std::size_t number) {
        Lane& lane = lanes_[number];
        for (auto delivery = in_flight_.begin(); delivery != in_flight_.end();) {
            if (delivery->second.lane != number) {
                ++delivery;
                continue;
            }
            lane.waiting.insert(delivery->second.line);
            delivery = in_flight_.erase(delivery);
        }
        lane.lost_until = last_tag_ * lanes_.size() + number;
        revoke(number, SLUICE_LANE_LOST);
    }
    void revoke(std::size_t number, std::uint32_t how) {
        ++lanes_[number].revocations;
        revocations_[++last_token_] = number;
        if (sink_.revoke(static_cast<std::uint32_t>(number + 1), how, last_token_)) return;
        revocations_.erase(last_token_);  // a host that knows no lanes: nobody will answer
        come_back(number);
    }
    void come_back(std::size_t number) {
        if (--lanes_[number].revocations == 0) lanes_[number].back_at = Clock::now() + away;
    }

    const std::string path_;
    const std::string orders_;  // empty: there are none
    std::vector<Lane> lanes_;
    const std::size_t run_;
    const std::chrono::milliseconds churn_;  // 0: none goes by itself
    const std::chrono::milliseconds lease_;
    const bool late_;
    sluice::SourceSink sink_;
    std::vector<std::string> lines_;
    std::vector<std::uint32_t> delivered_;                   // how often, by line, as far as this instance knows
    std::map<std::size_t, Clock::time_point> due_;           // by line, of what was released with a delay
    std::unordered_map<std::uint64_t, Delivery> in_flight_;  // by tag
    std::unordered_set<std::uint64_t> taken_;                // tags of those that were taken away one by one
    std::vector<sluice_settlement> settling_;                // not confirmed
    std::map<std::uint64_t, std::size_t> revocations_;       // lanes, by the tokens that the host has not answered
    std::size_t left_ = 0;                                   // lines that are not acked
    std::uint64_t last_tag_ = 0;                             // but for the lane, which is in each
    std::uint64_t last_token_ = 0;
    std::size_t turns_ = 0;
    std::streamoff obeyed_ = 0;  // of the orders
    Clock::time_point next_churn_;
    int acks_ = -1;

    std::mutex mutex_;
    std::condition_variable change_;
    bool woken_ = false;  // guarded by mutex_
};

}  // namespace

SLUICE_PLUGIN(
    "sluice.test.lanes", "0.1.0",
    sluice::queue<Lanes>("lanes", "A file of JSON lines, dealt out by lanes that come and go.",
                         sluice::path("path", "The file; beside it stands what is acked.").required(),
                         sluice::path("orders", "A file that says what is taken away, beside what goes by itself."),
                         sluice::integer("lanes", "How many.").otherwise(8).between(1, 1000),
                         sluice::integer("run", "Lines that follow each other by one lane; 0: it goes by the key.")
                             .otherwise(0)
                             .between(0, 1'000'000),
                         sluice::duration("churn", "How often one goes; 0: none does.").otherwise(2ms),
                         sluice::duration("lease", "Of each delivery.").otherwise(1s),
                         sluice::boolean("late", "Confirm settlements when it is called the next time.").otherwise(false)))
