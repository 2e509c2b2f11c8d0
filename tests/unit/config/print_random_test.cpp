// Whatever a configuration holds, printing it and reading that back gives the same: names and texts that YAML would take for
// something else, in every place where one may stand.
#include <gtest/gtest.h>

#include <random>

#include "config/configuration.hpp"
#include "config/plugins.hpp"
#include "config/print.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

class PrintingAnyConfiguration : public ConfigurationTest {
protected:
    PrintingAnyConfiguration() {
        for (const auto& [name, type] : {std::pair{"text", OptionType::string},
                                         {"thing", OptionType::any},
                                         {"table", OptionType::map},
                                         {"names", OptionType::list},
                                         {"id", OptionType::any},
                                         {"count", OptionType::integer}}) {
            OptionSpec option;
            option.name = name;
            option.type = type;
            spec_.options.push_back(option);
        }
    }

    std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_); }
    bool one_in(std::size_t count) { return below(count) == 0; }

    // What a name of a component may be made of is little; that it is a name is enough to be taken for something else.
    std::string name() {
        static constexpr const char* odd[] = {"null", "true",  "1",      "yes",  "no",   "on",    "off", "y",
                                              "n",    "False", "NULL",   "0x1F", "1e5",  "-",     "--",  "-1",
                                              "007",  "_",     "plugin", "NAME", "0o17", "1_000", "e1"};
        if (one_in(2)) return odd[below(std::size(odd))];
        std::string name;
        for (std::size_t left = 1 + below(4); left > 0; --left) name += "abYZ09-_"[below(8)];
        return name;
    }

    std::string text() {
        static constexpr const char* odd[] = {"",
                                              " ",
                                              "~",
                                              "null",
                                              "true",
                                              "1",
                                              "1.0",
                                              "017",
                                              "yes",
                                              "<<",
                                              "---",
                                              "...",
                                              "- a",
                                              "a: b",
                                              "a #b",
                                              "#",
                                              "|",
                                              ">",
                                              "@",
                                              "`",
                                              "%",
                                              "&a",
                                              "*a",
                                              "!a",
                                              "?",
                                              ":",
                                              "-",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              "\"",
                                              "'",
                                              "\\",
                                              "${X}",
                                              "$${X}",
                                              "$",
                                              "$$",
                                              "\t",
                                              "\r",
                                              "\n",
                                              "\x01",
                                              "\x7f",
                                              "caf\xc3\xa9",
                                              "\xc2\x85",
                                              "\xe2\x80\xa8",
                                              "\xef\xbb\xbf",
                                              "\xf0\x9f\x98\x80",
                                              ".inf",
                                              ".nan",
                                              "+1",
                                              ".5",
                                              "1:30",
                                              "2001-01-01",
                                              "0x1F",
                                              "1_000",
                                              "=",
                                              "!!str",
                                              "a\nb",
                                              "a\n\n",
                                              " a\nb\n",
                                              "a \nb",
                                              "\xc2\xa0",
                                              "a\tb",
                                              "x\n- y\n"};
        if (one_in(2)) return odd[below(std::size(odd))];
        if (one_in(50)) return std::string(1000, '"');
        std::string text;
        for (std::size_t left = 1 + below(6); left > 0; --left) text += odd[below(std::size(odd))];
        return text;
    }

    // A text as it would be put into the file: `${` is read from the environment else.
    static std::string quoted(const std::string& text) {
        std::string escaped, json;
        for (std::size_t at = 0; at < text.size(); ++at) {
            if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') escaped += '$';
            escaped += text[at];
        }
        append_json_string(json, escaped);
        return json;
    }
    // Nothing is replaced in keys. One of more than 1024 characters is marked in front.
    static std::string key(const std::string& text) {
        std::string json;
        append_json_string(json, text);
        return json.size() > 1000 ? "? " + json : json;
    }

    std::string value(int depth = 0) {
        static constexpr const char* plain[] = {"1",     "-0",   "0x1F", "1.5",   ".5",  "1e400", "true",
                                                "False", "null", "~",    "plain", "a b", "5s",    "'017'"};
        switch (below(depth > 2 ? 2 : 4)) {
            case 0: return plain[below(std::size(plain))];
            case 1: return quoted(text());
            case 2: return "[" + value(depth + 1) + ", " + value(depth + 1) + "]";
            default:
                return one_in(5) ? "{}" : "{ " + key(text()) + ": " + value(depth + 1) + ", last: " + value(depth + 1) + " }";
        }
    }

    std::string options() {
        std::string options = "text: " + quoted(text());
        if (one_in(2)) options += ", thing: " + value();
        if (one_in(2)) options += ", table: { " + key(text()) + ": " + value() + " }";
        if (one_in(2)) options += ", names: [" + value() + "]";
        if (one_in(2)) options += ", count: 0x1F";
        if (one_in(3)) options += ", config: { id: " + value() + " }";
        return options;
    }

    std::string configuration() {
        const std::string source = name(), target = name();
        std::string pool = "source: " + key(source) + ", workers: 3, handler: { plugin: kit, " + options() + " }";
        if (one_in(2)) pool += ", when: { " + key("/" + clean_pointer(text())) + ": " + quoted("v" + text()) + ", /n: 1.0 }";
        if (one_in(2)) pool += ", route: { key: " + quoted("header:x" + text()) + ", workers: { " + key(text()) + ": 1 } }";
        return "name: " + quoted("x" + text()) + "\nstate_dir: " + quoted("s" + text()) + "\nplugin_path: [" +
               quoted("p" + text()) + "]\nsources: { " + key(source) + ": { plugin: kit, " + options() + " } }\ntargets: { " +
               key(target) + ": { plugin: kit, " + options() + " } }\ndatabases: { " + key(name()) + ": { plugin: kit, " +
               options() + " } }\ndead_letters: { target: " + key(target) + " }\nlog: { levels: { " + key("sources." + source) +
               ": debug } }\npools: { " + key(name()) + ": { " + pool + " } }\n";
    }

    static std::string clean_pointer(std::string text) {
        std::erase(text, '~');
        return text;
    }

    HostConfig checked(const std::string& text) {
        ReadConfig result = read(text);
        check_plugins(
            result.config,
            [&](ComponentKind, const std::string&) -> Result<FoundComponent> {
                return FoundComponent{"x.so", &spec_};
            },
            result.problems);
        EXPECT_EQ(result.problems.text(), "") << text;
        return result.config;
    }

    static void tell(std::string& to, const Node& node) {
        to += fmt_kind(node.kind) + node.text + "\n";
        for (const Node& entry : node.list) tell(to, entry);
        for (const NodeEntry& entry : node.map) tell(to += entry.name + "=", entry.value);
    }
    static std::string fmt_kind(Node::Kind kind) { return std::to_string(static_cast<int>(kind)) + ":"; }

    // What printing might lose.
    static std::string told(const HostConfig& config) {
        std::string text = config.name + config.state_dir.string() + config.plugin_path.at(0).string() +
                           config.dead_letter_target + config.log.levels.at(0).first;
        for (const ComponentConfig* component : {&config.sources.at(0).component, &config.targets.at(0).component,
                                                 &config.databases.at(0).component, &config.pools.at(0).handler})
            tell(text += component->name + component->path, component->options);
        for (const auto& [pointer, value] : config.pools.at(0).when) text += pointer + value;
        text += config.pools.at(0).route.key;
        for (const auto& [key, worker] : config.pools.at(0).route.workers) text += key + std::to_string(worker);
        return text;
    }

    ComponentSpec spec_{ComponentKind::queue, "kit", "", true, true, {}};
    std::mt19937 random_{20010101};
};

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int rounds = 100;  // it takes a minute and more
#else
constexpr int rounds = 1500;
#endif

TEST_F(PrintingAnyConfiguration, ReadsBackAsTheSame) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
        const std::string text = configuration();
        const HostConfig config = checked(text);
        if (HasFailure()) break;
        const std::string printed = print_config(config);
        const HostConfig again = checked(printed);
        if (HasFailure()) break;
        EXPECT_EQ(told(again), told(config)) << text << "---\n" << printed;
        EXPECT_EQ(print_config(again), printed);
    }
}

}  // namespace
}  // namespace sluice
