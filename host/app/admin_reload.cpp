#include "app/admin_reload.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

#include "admin/request.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

// Where the answer of the main thread comes, also after the client has gone.
struct Asked {
    std::mutex mutex;
    std::optional<ReloadOutcome> outcome;  // guarded by mutex
};

class Reloads final : public Conversation {
public:
    Reloads(ReloadRequests& requests, std::shared_ptr<Waker> waker) : asked_(std::make_shared<Asked>()) {
        requests.ask([asked = asked_, waker = std::move(waker)](const ReloadOutcome& outcome) {
            {
                const std::lock_guard lock(asked->mutex);
                asked->outcome = outcome;
            }
            waker->wake();
        });
    }

    void go_on(Talk& talk) override {
        const std::lock_guard lock(asked_->mutex);
        if (!asked_->outcome) return;
        for (const std::string& line : asked_->outcome->lines) {
            JsonFields fields;
            fields.add("line", line);
            talk.say(fmt::format("{{{}}}", fields.view()));
        }
        talk.end(asked_->outcome->applied ? 0 : 1, {}, asked_->outcome->applied ? R"("applied":true)" : R"("applied":false)");
    }

private:
    const std::shared_ptr<Asked> asked_;
};

}  // namespace

Verb reload_verb(ReloadRequests& requests, std::shared_ptr<Waker> waker) {
    return [&requests, waker = std::move(waker)](const Node& request, Talk& talk) -> std::unique_ptr<Conversation> {
        if (const Result<void> right = Request(request).finish(); !right) return talk.end(2, right.error().message), nullptr;
        return std::make_unique<Reloads>(requests, waker);
    };
}

}  // namespace sluice
