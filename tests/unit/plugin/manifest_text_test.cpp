#include "plugin/manifest_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string complaint(const std::string& json) {
    Manifest manifest;
    return read_manifest_text(json, manifest);
}

std::string with_component(const std::string& members) {
    return complaint(R"({"id":"a","version":"1","components":[{)" + members + "}]}");
}

std::string with_option(const std::string& members) {
    return with_component(R"("kind":"queue","name":"q","roles":["source"],"options":[{"name":"o",)" + members + "}]");
}

TEST(ManifestText, IsReadWithAllThatItCanSay) {
    Manifest manifest;
    ASSERT_EQ(read_manifest_text(R"({"id":"com.acme.orders","version":"1.2.0","later":{},"components":[
        {"kind":"handler","name":"orders","summary":"Writes orders."},
        {"kind":"queue","name":"orders","roles":["source","target"],"options":[
            {"name":"table","type":"string","help":"The table.","default":"orders","later":[1]},
            {"name":"password","type":"string","required":true,"secret":true,"role":"target"},
            {"name":"mode","type":"one-of","choices":["a","b"],"default":"b"},
            {"name":"wait","type":"duration","minimum":1,"maximum":9.5}]}]})",
                                 manifest),
              "");
    EXPECT_EQ(manifest.id, "com.acme.orders");
    EXPECT_EQ(manifest.version, "1.2.0");
    ASSERT_EQ(manifest.components.size(), 2u);
    EXPECT_EQ(manifest.components[0].summary, "Writes orders.");
    const ComponentSpec& queue = manifest.components[1];
    EXPECT_EQ(queue.kind, ComponentKind::queue);
    EXPECT_TRUE(queue.source && queue.target);
    ASSERT_EQ(queue.options.size(), 4u);
    EXPECT_EQ(queue.options[0].fallback, "orders");
    EXPECT_EQ(queue.options[0].help, "The table.");
    EXPECT_FALSE(queue.options[0].required || queue.options[0].secret);
    EXPECT_TRUE(queue.options[1].required && queue.options[1].secret);
    EXPECT_EQ(queue.options[1].role, "target");
    EXPECT_EQ(queue.options[2].type, OptionType::one_of);
    EXPECT_EQ(queue.options[2].choices, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(queue.options[3].minimum, 1.0);
    EXPECT_EQ(queue.options[3].maximum, 9.5);
}

TEST(ManifestText, NamesThePlaceOfWhatIsWrong) {
    EXPECT_EQ(complaint("[]"), "manifest: is not a JSON object");
    EXPECT_EQ(complaint(R"({"version":"1"})"),
              R"(manifest: "id" is not a name of 1 to 64 letters, digits, '.', '-', '_' or '+')");
    EXPECT_EQ(complaint(R"({"id":7,"version":"1"})"), R"(manifest: "id" is not a string)");
    EXPECT_EQ(complaint(R"({"id":"a","version":"1"})"), "components: is missing or not a list");
    EXPECT_EQ(complaint(R"({"id":"a","version":"1","components":[]})"), "components: is empty");
    EXPECT_EQ(complaint(R"({"id":"a","version":"1","components":[7]})"), "components[0]: is not an object");
    EXPECT_EQ(
        complaint(R"({"id":"a","version":"1","components":[{"kind":"handler","name":"h"},{"kind":"handler","name":"h"}]})"),
        R"(components[1]: is a second handler "h")");
    EXPECT_EQ(with_component(R"("name":"w")"),
              R"(components[0]: "kind" is not a name of 1 to 64 letters, digits, '.', '-', '_' or '+')");
    EXPECT_EQ(with_component(R"("kind":"handler","name":"../h")"),
              R"(components[0]: "name" is not a name of 1 to 64 letters, digits, '.', '-', '_' or '+')");
    EXPECT_EQ(with_component(R"("kind":"handler","name":"h.so")"), "components[0]: has a name that looks like a file's path");
    EXPECT_EQ(with_component(R"("kind":"queue","name":"q")"),
              R"(components[0]: is a queue without "roles": source, target or both)");
    EXPECT_EQ(with_component(R"("kind":"queue","name":"q","roles":[7])"), "components[0]: has a role that is no name");
    EXPECT_EQ(complaint(R"({"id":"a","version":"1","components":[{"kind":"widget","name":"h"},{"kind":"widget","name":"h"}]})"),
              R"(components[1]: is a second widget "h")");
    EXPECT_EQ(with_component(R"("kind":"handler","name":"h","options":{})"), R"(components[0]: "options" is not a list)");
}

