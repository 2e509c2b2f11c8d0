#include "plugin/elf.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/limits.hpp"
#include "plugin/refusal.hpp"

namespace sluice {
namespace {

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#else
#error "name this machine's e_machine here"
#endif

std::string damaged(std::string_view what) {
    return fmt::format("it is cut off or damaged ({}); build or copy it again", what);
}

// The file's bytes, never outside of it.
class FileBytes {
public:
    explicit FileBytes(const std::filesystem::path& file) : file_(file) {
        // O_NONBLOCK: opening a FIFO must not wait for its writer.
        descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    }
    ~FileBytes() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    FileBytes(const FileBytes&) = delete;
    FileBytes& operator=(const FileBytes&) = delete;

    Result<void> measure() {
        struct stat status {};
        if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
            return refused(file_,
                           fmt::format("it cannot be read ({}); check the path and its permissions", std::strerror(errno)));
        if (!S_ISREG(status.st_mode)) return refused(file_, "it is not a regular file; give the path of a shared library");
        size_ = static_cast<std::uint64_t>(status.st_size);
        if (size_ == 0) return refused(file_, "it is empty; build or copy it again");
        if (size_ > limits::plugin_file_bytes)
            return refused(file_,
                           fmt::format("it is larger than {} bytes; strip its debug information", limits::plugin_file_bytes));
        return {};
    }

    bool holds(std::uint64_t offset, std::uint64_t size) const { return offset <= size_ && size <= size_ - offset; }

    bool read(std::uint64_t offset, void* to, std::size_t size) const {
        if (!holds(offset, size)) return false;
        auto* target = static_cast<char*>(to);
        while (size != 0) {
            const ssize_t got = ::pread(descriptor_, target, size, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return false;  // cut off since it was measured, or an I/O error
            target += got;
            offset += static_cast<std::uint64_t>(got);
            size -= static_cast<std::size_t>(got);
        }
        return true;
    }

private:
    const std::filesystem::path& file_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

// Each answers why the file is refused, empty if it is not.

std::string judge_header(const FileBytes& bytes, Elf64_Ehdr& header) {
    constexpr const char* not_elf = "it is not an ELF file; give the path of a shared library built with sluice_add_plugin()";
    unsigned char ident[EI_NIDENT];
    if (!bytes.read(0, ident, SELFMAG) || std::memcmp(ident, ELFMAG, SELFMAG) != 0) return not_elf;
    if (!bytes.read(0, &header, sizeof header)) return damaged("its ELF header is not complete");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return "it is not a 64-bit little-endian ELF file; build it for this machine";
    if (header.e_machine != this_machine)
        return fmt::format("it is built for another processor (ELF machine {}, this one is {}); build it for this machine",
                           header.e_machine, this_machine);
    if (header.e_type != ET_DYN) return "it is not a shared library; link it with -shared, as sluice_add_plugin() does";
    if (header.e_version != EV_CURRENT || header.e_phentsize != sizeof(Elf64_Phdr) ||
        (header.e_shnum != 0 && header.e_shentsize != sizeof(Elf64_Shdr)))
        return damaged("its ELF header makes no sense");
    return {};
}

std::string judge_segments(const FileBytes& bytes, const Elf64_Ehdr& header) {
    bool loadable = false;
    bool dynamic = false;
    for (std::uint32_t index = 0; index < header.e_phnum; ++index) {
        const std::uint64_t place = header.e_phoff + std::uint64_t{index} * sizeof(Elf64_Phdr);
        Elf64_Phdr segment{};
        if (place < header.e_phoff || !bytes.read(place, &segment, sizeof segment))
            return damaged("its program headers lie outside the file");
        if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
        (segment.p_type == PT_LOAD ? loadable : dynamic) = true;
        if (!bytes.holds(segment.p_offset, segment.p_filesz) || segment.p_memsz < segment.p_filesz)
            return damaged(fmt::format("segment {} lies outside the file", index));
    }
    if (!loadable || !dynamic) return damaged("it has nothing that could be loaded");
    return {};
}

std::string find_section(const FileBytes& bytes, const Elf64_Ehdr& header, const std::string& name,
                         std::optional<Elf64_Shdr>& found) {
    const auto section_at = [&](std::uint32_t index, Elf64_Shdr& section) {
        const std::uint64_t place = header.e_shoff + std::uint64_t{index} * sizeof(Elf64_Shdr);
        return place >= header.e_shoff && bytes.read(place, &section, sizeof section);
    };
    if (header.e_shnum == 0) return {};
    Elf64_Shdr names{};
    if (header.e_shstrndx >= header.e_shnum || !section_at(header.e_shstrndx, names) || names.sh_type != SHT_STRTAB ||
        !bytes.holds(names.sh_offset, names.sh_size))
        return damaged("its section names lie outside the file");

    std::string its_name(name.size() + 1, '\0');
    for (std::uint32_t index = 0; index < header.e_shnum; ++index) {
        Elf64_Shdr section{};
        if (!section_at(index, section)) return damaged("its section headers lie outside the file");
        if (section.sh_type != SHT_NOBITS && !bytes.holds(section.sh_offset, section.sh_size))
            return damaged(fmt::format("section {} lies outside the file", index));
        if (found || section.sh_name >= names.sh_size || names.sh_size - section.sh_name < its_name.size()) continue;
        if (!bytes.read(names.sh_offset + section.sh_name, its_name.data(), its_name.size())) continue;
        if (std::memcmp(its_name.data(), name.c_str(), its_name.size()) == 0) found = section;
    }
    return {};
}

}  // namespace

Result<std::string> read_elf_section(const std::filesystem::path& file, const std::string& name, std::size_t bytes_max) {
    FileBytes bytes(file);
    if (Result<void> measured = bytes.measure(); !measured) return std::move(measured).error();

    Elf64_Ehdr header{};
    std::optional<Elf64_Shdr> section;
    std::string why = judge_header(bytes, header);
    if (why.empty()) why = judge_segments(bytes, header);
    if (why.empty()) why = find_section(bytes, header, name, section);
    if (why.empty() && !section)
        why = fmt::format(
            "it has no section {}, so it is not a Sluice plugin or was stripped of it; build it with the plugin macro of the "
            "SDK",
            name);
    if (why.empty() && (section->sh_type == SHT_NOBITS || section->sh_size > bytes_max))
        why = fmt::format("its section {} is empty or larger than {} bytes; build it again", name, bytes_max);
    if (!why.empty()) return refused(file, why);

    std::string content(section->sh_size, '\0');
    if (!bytes.read(section->sh_offset, content.data(), content.size()))
        return refused(file, damaged("it became shorter while it was read"));
    return content;
}

}  // namespace sluice
