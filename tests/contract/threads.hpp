// The threads of this process, as the system shows them.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "answer.hpp"

namespace sluice::contract {

inline std::set<int> threads() {
    // ThreadSanitizer starts one of its own with the first of the process, and keeps it.
    [[maybe_unused]] static const bool has_started_one = (std::thread([] {}).join(), true);
    std::set<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
        found.insert(std::stoi(entry.path().filename().string()));
    return found;
}

// A line of /proc/PID/task/TID/status; empty if the thread is gone.
inline std::string status_line(int thread, const std::string& name) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name + ":")) return line.substr(line.find_first_not_of(" \t", name.size() + 1));
    return {};
}

// True if there are soon no more threads than `before`: one that was joined may be listed for a moment.
inline bool are_gone_but(const std::set<int>& before) {
    for (const auto deadline = Clock::now() + soon; Clock::now() < deadline; std::this_thread::yield()) {
        bool has_more = false;
        for (const int thread : threads()) has_more |= !before.contains(thread);
        if (!has_more) return true;
    }
    return false;
}

// A call on a thread of its own.
template <typename Result>
class Aside {
public:
    template <typename Call>
    explicit Aside(Call call) {
        std::packaged_task<Result()> task(std::move(call));
        result_ = task.get_future();
        std::promise<int> begun;
        std::future<int> id = begun.get_future();
        thread_ = std::thread([task = std::move(task), begun = std::move(begun)]() mutable {
            begun.set_value(static_cast<int>(::syscall(SYS_gettid)));
            task();
        });
        id_ = id.get();
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;
    ~Aside() {
        if (thread_.joinable()) thread_.join();
    }

    // Waits until the call waits: it is asleep in the system, look after look. False: it has ended, or goes on working.
    bool is_waiting() const {
        int looks = 0;
        for (const auto deadline = Clock::now() + soon; Clock::now() < deadline;) {
            if (result_.wait_for(Milliseconds(2)) == std::future_status::ready) return false;
            looks = status_line(id_, "State").starts_with("S") ? looks + 1 : 0;
            if (looks == 5) return true;
        }
        return false;
    }
    bool ends_soon() const { return result_.wait_for(soon) == std::future_status::ready; }
    Result result() { return result_.get(); }

private:
    std::future<Result> result_;
    std::thread thread_;
    int id_ = 0;
};

}  // namespace sluice::contract
