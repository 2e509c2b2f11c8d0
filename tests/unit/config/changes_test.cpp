#include "config/changes.hpp"

#include <gtest/gtest.h>

#include "config/configuration.hpp"

namespace sluice {
namespace {

class ChangesOfAConfiguration : public ConfigurationTest {
protected:
    std::string between(std::vector<std::string> before, std::vector<std::string> after) {
        return spoken(changes_between(config_with(std::move(before)), config_with(std::move(after))));
    }
    bool reloadable(std::vector<std::string> overrides) {
        const auto changes = changes_between(config_with({}), config_with(std::move(overrides)));
        EXPECT_EQ(changes.size(), 1u);
        return is_reloadable(changes.at(0));
    }
};

TEST_F(ChangesOfAConfiguration, AreSaidKeyByKeyAndBySection) {
    EXPECT_EQ(between({}, {}), "");
    EXPECT_EQ(between({"pools.airports.workers=10"},
                      {"pools.airports.workers=4", "pools.airports.batch.max=16", "statistics.every=1s"}),
              "pools.airports: workers 10 -> 4, batch.max 64 -> 16; statistics: every 10s -> 1s");
    EXPECT_EQ(between({}, {"dead_letters.max_rate=10/s"}), "dead_letters: max_rate new: 10/s");
    EXPECT_EQ(between({"dead_letters.max_rate=10/s"}, {}), "dead_letters: max_rate removed");
    EXPECT_EQ(between({}, {"pools.airports.queue.when_full.drop=count"}), "pools.airports: queue.when_full changed");
    EXPECT_EQ(between({"pools.airports.queue.when_full.overflow=5"}, {"pools.airports.queue.when_full.overflow=6"}),
              "pools.airports: queue.when_full.overflow 5 -> 6");
}

TEST_F(ChangesOfAConfiguration, AreThereForWhatIsNotShown) {
    const std::string text = "pools.airports.handler.text=INSERT INTO airport VALUES(:origin, 1, :delay) ON CONFLICT(code) DO ";
    EXPECT_EQ(between({text + "NOTHING"}, {text + "UPDATE"}), "pools.airports: handler.text changed") << "too long to be shown";
    HostConfig before = config_with({"pools.airports.handler.password=a"}),
               after = config_with({"pools.airports.handler.password=b"});
    for (HostConfig* config : {&before, &after}) config->pools[0].handler.options.map[0].value.secret = true;
    EXPECT_EQ(spoken(changes_between(before, after)), "pools.airports: handler.password changed");
}

TEST_F(ChangesOfAConfiguration, OfTheOrderOfPoolsCount) {
    HostConfig before = config_with(
        {"pools.zurich={ source: flights, when: { /a: b }, handler: { plugin: noop } }", "pools.airports.when={ /a: c }"});
    HostConfig after = before;
    std::swap(after.pools[0], after.pools[1]);
    EXPECT_EQ(spoken(changes_between(before, after)), "pools: in another order");
}

TEST_F(ChangesOfAConfiguration, ReachARunningHostOrNeedARestart) {
    EXPECT_TRUE(reloadable({"pools.airports.workers=7"}));
    EXPECT_TRUE(reloadable({"log.level=debug"}));
    EXPECT_TRUE(reloadable({"log.levels={ pools: debug }"}));
    EXPECT_TRUE(reloadable({"shutdown.mode=drain"}));
    EXPECT_TRUE(reloadable({"dead_letters.max_rate=1/m"}));
    EXPECT_FALSE(reloadable({"log.format=json"}));
    EXPECT_FALSE(reloadable({"name=x"}));
    EXPECT_FALSE(reloadable({"sources.flights.path=other"}));
    EXPECT_FALSE(reloadable({"databases.d={ plugin: sqlite }"}));
}

}  // namespace
}  // namespace sluice
