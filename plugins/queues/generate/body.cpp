#include "body.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sluice/sdk/status.hpp"

namespace sluice::generate {
namespace {
constexpr std::size_t due_digits = 19;
}

Body::Body(std::size_t size, bool stamped) : text_(size, ' '), stamped_(stamped) {
    const std::size_t least = stamped ? smallest_stamped : smallest;
    if (size < least) {
        throw Failure(SLUICE_INVALID, "size is " + std::to_string(size) + ": a message " + (stamped ? "with a stamp " : "") +
                                          "needs at least " + std::to_string(least) + " bytes");
    }
    lay_out(1);
}

void Body::lay_out(std::size_t digits) {
    std::string front = R"({"key":"k0000000")";
    if (stamped_) {
        front += R"(,"due_ns":)";
        due_at_ = front.size();
        front.append(due_digits, '0');
    }
    front += R"(,"seq":)";
    sequence_at_ = front.size();
    front.append(digits, '0').append(R"(,"pad":")");
    std::fill(std::copy(front.begin(), front.end(), text_.begin()), text_.end(), 'x');
    text_.replace(text_.size() - 2, 2, "\"}");
    digits_ = digits;
}

void Body::set(std::uint32_t key, std::string_view digits, std::int64_t due_ns) {
    if (digits.size() != digits_) lay_out(digits.size());
    char* text = text_.data();
    for (std::size_t i = key_size - 1; i != 0; --i, key /= 10) text[key_at + i] = static_cast<char>('0' + key % 10);
    std::memcpy(text + sequence_at_, digits.data(), digits.size());
    if (!stamped_) return;
    char* end = std::to_chars(text + due_at_, text + due_at_ + due_digits, due_ns).ptr;
    std::fill(end, text + due_at_ + due_digits, ' ');
}

}  // namespace sluice::generate
