#include "plugin/file_check.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "plugin/refusal.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

// For the commands that errors propose: 'it'\''s.so'
std::string quoted(const fs::path& path) {
    std::string text = "'";
    for (const char c : path.native()) c == '\'' ? text += "'\\''" : text += c;
    return text += '\'';
}

// Why something must not be trusted, and what to do about it; empty if it may be.
struct Distrust {
    std::string why;      // "it may be written by its group"
    std::string command;  // "chmod g-w 'x.so'"; empty:
    std::string advice;   // what no command does
};

Distrust judge(const fs::path& path, const std::string& what, const struct stat& status) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
        return {fmt::format("{} belongs to the user with the number {}, who is neither root nor the one running this", what,
                            status.st_uid),
                fmt::format("chown {} {}", ::geteuid(), quoted(path)), ""};
    const bool group = (status.st_mode & S_IWGRP) != 0;
    const bool others = (status.st_mode & S_IWOTH) != 0;
    if (!group && !others) return {};
    const char* who = !group ? "everyone" : !others ? "its group" : "its group and everyone else";
    if (S_ISDIR(status.st_mode) &&
        (status.st_mode & S_ISVTX) != 0)  // like /tmp: meant to be shared, so the plugin has to leave
        return {fmt::format("{} may be written by {}", what, who), "", "move the plugin into a directory of its own"};
    const char* letters = !group ? "o" : !others ? "g" : "go";
    return {fmt::format("{} may be written by {}", what, who), fmt::format("chmod {}-w {}", letters, quoted(path)), ""};
}

// One sentence of both, so that who mends the file is not sent away a second time for its folder.
std::string sentence(const Distrust& file, const Distrust& directory) {
    const auto joined = [](const std::string& one, const char* between, const std::string& other) {
        return one + (one.empty() || other.empty() ? "" : between) + other;
    };
    const std::string commands = joined(file.command, " && ", directory.command);
    const std::string run = commands.empty() ? "" : "run: " + commands;
    return joined(joined(file.why, ", and ", directory.why), "; ", joined(run, ", and ", directory.advice));
}

}  // namespace

Result<fs::path> check_plugin_file(const fs::path& file) {
    std::error_code failed;
    const fs::path resolved = fs::canonical(file, failed);
    if (failed) {
        std::error_code ignored;
        if (fs::is_symlink(fs::symlink_status(file, ignored)))
            return refused(file,
                           fmt::format("it is a symbolic link to {}, which cannot be reached ({}); correct or remove the link",
                                       fs::read_symlink(file, ignored).native(), failed.message()));
        return refused(file, fmt::format("it cannot be reached ({}); check the path", failed.message()));
    }
    struct stat status {};
    if (::stat(resolved.c_str(), &status) != 0)
        return refused(file, fmt::format("it cannot be reached ({}); check the path", std::strerror(errno)));
    if (S_ISDIR(status.st_mode)) return refused(file, "it is a directory; give the path of a shared library");
    if (!S_ISREG(status.st_mode)) return refused(file, "it is not a regular file; give the path of a shared library");
    const Distrust of_file = judge(resolved, "it", status);

    const fs::path directory = resolved.parent_path();
    if (::stat(directory.c_str(), &status) != 0)
        return refused(file, fmt::format("its directory cannot be reached ({}); check its permissions", std::strerror(errno)));
    const std::string why = sentence(of_file, judge(directory, "its directory " + directory.native(), status));
    if (!why.empty()) return refused(file, why);
    return resolved;
}

}  // namespace sluice
