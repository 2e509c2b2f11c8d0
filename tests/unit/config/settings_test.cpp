#include "config/settings.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "config/configuration.hpp"
#include "config/print.hpp"

namespace sluice {
namespace {

class Settings : public ConfigurationTest {};

TEST_F(Settings, StandInOneRowEach) {
    std::set<std::string> paths;
    for (const auto& setting : pool_settings())
        EXPECT_TRUE(paths.insert(std::string(setting.map) + "." + std::string(setting.key)).second) << setting.key;
    for (const auto& setting : pool_settings()) EXPECT_NE(setting.help, "") << setting.key;
}

// Each row is read, and printed as what was read.
TEST_F(Settings, ArePrintedAsTheyWereRead) {
    const HostConfig config = config_with(
        {"pools.airports.workers=7", "pools.airports.queue.capacity=4242", "pools.airports.queue.bytes=3MiB",
         "pools.airports.order=none", "pools.airports.batch.max=17", "pools.airports.batch.time=33ms",
         "pools.airports.retry.attempts=9", "pools.airports.retry.backoff=11ms", "pools.airports.retry.backoff_max=22s",
         "pools.airports.on_failure=skip", "pools.airports.park_limit=12", "pools.airports.park_full=dead_letter",
         "pools.airports.crash_attempts=8", "pools.airports.on_hang=exit", "pools.airports.handler.timeout=44s",
         "statistics.every=55s", "shutdown.mode=drain", "shutdown.deadline=66s"});
    const std::string printed = print_config(config);
    for (const auto& setting : pool_settings()) {
        EXPECT_NE(setting.text(config.pools[0]), setting.text(PoolConfig())) << setting.key << " is at its default";
        EXPECT_NE(printed.find(std::string(setting.key) + ": " + setting.text(config.pools[0])), std::string::npos)
            << setting.key << " in\n"
            << printed;
    }
    for (const auto& setting : host_settings()) {
        EXPECT_NE(setting.text(config), setting.text(HostConfig())) << setting.key << " is at its default";
        EXPECT_NE(printed.find(std::string(setting.key) + ": " + setting.text(config)), std::string::npos) << printed;
    }
}

}  // namespace
}  // namespace sluice
