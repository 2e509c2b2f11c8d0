// A file descriptor that is closed with its owner.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

namespace sluice {

class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }

    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

private:
    int number_ = -1;
};

// "" while files can be opened; otherwise why not, to be put behind an error that does not say so: "; this process may have no
// more than 256 files open …". Some descriptors may have become free between the error and this question.
std::string descriptors_hint();

}  // namespace sluice
