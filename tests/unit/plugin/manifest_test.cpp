#include "plugin/manifest.hpp"

#include <elf.h>
#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "plugin/plugin_files.hpp"
#include "sluice/manifest.h"

namespace sluice {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(const std::filesystem::path& file) {
    const Result<Manifest> manifest = read_manifest(file);
    return manifest ? "accepted" : manifest.error().message;
}

std::string sentence(const std::filesystem::path& file, const std::string& why) {
    return "plugin " + file.native() + " is refused: " + why;
}

class ManifestFile : public ::testing::Test {
protected:
    // good.so with some bytes of it changed.
    std::filesystem::path changed(std::size_t offset, const void* bytes, std::size_t size) {
        std::string content = read_file(bad_plugin("good"));
        std::memcpy(content.data() + offset, bytes, size);
        write_file(folder_ / "changed.so", content);
        return folder_ / "changed.so";
    }

    Elf64_Ehdr header() {
        Elf64_Ehdr header;
        std::memcpy(&header, read_file(bad_plugin("good")).data(), sizeof header);
        return header;
    }

    PluginFolder folder_;
};

TEST_F(ManifestFile, IsReadFromAPluginWithoutLoadingIt) {
    const Result<Manifest> manifest = read_manifest(bad_plugin("good"));
    ASSERT_TRUE(manifest) << manifest.error().message;
    EXPECT_EQ(manifest->file, bad_plugin("good"));
    EXPECT_EQ(manifest->id, "org.example.good");
    EXPECT_EQ(manifest->version, "1.0.0");
    EXPECT_EQ(manifest->abi_major, SLUICE_ABI_MAJOR);
    ASSERT_EQ(manifest->components.size(), 1u);
    EXPECT_EQ(manifest->components[0].kind, ComponentKind::handler);
    EXPECT_EQ(manifest->components[0].name, "good");
}

TEST_F(ManifestFile, IsRefusedWhereverTheFileIsCutOff) {
    const std::string content = read_file(bad_plugin("good"));
    ASSERT_GT(content.size(), 8192u);
    const std::filesystem::path file = folder_ / "cut.so";
    for (std::size_t size = 0; size < content.size(); size += 512) {
        write_file(file, content.substr(0, size));
        const std::string said = refusal(file);
        ASSERT_THAT(said, StartsWith("plugin " + file.native() + " is refused: it is ")) << "cut off at " << size;
        ASSERT_THAT(said, EndsWith("; build or copy it again")) << "cut off at " << size;
    }
}

// Whatever the bytes are: an answer, and under the sanitizers no read outside the buffers.
TEST_F(ManifestFile, IsAcceptedOrRefusedButNeverDoesHarmWhenBytesAreGarbled) {
    const std::string good = read_file(bad_plugin("good"));
    const Elf64_Ehdr elf = header();
    std::mt19937_64 random(20250101);
    int refused = 0;
    for (int round = 0; round < 900; ++round) {
        std::string content = good;
        const int changes = 1 + static_cast<int>(random() % 4);
        for (int change = 0; change < changes; ++change) {
            // Two of three where the format lives: ELF header, program headers, section headers.
            std::size_t at = random() % content.size();
            if (round % 3 == 0) at = random() % (sizeof(Elf64_Ehdr) + elf.e_phnum * sizeof(Elf64_Phdr));
            if (round % 3 == 1) at = elf.e_shoff + random() % (elf.e_shnum * sizeof(Elf64_Shdr));
            content[at] = static_cast<char>(random() % 2 == 0 ? 0xff : random());
        }
        write_file(folder_ / "garbled.so", content);
        const Result<Manifest> manifest = read_manifest(folder_ / "garbled.so");
        if (manifest) continue;
        ++refused;
        ASSERT_THAT(manifest.error().message, StartsWith("plugin "));
        ASSERT_THAT(manifest.error().message, HasSubstr("; "));
    }
    EXPECT_GT(refused, 150);
}

TEST_F(ManifestFile, IsRefusedWhenItIsNoiseFromTheFirstByte) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 60; ++round) {
        std::string content(random() % 4096, '\0');
        for (char& c : content) c = static_cast<char>(random());
        if (round % 2 == 0 && content.size() > sizeof(Elf64_Ehdr)) std::memcpy(content.data(), ELFMAG, SELFMAG);
        write_file(folder_ / "noise.so", content);
        ASSERT_FALSE(read_manifest(folder_ / "noise.so"));
    }
}

