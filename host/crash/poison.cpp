#include "crash/poison.hpp"

#include <algorithm>

#include "core/bytes.hpp"
#include "core/private_files.hpp"
#include "plugin/fault.hpp"

namespace sluice {
namespace {

constexpr std::size_t named = 10;  // suspects in the log

}  // namespace

Poison::Poison(const std::filesystem::path& state_dir, Logger logger)
    : notes_file_(state_dir / "begun"),
      logger_(logger),
      suspects_(state_dir / "suspects", logger) {}

// The suspects are durable before the notes they come from are gone.
Result<void> Poison::open(std::uint32_t workers, std::int64_t now_ms) {
    make_private_folders(notes_file_.parent_path());  // a failure shows itself right below
    if (auto loaded = suspects_.load(now_ms); !loaded) return loaded;
    const std::vector<HandlerMarks::Marked> marked = HandlerMarks::read(notes_file_);
    if (auto added = suspects_.add(marked, now_ms); !added) return added;
    for (std::size_t i = 0; i < std::min(marked.size(), named); ++i)
        logger_.warn(
            "the process before this one ended inside the handler of pool \"{}\", plugin {}, with message {} of source \"{}\"; "
            "it runs alone (number of such ends: {})",
            clean_text(marked[i].pool), clean_text(marked[i].plugin), clean_text(marked[i].id), marked[i].source,
            suspects_.crashes(marked[i].source, marked[i].id));
    if (marked.size() > named) logger_.warn("and inside those of {} others", marked.size() - named);
    // As many again, for workers that take the place of others; and at least for a pool that a reload makes as large as can be.
    auto notes = HandlerMarks::create(notes_file_, std::max(workers * 2, 2 * limits::workers_max));
    if (!notes) return std::move(notes).error();
    notes_ = std::move(notes).value();
    return {};
}

HandlerMark Poison::note(std::string_view source, std::string_view pool, std::string_view plugin) {
    return notes_ ? notes_->take(source, pool, plugin) : HandlerMark();
}

void Poison::stop_asked() {
    if (notes_) notes_->stop_asked();
}

void Poison::close() {
    if (notes_) notes_->remove();
}

void Poison::mark(Message& message) const {
    message.suspect = crashes(message) != 0;
}

std::uint32_t Poison::crashes(const Message& message) const {
    return suspects_.crashes(view_of(message.view.source), view_of(message.view.id));
}

void Poison::forget(const Message& message) {
    suspects_.forget(view_of(message.view.source), view_of(message.view.id));
}

}  // namespace sluice
