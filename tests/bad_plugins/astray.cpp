// A handler, a queue and a database that go astray where their options say so: `at` is the function, `how` is what happens in
// it.
//
//   hang       does not return
//   segv       writes to address 8
//   overflow   uses up the stack
//   abort, exit, quick_exit
//   failed     answers SLUICE_FAILED
//   invalid    answers SLUICE_INVALID
//   away       answers SLUICE_UNAVAILABLE until the file `until` exists
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <thread>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/queue.hpp"

namespace {

int deeper(volatile char* above) {
    volatile char here[4096];
    here[0] = above[0];
    if (here[0] != 0) return 0;  // which no compiler can know never to be
    return deeper(here) + here[1];
}

class Astray {
public:
    explicit Astray(const sluice::Setup& setup) : at_(setup.text("at")), how_(setup.text("how")), until_(setup.text("until")) {
        reach("create");
    }

    void reach(std::string_view function) const {
        if (function != at_) return;
        if (how_ == "hang")
            for (;;) ::pause();
        if (how_ == "segv") *reinterpret_cast<volatile int*>(8) = 1;
        if (how_ == "overflow") {
            volatile char top = 0;
            ::exit(deeper(&top));
        }
        if (how_ == "abort") std::abort();
        if (how_ == "exit") std::exit(0);
        if (how_ == "quick_exit") std::quick_exit(0);
        if (how_ == "failed") throw sluice::Failure(SLUICE_FAILED, "its disk is broken");
        if (how_ == "invalid") throw sluice::Failure(SLUICE_INVALID, "its port has a letter in it");
        if (how_ == "away" && ::access(until_.c_str(), F_OK) != 0)
            throw sluice::Failure(SLUICE_UNAVAILABLE, "it is not there yet");
    }

private:
    const std::string at_, how_, until_;
};

class Handler final : public sluice::Handler {
public:
    explicit Handler(const sluice::Setup& setup)
        : astray_(setup),
          target_(setup.text("target")),
          publish_(setup.text("publish")) {
        if (const std::string name = setup.text("database"); !name.empty()) (void)setup.database(name);
    }
    void start(sluice::Context& context) override {
        astray_.reach("start");
        if (!target_.empty()) (void)context.target(target_);
    }
    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        astray_.reach("handle");
        if (!publish_.empty()) context.publish(publish_, message.body());
        return sluice::done();
    }
    void stop() override { astray_.reach("stop"); }

private:
    const Astray astray_;
    const std::string target_;   // asked for in start()
    const std::string publish_;  // asked for as late as for a message, which is published there
};

// Two messages, and no more.
class Source final : public sluice::Source {
public:
    explicit Source(const sluice::Setup& setup) : astray_(setup) {}
    std::uint64_t capabilities() const noexcept override { return SLUICE_QUEUE_FINITE; }
    sluice::Status open(sluice::SourceSink sink) override {
        astray_.reach("open");
        sink_ = sink;
        return SLUICE_OK;
    }
    sluice::Status poll(const sluice::Poll&) override {
        astray_.reach("poll");
        for (; next_ < 3; ++next_) {
            const std::string id = std::to_string(next_);
            auto message = sluice::incoming();
            message.id = sluice::bytes(id);
            message.body = sluice::bytes("{}");
            message.tag = next_;
            if (sink_.push(message) != SLUICE_OK) return SLUICE_OK;
        }
        return SLUICE_END;
    }
    sluice::Status settle(std::span<const sluice_settlement>) override {
        astray_.reach("settle");
        return SLUICE_OK;
    }
    void close() override { astray_.reach("close"); }

private:
    const Astray astray_;
    sluice::SourceSink sink_;
    std::uint64_t next_ = 1;
};

class Target final : public sluice::Target {
public:
    explicit Target(const sluice::Setup& setup) : astray_(setup), full_(setup.text("how") == "full") {}
    sluice::Status open(sluice::TargetSink) override {
        astray_.reach("open");
        return SLUICE_OK;
    }
    sluice::Status publish(std::span<const sluice_outgoing* const>, std::uint64_t) override {
        astray_.reach("publish");
        return full_ ? sluice::Status(SLUICE_FULL, "a thousand messages are in it") : sluice::Status(SLUICE_OK);
    }
    void close() override { astray_.reach("close"); }

private:
    const Astray astray_;
    const bool full_;
};

class Connection final : public sluice::Connection {
public:
    explicit Connection(sluice::CommitSink sink) : sink_(sink) {}
    sluice::Status prepare(std::string_view, std::uint32_t& statement) override {
        statement = 1;
        return SLUICE_OK;
    }
    sluice::Status unit_begin(std::uint64_t& unit) override {
        unit = 1;
        return SLUICE_OK;
    }
    sluice::Status execute(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value>) override {
        return SLUICE_OK;
    }
    sluice::Status query(std::uint64_t, sluice_ticket, std::uint32_t, std::span<const sluice_value>, sluice::RowSink) override {
        return SLUICE_OK;
    }
    void drop(std::uint64_t, sluice_ticket) noexcept override {}
    void forget(std::uint64_t, sluice_ticket) noexcept override {}
    sluice::Status seal(std::uint64_t) override { return SLUICE_OK; }
    void commit_submit(std::uint64_t, std::uint64_t token) noexcept override { sink_.committed(token, SLUICE_OK); }
    void abandon_unit(std::uint64_t) noexcept override {}
    void restart() noexcept override {}

private:
    sluice::CommitSink sink_;
};

class Database final : public sluice::Database {
public:
    explicit Database(const sluice::Setup& setup) : astray_(setup) {}
    sluice::Status open() override {
        astray_.reach("open");
        return SLUICE_OK;
    }
    void close() override { astray_.reach("close"); }
    std::unique_ptr<sluice::Connection> connect(sluice::CommitSink sink) override {
        astray_.reach("connect");
        return std::make_unique<Connection>(sink);
    }

private:
    const Astray astray_;
};

constexpr auto at = sluice::text("at", "The function.").otherwise("");
constexpr auto how = sluice::text("how", "What happens in it.").otherwise("");
constexpr auto until = sluice::text("until", "A file that ends it.").otherwise("");

}  // namespace

SLUICE_PLUGIN(
    "test.astray", "1.0.0",
    sluice::handler<Handler>("astray", "Goes astray.", at, how, until, sluice::text("database", "Connected to.").otherwise(""),
                             sluice::text("target", "Asked for in start(), and not before.").otherwise(""),
                             sluice::text("publish", "Asked for by each message, which is published there.").otherwise("")),
    sluice::queue<Source, Target>("astray", "Goes astray.", at, how, until),
    sluice::database<Database>("astray", "Goes astray.", at, how, until))