TEST(ManifestText, NamesComponentsOfALaterVersionAndReadsTheOthers) {
    Manifest manifest;
    ASSERT_EQ(read_manifest_text(R"({"id":"a","version":"1","components":[
        {"kind":"widget","name":"w","summary":"A widget.","options":"of another form"},
        {"kind":"queue","name":"q","roles":["source","browser"],"options":[{"name":"o"}]},
        {"kind":"database","name":"d","options":[{"name":"x","type":"string"},{"name":"o","type":"colour","choices":7},{}]},
        {"kind":"queue","name":"r","roles":["source"],"options":[{"name":"o","type":"string","role":"browser"}]},
        {"kind":"handler","name":"w","options":[{"name":"o","type":"string"}]}]})",
                                 manifest),
              "");
    ASSERT_EQ(manifest.components.size(), 5u);
    const auto needs = [&](std::size_t at) { return manifest.components[at].needs_newer; };
    EXPECT_EQ(needs(0), R"(the kind "widget")");
    EXPECT_EQ(manifest.components[0].kind, ComponentKind::unknown);
    EXPECT_EQ(manifest.components[0].name, "w");
    EXPECT_EQ(manifest.components[0].summary, "A widget.");
    EXPECT_EQ(needs(1), R"(the role "browser")");
    EXPECT_EQ(needs(2), R"(the type "colour" of its option "o")");
    EXPECT_TRUE(manifest.components[2].options.empty());
    EXPECT_EQ(needs(3), R"(the role "browser" of its option "o")");
    EXPECT_EQ(needs(4), "");
    EXPECT_EQ(manifest.components[4].options.size(), 1u);
    EXPECT_EQ(needs_newer_text(manifest.components[1]),
              R"(the queue "q" needs a newer host: this one does not know the role "browser"; )"
              "use a newer host, or an older build of the plugin");
}

TEST(ManifestText, RefusesOptionsThatContradictThemselves) {
    EXPECT_EQ(with_option(R"("type":"string")"), "");
    EXPECT_EQ(with_option(R"("help":"no type")"),
              R"(components[0].options[0]: "type" is not a name of 1 to 64 letters, digits, '.', '-', '_' or '+')");
    EXPECT_EQ(with_option(R"("type":"string","required":true,"default":"x")"),
              "components[0].options[0]: is required and has a default");
    EXPECT_EQ(with_option(R"("type":"integer","default":7)"), R"(components[0].options[0]: "default" is not a string)");
    EXPECT_EQ(with_option(R"("type":"string","required":"yes")"),
              R"(components[0].options[0]: "required" is not true or false)");
    EXPECT_EQ(with_option(R"("type":"string","minimum":1)"),
              "components[0].options[0]: has bounds, which its type does not take");
    EXPECT_EQ(with_option(R"("type":"size","minimum":2,"maximum":1)"),
              "components[0].options[0]: has a minimum above its maximum");
    EXPECT_EQ(with_option(R"("type":"one-of")"), "components[0].options[0]: is a one-of without a list of 1 to 256 choices");
    EXPECT_EQ(with_option(R"("type":"string","choices":["a"])"),
              "components[0].options[0]: has choices, which only a one-of takes");
    EXPECT_EQ(with_option(R"("type":"one-of","choices":["a"],"default":"b")"),
              R"(components[0].options[0]: has the default "b", which is none of its choices)");
    EXPECT_EQ(with_option(R"("type":"string","role":"target")"),
              R"(components[0].options[0]: belongs to the role "target", which its component does not have)");
    EXPECT_EQ(with_option(R"("type":"string"},{"name":"o","type":"string")"),
              R"(components[0].options[1]: is a second option "o")");
    EXPECT_EQ(with_option(R"("type":"string"},{"name":"plugin","type":"string")"),
              R"(components[0].options[1]: "plugin" is a key of the host)");
}

}  // namespace
}  // namespace sluice
