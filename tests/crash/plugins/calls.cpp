// Faults inside the system's calls that make things durable; loaded in front of the C library by LD_PRELOAD, so that no
// debugger is needed.
//
// Points: fsync, fdatasync, pwrite, rename, unlink. fail:NUMBER is an errno.
#include <dlfcn.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdio>

#include "faults.hpp"

namespace {

template <typename Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool fails(const char* point) {
    const auto number = faulty::at(point);
    if (number) errno = static_cast<int>(*number);
    return number.has_value();
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int fsync(int file) {
    static const auto real = next<int (*)(int)>("fsync");
    return fails("fsync") ? -1 : real(file);
}

__attribute__((visibility("default"))) int fdatasync(int file) {
    static const auto real = next<int (*)(int)>("fdatasync");
    return fails("fdatasync") ? -1 : real(file);
}

__attribute__((visibility("default"))) ssize_t pwrite64(int file, const void* bytes, size_t size, off64_t offset) {
    static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
    return fails("pwrite") ? -1 : real(file, bytes, size, offset);
}

__attribute__((visibility("default"))) ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
    static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
    return fails("pwrite") ? -1 : real(file, bytes, size, offset);
}

__attribute__((visibility("default"))) int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    static const auto real = next<int (*)(int, const char*, int, const char*)>("renameat");
    return fails("rename") ? -1 : real(from_folder, from, to_folder, to);
}

__attribute__((visibility("default"))) int unlink(const char* path) noexcept {
    static const auto real = next<int (*)(const char*)>("unlink");
    return fails("unlink") ? -1 : real(path);
}
}
