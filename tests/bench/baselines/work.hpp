// What every in-memory baseline does, whatever its way of handing over: take a message, find its key, pick one of ten workers,
// call an empty (or busy) handler there, count it.
//
// The bodies are those of the source `generate`, made before the clock starts: a baseline shows what the hand-over costs, so it
// gets its messages for nothing; or, with --copy 1, each is copied into memory of its own as when it is received, and freed
// when handled.
//
//   --messages N  --workers 10  --keys 10000  --key json|known  --busy-ns 0        as fast as possible, or
//   --rate R --burst B                                                             paced: latencies from the due time
#pragma once

#include <simdjson.h>
#include <time.h>
#include <xxhash.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.hpp"
#include "latencies.hpp"

namespace bench {

inline std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

struct Message {
    const char* body = nullptr;
    std::int64_t due_ns = 0;
};

struct Options {
    explicit Options(Arguments& arguments)
        : messages(arguments.number("messages", 1'000'000)),
          workers(static_cast<unsigned>(arguments.number("workers", 10))),
          keys(arguments.number("keys", 10'000)),
          json(arguments.text("key", "json") == "json"),
          busy_ns(static_cast<std::int64_t>(arguments.number("busy-ns", 0))),
          copy(arguments.number("copy", 0) != 0),
          rate(static_cast<double>(arguments.number("rate", 0))),
          burst(arguments.number("burst", 1)) {}

    std::uint64_t messages;
    unsigned workers;
    std::uint64_t keys;
    bool json;
    std::int64_t busy_ns;
    bool copy;
    double rate;  // 0 = as fast as they are taken
    std::uint64_t burst;
};

class Bodies {
public:
    static constexpr std::size_t size = 256;
    static constexpr std::size_t key_at = 8;
    static constexpr std::size_t key_size = 8;
    static constexpr std::uint64_t count = 16'384;
    static constexpr std::size_t stride = size + 64;  // the parser reads on behind the end

    explicit Bodies(std::uint64_t keys) : bytes_(new (std::align_val_t{64}) char[count * stride]()) {
        std::uint64_t random = 88172645463325252u;
        for (std::uint64_t i = 0; i < count; ++i) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;  // xorshift64
            char front[64];
            const int length = std::snprintf(front, sizeof front, R"({"key":"k%07u","seq":%u,"pad":")",
                                             static_cast<unsigned>(random % keys), static_cast<unsigned>(1'000'000 + i));
            char* body = bytes_.get() + i * stride;
            std::memset(body, 'x', size);
            std::memcpy(body, front, static_cast<std::size_t>(length));
            std::memcpy(body + size - 2, "\"}", 2);
        }
    }
    const char* body(std::uint64_t sequence) const { return bytes_.get() + (sequence % count) * stride; }

private:
    struct Free {
        void operator()(char* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
    };
    std::unique_ptr<char[], Free> bytes_;
};

class Router {
public:
    Router(bool json, unsigned workers) : json_(json), workers_(workers) {}
    unsigned worker_of(const char* body) {
        std::string_view key(body + Bodies::key_at, Bodies::key_size);
        if (json_) {
            simdjson::ondemand::document document;
            if (parser_.iterate(body, Bodies::size, Bodies::size + 64).get(document) != simdjson::SUCCESS ||
                document["key"].get(key) != simdjson::SUCCESS)
                std::abort();
        }
        return static_cast<unsigned>((XXH3_64bits(key.data(), key.size()) % 1024) % workers_);
    }

private:
    simdjson::ondemand::parser parser_;
    const bool json_;
    const unsigned workers_;
};

// One worker's handler. Called by one thread at a time.
class alignas(64) Handler {
public:
    void use(const Options& options) {
        busy_ns_ = options.busy_ns;
        owns_ = options.copy;
        paced_ = options.rate > 0;
    }
    __attribute__((noinline)) void handle(const Message& message) {
        ++handled_;
        if (paced_) latencies_.record(now_ns() - message.due_ns);
        if (busy_ns_ != 0) {
            const std::int64_t end = now_ns() + busy_ns_;
            while (now_ns() < end) {
            }
        }
        if (owns_) std::free(const_cast<char*>(message.body));
    }
    std::uint64_t handled() const { return handled_; }
    const Latencies& latencies() const { return latencies_; }

private:
    std::uint64_t handled_ = 0;
    std::int64_t busy_ns_ = 0;
    bool owns_ = false;
    bool paced_ = false;
    Latencies latencies_;
};

// HandOver: HandOver(const Options&, Handler*, Arguments&), push(worker, message), flush() after each batch of what comes at
// once, finish(): all has been handled and the threads are gone.
template <typename HandOver>
int run_in_memory(int count, char** words) {
    Arguments arguments(count, words);
    const Options options(arguments);
    const Bodies bodies(options.keys);
    Router router(options.json, options.workers);
    const auto handlers = std::make_unique<Handler[]>(options.workers);
    for (unsigned i = 0; i < options.workers; ++i) handlers[i].use(options);
    HandOver hand_over(options, handlers.get(), arguments);
    arguments.check();

    constexpr std::uint64_t poll = 1024;
    const std::uint64_t batch = options.rate > 0 ? options.burst : poll;
    const std::int64_t start = now_ns();
    for (std::uint64_t sequence = 0; sequence < options.messages;) {
        std::int64_t due = start;
        if (options.rate > 0) {
            due += static_cast<std::int64_t>(static_cast<double>(sequence) * 1e9 / options.rate);
            const timespec until{due / 1'000'000'000, due % 1'000'000'000};
            while (now_ns() < due) ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
        }
        const std::uint64_t end = std::min(sequence + batch, options.messages);
        for (; sequence < end; ++sequence) {
            const char* body = bodies.body(sequence);
            if (options.copy) body = static_cast<char*>(std::memcpy(std::malloc(Bodies::stride), body, Bodies::stride));
            hand_over.push(router.worker_of(body), Message{body, due});
        }
        hand_over.flush();
    }
    hand_over.finish();
    const double seconds = static_cast<double>(now_ns() - start) / 1e9;

    std::uint64_t handled = 0;
    Latencies latencies;
    for (unsigned i = 0; i < options.workers; ++i) {
        handled += handlers[i].handled();
        latencies.add(handlers[i].latencies());
    }
    if (handled != options.messages) {
        std::fprintf(stderr, "handled %llu of %llu\n", static_cast<unsigned long long>(handled),
                     static_cast<unsigned long long>(options.messages));
        return 1;
    }
    std::printf("{\"messages\":%llu,\"seconds\":%.9f,\"latencies\":%s}\n", static_cast<unsigned long long>(handled), seconds,
                latencies.json().c_str());
    return 0;
}

}  // namespace bench
