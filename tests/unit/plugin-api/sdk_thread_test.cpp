#include <gtest/gtest.h>

#include <array>
#include <future>

#include "sluice/sdk/thread.hpp"

namespace {

sigset_t blocked() {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return mask;
}

TEST(SdkThread, BlocksAllSignalsAndLeavesThoseOfItsMakerAlone) {
    const sigset_t before = blocked();
    bool blocks_all = true;
    sluice::start_thread("a thread of a plugin", [&] {
        const sigset_t mask = blocked();
        for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE})
            blocks_all = blocks_all && sigismember(&mask, signal) == 1;
    }).join();
    EXPECT_TRUE(blocks_all);
    const sigset_t after = blocked();
    for (int signal = 1; signal < SIGRTMIN; ++signal)
        EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal)) << signal;
}

TEST(SdkThread, HasANameThatIsCut) {
    std::array<char, 16> name{};
    std::promise<void> seen;  // a thread that has ended has no name
    std::thread thread = sluice::start_thread("postgres:listener", [&] { seen.get_future().wait(); });
    EXPECT_EQ(::pthread_getname_np(thread.native_handle(), name.data(), name.size()), 0);
    seen.set_value();
    thread.join();
    EXPECT_STREQ(name.data(), "postgres:listen");
}

}  // namespace
