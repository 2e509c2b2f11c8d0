// What a probe of a source or target finds, and that it leaves nothing behind.
#include "probe.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <map>

#include "failure_of.hpp"
#include "position.hpp"
#include "print.hpp"
#include "rotation.hpp"
#include "temporary_folder.hpp"

namespace sluice::file {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class FileProbe : public testing::Test {
protected:
    FileOptions source(std::string_view name, bool follow = false) const {
        return {.path = folder_.path(name), .state_dir = folder_.state(), .follow = follow};
    }
    void probe(const FileOptions& options) { probe_source(options, Probe(&table_)); }
    void probe(const OutputOptions& options) { probe_target(options, Probe(&table_)); }
    std::string failure(const auto& options, sluice_status expected) {
        return failure_of([&] { probe(options); }, expected);
    }

    TemporaryFolder folder_;
    std::map<std::string, std::string> facts_;

private:
    static void fact(void* context, sluice_bytes name, sluice_bytes value) {
        static_cast<FileProbe*>(context)->facts_[std::string(view(name))] = view(value);
    }
    const sluice_probe_sink table_{sizeof(sluice_probe_sink), 0, this, &fact};
};

TEST_F(FileProbe, TellsSizeAndPositionOfASource) {
    folder_.write("in", "{}\n{}\n");
    probe(source("in"));
    EXPECT_EQ(facts_["file"], folder_.path("in") + " of 6 bytes");
    EXPECT_EQ(facts_["position"], "none stored: read from the start");
    EXPECT_FALSE(std::filesystem::exists(folder_.state() + "/position"));
}

TEST_F(FileProbe, ReadsThePositionThoughARunningHostKeepsIt) {
    folder_.write("in", "{}\n{}\n");
    const Named in = open_named(folder_.path("in"));
    const FileId id = id_of(status_of(in.file.get()));
    const PositionStore held(folder_.state());
    Position position;
    position.device = id.device;
    position.inode = id.inode + 1;
    position.first = print_of_beginning(in.file.get());
    position.below = 3;
    position.before = print_before(in.file.get(), position.below);
    held.save({position});
    probe(source("in"));
    EXPECT_EQ(facts_["position"], "stored for other contents than the file has now: read from the start");
    position.inode = id.inode;
    held.save({position});
    probe(source("in", true));
    EXPECT_EQ(facts_["position"], "offset 3 is reached");
    folder_.write("in", "[]\n[]\n");
    probe(source("in"));
    EXPECT_EQ(facts_["position"], "stored for other contents than the file has now: read from the start") << "it was rewritten";
}

TEST_F(FileProbe, NeedsNoStateFolder) {
    folder_.write("in", "{}\n");
    std::filesystem::remove(folder_.state());
    probe(source("in"));
    EXPECT_EQ(facts_["position"], "none stored: read from the start");
    EXPECT_FALSE(std::filesystem::exists(folder_.state()));
}

TEST_F(FileProbe, SaysWhatIsWrongWithASource) {
    EXPECT_THAT(failure(source("in"), SLUICE_INVALID), HasSubstr("No such file or directory; create it first"));
    EXPECT_THAT(failure(source("state"), SLUICE_INVALID), HasSubstr("is a folder, not a regular file"));
    EXPECT_THAT(failure(source("away/in"), SLUICE_UNAVAILABLE), StartsWith("cannot open " + folder_.path("away/in")));
    EXPECT_THAT(failure(source("away/in", true), SLUICE_UNAVAILABLE), StartsWith("cannot list the folder "));
    folder_.write("in.gz", std::string("\x1f\x8b") + "rest of it, whatever it is");
    EXPECT_THAT(failure(source("in.gz"), SLUICE_INVALID), HasSubstr("compressed with gzip"));
    folder_.write("in", "{}\n");
    folder_.write("state/position", "damaged");
    EXPECT_THAT(failure(source("in"), SLUICE_CORRUPT), HasSubstr("is damaged"));
}

TEST_F(FileProbe, KnowsThatAFollowedFileIsWaitedFor) {
    probe(source("in", true));
    EXPECT_EQ(facts_["file"], folder_.path("in") + " is not there yet: it is waited for");
}

TEST_F(FileProbe, MakesNoFileForATarget) {
    probe(OutputOptions{.path = folder_.path("out")});
    EXPECT_EQ(facts_["file"], folder_.path("out") + " is not there yet: it is made at the start");
    EXPECT_EQ(facts_[SLUICE_FACT_DURABILITY], "lines are on the disk before they are confirmed");
    EXPECT_FALSE(std::filesystem::exists(folder_.path("out")));
    folder_.write("out", "half a line");
    probe(OutputOptions{.path = folder_.path("out"), .sync = false});
    EXPECT_EQ(facts_["file"], folder_.path("out") + " of 11 bytes");
    EXPECT_EQ(facts_[SLUICE_FACT_DURABILITY], "the system writes lines when it likes");
    EXPECT_EQ(folder_.read("out"), "half a line");
}

TEST_F(FileProbe, SaysWhatIsWrongWithATarget) {
    EXPECT_THAT(failure(OutputOptions{.path = folder_.path("away/out")}, SLUICE_UNAVAILABLE),
                HasSubstr("its folder is missing: create it"));
    EXPECT_THAT(failure(OutputOptions{.path = folder_.path("state")}, SLUICE_INVALID),
                HasSubstr("is a folder: name a file in it"));
    folder_.write("file", "");
    EXPECT_THAT(failure(OutputOptions{.path = folder_.path("file/out")}, SLUICE_INVALID), HasSubstr("Not a directory"));
}

TEST_F(FileProbe, KnowsAFifoAsATarget) {
    ASSERT_EQ(::mkfifo(folder_.path("fifo").c_str(), 0600), 0);
    probe(OutputOptions{.path = folder_.path("fifo")});
    EXPECT_EQ(facts_["file"], folder_.path("fifo") + " is a FIFO");
}

}  // namespace
}  // namespace sluice::file
