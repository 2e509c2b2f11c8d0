// The bodies of the messages under way as JSON, for the handler's service json(): one parser per worker, for one of them at a
// time.
//
// Threads      whoever runs the worker.
// Ownership    what find() answers lies in the body, or in memory of its own that is good until close().
// Errors       INVALID: that is no JSON pointer; FULL: the limit of unescaped strings. A body that is no JSON has no values.
// Limits       limits::json_pointers_kept pointers are kept parsed; strings with escapes take limits::message_bytes_max
//              together; JsonBody's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "route/json_body.hpp"
#include "route/json_pointer.hpp"
#include "sluice/host.h"

namespace sluice {

class MessageJson {
public:
    // `body`: with its padding, and the same until close(). In a batch each change from one body to another begins anew with
    // that; what was found before stays. Writes no more than `value.struct_size` says.
    sluice_status find(sluice_bytes body, sluice_bytes pointer, sluice_json& value, sluice_fault* fault);
    void close() {
        if (is_open_) forget();
    }

private:
    struct Known {
        std::string text;
        JsonPointer pointer;
    };
    // Those of a handler come again with each message. What is beyond the limit is parsed each time.
    const JsonPointer* parsed(std::string_view text, Known& beyond, std::string& why);
    bool keep(std::string_view& text);
    void forget();

    JsonBody body_;
    bool is_open_ = false;
    const char* open_at_ = nullptr;  // the body that is open
    std::vector<Known> known_;
    std::string scratch_;
    std::array<std::byte, 1024> first_texts_;
    std::pmr::monotonic_buffer_resource texts_{first_texts_.data(), first_texts_.size()};
    std::uint64_t text_bytes_ = 0;
};

}  // namespace sluice
