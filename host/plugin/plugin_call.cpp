#include "plugin/plugin_call.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

namespace sluice {
namespace {

// the handlers need 8 KiB; what the kernel saves on it grows with the processor
constexpr std::size_t signal_stack_bytes = 64u << 10;

// Never destroyed: a thread may end, and the process crash, after the destructors of static objects have run.
struct Threads {
    std::mutex mutex;
    std::vector<std::pair<const CallRecord*, pid_t>> list;  // guarded by mutex
    std::deque<PluginPart> parts;                           // guarded by mutex; entries never move
};
Threads& threads() {
    static auto* const all = new Threads;
    return *all;
}

class ListedThread {
public:
    explicit ListedThread(CallRecord& record) : record_(record) {
        const std::lock_guard lock(threads().mutex);
        threads().list.emplace_back(&record, ::gettid());
        stack_t before{};
        // a sanitizer has given it one
        if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
        void* memory =
            ::mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) return;
        stack_ = memory;
        stack_t ours{};
        ours.ss_sp = stack_;
        ours.ss_size = signal_stack_bytes;
        ::sigaltstack(&ours, nullptr);
    }
    ~ListedThread() {
        {
            const std::lock_guard lock(threads().mutex);
            std::erase_if(threads().list, [this](const auto& one) { return one.first == &record_; });
        }
        record_.listed = false;
        if (stack_ == nullptr) return;
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
        ::munmap(stack_, signal_stack_bytes);
    }
    ListedThread(const ListedThread&) = delete;
    ListedThread& operator=(const ListedThread&) = delete;

private:
    CallRecord& record_;
    void* stack_ = nullptr;
};

}  // namespace

const PluginPart& plugin_part(std::string_view component, std::string_view plugin) {
    const std::lock_guard lock(threads().mutex);
    for (const PluginPart& part : threads().parts)
        if (part.component == component && part.plugin == plugin) return part;
    return threads().parts.emplace_back(std::string(component), std::string(plugin));
}

void calls::list_thread() {
    mine.listed = true;  // also if a destructor of this thread calls a plugin after the entry has gone: it is then in no list
    static thread_local ListedThread entry(mine);
}

void calls::each(const std::function<void(const CallRecord&, pid_t thread)>& look) {
    const std::lock_guard lock(threads().mutex);
    for (const auto& [record, thread] : threads().list) look(*record, thread);
}

}  // namespace sluice
