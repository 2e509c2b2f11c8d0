// What a plugin is, read from its ELF section without running it. See plugin-api/include/sluice/manifest.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace sluice {

// unknown: of a later version; such a component has `needs_newer`.
enum class ComponentKind : std::uint8_t { unknown = 0, handler = 1, queue = 2, database = 3 };
enum class OptionType : std::uint8_t { string, path, integer, number, boolean, duration, size, one_of, list, map, any };

struct OptionSpec {
    std::string name;
    OptionType type = OptionType::string;
    std::string help;
    bool required = false;
    bool secret = false;
    std::optional<std::string> fallback;  // as it would be written in YAML
    std::vector<std::string> choices;     // one_of
    std::optional<double> minimum;        // integer, number; duration in ms; size in bytes
    std::optional<double> maximum;
    std::string role;  // "source", "target", or empty for both
};

struct ComponentSpec {
    ComponentKind kind = ComponentKind::handler;
    std::string name;
    std::string summary;
    bool source = false;  // queue: may be received from
    bool target = false;  // queue: may be published to
    std::vector<OptionSpec> options;
    std::string written_kind{};  // as the manifest says
    // Not empty: what this host does not know of it, such as `the kind "widget"`. It is there to be named; neither roles nor
    // options are read then, and it cannot be used.
    std::string needs_newer{};
};

struct Manifest {
    std::filesystem::path file;
    std::uint16_t abi_major = 0;
    std::uint16_t abi_minor = 0;
    std::uint16_t abi_minor_needed = 0;
    std::string id;
    std::string version;
    std::vector<ComponentSpec> components;
};

// Reads the manifest of a shared library with bounds-checked code; not one instruction of the file runs. Also checks that the
// file's segments lie inside it, since loading a truncated library ends in SIGBUS. The error is one sentence with the path, the
// reason and the remedy.
Result<Manifest> read_manifest(const std::filesystem::path& file);

// Of a component that needs a newer host: which one, what this host does not know of it, what to do.
std::string needs_newer_text(const ComponentSpec& component);

const char* to_string(ComponentKind kind);
const char* to_string(OptionType type);

}  // namespace sluice
