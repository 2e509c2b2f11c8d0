#include "plugin/manifest.hpp"

#include <fmt/format.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "plugin/abi_version.hpp"
#include "plugin/elf.hpp"
#include "plugin/manifest_text.hpp"
#include "plugin/refusal.hpp"
#include "sluice/manifest.h"

namespace sluice {
namespace {

constexpr std::size_t magic_size = sizeof sluice_manifest_head{}.magic;
static_assert(sizeof SLUICE_MANIFEST_MAGIC - 1 == magic_size);

// Linkers align sections, compilers end strings with a zero: up to a page of zeros may follow the text.
constexpr std::size_t section_bytes_max = sizeof(sluice_manifest_head) + SLUICE_MANIFEST_TEXT_MAX + 4096;

Error garbled(const std::filesystem::path& file, std::string_view why) {
    return refused(file, fmt::format("its manifest is garbled ({}); build it again with the plugin macro of the SDK", why));
}

}  // namespace

Result<Manifest> read_manifest(const std::filesystem::path& file) {
    Result<std::string> section = read_elf_section(file, SLUICE_MANIFEST_SECTION, section_bytes_max);
    if (!section) return std::move(section).error();

    const std::string_view bytes = *section;
    sluice_manifest_head head;
    if (bytes.size() < sizeof head) return garbled(file, "shorter than its head");
    std::memcpy(&head, bytes.data(), sizeof head);
    if (std::memcmp(head.magic, SLUICE_MANIFEST_MAGIC, magic_size) != 0)
        return garbled(file, "it does not begin with " SLUICE_MANIFEST_MAGIC);
    if (head.abi_minor_needed > head.abi_minor) return garbled(file, "it needs a newer minor than it was built with");

    // The versions are judged before the text: what a later version writes there may well look garbled to this one.
    const std::string mismatch = abi_mismatch({head.abi_major, head.abi_minor_needed, head.abi_minor});
    if (!mismatch.empty()) return refused(file, mismatch, ErrorKind::unsupported);

    if (head.text_size > SLUICE_MANIFEST_TEXT_MAX)
        return garbled(file, fmt::format("longer than {} bytes", SLUICE_MANIFEST_TEXT_MAX));
    if (head.text_size > bytes.size() - sizeof head) return garbled(file, "its text ends outside its section");
    if (bytes.find_first_not_of('\0', sizeof head + head.text_size) != std::string_view::npos)
        return garbled(file, "something follows its text: two manifests in one file, or a wrong text_size");

    Manifest manifest;
    manifest.file = file;
    manifest.abi_major = head.abi_major;
    manifest.abi_minor = head.abi_minor;
    manifest.abi_minor_needed = head.abi_minor_needed;
    const std::string complaint = read_manifest_text(bytes.substr(sizeof head, head.text_size), manifest);
    if (!complaint.empty()) return garbled(file, complaint);
    return manifest;
}

}  // namespace sluice
