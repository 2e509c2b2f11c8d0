// The manifest that SLUICE_PLUGIN writes, the one that the C macros write, and the handshake.
#include <gmock/gmock.h>
#include <simdjson.h>

#include "sluice/sdk/database.hpp"
#include "sluice/sdk/handler.hpp"
#include "sluice/sdk/plugin.hpp"
#include "sluice/sdk/queue.hpp"

namespace {

using namespace std::chrono_literals;

struct Nothing : sluice::Handler {
    sluice::Verdict handle(const sluice::Message&, sluice::Context&) override { return sluice::done(); }
};

constexpr auto options = sluice::handler<Nothing>(
    "all", "Says \"all\" there is:\n\ttabs, \\ and \x01 too.", sluice::text("text", "T.").otherwise("a \"b\"").secret(),
    sluice::path("path", "P.").required(), sluice::integer("integer", "I.").between(-1, 1e15),
    sluice::number("number", "N.").otherwise(0.25).at_least(-0.5), sluice::boolean("boolean", "B.").otherwise(false),
    sluice::duration("duration", "D.").otherwise(90s).between(1ms, 24h), sluice::size("size", "S.").otherwise("64KiB"),
    sluice::one_of("choice", {"a", "b"}, "C.").otherwise("b"), sluice::list("list", "L."), sluice::map("map", "M."),
    sluice::any("any", "A."));

struct Pond : sluice::Source {
    std::uint64_t capabilities() const noexcept override { return 0; }
    sluice::Status open(sluice::SourceSink) override { return SLUICE_OK; }
    sluice::Status poll(const sluice::Poll&) override { return SLUICE_END; }
    sluice::Status settle(std::span<const sluice_settlement>) override { return SLUICE_OK; }
};

}  // namespace

SLUICE_PLUGIN("com.acme.all", "1.2.0", options,
              sluice::queue<Pond>("pond", "A pond.", sluice::text("name", "N.").for_source(), sluice::size("depth", "D.")))

namespace {

constexpr std::string_view expected =
    R"({"id":"com.acme.all","version":"1.2.0","components":[)"
    R"({"kind":"handler","name":"all","summary":"Says \"all\" there is:\n\ttabs, \\ and \u0001 too.","options":[)"
    R"({"name":"text","type":"string","help":"T.","secret":true,"default":"a \"b\""},)"
    R"({"name":"path","type":"path","help":"P.","required":true},)"
    R"({"name":"integer","type":"integer","help":"I.","minimum":-1,"maximum":1000000000000000},)"
    R"({"name":"number","type":"number","help":"N.","default":"0.25","minimum":-0.5},)"
    R"({"name":"boolean","type":"boolean","help":"B.","default":"false"},)"
    R"({"name":"duration","type":"duration","help":"D.","default":"90s","minimum":1,"maximum":86400000},)"
    R"({"name":"size","type":"size","help":"S.","default":"64KiB"},)"
    R"({"name":"choice","type":"one-of","help":"C.","default":"b","choices":["a","b"]},)"
    R"({"name":"list","type":"list","help":"L."},)"
    R"({"name":"map","type":"map","help":"M."},)"
    R"({"name":"any","type":"any","help":"A."}]},)"
    R"({"kind":"queue","name":"pond","summary":"A pond.","roles":["source"],"options":[)"
    R"({"name":"name","type":"string","help":"N.","role":"source"},)"
    R"({"name":"depth","type":"size","help":"D."}]}]})";

std::string_view written() {
    return {sluice_this_manifest.text, sluice_this_manifest.head.text_size};
}

TEST(ManifestSdk, SaysWhatWasDeclared) {
    EXPECT_EQ(written(), expected);
}

TEST(ManifestSdk, IsJson) {
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(simdjson::padded_string(written()));
    EXPECT_EQ(root["components"].at(0)["summary"].get_string().value(), "Says \"all\" there is:\n\ttabs, \\ and \x01 too.");
}

TEST(ManifestSdk, HasTheFrozenHead) {
    const sluice_manifest_head& head = sluice_this_manifest.head;
    EXPECT_EQ(std::string_view(head.magic, 8), SLUICE_MANIFEST_MAGIC);
    EXPECT_EQ(head.abi_major, SLUICE_ABI_MAJOR);
    EXPECT_EQ(head.abi_minor, SLUICE_ABI_MINOR);
    EXPECT_EQ(head.abi_minor_needed, 0);
}