TEST_F(ManifestFile, SaysWhatIsNotASharedLibrary) {
    const auto file = folder_ / "text.so";
    write_file(file, "#!/bin/sh\necho hello\n");
    EXPECT_EQ(refusal(file),
              sentence(file, "it is not an ELF file; give the path of a shared library built with sluice_add_plugin()"));
    write_file(file, "");
    EXPECT_EQ(refusal(file), sentence(file, "it is empty; build or copy it again"));
    EXPECT_EQ(refusal(folder_.path()), sentence(folder_.path(), "it is not a regular file; give the path of a shared library"));
    EXPECT_EQ(
        refusal(folder_ / "none.so"),
        sentence(folder_ / "none.so", "it cannot be read (No such file or directory); check the path and its permissions"));
}

TEST_F(ManifestFile, SaysWhatIsBuiltForAnotherMachine) {
    const unsigned char class32 = ELFCLASS32;
    auto file = changed(EI_CLASS, &class32, 1);
    EXPECT_EQ(refusal(file), sentence(file, "it is not a 64-bit little-endian ELF file; build it for this machine"));
    const std::uint16_t s390 = EM_S390;
    file = changed(offsetof(Elf64_Ehdr, e_machine), &s390, sizeof s390);
    EXPECT_THAT(refusal(file), HasSubstr("it is built for another processor (ELF machine 22, this one is "));
    const std::uint16_t executable = ET_EXEC;
    file = changed(offsetof(Elf64_Ehdr, e_type), &executable, sizeof executable);
    EXPECT_EQ(refusal(file), sentence(file, "it is not a shared library; link it with -shared, as sluice_add_plugin() does"));
}

TEST_F(ManifestFile, IsRefusedWhenASegmentLiesOutsideTheFile) {
    const Elf64_Ehdr elf = header();
    const std::uint64_t huge = ~std::uint64_t{0} - 8;  // offset + size would wrap around
    const auto file = changed(elf.e_phoff + offsetof(Elf64_Phdr, p_filesz), &huge, sizeof huge);
    EXPECT_EQ(refusal(file),
              sentence(file, "it is cut off or damaged (segment 0 lies outside the file); build or copy it again"));
}

TEST_F(ManifestFile, IsRefusedWhenHeadersLieOutsideTheFile) {
    const std::uint64_t far = ~std::uint64_t{0} - 63;
    auto file = changed(offsetof(Elf64_Ehdr, e_phoff), &far, sizeof far);
    EXPECT_EQ(refusal(file),
              sentence(file, "it is cut off or damaged (its program headers lie outside the file); build or copy it again"));
    file = changed(offsetof(Elf64_Ehdr, e_shoff), &far, sizeof far);
    EXPECT_EQ(refusal(file),
              sentence(file, "it is cut off or damaged (its section names lie outside the file); build or copy it again"));
}

TEST(BadManifest, IsRefusedByNameWithReasonAndRemedy) {
    EXPECT_EQ(refusal(bad_plugin("no_manifest")),
              sentence(bad_plugin("no_manifest"),
                       "it has no section .sluice.manifest, so it is not a Sluice plugin or was stripped of it; build it "
                       "with the plugin macro of the SDK"));
    EXPECT_THAT(refusal(bad_plugin("garbled_manifest")),
                ::testing::AllOf(StartsWith(sentence(bad_plugin("garbled_manifest"), "its manifest is garbled (manifest: ")),
                                 EndsWith("); build it again with the plugin macro of the SDK")));
    EXPECT_EQ(refusal(bad_plugin("two_manifests")),
              sentence(bad_plugin("two_manifests"),
                       "its manifest is garbled (something follows its text: two manifests in one file, or a wrong "
                       "text_size); build it again with the plugin macro of the SDK"));
}

TEST(BadManifest, NamesBothRangesWhenTheAbiDoesNotFit) {
    EXPECT_EQ(refusal(bad_plugin("wrong_major")),
              sentence(bad_plugin("wrong_major"),
                       "it is built for plugin ABI 2.2 to 2.4 and this host speaks 1.0; use a build of the plugin for ABI 1, "
                       "or a host that speaks ABI 2"));
    EXPECT_EQ(refusal(bad_plugin("newer_minor")),
              sentence(bad_plugin("newer_minor"),
                       "it needs plugin ABI 1.3 to 1.5 and this host speaks 1.0; update the host, or use an older build of "
                       "the plugin"));
}

}  // namespace
}  // namespace sluice
