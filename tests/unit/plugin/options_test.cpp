#include "plugin/options.hpp"

#include <gtest/gtest.h>

#include <string_view>

#include "abi_text.hpp"

namespace sluice {
namespace {

Node scalar(Node::Kind kind, const char* text, std::int64_t integer = 0, double real = 0) {
    Node node;
    node.kind = kind;
    node.text = text;
    node.integer = integer;
    node.real = real;
    node.mark.where = "f:1:2";
    node.set_path("a.b");
    return node;
}

class OptionsOfAPlugin : public testing::Test {
protected:
    OptionsOfAPlugin() {
        options_.kind = Node::Kind::map;
        Node list = scalar(Node::Kind::list, "");
        list.list.push_back(scalar(Node::Kind::text, "x"));
        options_.map = {{"count", {}, scalar(Node::Kind::integer, "7", 7, 7)},
                        {"ratio", {}, scalar(Node::Kind::real, "0.5", 0, 0.5)},
                        {"on", {}, scalar(Node::Kind::boolean, "true", 1)},
                        {"names", {}, std::move(list)}};
    }

    const sluice_node* find(std::string_view name) const { return api_.find(root(), {name.data(), name.size()}); }
    const sluice_node* root() const { return to_abi(options_); }

    const sluice_options_api& api_ = options_api();
    Node options_;
};

TEST_F(OptionsOfAPlugin, AreFoundByNameWithTheirType) {
    EXPECT_EQ(api_.kind(root()), SLUICE_NODE_MAP);
    EXPECT_EQ(api_.kind(find("count")), SLUICE_NODE_INTEGER);
    EXPECT_EQ(api_.integer(find("count")), 7);
    EXPECT_EQ(api_.real(find("count")), 7.0);
    EXPECT_EQ(text(api_.text(find("count"))), "7");
    EXPECT_EQ(api_.real(find("ratio")), 0.5);
    EXPECT_EQ(api_.kind(find("on")), SLUICE_NODE_BOOLEAN);
    EXPECT_EQ(api_.integer(find("on")), 1);
    EXPECT_EQ(text(api_.where(find("on"))), "f:1:2: a.b");
}

TEST_F(OptionsOfAPlugin, AreWalkedInFileOrder) {
    EXPECT_EQ(api_.count(root()), 4u);
    sluice_bytes name{};
    EXPECT_EQ(api_.at(root(), 1, &name), find("ratio"));
    EXPECT_EQ(text(name), "ratio");
    EXPECT_EQ(api_.at(root(), 1, nullptr), find("ratio"));
    const sluice_node* element = api_.at(find("names"), 0, nullptr);
    EXPECT_EQ(text(api_.text(element)), "x");
    EXPECT_EQ(api_.at(root(), 4, nullptr), nullptr);
    EXPECT_EQ(api_.at(find("names"), UINT64_MAX, nullptr), nullptr);
}

TEST_F(OptionsOfAPlugin, ThatAreAbsentAnswerWithNothing) {
    EXPECT_EQ(find("gone"), nullptr);
    EXPECT_EQ(api_.find(root(), {nullptr, 0}), nullptr);
    EXPECT_EQ(api_.kind(nullptr), SLUICE_NODE_ABSENT);
    EXPECT_EQ(api_.text(nullptr).size, 0u);
    EXPECT_EQ(api_.integer(nullptr), 0);
    EXPECT_EQ(api_.real(nullptr), 0.0);
    EXPECT_EQ(api_.count(nullptr), 0u);
    EXPECT_EQ(api_.at(nullptr, 0, nullptr), nullptr);
    EXPECT_EQ(api_.find(nullptr, {"a", 1}), nullptr);
    EXPECT_EQ(api_.where(nullptr).size, 0u);
}

}  // namespace
}  // namespace sluice
