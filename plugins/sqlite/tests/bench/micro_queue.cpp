// A durable queue through its source and target, without a host, beside one thread that does the same work on the table:
// 256-byte bodies with keys, a thousand a call.
#include <benchmark/benchmark.h>

#include <atomic>
#include <string>
#include <vector>

#include "folder.hpp"
#include "queue/source.hpp"
#include "queue/target.hpp"

namespace sluice::sqlite {
namespace {

constexpr std::uint64_t calls = 64;
constexpr std::uint64_t call_size = 1000;
constexpr std::uint64_t messages = calls * call_size;

// A thousand messages.
class Load {
public:
    Load() : outgoing_(call_size), body_(256, 'x') {
        for (std::size_t i = 0; i < call_size; ++i) keys_.push_back("k" + std::to_string(1'000'000 + i));
        for (std::size_t i = 0; i < call_size; ++i) {
            outgoing_[i].struct_size = sizeof(sluice_outgoing);
            outgoing_[i].body = bytes(body_);
            outgoing_[i].key = bytes(keys_[i]);
            pointers_.push_back(&outgoing_[i]);
        }
    }
    std::span<const sluice_outgoing* const> call() const { return pointers_; }
    sluice_bytes body() const { return bytes(body_); }
    sluice_bytes key(std::size_t index) const { return outgoing_[index].key; }

private:
    std::vector<sluice_outgoing> outgoing_;
    std::vector<const sluice_outgoing*> pointers_;
    std::vector<std::string> keys_;
    std::string body_;
};

void publish_all(QueueTarget& target, const Load& load, std::atomic<std::uint64_t>& published) {
    published = 0;
    for (std::uint64_t call = 0; call < calls; ++call) (void)target.publish(load.call(), 1 + call * call_size);
    for (std::uint64_t now = published; now < messages; now = published) published.wait(now);
}

sluice_target_sink target_sink(std::atomic<std::uint64_t>& published) {
    return {sizeof(sluice_target_sink), 0, &published,
            [](void* context, std::uint64_t, std::uint64_t count, sluice_status status, sluice_bytes) {
                auto& counted = *static_cast<std::atomic<std::uint64_t>*>(context);
                if (status == SLUICE_OK) counted += count;
                counted.notify_one();
            }};
}

void publish(benchmark::State& state) {
    const Load load;
    for (auto unused : state) {
        state.PauseTiming();
        {
            const Folder folder;
            QueueSettings settings;
            settings.path = folder.file();
            QueueTarget target(settings);
            std::atomic<std::uint64_t> published{0};
            const sluice_target_sink sink = target_sink(published);
            (void)target.open(TargetSink(&sink));
            state.ResumeTiming();
            publish_all(target, load, published);
            state.PauseTiming();
            target.close();
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
}
BENCHMARK(publish)->UseRealTime()->Unit(benchmark::kMillisecond);

// Takes what a source hands out as a host does, and settles it.
struct Host {
    explicit Host(QueueSource& from) : source(from) {
        sink.struct_size = sizeof sink;
        sink.context = this;
        sink.push = [](void*, const sluice_incoming*) { return SLUICE_FULL; };
        sink.reserve = [](void* context, std::uint64_t) { return static_cast<Host*>(context)->room; };
        sink.commit = [](void* context, const sluice_incoming* message) {
            auto& self = *static_cast<Host*>(context);
            benchmark::DoNotOptimize(self.room);
            self.taken.push_back({message->tag, SLUICE_ACK, 0, 0, {}, 0, 0});
            return SLUICE_OK;
        };
        sink.settled = [](void* context, const std::uint64_t*, std::uint64_t count, sluice_status) {
            static_cast<Host*>(context)->settled += count;
        };
        sink.confirmed_below = [](void*, sluice_bytes, std::uint64_t) {};
    }
    void receive_all() {
        settled = 0;
        while (settled < messages) {
            taken.clear();
            (void)source.poll({call_size, UINT64_MAX, std::chrono::milliseconds(100)});
            if (!taken.empty()) (void)source.settle(taken);
        }
    }

    QueueSource& source;
    sluice_queue_sink sink{};
    char room[512] = {};
    std::vector<sluice_settlement> taken;
    std::uint64_t settled = 0;
};

void receive_and_settle(benchmark::State& state) {
    const Load load;
    const Folder folder;
    QueueSettings settings;
    settings.path = folder.file();
    QueueTarget target(settings);
    QueueSource source(settings);
    std::atomic<std::uint64_t> published{0};
    const sluice_target_sink to = target_sink(published);
    (void)target.open(TargetSink(&to));
    Host host(source);
    (void)source.open(SourceSink(&host.sink));
    for (auto unused : state) {
        state.PauseTiming();
        publish_all(target, load, published);
        state.ResumeTiming();
        host.receive_all();
    }
    source.close();
    target.close();
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
}
BENCHMARK(receive_and_settle)->UseRealTime()->Unit(benchmark::kMillisecond);

// The table as the queue has it, written by one thread, a thousand a transaction.
class OneThread {
public:
    explicit OneThread(const std::string& file) : handle_(open_for_writing(file)) {
        table_.open(handle_.get(), "default");
        sqlite3_wal_autocheckpoint(handle_.get(), 1000);
        select_ = prepare(handle_.get(),
                          "SELECT number, key, body FROM " + table_.rows() + " WHERE number >= ? ORDER BY number LIMIT ?");
    }
    void insert(const Load& load) {
        for (std::uint64_t call = 0; call < calls; ++call) {
            run_script(handle_.get(), "BEGIN IMMEDIATE", "");
            for (std::size_t i = 0; i < call_size; ++i)
                (void)table_.insert(next_++, {1'700'000'000'000, 0, load.key(i), {}, {}, load.body()}, false);
            run_script(handle_.get(), "COMMIT", "");
        }
    }
    void take_out() {
        char room[512];
        for (std::uint64_t call = 0; call < calls; ++call) {
            sqlite3_bind_int64(select_.get(), 1, first_);
            sqlite3_bind_int64(select_.get(), 2, call_size);
            while (sqlite3_step(select_.get()) == SQLITE_ROW) {
                const sluice_value body = column(select_.get(), 2);
                std::memcpy(room, body.as.bytes.data, body.as.bytes.size);
                benchmark::DoNotOptimize(room);
            }
            sqlite3_reset(select_.get());
            std::int64_t removed = 0;
            run_script(handle_.get(), "BEGIN IMMEDIATE", "");
            (void)table_.remove(first_, first_ + static_cast<std::int64_t>(call_size) - 1, removed);
            run_script(handle_.get(), "COMMIT", "");
            first_ += removed;
        }
    }

private:
    Handle handle_;
    QueueTable table_;
    Prepared select_;
    std::int64_t next_ = 1, first_ = 1;
};

void one_thread_in(benchmark::State& state) {
    const Load load;
    for (auto unused : state) {
        state.PauseTiming();
        {
            const Folder folder;
            OneThread thread(folder.file());
            state.ResumeTiming();
            thread.insert(load);
            state.PauseTiming();
        }
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
}
BENCHMARK(one_thread_in)->UseRealTime()->Unit(benchmark::kMillisecond);

void one_thread_out(benchmark::State& state) {
    const Load load;
    const Folder folder;
    OneThread thread(folder.file());
    for (auto unused : state) {
        state.PauseTiming();
        thread.insert(load);
        state.ResumeTiming();
        thread.take_out();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(messages));
}
BENCHMARK(one_thread_out)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::sqlite

BENCHMARK_MAIN();
