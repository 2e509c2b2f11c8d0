#include "config/print.hpp"

#include <gtest/gtest.h>

#include "config/configuration.hpp"
#include "config/plugins.hpp"
#include "config/yaml/environment.hpp"
#include "config/yaml/reader.hpp"
#include "config/yaml/writer.hpp"

namespace sluice {
namespace {

class PrintingAConfiguration : public ConfigurationTest {
protected:
    PrintingAConfiguration() {
        for (const auto& [name, type] : {std::pair{"password", OptionType::string},
                                         {"token", OptionType::string},
                                         {"pause", OptionType::duration},
                                         {"path", OptionType::path},
                                         {"id", OptionType::any},
                                         {"thing", OptionType::any}}) {
            OptionSpec option;
            option.name = name;
            option.type = type;
            option.secret = type == OptionType::string;
            spec_.options.push_back(option);
        }
        spec_.options[2].fallback = "90s";
    }

    HostConfig checked(const std::string& text, std::vector<std::string> overrides = {}) {
        ReadConfig result = read(text, std::move(overrides));
        check_plugins(
            result.config,
            [&](ComponentKind, const std::string&) -> Result<FoundComponent> {
                return FoundComponent{"x.so", &spec_};
            },
            result.problems);
        EXPECT_EQ(result.problems.text(), "") << text;
        return result.config;
    }

    ComponentSpec spec_{ComponentKind::queue, "kit", "", true, true, {}};
};

TEST_F(PrintingAConfiguration, ShowsDefaultsAndReadsBackAsTheSame) {
    const std::string printed = print_config(checked(smallest_configuration));
    EXPECT_NE(printed.find("queue: { capacity: 1000, bytes: 16MiB, when_full: block }\n"), std::string::npos) << printed;
    EXPECT_NE(printed.find("retry: { attempts: 5, backoff: 100ms, backoff_max: 30s }\n"), std::string::npos);
    EXPECT_NE(printed.find("pause: 90s\n"), std::string::npos);
    EXPECT_NE(printed.find("path: " + (folder_ / "flights.jsonl").string()), std::string::npos);
    EXPECT_EQ(print_config(checked(printed)), printed);
}

TEST_F(PrintingAConfiguration, ReadsBackWhateverThereIsInIt) {
    const std::string printed = print_config(checked(
        smallest_configuration,
        {"name='a: \"b\" #c'", "plugin_path=[a b]", "sources.flights.id=x.y",
         "databases.d={ plugin: ./d.so, thing: { a: [1, '1', null, true, {b: 2}], 'x: y': '|' } }",
         "targets.out={ plugin: kit, config: { id: [z] } }", "dead_letters.target=out", "pools.airports.workers=3",
         "pools.airports.when={ /a: '5', /b: 'null', '/c d': x }",
         "pools.airports.route={ key: 'header:X Y', rebalance: false, workers: { EU: 0, 'a: b': 2 } }",
         "pools.airports.missing_key.worker=1", "pools.airports.queue={ capacity: 7, bytes: 1000, when_full: { drop: count } }",
         "pools.airports.on_failure=skip", "pools.airports.park_full=dead_letter", "memory_limit=1GiB",
         "shutdown={ mode: drain, deadline: 1500ms }", "log={ level: debug, format: json, levels: { sources.flights: trace } }",
         "pools.airports.handler.thing=\"SELECT $${x}\\n  '017'\\n\\nEND\\n\""}));
    EXPECT_EQ(print_config(checked(printed)), printed);
    EXPECT_NE(printed.find("thing: |\n        SELECT $${x}\n          '017'\n\n        END\n"), std::string::npos) << printed;
    EXPECT_NE(printed.find("\nmemory_limit: 1GiB\n"), std::string::npos) << printed;
    EXPECT_NE(printed.find("    config:\n      id: [z]\n"), std::string::npos) << printed;
}

TEST_F(PrintingAConfiguration, ReadsBackARouteByTheEnginesKey) {
    const std::string printed = print_config(checked(smallest_configuration, {"pools.airports.route.key=message_key"}));
    EXPECT_NE(printed.find("key: message_key"), std::string::npos) << printed;
    EXPECT_EQ(print_config(checked(printed)), printed);
}

TEST_F(PrintingAConfiguration, ReadsBackWhatFullQueuesAreToDo) {
    for (const std::string then : {"{ overflow: 10000 }", "{ timeout: 2s }", "{ drop: dead_letter }"}) {
        const std::string printed = print_config(
            checked(smallest_configuration, {"pools.airports.queue.when_full=" + then, "pools.airports.route.by=least_loaded",
                                             "pools.airports.order=none", "dead_letters.max_rate=50/m"}));
        EXPECT_NE(printed.find("when_full: " + then + " }\n"), std::string::npos) << printed;
        EXPECT_NE(printed.find("by: least_loaded\n"), std::string::npos) << printed;
        EXPECT_NE(printed.find("order: none\n"), std::string::npos) << printed;
        EXPECT_NE(printed.find("dead_letters:\n  max_rate: 50/m\n"), std::string::npos) << printed;
        EXPECT_EQ(print_config(checked(printed)), printed);
    }
}

TEST_F(PrintingAConfiguration, MasksSecretsAndNamesTheirFiles) {
    write("token", "hush2");
    const std::string printed =
        print_config(checked(smallest_configuration, {"sources.flights.password=hush1", "sources.flights.token_file=token"}));
    EXPECT_EQ(printed.find("hush"), std::string::npos) << printed;
    EXPECT_NE(printed.find("password: \"********\"\n"), std::string::npos);
    EXPECT_NE(printed.find("token_file: " + (folder_ / "token").string() + "\n"), std::string::npos);
}

TEST(WritingYaml, KeepsEveryText) {
    for (const std::string text : {"plain",       "a/b.c_d-e",    "",      " ",     "a b",     "null",
                                   "~",           "yes",          "5",     "017",   "1.5",     "true",
                                   "-",           "- a",          "# a",   "a: b",  "a #b",    "'",
                                   "\"",          "\\",           "[",     "{",     "*a",      "&a",
                                   "!a",          "%a",           "@a",    "`",     "|",       ">",
                                   "?",           "\t",           "a\tb",  "a\n",   "a\nb",    "a\nb\n",
                                   "a\nb\n\n",    "\na\nb",       " a\nb", "a \nb", "a\n b\n", "a\n\nb",
                                   "a\r\nb",      "\x01",         "\x7f",  "${X}",  "$${X}",   "a${b\nc${d}",
                                   "caf\xc3\xa9", "\xe2\x80\xa8", "---",   "...",   "<<",      "a\n---\nb",
                                   "#\nb",        "x:\ny: z"}) {
        YamlWriter out;
        out.begin_map("deep");
        out.text("key", text);
        out.text(text, "value");
        out.end_map();
        Problems problems;
        std::optional<Node> root = read_yaml(out.result(), "f", problems);
        ASSERT_TRUE(root) << out.result() << problems.text();
        finish_tree(
            *root, [](const std::string&) { return std::nullopt; }, problems);
        EXPECT_EQ(problems.text(), "") << out.result();
        const Node* value = root->find("deep")->find("key");
        EXPECT_EQ(value->kind, Node::Kind::text) << out.result();
        EXPECT_EQ(value->text, text) << out.result();
        EXPECT_EQ(root->find("deep")->map[1].name, text) << out.result();
    }
}

}  // namespace
}  // namespace sluice
