// The log of the host. Lines carry the component's name, pool and worker; the host adds them.
//
// Threads  any. Copies are cheap and work as long as the instance lives.
#pragma once

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

#include "sluice/sdk/status.hpp"

namespace sluice::inline sdk {

enum class Level : std::uint32_t {
    trace = SLUICE_LOG_TRACE,
    debug = SLUICE_LOG_DEBUG,
    info = SLUICE_LOG_INFO,
    warn = SLUICE_LOG_WARN,
    error = SLUICE_LOG_ERROR,
};

namespace detail {

inline void append(std::string& line, std::string_view part) {
    line.append(part);
}
template <std::same_as<bool> Boolean>
void append(std::string& line, Boolean part) {
    line.append(part ? "true" : "false");
}
inline void append(std::string& line, char part) {
    line.push_back(part);
}
template <typename Number>
requires(std::integral<Number> && !std::same_as<Number, bool> && !std::same_as<Number, char>) ||
    std::floating_point<Number> void append(std::string& line, Number part) {
    char digits[32];
    line.append(digits, std::to_chars(digits, digits + sizeof digits, part).ptr);
}

}  // namespace detail

class Log {
public:
    Log() = default;  // goes nowhere
    Log(const sluice_host_api* api, sluice_host* host) : api_(api), host_(host) {}

    bool enabled(Level level) const noexcept {
        return api_ != nullptr && SLUICE_HAS(api_, log_enabled) && api_->log_enabled != nullptr &&
               api_->log_enabled(host_, static_cast<std::uint32_t>(level)) != 0;
    }

    void write(Level level, std::string_view text) const noexcept {
        if (api_ != nullptr && SLUICE_HAS(api_, log) && api_->log != nullptr)
            api_->log(host_, static_cast<std::uint32_t>(level), bytes(text));
    }

    // Texts and numbers, one behind the other: log.info("read ", count, " lines"). Costs nothing when the level is off.
    template <typename... Parts>
    void operator()(Level level, const Parts&... parts) const {
        if (!enabled(level)) return;
        std::string line;
        (detail::append(line, parts), ...);
        write(level, line);
    }

    template <typename... Parts>
    void trace(const Parts&... parts) const {
        (*this)(Level::trace, parts...);
    }
    template <typename... Parts>
    void debug(const Parts&... parts) const {
        (*this)(Level::debug, parts...);
    }
    template <typename... Parts>
    void info(const Parts&... parts) const {
        (*this)(Level::info, parts...);
    }
    template <typename... Parts>
    void warn(const Parts&... parts) const {
        (*this)(Level::warn, parts...);
    }
    template <typename... Parts>
    void error(const Parts&... parts) const {
        (*this)(Level::error, parts...);
    }

private:
    const sluice_host_api* api_ = nullptr;
    sluice_host* host_ = nullptr;
};

}  // namespace sluice::inline sdk
