#include "topology/learn_dead_letters.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "admin/dead_letter_store.hpp"
#include "settle/known_dead.hpp"

namespace sluice {

Result<void> learn_dead_letters(const SeenQueue& store, const std::vector<SourceLoop*>& sources, const Logger& logger) {
    std::map<std::string_view, KnownDead> dead;  // by the source's identity
    for (const SourceLoop* source : sources)
        if (source->queue().has_stable_ids()) dead.try_emplace(source->identity());
    if (store.queue == nullptr || dead.empty()) return {};

    const DeadLetterStore letters(*store.queue);
    DeadLetterStore::Cursor cursor;
    for (bool last = false; !last;) {
        const Result<DeadLetterStore::Page> page = letters.next({}, cursor);
        if (!page) return Error(page.error()).within("reading which messages are dead letters");
        for (const StoredLetter& stored : page->letters) {
            if (!stored.letter) continue;  // something else in a queue that others use, too
            const auto found = dead.find(stored.letter->source);
            if (found != dead.end()) found->second.add(stored.letter->id, stored.place);
        }
        last = page->last;
    }
    for (SourceLoop* source : sources) {
        const auto found = dead.find(source->identity());
        if (found == dead.end() || found->second.empty()) continue;
        found->second.finish();
        logger.debug("source \"{}\": {} dead letters are known, whose messages are not handled again", source->name(),
                     found->second.size());
        if (found->second.left_out() != 0)
            logger.warn("source \"{}\" has so many dead letters that the oldest {} are not looked at: replay or purge them",
                        source->name(), found->second.left_out());
        source->know_dead(std::move(found->second), *store.queue);
    }
    return {};
}

}  // namespace sluice
