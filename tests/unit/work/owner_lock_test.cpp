#include "work/owner_lock.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice {
namespace {

TEST(OwnerLock, IsBorrowedOnlyWhileItIsLentAndByOneAtATime) {
    OwnerLock lock;
    EXPECT_FALSE(lock.try_lock()) << "the worker's own";
    lock.release();
    EXPECT_TRUE(lock.try_lock());
    EXPECT_FALSE(lock.try_lock());
    lock.unlock();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
    lock.reacquire();
    EXPECT_FALSE(lock.try_lock());
}

TEST(OwnerLock, IsTouchedByOneThreadAtATime) {
    OwnerLock lock;
    std::uint64_t things = 0;  // plain: a race would lose some, and ThreadSanitizer would see it
    std::atomic<bool> ended{false};
    std::vector<std::uint64_t> locked(2);
    std::vector<std::thread> others;
    for (std::uint64_t& count : locked)
        others.emplace_back([&] {
            while (!ended.load()) {
                if (!lock.try_lock()) continue;
                ++things;
                ++count;
                lock.unlock();
            }
        });
    constexpr std::uint64_t batches = 20'000;
    for (std::uint64_t i = 0; i < batches; ++i) {
        ++things;
        lock.release();
        std::this_thread::yield();
        lock.reacquire();
    }
    ended.store(true);
    for (std::thread& other : others) other.join();
    EXPECT_EQ(things, batches + locked[0] + locked[1]);
}

}  // namespace
}  // namespace sluice
