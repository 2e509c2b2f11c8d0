// Bytes, statuses and failures: what every part of the SDK speaks, and how an exception becomes a status with a text.
//
// Errors  inside a plugin, exceptions may fly; none leaves it.
//         Every function that the host calls is a noexcept thunk which turns what was thrown into a status and one sentence in
//         the host's sluice_fault.
//
// All names live in the inline namespace sluice::sdk, so that a plugin and a host that are linked into one test never mix.
#pragma once

#if __cplusplus < 202002L
#error "The C++ SDK of Sluice needs C++20: compile with -std=c++20. Older C++ can use the C headers."
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/sluice.h"

namespace sluice::inline sdk {

constexpr sluice_bytes bytes(std::string_view text) {
    return {text.data(), text.size()};
}

constexpr std::string_view view(sluice_bytes bytes) {
    return bytes.size == 0 ? std::string_view() : std::string_view(bytes.data, bytes.size);
}

// How a call ended: a SLUICE_ number, and one clear sentence if it is not good news.
//
//   return SLUICE_OK;
//   return {SLUICE_UNAVAILABLE, "the broker at 10.0.0.7:5672 refused the connection"};
class [[nodiscard]] Status {
public:
    Status(sluice_status code = SLUICE_OK) noexcept : code_(code) {}  // implicit, so that `return SLUICE_OK;` works
    Status(sluice_status code, std::string text) noexcept : code_(code), text_(std::move(text)) {}

    bool ok() const noexcept { return code_ == SLUICE_OK; }
    sluice_status code() const noexcept { return code_; }
    const std::string& text() const noexcept { return text_; }

private:
    sluice_status code_;
    std::string text_;
};

// An exception that knows its status. Thrown by the SDK when a service of the host says no, and by plugins where a status says
// more than a plain std::runtime_error: thrown by a handler, SLUICE_UNAVAILABLE and SLUICE_CONFLICT do not count as an attempt
// of the message.
class Failure : public std::runtime_error {
public:
    Failure(sluice_status code, const std::string& text) : std::runtime_error(text), code_(code) {}
    sluice_status code() const noexcept { return code_; }

private:
    sluice_status code_;
};

namespace detail {

// A struct of the host's in the size that this header knows: what a shorter one lacks is zero.
template <typename Struct>
Struct whole(const Struct& given) noexcept {
    Struct copy{};
    std::memcpy(&copy, &given, std::min<std::size_t>(given.struct_size, sizeof copy));
    return copy;
}
// Of none as well: all of it is zero.
template <typename Struct>
Struct whole_or_none(const Struct* given) noexcept {
    return given != nullptr ? whole(*given) : Struct{};
}
// A count without the array that it counts is none.
inline sluice_outgoing whole(const sluice_outgoing& given) noexcept {
    sluice_outgoing copy = whole<sluice_outgoing>(given);
    if (copy.headers == nullptr) copy.header_count = 0;
    return copy;
}

// An array of pointers to such structs: the host's own, unless one of them is shorter.
template <typename Struct>
class WholeArray {
public:
    WholeArray(const Struct* const* given, std::uint64_t count) : all_(given, count) {
        if (std::none_of(all_.begin(), all_.end(), [](const Struct* one) { return one->struct_size < sizeof *one; })) return;
        copies_.reserve(count);
        pointers_.reserve(count);
        for (const Struct* one : all_) pointers_.push_back(&copies_.emplace_back(whole(*one)));
        all_ = pointers_;
    }
    WholeArray(const WholeArray&) = delete;
    WholeArray& operator=(const WholeArray&) = delete;

    std::span<const Struct* const> all() const noexcept { return all_; }

private:
    std::span<const Struct* const> all_;
    std::vector<Struct> copies_;
    std::vector<const Struct*> pointers_;
};

inline sluice_status say(sluice_fault* fault, sluice_status code, std::string_view text) noexcept {
    return sluice_fault_set(fault, code, text.data(), text.size());
}

inline sluice_status say(sluice_fault* fault, const Status& status) noexcept {
    return status.text().empty() ? status.code() : say(fault, status.code(), status.text());
}

// To be called inside a catch block only: writes what was thrown into the fault and says which status it is.
inline sluice_status say_caught(sluice_fault* fault, sluice_status unless_known = SLUICE_FAILED,
                                sluice_status out_of_memory = SLUICE_UNAVAILABLE) noexcept {
    try {
        throw;
    } catch (const Failure& failure) {
        return say(fault, failure.code(), failure.what());
    } catch (const std::bad_alloc&) {
        return say(fault, out_of_memory, "out of memory");
    } catch (const std::exception& thrown) {
        return say(fault, unless_known, thrown.what());
    } catch (...) {
        return say(fault, unless_known, "something was thrown that is not a std::exception");
    }
}

// Runs what may throw on behalf of a thunk. `call` answers a Status or nothing.
template <typename Call>
sluice_status guarded(sluice_fault* fault, Call&& call, sluice_status unless_known = SLUICE_FAILED) noexcept {
    try {
        if constexpr (std::is_void_v<decltype(call())>) {
            call();
            return SLUICE_OK;
        } else {
            return say(fault, call());
        }
    } catch (...) {
        return say_caught(fault, unless_known);
    }
}

// Runs what may throw where the ABI has no place for an error, such as closing.
template <typename Call>
void guarded_quietly(Call&& call) noexcept {
    try {
        call();
    } catch (...) {  // nobody is left to tell
    }
}

// A fault with room of its own, to call a service of the host and to throw what it said.
struct FaultBuffer {
    static constexpr std::size_t capacity = 1024;

    sluice_fault fault{sizeof(sluice_fault), SLUICE_OK, room, capacity, 0, -1};
    char room[capacity];

    std::string_view text() const { return {room, fault.text_size}; }

    [[noreturn]] void raise(sluice_status code, std::string_view doing) const {
        std::string message(doing);
        if (fault.text_size != 0) message.append(": ").append(text());
        throw Failure(code, message);
    }
};

}  // namespace detail
}  // namespace sluice::inline sdk
