#include "crash/isolation.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice {
namespace {

TEST(Isolation, LetsNobodyBesideTheOneThatIsAlone) {
    Isolation isolation;
    std::atomic<int> inside{0};
    std::atomic<int> broken{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 500; ++i) {
                const bool alone = (i + thread) % 10 == 0;
                isolation.enter(alone);
                const int others = inside.fetch_add(alone ? 1000 : 1);
                broken += alone ? others != 0 : others >= 1000;
                std::this_thread::yield();
                inside.fetch_sub(alone ? 1000 : 1);
                isolation.leave(alone);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(broken.load(), 0);
}

TEST(Isolation, LetsOthersTogether) {
    Isolation isolation;
    isolation.enter(false);
    isolation.enter(false);
    isolation.leave(false);
    isolation.leave(false);
    isolation.enter(true);
    isolation.leave(true);
}

TEST(Isolation, LetsEveryoneGoWhenTheHostEnds) {
    Isolation isolation;
    isolation.enter(false);
    std::thread waits([&] {
        isolation.enter(true);
        isolation.leave(true);
    });
    isolation.open();
    waits.join();  // long before the ten seconds
    isolation.leave(false);
}

}  // namespace
}  // namespace sluice
