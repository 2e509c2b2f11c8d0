// Reads one section of a shared library from the file, so that not one instruction of it runs and none of it is mapped.
//
// Errors       one sentence with the path, the reason and the remedy; whatever the bytes are, nothing is read outside the file.
// Limits       limits::plugin_file_bytes; the ELF header's own 16-bit counts bound the rest.
// Checks       64-bit little-endian ELF for this machine, ET_DYN; program headers, every loadable segment and the section
//              headers lie inside the file: mapping a file that was cut off ends in SIGBUS at the first touch, long after
//              dlopen said yes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/error.hpp"

namespace sluice {

// The bytes of the section `name`, which are at most `bytes_max`.
Result<std::string> read_elf_section(const std::filesystem::path& file, const std::string& name, std::size_t bytes_max);

}  // namespace sluice
