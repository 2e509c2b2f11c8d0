// What can go wrong in normal life, and what the caller can do next.
//
// An Error says its kind (what the caller does next) and one sentence for a person: what happened, where, and the remedy.
// Each layer adds what it was doing on the way up with within().
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace sluice {

enum class ErrorKind {
    invalid,      // fix the input
    full,         // wait for room
    unavailable,  // reconnect, retry
    conflict,     // somebody else has it: stop that one
    unsupported,  // the other side has no such function
    stopped,      // shutting down
    contract,     // a plugin or the host broke the rules
    corrupt,      // stored data is damaged
    failed,       // permanently: what is left is to end and say why
};

struct Error {
    ErrorKind kind = ErrorKind::invalid;
    std::string message;

    // "opening the state directory: permission denied"
    Error within(std::string_view doing) && {
        message.insert(0, ": ").insert(0, doing);
        return std::move(*this);
    }
};

// Either a value or an Error. Asking for the one that is not there is a bug and ends the process.
template <typename T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    Error& error() & { return std::get<1>(state_); }
    const Error& error() const& { return std::get<1>(state_); }
    Error&& error() && { return std::get<1>(std::move(state_)); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)), failed_(true) {}

    explicit operator bool() const { return !failed_; }
    Error& error() & { return error_; }
    const Error& error() const& { return error_; }
    Error&& error() && { return std::move(error_); }

private:
    Error error_;
    bool failed_ = false;
};

}  // namespace sluice
