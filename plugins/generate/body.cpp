#include "body.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "sluice/sdk/status.hpp"

namespace sluice::generate {
namespace {

constexpr std::size_t due_digits = 19;

}  // namespace

Body::Body(std::size_t size, bool stamped) : text_(size, ' '), stamped_(stamped) {
    const std::size_t least = stamped ? smallest_stamped : smallest;
    if (size < least) {
        throw Failure(SLUICE_INVALID, "size is " + std::to_string(size) + ": a message " + (stamped ? "with a stamp " : "") +
                                          "needs at least " + std::to_string(least) + " bytes");
    }
    lay_out(0);
}

void Body::lay_out(std::uint64_t sequence) {
    std::string front = R"({"key":"k0000000")";
    if (stamped_) {
        front += R"(,"due_ns":)";
        due_at_ = front.size();
        front.append(due_digits, '0');
    }
    front += R"(,"seq":)";
    const std::string digits = std::to_string(sequence);
    sequence_ = Decimal(text_.data() + front.size(), digits.size(), sequence);
    front.append(digits).append(R"(,"pad":")");
    std::fill(std::copy(front.begin(), front.end(), text_.begin()), text_.end(), 'x');
    text_.replace(text_.size() - 2, 2, "\"}");
}

void Body::set(std::uint32_t key, std::uint64_t sequence, std::int64_t due_ns) {
    if (!sequence_.set(sequence)) lay_out(sequence);
    char* digits = text_.data() + key_at + 1;  // k0123456
    static_assert(key_size == 8);
    *digits = static_cast<char>('0' + key / 1'000'000);
    write_three_digits(digits + 1, key / 1000 % 1000);
    write_three_digits(digits + 4, key % 1000);
    if (!stamped_) return;
    char* end = std::to_chars(text_.data() + due_at_, text_.data() + due_at_ + due_digits, due_ns).ptr;
    std::fill(end, text_.data() + due_at_ + due_digits, ' ');
}

}  // namespace sluice::generate
