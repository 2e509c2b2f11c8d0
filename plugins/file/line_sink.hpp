// Hands lines to the host as messages.
//
// Threads  one at a time.
// Errors   push() throws Failure if the host breaks off. A line that is too long goes over as refused, with a text that names
//          it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "line_reader.hpp"
#include "sluice/sdk/queue.hpp"

namespace sluice::file {

class LineSink {
public:
    // `name` = of the file, for people. Ids are "STREAM:OFFSET". With positions, STREAM names the stream they belong to.
    LineSink(SourceSink sink, std::string name, std::size_t max_line, std::string_view stream, bool positions);

    // False: the host has no room now; the line is to be offered again.
    bool push(const Line& line, std::uint64_t tag);
    void settled(std::span<const std::uint64_t> tags, sluice_status status) const { sink_.settled(tags, status); }
    void confirmed_below(std::uint64_t position) const { sink_.confirmed_below({id_.data(), stream_size_}, position); }

private:
    bool refuse(sluice_incoming& message, const Line& line, const std::string& why) const;

    const SourceSink sink_;
    const std::string name_;
    const std::size_t max_line_;
    std::string id_;
    const std::size_t stream_size_;
    const bool positions_;
};

}  // namespace sluice::file
