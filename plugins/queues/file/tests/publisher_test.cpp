#include "publisher.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <map>

#include "temporary_folder.hpp"

namespace sluice::file {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class PublisherTest : public testing::Test {
protected:
    Publisher open(std::string_view name = "out") {
        return Publisher({.path = folder_.path(name)}, TargetSink(&table_), Log());
    }

    sluice_status publish(Publisher& publisher, const std::vector<std::string>& bodies, std::int64_t delay_ms = 0) {
        std::vector<sluice_outgoing> messages(bodies.size());
        std::vector<const sluice_outgoing*> pointers;
        for (std::size_t i = 0; i < bodies.size(); ++i) {
            messages[i].struct_size = sizeof(sluice_outgoing);
            messages[i].body = bytes(bodies[i]);
            messages[i].delay_ms = delay_ms;
            pointers.push_back(&messages[i]);
        }
        return publisher.publish(pointers, 100);
    }

    TemporaryFolder folder_;
    std::map<std::uint64_t, std::pair<sluice_status, std::string>> published_;

private:
    static void published(void* context, std::uint64_t token, std::uint64_t count, sluice_status status, sluice_bytes text) {
        for (std::uint64_t i = 0; i < count; ++i)
            static_cast<PublisherTest*>(context)->published_[token + i] = {status, std::string(view(text))};
    }
    sluice_target_sink table_{sizeof(sluice_target_sink), 0, this, &published};
};

std::string failure_of(const auto& call, sluice_status expected) {
    try {
        call();
    } catch (const Failure& failure) {
        EXPECT_EQ(failure.code(), expected);
        return failure.what();
    }
    return "no failure";
}

TEST_F(PublisherTest, AppendsALineAMessage) {
    {
        Publisher publisher = open();
        EXPECT_EQ(publish(publisher, {"{\"a\":1}", "\xff"}), SLUICE_OK);
    }
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"3"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "{\"a\":1}\n\xff\n3\n");
    EXPECT_THAT(published_, IsEmpty());
}

TEST_F(PublisherTest, RefusesWhatIsNoLineAndStoresTheRest) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1", "{\n}", "", "2"}), SLUICE_QUEUED);
    EXPECT_EQ(folder_.read("out"), "1\n2\n");
    EXPECT_EQ(published_[100].first, SLUICE_OK);
    EXPECT_EQ(published_[101].first, SLUICE_INVALID);
    EXPECT_THAT(published_[101].second, HasSubstr("publish compact JSON"));
    EXPECT_EQ(published_[102].first, SLUICE_INVALID);
    EXPECT_THAT(published_[102].second, HasSubstr("empty"));
    EXPECT_EQ(published_[103].first, SLUICE_OK);
}

TEST_F(PublisherTest, CannotDelay) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1"}, 5), SLUICE_QUEUED);
    EXPECT_EQ(published_[100].first, SLUICE_UNSUPPORTED);
    EXPECT_EQ(folder_.read("out"), "");
}

TEST_F(PublisherTest, EndsATornLastLine) {
    folder_.write("out", "{\"a\":1}\n{\"a\":");
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"2"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "{\"a\":1}\n{\"a\":\n2\n");
}

TEST_F(PublisherTest, KeepsASecondTargetOut) {
    Publisher first = open();
    EXPECT_EQ(failure_of([&] { open(); }, SLUICE_INVALID),
              "another target or process writes to " + folder_.path("out") + ": give each target a file of its own");
}

TEST_F(PublisherTest, NamesAMissingFolder) {
    EXPECT_EQ(failure_of([&] { open("none/out"); }, SLUICE_UNAVAILABLE),
              "cannot open (its folder is missing: create it) " + folder_.path("none/out") + ": No such file or directory");
}

TEST_F(PublisherTest, ClaimsNothingAndLeavesNoPartWhenTheFileCannotGrow) {
    Publisher publisher = open();
    EXPECT_EQ(publish(publisher, {"1", "2"}), SLUICE_OK);

    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 100;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const std::string text = failure_of([&] { publish(publisher, {"3", std::string(500, 'x')}); }, SLUICE_UNAVAILABLE);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, handler);

    EXPECT_EQ(text, "cannot write to " + folder_.path("out") + ": File too large");
    EXPECT_THAT(published_, IsEmpty());
    EXPECT_EQ(folder_.read("out"), "1\n2\n");
    EXPECT_EQ(publish(publisher, {"3"}), SLUICE_OK);
    EXPECT_EQ(folder_.read("out"), "1\n2\n3\n");
}

}  // namespace
}  // namespace sluice::file
