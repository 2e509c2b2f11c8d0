// A queue in a folder of its own, with sources and targets on it that remember what they were told.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "queue/source.hpp"
#include "queue/target.hpp"

namespace sluice::sqlite {

// What a source has handed out.
struct Delivered {
    std::uint64_t tag = 0;
    std::string body, id;
    std::map<std::string, std::string> headers;
    std::uint32_t attempt = 0;
    std::uint64_t position = 0;
    std::string refused;
    std::string message_key;
    std::uint32_t flags = 0;
};

// A source, and the host's end of it.
class Receiver {
public:
    explicit Receiver(QueueSettings settings) : source_(std::make_unique<QueueSource>(std::move(settings))) {
        sink_.struct_size = sizeof sink_;
        sink_.context = this;
        sink_.push = [](void* context, const sluice_incoming* message) { return self(context).push(*message); };
        sink_.reserve = [](void* context, std::uint64_t size) -> char* {
            Receiver& receiver = self(context);
            if (receiver.room_ == 0 || size > receiver.largest_body) return nullptr;
            receiver.reserved_.assign(size + 64, '\0');
            return receiver.reserved_.data();
        };
        sink_.commit = [](void* context, const sluice_incoming* message) { return self(context).push(*message); };
        sink_.settled = [](void* context, const std::uint64_t* tags, std::uint64_t count, sluice_status status) {
            for (std::uint64_t i = 0; i < count; ++i) self(context).settled[tags[i]] = status;
        };
        sink_.confirmed_below = [](void* context, sluice_bytes stream, std::uint64_t position) {
            self(context).confirmed_stream = view(stream);
            self(context).confirmed_below = position;
        };
        const Status opened = source_->open(SourceSink(&sink_));
        EXPECT_TRUE(opened.ok()) << opened.text();
    }

    QueueSource& operator*() { return *source_; }
    QueueSource* operator->() { return source_.get(); }
    void close() { source_->close(); }

    // Polls once. The status of it is `last`.
    std::vector<Delivered> poll(std::uint32_t max = 1000, std::chrono::milliseconds wait = std::chrono::milliseconds(0)) {
        polled_.clear();
        room_ = max;
        last = source_->poll({max, UINT64_MAX, wait});
        return polled_;
    }
    std::vector<std::string> bodies(std::uint32_t max = 1000) {
        std::vector<std::string> all;
        for (const Delivered& each : poll(max)) all.push_back(each.body);
        return all;
    }
    // Polls until so many have come, or a minute is over.
    std::vector<Delivered> receive(std::size_t count) {
        std::vector<Delivered> all;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (all.size() < count && std::chrono::steady_clock::now() < deadline) {
            const auto more = poll(static_cast<std::uint32_t>(count - all.size()), std::chrono::milliseconds(200));
            all.insert(all.end(), more.begin(), more.end());
        }
        EXPECT_EQ(all.size(), count);
        return all;
    }

    // Settles one and waits for the answer.
    sluice_status settle(std::uint64_t tag, std::uint32_t action, std::uint32_t attempt = 0, std::int64_t delay_ms = 0) {
        return settle(std::vector<std::uint64_t>{tag}, action, attempt, delay_ms);
    }
    sluice_status settle(const std::vector<std::uint64_t>& tags, std::uint32_t action, std::uint32_t attempt = 0,
                         std::int64_t delay_ms = 0) {
        std::vector<sluice_settlement> items;
        for (const std::uint64_t tag : tags) items.push_back({tag, action, attempt, delay_ms, {}, 0, 0});
        settled.clear();
        const Status taken = source_->settle(items);
        if (taken.code() != SLUICE_QUEUED) return taken.code();
        const Status flushed = source_->flush();
        for (const std::uint64_t tag : tags)
            if (!settled.contains(tag)) return SLUICE_CONTRACT;
        return settled[tags.front()];
    }
    sluice_status ack(const std::vector<Delivered>& messages) {
        std::vector<std::uint64_t> tags;
        for (const Delivered& each : messages) tags.push_back(each.tag);
        return tags.empty() ? SLUICE_OK : settle(tags, SLUICE_ACK);
    }

    std::size_t largest_body = SIZE_MAX;
    std::map<std::uint64_t, sluice_status> settled;
    std::uint64_t confirmed_below = 0;
    std::string confirmed_stream;
    Status last;

private:
    static Receiver& self(void* context) { return *static_cast<Receiver*>(context); }

    sluice_status push(const sluice_incoming& message) {
        if (room_ == 0) return SLUICE_FULL;
        if (message.body.size > largest_body) return SLUICE_INVALID;
        Delivered delivered;
        delivered.tag = message.tag;
        delivered.body = view(message.body);
        delivered.id = view(message.id);
        delivered.attempt = message.attempt;
        delivered.position = message.position;
        delivered.refused = view(message.refused);
        delivered.message_key = view(message.message_key);
        delivered.flags = message.flags;
        for (std::uint32_t i = 0; i < message.header_count; ++i)
            delivered.headers[std::string(view(message.headers[i].name))] = view(message.headers[i].value);
        polled_.push_back(delivered);
        --room_;
        return SLUICE_OK;
    }

