// Messages as a source delivers them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "route/bodies.hpp"

namespace sluice {

class TestMessage {
public:
    explicit TestMessage(std::string_view body, std::string id = "",
                         std::vector<std::pair<std::string, std::string>> headers = {}, std::string message_key = "")
        : body_(body),
          id_(std::move(id)),
          headers_(std::move(headers)),
          message_key_(std::move(message_key)) {
        for (const auto& [name, value] : headers_) views_.push_back({bytes(name), bytes(value)});
        message_.struct_size = sizeof message_;
        message_.body = bytes(body_.view());
        message_.id = bytes(id_);
        message_.message_key = bytes(message_key_);
        message_.headers = views_.data();
        message_.header_count = static_cast<std::uint32_t>(views_.size());
    }
    TestMessage(const TestMessage&) = delete;
    TestMessage& operator=(const TestMessage&) = delete;

    operator const sluice_message&() const { return message_; }

private:
    static sluice_bytes bytes(std::string_view view) { return {view.data(), view.size()}; }

    const Body body_;
    const std::string id_;
    const std::vector<std::pair<std::string, std::string>> headers_;
    const std::string message_key_;
    std::vector<sluice_header> views_;
    sluice_message message_{};
};

}  // namespace sluice
