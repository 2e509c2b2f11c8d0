#include "crash/solitude.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice {
namespace {

TEST(Solitude, LetsNobodyBesideTheOneThatIsAlone) {
    Solitude solitude;
    std::atomic<int> inside{0};
    std::atomic<int> broken{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (int i = 0; i < 500; ++i) {
                const bool alone = (i + thread) % 10 == 0;
                solitude.enter(alone);
                const int others = inside.fetch_add(alone ? 1000 : 1);
                broken += alone ? others != 0 : others >= 1000;
                std::this_thread::yield();
                inside.fetch_sub(alone ? 1000 : 1);
                solitude.leave(alone);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(broken.load(), 0);
}

TEST(Solitude, LetsOthersTogether) {
    Solitude solitude;
    solitude.enter(false);
    solitude.enter(false);
    solitude.leave(false);
    solitude.leave(false);
    solitude.enter(true);
    solitude.leave(true);
}

TEST(Solitude, LetsEveryoneGoWhenTheHostEnds) {
    Solitude solitude;
    solitude.enter(false);
    std::thread waits([&] {
        solitude.enter(true);
        solitude.leave(true);
    });
    solitude.open();
    waits.join();  // long before the ten seconds
    solitude.leave(false);
}

}  // namespace
}  // namespace sluice
