// A run of a source that reads a file to its end.
#pragma once

#include "file_run.hpp"

namespace sluice::file {

class Session : public FileRun {
public:
    explicit Session(const TemporaryFolder& folder, FileOptions options = {}) : FileRun(folder, options) {}

    Session& read_all() {
        while (input().poll(3, std::chrono::milliseconds(0)) != SLUICE_END) {
        }
        return *this;
    }
    Session& ack_all() {
        ack_rest();
        return *this;
    }
};

}  // namespace sluice::file
