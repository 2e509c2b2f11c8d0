#include <gtest/gtest.h>
#include <time.h>

#include <map>
#include <string>

#include "sluice/sdk/status.hpp"

namespace {

// The options of a configuration: integers by name.
struct Options {
    std::map<std::string, std::int64_t, std::less<>> values;

    static const sluice_node* find(const sluice_node* map, sluice_bytes name) {
        const auto& values = reinterpret_cast<const Options*>(map)->values;
        const auto found = values.find(sluice::view(name));
        return found == values.end() ? nullptr : reinterpret_cast<const sluice_node*>(&found->second);
    }
    static std::uint32_t kind(const sluice_node* node) { return node == nullptr ? SLUICE_NODE_ABSENT : SLUICE_NODE_INTEGER; }
    static std::int64_t integer(const sluice_node* node) { return *reinterpret_cast<const std::int64_t*>(node); }
};

const sluice_handler& noop() {
    const sluice_hello hello{sizeof hello, 0, SLUICE_ABI_MINOR, sluice::bytes("test"), sluice::bytes("1")};
    sluice_reply reply{sizeof reply, 0, 0, nullptr};
    EXPECT_EQ(sluice_plugin_entry_v1(&hello, &reply, nullptr), SLUICE_OK);
    return *static_cast<const sluice_handler*>(reply.module->component(0)->table);
}

std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

struct Cost {
    std::int64_t time_ns = 0;
    std::int64_t processor_ns = 0;
};

Cost handle_one(const Options& options) {
    sluice_options_api api{};
    api.struct_size = sizeof api;
    api.kind = &Options::kind;
    api.integer = &Options::integer;
    api.find = &Options::find;
    sluice_setup setup{};
    setup.struct_size = sizeof setup;
    setup.role = SLUICE_ROLE_HANDLER;
    setup.options_api = &api;
    setup.options = reinterpret_cast<const sluice_node*>(&options);
    void* self = nullptr;
    EXPECT_EQ(noop().create(&setup, &self, nullptr), SLUICE_OK);
    sluice_message message{};
    message.struct_size = sizeof message;
    const Cost before{clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_THREAD_CPUTIME_ID)};
    EXPECT_EQ(noop().handle(self, &message, 1, nullptr), SLUICE_DONE);
    const Cost after{clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_THREAD_CPUTIME_ID)};
    noop().destroy(self);
    return {after.time_ns - before.time_ns, after.processor_ns - before.processor_ns};
}

TEST(Noop, IsDoneWithEveryMessage) {
    handle_one({});
}

TEST(Noop, WorksForAsLongAsItIsTold) {
    EXPECT_GE(handle_one({{{"busy_ns", 3'000'000}}}).time_ns, 3'000'000);
}

TEST(Noop, SleepsForAsLongAsItIsToldWithoutWorking) {
    const Cost cost = handle_one({{{"sleep", 20}}});
    EXPECT_GE(cost.time_ns, 20'000'000);
    EXPECT_LT(cost.processor_ns, 10'000'000);
}

}  // namespace
