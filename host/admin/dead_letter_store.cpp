#include "admin/dead_letter_store.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "core/limits.hpp"
#include "core/saturating.hpp"
#include "core/whole.hpp"
#include "text/number.hpp"

namespace sluice {
namespace {

constexpr std::uint64_t page_bytes = 16u << 20;

std::string text(const sluice_bytes& bytes) {
    return std::string(view_of(bytes));
}

// Takes copies: nothing may be asked of the adapter from inside its listing.
class Collect {
public:
    Collect() {
        sink_.struct_size = sizeof sink_;
        sink_.context = this;
        // Nothing is thrown into the plugin: without memory the page ends here.
        sink_.message = [](void* context, const sluice_stored* stored) noexcept -> sluice_status {
            auto& self = *static_cast<Collect*>(context);
            try {
                return with_whole(*stored, [&](const sluice_stored& all) { return self.add(all); });
            } catch (...) {
                self.full_ = true;
                return SLUICE_FULL;
            }
        };
    }
    const sluice_stored_sink& sink() const { return sink_; }
    std::vector<StoredLetter>& letters() { return letters_; }
    bool full() const { return full_; }

private:
    sluice_status add(const sluice_stored& stored) {
        letters_.push_back({text(stored.place), text(stored.body)});
        bytes_ += stored.body.size;
        full_ = letters_.size() >= limits::dead_letters_page || bytes_ >= page_bytes;
        return full_ ? SLUICE_FULL : SLUICE_OK;
    }

    sluice_stored_sink sink_{};
    std::vector<StoredLetter> letters_;
    std::uint64_t bytes_ = 0;
    bool full_ = false;
};

}  // namespace

DeadLetterChoice DeadLetterChoice::read(Request& request, std::int64_t now_ms) {
    DeadLetterChoice choice;
    choice.names = request.texts("names");
    choice.key = request.text("key");
    if (choice.key) choice.number = other_spelling(*choice.key);
    choice.source = request.text("source");
    if (const auto age_ms = request.whole("older_than_ms", 0, INT64_MAX))
        choice.dead_until_ms = saturating_subtract(now_ms, *age_ms);
    return choice;
}

bool DeadLetterChoice::matches(const DeadLetter& letter) const {
    return (!key || letter.key == *key || (number && letter.key == *number)) && (!source || letter.source == *source) &&
           letter.dead_ms <= dead_until_ms;
}

// Names first as places, which costs nothing; what is none of these is looked for among the ids of all.
Result<DeadLetterStore::Page> DeadLetterStore::next(const DeadLetterChoice& choice, Cursor& cursor) const {
    return cursor.next_name < choice.names.size() ? next_by_place(choice, cursor) : next_listed(choice, cursor);
}

Result<DeadLetterStore::Page> DeadLetterStore::next_by_place(const DeadLetterChoice& choice, Cursor& cursor) const {
    Page page;
    Collect collect;
    while (cursor.next_name < choice.names.size() && !collect.full()) {
        const std::string& place = choice.names[cursor.next_name++];
        const std::size_t before = collect.letters().size();
        const auto got = queue_.get(place, collect.sink());
        if (!got && got.error().kind != ErrorKind::invalid) return got.error();
        if (collect.letters().size() == before) cursor.ids.emplace(place, false);
    }
    page.letters = std::move(collect.letters());
    for (StoredLetter& letter : page.letters) letter.letter = read_dead_letter(letter.record);
    page.last = cursor.next_name == choice.names.size() && cursor.ids.empty();
    return page;
}

Result<DeadLetterStore::Page> DeadLetterStore::next_listed(const DeadLetterChoice& choice, Cursor& cursor) const {
    Collect collect;
    if (auto listed = queue_.list(cursor.after, collect.sink()); !listed) return std::move(listed).error();
    Page page;
    page.last = !collect.full();
    if (!collect.letters().empty()) cursor.after = collect.letters().back().place;
    const auto is_meant = [&](const StoredLetter& stored) {
        // What cannot be read is shown where nothing in particular is asked for.
        if (!stored.letter) return choice.names.empty() && !choice.key && !choice.source && choice.dead_until_ms == INT64_MAX;
        if (choice.names.empty()) return choice.matches(*stored.letter);
        const auto named = cursor.ids.find(stored.letter->id);
        if (named != cursor.ids.end()) named->second = true;
        return named != cursor.ids.end();
    };
    for (StoredLetter& letter : collect.letters()) {
        letter.letter = read_dead_letter(letter.record);
        if (is_meant(letter)) page.letters.push_back(std::move(letter));
    }
    if (page.last)
        for (const auto& [name, found] : cursor.ids)
            if (!found) page.missing.push_back(name);
    return page;
}

Result<std::uint64_t> DeadLetterStore::remove(const std::vector<std::string>& places) const {
    std::vector<sluice_bytes> views;
    for (const std::string& place : places) views.push_back({place.data(), place.size()});
    return queue_.remove(views);
}

}  // namespace sluice
