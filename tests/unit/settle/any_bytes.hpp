// Messages of any bytes, for tests of what is written about them: plain text, text that JSON must escape, and what is no UTF-8.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace sluice {

inline std::string any_bytes(std::mt19937_64& random, std::size_t longest) {
    std::string text(random() % longest, '\0');
    const std::uint64_t mood = random() % 3;
    for (char& c : text)
        c = mood == 0 ? static_cast<char>(random()) : mood == 1 ? static_cast<char>(random() % 128) : "aé\xff\""[random() % 5];
    return text;
}

void fill_with_any_bytes(auto& letter, std::mt19937_64& random) {
    letter.id = any_bytes(random, 40);
    letter.key = any_bytes(random, 40);
    letter.message_key = any_bytes(random, 40);
    letter.subject = any_bytes(random, 40);
    letter.body = any_bytes(random, 400);
    for (std::uint64_t left = random() % 4; left > 0; --left) {
        std::string name = any_bytes(random, 4);
        letter.headers.emplace_back(std::move(name), any_bytes(random, 20));
    }
}

}  // namespace sluice
