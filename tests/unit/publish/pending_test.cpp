#include "publish/pending.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.hpp"

namespace sluice {
namespace {

class PendingTest : public testing::Test {
protected:
    // "a1 b1 a2": bodies, of which the first letter is the key.
    PublishBatch& batch(std::vector<std::string_view> bodies) {
        PublishBatch& made = *batches.emplace_back(std::make_unique<PublishBatch>());
        for (const std::string_view body : bodies) {
            sluice_outgoing message{};
            message.struct_size = sizeof message;
            message.body = {body.data(), body.size()};
            message.key = {body.data(), 1};
            made.messages.push_back(message);
        }
        made.results.resize(bodies.size());
        made.open = static_cast<std::uint32_t>(bodies.size());
        made.context = this;
        made.done = [](PublishBatch* done) { ++static_cast<PendingTest*>(done->context)->done; };
        return made;
    }
    PendingPublishes::Attempt send() {
        const PendingPublishes::Attempt attempt = pending.choose();
        sent.clear();
        for (const sluice_outgoing* message : attempt.messages) sent += std::string(view_of(message->body)) + " ";
        return attempt;
    }
    PendingPublishes::Attempt take() {
        const PendingPublishes::Attempt attempt = send();
        pending.taken(attempt, Meaning::queued);
        return attempt;
    }
    PendingPublishes::Effect answer(std::uint64_t token, std::uint64_t count, sluice_status status) {
        return pending.take({token, count, status, "so it is"}, meaning(status));
    }

    FakeClock clock;
    std::vector<std::unique_ptr<PublishBatch>> batches;
    PendingPublishes pending{0, 0, clock, Logger()};
    std::string sent;
    int done = 0;
};

TEST_F(PendingTest, AnswersABatchOnceAllOfItsMessagesAreAnswered) {
    pending.add(batch({"a1", "b1"}));
    pending.add(batch({"c1"}));
    const auto attempt = take();
    EXPECT_EQ(sent, "a1 b1 c1 ");
    EXPECT_FALSE(pending.may_choose());
    EXPECT_EQ(pending.size(), 3u);
    EXPECT_EQ(pending.waiting(), 0u);
    EXPECT_EQ(answer(attempt.token + 1, 2, SLUICE_OK), PendingPublishes::Effect::single);
    EXPECT_EQ(done, 1);
    EXPECT_EQ(answer(attempt.token + 1, 1, SLUICE_OK), PendingPublishes::Effect::none) << "it is answered already";
    EXPECT_EQ(answer(attempt.token, 1, SLUICE_INVALID), PendingPublishes::Effect::single);
    EXPECT_EQ(done, 2);
    EXPECT_EQ(batches[0]->failed, 1u);
    EXPECT_EQ(batches[0]->results[0].text, "so it is");
    EXPECT_EQ(pending.published(), 2u);
    EXPECT_EQ(pending.failed(), 1u);
}

TEST_F(PendingTest, LetsAllWaitInOrderForWhatAFullTargetDidNotTake) {
    pending.add(batch({"a1", "b1"}));
    const auto attempt = take();
    pending.add(batch({"c1"}));
    EXPECT_EQ(answer(attempt.token + 1, 1, SLUICE_FULL), PendingPublishes::Effect::trouble);
    EXPECT_TRUE(pending.all_wait());
    EXPECT_FALSE(pending.may_choose()) << "a1 may be to go before b1 again";
    EXPECT_EQ(answer(attempt.token, 1, SLUICE_FULL), PendingPublishes::Effect::trouble);
    pending.put_back_due();
    EXPECT_TRUE(pending.may_choose());
    take();
    EXPECT_EQ(sent, "a1 b1 c1 ");
    EXPECT_EQ(pending.retried(), 2u);
}

TEST_F(PendingTest, LetsOnlyTheKeyWaitOfWhichAMessageFailed) {
    pending.add(batch({"a1", "b1"}));
    const auto attempt = take();
    pending.add(batch({"a2", "b2"}));
    EXPECT_EQ(answer(attempt.token, 1, SLUICE_CONFLICT), PendingPublishes::Effect::trouble);
    EXPECT_FALSE(pending.all_wait());
    pending.put_back_due();
    take();
    EXPECT_EQ(sent, "b2 ");
    EXPECT_EQ(answer(attempt.token + 1, 2, SLUICE_OK), PendingPublishes::Effect::single);
    pending.put_back_due();
    take();
    EXPECT_EQ(sent, "a1 a2 ");
}

TEST_F(PendingTest, FindsTheOneThatIsAtFaultAmongThoseRefusedTogether) {
    pending.add(batch({"a1", "b1", "c1", "d1"}));
    const auto refuse = [&](const PendingPublishes::Attempt& attempt) {
        EXPECT_FALSE(pending.not_taken(attempt, Meaning::refused, SLUICE_INVALID, "no")) << "the target is well";
    };
    refuse(send());
    refuse(send());
    EXPECT_EQ(sent, "a1 b1 ");
    refuse(send());
    EXPECT_EQ(sent, "a1 ");
    EXPECT_EQ(pending.failed(), 1u);
    EXPECT_EQ(batches[0]->results[0].text, "no");
    take();
    EXPECT_EQ(sent, "b1 c1 d1 ");
}

TEST_F(PendingTest, AnswersAllThatIsLeftAtTheEnd) {
    pending.add(batch({"a1", "b1", "c1"}));
    const auto attempt = take();
    pending.add(batch({"a2", "d1"}));
    answer(attempt.token, 1, SLUICE_UNAVAILABLE);
    pending.put_back_due();
    pending.answer_waiting(SLUICE_STOPPED, "the end");
    EXPECT_EQ(pending.size(), 2u) << "b1 and c1 are taken";
    EXPECT_EQ(done, 1);
    pending.answer_taken(SLUICE_STOPPED, "the end");
    EXPECT_EQ(pending.size(), 0u);
    EXPECT_EQ(pending.failed(), 5u);
    EXPECT_EQ(done, 2);
}

TEST_F(PendingTest, AnswersAnEmptyBatchAtOnce) {
    pending.add(batch({}));
    EXPECT_EQ(done, 1);
    EXPECT_FALSE(pending.may_choose());
}

}  // namespace
}  // namespace sluice
