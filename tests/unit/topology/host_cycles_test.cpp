// Start, work and stop again and again in one process: nothing may be left behind.
//
// SLUICE_CYCLES=10000 runs as many (ctest -C long -L long does); without it as many as a test run has time for.
#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

#include "app/state_dir.hpp"
#include "config/load.hpp"
#include "plugin/plugin_files.hpp"
#include "topology/host.hpp"

namespace sluice {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;  // memory is then the sanitizer's business
constexpr int cycles_by_default = 60;
#else
constexpr bool sanitized = false;
constexpr int cycles_by_default = 2'000;
#endif
constexpr int cycles_until_settled = 100;
constexpr int lines_a_cycle = 5;

// In memory where that is possible: ten thousand times waiting for a disk shows nothing.
std::filesystem::path quick_folder() {
    return ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path();
}

struct Footprint {
    std::ptrdiff_t descriptors;
    std::ptrdiff_t threads;
    std::size_t allocated;
    std::size_t resident;
};

std::ptrdiff_t entries(const char* folder) {
    return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

Footprint footprint(std::ptrdiff_t threads_expected) {
    // A thread that was joined may stand in /proc for a moment longer.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (entries("/proc/self/task") > threads_expected && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    const struct mallinfo2 memory = ::mallinfo2();
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> pages;
    return {entries("/proc/self/fd"), entries("/proc/self/task"), memory.uordblks + memory.hblkhd, pages * 4096};
}

class HostCycles : public testing::Test {
protected:
    HostCycles() {
        write_file(folder.path() / "cycles.yaml", R"(
state_dir: ./state
plugin_path: [ ")" SLUICE_PLUGINS R"(" ]
sources: { lines: { plugin: file, path: ./lines.jsonl } }
databases:
  counts:
    plugin: sqlite
    path: ./state/counts.db
    deduplicate: true
    setup: CREATE TABLE IF NOT EXISTS count(key TEXT PRIMARY KEY, n INTEGER NOT NULL)
pools:
  counting:
    source: lines
    route: { key: /key }
    workers: 4
    handler:
      plugin: sql
      database: counts
      statement: INSERT INTO count VALUES(:key, 1) ON CONFLICT(key) DO UPDATE SET n = n + 1
)");
        loaded = load_config({folder.path() / "cycles.yaml", {}, [](const std::string&) { return std::nullopt; }});
    }

    void one_cycle(int number) {
        {
            std::ofstream lines(folder.path() / "lines.jsonl", std::ios::app);
            for (int i = 0; i < lines_a_cycle; ++i) lines << "{\"key\":\"" << (number + i) % 7 << "\"}\n";
        }
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<std::string> problems;
        const auto host = Host::create(
            loaded.config, *loaded.registry, logging, clock,
            [&] {
                const std::lock_guard lock(mutex);
                changed.notify_all();
            },
            problems);
        ASSERT_TRUE(host) << problems.front();
        const auto state = StateDir::open(loaded.config.state_dir);
        ASSERT_TRUE(state) << state.error().message;
        const auto started = host->start();
        ASSERT_TRUE(started) << started.error().message;
        {
            std::unique_lock lock(mutex);
            ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return host->report().all_sources_ended(); }));
        }
        ASSERT_EQ(host->report().failure(), "");
        ASSERT_EQ(host->report().settled(), static_cast<std::uint64_t>(lines_a_cycle));
        ASSERT_TRUE(host->close(clock.now() + 60'000'000'000));
    }

    PluginFolder folder{quick_folder()};
    SystemClock clock;
    Logging logging{LogOptions{LogLevel::error, false, {}}, clock};
    LoadedConfig loaded;
};

TEST_F(HostCycles, LeaveNoDescriptorNoThreadAndNoMemoryBehind) {
    ASSERT_EQ(loaded.problems.text(), "");
    const char* wanted = std::getenv("SLUICE_CYCLES");
    const int cycles = wanted != nullptr ? std::atoi(wanted) : cycles_by_default;
    const int settled = std::min(cycles_until_settled, cycles / 2);
#ifdef __SANITIZE_THREAD__
    constexpr std::ptrdiff_t threads = 2;  // ThreadSanitizer starts one of its own with the first of ours
#else
    constexpr std::ptrdiff_t threads = 1;
#endif
    const auto start = std::chrono::steady_clock::now();
    Footprint before{};
    for (int cycle = 1; cycle <= cycles; ++cycle) {
        ASSERT_NO_FATAL_FAILURE(one_cycle(cycle)) << "cycle " << cycle;
        if (cycle == settled) before = footprint(threads);
    }
    const Footprint after = footprint(threads);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const auto say = [](const char* when, int cycle, const Footprint& footprint) {
        std::cout << when << " " << cycle << " cycles: " << footprint.descriptors << " descriptors, " << footprint.threads
                  << " threads, " << footprint.allocated / 1024 << " KiB allocated, " << footprint.resident / 1024
                  << " KiB resident\n";
    };
    say("after", settled, before);
    say("after", cycles, after);
    std::cout << took.count() << " s\n";
    EXPECT_EQ(after.descriptors, before.descriptors);
    EXPECT_EQ(before.threads, threads);
    EXPECT_EQ(after.threads, threads);
    if (sanitized) return;
    // A leak of 16 bytes a cycle would show in 10,000; what does not grow with their number is the allocator's business.
    EXPECT_LE(after.allocated, before.allocated + 128 * 1024);
    EXPECT_LE(after.resident, before.resident + 4 * 1024 * 1024);
}

}  // namespace
}  // namespace sluice
