#include "admin/dead_letters.hpp"

#include <fmt/format.h>

#include <utility>

#include "admin/request.hpp"
#include "admin/socket/returned.hpp"
#include "text/json_text.hpp"

namespace sluice {
namespace {

constexpr int not_there = 1;
constexpr int command_failed = 5;

std::string with_place(const StoredLetter& stored) {
    std::string line = "{\"place\":";
    append_json_string(line, stored.place);
    if (!stored.letter) {
        line += ",\"error\":";
        append_json_string(line, stored.letter.error().message);
        return line + "}";
    }
    return line + "," + stored.record.substr(1);
}

std::string summary(const StoredLetter& stored) {
    if (!stored.letter) return with_place(stored);
    const DeadLetter& letter = *stored.letter;
    JsonFields fields;
    fields.add("place", stored.place).add("id", letter.id).add("source", letter.source);
    if (!letter.pool.empty()) fields.add("pool", letter.pool);
    if (letter.key) fields.add("key", *letter.key);
    fields.add("error", letter.error).add("attempts", std::uint64_t{letter.attempts});
    fields.add("first_received_ms", letter.first_received_ms).add("dead_ms", letter.dead_ms);
    fields.add("bytes", std::uint64_t{letter.body.size()});
    return fmt::format("{{{}}}", fields.view());
}

std::string missing(const std::string& place) {
    JsonFields fields;
    fields.add("missing", place);
    return fmt::format("{{{}}}", fields.view());
}

// ls, show, count and purge: a page a turn.
class Pages final : public Conversation {
public:
    enum class Do : std::uint8_t { list, list_whole, count, purge };

    Pages(QueuePort& queue, DeadLetterChoice choice, Do what) : store_(queue), choice_(std::move(choice)), what_(what) {}

    void go_on(Talk& talk) override {
        while (!talk.ended() && !talk.congested()) {
            const Result<DeadLetterStore::Page> page = store_.next(choice_, cursor_);
            if (!page) return talk.end(command_failed, page.error().message);
            if (!take(*page, talk)) return;
            if (page->last) return end(talk);
            if (what_ == Do::purge) return talk.come_again();  // others have their turn between two commits
        }
    }

private:
    bool take(const DeadLetterStore::Page& page, Talk& talk) {
        for (const std::string& place : page.missing) {
            ++missing_;
            if (what_ != Do::purge) talk.say(missing(place));
        }
        found_ += page.letters.size();
        if (what_ == Do::purge) return purge(page, talk);
        if (what_ == Do::count) return true;
        for (const StoredLetter& letter : page.letters) talk.say(what_ == Do::list ? summary(letter) : with_place(letter));
        return true;
    }

    bool purge(const DeadLetterStore::Page& page, Talk& talk) {
        if (page.letters.empty()) return true;
        std::vector<std::string> places;
        for (const StoredLetter& letter : page.letters) places.push_back(letter.place);
        const Result<std::uint64_t> removed = store_.remove(places);
        if (!removed) return talk.end(command_failed, removed.error().message, fmt::format("\"removed\":{}", removed_)), false;
        removed_ += *removed;
        talk.say(fmt::format("{{\"removed\":{}}}", removed_));
        return true;
    }

    void end(Talk& talk) {
        if (what_ == Do::purge) return talk.end(0, {}, fmt::format("\"removed\":{}", removed_));
        talk.end(missing_ != 0 ? not_there : 0, {}, fmt::format("\"found\":{}", found_));
    }

    const DeadLetterStore store_;
    const DeadLetterChoice choice_;
    const Do what_;
    DeadLetterStore::Cursor cursor_;
    std::uint64_t found_ = 0;
    std::uint64_t missing_ = 0;
    std::uint64_t removed_ = 0;
};

// Nothing has been given up on: what Pages would say of an empty store.
void none_yet(const DeadLetterChoice& choice, std::string_view what, Talk& talk) {
    if (what == "purge") return talk.end(0, {}, R"("removed":0)");
    for (const std::string& name : choice.names) talk.say(missing(name));
    talk.end(choice.names.empty() ? 0 : not_there, {}, R"("found":0)");
}

// Tells a client how its job goes on.
class Watching final : public Conversation {
public:
    Watching(std::shared_ptr<ReplayJob> job, bool waits) : job_(std::move(job)), waits_(waits) { job_->watched = waits; }
    ~Watching() override {
        job_->watched = false;
        job_->lines.clear();
        if (waits_) job_->cancelled = true;
    }

