// Fakes for the unit tests of queue adapters: a test drives a source or a target as the host's threads do, and what the adapter
// does against the rules of sluice/queue.h stands in `broken`.
//
//   sluice::FakeHost host;
//   auto spool = host.source(spool_component, {{"path", folder}});
//   ASSERT_TRUE(spool.open().ok());
//   spool.poll();
//   EXPECT_EQ(spool.received.at(0).body, "one");
//   EXPECT_TRUE(spool.ack(spool.received.at(0).tag).ok());
//   EXPECT_THAT(spool.broken, IsEmpty());
//
// service() and limits() ask what the host asks; nobody calls them by themselves.
//
// Threads    one, which is [control] and [source] or [target]; a target's results may come on any.
// Ownership  the FakeHost outlives what it creates. Destroyed, an adapter that is open is closed first.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/queue.h"
#include "sluice/sdk/testing_adapter.hpp"
#include "sluice/sdk/testing_host.hpp"
#include "sluice/sdk/testing_probe.hpp"

namespace sluice::inline sdk {

// A message that a source has handed over.
struct FakeReceived {
    std::string body;
    std::string id;
    std::vector<std::pair<std::string, std::string>> headers;
    std::uint64_t tag = 0;
    std::uint32_t attempt = 0;
    std::string stream;  // what its id begins with; then it covers [position, position_end)
    std::uint64_t position = 0;
    std::uint64_t position_end = 0;
    std::int64_t enqueued_ms = 0;
    std::string refused;
    std::string message_key{};
    std::string subject{};
    std::uint32_t flags = 0;  // SLUICE_MESSAGE_
    std::uint32_t deliveries = 0;
};

// A source, driven as by the host's source thread.
class FakeSource {
public:
    static constexpr std::uint64_t body_bytes_max = 64u << 20;  // as in the host
    static constexpr std::uint64_t id_bytes_max = 1024;

    std::vector<FakeReceived> received;              // by all polls so far; refused ones as well
    std::map<std::uint64_t, sluice_status> settled;  // by tag: what has come of what was settled
    std::map<std::string, std::uint64_t> confirmed;  // by stream: all below is acked permanently
    std::vector<std::string> broken;                 // rules, one sentence each
    std::uint64_t room_bytes = body_bytes_max;       // bodies that one poll takes; then the sink says SLUICE_FULL

    FakeSource(FakeHost& host, const void* table, const FakeOptions& options)
        : adapter_(host, table, SLUICE_ROLE_SOURCE, options) {
        sink_.struct_size = sizeof sink_;
        sink_.context = this;
        sink_.push = [](void* context, const sluice_incoming* message) { return of(context).push(*message); };
        sink_.reserve = [](void* context, std::uint64_t size) { return of(context).reserve(size); };
        sink_.commit = [](void* context, const sluice_incoming* message) { return of(context).commit(*message); };
        sink_.settled = [](void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) {
            for (std::uint64_t i = 0; i < count; ++i) of(context).confirm(tags[i], status);
        };
        sink_.confirmed_below = [](void* context, sluice_bytes stream, std::uint64_t position) {
            of(context).confirm_below(std::string(view(stream)), position);
        };
    }
    FakeSource(const FakeSource&) = delete;
    FakeSource& operator=(const FakeSource&) = delete;
    ~FakeSource() { close(); }

    std::uint64_t capabilities() { return adapter_.table().capabilities(adapter_.self()); }  // SLUICE_QUEUE_
    Status open() {
        Status opened =
            adapter_.ask([&](auto& table, void* self, sluice_fault* fault) { return table.open_source(self, &sink_, fault); });
        is_open_ = opened.ok();
        return opened;
    }
    // Instead of open().
    FakeProbe probe() { return detail::probed(adapter_.table(), adapter_.self()); }
    const void* extension(std::string_view id) { return detail::extension_of(adapter_.table(), adapter_.self(), id); }
    // One poll; what came stands in `received`. SLUICE_END: nothing will ever come again.
    Status poll(std::uint32_t max = 1024, std::chrono::milliseconds wait = {}) {
        left_ = max;
        left_bytes_ = room_bytes;
        is_called_ = true;
        // In the C struct a bound of 0 is none.
        const sluice_poll asked{sizeof(sluice_poll), max, std::max<std::uint64_t>(room_bytes, 1),
                                static_cast<std::uint32_t>(wait.count()), 0};
        Status polled =
            adapter_.ask([&](auto& table, void* self, sluice_fault* fault) { return table.poll(self, &asked, fault); });
        is_called_ = false;
        left_ = 0;
        reserved_.reset();
        return polled;
    }
    // Polls until so many have come, or the time is over.
    bool poll_until(std::size_t count, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        const auto end = std::chrono::steady_clock::now() + deadline;
        while (received.size() < count && std::chrono::steady_clock::now() < end) {
            const sluice_status polled = poll(1024, std::chrono::milliseconds(50)).code();
            if (polled != SLUICE_OK) break;
        }
        return received.size() >= count;
    }

