#include "target.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::contract {
namespace {

sluice_target_sink sink_of(Target* target, auto published) {
    sluice_target_sink sink{};
    sink.context = target;
    sink.published = published;
    return sink;
}

// A message in memory of its own, which ends where its bytes end.
class Given {
public:
    Given(const Outgoing& message, const Sizes& sizes)
        : body_(message.body),
          key_(message.key),
          id_(message.id),
          replaces_(message.replaces),
          headers_(message.headers.size() * sizeof(sluice_header)),
          outgoing_(fill(message), sizes) {}

    const sluice_outgoing* get() const { return outgoing_.get(); }

private:
    sluice_outgoing fill(const Outgoing& message) {
        sluice_outgoing given{};
        given.body = {body_.begin(), message.body.size()};
        given.key = {key_.begin(), message.key.size()};
        given.id = {id_.begin(), message.id.size()};
        given.delay_ms = message.delay.count();
        given.replaces = {replaces_.begin(), message.replaces.size()};
        given.header_count = static_cast<std::uint32_t>(message.headers.size());
        given.headers = reinterpret_cast<sluice_header*>(headers_.begin());
        for (std::size_t i = 0; i < message.headers.size(); ++i) {
            texts_.emplace_back(message.headers[i].first);
            texts_.emplace_back(message.headers[i].second);
            const sluice_header header{{texts_[2 * i].begin(), message.headers[i].first.size()},
                                       {texts_[2 * i + 1].begin(), message.headers[i].second.size()}};
            std::memcpy(headers_.begin() + i * sizeof header, &header, sizeof header);
        }
        return given;
    }

    const Page body_, key_, id_, replaces_, headers_;
    std::vector<Page> texts_;
    const Sized<sluice_outgoing> outgoing_;
};

}  // namespace

Target::Target(const QueueEngine& engine, const Folder& folder, Options options, Sizes sizes, bool has_state_dir)
    : Adapter(engine, folder, SLUICE_ROLE_TARGET, std::move(options), std::move(sizes), has_state_dir),
      sink_(sink_of(
                this,
                [](void* context, std::uint64_t token, std::uint64_t count, sluice_status status, sluice_bytes text) noexcept {
                    static_cast<Target*>(context)->published(token, count, status, std::string(view(text)));
                }),
            host_.sizes()) {}

Answer Target::open() {
    Answer answer =
        call([this](auto& table, void* self, sluice_fault* fault) { return table.open_target(self, sink_.get(), fault); });
    is_open_ = answer.ok();
    return answer;
}

Answer Target::publish(const std::vector<Outgoing>& messages) {
    std::vector<std::unique_ptr<Given>> given;
    const Page pointers(messages.size() * sizeof(void*));
    for (const Outgoing& message : messages) {
        given.push_back(std::make_unique<Given>(message, sizes()));
        const sluice_outgoing* const pointer = given.back()->get();
        std::memcpy(pointers.begin() + (given.size() - 1) * sizeof pointer, &pointer, sizeof pointer);
    }
    {
        const std::lock_guard lock(mutex_);
        first_ = next_token;
        count_ = messages.size();
        results_.clear();
    }
    next_token += messages.size();
    Answer answer = call([&](auto& table, void* self, sluice_fault* fault) {
        return table.publish(self, reinterpret_cast<const sluice_outgoing* const*>(pointers.begin()), messages.size(), first_,
                             fault);
    });
    const std::lock_guard lock(mutex_);
    if (answer.status == SLUICE_QUEUED) return answer;
    if (!results_.empty()) note("a publish that was not answered SLUICE_QUEUED has had results");
    for (std::uint64_t i = 0; i < messages.size(); ++i) results_[first_ + i] = {answer.status, answer.text};
    return answer;
}

Answer Target::reopen() {
    return call([](auto& table, void* self, sluice_fault* fault) { return table.reopen(self, fault); });
}

std::vector<Published> Target::results() {
    std::unique_lock lock(mutex_);
    ended_.wait_for(lock, soon, [this] { return results_.size() >= count_; });
    std::vector<Published> results;
    for (std::uint64_t i = 0; i < count_; ++i) results.push_back(results_[first_ + i]);
    return results;
}

std::vector<Published> Target::publish_and_wait(const std::vector<Outgoing>& messages) {
    (void)publish(messages);
    return results();
}

void Target::published(std::uint64_t token, std::uint64_t count, sluice_status status, const std::string& text) {
    const std::lock_guard lock(mutex_);
    for (std::uint64_t i = 0; i < count; ++i) {
        if (token + i < first_ || token + i >= first_ + count_)
            note("a result of the token " + std::to_string(token + i) + ", which nobody waits for");
        else if (!results_.emplace(token + i, Published{status, text}).second)
            note("two results of the token " + std::to_string(token + i));
    }
    if (status != SLUICE_OK && text.empty()) note("a message was not stored, and nobody says why");
    if (status == SLUICE_QUEUED) note("SLUICE_QUEUED is no result");
    ended_.notify_all();
}

std::vector<Outgoing> outgoing(const Bodies& bodies) {
    std::vector<Outgoing> messages;
    for (const std::string& body : bodies) messages.push_back({body});
    return messages;
}

void publish_all(const QueueEngine& engine, const Folder& folder, Options options, const Bodies& bodies) {
    Target target(engine, folder, std::move(options), {});
    ASSERT_TRUE(target.created().ok()) << target.created();
    const Answer opened = target.open();
    ASSERT_TRUE(opened.ok()) << opened;
    for (const Published& each : target.publish_and_wait(outgoing(bodies))) ASSERT_EQ(each.status, SLUICE_OK) << each.text;
}

}  // namespace sluice::contract
