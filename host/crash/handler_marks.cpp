#include "crash/handler_marks.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/private_files.hpp"

namespace sluice {
namespace {

constexpr char magic[16] = "sluice begun 2\n";

// As much of it as there is room for, from its end.
template <std::size_t room>
std::uint16_t copy_end(char (&to)[room], std::string_view text) {
    text.remove_prefix(text.size() - std::min(text.size(), room));
    std::copy(text.begin(), text.end(), to);
    return static_cast<std::uint16_t>(text.size());
}

struct File {
    int descriptor;
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
};

}  // namespace

HandlerMark::~HandlerMark() {
    if (marks_ != nullptr) marks_->give_back(slot_);
}

HandlerMarks::HandlerMarks(std::filesystem::path file, void* memory, std::uint32_t slots, const struct stat& identity)
    : file_(std::move(file)),
      memory_(memory),
      size_(size_of(slots)),
      device_(identity.st_dev),
      inode_(identity.st_ino) {
    auto* first = reinterpret_cast<Slot*>(static_cast<char*>(memory_) + sizeof(Header));
    for (std::uint32_t i = slots; i > 0; --i) free_.push_back(first + (i - 1));
}

HandlerMarks::~HandlerMarks() {
    ::munmap(memory_, size_);
}

std::vector<HandlerMarks::Marked> HandlerMarks::read(const std::filesystem::path& file) {
    std::vector<Marked> marked;
    const File opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status {};
    if (opened.descriptor < 0 || ::fstat(opened.descriptor, &status) != 0) return marked;
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < sizeof(Header)) return marked;
    void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.descriptor, 0);
    if (memory == MAP_FAILED) return marked;
    const auto& header = *static_cast<const Header*>(memory);
    const bool is_ours = std::equal(std::begin(magic), std::end(magic), header.magic) && size_of(header.slots) <= size;
    if (is_ours && header.stop_asked.load(std::memory_order_relaxed) == 0) {
        const auto* slots = reinterpret_cast<const Slot*>(static_cast<const char*>(memory) + sizeof(Header));
        for (const Slot* slot = slots; slot != slots + header.slots; ++slot) {
            if (slot->state.load(std::memory_order_relaxed) == 0) continue;
            if (slot->id_size == 0 || slot->id_size > sizeof slot->id || slot->source_size > sizeof slot->source ||
                slot->pool_size > sizeof slot->pool || slot->plugin_size > sizeof slot->plugin)
                continue;
            marked.push_back({{slot->source, slot->source_size},
                              {slot->id, slot->id_size},
                              {slot->pool, slot->pool_size},
                              {slot->plugin, slot->plugin_size}});
        }
    }
    ::munmap(memory, size);
    return marked;
}

Result<std::unique_ptr<HandlerMarks>> HandlerMarks::create(const std::filesystem::path& file, std::uint32_t slots) {
    const auto failed = [&](int error) {
        return Error{ErrorKind::unavailable, "cannot make " + file.string() + ": " + std::strerror(error) +
                                                 "; it marks which messages are in a handler, and needs " +
                                                 std::to_string(size_of(slots) >> 10) + " KiB"};
    };
    ::unlink(file.c_str());  // a new file: whoever still has the old one mapped keeps that
    const File opened{open_private(file, O_RDWR | O_EXCL)};
    struct stat identity {};
    if (opened.descriptor < 0 || ::fstat(opened.descriptor, &identity) != 0) return failed(errno);
    // Blocks of its own: on a full disk it fails here, rather than by a signal at some message.
    if (const int error = ::posix_fallocate(opened.descriptor, 0, static_cast<off_t>(size_of(slots))); error != 0)
        return failed(error);
    void* memory = ::mmap(nullptr, size_of(slots), PROT_READ | PROT_WRITE, MAP_SHARED, opened.descriptor, 0);
    if (memory == MAP_FAILED) return failed(errno);
    auto& header = *static_cast<Header*>(memory);
    header.slots = slots;
    std::copy(std::begin(magic), std::end(magic), header.magic);
    return std::unique_ptr<HandlerMarks>(new HandlerMarks(file, memory, slots, identity));
}

HandlerMark HandlerMarks::take(std::string_view source, std::string_view pool, std::string_view plugin) {
    HandlerMark mark;
    const std::lock_guard lock(mutex_);
    if (free_.empty() || source.size() > sizeof Slot::source) return mark;
    mark.slot_ = free_.back();
    mark.marks_ = this;
    free_.pop_back();
    mark.slot_->source_size = copy_end(mark.slot_->source, source);
    mark.slot_->pool_size = copy_end(mark.slot_->pool, pool);
    mark.slot_->plugin_size = copy_end(mark.slot_->plugin, plugin);
    return mark;
}

// Relaxed: read by the next process, long after.
void HandlerMarks::stop_asked() {
    static_cast<Header*>(memory_)->stop_asked.store(1, std::memory_order_relaxed);
}

void HandlerMarks::give_back(Slot* slot) {
    const std::lock_guard lock(mutex_);
    free_.push_back(slot);
}

Result<void> HandlerMarks::check_in_place() const {
    struct stat there {};
    const bool is_there = ::stat(file_.c_str(), &there) == 0;
    if (is_there && there.st_dev == device_ && there.st_ino == inode_) return {};
    if (!is_there && errno != ENOENT && errno != ENOTDIR) return {};  // a look that fails proves nothing
    return Error{ErrorKind::invalid,
                 file_.string() + " was " + (is_there ? "replaced" : "removed") +
                     " while this host runs, so a message that ends the process would not be found: leave the files of "
                     "state_dir alone, and start again"};
}

void HandlerMarks::remove() {
    ::unlink(file_.c_str());
}

}  // namespace sluice
