#include "topology/learn_records.hpp"

#include <string_view>
#include <utility>

#include "settle/recorded_before.hpp"

namespace sluice {

Result<void> learn_records(const std::vector<DatabasePort*>& databases, const std::vector<SourceLoop*>& sources,
                           const Logger& logger) {
    for (SourceLoop* source : sources) {
        RecordedBefore records;
        bool is_full = false;
        for (DatabasePort* database : databases) {
            const auto take = [&](std::string_view stream, std::uint64_t from, std::uint64_t to) {
                const bool fits = records.add(stream, from, to);
                is_full |= !fits;
                return fits;
            };
            if (auto answer = database->recorded(source->identity(), take); !answer)
                return Error(answer.error()).within("reading which messages have taken effect");
        }
        if (is_full)
            logger.warn(
                "source \"{}\" has more than {} ranges of recorded positions: what lies in others of them and becomes a dead "
                "letter "
                "before it reaches a worker takes effect again when it is replayed",
                source->name(), records.size());
        records.finish();
        source->know_recorded(std::move(records));
    }
    return {};
}

}  // namespace sluice
