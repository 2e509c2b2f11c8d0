#include "admin/enqueue.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "admin/enqueue_lines.hpp"
#include "admin/socket/returned.hpp"
#include "plugin/fault.hpp"
#include "text/json_read.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

constexpr int refused_exit = 1;
constexpr std::size_t refusals_said = 100;
constexpr std::chrono::seconds patience{1};  // without anything stored, before it is said that the queue holds it up

struct SentLoad : EnqueueLoad {
    std::shared_ptr<Returned<SentLoad>> returned;  // empty once it is back there
    std::shared_ptr<EnqueueRules> rules;           // its headers and key are theirs
};

class Enqueue final : public Conversation {
public:
    Enqueue(Target& target, QueuePort* seen, std::shared_ptr<EnqueueRules> rules, std::shared_ptr<Waker> waker)
        : target_(target),
          seen_(seen),
          rules_(std::move(rules)),
          returned_(std::make_shared<Returned<SentLoad>>(std::move(waker))) {}

    void go_on(Talk& talk) override {
        take_back(talk);
        while (may_send(talk) && send(talk)) {
        }
        if (in_flight_ == 0 && (stopped() || (talk.input_ended() && talk.input().empty()))) return end(talk);
        if (in_flight_ != 0 && !said_full_ && std::chrono::steady_clock::now() - moved_ > patience) say_full(talk);
    }

private:
    bool stopped() const { return !rules_->error().empty() || refused_ != 0 || !failure_.empty(); }

    bool may_send(const Talk& talk) const {
        return !stopped() && !talk.input().empty() && in_flight_ + limits::enqueue_batch <= limits::enqueue_in_flight &&
               bytes_in_flight_ < limits::enqueue_bytes_in_flight;
    }

    // False: there is no whole line to send.
    bool send(Talk& talk) {
        auto load = std::make_unique<SentLoad>();
        const std::size_t taken = rules_->take(talk.input(), talk.input_ended(), *load);
        if (taken == 0) {
            talk.let_input_grow_to(std::max<std::size_t>(limits::control_input_bytes, talk.input().size() * 2));
            if (talk.input().size() > limits::message_bytes_max) too_long();
            return false;
        }
        talk.let_input_grow_to(limits::control_input_bytes);
        talk.use(taken);
        if (load->batch.messages.empty()) return true;
        if (in_flight_ == 0) moved_ = std::chrono::steady_clock::now();
        in_flight_ += load->batch.messages.size();
        bytes_in_flight_ += load->lines.size();
        load->returned = returned_;
        load->rules = rules_;
        load->batch.context = load.get();
        load->batch.done = [](PublishBatch* batch) {
            std::unique_ptr<SentLoad> back(static_cast<SentLoad*>(batch->context));
            const std::shared_ptr<Returned<SentLoad>> to = std::move(back->returned);
            to->put(std::move(back));
        };
        target_.submit(&load.release()->batch);
        return true;
    }

    void too_long() {
        failure_ = fmt::format("line {}: is longer than {} bytes, the most a message may have", rules_->line() + 1,
                               limits::message_bytes_max);
    }

    void take_back(Talk& talk) {
        const std::uint64_t before = stored_;
        for (const auto& load : returned_->take()) {
            in_flight_ -= load->batch.messages.size();
            bytes_in_flight_ -= load->lines.size();
            stored_ += load->batch.messages.size() - load->batch.failed;
            last_line_ = load->numbers.back();
            if (load->batch.failed != 0) refuse(*load, talk);
        }
        if (stored_ == before) return;
        moved_ = std::chrono::steady_clock::now();
        talk.say(fmt::format("{{\"stored\":{}}}", stored_));
    }

    void refuse(const EnqueueLoad& load, Talk& talk) {
        for (std::size_t i = 0; i < load.batch.results.size(); ++i) {
            const PublishBatch::Result& result = load.batch.results[i];
            if (result.status == SLUICE_OK) continue;
            if (refused_++ >= refusals_said) continue;
            JsonFields fields;
            fields.add("refused", load.numbers[i]);
            fields.add("error", result.text.empty() ? status_name(result.status) : result.text);
            talk.say(fmt::format("{{{}}}", fields.view()));
        }
    }

    void say_full(Talk& talk) {
        if (seen_ == nullptr || !seen_->can_count()) return;
        const Result<sluice_queue_depths> told = seen_->depths();
        if (!told) return;
        const sluice_queue_depths& depths = *told;
        const std::uint64_t messages = depths.ready + depths.delayed + depths.in_flight + depths.dead;
        const bool many = depths.messages_max != 0 && messages + limits::enqueue_batch > depths.messages_max;
        const bool large = depths.bytes_max != 0 && depths.bytes + depths.bytes_max / 10 > depths.bytes_max;
        if (!many && !large) return;
        said_full_ = true;
        JsonFields fields;
        fields.add("waits", many ? fmt::format("the queue is full ({} of {} messages)", messages, depths.messages_max)
                                 : fmt::format("the queue is full ({} of {} bytes)", depths.bytes, depths.bytes_max));
        talk.say(fmt::format("{{{}}}", fields.view()));
    }

    void end(Talk& talk) {
        std::string error = failure_.empty() ? rules_->error() : failure_;
        if (error.empty() && refused_ != 0)
            error = fmt::format("{} of the lines up to {} {} refused; the others up to there are stored, none behind", refused_,
                                last_line_, refused_ == 1 ? "was" : "were");
        talk.end(error.empty() ? 0 : refused_exit, error, fmt::format("\"stored\":{},\"lines\":{}", stored_, last_line_));
    }

    Target& target_;
    QueuePort* const seen_;
    const std::shared_ptr<EnqueueRules> rules_;
    const std::shared_ptr<Returned<SentLoad>> returned_;
    std::uint64_t in_flight_ = 0;  // messages
    std::uint64_t bytes_in_flight_ = 0;
    std::uint64_t stored_ = 0;
    std::uint64_t last_line_ = 0;  // of what has come back
    std::uint64_t refused_ = 0;
    std::string failure_;
    bool said_full_ = false;
    std::chrono::steady_clock::time_point moved_ = std::chrono::steady_clock::now();
};

}  // namespace

Verb enqueue_verb(Queues& queues, std::shared_ptr<Waker> waker) {
    return [&queues, waker = std::move(waker)](const Node& request, Talk& talk) -> std::unique_ptr<Conversation> {
        const std::string source(text_of(request, "source"));
        Result<std::unique_ptr<EnqueueRules>> rules = EnqueueRules::read(request);
        if (!rules) return talk.end(2, rules.error().message), nullptr;
        Result<Target*> target = queues.publisher(source);
        if (!target) return talk.end(target.error().kind == ErrorKind::invalid ? 2 : 5, target.error().message), nullptr;
        QueuePort* seen = nullptr;
        for (const SeenQueue& queue : queues.all())
            if (queue.role == "source" && queue.name == source) seen = queue.queue;
        return std::make_unique<Enqueue>(**target, seen, std::move(*rules), waker);
    };
}

}  // namespace sluice