    void go_on(Talk& talk) override {
        while (!job_->lines.empty() && !talk.congested()) {
            talk.say(job_->lines.front());
            job_->lines.pop_front();
        }
        const bool over = waits_ ? !job_->begins_more() && job_->in_flight == 0 && job_->lines.empty() : true;
        if (!over) return;
        if (!job_->error.empty()) return talk.end(command_failed, job_->error);
        talk.end(!waits_ || job_->done == job_->begun ? 0 : not_there, {},
                 fmt::format("\"done\":{},\"of\":{}", job_->done, job_->begun));
    }

private:
    const std::shared_ptr<ReplayJob> job_;
    const bool waits_;
};

std::string became(std::string_view place, const char* what, const std::string& error) {
    JsonFields fields;
    fields.add("place", place).add("became", what);
    if (!error.empty()) fields.add("error", error);
    return fmt::format("{{{}}}", fields.view());
}

}  // namespace

// ---- what comes back from the source threads --------------------------------------------------------------------------------

class DeadLetterService::ReturnedReplays final : public ReplayReturn {
public:
    explicit ReturnedReplays(std::shared_ptr<Waker> waker) : items(std::move(waker)) {}
    void put(std::unique_ptr<ReplayItem> item) override { items.put(std::move(item)); }

    Returned<ReplayItem> items;
};

struct DeadLetterService::Item : ReplayItem {
    std::shared_ptr<ReplayJob> job;
    std::uint64_t bytes = 0;
};

DeadLetterService::DeadLetterService(Queues& queues, const Clock& clock, Logger logger, std::shared_ptr<Waker> waker)
    : queues_(queues),
      clock_(clock),
      logger_(logger),
      waker_(std::move(waker)),
      returned_(std::make_shared<ReturnedReplays>(waker_)) {}

Verb DeadLetterService::verb() {
    return [this](const Node& request, Talk& talk) { return begin(request, talk); };
}

std::unique_ptr<Conversation> DeadLetterService::begin(const Node& request, Talk& talk) {
    const SeenQueue seen = queues_.dead_letters();
    if (seen.queue == nullptr && !seen.absent) return talk.end(command_failed, seen.error), nullptr;
    Request members(request);
    DeadLetterChoice choice = DeadLetterChoice::read(members, clock_.wall_ms());
    const std::string what = members.text("do").value_or("");
    const bool whole = members.flag("whole");
    const bool waits = !members.flag("no_wait");
    if (const Result<void> right = members.finish(); !right) return talk.end(2, right.error().message), nullptr;
    if (seen.absent) return none_yet(choice, what, talk), nullptr;
    using Do = Pages::Do;
    const auto pages = [&](Do kind) { return std::make_unique<Pages>(*seen.queue, std::move(choice), kind); };
    if (what == "ls") return pages(whole ? Do::list_whole : Do::list);
    if (what == "show") return pages(Do::list_whole);
    if (what == "count") return pages(Do::count);
    if (what == "purge") return pages(Do::purge);
    if (what != "replay") return talk.end(2, fmt::format("dead letters cannot \"{}\"", what)), nullptr;
    auto job = std::make_shared<ReplayJob>();
    // What dies again while this goes on is not tried for ever.
    choice.dead_until_ms = std::min(choice.dead_until_ms, clock_.wall_ms());
    job->choice = std::move(choice);
    jobs_.push_back(job);
    waker_->wake();
    return std::make_unique<Watching>(job, waits);
}

void DeadLetterService::go_on() {
    take_back();
    remove_done();
    for (auto job = jobs_.begin(); job != jobs_.end();) {
        begin_more(*job);
        job = !(*job)->begins_more() && (*job)->in_flight == 0 ? jobs_.erase(job) : std::next(job);
    }
}

void DeadLetterService::take_back() {
    for (std::unique_ptr<ReplayItem>& back : returned_->items.take()) {
        auto& item = static_cast<Item&>(*back);
        bytes_in_flight_ -= item.bytes;
        Ended ended{item.place, {}, item.job};
        switch (item.outcome) {
            case Outcome::acked: ended.line = became(item.place, "done", {}); break;
            case Outcome::skipped: ended.line = became(item.place, "skipped", {}); break;
            case Outcome::dropped: ended.line = became(item.place, "dropped", {}); break;
            case Outcome::dead_letter: ended.line = became(item.place, "dead", item.text); break;
            case Outcome::released:
            case Outcome::lost_lease:
            case Outcome::none:
                ended.line = became(item.place, "unchanged", item.text.empty() ? "it was given back" : item.text);
                break;
        }
        ended.remove = item.outcome == Outcome::acked || item.outcome == Outcome::skipped || item.outcome == Outcome::dropped;
        if (ended.remove) {
            done_.push_back(std::move(ended));
            continue;
        }
        busy_.erase(ended.place);
        --ended.job->in_flight;
        ended.job->say(std::move(ended.line));
    }
}

// Until they are removed they count as under way: nobody may replay them again.
void DeadLetterService::remove_done() {
    if (done_.empty()) return;
    const SeenQueue seen = queues_.dead_letters();
    if (seen.queue == nullptr) return;
    std::vector<std::string> places;
    for (const Ended& ended : done_) places.push_back(ended.place);
    if (const auto removed = DeadLetterStore(*seen.queue).remove(places); !removed) {
        if (!std::exchange(said_stuck_, true))
            logger_.warn("{} dead letters are processed and cannot be removed yet: {}", places.size(), removed.error().message);
        return;
    }
    said_stuck_ = false;
    for (Ended& ended : done_) {
        busy_.erase(ended.place);
        --ended.job->in_flight;
        ++ended.job->done;
        ended.job->say(std::move(ended.line));
    }
    done_.clear();
}

void DeadLetterService::begin_more(const std::shared_ptr<ReplayJob>& job) {
    while (job->begins_more() && busy_.size() < limits::replays_in_flight &&
           bytes_in_flight_ < limits::replays_bytes_in_flight && job->lines.size() < limits::dead_letters_unsaid) {
        if (job->next.empty()) {
            const SeenQueue seen = queues_.dead_letters();
            if (seen.queue == nullptr) return void(job->error = seen.error);
            Result<DeadLetterStore::Page> page = DeadLetterStore(*seen.queue).next(job->choice, job->cursor);
            if (!page) return void(job->error = page.error().message);
            job->all_read = page->last;
            for (const std::string& place : page->missing) {
                ++job->begun;
                job->say(became(place, "missing", "there is no such dead letter"));
            }
            for (StoredLetter& letter : page->letters) job->next.push_back(std::move(letter));
            continue;
        }
        StoredLetter stored = std::move(job->next.front());
        job->next.pop_front();
        if (!begin_one(job, stored)) return;
    }
}

// False: no host, so no other can be replayed either.
bool DeadLetterService::begin_one(const std::shared_ptr<ReplayJob>& job, StoredLetter& stored) {
    const auto unchanged = [&](const std::string& why) {
        ++job->begun;
        job->say(became(stored.place, "unchanged", why));
    };
    if (!stored.letter) return unchanged(stored.letter.error().message), true;
    if (busy_.contains(stored.place)) return unchanged("it is being replayed already"), true;
    auto item = std::make_unique<Item>();
    item->place = stored.place;
    item->letter = std::move(*stored.letter);
    item->back = returned_;
    item->job = job;
    item->bytes = stored.record.size();
    const std::uint64_t bytes = item->bytes;
    std::unique_ptr<ReplayItem> posted = std::move(item);
    const std::string source = posted->letter.source;
    if (const Result<void> taken = queues_.replay(source, posted); !taken) {
        if (taken.error().kind == ErrorKind::unsupported) return job->error = taken.error().message, false;
        return unchanged(taken.error().message), true;
    }
    ++job->begun;
    ++job->in_flight;
    busy_.insert(stored.place);
    bytes_in_flight_ += bytes;
    return true;
}

}  // namespace sluice
