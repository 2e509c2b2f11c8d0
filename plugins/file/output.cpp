#include "output.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "file_output.hpp"
#include "stream_output.hpp"

namespace sluice::file {

void refuse_output(const std::string& path, mode_t mode) {
    throw Failure(SLUICE_INVALID, path + " is " +
                                      (S_ISDIR(mode)    ? "a folder: name a file in it"
                                       : S_ISSOCK(mode) ? "a socket: name a file or a FIFO"
                                                        : "a disk: name a file or a FIFO"));
}

std::unique_ptr<Output> open_output(const OutputOptions& options, const Log& log) {
    struct stat output {};
    const bool has_output = ::fstat(STDOUT_FILENO, &output) == 0;
    if (options.path == "-") {
        if (has_output && S_ISREG(output.st_mode)) return std::make_unique<FileOutput>(STDOUT_FILENO, options.sync, log);
        return std::make_unique<StreamOutput>(STDOUT_FILENO, "standard output");
    }
    struct stat status {};
    if (::stat(options.path.c_str(), &status) != 0 || S_ISREG(status.st_mode))
        return std::make_unique<FileOutput>(options, log);
    if (S_ISFIFO(status.st_mode)) {
        // As /dev/stdout, and whoever has read that does not come back.
        if (has_output && output.st_dev == status.st_dev && output.st_ino == status.st_ino)
            return std::make_unique<StreamOutput>(STDOUT_FILENO, options.path);
        return std::make_unique<StreamOutput>(options.path, log);
    }
    if (S_ISCHR(status.st_mode)) return std::make_unique<StreamOutput>(options.path, log);
    refuse_output(options.path, status.st_mode);
}

}  // namespace sluice::file