TEST(ManifestSdk, IsWrittenByTheMacrosForCJustSo) {
    constexpr std::string_view text = SLUICE_COMPONENT(
        "handler", "h", "A handler.", SLUICE_OPTION("a", "string", "A.", SLUICE_DEFAULT("x")),
        SLUICE_OPTION("b", "one-of", "B.", SLUICE_CHOICES("p", "q", "r"), SLUICE_SECRET), SLUICE_OPTION("c", "map", "C."),
        SLUICE_OPTION("d", "integer", "D.", SLUICE_REQUIRED, SLUICE_BETWEEN(-1, 9)));
    EXPECT_EQ(text, R"({"kind":"handler","name":"h","summary":"A handler.","options":[)"
                    R"({"name":"a","type":"string","help":"A.","default":"x"},)"
                    R"({"name":"b","type":"one-of","help":"B.","choices":["p","q","r"],"secret":true},)"
                    R"({"name":"c","type":"map","help":"C."},)"
                    R"({"name":"d","type":"integer","help":"D.","required":true,"minimum":-1,"maximum":9}]})");
    EXPECT_STREQ(SLUICE_QUEUE_COMPONENT(SLUICE_SOURCE_AND_TARGET, "q", "A queue."),
                 R"({"kind":"queue","name":"q","roles":["source","target"],"summary":"A queue.","options":[]})");
}

TEST(EntrySdk, RepliesWithTheTablesThatTheManifestNames) {
    const sluice_hello hello{sizeof(sluice_hello), 0, 7, sluice::bytes("host"), sluice::bytes("9")};
    sluice_reply reply{sizeof(sluice_reply), 9, 9, nullptr};
    ASSERT_EQ(sluice_plugin_entry_v1(&hello, &reply, nullptr), SLUICE_OK);
    EXPECT_EQ(reply.minor, SLUICE_ABI_MINOR);
    EXPECT_EQ(reply.minor_needed, 0);
    const sluice_module& module = *reply.module;
    EXPECT_EQ(sluice::view(module.id), "com.acme.all");
    EXPECT_EQ(sluice::view(module.version), "1.2.0");
    ASSERT_EQ(module.component_count, 2u);
    EXPECT_EQ(sluice::view(module.component(0)->name), "all");
    EXPECT_EQ(module.component(0)->kind, SLUICE_KIND_HANDLER);
    EXPECT_EQ(module.component(1)->kind, SLUICE_KIND_QUEUE);
    EXPECT_EQ(module.component(2), nullptr);
}

TEST(EntrySdk, RefusesAHostThatIsTooOldOrTooNewNamingBothRanges) {
    char room[256];
    sluice_fault fault{sizeof(sluice_fault), SLUICE_OK, room, sizeof room, 0, -1};
    sluice_reply reply{sizeof(sluice_reply), 9, 9, nullptr};
    const sluice_hello old_host{sizeof(sluice_hello), 0, 2, {}, {}};
    EXPECT_EQ(sluice::detail::enter(&old_host, &reply, &fault, 3, nullptr), SLUICE_UNSUPPORTED);
    EXPECT_EQ(std::string_view(room, fault.text_size),
              "the plugin speaks ABI 1.3 to 1.0 and the host 1.0 to 1.2: update the older one");
    const sluice_hello new_host{sizeof(sluice_hello), SLUICE_ABI_MINOR + 1, SLUICE_ABI_MINOR + 4, {}, {}};
    EXPECT_EQ(sluice::detail::enter(&new_host, &reply, &fault, 0, nullptr), SLUICE_UNSUPPORTED);
    EXPECT_EQ(reply.minor, 9) << "a refusal leaves the reply alone";
}

TEST(EntrySdk, WritesNothingBehindTheEndOfASmallerReply) {
    const sluice_hello hello{sizeof(sluice_hello), 0, 0, {}, {}};
    sluice_reply reply{offsetof(sluice_reply, module), 9, 9, nullptr};
    EXPECT_EQ(sluice_plugin_entry_v1(&hello, &reply, nullptr), SLUICE_CONTRACT);
    EXPECT_EQ(reply.module, nullptr);
}

}  // namespace
