// Ten threads that do nothing but sleep once per message: what a handler that sleeps can reach at most on this machine.
//
//   --messages N  --threads 10  --sleep-us 1000
#include <thread>
#include <vector>

#include "work.hpp"

int main(int count, char** words) {
    bench::Arguments arguments(count, words);
    const std::uint64_t messages = arguments.number("messages", 10'000);
    const std::uint64_t threads = arguments.number("threads", 10);
    const auto sleep_ns = static_cast<std::int64_t>(arguments.number("sleep-us", 1000)) * 1000;
    arguments.check();
    const std::int64_t start = bench::now_ns();
    {
        std::vector<std::jthread> sleepers;
        for (std::uint64_t i = 0; i < threads; ++i)
            sleepers.emplace_back([=] {
                for (std::uint64_t n = i; n < messages; n += threads) {
                    const std::int64_t end = bench::now_ns() + sleep_ns;
                    const timespec until{end / 1'000'000'000, end % 1'000'000'000};
                    while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) != 0) {
                    }
                }
            });
    }
    std::printf("{\"messages\":%llu,\"seconds\":%.9f}\n", static_cast<unsigned long long>(messages),
                static_cast<double>(bench::now_ns() - start) / 1e9);
}
