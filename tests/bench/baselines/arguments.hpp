// The options of a baseline: --name VALUE pairs, all of them numbers or texts with a default.
//
// Errors  an option that the program never asked for ends it with status 2: a benchmark must not measure something else.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace bench {

class Arguments {
public:
    Arguments(int count, char** words) {
        for (int i = 1; i + 1 < count; i += 2) given_[words[i]] = words[i + 1];
        if (count % 2 == 0) fail(words[count - 1]);
    }

    std::string text(const std::string& name, std::string otherwise) {
        const auto found = given_.find("--" + name);
        if (found == given_.end()) return otherwise;
        std::string value = std::move(found->second);
        given_.erase(found);
        return value;
    }
    std::uint64_t number(const std::string& name, std::uint64_t otherwise) {
        return std::stoull(text(name, std::to_string(otherwise)));
    }
    // After the last question.
    void check() const {
        if (!given_.empty()) fail(given_.begin()->first);
    }

private:
    [[noreturn]] static void fail(std::string_view word) {
        std::fprintf(stderr, "unknown or incomplete option %.*s\n", static_cast<int>(word.size()), word.data());
        std::exit(2);
    }
    std::map<std::string, std::string> given_;
};

}  // namespace bench
