// Keeps the Context of the SDK, and uses it on a thread of its own: while a later message is handled, and when all have gone.
// It must be refused each time, and nothing of a message that has gone may be read. What went wrong becomes the fate of the
// later messages.
#include <atomic>
#include <sluice/sdk/handler.hpp>
#include <thread>

namespace {

class KeepsContext : public sluice::Handler {
public:
    explicit KeepsContext(const sluice::Setup& setup) : out_(setup.target("out")) {}
    ~KeepsContext() override {
        is_over_ = true;
        if (late_.joinable()) late_.join();
    }

    sluice::Verdict handle(const sluice::Message& message, sluice::Context& context) override {
        if (!late_.joinable()) {
            late_ = std::thread([this, &context, kept = message.body()] {
                while (!is_over_) {
                    if (asked_ == tried_) {
                        std::this_thread::yield();
                        continue;
                    }
                    try_to_publish(context, kept);
                    ++tried_;
                }
            });
        } else {
            have_it_tried();  // the context is this message's by now, and the thread knows only the one before
        }
        return is_wrong_ ? sluice::reject("the host has taken what was published after the call") : sluice::done();
    }
    void stop() override {
        if (late_.joinable()) have_it_tried();
    }

private:
    void have_it_tried() {
        const int number = ++asked_;
        while (tried_ < number) std::this_thread::yield();
    }
    void try_to_publish(sluice::Context& context, std::string_view kept) try {
        context.publish(out_, {.body = kept});
        is_wrong_ = true;
    } catch (const sluice::Failure& failure) {
        if (failure.code() != SLUICE_STALE) is_wrong_ = true;
    }

    const sluice::TargetRef out_;
    std::thread late_;
    std::atomic<int> asked_{0}, tried_{0};
    std::atomic<bool> is_over_{false}, is_wrong_{false};
};

}  // namespace

SLUICE_PLUGIN("org.example.keeps_context", "1.0.0", sluice::handler<KeepsContext>("keeps_context", "Keeps its context."))