    Status ack(std::uint64_t tag) { return settle({tag, SLUICE_ACK, 0, 0, {}, 0, 0}); }
    Status release(std::uint64_t tag, std::chrono::milliseconds delay = {}) {
        return settle({tag, SLUICE_RELEASE, 0, delay.count(), {}, 0, 0});
    }
    // An attempt has failed; the message stays with the host.
    Status attempted(std::uint64_t tag, std::uint32_t next_attempt) {
        return settle({tag, SLUICE_ATTEMPTED, next_attempt, 0, {}, 0, 0});
    }
    Status settle(const sluice_settlement& item) { return settle(std::vector{item}); }
    Status settle(const std::vector<sluice_settlement>& items) {
        is_called_ = true;
        for (const sluice_settlement& item : items)
            if (item.action != SLUICE_ATTEMPTED) awaited_.insert(item.tag);
        Status taken = adapter_.ask([&](auto& table, void* self, sluice_fault* fault) {
            return table.settle(self, items.data(), items.size(), fault);
        });
        is_called_ = false;
        for (const sluice_settlement& item : items) {
            if (item.action == SLUICE_ATTEMPTED || taken.code() == SLUICE_QUEUED) continue;
            awaited_.erase(item.tag);
            if (taken.ok()) settled[item.tag] = SLUICE_OK;
        }
        return taken;
    }
    // After it everything that was settled is confirmed.
    Status flush() {
        if (adapter_.table().flush == nullptr) return SLUICE_OK;
        is_called_ = true;
        Status flushed = adapter_.ask([](auto& table, void* self, sluice_fault* fault) { return table.flush(self, fault); });
        is_called_ = false;
        if (flushed.ok() && !awaited_.empty())
            note("flush has returned SLUICE_OK, and " + std::to_string(awaited_.size()) + " settlements are not confirmed");
        return flushed;
    }
    // One call of the service. `next` is empty: not again; also if the adapter has none.
    FakeServiced service() {
        is_called_ = is_serviced_ = true;
        FakeServiced serviced = adapter_.service();
        is_called_ = is_serviced_ = false;
        return serviced;
    }
    FakeLimits limits() { return adapter_.limits(); }
    void wake() {
        if (adapter_.table().wake != nullptr) adapter_.table().wake(adapter_.self());
    }
    void close() {
        if (std::exchange(is_open_, false)) adapter_.table().close(adapter_.self());
    }

private:
    static FakeSource& of(void* context) { return *static_cast<FakeSource*>(context); }

    void note(std::string what) { broken.push_back(std::move(what)); }
    void expect_call(const char* what) {
        if (!is_called_) note(std::string(what) + " was called outside poll, settle, flush and service");
    }
    void expect_poll(const char* what) {
        is_serviced_ ? note("service has called " + std::string(what) + ", and never pushes") : expect_call(what);
    }

