// Memory in front of a page that nobody may touch: whoever reads or writes past its end crashes at that instruction.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace sluice::contract {

class Page {
public:
    explicit Page(std::size_t size) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        mapped_ = (size + page - 1) / page * page + page;
        void* const base = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) throw std::bad_alloc();
        base_ = static_cast<char*>(base);
        if (::mprotect(base_ + mapped_ - page, page, PROT_NONE) != 0) throw std::bad_alloc();
        begin_ = base_ + mapped_ - page - size;
    }
    explicit Page(std::string_view text) : Page(text.size()) {
        if (!text.empty()) std::memcpy(begin_, text.data(), text.size());
    }
    Page(Page&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)),
          begin_(std::exchange(other.begin_, nullptr)),
          mapped_(other.mapped_) {}
    Page& operator=(Page&&) = delete;
    ~Page() {
        if (base_ != nullptr) ::munmap(base_, mapped_);
    }

    char* begin() const { return begin_; }

private:
    char* base_ = nullptr;
    char* begin_ = nullptr;
    std::size_t mapped_ = 0;
};

}  // namespace sluice::contract