    std::unique_ptr<QueueSource> source_;
    sluice_queue_sink sink_{};
    std::vector<Delivered> polled_;
    std::uint32_t room_ = 0;
    std::string reserved_;
};

struct Sent {
    std::string body;
    std::string key = {};
    std::string id = {};
    std::int64_t delay_ms = 0;
    std::string replaces = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
};

// A target, and the host's end of it.
class Publisher {
public:
    explicit Publisher(QueueSettings settings) : target_(std::make_unique<QueueTarget>(std::move(settings))) {
        const Status opened = target_->open(TargetSink(&sink_));
        EXPECT_TRUE(opened.ok()) << opened.text();
    }

    QueueTarget& operator*() { return *target_; }
    QueueTarget* operator->() { return target_.get(); }
    void close() { target_->close(); }

    // Submits; the answers come with tokens from `first` on.
    Status submit(const std::vector<Sent>& messages, std::uint64_t first) {
        std::vector<std::vector<sluice_header>> headers(messages.size());
        std::vector<sluice_outgoing> outgoing(messages.size());
        std::vector<const sluice_outgoing*> pointers;
        for (std::size_t i = 0; i < messages.size(); ++i) {
            for (const auto& [name, value] : messages[i].headers) headers[i].push_back({bytes(name), bytes(value)});
            outgoing[i] = {sizeof(sluice_outgoing), static_cast<std::uint32_t>(headers[i].size()),
                           bytes(messages[i].body), bytes(messages[i].key),
                           bytes(messages[i].id),   headers[i].data(),
                           messages[i].delay_ms,    bytes(messages[i].replaces)};
            pointers.push_back(&outgoing[i]);
        }
        return target_->publish(pointers, first);
    }
    // Waits for the answer about one token.
    std::pair<sluice_status, std::string> wait(std::uint64_t token) {
        std::unique_lock lock(mutex_);
        if (!arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return answers_.contains(token); }))
            return {SLUICE_CONTRACT, "no answer"};
        return answers_[token];
    }
    // Publishes and waits: the status of the first.
    sluice_status publish(const std::vector<Sent>& messages) {
        const std::uint64_t first = next_token_;
        next_token_ += messages.size();
        const Status taken = submit(messages, first);
        if (taken.code() != SLUICE_QUEUED) return taken.code();
        for (std::uint64_t token = first; token < next_token_; ++token) (void)wait(token);
        return wait(first).first;
    }
    sluice_status publish(const std::string& body) { return publish(std::vector<Sent>{{body}}); }

private:
    static void published(void* context, std::uint64_t token, std::uint64_t count, sluice_status status, sluice_bytes text) {
        auto& self = *static_cast<Publisher*>(context);
        const std::lock_guard lock(self.mutex_);
        for (std::uint64_t i = 0; i < count; ++i) self.answers_[token + i] = {status, std::string(view(text))};
        self.arrived_.notify_all();
    }

    std::unique_ptr<QueueTarget> target_;
    const sluice_target_sink sink_{sizeof(sluice_target_sink), 0, this, &published};
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::map<std::uint64_t, std::pair<sluice_status, std::string>> answers_;
    std::uint64_t next_token_ = 1;
};

class QueueTest : public ::testing::Test {
protected:
    std::string path() const { return folder_.file("queue.db"); }
    QueueSettings settings() const {
        QueueSettings settings;
        settings.path = path();
        return settings;
    }
    static std::vector<Sent> numbered(int first, int end) {
        std::vector<Sent> messages;
        for (int i = first; i < end; ++i) messages.push_back({std::to_string(i)});
        return messages;
    }
    static sluice_queue_depths depths(QueueAdapter& adapter) {
        sluice_queue_depths depths{};
        const Status status = adapter.depths(depths);
        EXPECT_TRUE(status.ok()) << status.text();
        return depths;
    }
    // Runs SQL as another program would.
    void run_sql(const std::string& sql) const {
        const Handle handle = open_for_writing(path());
        run_script(handle.get(), sql, "the test");
    }
    // As a queue in which nothing is open may hold a message that is kept and not delivered.
    void bury(std::uint64_t number) const {
        run_sql("UPDATE sluice_queue_1 SET dead = 1 WHERE number = " + std::to_string(number) +
                "; UPDATE sluice_queue SET dead = dead + 1");
    }
    std::int64_t number(const std::string& sql) const {
        const Handle handle = open_for_reading(path());
        const Prepared statement = prepare(handle.get(), sql);
        return sqlite3_step(statement.get()) == SQLITE_ROW ? sqlite3_column_int64(statement.get(), 0) : -1;
    }

    TemporaryFolder folder_;
    Interruption interruption;
};

}  // namespace sluice::sqlite
