// A run of a source that follows a file, and what programs that rotate files do to it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string_view>

#include "file_run.hpp"

namespace sluice::file {

class Following : public FileRun {
public:
    explicit Following(const TemporaryFolder& folder, FileOptions options = {}) : FileRun(folder, following(options)) {}

    // All that is there now.
    Following& read() {
        for (std::size_t before = ~std::size_t{0}; before != received.size();) {
            before = received.size();
            EXPECT_EQ(input().poll(3, std::chrono::milliseconds(0)), SLUICE_OK);
        }
        return *this;
    }
    Following& ack_all() {
        ack_rest();
        return *this;
    }

private:
    static FileOptions following(FileOptions options) {
        options.follow = true;
        return options;
    }
};

inline void rename(const TemporaryFolder& folder, std::string_view from, std::string_view to) {
    std::filesystem::rename(folder.path(from), folder.path(to));
}

// "in" becomes "in.1", and another takes its place.
inline void rotate(const TemporaryFolder& folder, std::string_view next) {
    rename(folder, "in", "in.1");
    folder.write("in", next);
}

inline void at_time(const TemporaryFolder& folder, std::string_view name, timespec modified) {
    const timespec times[]{modified, modified};
    ASSERT_EQ(::utimensat(AT_FDCWD, folder.path(name).c_str(), times, 0), 0);
}

inline void cut(const TemporaryFolder& folder) {
    ASSERT_EQ(::truncate(folder.path("in").c_str(), 0), 0);
}

inline void copy_and_cut(const TemporaryFolder& folder, std::string_view copy) {
    std::filesystem::copy_file(folder.path("in"), folder.path(copy));
    cut(folder);
}

}  // namespace sluice::file
