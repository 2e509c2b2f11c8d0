// JSON lines from a file to a file on one thread: read a block, find each line's key, count it for its worker, write the line.
//
//   --in PATH  --out PATH (empty: nothing is written)  --key json
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "work.hpp"

namespace {

void write_all(int file, const char* bytes, std::size_t size) {
    while (size != 0) {
        const ssize_t written = ::write(file, bytes, size);
        if (written < 0) throw std::runtime_error("cannot write");
        bytes += written;
        size -= static_cast<std::size_t>(written);
    }
}

}  // namespace

int main(int count, char** words) {
    bench::Arguments arguments(count, words);
    const int in = ::open(arguments.text("in", "").c_str(), O_RDONLY | O_CLOEXEC);
    const std::string path = arguments.text("out", "");
    const int out = path.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    arguments.check();
    if (in < 0 || (out < 0 && !path.empty())) return 1;

    constexpr std::size_t block = 256 << 10;
    constexpr std::size_t most = 1 << 20;  // a line
    std::vector<char> bytes(most + block + 64);
    std::array<std::uint64_t, 10> counts{};
    simdjson::ondemand::parser parser;
    std::size_t held = 0;
    std::uint64_t messages = 0;
    const std::int64_t start = bench::now_ns();
    for (;;) {
        const ssize_t got = ::read(in, bytes.data() + held, block);
        if (got <= 0) break;
        held += static_cast<std::size_t>(got);
        std::size_t at = 0;
        while (const void* newline = std::memchr(bytes.data() + at, '\n', held - at)) {
            const auto end = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
            simdjson::ondemand::document document;
            std::string_view key;
            if (parser.iterate(bytes.data() + at, end - at, bytes.size() - at).get(document) == simdjson::SUCCESS &&
                document["key"].get(key) == simdjson::SUCCESS)
                ++counts[XXH3_64bits(key.data(), key.size()) % 1024 % counts.size()];
            ++messages;
            at = end + 1;
        }
        if (out >= 0) write_all(out, bytes.data(), at);
        std::memmove(bytes.data(), bytes.data() + at, held - at);
        held -= at;
        if (held > most) return 1;
    }
    if (out >= 0 && ::fsync(out) != 0) return 1;
    std::printf("{\"messages\":%llu,\"seconds\":%.9f}\n", static_cast<unsigned long long>(messages),
                static_cast<double>(bench::now_ns() - start) / 1e9);
}
