// What a worker tells of the messages of a key.
#include "work/questions.hpp"

#include <memory>

#include "work/failing.hpp"
#include "work/worker_bench.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

std::shared_ptr<PoolQuestion> ask(Worker& worker, char key) {
    auto question = std::make_shared<PoolQuestion>();
    question->key_hash = static_cast<std::uint64_t>(key);
    worker.ask(question);
    return question;
}

TEST(QuestionsTest, KnowsWhyAParkedMessageFailedUntilItsNextAttempt) {
    WorkerBench bench(Failing{{{"a1", 1}}}, slow_retries());
    bench.push("a1");
    bench.run();
    const auto question = ask(*bench.worker, 'a');
    bench.run();
    ASSERT_TRUE(question->answered.load());
    EXPECT_EQ(question->parked_error, "not yet");
    bench.run_after(milliseconds(1'000));
    EXPECT_EQ(bench.ended(), Texts{"a1 acked"});
    EXPECT_EQ(bench.error, "") << "what came to nothing is not told of a message that is done";
}

TEST(QuestionsTest, TellWhatIsCommittingAndWhyTheWorkerPauses) {
    FakeDatabase database;
    database.hold();
    WorkerBench bench(write_id, WorkerBench::quick(), {&database});
    bench.push("a1 b1 a2");
    bench.run();
    auto question = ask(*bench.worker, 'a');
    bench.run();
    EXPECT_EQ(question->committing, 2u);
    EXPECT_EQ(question->pauses_for, "");
    database.answer(SLUICE_CONFLICT);
    bench.worker->run();
    question = ask(*bench.worker, 'a');
    bench.worker->run();
    ASSERT_TRUE(question->answered.load());
    EXPECT_EQ(question->committing, 0u);
    EXPECT_EQ(question->run_again, 2u);
    EXPECT_GT(question->paused_until_ns, bench.clock.now());
    EXPECT_FALSE(question->database_away);
    bench.run_after(milliseconds(10));
    database.answer(SLUICE_UNAVAILABLE);
    bench.worker->run();
    question = ask(*bench.worker, 'a');
    bench.worker->run();
    EXPECT_TRUE(question->database_away);
    EXPECT_EQ(question->paused_until_ns, 0) << "the circuit says when";
    database.hold(false);
    bench.run_after(std::chrono::seconds(6));
}

TEST(QuestionsTest, AreAnsweredForAWorkerThatIsInsideAHandlerAndForNoOther) {
    Worker* worker = nullptr;
    std::shared_ptr<PoolQuestion> question;
    std::string current;
    WorkerBench bench([&](const Handled& call) {
        if (call.id() == "a1") {
            question = ask(*worker, 'a');
            worker->answer_from_outside();
            current = worker->describe_current();
        }
        return SLUICE_DONE;
    });
    bench.start();
    worker = bench.worker.get();
    const auto before = ask(*worker, 'a');
    worker->answer_from_outside();
    EXPECT_FALSE(before->answered.load()) << "it answers itself";
    bench.run();
    EXPECT_TRUE(before->answered.load());
    EXPECT_FALSE(before->in_handler);
    bench.push("a1");
    bench.run();
    ASSERT_TRUE(question && question->answered.load());
    EXPECT_TRUE(question->in_handler);
    EXPECT_EQ(question->handling, "message a1");
    EXPECT_EQ(question->handling, current);
    EXPECT_EQ(worker->describe_current(), "");
}

}  // namespace
}  // namespace sluice
