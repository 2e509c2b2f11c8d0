#include "work/lent.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice {
namespace {

TEST(Lent, IsBorrowedOnlyWhileItIsLentAndByOneAtATime) {
    Lent lent;
    EXPECT_FALSE(lent.borrow()) << "the worker's own";
    lent.lend();
    EXPECT_TRUE(lent.borrow());
    EXPECT_FALSE(lent.borrow());
    lent.give_back();
    EXPECT_TRUE(lent.borrow());
    lent.give_back();
    lent.take_back();
    EXPECT_FALSE(lent.borrow());
}

TEST(Lent, IsTouchedByOneThreadAtATime) {
    Lent lent;
    std::uint64_t things = 0;  // plain: a race would lose some, and ThreadSanitizer would see it
    std::atomic<bool> ended{false};
    std::vector<std::uint64_t> borrowed(2);
    std::vector<std::thread> others;
    for (std::uint64_t& count : borrowed)
        others.emplace_back([&] {
            while (!ended.load()) {
                if (!lent.borrow()) continue;
                ++things;
                ++count;
                lent.give_back();
            }
        });
    constexpr std::uint64_t batches = 20'000;
    for (std::uint64_t i = 0; i < batches; ++i) {
        ++things;
        lent.lend();
        std::this_thread::yield();
        lent.take_back();
    }
    ended.store(true);
    for (std::thread& other : others) other.join();
    EXPECT_EQ(things, batches + borrowed[0] + borrowed[1]);
}

}  // namespace
}  // namespace sluice
