#include "config/options.hpp"

#include <gtest/gtest.h>

#include "config/configuration.hpp"
#include "config/plugins.hpp"

namespace sluice {
namespace {

OptionSpec option(std::string name, OptionType type) {
    OptionSpec spec;
    spec.name = std::move(name);
    spec.type = type;
    spec.help = "What " + spec.name + " is.";
    return spec;
}

ComponentSpec every_type() {
    ComponentSpec spec{ComponentKind::queue, "kit", "", true, true, {}};
    spec.options = {
        option("text", OptionType::string),    option("path", OptionType::path),     option("count", OptionType::integer),
        option("ratio", OptionType::number),   option("on", OptionType::boolean),    option("pause", OptionType::duration),
        option("room", OptionType::size),      option("mode", OptionType::one_of),   option("names", OptionType::list),
        option("table", OptionType::map),      option("thing", OptionType::any),     option("password", OptionType::string),
        option("follow", OptionType::boolean), option("append", OptionType::boolean)};
    const auto change = [&](std::size_t i) -> OptionSpec& { return spec.options[i]; };
    change(2).minimum = 1;
    change(2).maximum = 10;
    change(3).minimum = 0;
    change(3).maximum = 0.5;
    change(5).minimum = 10;
    change(6).maximum = 1024;
    change(7).choices = {"strict", "lenient"};
    change(11).secret = true;
    change(12).role = "source";
    change(13).role = "target";
    return spec;
}

class CheckingOptions : public ConfigurationTest {
protected:
    // The options of one component after the check, given as one YAML map.
    Node check(const std::string& yaml, ComponentSpec spec = every_type(), std::string_view role = "source") {
        ReadConfig result = read(smallest_configuration, {"sources.flights=" + yaml, "sources.flights.plugin=kit"});
        ComponentConfig& component = result.config.sources.at(0).component;
        check_options(spec, {role, folder_, component.mark}, component.options, result.problems);
        problems_ = short_text(result.problems.text());
        const std::string prefix = "--set sources.flights: sources.flights.";
        for (auto at = problems_.find(prefix); at != std::string::npos; at = problems_.find(prefix))
            problems_.erase(at, prefix.size());
        return component.options;
    }

    std::string problems_of(const std::string& yaml) {
        check(yaml);
        return problems_;
    }

