// lanes: the model of a broker that many hosts share. It deals the lines of a file out by lanes, the hash of their key, and
// takes lanes away while their messages are on their way: some drain, some are lost at once, and each comes back a moment later
// with all that was not acked. Deliveries have leases; a lane whose lease runs out is lost.
//
// What is acked stands in a file beside, so that a killed host finds the rest. A host that says it has nothing of a lane any
// more while the lane's deliveries are not settled has broken the contract: the process is aborted.
//
// Threads  all on the source thread, but for wake().
#include <fcntl.h>
#include <unistd.h>

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
#include <vector>

#include "sluice/sdk/queue.hpp"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto away = 1ms;  // how long a lane is another host's

class Lanes final : public sluice::Source {
public:
    explicit Lanes(const sluice::Setup& setup)
        : path_(setup.text("path")),
          lanes_(static_cast<std::size_t>(setup.integer("lanes"))),
          churn_(setup.duration("churn")),
          lease_(setup.duration("lease")) {}

    std::uint64_t capabilities() const noexcept override {
        return SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS | SLUICE_QUEUE_FINITE;
    }

    sluice::Status open(sluice::SourceSink sink) override {
        sink_ = sink;
        read();
        acks_ = ::open((path_ + ".acks").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (acks_ < 0) return {SLUICE_FAILED, "cannot open " + path_ + ".acks"};
        next_churn_ = Clock::now() + churn_;
        return SLUICE_OK;
    }
    void close() override {
        if (acks_ >= 0) ::close(acks_);
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
        const auto until = std::min(Clock::now() + poll.wait, next_churn_);
        change_.wait_until(lock, until, [this] { return woken_; });
        woken_ = false;
        return SLUICE_OK;
    }
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        change_.notify_one();
    }

    sluice::Status settle(std::span<const sluice_settlement> items) override {
        std::string acked;
        std::vector<std::uint64_t> done, gone;
        for (const sluice_settlement& item : items) {
            const auto found = in_flight_.find(item.tag);
            if (found == in_flight_.end()) {
                gone.push_back(item.tag);
                continue;
            }
            if (item.action == SLUICE_ACK)
                acked += std::to_string(found->second.line) + '\n', --left_;
            else
                lanes_[found->second.lane].waiting.insert(found->second.line);
            in_flight_.erase(found);
            done.push_back(item.tag);
        }
        if (!acked.empty() && ::write(acks_, acked.data(), acked.size()) != static_cast<ssize_t>(acked.size()))
            return {SLUICE_FAILED, "cannot write the acks"};
        if (!gone.empty()) sink_.settled(gone, SLUICE_LOST_LEASE);
        if (!done.empty()) sink_.settled(done, SLUICE_OK);
        return SLUICE_QUEUED;
    }

    sluice::Status service(std::optional<std::chrono::milliseconds>& next) override {
        turn();
        next = churn_;
        return SLUICE_OK;
    }

    void revoked(std::uint64_t token) override {
        Lane& lane = lanes_[token % lanes_.size()];
        for (const auto& [tag, delivery] : in_flight_)
            if (&lanes_[delivery.lane] == &lane) {
                std::fprintf(stderr, "lanes: the host has said too early that it has nothing of a lane any more\n");
                std::abort();
            }
        if (--lane.revocations == 0) lane.back_at = Clock::now() + away;
    }

    sluice::Status extend(std::span<const std::uint64_t> tags, std::chrono::milliseconds time) override {
        std::vector<std::uint64_t> gone;
        for (const std::uint64_t tag : tags) {
            const auto found = in_flight_.find(tag);
            if (found == in_flight_.end())
                gone.push_back(tag);
            else
                found->second.until = Clock::now() + time;
        }
        sink_.lost(gone);
        return SLUICE_OK;
    }

private:
    struct Lane {
        std::set<std::size_t> waiting{};  // lines to deliver, in order
        unsigned revocations = 0;         // that the host has not answered
        Clock::time_point back_at{};
        bool draining = false;
    };
    struct Delivery {
        std::size_t line;
        std::size_t lane;
        Clock::time_point until;
    };

