// An example: orders into a table, large ones also to a queue.
//
// A message is one line, `ID,ITEM,QUANTITY,CENTS`: "o-17,teapot,2,4990". What is no order is a dead letter with the reason; an
// order of nothing is skipped.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/sdk/handler.hpp"

namespace acme {

struct Order {
    std::string_view id;
    std::string_view item;
    std::int64_t quantity = 0;
    std::int64_t cents = 0;
};

inline std::optional<Order> parse(std::string_view line) {
    std::string_view fields[4];
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t comma = line.find(',');
        if ((comma == std::string_view::npos) != (i == 3)) return std::nullopt;
        fields[i] = line.substr(0, comma);
        line.remove_prefix(i == 3 ? line.size() : comma + 1);
    }
    const auto number = [](std::string_view text, std::int64_t& value) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size() && value >= 0;
    };
    Order order{fields[0], fields[1]};
    if (order.id.empty() || !number(fields[2], order.quantity) || !number(fields[3], order.cents)) return std::nullopt;
    return order;
}

class Orders : public sluice::Handler {
public:
    // What is wrong here, `sluice check` says before anything runs.
    explicit Orders(const sluice::Setup& setup)
        : shop_(setup.database(setup.text("database"))),
          insert_("INSERT INTO " + checked(setup, "table") + " VALUES(?, ?, ?, ?)"),
          alerts_(setup.text("alerts")),
          large_(setup.integer("large")),
          booked_(setup.counter("booked", "Orders written.")),
          value_(setup.histogram("value", "What an order is worth.", "cents")) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        const std::optional<Order> order = parse(message.body());
        if (!order) return sluice::reject("the body is not ID,ITEM,QUANTITY,CENTS");
        if (order->quantity == 0) return sluice::skip();
        shop_.execute(insert_, order->id, order->item, order->quantity, order->cents);
        booked_.add();
        value_.record(order->cents);
        if (!alerts_.empty() && order->cents >= large_) context.publish(alerts_, message.body(), order->id);
        return sluice::done();
    }

private:
    // A table's name cannot be bound as a value, so it must not be able to do harm.
    static std::string checked(const sluice::Setup& setup, std::string_view option) {
        std::string name = setup.text(option);
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != std::string::npos)
            throw setup.option(option).error("a table's name has letters, digits and _ only");
        return name;
    }

    sluice::DatabaseRef& shop_;
    const std::string insert_;
    const std::string alerts_;
    const std::int64_t large_;
    const sluice::metric::Counter booked_;
    const sluice::metric::Histogram value_;
};

inline constexpr auto orders = sluice::handler<Orders>(
    "orders", "Writes orders to a table and publishes large ones.",
    sluice::text("database", "Database of the table.").otherwise("shop"),
    sluice::text("table", "Table that receives the orders: id, item, quantity, cents.").otherwise("orders"),
    sluice::text("alerts", "Target that large orders are published to. Without it, none are."),
    sluice::integer("large", "An order of so many cents is large.").otherwise(100'000).at_least(0));

}  // namespace acme
