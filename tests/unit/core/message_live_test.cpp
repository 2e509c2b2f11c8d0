#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/message.hpp"

namespace sluice {
namespace {

Message* made_in(MessageStore& store, std::size_t body_size) {
    const std::string body(body_size, 'b');
    sluice_incoming incoming{};
    incoming.struct_size = sizeof incoming;
    incoming.body = {body.data(), body.size()};
    return store.create(incoming);
}

TEST(MessageStore, FindsWhatIsAlive) {
    MessageStore store("flights");
    std::vector<Message*> made;
    for (const std::size_t size : {10u, 10u, 500u, 500u, 3'000u, 100'000u, 200'000u, 300'000u})
        for (int i = 0; i < 300; ++i) made.push_back(made_in(store, size));
    std::set<const Message*> alive(made.begin(), made.end()), found;
    const auto look = [&](const Message& message) { EXPECT_TRUE(found.insert(&message).second) << "twice"; };
    store.each_live(look);
    EXPECT_EQ(found, alive);
    for (std::size_t i = 0; i < made.size(); ++i) {
        if (i % 3 == 1) continue;
        alive.erase(made[i]);
        store.destroy(made[i]);
    }
    found.clear();
    store.each_live(look);
    EXPECT_EQ(found, alive);
    for (const Message* message : alive) store.destroy(const_cast<Message*>(message));
    found.clear();
    store.each_live(look);
    EXPECT_TRUE(found.empty());
}

}  // namespace
}  // namespace sluice