    std::string problems_;
};

TEST_F(CheckingOptions, GivesEachItsType) {
    const Node options = check(
        "{ text: 5, path: a/../b, count: 3, ratio: 0, on: true, pause: 2s, room: 1KiB, mode: strict, names: [a, 1], table: { "
        "a: 1 }, thing: x }");
    EXPECT_EQ(problems_, "");
    EXPECT_EQ(options.find("text")->kind, Node::Kind::text);
    EXPECT_EQ(options.find("text")->text, "5");
    EXPECT_EQ(options.find("path")->text, (folder_ / "b").string());
    EXPECT_EQ(options.find("count")->integer, 3);
    EXPECT_EQ(options.find("ratio")->kind, Node::Kind::real);
    EXPECT_EQ(options.find("pause")->kind, Node::Kind::integer);
    EXPECT_EQ(options.find("pause")->integer, 2000);
    EXPECT_EQ(options.find("room")->integer, 1024);
    EXPECT_EQ(options.find("names")->list[1].integer, 1);
    EXPECT_EQ(check("{ path: '-' }").find("path")->text, "-");
}

TEST_F(CheckingOptions, RefusesOtherTypesAndRanges) {
    EXPECT_EQ(problems_of("{ text: [a] }"), "text: must be text, not a list\n");
    EXPECT_EQ(problems_of("{ text: }"), "text: must be text, not nothing\n");
    EXPECT_EQ(problems_of("{ path: '' }"), "path: must be a path, not an empty text\n");
    EXPECT_EQ(problems_of("{ count: 11 }"), "count: must be a whole number from 1 to 10, not \"11\"\n");
    EXPECT_EQ(problems_of("{ count: 1.5 }"), "count: must be a whole number from 1 to 10, not \"1.5\"\n");
    EXPECT_EQ(problems_of("{ count: '5' }"), "count: must be a whole number from 1 to 10, not \"5\"\n");
    EXPECT_EQ(problems_of("{ ratio: 1 }"), "ratio: must be a number of at least 0 and at most 0.5, not \"1\"\n");
    EXPECT_EQ(problems_of("{ on: yes }"), "on: must be true or false, not \"yes\"\n");
    EXPECT_EQ(problems_of("{ pause: 5ms }"), "pause: must be a duration of at least 10ms, not \"5ms\"\n");
    EXPECT_EQ(problems_of("{ room: 2KiB }"), "room: must be a size from 0B to 1KiB, not \"2KiB\"\n");
    EXPECT_EQ(problems_of("{ mode: strikt }"), "mode: must be strict or lenient, not \"strikt\"; did you mean \"strict\"?\n");
    EXPECT_EQ(problems_of("{ names: a }"), "names: must be a list, such as [one, two], not \"a\"\n");
    EXPECT_EQ(problems_of("{ table: [a] }"), "table: must be a map, not a list\n");
}

TEST_F(CheckingOptions, RefusesUnknownOnesAndThoseOfTheOtherRole) {
    EXPECT_EQ(problems_of("{ txt: a }"), "txt: plugin \"kit\" has no such option; did you mean \"text\"?\n");
    EXPECT_EQ(problems_of("{ append: true }"), "append: plugin \"kit\" takes this option as a target, not as a source\n");
    check("{ append: true }", every_type(), "target");
    EXPECT_EQ(problems_, "");
}

TEST_F(CheckingOptions, FillsInDefaultsAsWritten) {
    ComponentSpec spec = every_type();
    spec.options[0].fallback = "017: x";
    spec.options[1].fallback = "data";
    spec.options[2].fallback = "7";
    spec.options[4].fallback = "false";
    spec.options[5].fallback = "1m";
    spec.options[8].fallback = "[a, b]";
    spec.options[11].fallback = "";
    const Node options = check("{ count: 3 }", spec);
    EXPECT_EQ(problems_, "");
    EXPECT_EQ(options.find("text")->text, "017: x");
    EXPECT_EQ(options.find("path")->text, (folder_ / "data").string());
    EXPECT_EQ(options.find("count")->integer, 3);
    EXPECT_EQ(options.find("on")->kind, Node::Kind::boolean);
    EXPECT_EQ(options.find("pause")->integer, 60'000);
    EXPECT_EQ(options.find("names")->list[1].text, "b");
    EXPECT_EQ(options.find("password")->kind, Node::Kind::text);
    EXPECT_EQ(options.find("room"), nullptr);
}

TEST_F(CheckingOptions, NamesThePluginWhoseDefaultBreaksItsOwnRules) {
    ComponentSpec spec = every_type();
    spec.options[2].fallback = "99";
    check("{}", spec);
    EXPECT_EQ(problems_,
              "the default of plugin \"kit\": sources.flights.count: must be a whole number from 1 to 10, not \"99\"\n");
}

TEST_F(CheckingOptions, MissesWhatIsRequired) {
    ComponentSpec spec = every_type();
    spec.options[1].required = true;
    spec.options[13].required = true;  // of the other role
    check("{}", spec);
    EXPECT_EQ(problems_, "c.yaml:1:12: sources.flights.path: missing; plugin \"kit\" needs it: What path is.\n");
}

TEST_F(CheckingOptions, ReadsSecretsFromFiles) {
    write("secret", "pa$${ss\r\n");
    const Node options = check("{ password_file: secret }");
    EXPECT_EQ(problems_, "");
    EXPECT_EQ(options.find("password_file"), nullptr);
    EXPECT_EQ(options.find("password")->text, "pa$${ss");
    EXPECT_TRUE(options.find("password")->secret);
    EXPECT_EQ(options.find("password")->read_from, (folder_ / "secret").string());
}

TEST_F(CheckingOptions, RefusesSecretsTwiceMissingOrHuge) {
    write("secret", "x");
    write("huge", std::string(100'000, 'x'));
    EXPECT_EQ(problems_of("{ password_file: secret, password: y }"),
              "password_file: \"password\" is given as well; keep one of the two\n");
    EXPECT_EQ(problems_of("{ password_file: gone }"), "password_file: the file gone cannot be read\n");
    EXPECT_EQ(problems_of("{ password_file: . }").find("password_file: the file "), 0u);
    EXPECT_EQ(problems_of("{ password_file: huge }"), "password_file: the file huge is larger than 65536 bytes\n");
    EXPECT_EQ(problems_of("{ count_file: secret }").find("count_file: plugin \"kit\" has no such option"), 0u);
}

TEST_F(CheckingOptions, MarksSecretsAndNeverShowsThem) {
    EXPECT_TRUE(check("{ password: hush }").find("password")->secret);
    EXPECT_EQ(problems_of("{ password: [hush] }"), "password: must be text, not a list\n");
}

TEST_F(CheckingOptions, OfAllComponentsAsksForEachByKindAndRole) {
    ReadConfig result =
        read(smallest_configuration, {"targets.out.plugin=reader", "dead_letters.target=out", "databases.d.plugin=gone"});
    ComponentSpec reader{ComponentKind::queue, "reader", "", true, false, {option("path", OptionType::path)}};
    ComponentSpec handler{ComponentKind::handler, "noop", "", false, false, {}};
    check_plugins(
        result.config,
        [&](ComponentKind kind, const std::string& plugin) -> Result<FoundComponent> {
            if (plugin == "gone") return Error{ErrorKind::invalid, "there is no database plugin \"gone\""};
            return FoundComponent{"/p/x.so", kind == ComponentKind::queue ? &reader : &handler};
        },
        result.problems);
    EXPECT_EQ(short_text(result.problems.text()),
              "--set targets.out.plugin: plugin \"reader\" cannot be a target; it is a source only\n"
              "--set databases.d.plugin: there is no database plugin \"gone\"\n");
    EXPECT_EQ(result.config.sources[0].component.component, "reader");
    EXPECT_EQ(result.config.pools[0].handler.library, "/p/x.so");
}

TEST_F(CheckingOptions, TakesOnePathAndNoPattern) {
    const auto refused = [](const std::string& path) {
        return "path: must be one path, and \"" + path +
               "\" looks like a pattern, which is not expanded; name the file itself, each of several in a component of its "
               "own\n";
    };
    for (const std::string path : {"./*.log", "/var/log/app-?.log", "logs/**/x", "./{a,b}.log"})
        EXPECT_EQ(problems_of("{ path: '" + path + "' }"), refused(path));
    write("what?.log", "");
    EXPECT_EQ(problems_of("{ path: 'what?.log' }"), "") << "a file may have such a name";
}

TEST_F(CheckingOptions, SaysWhereAnOptionStandsWhoseNameTheHostHasTaken) {
    ComponentSpec spec = every_type();
    spec.options.push_back(option("timeout", OptionType::duration));
    spec.options.back().required = true;
    ReadConfig result = read(smallest_configuration, {"pools.airports.handler.timeout=5s"});
    ComponentConfig& handler = result.config.pools.at(0).handler;
    check_options(spec, {"", folder_, handler.mark}, handler.options, result.problems);
    EXPECT_NE(result.problems.text().find(
                  "handler.timeout: missing; plugin \"kit\" needs it, in \"config\", since beside it the host has a key of "
                  "that name: What timeout is."),
              std::string::npos)
        << result.problems.text();
}

}  // namespace
}  // namespace sluice
