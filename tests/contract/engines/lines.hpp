// Files of lines, for the engines that read and write them.
#pragma once

#include <fstream>

#include "engine.hpp"

namespace sluice::contract {

inline void append_lines(const std::filesystem::path& path, const Bodies& bodies) {
    std::ofstream file(path, std::ios::app);
    for (const std::string& body : bodies) file << body << '\n';
}

inline Bodies read_lines(const std::filesystem::path& path) {
    Bodies lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

// Stands where something else is to be.
inline Guard folder_at(const std::filesystem::path& path) {
    std::filesystem::create_directory(path);
    return Guard(nullptr, [path](void*) { std::filesystem::remove(path); });
}
inline Guard file_at(const std::filesystem::path& path) {
    std::ofstream(path) << "in the way";
    return Guard(nullptr, [path](void*) { std::filesystem::remove(path); });
}

}  // namespace sluice::contract
