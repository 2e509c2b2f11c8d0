// One run of a source that reads a file, by default "in" of a folder, from its opening until it is lost, and what it logs.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "collector.hpp"
#include "file_input.hpp"
#include "temporary_folder.hpp"

namespace sluice::file {

class FileRun : public Collector {
public:
    FileRun(const TemporaryFolder& folder, FileOptions options) {
        if (options.path.empty()) options.path = folder.path("in");
        options.state_dir = folder.state();
        api_.struct_size = sizeof api_;
        api_.log = [](sluice_host* host, std::uint32_t, sluice_bytes text) {
            reinterpret_cast<FileRun*>(host)->log.emplace_back(view(text));
        };
        input_.emplace(options, sink(), Log(&api_, reinterpret_cast<sluice_host*>(this)));
    }
    FileInput& input() { return *input_; }

    void settle(const sluice_settlement& item) { EXPECT_EQ(input_->settle({&item, 1}), SLUICE_QUEUED); }
    // All that is not settled yet.
    void ack_rest() {
        for (std::size_t i = 0; i < received.size(); ++i)
            if (!settled.contains(received[i].tag)) settle(ack(i));
        input_->flush();
    }

    std::vector<std::string> log;

private:
    sluice_host_api api_{};
    std::optional<FileInput> input_;
};

}  // namespace sluice::file