    sluice_status push(const sluice_incoming& given) {
        expect_poll("push");
        if (left_ == 0 || left_bytes_ == 0) return SLUICE_FULL;
        sluice_incoming message{};
        std::memcpy(&message, &given, std::min<std::size_t>(given.struct_size, sizeof message));
        if (message.body.size > body_bytes_max || message.header_count > FakeHost::headers_max ||
            message.id.size > id_bytes_max)
            return SLUICE_INVALID;
        take(message);
        return SLUICE_OK;
    }
    char* reserve(std::uint64_t size) {
        expect_poll("reserve");
        reserved_.reset();
        if (left_ == 0 || left_bytes_ == 0 || size > body_bytes_max) return nullptr;
        reserved_ = std::make_unique<std::string>(size, '\0');
        return reserved_->data();
    }
    sluice_status commit(const sluice_incoming& given) {
        expect_poll("commit");
        sluice_incoming whole{};
        std::memcpy(&whole, &given, std::min<std::size_t>(given.struct_size, sizeof whole));
        if (reserved_ == nullptr || whole.body.size > reserved_->size()) {
            note("commit without a reserve that is as large");
            return SLUICE_CONTRACT;
        }
        whole.body.data = reserved_->data();
        take(whole);
        reserved_.reset();
        return SLUICE_OK;
    }
    void take(const sluice_incoming& message) {
        --left_;
        left_bytes_ -= std::min(left_bytes_, message.body.size);
        FakeReceived one{std::string(view(message.body)),
                         std::string(view(message.id)),
                         {},
                         message.tag,
                         message.attempt,
                         {},
                         message.position,
                         message.position_end,
                         message.enqueued_ms,
                         std::string(view(message.refused)),
                         std::string(view(message.message_key)),
                         std::string(view(message.subject)),
                         message.flags,
                         message.deliveries};
        for (std::uint32_t i = 0; i < message.header_count; ++i)
            one.headers.emplace_back(view(message.headers[i].name), view(message.headers[i].value));
        check(message, one);
        received.push_back(std::move(one));
    }
    void check(const sluice_incoming& message, FakeReceived& one) {
        if (const auto under_way = settled.find(one.tag); under_way != settled.end())
            settled.erase(under_way);  // it may come again
        else if (!tags_.insert(one.tag).second && awaited_.count(one.tag) == 0)
            note("tag " + std::to_string(one.tag) + " is delivered twice, and was not settled in between");
        if ((capabilities() & SLUICE_QUEUE_STABLE_IDS) != 0 && one.id.empty())
            note("a message without an id, though ids are stable");
        if (message.stream_size == 0) return;
        if (message.stream_size > one.id.size()) return note("the stream's name is longer than the id that begins with it");
        one.stream = one.id.substr(0, message.stream_size);
        if (one.position >= one.position_end)
            note("a message that covers no position: [" + std::to_string(one.position) + ", " +
                 std::to_string(one.position_end) + ")");
    }
    void confirm(std::uint64_t tag, sluice_status status) {
        expect_call("settled");
        if (awaited_.erase(tag) == 0)
            return note("delivery " + std::to_string(tag) + " was confirmed, which waits for no confirmation");
        settled[tag] = status;
    }
    void confirm_below(const std::string& stream, std::uint64_t position) {
        expect_call("confirmed_below");
        std::uint64_t& known = confirmed[stream];
        if (position < known)
            note("confirmed_below went back from " + std::to_string(known) + " to " + std::to_string(position));
        known = std::max(known, position);
    }

    detail::FakeAdapter adapter_;
    sluice_queue_sink sink_{};
    bool is_open_ = false;
    bool is_called_ = false;    // the adapter is, by this thread
    bool is_serviced_ = false;  // by service()
    std::uint32_t left_ = 0;
    std::uint64_t left_bytes_ = 0;
    std::unique_ptr<std::string> reserved_;
    std::set<std::uint64_t> tags_;     // delivered
    std::set<std::uint64_t> awaited_;  // settled, not confirmed
};

// A target, driven as by the host's thread for it.
class FakeTarget {
public:
    FakeTarget(FakeHost& host, const void* table, const FakeOptions& options)
        : adapter_(host, table, SLUICE_ROLE_TARGET, options) {
        sink_.struct_size = sizeof sink_;
        sink_.context = this;
        sink_.published = [](void* context, std::uint64_t token, std::uint64_t count, sluice_status status, sluice_bytes text) {
            static_cast<FakeTarget*>(context)->answer(token, count, {status, std::string(view(text))});
        };
    }
    FakeTarget(const FakeTarget&) = delete;
    FakeTarget& operator=(const FakeTarget&) = delete;
    ~FakeTarget() { close(); }