    void read() {
        std::set<std::size_t> acked;
        std::ifstream before(path_ + ".acks");
        for (std::size_t line = 0; before >> line;) acked.insert(line);
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line); lines_.push_back(line)) {
            if (acked.contains(lines_.size())) continue;
            const auto key = line.find("\"key\":\"") + 7;
            const std::size_t lane = std::hash<std::string>()(line.substr(key, line.find('"', key) - key)) % lanes_.size();
            lanes_[lane].waiting.insert(lines_.size());
            ++left_;
        }
    }

    bool is_ours(const Lane& lane) const { return lane.revocations == 0 && Clock::now() >= lane.back_at; }

    bool deliver(std::uint32_t most) {
        bool any = false;
        for (std::size_t number = 0; number < lanes_.size() && most > 0; ++number) {
            Lane& lane = lanes_[number];
            while (is_ours(lane) && most > 0 && !lane.waiting.empty()) {
                const std::size_t line = *lane.waiting.begin();
                const std::string id = std::to_string(line);
                auto message = sluice::incoming();
                message.body = sluice::bytes(lines_[line]);
                message.id = sluice::bytes(id);
                message.tag = ++last_tag_;
                message.lane = static_cast<std::uint32_t>(number + 1);
                const sluice_status taken = sink_.push(message);
                if (taken == SLUICE_FULL) return any;
                if (taken != SLUICE_OK) throw sluice::Failure(SLUICE_FAILED, "the host refuses a message");
                lane.waiting.erase(lane.waiting.begin());
                in_flight_[message.tag] = {line, number, Clock::now() + lease_};
                any = true;
                --most;
            }
        }
        return any;
    }

    // One lane after the other goes; every second one is lost at once.
    void turn() {
        const auto now = Clock::now();
        for (const auto& [tag, delivery] : in_flight_)
            if (delivery.until < now) {
                lose(delivery.lane);
                break;  // the others are looked at in the next turn
            }
        if (now < next_churn_) return;
        next_churn_ = now + churn_;
        const std::size_t number = ++turns_ % lanes_.size();
        Lane& lane = lanes_[number];
        if (!is_ours(lane)) return;
        if (turns_ / lanes_.size() % 2 == 0) return lose(number);
        revoke(number, SLUICE_LANE_DRAIN);
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
        revoke(number, SLUICE_LANE_LOST);
    }
    void revoke(std::size_t number, std::uint32_t how) {
        ++lanes_[number].revocations;
        tokens_ += lanes_.size();
        sink_.revoke(static_cast<std::uint32_t>(number + 1), how, tokens_ + number);
    }

    const std::string path_;
    std::vector<Lane> lanes_;
    const std::chrono::milliseconds churn_;
    const std::chrono::milliseconds lease_;
    sluice::SourceSink sink_;
    std::vector<std::string> lines_;
    std::unordered_map<std::uint64_t, Delivery> in_flight_;  // by tag
    std::size_t left_ = 0;                                   // lines that are not acked
    std::uint64_t last_tag_ = 0;
    std::uint64_t tokens_ = 0;  // a multiple of the number of lanes
    std::size_t turns_ = 0;
    Clock::time_point next_churn_;
    int acks_ = -1;

    std::mutex mutex_;
    std::condition_variable change_;
    bool woken_ = false;  // guarded by mutex_
};

}  // namespace

SLUICE_PLUGIN("sluice.test.lanes", "0.1.0",
              sluice::queue<Lanes>("lanes", "A file of JSON lines, dealt out by lanes that come and go.",
                                   sluice::path("path", "The file; beside it stands what is acked.").required(),
                                   sluice::integer("lanes", "How many.").otherwise(8).between(1, 1000),
                                   sluice::duration("churn", "How often one goes.").otherwise(2ms),
                                   sluice::duration("lease", "Of each delivery.").otherwise(1s)))
