// Keeps the Context of the SDK, and uses it on a thread of its own after the call has ended, while others run: it must be refused, and
// nothing of a message that has gone may be read. What went wrong becomes the fate of the later messages.
#include <atomic>
#include <sluice/sdk/handler.hpp>
#include <thread>

namespace {

class KeepsContext : public sluice::Handler {
public:
    explicit KeepsContext(const sluice::Setup& setup) : out_(setup.target("out")) {}

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        if (!late_.joinable())
            late_ = std::thread([this, &context, kept = message.body()] {
                while (!is_ended_) std::this_thread::yield();
                for (int i = 0; i < 1000; ++i) try {
                        context.publish(out_, {.body = kept});
                        is_wrong_ = true;
                    } catch (const sluice::Failure& failure) {
                        if (failure.code() != SLUICE_STALE) is_wrong_ = true;
                    }
            });
        else
            is_ended_ = true;
        return is_wrong_ ? sluice::reject("the host has taken what was published after the call") : sluice::done();
    }
    void stop() override {
        is_ended_ = true;
        if (late_.joinable()) late_.join();
    }

private:
    const sluice::TargetRef out_;
    std::thread late_;
    std::atomic<bool> is_ended_{false};
    std::atomic<bool> is_wrong_{false};
};

}  // namespace

SLUICE_PLUGIN("org.example.keeps_context", "1.0.0", sluice::handler<KeepsContext>("keeps_context", "Keeps its context."))
