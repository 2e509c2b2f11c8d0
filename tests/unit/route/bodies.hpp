// Bodies as the host holds them: padded with zeros to the byte, so that a sanitizer sees a read past them.
#pragma once

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "sluice/message.h"

namespace sluice {

class Body {
public:
    explicit Body(std::string_view text)
        : size_(text.size()),
          bytes_(std::make_unique<char[]>(text.size() + SLUICE_BODY_PADDING)) {
        if (!text.empty()) std::memcpy(bytes_.get(), text.data(), text.size());
    }
    std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<char[]> bytes_;
};

// Random JSON documents; the same for the same seed. Names and scalars repeat, so that duplicates and hits occur.
class RandomJson {
public:
    explicit RandomJson(std::uint64_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    std::string document() { return space() + value(0) + space(); }

private:
    std::string space() {
        static constexpr const char* spaces[] = {"", "", "", " ", "\n", "\t ", "\r\n"};
        return spaces[below(std::size(spaces))];
    }

    std::string string() {
        static constexpr const char* strings[] = {
            R"("")",     R"("a")",    R"("b")",         R"("ab")",           R"("0")",      R"("1")",    R"("caf\u00e9")",
            R"("café")", R"("a\/b")", R"("a/b")",       R"("\ud83d\ude00")", R"("😀")",      R"("a\"b")", R"("~")",
            R"("\\")",   R"("x y")",  R"("{\"a\":1}")", R"("\u0061")",       R"("\u0000")",
        };
        return strings[below(std::size(strings))];
    }

    std::string value(int depth) {
        static constexpr const char* plain[] = {"0",    "-0",    "1",   "-17", "1.5", "1e5", "12345678901234567890",
                                                "true", "false", "null"};
        const std::uint64_t kind = below(depth > 4 ? 5 : 9);
        if (kind < 2) return string();
        if (kind < 5) return plain[below(std::size(plain))];
        std::string text(1, kind < 7 ? '{' : '[');
        text += space();
        for (std::uint64_t left = below(5); left > 0; --left) {
            if (kind < 7) text += string() + space() + ":" + space();
            text += value(depth + 1) + space();
            if (left > 1) text += "," + space();
        }
        return text + (kind < 7 ? '}' : ']');
    }

    std::mt19937_64 random_;
};

}  // namespace sluice