    Status open() {
        Status opened =
            adapter_.ask([&](auto& table, void* self, sluice_fault* fault) { return table.open_target(self, &sink_, fault); });
        is_open_ = opened.ok();
        return opened;
    }
    // Instead of open().
    FakeProbe probe() { return detail::probed(adapter_.table(), adapter_.self()); }
    const void* extension(std::string_view id) { return detail::extension_of(adapter_.table(), adapter_.self(), id); }
    // Publishes in one call and waits for the results, one for each message, in order. What is not answered in time is
    // SLUICE_UNKNOWN.
    std::vector<Status> publish_all(const std::vector<FakePublished>& messages,
                                    std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
        std::vector<std::vector<sluice_header>> headers(messages.size());
        std::vector<sluice_outgoing> outgoing;
        std::vector<const sluice_outgoing*> pointers;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            const FakePublished& one = messages[i];
            for (const auto& [name, value] : one.headers) headers[i].push_back({bytes(name), bytes(value)});
            outgoing.push_back({sizeof(sluice_outgoing),
                                static_cast<std::uint32_t>(headers[i].size()),
                                bytes(one.body),
                                bytes(one.key),
                                bytes(one.id),
                                headers[i].data(),
                                one.delay.count(),
                                {}});
        }
        for (const sluice_outgoing& one : outgoing) pointers.push_back(&one);
        const std::uint64_t first = next_token_;
        next_token_ += messages.size();
        {
            const std::lock_guard lock(mutex_);
            for (std::uint64_t token = first; token < next_token_; ++token) awaited_.insert(token);
        }
        const Status taken = adapter_.ask([&](auto& table, void* self, sluice_fault* fault) {
            return table.publish(self, pointers.data(), pointers.size(), first, fault);
        });
        std::vector<Status> results;
        std::unique_lock lock(mutex_);
        if (taken.code() == SLUICE_QUEUED) change_.wait_for(lock, deadline, [&] { return awaited_.empty(); });
        for (std::uint64_t token = first; token < next_token_; ++token) {
            const bool is_answered = awaited_.erase(token) == 0;
            if (taken.code() != SLUICE_QUEUED && is_answered)
                broken_.push_back("message " + std::to_string(token) + " was answered twice");
            if (taken.code() != SLUICE_QUEUED)
                results.push_back(taken);
            else if (is_answered)
                results.push_back(answers_.at(token));
            else
                results.emplace_back(SLUICE_UNKNOWN, "no answer in time");
        }
        return results;
    }
    Status publish(const FakePublished& message) { return publish_all({message}).at(0); }
    FakeServiced service() { return adapter_.service(); }
    FakeLimits limits() { return adapter_.limits(); }
    void close() {
        if (std::exchange(is_open_, false)) adapter_.table().close(adapter_.self());
    }
    // Rules of sluice/queue.h that the adapter has broken, one sentence each.
    std::vector<std::string> broken() const {
        const std::lock_guard lock(mutex_);
        return broken_;
    }

private:
    void answer(std::uint64_t token, std::uint64_t count, const Status& status) {
        const std::lock_guard lock(mutex_);
        for (std::uint64_t end = token + count; token < end; ++token) {
            if (awaited_.erase(token) == 0)
                broken_.push_back("an answer about message " + std::to_string(token) + ", which waits for none");
            answers_.insert_or_assign(token, status);
        }
        change_.notify_all();
    }

    detail::FakeAdapter adapter_;
    sluice_target_sink sink_{};
    bool is_open_ = false;
    std::uint64_t next_token_ = 1;
    mutable std::mutex mutex_;
    // guarded by mutex_
    std::condition_variable change_;
    std::set<std::uint64_t> awaited_;
    std::map<std::uint64_t, Status> answers_;
    std::vector<std::string> broken_;
};

template <std::size_t Count>
FakeSource FakeHost::source(const Component<Count>& component, const FakeOptions& options) {
    if (!component.source) throw Failure(SLUICE_UNSUPPORTED, "this queue can only be published to");
    return FakeSource(*this, component.table, detail::checked(component.options, options, Option::Role::source));
}
template <std::size_t Count>
FakeTarget FakeHost::target(const Component<Count>& component, const FakeOptions& options) {
    if (!component.target) throw Failure(SLUICE_UNSUPPORTED, "this queue can only be received from");
    return FakeTarget(*this, component.table, detail::checked(component.options, options, Option::Role::target));
}

}  // namespace sluice::inline sdk
