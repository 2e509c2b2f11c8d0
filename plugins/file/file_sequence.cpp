// Which files a FileInput reads: the one that has the path, or with `follow` those that have had it and that will have it.
#include <sys/stat.h>

#include <algorithm>

#include "encoding.hpp"
#include "failure.hpp"
#include "file_input.hpp"
#include "print.hpp"

namespace sluice::file {
namespace {

// The position may have been stored after the copy was made: the cut is only seen when more is read.
constexpr std::int64_t copy_slack_ns = 60'000'000'000;

bool same_beginning(const Position& one, const Position& other) {
    return one.device == other.device && one.inode == other.inode && one.first.hash == other.first.hash;
}

}  // namespace

// ---- without follow --------------------------------------------------------------------------------------------------------

void FileInput::open_one() {
    Named named = open_named(options_.path);
    if (!named.file) {
        // Who starts a run over one file wants to know at once that it is not there, or may not be read.
        const bool wrong = named.kind != nullptr || named.missing() || named.error == EACCES || !may_pass(named.error);
        throw Failure(wrong ? SLUICE_INVALID : SLUICE_UNAVAILABLE, cannot_open(options_.path, named));
    }
    FileDescriptor file = std::move(named.file);
    const struct stat status = status_of(file.get());
    const FileId id = id_of(status);
    Positions stored = store_.load(options_.path);
    // A file that was followed may have left several: this one's, or that of the one before it.
    const auto mine =
        std::find_if(stored.rbegin(), stored.rend(), [&](const Position& each) { return each.inode == id.inode; });
    const Position* last = stored.empty() ? nullptr : mine != stored.rend() ? &*mine : &stored.back();
    Position position = fresh(file.get());
    if (last != nullptr) {
        const auto size = static_cast<std::uint64_t>(status.st_size);
        Level level = Level::info;
        std::string why;
        const bool other_device = mine != stored.rend() && last->device != id.device;
        if (mine == stored.rend() || (other_device && size != 0 && !fits(file.get(), *last))) {
            why = "is another file than last time";
        } else if (size == 0) {
            // Nothing to read, and nothing to tell what the file is by: that is judged when it has bytes again.
        } else if (size < last->highest()) {
            level = Level::warn;
            why = "was cut to " + std::to_string(size) + " bytes after " + std::to_string(last->highest()) + " had been read";
        } else if (print_of_first(file.get(), last->first.size) != last->first) {
            why = "begins with other bytes than last time";
        } else if (print_before(file.get(), last->below) != last->before) {
            level = Level::warn;
            why = "was rewritten: what had been read up to offset " + std::to_string(last->below) + " is not there any more";
        }
        if (why.empty()) {
            position = *last;
            position.done = false;
            ended_ = size == 0;
            if (other_device)
                log_.write(Level::info,
                           options_.path + " has another device number than last time; it is known again by what it holds");
        } else {
            log_.write(level, options_.path + " " + why + "; reading it from its start");
            // Other messages may now stand at the offsets of the ones before: they must not get the same ids.
            if (same_beginning(position, *last)) position.again = last->again + 1;
            store_.save({position});
        }
    }
    if (position.below == 0) refuse_foreign_file(file.get(), options_.path, SLUICE_INVALID);
    add_segment(std::move(file), std::move(position), false);
}

Position FileInput::fresh(int descriptor) const {
    const FileId id = id_of(status_of(descriptor));
    Position position;
    position.device = id.device;
    position.inode = id.inode;
    position.first = print_of_beginning(descriptor);
    return position;
}

void FileInput::add_segment(FileDescriptor file, Position position, bool growing) {
    segments_.push_back(std::make_unique<Segment>(std::move(file), std::move(position), segments_made_++ % Window::marks,
                                                  segment_options_, sink_, log_, growing));
}

// ---- with follow -----------------------------------------------------------------------------------------------------------

// False: not yet, as something that is needed for it is missing or may not be read.
bool FileInput::resume() {
    std::string obstacle = rotation_.obstacle();
    if (obstacle.empty()) {
        try {
            take_up_positions();
            resumed_ = true;
            return true;
        } catch (const Failure& failure) {
            if (failure.code() != SLUICE_UNAVAILABLE) throw;
            obstacle = failure.what();
        }
    }
    segments_.clear();
    done_.clear();
    upcoming_.clear();
    say_obstacle(obstacle);
    return false;
}

void FileInput::take_up_positions() {
    watch_.emplace(rotation_.folder(), rotation_.name());
    // Without a position, what is written from now on counts.
    std::int64_t stored_ns = created_ns_;
    for (Position& position : store_.load(options_.path, &stored_ns)) {
        if (position.done) {
            done_.push_back(std::move(position));
            continue;
        }
        auto file = rotation_.find(position, stored_ns - copy_slack_ns);
        if (!file) {
            // The file system may not be mounted yet: nothing is lost before something has the name.
            if (open_named(options_.path).missing()) {
                throw Failure(SLUICE_UNAVAILABLE, options_.path +
                                                      " is not there, nor is the file that had the name and was read up to "
                                                      "offset " +
                                                      std::to_string(position.below) + " (inode " +
                                                      std::to_string(position.inode) + ")");
            }
            log_.write(Level::warn,
                       "the file that had the name " + options_.path + " and was read up to offset " +
                           std::to_string(position.below) + " (inode " + std::to_string(position.inode) +
                           ") is not in the folder any more, or was rewritten: what it held behind that offset is lost");
            position.done = true;
            position.before = {};
            done_.push_back(std::move(position));
            continue;
        }
        if (!segments_.empty()) segments_.back()->end_growing();
        const bool original = status_of(file->get()).st_ino == position.inode;
        add_segment(*std::move(file), std::move(position), original);
    }
    known_until_ns_ = segments_.empty() ? stored_ns : modified_ns(status_of(segments_.back()->file().get()));
    if (!segments_.empty()) reading_watch_ = watch_->watch_file(segments_.back()->file().get());
    look_for_files();
    if (!segments_.empty() || !obstacle_.empty()) return;
    if (upcoming_.empty())
        log_.write(Level::info, options_.path + " is not there yet; waiting for it");
    else
        refuse_foreign_file(upcoming_.front().file.get(), options_.path, SLUICE_INVALID);
}

// Takes up what has changed. False: where the last run stopped is not known yet.
bool FileInput::look() {
    if (!resumed_) return resume();
    changed_ = watch_->drain() || changed_;
    const auto now = Clock::now();
    if (!changed_ && !woken_ && now - looked_ < look_every) return true;
    looked_ = now;
    woken_ = false;
    changed_ = watch_->look() || changed_ || !obstacle_.empty() || names_another_file();
    if (changed_) look_for_files();
    changed_ = false;
    return true;
}

bool FileInput::names_another_file() const {
    struct stat status {};
    if (::stat(options_.path.c_str(), &status) != 0) return false;
    if (!upcoming_.empty()) return id_of(status_of(upcoming_.back().file.get())) != id_of(status);
    return segments_.empty() || segments_.back()->id() != id_of(status);
}

// Once for each obstacle, and once when there is none any more.
void FileInput::say_obstacle(const std::string& obstacle) {
    if (obstacle == obstacle_) return;
    if (obstacle.empty())
        log_.write(Level::info, options_.path + " goes on: what could not be read is there");
    else
        log_.write(Level::warn, obstacle + "; waiting for it");
    obstacle_ = obstacle;
}

std::vector<FileId> FileInput::known_files() const {
    std::vector<FileId> known;
    for (const auto& segment : segments_) known.push_back(segment->id());
    for (const Upcoming& each : upcoming_) known.push_back(id_of(status_of(each.file.get())));
    return known;
}

void FileInput::look_for_files(bool also_between) {
    say_obstacle(hold_new_files(also_between));
}

// Opens what has come behind the files that are known, so that nobody can remove it before it is read. Also what lies between
// the file that is read and the one that has the name: a file that waits to be read may itself have been copied and cut.
// Answers why something of it cannot be opened now.
std::string FileInput::hold_new_files(bool also_between) {
    std::vector<FileId> known = known_files();
    Named current = open_named(options_.path);
    std::string obstacle = current.file || current.missing() ? std::string() : cannot_open(options_.path, current);
    const auto id = current.file ? std::optional(id_of(status_of(current.file.get()))) : std::nullopt;
    const bool new_name = id && std::ranges::find(known, *id) == known.end();
    if (id && !new_name && !also_between && !gap_) return obstacle;  // nothing is behind the file that has the name
    if (new_name) known.push_back(*id);

    const bool waits = !new_name && id && !upcoming_.empty() && id_of(status_of(upcoming_.back().file.get())) == *id;
    const std::size_t before = upcoming_.size() - (waits ? 1 : 0);
    const auto hold = [&](FileDescriptor file, std::size_t place) {
        if (upcoming_.size() == upcoming_max) return;
        const int watch = watch_->watch_file(file.get());
        upcoming_.insert(upcoming_.begin() + static_cast<std::ptrdiff_t>(place), Upcoming{std::move(file), watch});
    };
    const int last = before != 0 ? upcoming_[before - 1].file.get() : !segments_.empty() ? segments_.back()->file().get() : -1;
    const std::int64_t since_ns = last < 0 ? known_until_ns_ : std::max(known_until_ns_, modified_ns(status_of(last)));
    std::size_t place = before;
    std::vector<FileDescriptor> earlier;
    gap_ = true;
    try {
        earlier = rotation_.earlier_files(since_ns, known);
    } catch (const Failure& failure) {
        return failure.what();
    }
    gap_ = false;
    for (FileDescriptor& file : earlier) {
        const FileId of = id_of(status_of(file.get()));
        const auto size = static_cast<std::uint64_t>(status_of(file.get()).st_size);
        // It, or a copy of it.
        const auto is_this = [&](const Position& each) {
            return (each.is_of(of) || (size == each.highest() && size != 0)) && fits(file.get(), each);
        };
        if (std::ranges::any_of(done_, is_this) ||
            std::ranges::any_of(segments_, [&](const auto& each) { return is_this(each->as_read()); }))
            continue;
        if (is_foreign_file(file.get())) continue;  // compressed, though its name does not say so
        hold(std::move(file), place);
        place = std::min(place + 1, upcoming_.size());
    }
    if (new_name) hold(std::move(current.file), upcoming_.size());
    return obstacle;
}

// Whether a file comes behind the one that is read, and has something in it that it can be known by.
bool FileInput::next_is_there() {
    while (!upcoming_.empty()) {
        const int file = upcoming_.front().file.get();
        const bool last = upcoming_.size() == 1;
        if (status_of(file).st_size != 0) return beginning_is_complete(file) || !last;
        if (last) return false;
        watch_->remove(upcoming_.front().watch);
        upcoming_.pop_front();
    }
    return false;
}

// False: it cannot be told yet which file comes next.
bool FileInput::begin_next() {
    look_for_files(true);
    if (gap_ || !next_is_there()) return false;
    refuse_foreign_file(upcoming_.front().file.get(), options_.path, SLUICE_INVALID);
    Upcoming next = std::move(upcoming_.front());
    upcoming_.pop_front();
    Position position = fresh(next.file.get());
    const auto same = [&](const Position& each) { return same_beginning(each, position); };
    std::uint32_t again = 0;
    for (const Position& each : done_)
        if (same(each)) again = std::max(again, each.again + 1);
    for (const auto& segment : segments_)
        if (same(segment->position())) again = std::max(again, segment->position().again + 1);
    // A file that has been read may get its name back.
    const auto known =
        std::ranges::find_if(done_, [&](const Position& each) { return same(each) && fits(next.file.get(), each); });
    if (known != done_.end()) {
        position = *known;
        position.done = false;
        done_.erase(known);
    } else {
        position.again = again;
    }
    if (!segments_.empty()) {
        log_.write(Level::info, options_.path + " is another file now; the one before was read to its end at offset " +
                                    std::to_string(segments_.back()->read_to()));
    }
    if (reading_watch_ >= 0) watch_->remove(reading_watch_);
    reading_watch_ = next.watch;
    known_until_ns_ = modified_ns(status_of(next.file.get()));
    add_segment(std::move(next.file), std::move(position), true);
    begun_ = true;
    if (upcoming_.size() + 1 == upcoming_max) look_for_files();  // there was no room to hold more
    return true;
}

// The file was cut (copied first, if nothing is to be lost); it goes on under other ids, as if it were another one.
void FileInput::take_up_cut() {
    Segment& reading = *segments_.back();
    watch_->remove(reading_watch_);
    reading_watch_ = -1;
    if (const auto copy = rotation_.find(reading.as_read(), 0)) {
        reading.go_on_in(*copy);
    } else {
        log_.write(Level::warn,
                   options_.path + " was cut after it had been read up to offset " + std::to_string(reading.read_to()) +
                       ", and no copy of it is in its folder: what stood behind that offset, if anything, is lost");
        reading.give_up();
    }
    look_for_files();
}

}  // namespace sluice::file
