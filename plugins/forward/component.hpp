// The handler `forward` with its options, as its plugin offers it and its tests create it.
//
// Threads  one at a time.
// Cost     a message copies nothing here but, if `headers` is set, the views of its headers.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/sdk/handler.hpp"

namespace sluice::forward {

class Forward final : public Handler {
public:
    static constexpr bool no_outside_effects = true;

    explicit Forward(const Setup& setup)
        : target_(setup.target(setup.text("target"))),
          keep_(setup.boolean("keep_headers", true)) {
        for (const auto& [name, value] : setup.option("headers")) set_.emplace_back(name, value.text());
    }

    Verdict handle(const Message& message, Context& context) override {
        context.publish(target_,
                        {.body = message.body(), .key = message.key(), .id = message.id(), .headers = headers_of(message)});
        return done();
    }

private:
    std::span<const sluice_header> headers_of(const Message& message) {
        if (set_.empty()) return keep_ ? message.headers() : std::span<const sluice_header>();
        headers_.clear();
        if (keep_)
            std::ranges::copy_if(message.headers(), std::back_inserter(headers_), [this](const sluice_header& header) {
                return std::ranges::find(set_, view(header.name), &Named::first) == set_.end();
            });
        for (const auto& [name, value] : set_) headers_.push_back({bytes(name), bytes(value)});
        return headers_;
    }

    using Named = std::pair<std::string, std::string>;

    const TargetRef target_;
    const bool keep_;
    std::vector<Named> set_;
    std::vector<sluice_header> headers_;  // of the current message
};

inline constexpr auto component =
    sluice::handler<Forward>("forward", "Publishes each message as it is, with body, key, id and headers, to a target.",
                             text("target", "The name of the target, as under `targets`.").required(),
                             boolean("keep_headers", "Whether the headers of the message go along.").otherwise(true),
                             map("headers", "Headers to set, in place of any of the same name: { region: EU }."));

}  // namespace sluice::forward
