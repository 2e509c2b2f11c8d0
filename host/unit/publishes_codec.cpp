#include "unit/publishes_codec.hpp"

#include <array>

#include "core/bytes.hpp"
#include "core/limits.hpp"

namespace sluice {
namespace {

constexpr char layout = 1;

void put(std::string& out, std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
    out += static_cast<char>(number);
}

void put(std::string& out, std::string_view text) {
    put(out, std::uint64_t{text.size()});
    out += text;
}

class Reader {
public:
    explicit Reader(std::string_view from) : from_(from) {}

    bool number(std::uint64_t& out) {
        out = 0;
        for (unsigned shift = 0; shift < 64 && !from_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(from_.front());
            from_.remove_prefix(1);
            out |= std::uint64_t{byte & 0x7fu} << shift;
            if (byte < 0x80) return true;
        }
        return false;
    }
    bool number(std::uint64_t& out, std::uint64_t most) { return number(out) && out <= most; }
    bool text(sluice_bytes& out) {
        std::uint64_t size = 0;
        if (!number(size) || size > from_.size()) return false;
        out = {from_.data(), size};
        from_.remove_prefix(size);
        return true;
    }
    bool at_end() const { return from_.empty(); }

private:
    std::string_view from_;
};

}  // namespace

bool encode_publishes(std::span<const Publishes::Item> items, const std::function<std::string_view(std::uint32_t)>& name_of,
                      std::string& out) {
    out.assign(1, layout);
    put(out, std::uint64_t{items.size()});
    for (const Publishes::Item& item : items) {
        const sluice_outgoing& outgoing = item.outgoing;
        if (outgoing.body.size > limits::kept_publishes_bytes) return false;
        put(out, name_of(item.target));
        for (const sluice_bytes& part : {outgoing.body, outgoing.key, outgoing.id}) put(out, view_of(part));
        put(out, static_cast<std::uint64_t>(outgoing.delay_ms));
        put(out, std::uint64_t{outgoing.header_count});
        for (std::uint32_t i = 0; i < outgoing.header_count; ++i) {
            put(out, view_of(outgoing.headers[i].name));
            put(out, view_of(outgoing.headers[i].value));
        }
        if (out.size() > limits::kept_publishes_bytes) return false;
    }
    return true;
}

bool decode_publishes(std::string_view kept, const std::function<bool(std::string_view, const sluice_outgoing&)>& take) {
    if (kept.empty() || kept.front() != layout) return false;
    Reader reader(kept.substr(1));
    std::uint64_t count = 0;
    if (!reader.number(count, limits::publishes_max)) return false;
    std::array<sluice_header, limits::headers_max> headers;
    for (; count != 0; --count) {
        sluice_outgoing outgoing{};
        outgoing.struct_size = sizeof outgoing;
        sluice_bytes target{};
        std::uint64_t delay_ms = 0, header_count = 0;
        if (!reader.text(target) || !reader.text(outgoing.body) || !reader.text(outgoing.key) || !reader.text(outgoing.id) ||
            !reader.number(delay_ms) || !reader.number(header_count, headers.size()))
            return false;
        for (std::uint64_t i = 0; i < header_count; ++i)
            if (!reader.text(headers[i].name) || !reader.text(headers[i].value)) return false;
        outgoing.delay_ms = static_cast<std::int64_t>(delay_ms);
        outgoing.headers = headers.data();
        outgoing.header_count = static_cast<std::uint32_t>(header_count);
        if (!take(view_of(target), outgoing)) return false;
    }
    return reader.at_end();
}

}  // namespace sluice
