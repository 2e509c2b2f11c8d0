#include "print.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>

#include "file_descriptor.hpp"

namespace sluice::file {
namespace {

constexpr std::uint32_t beginning_bytes = 1024;
constexpr std::uint32_t before_bytes = 64;

Print print_of(std::string_view bytes) {
    return {hash_of(bytes), static_cast<std::uint32_t>(bytes.size())};
}

std::string_view read_view(int descriptor, std::array<char, beginning_bytes>& buffer, std::size_t size, std::uint64_t offset) {
    return {buffer.data(), read_at(descriptor, buffer.data(), std::min(size, buffer.size()), offset)};
}

std::size_t end_of_first_line(std::string_view bytes) {
    const auto text = bytes.find_first_not_of("\r\n");
    return text == bytes.npos ? text : bytes.find('\n', text);
}

}  // namespace

std::uint64_t hash_of(std::string_view bytes) {
    return XXH3_64bits(bytes.data(), bytes.size());
}

Print print_of_beginning(int descriptor) {
    std::array<char, beginning_bytes> buffer;
    const std::string_view bytes = read_view(descriptor, buffer, beginning_bytes, 0);
    return print_of(bytes.substr(0, end_of_first_line(bytes)));
}

bool beginning_is_complete(int descriptor) {
    std::array<char, beginning_bytes> buffer;
    const std::string_view bytes = read_view(descriptor, buffer, beginning_bytes, 0);
    return bytes.size() == beginning_bytes || end_of_first_line(bytes) != bytes.npos;
}

Print print_of_first(int descriptor, std::uint32_t size) {
    std::array<char, beginning_bytes> buffer;
    return print_of(read_view(descriptor, buffer, size, 0));
}

Print print_before(int descriptor, std::uint64_t offset) {
    std::array<char, beginning_bytes> buffer;
    const std::uint64_t size = std::min<std::uint64_t>(offset, before_bytes);
    return print_of(read_view(descriptor, buffer, size, offset - size));
}

}  // namespace sluice::file
